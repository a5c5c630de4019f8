//! Connections of the simple types, as the server uses them.

use secrecy::ExposeSecret;
use zis_engine::connection::{Error, simple::Patch};
use zis_store::{
    connection::{Detail, Kind},
    page::Page,
};

use crate::world::{ACCOUNT, INTEGRATION, World};

fn world() -> World {
    World::new("http://127.0.0.1:9")
}

fn key(domain: &str, header: &str, key: &str) -> Detail {
    Detail::ApiKey { allowed_domain: domain.into(), header_name: header.into(), api_key: key.into() }
}

fn basic(username: &str, password: &str) -> Detail {
    Detail::BasicAuth { allowed_domain: "a.example".into(), username: username.into(), password: password.into() }
}

fn bearer(token: &str) -> Detail {
    Detail::BearerToken { allowed_domain: "a.example".into(), token: token.into() }
}

#[tokio::test]
async fn what_can_be_created() {
    let world = world();
    // name, detail, the field that is refused
    let table = [
        ("key", key("a.example", "x-key", "Token abc"), None),
        ("basic", basic("agent@a.example/token", "pw"), None),
        ("key_as_user", basic("sk_123", ""), None),
        ("bearer", bearer("t"), None),
        ("zendesk", bearer("t"), None),
        ("ab", bearer("t"), Some("name")),
        ("a b c", bearer("t"), Some("name")),
        ("key2", key("https://a.example", "x-key", "k"), Some("allowed_domain")),
        ("key2", key("", "x-key", "k"), Some("allowed_domain")),
        ("key2", key("a.example", "Host", "k"), Some("header_name")),
        ("key2", key("a.example", "x key", "k"), Some("header_name")),
        ("key2", key("a.example", "x-key", ""), Some("api_key")),
        ("key2", key("a.example", "x-key", "k\r\nX: y"), Some("api_key")),
        ("basic2", basic("a:b", "pw"), Some("username")),
        ("basic2", basic("", ""), Some("password")),
        ("bearer2", bearer(""), Some("token")),
    ];
    for (name, detail, refused) in table {
        let made = world.connections.create(ACCOUNT, INTEGRATION, name, detail, "me").await;
        match (made, refused) {
            (Ok(made), None) => assert_eq!((made.name.as_str(), made.created_by.as_deref()), (name, Some("me"))),
            (Err(Error::Invalid { field, .. }), Some(refused)) => assert_eq!(field, refused, "{name}"),
            (made, _) => panic!("{name} {refused:?}: {:?}", made.err()),
        }
    }
    let again = world.connections.create(ACCOUNT, INTEGRATION, "key", bearer("t"), "me").await;
    assert!(matches!(again, Err(Error::Duplicate { name, .. }) if name == "key"));
}

#[tokio::test]
async fn shown_updated_and_deleted_by_type() {
    let world = world();
    let connections = &world.connections;
    connections.create(ACCOUNT, INTEGRATION, "key", key("a.example", "x-key", "one"), "me").await.unwrap();
    let show = async |kind| connections.show(ACCOUNT, INTEGRATION, kind, "key").await;
    assert!(show(Kind::ApiKey).await.is_ok());
    assert!(matches!(show(Kind::BearerToken).await, Err(Error::NotFound { .. })));

    let update = async |patch: Patch| connections.update(ACCOUNT, INTEGRATION, Kind::ApiKey, "key", &patch).await;
    let changed = update(Patch { secret: Some("two".into()), ..Patch::default() }).await.unwrap();
    assert_eq!(changed.detail.secret().expose_secret(), "two");
    let stored = show(Kind::ApiKey).await.unwrap();
    assert_eq!(stored.detail.secret().expose_secret(), "two");
    assert!(matches!(stored.detail, Detail::ApiKey { header_name, .. } if header_name == "x-key"));
    for (patch, field) in [
        (Patch { allowed_domain: Some("a/b".into()), ..Patch::default() }, "allowed_domain"),
        (Patch { header_name: Some("Host".into()), ..Patch::default() }, "header_name"),
        (Patch { username: Some("me".into()), ..Patch::default() }, "username"),
        (Patch { secret: Some("".into()), ..Patch::default() }, "api_key"),
    ] {
        assert!(
            matches!(update(patch).await, Err(Error::Invalid { field: refused, .. }) if refused == field),
            "{field}"
        );
    }
    let delete = async |kind| connections.delete(ACCOUNT, INTEGRATION, kind, "key").await;
    assert!(matches!(delete(Kind::Oauth).await, Err(Error::NotFound { .. })));
    delete(Kind::ApiKey).await.unwrap();
    assert!(matches!(delete(Kind::ApiKey).await, Err(Error::NotFound { .. })));
    // The name is free again, for any type.
    connections.create(ACCOUNT, INTEGRATION, "key", bearer("t"), "me").await.unwrap();
}

#[tokio::test]
async fn all_of_them_in_pages() {
    let world = world();
    for name in ["ccc", "aaa", "bbb"] {
        world.connections.create(ACCOUNT, INTEGRATION, name, bearer("t"), "me").await.unwrap();
    }
    let page = Page { size: 2, ..Page::default() };
    let found = world.connections.list(ACCOUNT, INTEGRATION, &page).await.unwrap();
    let names: Vec<_> = found.items.iter().map(|item| item.name.as_str()).collect();
    assert_eq!((names, found.has_more), (vec!["aaa", "bbb"], true));
    let none = world.connections.list(ACCOUNT, "other", &page).await.unwrap();
    assert!(none.items.is_empty() && !none.has_more);
}
