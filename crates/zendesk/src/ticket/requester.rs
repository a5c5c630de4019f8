//! Who asks: an id, an e-mail address, or a description; an unknown address makes an end user (spec 3.1).

use zis_flow::Value;
use zis_store::{
    Statement,
    zendesk::{
        outbox::Entry,
        user::{self, Role, User},
    },
};

use super::RequesterIn;
use crate::{
    auth::Principal,
    error::{Fault, ZendeskError},
    handle::Zendesk,
    outbox::Happening,
    user::snapshot_of,
};

/// The requester, and what makes it when it is new.
pub(super) struct Requester {
    pub id: i64,
    pub writes: Vec<Statement>,
    pub entries: Vec<Entry>,
}

impl Requester {
    fn known(id: i64) -> Self {
        Self { id, writes: Vec::new(), entries: Vec::new() }
    }
}

impl Zendesk {
    pub(super) async fn requester(
        &self,
        caller: &Principal,
        input: Option<&RequesterIn>,
    ) -> Result<Requester, ZendeskError> {
        let (name, email) = match input {
            None => return Ok(Requester::known(caller.user.id)),
            Some(RequesterIn::Id(id)) => {
                let found = user::show(&self.store, self.account, *id).await?.filter(|user| user.active);
                let invalid = || ZendeskError::fault("requester", "Requester: is invalid", "InvalidValue");
                return found.map(|user| Requester::known(user.id)).ok_or_else(invalid);
            }
            Some(RequesterIn::Email(email)) => (None, Some(email.as_str())),
            Some(RequesterIn::Described { name, email }) => (name.as_deref(), email.as_deref()),
        };
        if let Some(email) = email {
            if let Some(known) = self.user_by_email(email).await? {
                return Ok(Requester::known(known.id));
            }
            if !crate::user::plausible(email) {
                let text = format!("Requester: Email: {email} is not properly formatted");
                return Err(ZendeskError::fault("requester", text, "InvalidValue"));
            }
        }
        let Some(name) = name.filter(|name| !name.trim().is_empty()) else {
            let text = "Requester: Name: is too short (minimum is one character)";
            return Err(ZendeskError::Invalid(vec![Fault::new("requester", text, Some("ValueTooShort"))]));
        };
        Ok(self.new_requester(name, email))
    }

    fn new_requester(&self, name: &str, email: Option<&str>) -> Requester {
        let now = self.now();
        let new = User {
            id: self.number(),
            name: name.to_owned(),
            email: email.map(str::to_owned),
            role: Role::EndUser,
            external_id: None,
            active: true,
            verified: false,
            suspended: false,
            phone: None,
            tags: Vec::new(),
            fields: Value::object::<&str>([]),
            created_at: now,
            updated_at: now,
            last_login_at: None,
        };
        let happening = Happening::new("user.UserCreated", "User Created", Vec::new());
        let entries = self.envelopes("user", &snapshot_of(&new), vec![happening]);
        let mut writes = vec![user::insert(self.account, &new)];
        if let Some(email) = email {
            let identity = self.identity(new.id, "email".to_owned(), email.to_owned(), true, false);
            writes.push(user::insert_identity(self.account, &identity));
        }
        writes.extend(self.outbox_inserts(&entries));
        Requester { id: new.id, writes, entries }
    }

    /// An agent or admin by id or address, for the assignee.
    pub(super) async fn assignee(&self, id: Option<i64>, email: Option<&str>) -> Result<Option<i64>, ZendeskError> {
        let found = match (id, email) {
            (Some(id), _) => user::show(&self.store, self.account, id).await?,
            (None, Some(email)) => self.user_by_email(email).await?,
            (None, None) => return Ok(None),
        };
        match found.filter(|user| user.active && user.role != Role::EndUser) {
            Some(user) => Ok(Some(user.id)),
            None => Err(ZendeskError::fault("assignee", "Assignee: is invalid", "InvalidValue")),
        }
    }
}
