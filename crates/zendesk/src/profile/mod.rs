//! Profiles (spec 1): what a source knows about a user, found by (source, type, identifier).

mod identifier;
mod input;
mod plan;

use zis_flow::Value;
use zis_store::zendesk::profile::{self, Profile};

use crate::{
    error::{ZendeskError, raced},
    handle::Zendesk,
    user::Made,
};

pub use identifier::Query;
pub use input::ProfileIn;
pub(crate) use input::{missing, name, wrong};
pub use zis_store::zendesk::profile::{Identifier, Profile as ProfileRow};

/// Profiles of one person at most.
pub const MAX_PER_USER: usize = 20;
/// Identifiers of one profile at most.
pub const MAX_IDENTIFIERS: usize = 20;
/// Characters of a profile's source and type at most.
pub const MAX_NAME: usize = 40;
/// Characters of an identifier's type at most.
pub const MAX_IDENTIFIER_TYPE: usize = 60;
/// How often a write is tried again when somebody else was faster.
pub(crate) const TRIES: usize = 5;

impl Zendesk {
    pub async fn profile(&self, id: &str) -> Result<Profile, ZendeskError> {
        profile::show(&self.store, self.account, id).await?.ok_or_else(|| ZendeskError::not_found("profile", id))
    }

    pub async fn profile_by(&self, query: &Query) -> Result<Profile, ZendeskError> {
        let found = self.profiles_matching(query).await?;
        found.into_iter().next().ok_or_else(|| ZendeskError::not_found("profile", query))
    }

    async fn profiles_matching(&self, query: &Query) -> Result<Vec<Profile>, ZendeskError> {
        let one = std::slice::from_ref(&query.identifier);
        Ok(profile::matching(&self.store, self.account, &query.source, &query.kind, one).await?)
    }

    /// All profiles of a user.
    pub async fn profiles_of(&self, user_id: i64) -> Result<Vec<Profile>, ZendeskError> {
        self.user(user_id).await?;
        Ok(profile::of_user(&self.store, self.account, user_id).await?)
    }

    /// PUT with an identifier query: replaces the profile, or makes one; `user_id` binds it.
    pub async fn put_profile(
        &self,
        query: &Query,
        body: &Value,
        user_id: Option<i64>,
    ) -> Result<(Profile, Made), ZendeskError> {
        let mut input = ProfileIn::read(body, Some(query))?;
        input.user_id = user_id.or(input.user_id);
        if !input.identifiers.contains(&query.identifier) {
            input.identifiers.insert(0, query.identifier.clone());
        }
        for _ in 0..TRIES {
            let old = self.profiles_matching(query).await?.pop();
            let made = if old.is_some() { Made::Existing } else { Made::New };
            let plan = match old {
                Some(old) => self.plan_replace(old, &input).await?,
                None => self.plan_create(&input).await?,
            };
            match self.carry_out(plan).await {
                Err(ZendeskError::Conflict) => {}
                other => return Ok((other?, made)),
            }
        }
        Err(ZendeskError::Conflict)
    }

    /// PUT with an id: replaces the profile.
    pub async fn replace_profile(&self, id: &str, body: &Value) -> Result<Profile, ZendeskError> {
        for _ in 0..TRIES {
            let old = self.profile(id).await?;
            let input = ProfileIn::read(body, Some(&Query::of(&old)))?;
            let plan = self.plan_replace(old, &input).await?;
            match self.carry_out(plan).await {
                Err(ZendeskError::Conflict) => {}
                other => return other,
            }
        }
        Err(ZendeskError::Conflict)
    }

    /// PATCH: name and attributes change, attributes key by key; identifiers are added.
    pub async fn patch_profile(&self, id: &str, body: &Value) -> Result<Profile, ZendeskError> {
        for _ in 0..TRIES {
            let old = self.profile(id).await?;
            let plan = self.plan_patch(old, body).await?;
            match self.carry_out(plan).await {
                Err(ZendeskError::Conflict) => {}
                other => return other,
            }
        }
        Err(ZendeskError::Conflict)
    }

    /// Deletes the profile and its events.
    pub async fn delete_profile(&self, id: &str) -> Result<(), ZendeskError> {
        match self.store.write(profile::delete(self.account, id)).await {
            Err(error) if raced(&error) => Err(ZendeskError::not_found("profile", id)),
            other => other.map(|_| ()).map_err(Into::into),
        }
    }

    async fn carry_out(&self, plan: plan::Plan) -> Result<Profile, ZendeskError> {
        if !plan.writes.is_empty() {
            let written = self.store.write(plan.writes).await;
            written.map_err(|error| if raced(&error) { ZendeskError::Conflict } else { error.into() })?;
        }
        self.hand_over(plan.entries).await;
        Ok(plan.profile)
    }
}
