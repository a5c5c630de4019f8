//! Tokens kept fresh: 60 s early, once more on a 401, one refresh at a time for each connection (spec 6.5).
//!
//! In this process callers queue at a lock; between nodes the row is claimed by a compare-and-set, because a refresh token that
//! rotates is worth one use.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, Weak},
    time::Duration,
};

use zis_flow::Timestamp;
use zis_store::{
    AccountId, StoreError,
    connection::{self, Connection, Detail, Oauth},
    oauth::{GrantType, Handle},
};

use super::{
    Connections, Error, Inner,
    grant::{By, renewed},
    token::{self, Ask},
};
use crate::sync::lock;

/// How long before its end a token is renewed: longer than a call with all its waits takes.
const EARLY: Duration = Duration::from_secs(60);
/// A claim is worth nothing after this: longer than a token request can take.
const CLAIM: Duration = Duration::from_secs(15);
/// How often a node looks whether another one is done.
const POLL: Duration = Duration::from_millis(50);
/// Looks at most: a little longer than a claim lasts.
const POLLS: u32 = 320;

type Lock = tokio::sync::Mutex<()>;

/// The refreshes that are under way in this process.
#[derive(Default)]
pub(super) struct Flights {
    locks: Mutex<HashMap<String, Weak<Lock>>>,
}

impl Flights {
    fn of(&self, connection: &Connection) -> Arc<Lock> {
        let key = format!("{}/{}/{}", connection.account.0, connection.integration, connection.name);
        let mut locks = lock(&self.locks);
        locks.retain(|_, known| known.strong_count() > 0);
        if let Some(known) = locks.get(&key).and_then(Weak::upgrade) {
            return known;
        }
        let new = Arc::new(Lock::default());
        locks.insert(key, Arc::downgrade(&new));
        new
    }
}

fn can_refresh(oauth: &Oauth) -> bool {
    oauth.grant_type == GrantType::ClientCredentials || oauth.refresh_token.is_some()
}

fn expires_by(oauth: &Oauth, at: Timestamp) -> bool {
    oauth.expires_at.is_some_and(|end| end <= at)
}

impl Connections {
    /// The connection with a token that is good for a minute at least, when it can be had. `None`: there is no such connection.
    pub(crate) async fn fresh(
        &self,
        account: AccountId,
        integration: &str,
        name: &str,
    ) -> Result<Option<Arc<Connection>>, Error> {
        let Some(found) = self.stored(account, integration, name).await? else { return Ok(None) };
        let now = self.inner.clock.now();
        match &found.detail {
            Detail::Oauth(oauth) if expires_by(oauth, now.saturating_add(EARLY)) && can_refresh(oauth) => {
                match self.renew(&found).await {
                    // It was early: the old token serves until its end.
                    Err(_) if !expires_by(oauth, now) => Ok(Some(found)),
                    renewed => renewed.map(Some),
                }
            }
            _ => Ok(Some(found)),
        }
    }

    /// After a 401: a newer token than `used`'s, when there is one to be had.
    pub(crate) async fn after_refusal(&self, used: &Connection) -> Option<Arc<Connection>> {
        match &used.detail {
            Detail::Oauth(oauth) if can_refresh(oauth) => match self.renew(used).await {
                Ok(renewed) => Some(renewed),
                Err(error) => {
                    let Connection { integration, name, .. } = used;
                    tracing::warn!(%integration, connection = %name, %error, "the token of {name} could not be renewed: {error}");
                    None
                }
            },
            _ => None,
        }
    }

    /// Renews the tokens now, at somebody's request.
    pub async fn refresh(&self, account: AccountId, integration: &str, by: By<'_>) -> Result<Connection, Error> {
        let found = self.oauth_connection(account, integration, by).await?;
        if let Detail::Oauth(oauth) = &found.detail
            && !can_refresh(oauth)
        {
            return Err(Error::invalid("name", "the provider gave no refresh token; authorise the connection again"));
        }
        self.renew(&found).await.map(|renewed| Connection::clone(&renewed))
    }

    /// A newer version of `old`: made here, or by whoever was faster. Goes on when the caller gives up: a refresh token that rotated at the
    /// provider and was not stored here would be lost.
    async fn renew(&self, old: &Connection) -> Result<Arc<Connection>, Error> {
        let (this, old) = (self.clone(), old.clone());
        let task = tokio::spawn(async move { this.renew_alone(&old).await });
        task.await.unwrap_or_else(|error| {
            Err(Error::Provider { message: format!("renewing the token broke off: {error}"), transient: true })
        })
    }

    async fn renew_alone(&self, old: &Connection) -> Result<Arc<Connection>, Error> {
        let Inner { store, clock, flights, .. } = &*self.inner;
        let flight = flights.of(old);
        let _alone = flight.lock().await;
        for _ in 0..POLLS {
            let current = self.reload(old.account, &old.integration, &old.name).await?;
            let current = current.ok_or_else(|| Error::not_found("OAuth connection", &old.name))?;
            if current.version != old.version {
                return Ok(current);
            }
            let now = clock.now();
            if connection::claim_refresh(store, &current, now, now.saturating_add(CLAIM)).await? {
                return self.renew_claimed(&current).await;
            }
            tokio::time::sleep(POLL).await;
        }
        Err(Error::Provider { message: "another node did not finish renewing the token".to_owned(), transient: true })
    }

    async fn renew_claimed(&self, current: &Connection) -> Result<Arc<Connection>, Error> {
        let Inner { store, vault, http, clock, cache, .. } = &*self.inner;
        let Detail::Oauth(oauth) = &current.detail else {
            return Err(Error::not_found("OAuth connection", &current.name));
        };
        let asked = async {
            let handle = Handle::Uuid(&oauth.client_uuid);
            let provider = self.provider(current.account, &current.integration, handle).await?;
            let ask = match (oauth.grant_type, &oauth.refresh_token) {
                (GrantType::AuthorizationCode, Some(token)) => Ask::Refresh { token },
                _ => Ask::ClientCredentials { scope: oauth.scope.as_deref() },
            };
            token::ask(http, &provider.endpoint(oauth.url_subdomain.as_deref()), &ask).await
        };
        let tokens = match asked.await {
            Ok(tokens) => tokens,
            Err(error) => {
                store.write(vec![connection::release_refresh(current)]).await?;
                return Err(error);
            }
        };
        let now = clock.now();
        let mut next = current.clone();
        next.detail = Detail::Oauth(renewed(oauth, &tokens, now));
        next.updated_at = now;
        match store.write(vec![connection::update(vault, &next)]).await {
            // Authorised again, or deleted, while the provider was asked: that counts.
            Ok(_) | Err(StoreError::Expectation { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        cache.changed(store, current.account, &current.integration);
        let stored = self.reload(current.account, &current.integration, &current.name).await?;
        stored.ok_or_else(|| Error::not_found("OAuth connection", &current.name))
    }
}
