//! The catalogue of trigger events and what their payloads hold (spec 5).

use super::shape::{ARRAY, BOOLEAN, NUMBER, OBJECT, STRING, Shape};

/// Which members a native event has beside `meta`, `type` and its entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extra {
    /// None.
    Nothing,
    /// `previous` and `current`.
    Change,
    /// `custom_field`, `previous` and `current`.
    FieldChange,
    Comment,
    Attachment,
    /// `tags_added`, `tags_removed`.
    Tags,
    /// Not documented: anything.
    Unknown,
}

use Extra::{Attachment, Change, Comment, FieldChange, Nothing, Tags, Unknown};

const TICKET: &[(&str, Extra)] = &[
    ("ticket.AgentAssignmentChanged", Change),
    ("ticket.AttachmentLinkedToComment", Attachment),
    ("ticket.AttachmentRedactedFromComment", Unknown),
    ("ticket.BrandChanged", Change),
    ("ticket.CcsChanged", Unknown),
    ("ticket.CommentAdded", Comment),
    ("ticket.CommentMadePrivate", Comment),
    ("ticket.CommentRedacted", Comment),
    ("ticket.CustomFieldChanged", FieldChange),
    ("ticket.DescriptionChanged", Change),
    ("ticket.ExternalIdChanged", Change),
    ("ticket.FollowersChanged", Unknown),
    ("ticket.GroupAssignmentChanged", Change),
    ("ticket.MarkedAsSpam", Unknown),
    ("ticket.OrganizationChanged", Change),
    ("ticket.PriorityChanged", Change),
    ("ticket.ProblemLinkChanged", Change),
    ("ticket.RequesterChanged", Change),
    ("ticket.StatusChanged", Change),
    ("ticket.SubjectChanged", Change),
    ("ticket.SubmitterChanged", Change),
    ("ticket.TagsChanged", Tags),
    ("ticket.TaskDueAtChanged", Change),
    ("ticket.TicketCreated", Nothing),
    ("ticket.TicketFormChanged", Change),
    ("ticket.TicketMerged", Unknown),
    ("ticket.TicketPermanentlyDeleted", Unknown),
    ("ticket.TicketSoftDeleted", Unknown),
    ("ticket.TicketTypeChanged", Change),
    ("ticket.TicketUndeleted", Unknown),
];

const USER: &[(&str, Extra)] = &[
    ("user.CustomFieldChanged", FieldChange),
    ("user.CustomRoleChanged", Change),
    ("user.ExternalIdChanged", Change),
    ("user.LastLoginChanged", Change),
    ("user.OnlyPrivateCommentsChanged", Change),
    ("user.TagsChanged", Unknown),
    ("user.TimeZoneChanged", Change),
    ("user.UserAliasChanged", Change),
    ("user.UserCreated", Nothing),
    ("user.UserDefaultGroupChanged", Change),
    ("user.UserDetailsChanged", Change),
    ("user.UserGroupAdded", Unknown),
    ("user.UserGroupRemoved", Unknown),
    ("user.UserIdentityChanged", Unknown),
    ("user.UserIdentityCreated", Unknown),
    ("user.UserIdentityRemoved", Unknown),
    ("user.UserIsActiveChanged", Change),
    ("user.UserMerged", Unknown),
    ("user.UserNameChanged", Change),
    ("user.UserNotesChanged", Change),
    ("user.UserOrganizationAdded", Unknown),
    ("user.UserOrganizationRemoved", Unknown),
    ("user.UserPhotoChanged", Change),
    ("user.UserRoleChanged", Change),
];

const ORGANIZATION: &[(&str, Extra)] = &[
    ("organization.CustomFieldChanged", FieldChange),
    ("organization.ExternalIdChanged", Change),
    ("organization.OrganizationCreated", Nothing),
    ("organization.OrganizationDeleted", Unknown),
    ("organization.OrganizationNameChanged", Change),
    ("organization.TagsChanged", Unknown),
];

const CUSTOM_OBJECT: &[(&str, Extra)] = &[
    ("customobject.CustomObjectRecordChanged", Unknown),
    ("customobject.CustomObjectRecordCreated", Nothing),
    ("customobject.CustomObjectRecordDeleted", Unknown),
];

const SUNSHINE: &[(&str, Extra)] = &[
    ("activity.UserActivityCreated", Nothing),
    ("customobject.CustomObjectChanged", Nothing),
    ("customobject.CustomObjectDeleted", Nothing),
];

/// The event types of `support` and `sunshine`; `None` for any other source, whose types are free.
pub fn types_of(source: &str) -> Option<Vec<&'static str>> {
    let lists: &[&[(&'static str, Extra)]] = match source {
        "support" => &[TICKET, USER, ORGANIZATION, CUSTOM_OBJECT],
        "sunshine" => &[SUNSHINE],
        _ => return None,
    };
    Some(lists.iter().flat_map(|list| list.iter().map(|(name, _)| *name)).collect())
}

/// What `$.input` holds for an event; `None` when that is not known.
pub fn payload(source: &str, event_type: &str) -> Option<Shape> {
    let extra = |list: &[(&str, Extra)]| list.iter().find(|(name, _)| *name == event_type).map(|(_, extra)| *extra);
    if source == "sunshine" {
        return sunshine(event_type);
    }
    if source != "support" {
        return None;
    }
    if let Some(extra) = extra(TICKET) {
        return Some(native("ticket_event", "ticket", ticket(), extra));
    }
    if let Some(extra) = extra(USER) {
        return Some(native("user_event", "user", user(), extra));
    }
    if let Some(extra) = extra(ORGANIZATION) {
        return Some(native("organization_event", "organization", organization(), extra));
    }
    let extra = extra(CUSTOM_OBJECT)?;
    Some(native("custom_object_event", "custom_object_record", record(), extra))
}

fn native(event: &str, entity: &str, snapshot: Shape, extra: Extra) -> Shape {
    let mut members = vec![("meta", meta()), ("type", Shape::of(STRING)), (entity, snapshot)];
    match extra {
        Nothing | Unknown => {}
        Change => members.extend(change()),
        FieldChange => {
            members.extend(change());
            let field = [("id", Shape::of(NUMBER)), ("title", Shape::of(STRING)), ("field_type", Shape::of(STRING))];
            members.push(("custom_field", Shape::open_object(field)));
        }
        Comment => members.push(("comment", comment())),
        Attachment => members.push(("attachment", attachment())),
        Tags => members.extend([("tags_added", strings()), ("tags_removed", strings())]),
    }
    let body = if extra == Unknown { Shape::open_object(members) } else { Shape::object(members) };
    Shape::object([(event, body)])
}

fn change() -> [(&'static str, Shape); 2] {
    [("previous", Shape::any()), ("current", Shape::any())]
}

fn text() -> Shape {
    Shape::of(STRING)
}

fn text_or_null() -> Shape {
    Shape::of(STRING).or_null()
}

fn id() -> Shape {
    Shape::of(NUMBER)
}

fn id_or_null() -> Shape {
    Shape::of(NUMBER).or_null()
}

fn strings() -> Shape {
    Shape::array_of(text())
}

fn meta() -> Shape {
    Shape::open_object([("version", text()), ("occurred_at", text()), ("ref", text()), ("sequence", Shape::of(OBJECT))])
}

fn ticket() -> Shape {
    Shape::object([
        ("assignee_id", id_or_null()),
        ("brand_id", id_or_null()),
        ("created_at", text()),
        ("external_id", text_or_null()),
        ("form_id", id_or_null()),
        ("group_id", id_or_null()),
        ("id", id()),
        ("organization_id", id_or_null()),
        ("priority", text_or_null()),
        ("requester_id", id()),
        ("status", text()),
        ("submitter_id", id_or_null()),
        ("tags", strings()),
        ("type", text_or_null()),
        ("updated_at", text()),
        ("via", Shape::open_object([("channel", text_or_null())])),
    ])
}

fn user() -> Shape {
    Shape::object([
        ("created_at", text()),
        ("default_group_id", id_or_null()),
        ("email", text_or_null()),
        ("external_id", text_or_null()),
        ("id", id()),
        ("organization_id", id_or_null()),
        ("role", text()),
        ("updated_at", text()),
    ])
}

fn organization() -> Shape {
    Shape::object([
        ("created_at", text()),
        ("external_id", text_or_null()),
        ("group_id", id_or_null()),
        ("id", id()),
        ("name", text()),
        ("shared_comments", Shape::of(BOOLEAN)),
        ("shared_tickets", Shape::of(BOOLEAN)),
        ("updated_at", text()),
    ])
}

fn record() -> Shape {
    Shape::open_object([
        ("account_id", id()),
        ("custom_object_key", text()),
        ("external_id", text_or_null()),
        ("id", text()),
        ("name", text_or_null()),
        ("custom_object_fields", Shape::of(OBJECT)),
        ("created_at", text()),
        ("created_by_user_id", id_or_null()),
        ("updated_at", text()),
        ("updated_by_user_id", id_or_null()),
    ])
}

fn comment() -> Shape {
    Shape::open_object([("id", id()), ("body", text()), ("author", Shape::open_object([("id", id())]))])
}

fn attachment() -> Shape {
    Shape::open_object([
        ("id", id()),
        ("content_url", text()),
        ("content_type", text()),
        ("filename", text()),
        ("is_public", Shape::of(BOOLEAN)),
        ("comment_id", id()),
    ])
}

fn sunshine(event_type: &str) -> Option<Shape> {
    let (event, members) = match event_type {
        "activity.UserActivityCreated" => ("activity_event", vec![("user_activity", activity())]),
        "customobject.CustomObjectChanged" => ("custom_object_event", vec![("custom_object", legacy_object())]),
        "customobject.CustomObjectDeleted" => ("custom_object_event", vec![("object_id", text())]),
        _ => return None,
    };
    let common = [("meta", meta()), ("type", text())];
    Some(Shape::object([(event, Shape::object(common.into_iter().chain(members)))]))
}

fn activity() -> Shape {
    Shape::object([
        ("id", text()),
        ("type", text()),
        ("source", text()),
        ("description", text_or_null()),
        ("created_at", text()),
        ("namespace", Shape::of(OBJECT | STRING | ARRAY).or_null()),
        ("profile_id", text_or_null()),
        ("properties", Shape::of(OBJECT)),
        ("user_id", id_or_null()),
    ])
}

fn legacy_object() -> Shape {
    Shape::object([
        ("account_id", text()),
        ("object_type", text()),
        ("id", text()),
        ("external_id", text_or_null()),
        ("attributes", Shape::of(OBJECT)),
        ("created_at", text()),
        ("updated_at", text()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_sorted_and_have_payloads() {
        for list in [TICKET, USER, ORGANIZATION, CUSTOM_OBJECT, SUNSHINE] {
            assert!(list.is_sorted_by_key(|(name, _)| *name));
        }
        for source in ["support", "sunshine"] {
            for event_type in types_of(source).unwrap_or_default() {
                assert!(payload(source, event_type).is_some(), "{source} {event_type}");
            }
        }
        assert!(types_of("shop").is_none() && payload("shop", "order.created").is_none());
    }
}
