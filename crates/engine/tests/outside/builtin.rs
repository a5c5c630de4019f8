//! The built-ins that touch the store.

use zis_flow::{
    Outcome, Retry, Work,
    effect::{LinkObject, LinkPage, LinkPatch},
};
use zis_store::{StoreError, config};

use crate::world::{ACCOUNT, INTEGRATION, START, World, failure, json};

fn world() -> World {
    World::new("http://127.0.0.1:9")
}

async fn settings(world: &World, scope: &str, text: &str) {
    config::create(&world.store, ACCOUNT, INTEGRATION, scope, &json(text), START).await.unwrap();
}

fn load(scope: &str) -> Work {
    Work::LoadConfig { scope: scope.into() }
}

fn patch(scope: &str, text: &str) -> Work {
    Work::PatchConfig { scope: scope.into(), config: json(text) }
}

#[tokio::test]
async fn load_config_gives_the_settings_bare() {
    let world = world();
    settings(&world, "b", r#"{"n":2}"#).await;
    settings(&world, "a_settings", r#"{"n":1}"#).await;
    for (scope, expected) in [("b", r#"{"n":2}"#), ("a*", r#"{"n":1}"#), ("*", r#"{"n":1}"#)] {
        assert_eq!(world.perform(load(scope)).await.outcome, Outcome::Done(json(expected)), "{scope}");
    }
    let missing = world.perform(load("c")).await.outcome;
    let missing = failure(&missing);
    assert_eq!((missing.error.as_str(), missing.retry), ("States.TaskFailed", Retry::Never));
    assert!(missing.cause.contains("scope `c`"), "{}", missing.cause);
}

#[tokio::test]
async fn patch_config_merges_when_it_is_committed() {
    let world = world();
    settings(&world, "a", r#"{"x":{"y":1,"z":2},"l":[1]}"#).await;
    let done = world.perform(patch("a", r#"{"x":{"y":9},"l":[],"new":null}"#)).await;
    assert_eq!(done.outcome, Outcome::Nothing);
    let text = async || world.perform(load("a")).await.outcome;
    assert_eq!(text().await, Outcome::Done(json(r#"{"x":{"y":1,"z":2},"l":[1]}"#)), "nothing before the commit");
    world.store.write(done.statements.clone()).await.unwrap();
    assert_eq!(text().await, Outcome::Done(json(r#"{"x":{"y":9,"z":2},"l":[],"new":null}"#)));
    // Somebody else was faster: nothing is kept, and the call is performed again.
    let late = world.store.write(done.statements).await;
    assert!(matches!(late, Err(StoreError::Expectation { .. })));
    let missing = world.perform(patch("b", "{}")).await.outcome;
    assert!(failure(&missing).cause.contains("scope `b`"));
    let list = world.perform(patch("a", "[]")).await.outcome;
    assert!(failure(&list).cause.contains("must be an object"));
}

fn create(left: &str, right: &str) -> Work {
    let object = |name: &str| LinkObject { name: name.into(), metadata: None };
    Work::CreateLink { link_type: "t".into(), left: object(left), right: object(right) }
}

fn links(left: Option<&str>, right: Option<&str>, page: LinkPage) -> Work {
    Work::LoadLinks { link_type: "t".into(), left: left.map(str::to_owned), right: right.map(str::to_owned), page }
}

/// `1-a 1-b +` for a page of two links with more behind it.
async fn shown(world: &World, work: Work) -> String {
    let Outcome::Done(output) = world.perform(work).await.outcome else { panic!("links") };
    let name =
        |link: &zis_flow::Value, side: &str| link.get(side).unwrap().get("name").unwrap().as_str().unwrap().to_owned();
    let names = output.get("links").unwrap().as_array().unwrap().iter();
    let mut names: Vec<_> =
        names.map(|link| format!("{}-{}", name(link, "left_object"), name(link, "right_object"))).collect();
    if output.get("meta").unwrap().get("has_more").unwrap().as_bool().unwrap() {
        names.push("+".into());
    }
    names.join(" ")
}

#[tokio::test]
async fn links_are_created_once_and_loaded_by_pattern() {
    let world = world();
    let metadata = Some(json(r#"{"ID":1}"#));
    let with = Work::CreateLink {
        link_type: "t".into(),
        left: LinkObject { name: "1".into(), metadata },
        right: LinkObject { name: "a".into(), metadata: None },
    };
    let Outcome::Done(made) = world.commit(with).await else { panic!("a link") };
    let link = made.get("link").unwrap();
    assert_eq!(link.get("left_object").unwrap(), &json(r#"{"name":"1","metadata":{"ID":1}}"#));
    assert_eq!(link.get("right_object").unwrap(), &json(r#"{"name":"a"}"#));
    assert_eq!(link.get("account_id").unwrap().as_i64(), Some(ACCOUNT.0));
    assert_eq!(link.get("integration").unwrap().as_str(), Some(INTEGRATION));
    assert!(link.get("uuid").unwrap().as_str().is_some());

    let again = world.perform(create("1", "a")).await;
    assert!(failure(&again.outcome).cause.contains("exists already") && again.statements.is_empty());
    for (left, right) in [("1", "b"), ("2", "a")] {
        world.commit(create(left, right)).await;
    }
    let all = LinkPage::default;
    assert_eq!(shown(&world, links(Some("1"), None, all())).await, "1-a 1-b");
    assert_eq!(shown(&world, links(Some("*"), Some("a"), all())).await, "1-a 2-a");
    assert_eq!(shown(&world, links(Some("3"), None, all())).await, "");
    let one = |after: Option<&str>| LinkPage { size: Some(1), after: after.map(str::to_owned), before: None };
    assert_eq!(shown(&world, links(Some("1"), None, one(None))).await, "1-a +");
    let id = link.get("id").unwrap().as_str().unwrap();
    assert_eq!(shown(&world, links(Some("1"), None, one(Some(id)))).await, "1-b");
    let neither = world.perform(links(None, None, all())).await.outcome;
    assert!(failure(&neither).cause.contains("left_object_name or right_object_name"));
}

#[tokio::test]
async fn links_are_patched_and_deleted() {
    let world = world();
    for (left, right) in [("1", "a"), ("1", "b"), ("2", "c")] {
        world.commit(create(left, right)).await;
    }
    let rename = |left: &str, right: Option<&str>, name: Option<&str>, metadata: Option<&str>| Work::PatchLink {
        link_type: "t".into(),
        left: left.into(),
        right: right.map(str::to_owned),
        new_left: None,
        new_right: Some(LinkPatch { name: name.map(str::to_owned), metadata: metadata.map(json) }),
    };
    let Outcome::Done(patched) = world.commit(rename("2", None, Some("d"), Some(r#"{"k":1}"#))).await else {
        panic!("a link")
    };
    assert_eq!(patched.get("link").unwrap().get("right_object").unwrap(), &json(r#"{"name":"d","metadata":{"k":1}}"#));
    world.commit(rename("2", Some("d"), Some("e"), None)).await;
    assert_eq!(shown(&world, links(Some("*"), None, LinkPage::default())).await, "1-a 1-b 2-e");

    let refused = [
        (rename("1", None, Some("x"), None), "several links"),
        (rename("1", Some("a"), Some("b"), None), "exists already"),
        (rename("9", None, Some("x"), None), "no link"),
        (rename("*", Some("a"), Some("x"), None), "no link"),
        (rename("1", Some("a"), Some(""), None), "must not be empty"),
        (rename("1", Some("a"), None, Some("[]")), "must be an object"),
        (Work::DeleteLink { link_type: "t".into(), left: "1".into(), right: "*".into() }, "no link"),
    ];
    for (work, cause) in refused {
        let done = world.perform(work).await;
        assert!(failure(&done.outcome).cause.contains(cause), "{cause}: {:?}", done.outcome);
        assert!(done.statements.is_empty());
    }
    let delete = Work::DeleteLink { link_type: "t".into(), left: "1".into(), right: "a".into() };
    assert_eq!(world.commit(delete).await, Outcome::Nothing);
    assert_eq!(shown(&world, links(Some("1"), None, LinkPage::default())).await, "1-b");
}
