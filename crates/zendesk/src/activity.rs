//! Custom events of profiles (spec 1.6, 2): taken in, listed, and given to the engine as `activity.UserActivityCreated`.
//!
//! The activity's row, what changes of profile and user, and the engine's executions become durable in one transaction: either
//! all of it is there after a crash, or nothing, and nothing was answered.

use zis_flow::{Timestamp, Value};
use zis_store::zendesk::{
    activity::{self, Activity, Filter},
    profile,
};

use crate::{
    error::ZendeskError,
    handle::Zendesk,
    ids,
    profile::{ProfileIn, Query, TRIES, missing, name, wrong},
    read,
    sink::{SinkError, ZendeskEvent},
    user::Listed,
};

pub use zis_store::zendesk::activity::{Activity as ActivityRow, Filter as ActivityFilter};

/// Characters of an idempotency key at most.
pub const MAX_KEY: usize = 255;

/// An event as a request describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct EventIn {
    pub source: String,
    pub kind: String,
    pub properties: Value,
    pub description: Option<String>,
    pub created_at: Option<Timestamp>,
}

impl EventIn {
    /// Reads the `event` object of a request.
    pub fn read(body: &Value) -> Result<Self, ZendeskError> {
        if body.as_object().is_none() {
            return Err(missing("event"));
        }
        let properties = match body.get("properties") {
            None | Some(Value::Null) => return Err(missing("event.properties")),
            Some(value) if value.as_object().is_some() => value.clone(),
            Some(other) => return Err(wrong("event.properties", "an object", other)),
        };
        let description = match body.get("description") {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.to_string()),
            Some(other) => return Err(wrong("event.description", "a string", other)),
        };
        let created_at = match body.get("created_at") {
            None | Some(Value::Null) => None,
            Some(value) => {
                let moment = value.as_str().and_then(read::moment);
                Some(moment.ok_or_else(|| wrong("event.created_at", "an ISO 8601 time", value))?)
            }
        };
        Ok(Self {
            source: name(body, "event", "source", "InvalidEventSourceLength", "Event source")?,
            kind: name(body, "event", "type", "InvalidEventTypeLength", "Event type")?,
            properties,
            description,
            created_at,
        })
    }
}

/// Whose event it is.
#[derive(Debug, Clone, PartialEq)]
pub enum Subject {
    /// The profile that the request describes, matched or made.
    Described(ProfileIn),
    /// An existing profile.
    Profile(String),
}

/// The answer to a taken event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    pub profile_id: String,
    pub user_id: i64,
}

/// An `Idempotency-Key` and the digest of the request that it came with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    pub key: String,
    pub digest: String,
}

impl Key {
    /// `request` is everything that must be the same when the key comes again.
    pub fn new(key: &str, request: &str) -> Result<Self, ZendeskError> {
        if key.chars().count() > MAX_KEY {
            let description = format!("Idempotency-Key has more than {MAX_KEY} characters");
            return Err(ZendeskError::Request { code: "IdempotentRequestError", description });
        }
        Ok(Self { key: key.to_owned(), digest: ids::digest(request) })
    }
}

impl Zendesk {
    /// Takes an event. When this returns, the event is durable and so are the executions that it started.
    pub async fn receive_event(
        &self,
        subject: &Subject,
        event: &EventIn,
        key: Option<&Key>,
    ) -> Result<Received, ZendeskError> {
        for _ in 0..TRIES {
            if let Some(key) = key
                && let Some(before) = activity::by_key(&self.store, self.account, &key.key).await?
            {
                return repeated(before, key);
            }
            match self.try_receive(subject, event, key).await {
                // With the same key a twin may have been faster: look again.
                Err(ZendeskError::Conflict) => {}
                Err(ZendeskError::KeyReused) if key.is_some() => {}
                other => return other,
            }
        }
        Err(ZendeskError::Conflict)
    }

    async fn try_receive(
        &self,
        subject: &Subject,
        event: &EventIn,
        key: Option<&Key>,
    ) -> Result<Received, ZendeskError> {
        let (profile, mut writes, entries) = match subject {
            Subject::Described(input) => {
                let plan = self.plan_event(input).await?;
                (plan.profile, plan.writes, plan.entries)
            }
            Subject::Profile(id) => (self.profile(id).await?, Vec::new(), Vec::new()),
        };
        let now = self.now();
        let activity = Activity {
            id: self.ulid(),
            profile_id: profile.id.clone(),
            user_id: profile.user_id,
            source: event.source.clone(),
            kind: event.kind.clone(),
            description: event.description.clone(),
            properties: event.properties.clone(),
            created_at: event.created_at.unwrap_or(now),
            received_at: now,
            key: key.map(|key| (key.key.clone(), key.digest.clone())),
        };
        writes.push(activity::insert(self.account, &activity));
        let accepted = self
            .sink
            .accept(ZendeskEvent {
                account: self.account,
                source: "sunshine",
                kind: "activity.UserActivityCreated".into(),
                payload: payload(&activity, self.number()),
                idempotency_key: key.map(|key| format!("activity:{}", key.key)),
                also: writes,
            })
            .await;
        match accepted {
            Ok(()) => {}
            Err(SinkError::Conflict) => return Err(ZendeskError::Conflict),
            Err(error) => return Err(error.into()),
        }
        self.hand_over(entries).await;
        Ok(Received { profile_id: profile.id, user_id: profile.user_id })
    }

    /// Events of the profile that the query finds, newest first.
    pub async fn events_by(
        &self,
        query: &Query,
        filter: &Filter,
        page: &Page,
    ) -> Result<Listed<Activity>, ZendeskError> {
        let profile = self.profile_by(query).await?;
        self.events_of(&[profile.id], filter, page).await
    }

    pub async fn events_of_profile(
        &self,
        id: &str,
        filter: &Filter,
        page: &Page,
    ) -> Result<Listed<Activity>, ZendeskError> {
        let profile = self.profile(id).await?;
        self.events_of(&[profile.id], filter, page).await
    }

    pub async fn events_of_user(
        &self,
        id: i64,
        filter: &Filter,
        page: &Page,
    ) -> Result<Listed<Activity>, ZendeskError> {
        self.user(id).await?;
        let profiles = profile::of_user(&self.store, self.account, id).await?;
        let ids: Vec<String> = profiles.into_iter().map(|profile| profile.id).collect();
        self.events_of(&ids, filter, page).await
    }

    async fn events_of(
        &self,
        profiles: &[String],
        filter: &Filter,
        page: &Page,
    ) -> Result<Listed<Activity>, ZendeskError> {
        let after = page.after.as_deref();
        let mut items = activity::list(&self.store, self.account, profiles, filter, after, page.size + 1).await?;
        let has_more = items.len() > page.size;
        items.truncate(page.size);
        Ok(Listed { items, has_more, count: None })
    }
}

/// A page of events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The id of the last event of the page before.
    pub after: Option<String>,
    pub size: usize,
}

fn repeated(before: Activity, key: &Key) -> Result<Received, ZendeskError> {
    match before.key {
        Some((_, digest)) if digest == key.digest => {
            Ok(Received { profile_id: before.profile_id, user_id: before.user_id })
        }
        _ => Err(ZendeskError::KeyReused),
    }
}

/// What stands at `$.input` (spec 2): the user's id is a number here, and a string in the API's reply.
fn payload(activity: &Activity, number: i64) -> Value {
    let meta = Value::object([
        ("occurred_at", Value::from(activity.created_at)),
        ("ref", Value::from(format!("1-{number}"))),
        ("version", Value::from("1.0")),
    ]);
    let user_activity = Value::object([
        ("created_at", Value::from(activity.created_at)),
        ("description", Value::from(activity.description.as_deref())),
        ("id", Value::string(&activity.id)),
        ("namespace", Value::object([("ref_id", Value::from(""))])),
        ("profile_id", Value::string(&activity.profile_id)),
        ("properties", activity.properties.clone()),
        ("source", Value::string(&activity.source)),
        ("type", Value::string(&activity.kind)),
        ("user_id", Value::from(activity.user_id)),
    ]);
    Value::object([(
        "activity_event",
        Value::object([
            ("meta", meta),
            ("type", Value::from("User Activity Created")),
            ("user_activity", user_activity),
        ]),
    )])
}
