//! OAuth clients and grants: names, cascades, single use.

use secrecy::ExposeSecret;
use zis_flow::Timestamp;
use zis_store::{
    AccountId, Store, StoreError, connection,
    oauth::{self, Client, Grant, GrantType, Handle, Stage},
    secret::Vault,
};

use super::connection::{oauth as oauth_connection, vault};

const ACCOUNT: AccountId = AccountId(7);

fn client(uuid: &str, name: Option<&str>) -> Client {
    Client {
        account: ACCOUNT,
        integration: "acme".into(),
        uuid: uuid.into(),
        name: name.map(str::to_owned),
        client_id: "id".into(),
        client_secret: "s3cret".into(),
        token_url: "https://p.example/token".into(),
        auth_url: None,
        grant_type: GrantType::ClientCredentials,
        default_scopes: Some("read".into()),
        created_by: None,
        created_at: Timestamp(1),
        updated_at: Timestamp(1),
    }
}

fn grant(id: &str) -> Grant {
    Grant {
        account: ACCOUNT,
        id: id.into(),
        integration: "acme".into(),
        connection: "zendesk".into(),
        client_uuid: "client-1".into(),
        grant_type: GrantType::AuthorizationCode,
        scope: None,
        url_subdomain: Some("foo".into()),
        redirect_uri: "http://127.0.0.1/cb".into(),
        return_to: Some("https://app.example/".into()),
        verifier: Some("verifier-1".into()),
        verification: None,
        stage: Stage::Started,
        created_by: Some("me".into()),
        expires_at: Timestamp(100),
    }
}

async fn find(store: &Store, handle: Handle<'_>) -> Option<Client> {
    oauth::client(store, &vault(), ACCOUNT, "acme", handle).await.unwrap()
}

pub async fn clients_are_found_by_uuid_and_name(store: Store) {
    for client in [client("u1", Some("one")), client("u2", None), client("u3", None)] {
        store.write(vec![oauth::insert_client(&vault(), &client)]).await.unwrap();
    }
    let taken = store.write(vec![oauth::insert_client(&vault(), &client("u4", Some("one")))]).await;
    assert!(matches!(taken, Err(StoreError::Duplicate { table }) if table == "oauth_client"));
    let found = find(&store, Handle::Name("one")).await.unwrap();
    assert_eq!((found.uuid.as_str(), found.client_secret.expose_secret()), ("u1", "s3cret"));
    assert!(find(&store, Handle::Uuid("u4")).await.is_none());
    assert_eq!(oauth::clients(&store, &vault(), ACCOUNT, "acme").await.unwrap().len(), 3);

    let mut changed = found;
    changed.client_secret = "other".into();
    changed.auth_url = Some("https://p.example/auth".into());
    store.write(vec![oauth::update_client(&vault(), &changed)]).await.unwrap();
    let found = find(&store, Handle::Uuid("u1")).await.unwrap();
    assert_eq!(found.client_secret.expose_secret(), "other");
    assert_eq!(found.auth_url.as_deref(), Some("https://p.example/auth"));
    assert_eq!(find(&store, Handle::Uuid("u2")).await.unwrap().client_secret.expose_secret(), "s3cret");
}

pub async fn deleting_a_client_takes_its_connections_along(store: Store) {
    store.write(vec![oauth::insert_client(&vault(), &client("client-1", None))]).await.unwrap();
    store.write(vec![connection::insert(&vault(), &oauth_connection("zendesk", "x"))]).await.unwrap();
    store.write(oauth::insert_grant(&vault(), &grant("state-1"), Timestamp(1))).await.unwrap();
    let rows = store.write(oauth::delete_client(ACCOUNT, "acme", "client-1")).await.unwrap();
    assert_eq!(rows.iter().map(|rows| rows.affected).collect::<Vec<_>>(), [1, 1, 1]);
    assert!(connection::show(&store, &vault(), ACCOUNT, "acme", "zendesk").await.unwrap().is_none());
    let rows = store.write(oauth::delete_client(ACCOUNT, "acme", "client-1")).await.unwrap();
    assert_eq!(rows[0].affected, 0);
}

pub async fn a_grant_is_taken_once_and_in_time(store: Store) {
    store.write(oauth::insert_grant(&vault(), &grant("state-1"), Timestamp(1))).await.unwrap();
    store.write(oauth::insert_grant(&vault(), &grant("state-2"), Timestamp(1))).await.unwrap();
    let take = async |id, now| oauth::take_grant(&store, &vault(), ACCOUNT, id, Timestamp(now)).await.unwrap();
    assert!(take("state-2", 100).await.is_none(), "too late");
    assert!(take("state-3", 1).await.is_none(), "unknown");
    let taken = take("state-1", 50).await.unwrap();
    assert_eq!(taken.verifier.as_ref().unwrap().expose_secret(), "verifier-1");
    assert_eq!((taken.stage, taken.url_subdomain.as_deref()), (Stage::Taken, Some("foo")));
    assert!(take("state-1", 50).await.is_none(), "used");

    let by = async |code| oauth::grant_by_verification(&store, &vault(), ACCOUNT, "acme", code, Timestamp(60)).await;
    assert!(by("code-1").await.unwrap().is_none());
    store.write(vec![oauth::finish_grant(&taken, "code-1", Timestamp(200))]).await.unwrap();
    assert_eq!(by("code-1").await.unwrap().unwrap().stage, Stage::Done);
    let twice = store.write(vec![oauth::finish_grant(&taken, "code-2", Timestamp(200))]).await;
    assert!(matches!(twice, Err(StoreError::Expectation { .. })));

    // A new grant sweeps those away that nobody finished.
    store.write(oauth::insert_grant(&vault(), &grant("state-4"), Timestamp(150))).await.unwrap();
    assert!(take("state-2", 50).await.is_none());
    store.write(vec![oauth::release_grant(&take("state-4", 50).await.unwrap())]).await.unwrap();
    assert!(take("state-4", 50).await.is_some(), "given back");
}

pub async fn a_new_key_takes_over(store: Store) {
    store.write(vec![oauth::insert_client(&vault(), &client("u1", None))]).await.unwrap();
    let both = Vault::new(&[[8; 32], [7; 32]]).unwrap();
    assert_eq!(oauth::reseal(&store, &both, ACCOUNT).await.unwrap(), 1);
    let new = Vault::new(&[[8; 32]]).unwrap();
    let found = oauth::client(&store, &new, ACCOUNT, "acme", Handle::Uuid("u1")).await.unwrap().unwrap();
    assert_eq!(found.client_secret.expose_secret(), "s3cret");
    assert!(oauth::client(&store, &vault(), ACCOUNT, "acme", Handle::Uuid("u1")).await.is_err());
}
