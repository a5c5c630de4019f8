//! `kill -9` under load: every accepted event has one execution that ended, and the sink saw each order once by idempotency key.

mod support;

use support::{Api, Sink, Zis, load::Load, sharing};

/// Starts a server and kills it each time one more of `kills` events is accepted, `events` in all.
async fn killed_again_and_again(env: &[(&str, &str)], events: usize, kills: &[usize]) {
    let folder = tempfile::tempdir().expect("a folder");
    let sink = Sink::default();
    let target = sink.serve().await;
    let mut zis = Zis::start(folder.path(), Zis::free(), env);
    let address = zis.address;
    let api = Api::new(zis.base());
    api.set_up_tutorial("crash", &target).await;

    let load = Load::start(std::slice::from_ref(&api), events, 32);
    for kill_at in kills {
        load.until_accepted(*kill_at).await;
        zis.kill();
        zis = Zis::start(folder.path(), address, env);
    }
    let repeats = load.end(&api, &sink).await;
    println!("{repeats} repeated calls after {} kills", kills.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_accepted_is_lost_and_nothing_runs_twice_on_sqlite() {
    let env = [("ZIS_OUTBOUND__ALLOW_PRIVATE", "true")];
    killed_again_and_again(&env, 1_000, &[150, 450, 800]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_accepted_is_lost_and_nothing_runs_twice_on_postgres() {
    let Some(cluster) = zis_testkit::postgres::shared() else { return };
    let database = cluster.database();
    // Each life has a name of its own here: what one leaves is adopted when its lease ends.
    killed_again_and_again(&sharing(&database, "1s"), 400, &[80, 240]).await;
}
