//! Events of a real Zendesk account: what its webhooks deliver, turned into the events of ZIS's catalogue (D8; spec ZIS 5.1, 5.2).
//!
//! The two products tell of the same happenings in different words: webhooks give ids as strings, words in capitals and an envelope
//! of their own, and they tell more of a ticket than ZIS does. A flow must not see the difference.

mod catalog;
mod shape;

use zis_flow::Value;

pub use catalog::translated;

/// What every event type begins with; the reference writes a few with a slash.
const PREFIXES: [&str; 2] = ["zen:event-type:", "zen:event-type/"];
/// The source of events that ZIS has no name for.
const UNTRANSLATED: &str = "zendesk";
/// Most characters of a type: as of events that are sent to us otherwise.
const MAX_KIND: usize = 128;

/// One delivered event, ready to be accepted.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivered {
    /// Zendesk's own id of the event: the same however often it is delivered.
    pub id: String,
    /// `support`; `zendesk` for what ZIS has no name for.
    pub source: &'static str,
    /// The catalogue's tag, `ticket.StatusChanged`; otherwise the webhook's own, `ticket.custom_status_changed`.
    pub kind: String,
    /// What stands at `$.input`: ZIS's shape, or the delivery as it is.
    pub payload: Value,
}

/// A body that is no event of Zendesk's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    #[error(
        "the body has no `type` that begins with `zen:event-type:`: subscribe the webhook to events; what triggers and automations \
         send goes to an inbound webhook"
    )]
    NoType,
    #[error("the event has no `{0}`")]
    Missing(&'static str),
}

/// Reads the body of a delivery.
pub fn read(body: &Value) -> Result<Delivered, DeliveryError> {
    let text = |key: &str| body.get(key).and_then(Value::as_str);
    let kind = text("type").and_then(kind).ok_or(DeliveryError::NoType)?;
    let id = text("id").filter(|id| !id.is_empty()).ok_or(DeliveryError::Missing("id"))?.to_owned();
    let Some(entry) = catalog::find(kind) else {
        return Ok(Delivered { id, source: UNTRANSLATED, kind: kind.to_owned(), payload: body.clone() });
    };
    let payload = shape::envelope(entry, body)?;
    Ok(Delivered { id, source: "support", kind: entry.tag.to_owned(), payload })
}

/// `zen:event-type:ticket.created` → `ticket.created`.
fn kind(text: &str) -> Option<&str> {
    let kind = PREFIXES.iter().find_map(|prefix| text.strip_prefix(prefix))?;
    (1..=MAX_KIND).contains(&kind.chars().count()).then_some(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Delivered, DeliveryError> {
        read(&Value::from_json(text).unwrap())
    }

    /// A delivery of `kind` about a ticket, with `event`.
    fn ticket(kind: &str, event: &str) -> Value {
        let text = format!(
            r#"{{"type": "zen:event-type:{kind}", "account_id": 7, "id": "e-1", "time": "2026-01-02T03:04:05Z",
            "zendesk_event_version": "2022-11-06", "subject": "zen:ticket:35436", "event": {event},
            "detail": {{"actor_id": "8", "assignee_id": "235324", "brand_id": "123", "created_at": "2026-01-01T00:00:00Z",
              "custom_status": "9", "description": "long", "external_id": null, "form_id": "6876543", "group_id": "", "id": "35436",
              "is_public": true, "organization_id": "0", "priority": "LOW", "requester_id": "20978392", "status": "OPEN",
              "subject": "Printer", "submitter_id": "76872", "tags": ["a", "b"], "type": null,
              "updated_at": "2026-01-02T03:04:05Z", "via": {{"channel": "web"}}}}}}"#
        );
        let delivered = read_text(&text).unwrap();
        assert_eq!((delivered.source, delivered.id.as_str()), ("support", "e-1"));
        delivered.payload.get("ticket_event").unwrap().clone()
    }

    fn json(text: &str) -> Value {
        Value::from_json(text).unwrap()
    }

    #[test]
    fn a_ticket_is_told_as_zis_tells_it() {
        let event = ticket("ticket.created", r#"{"meta": {"sequence": {"id": "C2", "position": 1}}}"#);
        assert_eq!(
            event,
            json(
                r#"{"meta": {"version": "1.0", "occurred_at": "2026-01-02T03:04:05Z", "ref": "e-1",
                     "sequence": {"id": "C2", "position": 1}, "actor_id": 8},
                    "type": "Ticket Created",
                    "ticket": {"id": 35436, "status": "open", "priority": "low", "type": null, "tags": ["a", "b"],
                      "via": {"channel": "web"}, "assignee_id": 235324, "group_id": null, "requester_id": 20978392,
                      "submitter_id": 76872, "brand_id": 123, "organization_id": null, "form_id": 6876543, "external_id": null,
                      "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-02T03:04:05Z"}}"#
            )
        );
    }

    #[test]
    fn what_changed_has_the_types_that_flows_compare() {
        // The webhook's type, its `event`, and members of ZIS's event.
        let cases = [
            (
                "ticket.status_changed",
                r#"{"current": "SOLVED", "previous": "OPEN"}"#,
                r#"{"previous": "open", "current": "solved"}"#,
            ),
            (
                "ticket.agent_assignment_changed",
                r#"{"current": "2", "previous": ""}"#,
                r#"{"previous": null, "current": 2}"#,
            ),
            (
                "ticket.external_id_changed",
                r#"{"current": "2", "previous": ""}"#,
                r#"{"previous": "", "current": "2"}"#,
            ),
            (
                "ticket.comment_added",
                r#"{"comment": {"id": "12", "body": "OPEN", "is_public": true, "author": {"id": "5", "is_staff": false, "name": "J"}}}"#,
                r#"{"comment": {"id": 12, "body": "OPEN", "is_public": true, "author": {"id": 5, "is_staff": false, "name": "J"}}}"#,
            ),
            (
                "ticket.custom_field_changed",
                r#"{"custom_field": {"id": "99", "title": "T", "type": "tagger"}, "current": {"id": "7", "value": "yes"}, "previous": {"value": null}}"#,
                r#"{"custom_field": {"id": 99, "title": "T", "field_type": "tagger"}, "previous": null, "current": "yes"}"#,
            ),
            (
                "ticket.attachment_linked_to_comment",
                r#"{"comment": {"id": "12", "is_public": false, "attachment": {"id": "3", "filename": "a.png"}}}"#,
                r#"{"attachment": {"id": 3, "filename": "a.png", "comment_id": 12}}"#,
            ),
            (
                "ticket.tags_changed",
                r#"{"tags_added": ["1"], "tags_removed": []}"#,
                r#"{"tags_added": ["1"], "tags_removed": []}"#,
            ),
            (
                "ticket.followers_changed",
                r#"{"users_added": ["1"], "users_removed": []}"#,
                r#"{"users_added": [1], "users_removed": []}"#,
            ),
        ];
        for (kind, event, expected) in cases {
            let found = ticket(kind, event);
            for (key, value) in json(expected).as_object().unwrap().iter() {
                assert_eq!(found.get(key), Some(value), "{kind}: {key}");
            }
        }
    }

    #[test]
    fn users_and_organizations_have_events_of_their_own() {
        let user = read_text(
            r#"{"type": "zen:event-type:user.active_changed", "id": "u-1", "time": "2026-01-02T03:04:05Z",
                "detail": {"created_at": "2026-01-01T00:00:00Z", "email": "a@example.com", "external_id": "", "default_group_id": "0",
                  "id": "6596848315901", "organization_id": "0", "role": "end-user", "updated_at": "2026-01-02T03:04:05Z"},
                "event": {"current": false, "previous": true}}"#,
        )
        .unwrap();
        assert_eq!(user.kind, "user.UserIsActiveChanged");
        let event = user.payload.get("user_event").unwrap();
        assert_eq!(event.get("type"), Some(&Value::from("Active Status Changed")));
        assert_eq!(event.get("current"), Some(&Value::from(false)));
        assert_eq!(event.get("user").and_then(|user| user.get("id")), Some(&Value::from(6_596_848_315_901_i64)));

        let organization = read_text(
            r#"{"type": "zen:event-type:organization.tags_changed", "id": "o-1", "time": "2026-01-02T03:04:05Z",
                "detail": {"id": "12", "name": "Acme", "shared_tickets": false}, "event": {"added": {"tags": ["x"]}}}"#,
        )
        .unwrap();
        assert_eq!((organization.source, organization.kind.as_str()), ("support", "organization.TagsChanged"));
        let named = organization.payload.get("organization_event").and_then(|event| event.get("organization")).unwrap();
        assert_eq!((named.get("id"), named.get("name")), (Some(&Value::from(12_i64)), Some(&Value::from("Acme"))));
    }

    #[test]
    fn what_zis_has_no_name_for_comes_as_it_is() {
        let text = r#"{"type": "zen:event-type:ticket.custom_status_changed", "id": "c", "detail": {"id": "1"}}"#;
        let delivered = read_text(text).unwrap();
        assert_eq!((delivered.source, delivered.kind.as_str()), ("zendesk", "ticket.custom_status_changed"));
        assert_eq!(delivered.payload, json(text));
        assert_eq!(read_text(r#"{"type": "zen:event-type/user.identity_created", "id": "i"}"#), {
            Err(DeliveryError::Missing("detail"))
        });
    }

    #[test]
    fn what_is_no_event_is_refused() {
        for text in [
            "[]",
            "{}",
            r#"{"type": 1, "id": "a"}"#,
            r#"{"type": "ticket.created", "id": "a"}"#,
            r#"{"type": "zen:event-type:"}"#,
        ] {
            assert_eq!(read_text(text), Err(DeliveryError::NoType), "{text}");
        }
        let nameless = read_text(r#"{"type": "zen:event-type:ticket.created", "detail": {}}"#);
        assert_eq!(nameless, Err(DeliveryError::Missing("id")));
    }
}
