//! A full disk on SQLite, under load: what was accepted is not lost, what comes is refused with a word about it, and when there is room again
//! everything goes on without a restart.
//!
//! The disk is full for the server alone: `prlimit` bounds the size of its files while it runs. A small tmpfs would need the right to mount,
//! which CI containers often withhold even from root, and could not be made larger. What SQLite answers when the file system itself is full is
//! in the store's own test.

mod support;

use serde_json::json;
use support::{
    Api, Sink, Zis,
    load::{Load, until},
};

/// Refused requests that are waited for: twice as many as there are lanes.
const REFUSED: usize = 64;
/// A small event may fit where a batch did not. Each that does takes of the room that is left, which is gone long before this many.
const MOST_THAT_FIT: usize = 1_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_full_disk_loses_nothing_and_passes() {
    let folder = tempfile::tempdir().expect("a folder");
    let sink = Sink::default();
    let target = sink.serve().await;
    let env = [("ZIS_OUTBOUND__ALLOW_PRIVATE", "true"), ("ZIS_LOG", "error"), ("ZIS_NODE__LEASE", "1s")];
    let zis = Zis::start_limited(folder.path(), Zis::free(), &env);
    let api = Api::new(zis.base());
    api.set_up_tutorial("disk", &target).await;

    let load = Load::start(std::slice::from_ref(&api), 1_500, 32);
    load.until_accepted(100).await;
    // The database can't grow, so that its log can't be emptied into it, and the log is soon as large as it may be: no room comes back.
    zis.limit_files(std::fs::metadata(folder.path().join("zis.db")).ok().map(|file| file.len()));
    load.until_refused(REFUSED).await;

    let event = json!({"source": "nobody", "type": "asked", "payload": {}});
    let send = async || api.send("POST", "/api/zis/v1/events", &[], &event).await.expect("the server answers");
    let (mut status, mut body) = send().await;
    for _ in 0..MOST_THAT_FIT {
        if status == 202 {
            (status, body) = send().await;
        }
    }
    assert_eq!((status, &body["error"]["code"]), (503, &json!("ZIS5002")), "{body}");
    assert_eq!(body["error"]["message"], "the store can't be used now; nothing was changed; try again");
    let status = async |path: &str| api.send("GET", path, &[], &json!(null)).await.map(|(status, _)| status);
    until("it is not ready", async || status("/readyz").await == Ok(503)).await;
    assert_eq!(status("/healthz").await, Ok(200), "it is alive all the same");
    let before = load.accepted();
    assert!(before < 1_500, "the disk was full before the load was over");

    zis.limit_files(None);
    until("it is ready again", async || status("/readyz").await == Ok(200)).await;
    assert_eq!(load.end(&api, &sink).await, 0, "nobody died, so no call was sent twice");
    assert_eq!(zis.terminate(), Some(0));
}
