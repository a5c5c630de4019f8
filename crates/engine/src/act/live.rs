//! The real outside: HTTP, connections, configs, links.

use async_trait::async_trait;
use zis_flow::{Call, Timestamp, Value, Work};
use zis_store::{AccountId, Store};

use super::{Actor, Caller, Done, USER_AGENT, builtin, http, request::Zendesk};
use crate::{connection::Connections, outbound};

/// How actions behave; from the server's configuration.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where path actions go.
    pub zendesk: Zendesk,
    pub user_agent: String,
}

impl Options {
    pub fn new(zendesk: Zendesk) -> Self {
        Self { zendesk, user_agent: USER_AGENT.to_owned() }
    }
}

/// Does what machines ask.
pub struct Live {
    pub(super) store: Store,
    pub(super) http: outbound::Client,
    pub(super) connections: Connections,
    pub(super) options: Options,
}

impl Live {
    pub fn new(store: Store, http: outbound::Client, connections: Connections, options: Options) -> Self {
        Self { store, http, connections, options }
    }
}

#[async_trait]
impl Actor for Live {
    async fn perform(&self, caller: &Caller, call: &Call, now: Timestamp) -> Done {
        match &call.work {
            Work::Http(request) => http::perform(self, caller, call, request, now).await,
            work => builtin::perform(&self.store, caller, work, now).await,
        }
    }

    async fn missing_connection(&self, account: AccountId, integration: &str, names: &[String]) -> Option<String> {
        match self.connections.missing(account, integration, names).await {
            Ok(missing) => missing,
            Err(error) => {
                // Not known is not missing: the action that needs it will find out, and may be retried.
                tracing::warn!(%integration, %error, "connections could not be looked up: {error}");
                None
            }
        }
    }

    async fn exposed(&self, account: AccountId, integration: &str, names: &[String]) -> Value {
        self.connections.exposed(account, integration, names).await
    }
}
