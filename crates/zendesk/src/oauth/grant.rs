//! The token endpoint: codes, refresh tokens and client credentials become access tokens.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zis_store::{
    StoreError,
    zendesk::{
        oauth::{self, Client},
        user,
    },
};

use super::{refused, scopes, token::Lifetime};
use crate::{error::ZendeskError, handle::Zendesk, ids};

/// What comes to `/oauth/tokens`, from JSON or from a form.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct GrantIn {
    pub grant_type: Option<String>,
    pub code: Option<String>,
    pub redirect_uri: Option<String>,
    pub code_verifier: Option<String>,
    pub refresh_token: Option<String>,
    pub scope: Option<String>,
    pub expires_in: Option<i64>,
    pub refresh_token_expires_in: Option<i64>,
}

/// How the client shows that it is itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientProof<'a> {
    Secret(&'a str),
    /// A public client shows the PKCE verifier instead.
    Nothing,
    /// The server itself asks, for its predefined client.
    Trusted,
}

/// A granted token pair; the texts are given this once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    pub access_token: String,
    pub refresh_token: Option<String>,
    pub scopes: Vec<String>,
    /// Seconds.
    pub expires_in: Option<i64>,
    pub refresh_token_expires_in: Option<i64>,
}

/// Seconds that a token may be asked to live.
const EXPIRES: std::ops::RangeInclusive<i64> = 300..=172_800;
const REFRESH_EXPIRES: std::ops::RangeInclusive<i64> = 604_800..=7_776_000;
const DEFAULT_REFRESH: i64 = 30 * 24 * 3_600;

impl Zendesk {
    pub async fn grant(
        &self,
        client_id: &str,
        proof: ClientProof<'_>,
        input: &GrantIn,
    ) -> Result<Granted, ZendeskError> {
        let client = oauth::client_by_identifier(&self.store, self.account, client_id).await?;
        let client = client.ok_or_else(unknown_client)?;
        check_client(&client, proof)?;
        match input.grant_type.as_deref() {
            Some("authorization_code") => self.grant_code(&client, proof, input).await,
            Some("refresh_token") => self.grant_refresh(&client, input).await,
            Some("client_credentials") => self.grant_client(&client, proof, input).await,
            Some(other) => Err(refused("unsupported_grant_type", format!("grant_type `{other}` is not supported"))),
            None => Err(refused("invalid_request", "grant_type is missing")),
        }
    }

    async fn grant_code(
        &self,
        client: &Client,
        proof: ClientProof<'_>,
        input: &GrantIn,
    ) -> Result<Granted, ZendeskError> {
        let invalid = || {
            refused(
                "invalid_grant",
                "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the \
                 authorization request, or was issued to another client.",
            )
        };
        let code = input.code.as_deref().ok_or_else(|| refused("invalid_request", "code is missing"))?;
        // Taken away before it is checked: a code is good for one attempt.
        let code = oauth::take_code(&self.store, self.account, &ids::digest(code)).await?.ok_or_else(invalid)?;
        let same_redirect = input.redirect_uri.as_deref().is_none_or(|uri| uri == code.redirect_uri);
        if code.client_id != client.id || code.expires_at <= self.now() || !same_redirect {
            return Err(invalid());
        }
        let proved = match (&code.challenge, &input.code_verifier) {
            (Some(challenge), Some(verifier)) => same(&pkce(verifier), challenge),
            (Some(_), None) => false,
            (None, _) => proof != ClientProof::Nothing,
        };
        if !proved {
            return Err(invalid());
        }
        let lifetime = lifetime(input)?;
        self.issue(client, code.user_id, code.scopes, lifetime, Vec::new()).await
    }

    async fn grant_refresh(&self, client: &Client, input: &GrantIn) -> Result<Granted, ZendeskError> {
        let invalid = || refused("invalid_grant", "The refresh token is invalid, expired or revoked.");
        let text =
            input.refresh_token.as_deref().ok_or_else(|| refused("invalid_request", "refresh_token is missing"))?;
        let old = oauth::token_by_refresh(&self.store, self.account, &ids::digest(text)).await?.ok_or_else(invalid)?;
        if old.client_id != client.id || old.refresh_expires_at.is_some_and(|at| at <= self.now()) {
            return Err(invalid());
        }
        let asked = scopes(input.scope.as_deref().unwrap_or_default());
        if !asked.iter().all(|scope| old.scopes.contains(scope)) {
            return Err(refused("invalid_scope", "a refresh can't widen the scopes"));
        }
        let scopes = if asked.is_empty() { old.scopes.clone() } else { asked };
        // In one transaction: of two refreshes at the same moment one wins.
        let gone = vec![oauth::delete_token(self.account, old.id)];
        match self.issue(client, old.user_id, scopes, lifetime(input)?, gone).await {
            Err(ZendeskError::Store(StoreError::Expectation { .. })) => Err(invalid()),
            other => other,
        }
    }

    async fn grant_client(
        &self,
        client: &Client,
        proof: ClientProof<'_>,
        input: &GrantIn,
    ) -> Result<Granted, ZendeskError> {
        if !client.confidential || proof == ClientProof::Nothing {
            return Err(refused("unauthorized_client", "client_credentials are for confidential clients"));
        }
        let owner = user::show(&self.store, self.account, client.user_id).await?.filter(|user| user.active);
        let owner = owner.ok_or_else(|| refused("unauthorized_client", "the client's owner is gone"))?;
        let asked = scopes(input.scope.as_deref().unwrap_or_default());
        let scopes = if asked.is_empty() { vec!["read".to_owned(), "write".to_owned()] } else { asked };
        let lifetime = Lifetime { refresh: None, ..lifetime(input)? };
        self.issue(client, owner.id, scopes, lifetime, Vec::new()).await
    }
}

fn unknown_client() -> ZendeskError {
    refused("invalid_client", "Client authentication failed due to unknown client, or wrong client credentials.")
}

fn check_client(client: &Client, proof: ClientProof<'_>) -> Result<(), ZendeskError> {
    match proof {
        ClientProof::Trusted => Ok(()),
        ClientProof::Secret(secret) if same(&ids::digest(secret), &client.secret_hash) => Ok(()),
        ClientProof::Nothing if !client.confidential => Ok(()),
        _ => Err(unknown_client()),
    }
}

fn same(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

fn pkce(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

/// Tokens live on unless a time is asked for; then they can be refreshed.
fn lifetime(input: &GrantIn) -> Result<Lifetime, ZendeskError> {
    let within = |value: Option<i64>, range: std::ops::RangeInclusive<i64>, name: &str| match value {
        Some(value) if !range.contains(&value) => {
            let text = format!("{name} must be from {} to {}", range.start(), range.end());
            Err(refused("invalid_request", text))
        }
        other => Ok(other),
    };
    let access = within(input.expires_in, EXPIRES, "expires_in")?;
    let refresh = within(input.refresh_token_expires_in, REFRESH_EXPIRES, "refresh_token_expires_in")?;
    Ok(Lifetime { access, refresh: Some(refresh.unwrap_or(DEFAULT_REFRESH)) })
}
