//! PostgreSQL crashes and comes back under load, with two nodes on it and for longer than their lease: nothing accepted is lost, no node takes
//! the other for dead, and so no call is sent twice.

mod support;

use serde_json::json;
use support::{
    Api, Sink, Zis,
    load::{Load, until},
    sharing,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_database_that_starts_again_loses_nothing_and_repeats_nothing() {
    if zis_testkit::postgres::shared().is_none() {
        return;
    }
    // One of our own: the others' must not go down.
    let cluster = zis_testkit::postgres::Cluster::start();
    let folder = tempfile::tempdir().expect("a folder");
    let database = cluster.database();
    let env = [&sharing(&database, "2s")[..], &[("ZIS_LOG", "error")]].concat();
    let nodes: Vec<Zis> = (0..2).map(|_| Zis::start(folder.path(), Zis::free(), &env)).collect();
    let apis: Vec<Api> = nodes.iter().map(|node| Api::new(node.base())).collect();
    let sink = Sink::default();
    let target = sink.serve().await;
    apis[0].set_up_tutorial("outage", &target).await;

    let load = Load::start(&apis, 400, 16);
    for accepted in [100, 250] {
        load.until_accepted(accepted).await;
        cluster.crash();
        for api in &apis {
            let is_ready = async || api.send("GET", "/readyz", &[], &json!(null)).await.map(|(status, _)| status);
            until("it says that it is not ready", async || is_ready().await == Ok(503)).await;
        }
        cluster.recover();
    }
    assert_eq!(load.end(&apis[1], &sink).await, 0, "nobody died, so no call was sent twice");
    for node in nodes {
        assert_eq!(node.terminate(), Some(0));
    }
}
