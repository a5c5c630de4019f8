//! Identities of a user: list, add, make primary, remove.

use zis_flow::Value;
use zis_store::{
    StoreError,
    zendesk::user::{self, Identity, User},
};

use super::input::plausible;
use crate::{error::ZendeskError, handle::Zendesk, read::Reader};

/// Types of identities.
const KINDS: &[&str] = &[
    "email",
    "twitter",
    "facebook",
    "google",
    "phone_number",
    "agent_forwarding",
    "any_channel",
    "foreign",
    "sdk",
    "messaging",
];

impl Zendesk {
    pub async fn identities(&self, user_id: i64) -> Result<Vec<Identity>, ZendeskError> {
        self.user(user_id).await?;
        Ok(user::identities(&self.store, self.account, user_id).await?)
    }

    /// Adds the `identity` object of a request.
    pub async fn add_identity(&self, user_id: i64, body: &Value) -> Result<Identity, ZendeskError> {
        let owner = self.user(user_id).await?;
        let mut reader = Reader::new(body);
        let kind = reader.choice("type", KINDS);
        if kind.is_none() && reader.faults.is_empty() {
            reader.bad::<()>("type", "cannot be blank");
        }
        let value = reader.text("value").filter(|value| !value.trim().is_empty());
        if value.is_none() {
            reader.bad::<()>("value", "cannot be blank");
        }
        if kind == Some("email") && value.as_deref().is_some_and(|value| !plausible(value)) {
            reader.bad::<()>("value", "is not a properly formatted e-mail address");
        }
        let verified = reader.boolean("verified").unwrap_or(false);
        reader.done()?;
        let (kind, value) = (kind.unwrap_or_default().to_owned(), value.unwrap_or_default());
        let others = user::identities(&self.store, self.account, user_id).await?;
        let primary = !others.iter().any(|other| other.kind == kind);
        let identity = self.identity(user_id, kind, value, primary, verified);
        let mut writes = vec![user::insert_identity(self.account, &identity)];
        if primary && identity.kind == "email" {
            let email = Some(identity.value.clone());
            writes.push(user::update(self.account, &User { email, updated_at: self.now(), ..owner }));
        }
        self.store.write(writes).await.map_err(|error| match error {
            StoreError::Duplicate { .. } => ZendeskError::fault(
                "value",
                format!("Value: {} is already being used by another user", identity.value),
                "DuplicateValue",
            ),
            error => error.into(),
        })?;
        self.auth.forget();
        Ok(identity)
    }

    pub async fn make_identity_primary(&self, user_id: i64, id: i64) -> Result<Vec<Identity>, ZendeskError> {
        let owner = self.user(user_id).await?;
        let mut all = user::identities(&self.store, self.account, user_id).await?;
        let chosen = all.iter().find(|identity| identity.id == id).cloned();
        let chosen = chosen.ok_or_else(|| ZendeskError::not_found("identity", id))?;
        let now = self.now();
        let mut writes = Vec::new();
        for identity in all.iter_mut().filter(|identity| identity.kind == chosen.kind) {
            identity.primary = identity.id == id;
            identity.updated_at = now;
            writes.push(user::update_identity(self.account, identity));
        }
        if chosen.kind == "email" {
            writes.push(user::update(self.account, &User { email: Some(chosen.value), updated_at: now, ..owner }));
        }
        self.store.write(writes).await?;
        self.auth.forget();
        Ok(all)
    }

    pub async fn verify_identity(&self, user_id: i64, id: i64) -> Result<Identity, ZendeskError> {
        let all = self.identities(user_id).await?;
        let mut identity = all
            .into_iter()
            .find(|identity| identity.id == id)
            .ok_or_else(|| ZendeskError::not_found("identity", id))?;
        identity.verified = true;
        identity.updated_at = self.now();
        self.store.write(vec![user::update_identity(self.account, &identity)]).await?;
        Ok(identity)
    }

    pub async fn remove_identity(&self, user_id: i64, id: i64) -> Result<(), ZendeskError> {
        let owner = self.user(user_id).await?;
        let all = user::identities(&self.store, self.account, user_id).await?;
        let gone =
            all.iter().find(|identity| identity.id == id).ok_or_else(|| ZendeskError::not_found("identity", id))?;
        let mut writes = vec![user::delete_identity(self.account, user_id, id)];
        if gone.primary && gone.kind == "email" {
            let next = all.iter().find(|identity| identity.kind == "email" && identity.id != id).cloned();
            if let Some(next) = &next {
                writes.push(user::update_identity(
                    self.account,
                    &Identity { primary: true, updated_at: self.now(), ..next.clone() },
                ));
            }
            let email = next.map(|next| next.value);
            writes.push(user::update(self.account, &User { email, updated_at: self.now(), ..owner }));
        }
        self.store.write(writes).await?;
        self.auth.forget();
        Ok(())
    }
}
