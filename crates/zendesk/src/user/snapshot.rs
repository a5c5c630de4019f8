//! What events say of a user, and which events a change makes (spec ZIS 5.1, 5.2).

use zis_flow::Value;
use zis_store::zendesk::user::User;

use crate::outbox::Happening;

/// The user as events show it.
pub(crate) fn user(user: &User) -> Value {
    let field = |key: &str| user.fields.get(key).cloned().unwrap_or_default();
    Value::object([
        ("id", Value::from(user.id)),
        ("email", Value::from(user.email.as_deref())),
        ("external_id", Value::from(user.external_id.as_deref())),
        ("role", Value::from(user.role.as_str())),
        ("organization_id", field("organization_id")),
        ("default_group_id", field("default_group_id")),
        ("created_at", Value::from(user.created_at)),
        ("updated_at", Value::from(user.updated_at)),
    ])
}

/// One event for each thing that differs.
pub(super) fn changes(old: &User, new: &User) -> Vec<Happening> {
    let field = |user: &User, key: &str| user.fields.get(key).cloned().unwrap_or_default();
    let mut all = Vec::new();
    let mut changed = |kind, title, previous: Value, current: Value| {
        if previous != current {
            all.push(Happening::changed(kind, title, previous, current));
        }
    };
    changed("user.UserIsActiveChanged", "Active Status Changed", old.active.into(), new.active.into());
    changed("user.UserNameChanged", "Name Changed", old.name.as_str().into(), new.name.as_str().into());
    changed("user.UserRoleChanged", "Role Changed", old.role.as_str().into(), new.role.as_str().into());
    changed(
        "user.ExternalIdChanged",
        "External ID Changed",
        old.external_id.as_deref().into(),
        new.external_id.as_deref().into(),
    );
    for (key, kind, title) in [
        ("alias", "user.UserAliasChanged", "Alias Changed"),
        ("custom_role_id", "user.CustomRoleChanged", "Custom Role Changed"),
        ("default_group_id", "user.UserDefaultGroupChanged", "Default Group Changed"),
        ("details", "user.UserDetailsChanged", "Details Changed"),
        ("notes", "user.UserNotesChanged", "Notes Changed"),
        ("only_private_comments", "user.OnlyPrivateCommentsChanged", "Only Private Comments Changed"),
        ("time_zone", "user.TimeZoneChanged", "Time Zone Changed"),
    ] {
        changed(kind, title, field(old, key), field(new, key));
    }
    if old.tags != new.tags {
        all.push(Happening::new("user.TagsChanged", "Tags Changed", crate::ticket::tag_changes(&old.tags, &new.tags)));
    }
    all
}
