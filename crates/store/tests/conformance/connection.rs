//! Connections: names, sealed secrets, versions, claims.

use secrecy::{ExposeSecret, SecretString};
use zis_flow::Timestamp;
use zis_store::{
    AccountId, Store, StoreError,
    connection::{self, Connection, Detail, Kind, Oauth},
    oauth::GrantType,
    page::Page,
    params,
    secret::Vault,
    sql::statement,
};

const ACCOUNT: AccountId = AccountId(7);

pub fn vault() -> Vault {
    Vault::new(&[[7; 32]]).unwrap()
}

fn connection(name: &str, detail: Detail) -> Connection {
    Connection {
        account: ACCOUNT,
        integration: "acme".into(),
        name: name.into(),
        detail,
        version: 1,
        created_by: Some("me".into()),
        created_at: Timestamp(5),
        updated_at: Timestamp(6),
    }
}

fn bearer(name: &str, token: &str) -> Connection {
    connection(name, Detail::BearerToken { allowed_domain: "api.example.com".into(), token: token.into() })
}

pub fn oauth(name: &str, token: &str) -> Connection {
    connection(
        name,
        Detail::Oauth(Oauth {
            uuid: format!("uuid-{name}"),
            client_uuid: "client-1".into(),
            grant_type: GrantType::AuthorizationCode,
            access_token: token.into(),
            refresh_token: Some("refresh-1".into()),
            token_type: "bearer".into(),
            expires_at: Some(Timestamp(99)),
            scope: Some("read write".into()),
            url_subdomain: None,
            response_body: r#"{"access_token":"x"}"#.into(),
        }),
    )
}

async fn show(store: &Store, name: &str) -> Option<Connection> {
    connection::show(store, &vault(), ACCOUNT, "acme", name).await.unwrap()
}

async fn put(store: &Store, connection: &Connection) {
    store.write(vec![connection::insert(&vault(), connection)]).await.unwrap();
}

pub async fn every_kind_comes_back_as_it_was(store: Store) {
    let secret = || SecretString::from("s3cret-ü");
    let domain = || "api.example.com".to_owned();
    let details = [
        Detail::ApiKey { allowed_domain: domain(), header_name: "x-api-key".into(), api_key: secret() },
        Detail::BasicAuth { allowed_domain: domain(), username: "user".into(), password: secret() },
        Detail::BearerToken { allowed_domain: domain(), token: secret() },
    ];
    for (at, detail) in details.into_iter().enumerate() {
        put(&store, &connection(&format!("simple-{at}"), detail)).await;
    }
    let text = |detail: &Detail| match detail {
        Detail::ApiKey { allowed_domain, header_name, .. } => format!("{allowed_domain} {header_name}"),
        Detail::BasicAuth { allowed_domain, username, .. } => format!("{allowed_domain} {username}"),
        Detail::BearerToken { allowed_domain, .. } => allowed_domain.clone(),
        Detail::Oauth(_) => panic!("no OAuth here"),
    };
    let expected = ["api.example.com x-api-key", "api.example.com user", "api.example.com"];
    for (at, expected) in expected.into_iter().enumerate() {
        let found = show(&store, &format!("simple-{at}")).await.unwrap();
        assert_eq!(text(&found.detail), expected);
        assert_eq!(found.detail.secret().expose_secret(), "s3cret-ü");
        assert_eq!((found.version, found.created_by.as_deref()), (1, Some("me")));
        assert_eq!((found.created_at, found.updated_at), (Timestamp(5), Timestamp(6)));
    }
    put(&store, &oauth("zendesk", "access-1")).await;
    let found = show(&store, "zendesk").await.unwrap();
    let by_uuid = connection::by_uuid(&store, &vault(), ACCOUNT, "acme", "uuid-zendesk").await.unwrap().unwrap();
    assert_eq!(by_uuid.name, "zendesk");
    let Detail::Oauth(oauth) = found.detail else { panic!("an OAuth connection") };
    assert_eq!(oauth.access_token.expose_secret(), "access-1");
    assert_eq!(oauth.refresh_token.unwrap().expose_secret(), "refresh-1");
    assert_eq!(oauth.response_body.expose_secret(), r#"{"access_token":"x"}"#);
    assert_eq!((oauth.expires_at, oauth.scope.as_deref()), (Some(Timestamp(99)), Some("read write")));
}

pub async fn no_secret_lies_open_in_the_rows(store: Store) {
    put(&store, &bearer("token", "open-sesame-1")).await;
    put(&store, &oauth("zendesk", "open-sesame-2")).await;
    let rows = store.read(statement("SELECT secret, extra FROM connection WHERE account = $1", params![ACCOUNT])).await;
    for row in rows.unwrap().rows {
        for at in 0..2 {
            let bytes = row.bytes(at);
            assert!(!bytes.windows(5).any(|part| part == b"open-" || part == b"refre" || part == b"acces"));
        }
    }
    // A sealed secret does not open in another row.
    let copy =
        "UPDATE connection SET secret = (SELECT secret FROM connection WHERE name = 'token') WHERE name = 'zendesk'";
    store.write(vec![statement(copy, params![])]).await.unwrap();
    let opened = connection::show(&store, &vault(), ACCOUNT, "acme", "zendesk").await;
    assert!(matches!(opened, Err(StoreError::Damaged(_))));
}

pub async fn a_name_is_unique_across_kinds_and_case_counts(store: Store) {
    put(&store, &bearer("token", "one")).await;
    put(&store, &bearer("Token", "two")).await;
    for other in [bearer("token", "x"), oauth("token", "x")] {
        let again = store.write(vec![connection::insert(&vault(), &other)]).await;
        assert!(matches!(again, Err(StoreError::Duplicate { table }) if table == "connection"));
    }
    let authorised = store.write(vec![connection::authorise(&vault(), &oauth("token", "x"))]).await;
    assert!(matches!(authorised, Err(StoreError::Expectation { .. })));
    assert_eq!(show(&store, "token").await.unwrap().detail.secret().expose_secret(), "one");
    let elsewhere = Connection { integration: "other".into(), ..bearer("token", "x") };
    put(&store, &elsewhere).await;
}

pub async fn an_update_names_the_version_it_was_made_from(store: Store) {
    put(&store, &bearer("token", "one")).await;
    let first = show(&store, "token").await.unwrap();
    let next = Connection { updated_at: Timestamp(50), ..bearer("token", "two") };
    store.write(vec![connection::update(&vault(), &next)]).await.unwrap();
    let found = show(&store, "token").await.unwrap();
    assert_eq!(found.detail.secret().expose_secret(), "two");
    assert_eq!((found.version, found.updated_at), (2, Timestamp(50)));
    let late = store.write(vec![connection::update(&vault(), &first)]).await;
    assert!(matches!(late, Err(StoreError::Expectation { .. })));
    let wrong_kind = Connection { version: 2, ..oauth("token", "x") };
    let wrong_kind = store.write(vec![connection::update(&vault(), &wrong_kind)]).await;
    assert!(matches!(wrong_kind, Err(StoreError::Expectation { .. })));
}

pub async fn authorising_again_renews(store: Store) {
    store.write(vec![connection::authorise(&vault(), &oauth("zendesk", "one"))]).await.unwrap();
    let again = Connection { created_at: Timestamp(77), ..oauth("zendesk", "two") };
    store.write(vec![connection::authorise(&vault(), &again)]).await.unwrap();
    let found = show(&store, "zendesk").await.unwrap();
    assert_eq!(found.detail.secret().expose_secret(), "two");
    assert_eq!((found.version, found.created_at), (2, Timestamp(5)));
}

pub async fn one_node_claims_a_refresh(store: Store) {
    put(&store, &oauth("zendesk", "one")).await;
    let current = show(&store, "zendesk").await.unwrap();
    let claim =
        async |now, until| connection::claim_refresh(&store, &current, Timestamp(now), Timestamp(until)).await.unwrap();
    assert!(claim(10, 20).await);
    assert!(!claim(15, 25).await, "claimed until 20");
    assert!(claim(21, 30).await, "the first claim is over");
    store.write(vec![connection::release_refresh(&current)]).await.unwrap();
    assert!(claim(22, 40).await, "given back");
    store.write(vec![connection::update(&vault(), &current)]).await.unwrap();
    assert!(!claim(50, 60).await, "refreshed since");
    let fresh = show(&store, "zendesk").await.unwrap();
    assert!(connection::claim_refresh(&store, &fresh, Timestamp(23), Timestamp(60)).await.unwrap());
}

pub async fn they_page_by_name_and_are_deleted_by_kind(store: Store) {
    for name in ["aaa", "bbb", "ccc", "ddd"] {
        put(&store, &bearer(name, "x")).await;
    }
    let list = async |page: Page| {
        let found = connection::list(&store, &vault(), ACCOUNT, "acme", &page).await.unwrap();
        let names: Vec<_> = found.items.iter().map(|item| item.name.clone()).collect();
        (names.join(" "), found.has_more)
    };
    let page = |after: Option<&str>, before: Option<&str>| Page {
        size: 2,
        after: after.map(str::to_owned),
        before: before.map(str::to_owned),
    };
    assert_eq!(list(page(None, None)).await, ("aaa bbb".to_owned(), true));
    assert_eq!(list(page(Some("bbb"), None)).await, ("ccc ddd".to_owned(), false));
    assert_eq!(list(page(None, Some("ddd"))).await, ("bbb ccc".to_owned(), true));
    assert_eq!(list(page(None, Some("bbb"))).await, ("aaa".to_owned(), false));

    let delete =
        async |kind| store.write(vec![connection::delete(ACCOUNT, "acme", "aaa", kind)]).await.unwrap()[0].affected;
    assert_eq!((delete(Kind::ApiKey).await, delete(Kind::BearerToken).await), (0, 1));
    assert!(show(&store, "aaa").await.is_none());
}

pub async fn its_use_is_noted_beside_it(store: Store) {
    put(&store, &bearer("busy", "x")).await;
    put(&store, &bearer("idle", "x")).await;
    let uses = async || connection::uses(&store, ACCOUNT, "acme").await.unwrap();
    assert!(uses().await.is_empty());
    let before = show(&store, "busy").await.unwrap();
    for at in [5, 9, 7] {
        store.write(vec![connection::used(ACCOUNT, "acme", "busy", Timestamp(at))]).await.unwrap();
    }
    assert_eq!(uses().await.into_iter().collect::<Vec<_>>(), [("busy".to_owned(), Timestamp(9))]);
    assert_eq!(show(&store, "busy").await.unwrap().version, before.version);
}

pub async fn a_new_key_takes_over(store: Store) {
    put(&store, &bearer("token", "one")).await;
    put(&store, &oauth("zendesk", "two")).await;
    let current = show(&store, "zendesk").await.unwrap();
    assert!(connection::claim_refresh(&store, &current, Timestamp(1), Timestamp(9)).await.unwrap());
    let both = Vault::new(&[[8; 32], [7; 32]]).unwrap();
    assert_eq!(connection::reseal(&store, &both, ACCOUNT).await.unwrap(), 2);
    let new = Vault::new(&[[8; 32]]).unwrap();
    let found = connection::show(&store, &new, ACCOUNT, "acme", "zendesk").await.unwrap().unwrap();
    let Detail::Oauth(oauth) = &found.detail else { panic!("an OAuth connection") };
    assert_eq!(oauth.refresh_token.as_ref().unwrap().expose_secret(), "refresh-1");
    assert!(connection::show(&store, &vault(), ACCOUNT, "acme", "token").await.is_err());
    // The claim and the version outlive it: a refresh under way is stored.
    assert!(!connection::claim_refresh(&store, &found, Timestamp(2), Timestamp(9)).await.unwrap());
    store.write(vec![connection::update(&new, &current)]).await.unwrap();
}
