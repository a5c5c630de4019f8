//! Three nodes on one PostgreSQL, one of them killed under load: what is installed on one is seen by all at once, nothing accepted is
//! lost, and what the dead node had begun is finished by the others.

mod support;

use support::{Api, Sink, Zis, load::Load, sharing};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_others_finish_what_a_killed_node_had_begun() {
    let Some(cluster) = zis_testkit::postgres::shared() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let database = cluster.database();
    let env = sharing(&database, "2s");
    let mut nodes: Vec<Zis> = (0..3).map(|_| Zis::start(folder.path(), Zis::free(), &env)).collect();
    let apis: Vec<Api> = nodes.iter().map(|node| Api::new(node.base())).collect();
    let sink = Sink::default();
    let target = sink.serve().await;
    apis[0].set_up_tutorial("nodes", &target).await;

    let load = Load::start(&apis, 300, 12);
    load.until_accepted(100).await;
    nodes.remove(1).kill();
    load.end(&apis[2], &sink).await;
    for node in nodes {
        assert_eq!(node.terminate(), Some(0), "SIGTERM drains and leaves with 0");
    }
}
