//! What the engine needs to reach the outside, from the configuration: the guarded client, the Zendesk in use, the actor.

use std::sync::Arc;

use secrecy::SecretString;
use url::Url;
use zis_engine::{
    act::{Actor, Live, Options, Zendesk},
    connection::{Connections, PREDEFINED, Predefined},
    outbound::{self, Client, Inside, Policy},
};
use zis_store::Store;

use crate::{config::Config, serve::ServeError};

/// The guarded client; `own` are the origins of this server, which are always allowed, `inside` the way to its own router.
pub(crate) fn client(config: &Config, own: &[&str], inside: Inside) -> Result<Client, ServeError> {
    let settings = &config.outbound;
    let policy = Policy {
        allow_private: settings.allow_private,
        allow_loopback: settings.allow_loopback,
        allow: settings.allow_hosts.clone(),
        own_origins: own.iter().filter_map(|origin| Url::parse(origin).ok()).collect(),
    };
    let options = outbound::Options {
        policy,
        inside,
        timeout: settings.timeout,
        max_response: settings.max_response,
        max_redirects: settings.max_redirects,
        max_connections_per_host: settings.max_connections_per_host,
        ..outbound::Options::default()
    };
    Client::new(options).map_err(|error| ServeError::Tls(error.to_string()))
}

/// The predefined OAuth client; there is none for the real Zendesk, where it has to be registered.
pub(crate) fn predefined(config: &Config, local: &str, origin: &str, secret: &SecretString) -> Option<Predefined> {
    config.zendesk.url.is_none().then(|| Predefined {
        client_id: PREDEFINED.to_owned(),
        client_secret: secret.clone(),
        auth_url: format!("{origin}/oauth/authorizations/new"),
        // This very process: it alone knows the secret.
        token_url: format!("{local}/oauth/tokens"),
        default_scopes: "read write".to_owned(),
    })
}

/// The actor that does what flows ask.
pub(crate) fn actor(
    config: &Config,
    local: &str,
    store: Store,
    http: Client,
    connections: Connections,
) -> Result<Arc<dyn Actor>, ServeError> {
    let zendesk = config.zendesk.url.as_deref().unwrap_or(local);
    let origin = Url::parse(zendesk).map_err(|error| ServeError::Tls(format!("`{zendesk}`: {error}")))?;
    let options = Options::new(Zendesk { origin, host: config.zendesk.host.clone() });
    Ok(Arc::new(Live::new(store, http, connections, options)))
}
