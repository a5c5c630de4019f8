//! OAuth against a provider of tokens written for the test.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use secrecy::ExposeSecret;
use tokio::sync::Semaphore;
use url::Url;
use zis_bundle::action::Method;
use zis_engine::{
    act::Actor,
    connection::{
        Error,
        client::ClientIn,
        grant::{By, Callback, StartIn},
    },
};
use zis_flow::{Retry, effect::Target};
use zis_store::connection::{Connection, Detail, Oauth};

use crate::{
    server::{Seen, Server, reply},
    world::{ACCOUNT, INTEGRATION, World, connections, failure, json, request, through, value},
};

const ORIGIN: &str = "http://zis.example:8080";

/// What the provider does next.
#[derive(Default)]
struct Script {
    /// Tokens given so far: `access-1`, `access-2`, …
    given: usize,
    expires_in: Option<u64>,
    no_refresh: bool,
    /// Instead of tokens.
    refuse: Option<(u16, &'static str)>,
    gate: Option<Arc<Semaphore>>,
}

/// A provider whose API at `/api` takes the newest token only.
async fn provider(script: &Arc<Mutex<Script>>) -> Server {
    let script = script.clone();
    Server::start(move |seen, _| {
        let mut script = script.lock().unwrap();
        if seen.target.starts_with("/api") {
            let good = format!("Bearer access-{}", script.given);
            return if seen.header("authorization") == Some(&good) { reply(200, "{}") } else { reply(401, "") };
        }
        if let Some((status, body)) = script.refuse {
            return reply(status, body);
        }
        script.given += 1;
        let number = script.given;
        let mut body = format!(r#"{{"access_token":"access-{number}","token_type":"bearer","scope":"read""#);
        if !script.no_refresh && seen.form("grant_type").unwrap() != "client_credentials" {
            body += &format!(r#","refresh_token":"refresh-{number}""#);
        }
        if let Some(seconds) = script.expires_in {
            body += &format!(r#","expires_in":{seconds}"#);
        }
        let reply = reply(201, body + "}");
        match &script.gate {
            Some(gate) => reply.gate(gate),
            None => reply,
        }
    })
    .await
}

struct Stage {
    world: World,
    server: Server,
    script: Arc<Mutex<Script>>,
}

async fn stage(script: Script) -> Stage {
    let script = Arc::new(Mutex::new(script));
    let server = provider(&script).await;
    let world = World::new(&server.url(""));
    Stage { world, server, script }
}

impl Stage {
    fn set(&self, change: impl FnOnce(&mut Script)) {
        change(&mut self.script.lock().unwrap());
    }

    /// Requests to the token endpoint.
    fn asked(&self) -> Vec<Seen> {
        self.server.seen().into_iter().filter(|seen| !seen.target.starts_with("/api")).collect()
    }

    async fn register(&self, grant_type: &str) -> String {
        let client = ClientIn {
            name: Some("mine".into()),
            client_id: Some("my id".into()),
            client_secret: Some("-my+secret/1".into()),
            token_url: Some(self.server.url("/{{subdomain}}/token")),
            auth_url: Some("https://{subdomain}.example/authorize?prompt=consent".into()),
            grant_type: Some(grant_type.into()),
            default_scopes: Some("read".into()),
        };
        self.world.connections.create_client(ACCOUNT, INTEGRATION, &client, "me").await.unwrap().uuid
    }

    async fn start(&self, input: StartIn) -> Result<Url, Error> {
        let started = self.world.connections.start(ACCOUNT, INTEGRATION, &input, ORIGIN, "me").await;
        started.map(|url| Url::parse(&url).unwrap())
    }

    async fn call_back(&self, state: &str, code: Option<&str>) -> Result<(Connection, Option<String>), Error> {
        let callback = Callback { state: state.into(), code: code.map(str::to_owned), ..Callback::default() };
        let granted = self.world.connections.callback(ACCOUNT, &callback).await?;
        Ok((granted.connection, granted.return_to))
    }

    async fn access_codes(&self, code: &str) -> Result<Connection, Error> {
        self.world.connections.access_codes(ACCOUNT, INTEGRATION, code).await
    }

    /// A connection `zendesk` by the predefined client.
    async fn connect(&self) {
        let url = self.start(predefined()).await.unwrap();
        self.call_back(&query(&url, "state").unwrap(), Some("code-1")).await.unwrap();
    }

    /// A connection `machine` by client_credentials.
    async fn connect_machine(&self) {
        self.register("client_credentials").await;
        let url = self.start(StartIn { name: "machine".into(), ..mine() }).await.unwrap();
        self.access_codes(&query(&url, "verification_code").unwrap()).await.unwrap();
    }

    async fn stored(&self, name: &str) -> Oauth {
        oauth(self.world.connections.oauth_connection(ACCOUNT, INTEGRATION, By::Name(name)).await.unwrap())
    }

    async fn call(&self, name: &str) -> zis_engine::act::Done {
        self.world.perform(through(name, request(Method::Post, Target::Path("/api".into())))).await
    }
}

fn oauth(connection: Connection) -> Oauth {
    match connection.detail {
        Detail::Oauth(oauth) => oauth,
        _ => panic!("an OAuth connection"),
    }
}

fn query(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

fn predefined() -> StartIn {
    StartIn { name: "zendesk".into(), oauth_client_name: Some("zendesk".into()), ..StartIn::default() }
}

fn mine() -> StartIn {
    StartIn {
        name: "mine".into(),
        oauth_client_name: Some("mine".into()),
        oauth_url_subdomain: Some("foo".into()),
        ..StartIn::default()
    }
}

#[tokio::test]
async fn the_predefined_client_connects_the_local_zendesk() {
    let stage = stage(Script { expires_in: Some(1800), ..Script::default() }).await;
    let url = stage.start(predefined()).await.unwrap();
    assert_eq!(url.path(), "/oauth/authorizations/new");
    let redirect = format!("{ORIGIN}/api/services/zis/connections/oauth/callback");
    for (name, expected) in [
        ("response_type", "code"),
        ("client_id", "zis"),
        ("redirect_uri", redirect.as_str()),
        ("scope", "read write"),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(query(&url, name).as_deref(), Some(expected), "{name}");
    }
    let (state, challenge) = (query(&url, "state").unwrap(), query(&url, "code_challenge").unwrap());
    let (made, return_to) = stage.call_back(&state, Some("code-1")).await.unwrap();
    assert_eq!((made.name.as_str(), return_to), ("zendesk", None));

    let asked = &stage.asked()[0];
    assert_eq!((asked.target.as_str(), asked.header("authorization")), ("/oauth/tokens", None));
    for (name, expected) in [
        ("grant_type", "authorization_code"),
        ("code", "code-1"),
        ("client_id", "zis"),
        ("client_secret", "predefined-secret"),
        ("redirect_uri", redirect.as_str()),
    ] {
        assert_eq!(asked.form(name).as_deref(), Some(expected), "{name}");
    }
    let verifier = asked.form("code_verifier").unwrap();
    use base64::Engine as _;
    use sha2::Digest as _;
    let digest = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(&verifier));
    assert_eq!(digest, challenge);

    let oauth = stage.stored("zendesk").await;
    assert_eq!((oauth.access_token.expose_secret(), oauth.client_uuid.as_str()), ("access-1", "zendesk"));
    assert_eq!(oauth.refresh_token.unwrap().expose_secret(), "refresh-1");
    assert_eq!(oauth.expires_at, Some(crate::world::START.saturating_add(Duration::from_secs(1800))));
    assert_eq!(oauth.scope.as_deref(), Some("read"));
    assert_eq!(value(&stage.call("zendesk").await), &json("{}"));
}

#[tokio::test]
async fn a_registered_client_with_a_subdomain_and_a_way_back() {
    let stage = stage(Script::default()).await;
    stage.register("authorization_code").await;
    let input = StartIn {
        permission_scopes: Some("write".into()),
        origin_oauth_redirect_url: Some("https://app.example/done?x=1".into()),
        allow_offline_access: true,
        ..mine()
    };
    let url = stage.start(input).await.unwrap();
    assert!(url.as_str().starts_with("https://foo.example/authorize?prompt=consent&response_type=code"));
    assert_eq!(
        (query(&url, "scope").unwrap(), query(&url, "access_type").unwrap()),
        ("write".into(), "offline".into())
    );
    let (_, return_to) = stage.call_back(&query(&url, "state").unwrap(), Some("c")).await.unwrap();
    assert_eq!(stage.asked()[0].target, "/foo/token");
    assert_eq!(stage.asked()[0].form("client_secret").unwrap(), "-my+secret/1");
    let back = Url::parse(&return_to.unwrap()).unwrap();
    assert_eq!((back.host_str(), query(&back, "x").as_deref()), (Some("app.example"), Some("1")));
    let token = query(&back, "verification_token").unwrap();
    assert_eq!(stage.access_codes(&token).await.unwrap().name, "mine");
    assert_eq!(stage.asked().len(), 1, "the connection was complete");
    assert!(matches!(stage.access_codes("guess").await, Err(Error::UnknownGrant)));
}

#[tokio::test]
async fn a_state_works_once_and_not_for_ever() {
    let stage = stage(Script::default()).await;
    let state = query(&stage.start(predefined()).await.unwrap(), "state").unwrap();
    assert!(matches!(stage.call_back("guess", Some("c")).await, Err(Error::UnknownGrant)));
    stage.call_back(&state, Some("c")).await.unwrap();
    assert!(matches!(stage.call_back(&state, Some("c")).await, Err(Error::UnknownGrant)));
    let late = query(&stage.start(predefined()).await.unwrap(), "state").unwrap();
    stage.world.clock.forward(Duration::from_secs(3600));
    assert!(matches!(stage.call_back(&late, Some("c")).await, Err(Error::UnknownGrant)));
    assert_eq!(stage.asked().len(), 1);
}

#[tokio::test]
async fn client_credentials_are_complete_at_access_codes() {
    let stage = stage(Script::default()).await;
    stage.register("client_credentials").await;
    let url = stage.start(StartIn { name: "machine".into(), ..mine() }).await.unwrap();
    let path = format!("/api/services/zis/connections/oauth/access_codes/{INTEGRATION}");
    assert_eq!((url.path(), url.as_str().starts_with(ORIGIN)), (path.as_str(), true));
    let by = By::Name("machine");
    let before = stage.world.connections.oauth_connection(ACCOUNT, INTEGRATION, by).await;
    assert!(matches!(before, Err(Error::NotFound { .. })));
    let code = query(&url, "verification_code").unwrap();
    stage.set(|script| script.refuse = Some((500, "")));
    assert!(matches!(stage.access_codes(&code).await, Err(Error::Provider { transient: true, .. })));
    stage.set(|script| script.refuse = None);
    let made = oauth(stage.access_codes(&code).await.unwrap());
    assert_eq!(made.access_token.expose_secret(), "access-1");
    let asked = stage.asked().pop().unwrap();
    assert_eq!(asked.form("grant_type").unwrap(), "client_credentials");
    assert_eq!(asked.form("scope").unwrap(), "read");
    let again = oauth(stage.access_codes(&code).await.unwrap());
    assert_eq!(again.access_token.expose_secret(), "access-1");
    // A verification code is no state.
    assert!(matches!(stage.call_back(&code, Some("c")).await, Err(Error::UnknownGrant)));
}

#[tokio::test]
async fn what_cannot_be_started() {
    let stage = stage(Script::default()).await;
    stage.register("authorization_code").await;
    let bearer = Detail::BearerToken { allowed_domain: "a.example".into(), token: "t".into() };
    stage.world.connections.create(ACCOUNT, INTEGRATION, "simple", bearer, "me").await.unwrap();
    let table = [
        (StartIn { name: "x".into(), ..mine() }, "name"),
        (StartIn { oauth_client_name: None, ..mine() }, "oauth_client_name"),
        (StartIn { oauth_url_subdomain: None, ..mine() }, "oauth_url_subdomain"),
        (StartIn { oauth_url_subdomain: Some("evil.example/".into()), ..mine() }, "oauth_url_subdomain"),
        (StartIn { grant_type: Some("password".into()), ..mine() }, "grant_type"),
        (StartIn { origin_oauth_redirect_url: Some("javascript:x".into()), ..mine() }, "origin_oauth_redirect_url"),
    ];
    for (input, expected) in table {
        let refused = stage.start(input).await;
        assert!(matches!(&refused, Err(Error::Invalid { field, .. }) if *field == expected), "{expected}: {refused:?}");
    }
    let unknown = stage.start(StartIn { oauth_client_name: Some("nobody".into()), ..mine() }).await;
    assert!(matches!(unknown, Err(Error::NotFound { .. })));
    let taken = stage.start(StartIn { name: "simple".into(), ..mine() }).await;
    assert!(matches!(taken, Err(Error::Duplicate { .. })));
    let empty_is_none = StartIn { origin_oauth_redirect_url: Some(String::new()), ..mine() };
    assert!(stage.start(empty_is_none).await.is_ok());
}

#[tokio::test]
async fn refusals_are_told_in_words_without_secrets() {
    let stage = stage(Script::default()).await;
    let state = async || query(&stage.start(predefined()).await.unwrap(), "state").unwrap();
    // status, the provider's body, what the message holds, whether it may work later
    let table = [
        (
            400,
            r#"{"error":"invalid_grant","error_description":"code is stale"}"#,
            "invalid_grant (code is stale)",
            false,
        ),
        (401, r#"{"error":"invalid_client"}"#, "the secret is wrong", false),
        (400, "error=invalid_scope&error_description=no+such", "invalid_scope (no such)", false),
        (200, r#"{"ok":false,"error":"bad predefined-secret"}"#, "bad *****", false),
        (200, "<html>", "holds no access_token", false),
        (503, "", "answered 503", true),
    ];
    for (status, body, words, expected) in table {
        stage.set(|script| script.refuse = Some((status, body)));
        match stage.call_back(&state().await, Some("c")).await {
            Err(Error::Provider { message, transient }) => {
                assert!(message.contains(words), "{message}");
                assert_eq!(transient, expected, "{message}");
            }
            other => panic!("{status}: {:?}", other.err()),
        }
    }
    let said_no = Callback {
        state: state().await,
        error: Some("access_denied".into()),
        error_description: Some("The end-user denied the request".into()),
        ..Callback::default()
    };
    let declined = stage.world.connections.callback(ACCOUNT, &said_no).await.err().unwrap();
    assert!(declined.to_string().contains("access_denied (The end-user denied the request)"), "{declined}");
}

#[tokio::test]
async fn a_client_known_by_basic_authentication_only() {
    let server = Server::start(|seen, _| match seen.header("authorization") {
        Some("Basic bXkraWQ6LW15JTJCc2VjcmV0JTJGMQ==") => reply(200, "access_token=form-token&token_type=Bearer"),
        _ => reply(401, ""),
    })
    .await;
    let script = Arc::new(Mutex::new(Script::default()));
    let stage = Stage { world: World::new(&server.url("")), server, script };
    stage.register("client_credentials").await;
    let url = stage.start(mine()).await.unwrap();
    let made = oauth(stage.access_codes(&query(&url, "verification_code").unwrap()).await.unwrap());
    assert_eq!((made.access_token.expose_secret(), made.token_type.as_str()), ("form-token", "Bearer"));
    assert_eq!(stage.asked()[1].form("client_secret"), None);
}

#[tokio::test]
async fn tokens_are_renewed_a_minute_early() {
    let stage = stage(Script { expires_in: Some(1800), ..Script::default() }).await;
    stage.connect().await;
    stage.world.clock.forward(Duration::from_secs(1800 - 61));
    stage.call("zendesk").await;
    assert_eq!(stage.asked().len(), 1, "still good");
    stage.world.clock.forward(Duration::from_secs(1));
    assert_eq!(value(&stage.call("zendesk").await), &json("{}"));
    let asked = &stage.asked()[1];
    assert_eq!(asked.form("grant_type").unwrap(), "refresh_token");
    assert_eq!(asked.form("refresh_token").unwrap(), "refresh-1");
    let oauth = stage.stored("zendesk").await;
    assert_eq!(oauth.access_token.expose_secret(), "access-2");
    assert_eq!(oauth.refresh_token.unwrap().expose_secret(), "refresh-2");
    stage.call("zendesk").await;
    assert_eq!(stage.asked().len(), 2);
}

#[tokio::test]
async fn client_credentials_run_again() {
    let stage = stage(Script { expires_in: Some(300), ..Script::default() }).await;
    stage.connect_machine().await;
    stage.world.clock.forward(Duration::from_secs(299));
    assert_eq!(value(&stage.call("machine").await), &json("{}"));
    assert_eq!(stage.asked()[1].form("grant_type").unwrap(), "client_credentials");
    assert_eq!(stage.stored("machine").await.access_token.expose_secret(), "access-2");
}

#[tokio::test]
async fn a_401_renews_once_and_the_call_is_sent_again() {
    let stage = stage(Script::default()).await;
    stage.connect().await;
    // The provider took the token back.
    stage.set(|script| script.given = 5);
    let done = stage.call("zendesk").await;
    assert_eq!(value(&done), &json("{}"));
    let calls: Vec<_> = stage.server.seen().into_iter().filter(|seen| seen.target == "/api").collect();
    let tokens: Vec<_> = calls.iter().map(|seen| seen.header("authorization").unwrap()).collect();
    assert_eq!(tokens, ["Bearer access-1", "Bearer access-6"]);
    assert_eq!(calls[0].header("idempotency-key"), calls[1].header("idempotency-key"));
    let shown = format!("{:?}", done.exchange);
    assert!(!shown.contains("access-"), "{shown}");

    stage.set(|script| {
        script.given = 9;
        script.refuse = Some((400, r#"{"error":"invalid_grant"}"#));
    });
    let refused = stage.call("zendesk").await;
    assert_eq!(failure(&refused.outcome).cause, "external action failed due to status code: 401");
}

#[tokio::test]
async fn a_token_that_cannot_be_renewed_fails_the_action() {
    let stage = stage(Script { expires_in: Some(300), ..Script::default() }).await;
    stage.connect().await;
    for (refusal, early, retry) in [
        ((400, r#"{"error":"invalid_grant"}"#), true, None),
        ((400, r#"{"error":"invalid_grant"}"#), false, Some(Retry::Never)),
        ((502, ""), false, Some(Retry::Backoff)),
    ] {
        stage.set(|script| script.refuse = Some(refusal));
        if early {
            stage.world.clock.forward(Duration::from_secs(250));
        } else {
            stage.world.clock.forward(Duration::from_secs(60));
        }
        let done = stage.call("zendesk").await;
        match retry {
            // It was early: the old token serves until its end.
            None => assert_eq!(value(&done), &json("{}")),
            Some(retry) => {
                let failure = failure(&done.outcome);
                assert!(failure.cause.contains("could not be renewed"), "{}", failure.cause);
                assert_eq!(failure.retry, retry);
            }
        }
    }
}

#[tokio::test]
async fn many_calls_renew_once() {
    let gate = Arc::new(Semaphore::new(0));
    let stage = Arc::new(stage(Script { expires_in: Some(300), ..Script::default() }).await);
    stage.connect().await;
    stage.world.clock.forward(Duration::from_secs(299));
    stage.set(|script| script.gate = Some(gate.clone()));
    let calls: Vec<_> = (0..16)
        .map(|_| {
            let stage = stage.clone();
            tokio::spawn(async move { value(&stage.call("zendesk").await).clone() })
        })
        .collect();
    gate.add_permits(16);
    for call in calls {
        assert_eq!(call.await.unwrap(), json("{}"));
    }
    assert_eq!(stage.asked().len(), 2);
}

#[tokio::test]
async fn two_nodes_renew_once() {
    let stage = stage(Script { expires_in: Some(300), ..Script::default() }).await;
    stage.connect().await;
    let World { store, http, clock, .. } = &stage.world;
    let predefined = zis_engine::connection::Predefined {
        client_id: "zis".into(),
        client_secret: "predefined-secret".into(),
        auth_url: stage.server.url("/oauth/authorizations/new"),
        token_url: stage.server.url("/oauth/tokens"),
        default_scopes: "read write".into(),
    };
    // Another handle has another cache and other locks, as another process has.
    let other = connections(store, http, clock, Some(predefined));
    clock.forward(Duration::from_secs(299));
    let names = ["zendesk".to_owned()];
    let (one, two) = tokio::join!(
        stage.world.connections.exposed(ACCOUNT, INTEGRATION, &names),
        other.exposed(ACCOUNT, INTEGRATION, &names)
    );
    assert_eq!(one, json(r#"{"zendesk":{"access_token":"access-2"}}"#));
    assert_eq!((one, stage.asked().len()), (two, 2));
}

#[tokio::test]
async fn refresh_show_and_delete_by_hand() {
    let stage = stage(Script::default()).await;
    stage.connect().await;
    let connections = &stage.world.connections;
    let by_name = || By::Name("zendesk");
    let refreshed = oauth(connections.refresh(ACCOUNT, INTEGRATION, by_name()).await.unwrap());
    assert_eq!(refreshed.access_token.expose_secret(), "access-2");
    let by_uuid = connections.oauth_connection(ACCOUNT, INTEGRATION, By::Uuid(&refreshed.uuid)).await.unwrap();
    assert_eq!(by_uuid.name, "zendesk");
    connections.delete_oauth(ACCOUNT, INTEGRATION, By::Uuid(&refreshed.uuid)).await.unwrap();
    for by in [by_name(), By::Uuid(&refreshed.uuid)] {
        assert!(matches!(connections.refresh(ACCOUNT, INTEGRATION, by).await, Err(Error::NotFound { .. })));
    }
    let missing = stage.world.live.missing_connection(ACCOUNT, INTEGRATION, &["zendesk".to_owned()]).await;
    assert_eq!(missing.as_deref(), Some("zendesk"));

    stage.set(|script| script.no_refresh = true);
    stage.connect().await;
    let refused = connections.refresh(ACCOUNT, INTEGRATION, by_name()).await;
    assert!(matches!(refused, Err(Error::Invalid { .. })));
}

#[tokio::test]
async fn authorising_again_keeps_the_connection() {
    let stage = stage(Script::default()).await;
    stage.connect().await;
    let first = stage.stored("zendesk").await;
    stage.connect().await;
    let second = stage.stored("zendesk").await;
    assert_eq!((first.uuid, second.access_token.expose_secret()), (second.uuid, "access-2"));
}

#[tokio::test]
async fn clients_are_changed_and_deleted_with_their_connections() {
    let stage = stage(Script::default()).await;
    let uuid = stage.register("client_credentials").await;
    let connections = &stage.world.connections;
    let bad = [
        (ClientIn { token_url: Some("x".into()), ..ClientIn::default() }, "token_url"),
        (ClientIn { client_id: Some(String::new()), ..ClientIn::default() }, "client_id"),
        (ClientIn { name: Some("zendesk".into()), ..ClientIn::default() }, "name"),
        (ClientIn { grant_type: Some("password".into()), ..ClientIn::default() }, "grant_type"),
    ];
    for (input, expected) in bad {
        let refused = connections.update_client(ACCOUNT, INTEGRATION, &uuid, &input).await;
        assert!(matches!(refused, Err(Error::Invalid { field, .. }) if field == expected), "{expected}");
    }
    let nothing = connections.create_client(ACCOUNT, INTEGRATION, &ClientIn::default(), "me").await;
    assert!(matches!(nothing, Err(Error::Invalid { field: "client_id", .. })));
    let input = ClientIn { default_scopes: Some("all".into()), auth_url: Some(String::new()), ..ClientIn::default() };
    let changed = connections.update_client(ACCOUNT, INTEGRATION, &uuid, &input).await.unwrap();
    assert_eq!((changed.default_scopes.as_deref(), changed.auth_url), (Some("all"), None));
    assert_eq!(connections.clients(ACCOUNT, INTEGRATION).await.unwrap().len(), 1);

    let url = stage.start(StartIn { name: "machine".into(), ..mine() }).await.unwrap();
    stage.access_codes(&query(&url, "verification_code").unwrap()).await.unwrap();
    stage.call("machine").await;
    connections.delete_client(ACCOUNT, INTEGRATION, &uuid).await.unwrap();
    assert!(failure(&stage.call("machine").await.outcome).cause.contains("does not exist"));
    assert!(matches!(connections.delete_client(ACCOUNT, INTEGRATION, &uuid).await, Err(Error::NotFound { .. })));
}
