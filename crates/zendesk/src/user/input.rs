//! A user as a request describes it.

use zis_flow::Value;
use zis_store::zendesk::user::{Role, User};

use crate::{
    auth::Principal,
    error::ZendeskError,
    read::{self, Reader},
};

/// Writable members that are kept as they come.
pub(super) const KEPT: &[&str] = &[
    "alias",
    "custom_role_id",
    "default_group_id",
    "details",
    "iana_time_zone",
    "locale",
    "locale_id",
    "moderator",
    "notes",
    "only_private_comments",
    "organization_id",
    "report_csv",
    "shared_phone_number",
    "signature",
    "ticket_restriction",
    "time_zone",
    "user_fields",
];

/// Everything that a request may say.
pub(super) const KNOWN: &[&str] = &[
    "alias",
    "custom_role_id",
    "default_group_id",
    "details",
    "email",
    "external_id",
    "iana_time_zone",
    "identities",
    "locale",
    "locale_id",
    "moderator",
    "name",
    "notes",
    "only_private_comments",
    "organization_id",
    "phone",
    "report_csv",
    "role",
    "shared_phone_number",
    "signature",
    "skip_verify_email",
    "suspended",
    "tags",
    "ticket_restriction",
    "time_zone",
    "user_fields",
    "verified",
];

/// What a request says about a user; `None` leaves as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct UserIn {
    pub name: Option<String>,
    pub email: Option<String>,
    pub role: Option<Role>,
    /// `Some(None)` takes it away.
    pub external_id: Option<Option<String>>,
    pub phone: Option<Option<String>>,
    pub identities: Vec<(String, String)>,
    pub verified: Option<bool>,
    pub suspended: Option<bool>,
    pub tags: Option<Vec<String>>,
    pub fields: Value,
}

impl UserIn {
    /// Reads the `user` object of a request.
    pub fn read(body: &Value) -> Result<Self, ZendeskError> {
        let mut reader = Reader::new(body);
        let nullable = |reader: &mut Reader<'_>, key: &str| {
            let text = reader.text(key).filter(|text| !text.is_empty());
            reader.raw(key).map(|_| text)
        };
        let email = reader.text("email").filter(|email| !email.is_empty());
        if let Some(email) = &email
            && !plausible(email)
        {
            reader.bad::<()>("email", format!("{email} is not properly formatted"));
        }
        let role = reader.choice("role", &["end-user", "agent", "admin"]).and_then(Role::parse);
        let input = Self {
            name: reader.text("name"),
            email,
            role,
            external_id: nullable(&mut reader, "external_id"),
            phone: nullable(&mut reader, "phone"),
            identities: identities(&mut reader),
            verified: reader.boolean("verified").or(reader.boolean("skip_verify_email").filter(|skip| *skip)),
            suspended: reader.boolean("suspended"),
            tags: reader.words("tags"),
            fields: read::pick(body, KEPT),
        };
        reader.done()?;
        Ok(input)
    }

    /// Agents look after end users; admins after everybody.
    pub(super) fn allowed(&self, caller: &Principal, target: Option<&User>) -> Result<(), ZendeskError> {
        let staff = target.is_some_and(|user| user.role != Role::EndUser && user.id != caller.user.id);
        let raises = self.role.is_some_and(|role| Some(role) != target.map(|user| user.role) && role != Role::EndUser);
        let lowers = self.role == Some(Role::EndUser) && target.is_some_and(|user| user.role != Role::EndUser);
        if (staff || raises || lowers) && !caller.is_admin() {
            return Err(ZendeskError::Forbidden("only an admin may make or change an agent or an admin".to_owned()));
        }
        if lowers && target.is_some_and(|user| user.id == caller.user.id) {
            return Err(ZendeskError::fault("role", "Role: you can't take your own role away", "InvalidValue"));
        }
        Ok(())
    }

    pub(super) fn apply(&self, user: &mut User) {
        if let Some(name) = self.name.as_ref().filter(|name| !name.trim().is_empty()) {
            user.name.clone_from(name);
        }
        let email = self
            .email
            .clone()
            .or_else(|| self.identities.iter().find(|(kind, _)| kind == "email").map(|(_, value)| value.clone()));
        if email.is_some() {
            user.email = email;
        }
        user.role = self.role.unwrap_or(user.role);
        if let Some(external) = &self.external_id {
            user.external_id.clone_from(external);
        }
        if let Some(phone) = &self.phone {
            user.phone.clone_from(phone);
        }
        user.verified = self.verified.unwrap_or(user.verified);
        user.suspended = self.suspended.unwrap_or(user.suspended);
        if let Some(tags) = &self.tags {
            user.tags.clone_from(tags);
        }
        user.fields = read::overlay(&user.fields, &self.fields);
    }
}

fn identities(reader: &mut Reader<'_>) -> Vec<(String, String)> {
    let items = reader.present("identities").and_then(Value::as_array).unwrap_or_default();
    let pair = |item: &Value| {
        let text = |key| item.get(key).and_then(Value::as_str).map(str::to_owned);
        text("type").zip(text("value"))
    };
    items.iter().filter_map(pair).collect()
}

/// Something on both sides of one @, and no space: all that can be said without sending a mail.
pub(crate) fn plausible(email: &str) -> bool {
    let parts: Vec<&str> = email.split('@').collect();
    parts.len() == 2
        && parts.iter().all(|part| !part.is_empty())
        && !email.contains(char::is_whitespace)
        && email.len() <= 320
}
