//! API key, basic and bearer connections: create, show, update, delete, list (spec 6.2, 6.3).

use secrecy::{ExposeSecret, SecretString};
use zis_store::{
    AccountId, StoreError,
    connection::{self, Connection, Detail, Kind},
    page::{Page, Paged},
};

use super::{Connections, Error, Inner, rules};

/// What an update changes; what is not given stays.
#[derive(Clone, Default)]
pub struct Patch {
    pub allowed_domain: Option<String>,
    /// API key only.
    pub header_name: Option<String>,
    /// Basic only.
    pub username: Option<String>,
    /// `api_key`, `password` or `token`.
    pub secret: Option<SecretString>,
}

/// Rounds of an update that finds the connection changed under its hands.
const ROUNDS: usize = 8;

fn check(detail: &Detail) -> Result<(), Error> {
    match detail {
        Detail::ApiKey { allowed_domain, header_name, api_key } => {
            rules::allowed_domain(allowed_domain)?;
            rules::header_name(header_name)?;
            rules::secret("api_key", api_key.expose_secret())
        }
        Detail::BasicAuth { allowed_domain, username, password } => {
            rules::allowed_domain(allowed_domain)?;
            rules::username(username)?;
            // An empty password is what APIs with the key as user name want.
            if password.expose_secret().is_empty() && !username.is_empty() {
                return Ok(());
            }
            rules::secret("password", password.expose_secret())
        }
        Detail::BearerToken { allowed_domain, token } => {
            rules::allowed_domain(allowed_domain)?;
            rules::secret("token", token.expose_secret())
        }
        Detail::Oauth(_) => Err(Error::invalid("type", "OAuth connections are made by an OAuth flow")),
    }
}

impl Connections {
    /// Makes a connection of a simple type. The name is unique in the integration across all types.
    pub async fn create(
        &self,
        account: AccountId,
        integration: &str,
        name: &str,
        detail: Detail,
        by: &str,
    ) -> Result<Connection, Error> {
        rules::name(name)?;
        check(&detail)?;
        let Inner { store, vault, clock, cache, .. } = &*self.inner;
        let now = clock.now();
        let made = Connection {
            account,
            integration: integration.to_owned(),
            name: name.to_owned(),
            detail,
            version: 1,
            created_by: Some(by.to_owned()),
            created_at: now,
            updated_at: now,
        };
        store.write(vec![connection::insert(vault, &made)]).await.map_err(|error| duplicate(error, name))?;
        cache.changed(store, account, integration);
        Ok(made)
    }

    /// The connection of exactly this type; one of another type under the name is not found (spec 6.2).
    pub async fn show(
        &self,
        account: AccountId,
        integration: &str,
        kind: Kind,
        name: &str,
    ) -> Result<Connection, Error> {
        let Inner { store, vault, .. } = &*self.inner;
        let found = connection::show(store, vault, account, integration, name).await?;
        found.filter(|found| found.detail.kind() == kind).ok_or_else(|| Error::not_found(what(kind), name))
    }

    /// Changes the given members of a connection of a simple type.
    pub async fn update(
        &self,
        account: AccountId,
        integration: &str,
        kind: Kind,
        name: &str,
        patch: &Patch,
    ) -> Result<Connection, Error> {
        let Inner { store, vault, clock, cache, .. } = &*self.inner;
        let mut round = 0;
        loop {
            let mut current = self.show(account, integration, kind, name).await?;
            apply(&mut current.detail, patch)?;
            check(&current.detail)?;
            current.updated_at = clock.now();
            match store.write(vec![connection::update(vault, &current)]).await {
                Err(StoreError::Expectation { .. }) if round < ROUNDS => round += 1,
                Err(error) => return Err(error.into()),
                Ok(_) => {
                    cache.changed(store, account, integration);
                    current.version += 1;
                    return Ok(current);
                }
            }
        }
    }

    /// Deletes the connection of exactly this type.
    pub async fn delete(&self, account: AccountId, integration: &str, kind: Kind, name: &str) -> Result<(), Error> {
        let Inner { store, cache, .. } = &*self.inner;
        let rows = store.write(vec![connection::delete(account, integration, name, kind)]).await?;
        cache.changed(store, account, integration);
        let gone = rows.first().is_some_and(|rows| rows.affected > 0);
        if gone { Ok(()) } else { Err(Error::not_found(what(kind), name)) }
    }

    /// Connections of all types, by name; cursors are names (spec 6.3).
    pub async fn list(&self, account: AccountId, integration: &str, page: &Page) -> Result<Paged<Connection>, Error> {
        let Inner { store, vault, .. } = &*self.inner;
        Ok(connection::list(store, vault, account, integration, page).await?)
    }
}

fn apply(detail: &mut Detail, patch: &Patch) -> Result<(), Error> {
    fn set<T: Clone>(place: &mut T, new: &Option<T>) {
        if let Some(new) = new {
            place.clone_from(new);
        }
    }
    let kind = detail.kind();
    match detail {
        Detail::ApiKey { allowed_domain, header_name, api_key } => {
            set(allowed_domain, &patch.allowed_domain);
            set(header_name, &patch.header_name);
            set(api_key, &patch.secret);
        }
        Detail::BasicAuth { allowed_domain, username, password } => {
            set(allowed_domain, &patch.allowed_domain);
            set(username, &patch.username);
            set(password, &patch.secret);
        }
        Detail::BearerToken { allowed_domain, token } => {
            set(allowed_domain, &patch.allowed_domain);
            set(token, &patch.secret);
        }
        Detail::Oauth(_) => {}
    }
    if patch.header_name.is_some() && kind != Kind::ApiKey {
        return Err(Error::invalid("header_name", format!("{} connections have none", kind.as_str())));
    }
    if patch.username.is_some() && kind != Kind::BasicAuth {
        return Err(Error::invalid("username", format!("{} connections have none", kind.as_str())));
    }
    Ok(())
}

pub(super) fn duplicate(error: StoreError, name: &str) -> Error {
    match error {
        StoreError::Duplicate { .. } => Error::Duplicate { what: "connection", name: name.to_owned() },
        error => error.into(),
    }
}

pub(super) fn what(kind: Kind) -> &'static str {
    match kind {
        Kind::ApiKey => "api_key connection",
        Kind::BasicAuth => "basic_auth connection",
        Kind::BearerToken => "bearer_token connection",
        Kind::Oauth => "OAuth connection",
    }
}
