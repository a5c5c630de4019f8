//! Who may come in: passwords, API tokens, OAuth tokens, sessions.
#![allow(clippy::unwrap_used, reason = "a failed step ends the test")]

mod support;

use support::{ADMIN, Fixture, PASSWORD, basic, json};
use zis_zendesk::{
    auth::{AuthError, Credentials, Principal, Via, scope::Access},
    oauth::{AuthorizeIn, ClientIn, ClientProof, GrantIn},
    user::UserIn,
};

async fn enter(fixture: &Fixture, header: &str) -> Result<Principal, AuthError> {
    fixture.zendesk.authenticate(Credentials::Header(header), None).await
}

#[tokio::test]
async fn passwords_in_any_case_of_the_address() {
    let fixture = Fixture::new().await;
    let principal = enter(&fixture, &basic("Admin@Example.COM", PASSWORD)).await.unwrap();
    assert!(principal.is_admin());
    assert_eq!(principal.via, Via::Password);
    for wrong in [basic(ADMIN, "wrong"), basic("nobody@example.com", PASSWORD), "Basic !".into(), basic(ADMIN, "")] {
        assert!(matches!(enter(&fixture, &wrong).await, Err(AuthError::WrongPassword)), "{wrong}");
    }
    assert!(matches!(enter(&fixture, "Digest x").await, Err(AuthError::Missing)));
    assert!(matches!(fixture.zendesk.authenticate(Credentials::None, None).await, Err(AuthError::Missing)));
}

#[tokio::test]
async fn a_changed_password_ends_what_was_remembered() {
    let fixture = Fixture::new().await;
    let admin = fixture.admin().await;
    let user = UserIn::read(&json(r#"{"name":"Agent","email":"agent@example.com","role":"agent"}"#)).unwrap();
    let agent = fixture.zendesk.create_user(&admin, &user).await.unwrap();
    fixture.zendesk.set_password(&admin, agent.id, "first one").await.unwrap();
    let old = basic("agent@example.com", "first one");
    let agent_principal = enter(&fixture, &old).await.unwrap();
    assert!(fixture.zendesk.set_password(&agent_principal, agent.id, "other").await.is_err());
    fixture.zendesk.set_password(&admin, agent.id, "second one").await.unwrap();
    assert!(matches!(enter(&fixture, &old).await, Err(AuthError::WrongPassword)));
    let new = basic("agent@example.com", "second one");
    assert!(enter(&fixture, &new).await.is_ok());

    let other = fixture.other_node();
    let elsewhere = async |header: &str| other.authenticate(Credentials::Header(header), None).await;
    assert!(elsewhere(&new).await.is_ok());
    fixture.pass(3600);
    assert!(elsewhere(&new).await.is_ok(), "what was right for a hash stays right");
    fixture.zendesk.set_password(&admin, agent.id, "third one").await.unwrap();
    fixture.pass(10);
    assert!(matches!(elsewhere(&new).await, Err(AuthError::WrongPassword)), "another hash makes it wrong");
}

#[tokio::test]
async fn api_tokens_are_shown_once_and_can_be_revoked() {
    let fixture = Fixture::new().await;
    let admin = fixture.admin().await;
    let (row, secret) = fixture.zendesk.create_api_token(&admin, "ci").await.unwrap();
    assert!(secret.starts_with(&row.shown) && row.shown.len() == 10);
    let header = basic(&format!("{ADMIN}/token"), &secret);
    assert_eq!(enter(&fixture, &header).await.unwrap().via, Via::ApiToken);
    let wrong = basic(&format!("{ADMIN}/token"), "x");
    assert!(matches!(enter(&fixture, &wrong).await, Err(AuthError::WrongApiToken)));
    fixture.zendesk.delete_api_token(&admin, row.id).await.unwrap();
    assert!(matches!(enter(&fixture, &header).await, Err(AuthError::WrongApiToken)));
}

#[tokio::test]
async fn guessing_is_stopped() {
    let fixture = Fixture::new().await;
    let admin = fixture.admin().await;
    let (_, secret) = fixture.zendesk.create_api_token(&admin, "x").await.unwrap();
    for _ in 0..30 {
        assert!(matches!(enter(&fixture, &basic("a@x/token", "no")).await, Err(AuthError::WrongApiToken)));
    }
    assert!(matches!(enter(&fixture, &basic("a@x/token", "no")).await, Err(AuthError::TooMany(1..=61))));
    // Others are not troubled.
    assert!(enter(&fixture, &basic(&format!("{ADMIN}/token"), &secret)).await.is_ok());
}

#[tokio::test]
async fn sessions_begin_and_end() {
    let fixture = Fixture::new().await;
    let (_, cookie) = fixture.zendesk.sign_in(ADMIN, PASSWORD, None).await.unwrap();
    let by = Credentials::Session(&cookie);
    assert_eq!(fixture.zendesk.authenticate(by, None).await.unwrap().via, Via::Session);
    fixture.zendesk.end_session(&cookie).await.unwrap();
    assert!(matches!(fixture.zendesk.authenticate(by, None).await, Err(AuthError::WrongSession)));
    assert!(fixture.zendesk.sign_in(ADMIN, "wrong", None).await.is_err());
}

#[tokio::test]
async fn a_token_of_an_integration_knows_it_and_its_scopes() {
    let fixture = Fixture::new().await;
    let admin = fixture.admin().await;
    let (made, insert) = fixture.zendesk.new_integration_client("acme", admin.user.id);
    fixture.store.write(vec![insert]).await.unwrap();
    assert_eq!(made.client.identifier, "zis_acme");
    let scopes = vec!["read".to_owned(), "tickets:write".to_owned()];
    let (row, text) = fixture.zendesk.create_token(&admin, made.client.id, scopes).await.unwrap();
    let bearer = enter(&fixture, &format!("Bearer {text}")).await.unwrap();
    assert_eq!(bearer.integration(), Some("acme"));
    assert!(bearer.may("tickets", Access::Write) && !bearer.may("users", Access::Write));
    fixture.zendesk.revoke_token(&admin, row.id).await.unwrap();
    assert!(matches!(enter(&fixture, &format!("Bearer {text}")).await, Err(AuthError::WrongBearer)));
    // The client's own grant acts as its owner.
    let input = GrantIn { grant_type: Some("client_credentials".into()), ..GrantIn::default() };
    let granted = fixture.zendesk.grant("zis_acme", ClientProof::Secret(&made.secret), &input).await.unwrap();
    assert!(granted.refresh_token.is_none());
    let bearer = enter(&fixture, &format!("Bearer {}", granted.access_token)).await.unwrap();
    assert_eq!(bearer.user.id, admin.user.id);
    assert!(fixture.zendesk.grant("zis_acme", ClientProof::Secret("wrong"), &input).await.is_err());
    assert!(fixture.zendesk.grant("zis_acme", ClientProof::Nothing, &input).await.is_err());
}

#[tokio::test]
async fn the_dance_of_codes_and_refresh_tokens() {
    let fixture = Fixture::new().await;
    let admin = fixture.admin().await;
    let input = ClientIn {
        name: Some("App".into()),
        identifier: Some("app".into()),
        redirect_uris: Some(vec!["https://app.example/cb".into()]),
        ..ClientIn::default()
    };
    let made = fixture.zendesk.create_client(&admin, &input).await.unwrap();
    let proof = ClientProof::Secret(&made.secret);
    let ask = AuthorizeIn {
        response_type: Some("code".into()),
        client_id: Some("app".into()),
        redirect_uri: Some("https://app.example/cb".into()),
        scope: Some("read write".into()),
        ..AuthorizeIn::default()
    };
    let elsewhere = AuthorizeIn { redirect_uri: Some("https://evil.example/".into()), ..ask.clone() };
    assert!(fixture.zendesk.authorization(&elsewhere, "http://127.0.0.1").await.is_err());
    let asked = fixture.zendesk.authorization(&ask, "http://127.0.0.1").await.unwrap();
    let code = fixture.zendesk.consent(&admin, &asked).await.unwrap();
    let take = GrantIn {
        grant_type: Some("authorization_code".into()),
        code: Some(code),
        redirect_uri: Some("https://app.example/cb".into()),
        expires_in: Some(300),
        ..GrantIn::default()
    };
    let granted = fixture.zendesk.grant("app", proof, &take).await.unwrap();
    assert!(fixture.zendesk.grant("app", proof, &take).await.is_err(), "a code works once");
    assert!(enter(&fixture, &format!("Bearer {}", granted.access_token)).await.is_ok());
    let again = GrantIn {
        grant_type: Some("refresh_token".into()),
        refresh_token: granted.refresh_token.clone(),
        ..GrantIn::default()
    };
    let renewed = fixture.zendesk.grant("app", proof, &again).await.unwrap();
    assert!(fixture.zendesk.grant("app", proof, &again).await.is_err(), "a refresh token works once");
    assert!(enter(&fixture, &format!("Bearer {}", granted.access_token)).await.is_err(), "the old pair is gone");
    assert!(enter(&fixture, &format!("Bearer {}", renewed.access_token)).await.is_ok());
    let late = fixture.zendesk.consent(&admin, &asked).await.unwrap();
    fixture.pass(121);
    let take = GrantIn { code: Some(late), ..take };
    assert!(fixture.zendesk.grant("app", proof, &take).await.is_err(), "a code is good for two minutes");
}

#[tokio::test]
async fn public_clients_need_pkce() {
    let fixture = Fixture::new().await;
    let admin = fixture.admin().await;
    let input = ClientIn {
        name: Some("App".into()),
        identifier: Some("app".into()),
        confidential: Some(false),
        ..ClientIn::default()
    };
    fixture.zendesk.create_client(&admin, &input).await.unwrap();
    let ask = AuthorizeIn {
        response_type: Some("code".into()),
        client_id: Some("app".into()),
        redirect_uri: Some("http://localhost:1/cb".into()),
        ..AuthorizeIn::default()
    };
    assert!(fixture.zendesk.authorization(&ask, "http://127.0.0.1").await.is_err());
    // The example of RFC 7636, appendix B.
    let ask = AuthorizeIn {
        code_challenge: Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".into()),
        code_challenge_method: Some("S256".into()),
        ..ask
    };
    let asked = fixture.zendesk.authorization(&ask, "http://127.0.0.1").await.unwrap();
    for (verifier, good) in [("wrong", false), ("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", true)] {
        let take = GrantIn {
            grant_type: Some("authorization_code".into()),
            code: Some(fixture.zendesk.consent(&admin, &asked).await.unwrap()),
            code_verifier: Some(verifier.into()),
            ..GrantIn::default()
        };
        assert_eq!(fixture.zendesk.grant("app", ClientProof::Nothing, &take).await.is_ok(), good, "{verifier}");
    }
}

#[tokio::test]
async fn the_predefined_client_leads_only_back_to_the_server() {
    let fixture = Fixture::new().await;
    let ask = |uri: &str| AuthorizeIn {
        response_type: Some("code".into()),
        client_id: Some("zendesk".into()),
        redirect_uri: Some(uri.into()),
        ..AuthorizeIn::default()
    };
    let origin = "http://127.0.0.1:8080";
    let own = ask("http://127.0.0.1:8080/api/services/zis/connections/oauth/callback");
    assert!(fixture.zendesk.authorization(&own, origin).await.is_ok());
    for other in ["http://127.0.0.1:80801/x", "https://evil.example/"] {
        assert!(fixture.zendesk.authorization(&ask(other), origin).await.is_err(), "{other}");
    }
}

#[tokio::test]
async fn an_admin_may_act_on_behalf_of_others() {
    let fixture = Fixture::new().await;
    let admin = fixture.admin().await;
    let user = UserIn::read(&json(r#"{"name":"Jane","email":"jane@example.com"}"#)).unwrap();
    let jane = fixture.zendesk.create_user(&admin, &user).await.unwrap();
    let acting = fixture.zendesk.impersonate(admin.clone(), "JANE@example.com").await.unwrap();
    assert_eq!((acting.user.id, acting.real.as_ref().map(|real| real.id)), (jane.id, Some(admin.user.id)));
    assert!(fixture.zendesk.impersonate(acting, "admin@example.com").await.is_err(), "jane is no admin");
    assert!(fixture.zendesk.impersonate(admin, "nobody@example.com").await.is_err());
}

#[tokio::test]
async fn the_admin_is_reset_only_when_the_password_differs() {
    let fixture = Fixture::new().await;
    let zendesk = &fixture.zendesk;
    assert!(zendesk.first_start(Some(ADMIN), Some(PASSWORD)).await.unwrap().is_none());
    assert!(zendesk.first_start(None, None).await.unwrap().is_none());
    assert!(zendesk.first_start(Some(ADMIN), Some("a new one")).await.unwrap().unwrap().password.is_none());
    assert!(enter(&fixture, &basic(ADMIN, "a new one")).await.is_ok());
    let made = zendesk.first_start(Some("second@example.com"), None).await.unwrap().unwrap();
    let generated = made.password.unwrap();
    assert!(enter(&fixture, &basic("second@example.com", &generated)).await.unwrap().is_admin());
}
