//! Access tokens: issued, listed, revoked. Kept as SHA-256.

use std::time::Duration;

use zis_flow::Timestamp;
use zis_store::{
    Statement, StoreError,
    zendesk::oauth::{self, Client, Token},
};

use super::Granted;
use crate::{auth::Principal, error::ZendeskError, handle::Zendesk, ids};

/// Characters of a token.
const LENGTH: usize = 64;
/// Characters of a token that lists show.
const SHOWN: usize = 10;
/// Tokens in a list at most.
const MAX_LISTED: usize = 1_000;

/// Seconds that a pair lives.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lifetime {
    /// `None`: until revoked.
    pub access: Option<i64>,
    /// `None`: there is no refresh token.
    pub refresh: Option<i64>,
}

impl Zendesk {
    /// Makes a pair in one transaction with `before`.
    pub(super) async fn issue(
        &self,
        client: &Client,
        user_id: i64,
        scopes: Vec<String>,
        lifetime: Lifetime,
        mut before: Vec<Statement>,
    ) -> Result<Granted, ZendeskError> {
        let (row, access_token, refresh_token) = self.new_token(client.id, user_id, scopes, lifetime);
        before.push(oauth::insert_token(self.account, &row));
        self.store.write(before).await?;
        self.auth.forget();
        Ok(Granted {
            access_token,
            refresh_token,
            scopes: row.scopes,
            expires_in: lifetime.access,
            refresh_token_expires_in: lifetime.refresh,
        })
    }

    fn new_token(
        &self,
        client_id: i64,
        user_id: i64,
        scopes: Vec<String>,
        lifetime: Lifetime,
    ) -> (Token, String, Option<String>) {
        let text = self.secret(LENGTH);
        let refresh = lifetime.refresh.map(|_| self.secret(LENGTH));
        let now = self.now();
        let end = |seconds: Option<i64>| -> Option<Timestamp> {
            let seconds = u64::try_from(seconds?).unwrap_or_default();
            Some(now.saturating_add(Duration::from_secs(seconds)))
        };
        let row = Token {
            id: self.number(),
            hash: ids::digest(&text),
            shown: text[..SHOWN].to_owned(),
            refresh_hash: refresh.as_deref().map(ids::digest),
            client_id,
            user_id,
            scopes,
            created_at: now,
            expires_at: end(lifetime.access),
            refresh_expires_at: end(lifetime.refresh),
        };
        (row, text, refresh)
    }

    /// `POST /api/v2/oauth/tokens`: a token of one's own for a client. Integrations' clients are for admins.
    pub async fn create_token(
        &self,
        caller: &Principal,
        client_id: i64,
        scopes: Vec<String>,
    ) -> Result<(Token, String), ZendeskError> {
        let invalid = || ZendeskError::fault("client_id", "Client: is invalid", "InvalidValue");
        let client = self.client(client_id).await.map_err(|_| invalid())?;
        if scopes.is_empty() {
            return Err(ZendeskError::fault("scopes", "Scopes: cannot be blank", "BlankValue"));
        }
        if !caller.is_admin() {
            return Err(ZendeskError::Forbidden("only an admin may make OAuth tokens".to_owned()));
        }
        let forever = Lifetime { access: None, refresh: None };
        let (row, text, _) = self.new_token(client.id, caller.user.id, scopes, forever);
        self.store.write(vec![oauth::insert_token(self.account, &row)]).await?;
        Ok((row, text))
    }

    /// One's own tokens; an admin may ask for everybody's.
    pub async fn tokens(
        &self,
        caller: &Principal,
        client_id: Option<i64>,
        all: bool,
    ) -> Result<Vec<Token>, ZendeskError> {
        let of = if all && caller.is_admin() { None } else { Some(caller.user.id) };
        Ok(oauth::tokens(&self.store, self.account, client_id, of, MAX_LISTED).await?)
    }

    pub async fn token(&self, caller: &Principal, id: i64) -> Result<Token, ZendeskError> {
        let found = oauth::token_by_id(&self.store, self.account, id).await?;
        let own = |token: &Token| caller.is_admin() || token.user_id == caller.user.id;
        found.filter(own).ok_or_else(|| ZendeskError::not_found("token", id))
    }

    pub async fn revoke_token(&self, caller: &Principal, id: i64) -> Result<(), ZendeskError> {
        self.token(caller, id).await?;
        match self.store.write(vec![oauth::delete_token(self.account, id)]).await {
            Err(StoreError::Expectation { .. }) => return Err(ZendeskError::not_found("token", id)),
            other => other?,
        };
        self.auth.forget();
        Ok(())
    }
}
