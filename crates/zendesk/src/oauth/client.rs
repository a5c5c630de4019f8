//! OAuth clients: those that admins register, those of integrations (`zis_NAME`), and the predefined `zendesk`.

use zis_flow::Value;
use zis_store::{
    Statement, StoreError,
    zendesk::{
        Order, Sorted, Window,
        oauth::{self, Client},
        user::{self, Filter, Role},
    },
};

use crate::{auth::Principal, error::ZendeskError, handle::Zendesk, ids, read::Reader};

/// Identifier of the global client that connections named `zendesk` use.
pub const PREDEFINED: &str = "zendesk";
/// Characters of a secret.
const SECRET: usize = 64;
/// Characters of a secret that lists show.
const SHOWN: usize = 9;
/// What the identifiers of integrations' clients begin with.
const INTEGRATION: &str = "zis_";

/// A client with its secret, which is given this once.
pub struct NewClient {
    pub client: Client,
    pub secret: String,
}

/// What a request says about a client; `None` leaves as it is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ClientIn {
    pub name: Option<String>,
    pub identifier: Option<String>,
    pub user_id: Option<i64>,
    pub company: Option<String>,
    pub description: Option<String>,
    pub redirect_uris: Option<Vec<String>>,
    pub confidential: Option<bool>,
}

impl ClientIn {
    /// Reads the `client` object of a request.
    pub fn read(body: &Value) -> Result<Self, ZendeskError> {
        let mut reader = Reader::new(body);
        let input = Self {
            name: reader.text("name"),
            identifier: reader.text("identifier"),
            user_id: reader.id("user_id"),
            company: reader.text("company"),
            description: reader.text("description"),
            redirect_uris: reader.words("redirect_uri"),
            confidential: reader.choice("kind", &["public", "confidential"]).map(|kind| kind == "confidential"),
        };
        reader.done()?;
        Ok(input)
    }
}

impl Zendesk {
    /// The client of an integration, unless it has none.
    pub async fn integration_client(&self, integration: &str) -> Result<Option<Client>, ZendeskError> {
        self.client_by_identifier(&of_integration(integration)).await
    }

    /// A client for an integration, and the statement that stores it: the registry makes both at once (spec ZIS 1.1).
    pub fn new_integration_client(&self, integration: &str, owner: i64) -> (NewClient, Statement) {
        let name = format!("ZIS integration {integration}");
        let made = self.new_client(name, of_integration(integration), owner, &ClientIn::default(), false);
        let insert = oauth::insert_client(self.account, &made.client);
        (made, insert)
    }

    pub async fn create_client(&self, caller: &Principal, input: &ClientIn) -> Result<NewClient, ZendeskError> {
        admin(caller)?;
        not_of_integration(input.identifier.as_deref())?;
        self.insert_client(input, input.user_id.unwrap_or(caller.user.id), false).await
    }

    async fn insert_client(&self, input: &ClientIn, owner: i64, global: bool) -> Result<NewClient, ZendeskError> {
        let needed = |value: &Option<String>, key: &str, title: &str| {
            let value = value.clone().filter(|text| !text.trim().is_empty());
            value.ok_or_else(|| ZendeskError::fault(key, format!("{title}: cannot be blank"), "BlankValue"))
        };
        let (name, identifier) =
            (needed(&input.name, "name", "Name")?, needed(&input.identifier, "identifier", "Identifier")?);
        let made = self.new_client(name, identifier, owner, input, global);
        self.store.write(vec![oauth::insert_client(self.account, &made.client)]).await.map_err(taken)?;
        Ok(made)
    }

    fn new_client(&self, name: String, identifier: String, owner: i64, input: &ClientIn, global: bool) -> NewClient {
        let secret = self.secret(SECRET);
        let now = self.now();
        let client = Client {
            id: self.number(),
            identifier,
            name,
            user_id: owner,
            secret_hash: ids::digest(&secret),
            secret_shown: secret[..SHOWN].to_owned(),
            confidential: input.confidential.unwrap_or(true),
            global,
            redirect_uris: input.redirect_uris.clone().unwrap_or_default(),
            company: input.company.clone(),
            description: input.description.clone(),
            created_at: now,
            updated_at: now,
        };
        NewClient { client, secret }
    }

    /// The predefined client belongs to the first admin.
    pub(crate) async fn ensure_predefined_client(&self) -> Result<(), ZendeskError> {
        if oauth::client_by_identifier(&self.store, self.account, PREDEFINED).await?.is_some() {
            return Ok(());
        }
        let admins = Filter { roles: vec![Role::Admin], ..Filter::default() };
        let first = Window::After { last: None, size: 1 };
        let admin = user::list(&self.store, self.account, &admins, (Sorted::Id, Order::Ascending), first).await?;
        let Some(admin) = admin.first() else { return Ok(()) };
        let input = ClientIn {
            name: Some("Zendesk".to_owned()),
            identifier: Some(PREDEFINED.to_owned()),
            confidential: Some(true),
            ..ClientIn::default()
        };
        match self.insert_client(&input, admin.id, true).await {
            // Another node made it.
            Ok(_) | Err(ZendeskError::Invalid(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    pub async fn clients(&self) -> Result<Vec<Client>, ZendeskError> {
        Ok(oauth::clients(&self.store, self.account).await?)
    }

    pub async fn client(&self, id: i64) -> Result<Client, ZendeskError> {
        let found = oauth::client_by_id(&self.store, self.account, id).await?;
        found.ok_or_else(|| ZendeskError::not_found("client", id))
    }

    pub async fn client_by_identifier(&self, identifier: &str) -> Result<Option<Client>, ZendeskError> {
        Ok(oauth::client_by_identifier(&self.store, self.account, identifier).await?)
    }

    pub async fn update_client(&self, caller: &Principal, id: i64, input: &ClientIn) -> Result<Client, ZendeskError> {
        admin(caller)?;
        let old = self.client(id).await?;
        own(&old)?;
        if input.identifier.as_ref().is_some_and(|identifier| *identifier != old.identifier) {
            not_of_integration(input.identifier.as_deref())?;
            not_of_integration(Some(&old.identifier))?;
        }
        let new = Client {
            name: input.name.clone().unwrap_or(old.name),
            identifier: input.identifier.clone().unwrap_or(old.identifier),
            user_id: input.user_id.unwrap_or(old.user_id),
            confidential: input.confidential.unwrap_or(old.confidential),
            redirect_uris: input.redirect_uris.clone().unwrap_or(old.redirect_uris),
            company: input.company.clone().or(old.company),
            description: input.description.clone().or(old.description),
            updated_at: self.now(),
            ..old
        };
        self.store.write(vec![oauth::update_client(self.account, &new)]).await.map_err(taken)?;
        self.auth.forget();
        Ok(new)
    }

    /// A new secret; the old one ends at once.
    pub async fn generate_secret(&self, caller: &Principal, id: i64) -> Result<NewClient, ZendeskError> {
        admin(caller)?;
        let old = self.client(id).await?;
        if old.global {
            own(&old)?;
        }
        let secret = self.secret(SECRET);
        let new = Client {
            secret_hash: ids::digest(&secret),
            secret_shown: secret[..SHOWN].to_owned(),
            updated_at: self.now(),
            ..old
        };
        self.store.write(vec![oauth::update_client(self.account, &new)]).await?;
        Ok(NewClient { client: new, secret })
    }

    /// The client and all its tokens.
    pub async fn delete_client(&self, caller: &Principal, id: i64) -> Result<(), ZendeskError> {
        admin(caller)?;
        own(&self.client(id).await?)?;
        self.store.write(oauth::delete_client(self.account, id)).await?;
        self.auth.forget();
        Ok(())
    }
}

/// The identifier of an integration's client.
fn of_integration(integration: &str) -> String {
    format!("{INTEGRATION}{integration}")
}

/// Global clients are the server's, not the account's.
fn own(client: &Client) -> Result<(), ZendeskError> {
    if client.global {
        Err(ZendeskError::Forbidden("the predefined client can't be changed".to_owned()))
    } else {
        Ok(())
    }
}

/// The identifier is how a token is known to be an integration's: it is neither given nor taken away by hand.
fn not_of_integration(identifier: Option<&str>) -> Result<(), ZendeskError> {
    if identifier.is_some_and(|identifier| identifier.starts_with(INTEGRATION)) {
        let text = "Identifier: must not begin with zis_, which is for integrations";
        return Err(ZendeskError::fault("identifier", text, "InvalidValue"));
    }
    Ok(())
}

fn admin(caller: &Principal) -> Result<(), ZendeskError> {
    if caller.is_admin() {
        Ok(())
    } else {
        Err(ZendeskError::Forbidden("only an admin may manage OAuth clients".to_owned()))
    }
}

fn taken(error: StoreError) -> ZendeskError {
    match error {
        StoreError::Duplicate { .. } => {
            ZendeskError::fault("identifier", "Identifier: has already been taken", "DuplicateValue")
        }
        error => error.into(),
    }
}
