//! OAuth clients that users registered at providers (spec 6.4).

use secrecy::{ExposeSecret, SecretString};
use zis_store::{
    AccountId, StoreError,
    oauth::{self, Client, GrantType, Handle},
};

use super::{Connections, Error, Inner, PREDEFINED, rules};

/// A client to register, or the members of one to change.
#[derive(Clone, Default)]
pub struct ClientIn {
    pub name: Option<String>,
    pub client_id: Option<String>,
    pub client_secret: Option<SecretString>,
    pub token_url: Option<String>,
    pub auth_url: Option<String>,
    pub grant_type: Option<String>,
    pub default_scopes: Option<String>,
}

/// `authorization_code` or `client_credentials`.
pub(super) fn grant_type(text: &str) -> Result<GrantType, Error> {
    GrantType::parse(text).ok_or_else(|| {
        Error::invalid(
            "grant_type",
            format!("`{text}` is neither authorization_code nor client_credentials; other grants give a token for a bearer connection"),
        )
    })
}

fn check(client: &Client) -> Result<(), Error> {
    if client.client_id.is_empty() {
        return Err(Error::invalid("client_id", "must not be empty"));
    }
    rules::secret("client_secret", client.client_secret.expose_secret())?;
    rules::provider_url("token_url", &client.token_url)?;
    if let Some(url) = &client.auth_url {
        rules::provider_url("auth_url", url)?;
    }
    match &client.name {
        Some(name) if name == PREDEFINED => {
            Err(Error::invalid("name", "`zendesk` is the predefined client; choose another name"))
        }
        Some(name) if name.is_empty() || name.len() > 255 => Err(Error::invalid("name", "has 1 to 255 bytes")),
        _ => Ok(()),
    }
}

impl ClientIn {
    /// Puts what is given into `client`; an empty `auth_url` or `default_scopes` removes it.
    fn apply(&self, client: &mut Client) -> Result<(), Error> {
        let optional = |place: &mut Option<String>, new: &Option<String>| {
            if let Some(new) = new {
                *place = Some(new.clone()).filter(|text| !text.is_empty());
            }
        };
        optional(&mut client.name, &self.name);
        optional(&mut client.auth_url, &self.auth_url);
        optional(&mut client.default_scopes, &self.default_scopes);
        if let Some(text) = &self.client_id {
            client.client_id.clone_from(text);
        }
        if let Some(text) = &self.client_secret {
            client.client_secret = text.clone();
        }
        if let Some(text) = &self.token_url {
            client.token_url.clone_from(text);
        }
        if let Some(text) = self.grant_type.as_deref().filter(|text| !text.is_empty()) {
            client.grant_type = grant_type(text)?;
        }
        check(client)
    }
}

impl Connections {
    pub async fn create_client(
        &self,
        account: AccountId,
        integration: &str,
        input: &ClientIn,
        by: &str,
    ) -> Result<Client, Error> {
        let Inner { store, vault, clock, .. } = &*self.inner;
        let now = clock.now();
        let mut client = Client {
            account,
            integration: integration.to_owned(),
            uuid: uuid::Uuid::new_v4().to_string(),
            name: None,
            client_id: String::new(),
            client_secret: SecretString::default(),
            token_url: String::new(),
            auth_url: None,
            grant_type: GrantType::AuthorizationCode,
            default_scopes: None,
            created_by: Some(by.to_owned()),
            created_at: now,
            updated_at: now,
        };
        input.apply(&mut client)?;
        store.write(vec![oauth::insert_client(vault, &client)]).await.map_err(|error| taken(error, &client))?;
        Ok(client)
    }

    pub async fn clients(&self, account: AccountId, integration: &str) -> Result<Vec<Client>, Error> {
        Ok(oauth::clients(&self.inner.store, &self.inner.vault, account, integration).await?)
    }

    pub async fn client(&self, account: AccountId, integration: &str, uuid: &str) -> Result<Client, Error> {
        let Inner { store, vault, .. } = &*self.inner;
        let found = oauth::client(store, vault, account, integration, Handle::Uuid(uuid)).await?;
        found.ok_or_else(|| Error::not_found("OAuth client", uuid))
    }

    pub async fn update_client(
        &self,
        account: AccountId,
        integration: &str,
        uuid: &str,
        input: &ClientIn,
    ) -> Result<Client, Error> {
        let Inner { store, vault, clock, .. } = &*self.inner;
        let mut client = self.client(account, integration, uuid).await?;
        input.apply(&mut client)?;
        client.updated_at = clock.now();
        match store.write(vec![oauth::update_client(vault, &client)]).await {
            Err(StoreError::Expectation { .. }) => Err(Error::not_found("OAuth client", uuid)),
            Err(error) => Err(taken(error, &client)),
            Ok(_) => Ok(client),
        }
    }

    /// Deletes the client and every connection that was made with it (spec 6.4).
    pub async fn delete_client(&self, account: AccountId, integration: &str, uuid: &str) -> Result<(), Error> {
        let rows = self.inner.store.write(oauth::delete_client(account, integration, uuid)).await?;
        self.inner.cache.changed(&self.inner.store, account, integration);
        let gone = rows.first().is_some_and(|rows| rows.affected > 0);
        if gone { Ok(()) } else { Err(Error::not_found("OAuth client", uuid)) }
    }
}

fn taken(error: StoreError, client: &Client) -> Error {
    match error {
        StoreError::Duplicate { .. } => {
            Error::Duplicate { what: "OAuth client", name: client.name.clone().unwrap_or_default() }
        }
        error => error.into(),
    }
}
