//! Connections in use: credentials by name, OAuth grants, tokens kept fresh (spec 2.4.6, 6).
//!
//! [`Connections`] is the handle that the actions and the server share. What it gives holds secrets in clear; the types can't be printed.

mod cache;
pub mod client;
pub mod error;
pub mod grant;
mod refresh;
mod rules;
pub mod simple;
mod token;
mod usage;

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use zis_flow::Value;
use zis_store::{
    AccountId, Store, StoreError,
    connection::{self, Connection, Detail},
    secret::Vault,
};

pub use error::Error;

use crate::{outbound, world::Clock};

/// The name of the OAuth client that needs no registration (spec 6.4).
pub const PREDEFINED: &str = "zendesk";

/// The predefined OAuth client, for the local Zendesk; both sides know its secret.
#[derive(Clone)]
pub struct Predefined {
    pub client_id: String,
    pub client_secret: SecretString,
    /// The consent page as browsers reach it: `http://127.0.0.1:8080/oauth/authorizations/new`.
    pub auth_url: String,
    /// The token endpoint as this process reaches it: `http://127.0.0.1:8080/oauth/tokens`.
    pub token_url: String,
    pub default_scopes: String,
}

/// The connections of all integrations; clones share them.
#[derive(Clone)]
pub struct Connections {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    vault: Vault,
    http: outbound::Client,
    clock: Arc<dyn Clock>,
    predefined: Option<Predefined>,
    cache: cache::Cache,
    flights: refresh::Flights,
    usage: usage::Usage,
}

impl Connections {
    /// `predefined` is `None` when the account's Zendesk is the real one.
    pub fn new(
        store: Store,
        vault: Vault,
        http: outbound::Client,
        clock: Arc<dyn Clock>,
        predefined: Option<Predefined>,
    ) -> Self {
        let (cache, flights, usage) = (cache::Cache::new(&store), refresh::Flights::default(), usage::Usage::default());
        Self { inner: Arc::new(Inner { store, vault, http, clock, predefined, cache, flights, usage }) }
    }

    /// The connection as it is stored, at most a second old. [`Connections::fresh`] gives one whose token can be used.
    async fn stored(
        &self,
        account: AccountId,
        integration: &str,
        name: &str,
    ) -> Result<Option<Arc<Connection>>, StoreError> {
        match self.inner.cache.get(account, integration, name) {
            Some(connection) => Ok(Some(connection)),
            None => self.reload(account, integration, name).await,
        }
    }

    async fn reload(
        &self,
        account: AccountId,
        integration: &str,
        name: &str,
    ) -> Result<Option<Arc<Connection>>, StoreError> {
        let Inner { store, vault, cache, .. } = &*self.inner;
        let ticket = cache.ticket();
        let found = connection::show(store, vault, account, integration, name).await?.map(Arc::new);
        if let Some(connection) = &found {
            cache.put(connection.clone(), ticket);
        }
        Ok(found)
    }

    /// The start check (spec 2.4.6): the first of `names` that does not exist.
    pub async fn missing(
        &self,
        account: AccountId,
        integration: &str,
        names: &[String],
    ) -> Result<Option<String>, StoreError> {
        for name in names {
            if self.stored(account, integration, name).await?.is_none() {
                return Ok(Some(name.clone()));
            }
        }
        Ok(None)
    }

    /// `{"name": {"access_token": "…"}}` of the OAuth and bearer connections among `names`, for `$.connections`. From here on their
    /// tokens are masked in everything the integration sends and gets. One that can't be refreshed gives its old token: the call
    /// that uses it will say what is wrong.
    pub async fn exposed(&self, account: AccountId, integration: &str, names: &[String]) -> Value {
        let mut pairs = Vec::new();
        for name in names {
            let fresh = match self.fresh(account, integration, name).await {
                Ok(fresh) => fresh,
                Err(_) => self.stored(account, integration, name).await.ok().flatten(),
            };
            let Some(connection) = fresh else { continue };
            if let Detail::Oauth(_) | Detail::BearerToken { .. } = connection.detail {
                let token = connection.detail.secret();
                self.inner.cache.expose(account, integration, token);
                self.note_use(&connection);
                pairs.push((name.as_str(), Value::object([("access_token", token.expose_secret().into())])));
            }
        }
        Value::object(pairs)
    }

    /// The tokens that flows of the integration were given.
    pub(crate) fn known_to_flows(&self, account: AccountId, integration: &str) -> Vec<SecretString> {
        self.inner.cache.exposed(account, integration)
    }
}
