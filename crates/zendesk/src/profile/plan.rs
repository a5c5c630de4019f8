//! Deciding what to write for a profile: match or make, bind to a user or make one (spec 1.4).
//!
//! A plan is carried out in one transaction, for an event the same one that accepts it. Unique keys catch races; then it is made anew.

use zis_flow::Value;
use zis_store::{
    Statement,
    zendesk::{
        outbox::Entry,
        profile::{self, Identifier, Profile},
        user::{self, Role, User},
    },
};

use super::{
    MAX_IDENTIFIERS, MAX_PER_USER,
    identifier::{default_name, standard},
    input::{self, ProfileIn, too_many_identifiers},
};
use crate::{error::ZendeskError, handle::Zendesk, outbox::Happening, read, user::snapshot_of};

/// The profile as it will be, and what makes it so.
pub(crate) struct Plan {
    pub profile: Profile,
    pub writes: Vec<Statement>,
    pub entries: Vec<Entry>,
}

impl Zendesk {
    /// An event's profile: found and completed, or made.
    pub(crate) async fn plan_event(&self, input: &ProfileIn) -> Result<Plan, ZendeskError> {
        let identifiers = &input.identifiers;
        let mut found = profile::matching(&self.store, self.account, &input.source, &input.kind, identifiers).await?;
        if found.len() > 1 {
            let title = "the identifiers belong to more than one profile";
            return Err(ZendeskError::client("AmbiguousIdentifiers", title));
        }
        let Some(old) = found.pop() else { return self.plan_create(input).await };
        let mut new = old.clone();
        if let Some(name) = &input.name {
            new.name.clone_from(name);
        }
        if let Some(attributes) = &input.attributes {
            new.attributes.clone_from(attributes);
        }
        add_identifiers(&mut new, identifiers)?;
        self.plan_change(old, new).await
    }

    pub(super) async fn plan_replace(&self, old: Profile, input: &ProfileIn) -> Result<Plan, ZendeskError> {
        let user_id = match input.user_id {
            Some(id) if id != old.user_id => self.bound_user(id).await?.id,
            _ => old.user_id,
        };
        let new = Profile {
            user_id,
            source: input.source.clone(),
            kind: input.kind.clone(),
            name: input.name.clone().unwrap_or_else(|| default_name(&input.identifiers)),
            identifiers: input.identifiers.clone(),
            attributes: input.attributes.clone().unwrap_or_else(|| Value::object::<&str>([])),
            ..old.clone()
        };
        self.plan_change(old, new).await
    }

    pub(super) async fn plan_patch(&self, old: Profile, body: &Value) -> Result<Plan, ZendeskError> {
        let mut new = old.clone();
        if let Some(name) = input::optional_name(body)? {
            new.name = name;
        }
        if let Some(attributes) = input::attributes(body)? {
            new.attributes = merged(&new.attributes, &attributes);
        }
        add_identifiers(&mut new, &input::identifiers(body)?)?;
        self.plan_change(old, new).await
    }

    pub(super) async fn plan_create(&self, input: &ProfileIn) -> Result<Plan, ZendeskError> {
        let name = input.name.clone().unwrap_or_else(|| default_name(&input.identifiers));
        let bound = match input.user_id {
            Some(id) => Some(self.bound_user(id).await?),
            None => self.user_with(&input.identifiers).await?,
        };
        let mut plan = match bound {
            Some(owner) => self.plan_bound(input, name, owner).await?,
            None => self.plan_with_new_user(input, name),
        };
        plan.writes.extend(profile::insert(self.account, &plan.profile));
        Ok(plan)
    }

    async fn plan_bound(&self, input: &ProfileIn, name: String, owner: User) -> Result<Plan, ZendeskError> {
        let others = profile::of_user(&self.store, self.account, owner.id).await?;
        if others.len() >= MAX_PER_USER {
            let title = format!("A user can have at most {MAX_PER_USER} profiles");
            return Err(ZendeskError::client("TooManyProfiles", title));
        }
        let profile = self.new_profile(input, name, owner.id);
        let writes = self.complete_user(owner, &profile.identifiers).await?;
        Ok(Plan { profile, writes, entries: Vec::new() })
    }

    fn plan_with_new_user(&self, input: &ProfileIn, name: String) -> Plan {
        let now = self.now();
        let value = |kind: &str| input.identifiers.iter().find(|one| one.kind == kind).map(|one| one.value.clone());
        let owner = User {
            id: self.number(),
            name: name.clone(),
            email: value("email"),
            role: Role::EndUser,
            external_id: value("external_id"),
            active: true,
            verified: false,
            suspended: false,
            phone: value("phone_number"),
            tags: Vec::new(),
            fields: Value::object::<&str>([]),
            created_at: now,
            updated_at: now,
            last_login_at: None,
        };
        let mut writes = vec![user::insert(self.account, &owner)];
        let mut kinds: Vec<&str> = Vec::new();
        for one in input.identifiers.iter().filter(|one| standard(one) && one.kind != "external_id") {
            let primary = !kinds.contains(&one.kind.as_str());
            kinds.push(&one.kind);
            let identity = self.identity(owner.id, one.kind.clone(), one.value.clone(), primary, false);
            writes.push(user::insert_identity(self.account, &identity));
        }
        let happening = Happening::new("user.UserCreated", "User Created", Vec::new());
        let entries = self.envelopes("user", &snapshot_of(&owner), vec![happening]);
        writes.extend(self.outbox_inserts(&entries));
        Plan { profile: self.new_profile(input, name, owner.id), writes, entries }
    }

    fn new_profile(&self, input: &ProfileIn, name: String, user_id: i64) -> Profile {
        let now = self.now();
        Profile {
            id: self.ulid(),
            user_id,
            source: input.source.clone(),
            kind: input.kind.clone(),
            name,
            identifiers: input.identifiers.clone(),
            attributes: input.attributes.clone().unwrap_or_else(|| Value::object::<&str>([])),
            created_at: now,
            updated_at: now,
        }
    }

    /// Nothing differs, nothing is written.
    async fn plan_change(&self, old: Profile, mut new: Profile) -> Result<Plan, ZendeskError> {
        if new == old {
            return Ok(Plan { profile: old, writes: Vec::new(), entries: Vec::new() });
        }
        new.updated_at = self.now();
        let added: Vec<Identifier> =
            new.identifiers.iter().filter(|one| !old.identifiers.contains(one)).cloned().collect();
        let mut writes = Vec::new();
        if added.iter().any(standard) || new.user_id != old.user_id {
            let owner = self.bound_user(new.user_id).await?;
            writes = self.complete_user(owner, &added).await?;
        }
        writes.extend(profile::update(self.account, &new, &old));
        Ok(Plan { profile: new, writes, entries: Vec::new() })
    }

    async fn bound_user(&self, id: i64) -> Result<User, ZendeskError> {
        let found = user::show(&self.store, self.account, id).await?.filter(|user| user.active);
        found.ok_or_else(|| ZendeskError::client("UserNotFound", format!("profile.user_id: there is no user {id}")))
    }

    /// The one user that the standard identifiers belong to.
    async fn user_with(&self, identifiers: &[Identifier]) -> Result<Option<User>, ZendeskError> {
        let mut found = user::by_identities(&self.store, self.account, &known_as(identifiers)).await?;
        if found.len() > 1 {
            let title = "the identifiers belong to more than one user";
            return Err(ZendeskError::client("IdentifiersOfSeveralUsers", title));
        }
        Ok(found.pop())
    }

    /// Adds what the user record lacks: identities, and an external id when it has none.
    async fn complete_user(&self, owner: User, identifiers: &[Identifier]) -> Result<Vec<Statement>, ZendeskError> {
        if let Some(other) = self.user_with(identifiers).await?
            && other.id != owner.id
        {
            let title = "an identifier belongs to another user";
            return Err(ZendeskError::client("IdentifiersOfSeveralUsers", title));
        }
        let has = user::identities(&self.store, self.account, owner.id).await?;
        let mut changed = owner.clone();
        let mut writes = Vec::new();
        for one in identifiers.iter().filter(|one| standard(one)) {
            if one.kind == "external_id" {
                changed.external_id.get_or_insert_with(|| one.value.clone());
                continue;
            }
            let known = |other: &&user::Identity| {
                let kind = other.kind == one.kind || (one.kind == "email" && other.kind == "google");
                kind && user::lookup(&other.value) == user::lookup(&one.value)
            };
            if has.iter().any(|other| known(&other)) {
                continue;
            }
            let primary = !has.iter().any(|other| other.kind == one.kind);
            if one.kind == "email" && primary {
                changed.email = Some(one.value.clone());
            }
            if one.kind == "phone_number" && primary {
                changed.phone.get_or_insert_with(|| one.value.clone());
            }
            let identity = self.identity(owner.id, one.kind.clone(), one.value.clone(), primary, false);
            writes.push(user::insert_identity(self.account, &identity));
        }
        if changed != owner {
            changed.updated_at = self.now();
            writes.push(user::update(self.account, &changed));
        }
        Ok(writes)
    }
}

/// What a user with these identifiers may be known as; a `google` identity matches an e-mail address.
fn known_as(identifiers: &[Identifier]) -> Vec<(&str, &str)> {
    let mut all = Vec::new();
    for one in identifiers.iter().filter(|one| standard(one)) {
        all.push((one.kind.as_str(), one.value.as_str()));
        if one.kind == "email" {
            all.push(("google", one.value.as_str()));
        }
    }
    all
}

fn add_identifiers(profile: &mut Profile, identifiers: &[Identifier]) -> Result<(), ZendeskError> {
    for one in identifiers {
        if !profile.identifiers.contains(one) {
            profile.identifiers.push(one.clone());
        }
    }
    if profile.identifiers.len() > MAX_IDENTIFIERS { Err(too_many_identifiers()) } else { Ok(()) }
}

/// A JSON merge patch of objects: a null takes away.
fn merged(base: &Value, patch: &Value) -> Value {
    let (Some(_), Some(changes)) = (base.as_object(), patch.as_object()) else { return patch.clone() };
    let mut result = base.clone();
    for (key, change) in changes.iter() {
        let inner = match (base.get(key), change) {
            (Some(old), Value::Object(_)) => merged(old, change),
            (None, Value::Object(_)) => merged(&Value::object::<&str>([]), change),
            _ => change.clone(),
        };
        result = read::overlay(&result, &Value::object([(key.clone(), inner)]));
        if change.is_null()
            && let Some(object) = result.as_object()
        {
            let kept =
                object.iter().filter(|(name, _)| *name != key).map(|(name, value)| (name.clone(), value.clone()));
            result = Value::object(kept);
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_merge_key_by_key() {
        let json = |text| Value::from_json(text).unwrap();
        let check = |base, patch, expected| assert_eq!(merged(&json(base), &json(patch)), json(expected));
        check(r#"{"a":1,"b":2}"#, r#"{"b":3}"#, r#"{"a":1,"b":3}"#);
        check(r#"{"a":{"x":1}}"#, r#"{"a":{"y":2}}"#, r#"{"a":{"x":1,"y":2}}"#);
        check(r#"{"a":1}"#, r#"{"a":null,"c":[1]}"#, r#"{"c":[1]}"#);
    }
}
