//! Users (spec 4): create, change, find, delete; who may do what to whom.

mod admin;
mod identity;
mod input;
mod snapshot;

use zis_store::{
    StoreError,
    zendesk::{
        Order, Sorted, Window, oauth as oauth_rows, session as session_rows,
        user::{self, Filter},
    },
};

use crate::{
    auth::Principal,
    error::{Fault, ZendeskError},
    handle::Zendesk,
    outbox::Happening,
    read,
};

pub use admin::NewAdmin;
pub use input::UserIn;
pub(crate) use input::plausible;
pub(crate) use snapshot::user as snapshot_of;
pub use zis_store::zendesk::user::{Filter as UserFilter, Identity, Role, User};

/// Was the record made, or was there one?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    New,
    Existing,
}

/// A page of a list, and how many there are in all when that was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed<T> {
    pub items: Vec<T>,
    /// There is more in the direction of the window.
    pub has_more: bool,
    pub count: Option<u64>,
}

impl<T> Listed<T> {
    /// From rows read one beyond `size`.
    pub(crate) fn cut(mut items: Vec<T>, window: Window, count: Option<u64>) -> Self {
        let (size, reversed) = match window {
            Window::After { size, .. } | Window::Offset { size, .. } => (size, false),
            Window::Before { size, .. } => (size, true),
        };
        let has_more = items.len() > size;
        items.truncate(size);
        if reversed {
            items.reverse();
        }
        Self { items, has_more, count }
    }
}

/// The same window, one row larger: whether there is more shows by itself.
pub(crate) fn one_more(window: Window) -> Window {
    match window {
        Window::After { last, size } => Window::After { last, size: size + 1 },
        Window::Before { first, size } => Window::Before { first, size: size + 1 },
        Window::Offset { skip, size } => Window::Offset { skip, size: size + 1 },
    }
}

impl Zendesk {
    pub async fn user(&self, id: i64) -> Result<User, ZendeskError> {
        user::show(&self.store, self.account, id).await?.ok_or_else(|| ZendeskError::not_found("user", id))
    }

    pub async fn users_by_ids(&self, ids: &[i64]) -> Result<Vec<User>, ZendeskError> {
        Ok(user::show_many(&self.store, self.account, ids).await?)
    }

    /// The active user with this e-mail address, in any case.
    pub async fn user_by_email(&self, email: &str) -> Result<Option<User>, ZendeskError> {
        Ok(user::with_password(&self.store, self.account, email).await?.map(|(user, _)| user))
    }

    pub async fn users(
        &self,
        filter: &Filter,
        order: (Sorted, Order),
        window: Window,
        counted: bool,
    ) -> Result<Listed<User>, ZendeskError> {
        let items = user::list(&self.store, self.account, filter, order, one_more(window)).await?;
        let count = if counted { Some(self.count_users(filter).await?) } else { None };
        Ok(Listed::cut(items, window, count))
    }

    pub async fn count_users(&self, filter: &Filter) -> Result<u64, ZendeskError> {
        Ok(user::count(&self.store, self.account, filter).await?)
    }

    pub async fn create_user(&self, caller: &Principal, input: &UserIn) -> Result<User, ZendeskError> {
        input.allowed(caller, None)?;
        let Some(name) = input.name.clone().filter(|name| !name.trim().is_empty()) else {
            return Err(ZendeskError::fault("name", "Name: is too short (minimum is one character)", "BlankValue"));
        };
        self.refuse_taken(input, None).await?;
        let now = self.now();
        let mut new = User {
            id: self.number(),
            name,
            email: None,
            role: Role::EndUser,
            external_id: None,
            active: true,
            verified: false,
            suspended: false,
            phone: None,
            tags: Vec::new(),
            fields: zis_flow::Value::object::<&str>([]),
            created_at: now,
            updated_at: now,
            last_login_at: None,
        };
        input.apply(&mut new);
        let identities = self.identities_for(&new, input);
        let happenings = vec![Happening::new("user.UserCreated", "User Created", Vec::new())];
        let entries = self.envelopes("user", &snapshot::user(&new), happenings);
        let mut writes = vec![user::insert(self.account, &new)];
        writes.extend(identities.iter().map(|identity| user::insert_identity(self.account, identity)));
        writes.extend(self.outbox_inserts(&entries));
        self.store.write(writes).await.map_err(|error| taken(error, input))?;
        self.hand_over(entries).await;
        Ok(new)
    }

    /// Updates the user with the e-mail address or external id, or makes one.
    pub async fn create_or_update_user(
        &self,
        caller: &Principal,
        input: &UserIn,
    ) -> Result<(User, Made), ZendeskError> {
        let mut known = Vec::new();
        if let Some(email) = &input.email {
            known.push(("email", email.as_str()));
        }
        if let Some(external) = input.external_id.as_ref().and_then(|external| external.as_deref()) {
            known.push(("external_id", external));
        }
        let found = user::by_identities(&self.store, self.account, &known).await?;
        match found.first() {
            Some(existing) => Ok((self.update_user(caller, existing.id, input).await?, Made::Existing)),
            None => Ok((self.create_user(caller, input).await?, Made::New)),
        }
    }

    /// Changes what the input names. Another e-mail address becomes one more identity.
    pub async fn update_user(&self, caller: &Principal, id: i64, input: &UserIn) -> Result<User, ZendeskError> {
        let old = self.user(id).await?;
        input.allowed(caller, Some(&old))?;
        self.refuse_taken(input, Some(id)).await?;
        let mut new = old.clone();
        input.apply(&mut new);
        let mut writes = Vec::new();
        if old.email.is_some() {
            new.email.clone_from(&old.email);
        }
        let known = user::identities(&self.store, self.account, id).await?;
        for identity in self.identities_for(&new, input) {
            let same = |other: &&Identity| {
                other.kind == identity.kind && user::lookup(&other.value) == user::lookup(&identity.value)
            };
            if !known.iter().any(|other| same(&other)) {
                let primary = !known.iter().any(|other| other.kind == identity.kind);
                writes.push(user::insert_identity(self.account, &Identity { primary, ..identity }));
            }
        }
        let happenings = snapshot::changes(&old, &new);
        if writes.is_empty() && new == old {
            return Ok(old);
        }
        new.updated_at = self.now();
        let entries = self.envelopes("user", &snapshot::user(&new), happenings);
        writes.push(user::update(self.account, &new));
        writes.extend(self.outbox_inserts(&entries));
        self.store.write(writes).await.map_err(|error| taken(error, input))?;
        self.auth.forget();
        self.hand_over(entries).await;
        Ok(new)
    }

    /// Takes the user out of use: the record stays, its identities, sessions and tokens go.
    pub async fn delete_user(&self, caller: &Principal, id: i64) -> Result<User, ZendeskError> {
        let old = self.user(id).await?;
        if !old.active {
            return Err(ZendeskError::not_found("user", id));
        }
        if caller.user.id == id {
            return Err(ZendeskError::fault("base", "Base: you can't delete yourself", "InvalidValue"));
        }
        if old.role != Role::EndUser && !caller.is_admin() {
            return Err(ZendeskError::Forbidden("only an admin may delete an agent".to_owned()));
        }
        let new = User { active: false, updated_at: self.now(), ..old.clone() };
        let entries = self.envelopes("user", &snapshot::user(&new), snapshot::changes(&old, &new));
        let mut writes = vec![
            user::update(self.account, &new),
            user::delete_identities(self.account, id),
            session_rows::delete_of_user(self.account, id),
            oauth_rows::delete_tokens_of(self.account, id),
        ];
        writes.extend(self.outbox_inserts(&entries));
        self.store.write(writes).await?;
        self.auth.forget();
        self.hand_over(entries).await;
        Ok(new)
    }

    /// A taken e-mail address or external id is told before anything is written.
    async fn refuse_taken(&self, input: &UserIn, own: Option<i64>) -> Result<(), ZendeskError> {
        let mut faults = Vec::new();
        let emails = input.email.iter().map(|email| ("email", email.as_str()));
        let external = input.external_id.iter().flatten().map(|external| ("external_id", external.as_str()));
        for (kind, value) in emails.chain(external) {
            let others = user::by_identities(&self.store, self.account, &[(kind, value)]).await?;
            if others.iter().any(|other| Some(other.id) != own) {
                faults.push(duplicate(kind, value));
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(ZendeskError::Invalid(faults)) }
    }

    fn identities_for(&self, user: &User, input: &UserIn) -> Vec<Identity> {
        let email = input.email.iter().map(|email| ("email".to_owned(), email.clone()));
        let phone = input.phone.iter().flatten().map(|phone| ("phone_number".to_owned(), phone.clone()));
        let mut all: Vec<Identity> = Vec::new();
        for (kind, value) in email.chain(input.identities.iter().cloned()).chain(phone) {
            let primary = !all.iter().any(|other| other.kind == kind);
            let repeated =
                all.iter().any(|other| other.kind == kind && user::lookup(&other.value) == user::lookup(&value));
            if !repeated {
                all.push(self.identity(user.id, kind, value, primary, user.verified));
            }
        }
        all
    }

    pub(crate) fn identity(
        &self,
        user_id: i64,
        kind: String,
        value: String,
        primary: bool,
        verified: bool,
    ) -> Identity {
        let now = self.now();
        Identity { id: self.number(), user_id, kind, value, primary, verified, created_at: now, updated_at: now }
    }
}

fn duplicate(kind: &str, value: &str) -> Fault {
    let title = if kind == "email" { "Email" } else { "External" };
    Fault::new(kind, format!("{title}: {value} is already being used by another user"), Some("DuplicateValue"))
}

/// A unique key that somebody took between the look and the write.
fn taken(error: StoreError, input: &UserIn) -> ZendeskError {
    match error {
        StoreError::Duplicate { table } if table == "zd_identity" => {
            let value = input.email.as_deref().or(input.identities.first().map(|(_, value)| value.as_str()));
            ZendeskError::Invalid(vec![duplicate("email", value.unwrap_or_default())])
        }
        StoreError::Duplicate { table } if table == "zd_user" => ZendeskError::Invalid(vec![duplicate(
            "external_id",
            input.external_id.iter().flatten().next().map_or("", String::as_str),
        )]),
        StoreError::Expectation { .. } => ZendeskError::Conflict,
        error => error.into(),
    }
}

/// Members of `user` in a request that are not known.
pub fn ignored(body: &zis_flow::Value) -> Vec<String> {
    read::unknown(body, input::KNOWN)
}
