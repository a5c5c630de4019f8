//! What a machine wants done outside: one closed enum, and what comes back.

use zis_bundle::action::Method;

use crate::{
    failure::{Failure, error},
    jq::{self, JqError},
    time::Timestamp,
    value::Value,
};

/// Number of a call within one attempt, from 1, in the order the machine asked: the same on every replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct CallId(pub u32);

impl CallId {
    pub(crate) const FIRST_EVALUATION: u32 = 0x8000_0000;

    /// Whether this is the id of an [`Effect::Evaluate`].
    pub fn is_evaluation(self) -> bool {
        self.0 >= Self::FIRST_EVALUATION
    }
}

/// Something only the outside can do.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// An action that touches the world; its outcome is journaled.
    Call(Call),
    /// Nothing until `until`, then [`Outcome::Nothing`]; journaled as WaitStarted and WaitFired.
    Wait { id: CallId, path: String, until: Timestamp },
    /// A jq program that outgrew the quick budget: run it with [`jq::Job::run`] on a thread with a large stack and resume with
    /// [`Outcome::of_jq`]. Pure, so not journaled; its id has a number space of its own ([`CallId::is_evaluation`]). The machine takes
    /// nothing else up before it has the answer, so that a replay, which answers at once, asks for everything in the same order.
    Evaluate { id: CallId, job: jq::Job },
}

impl Effect {
    pub fn id(&self) -> CallId {
        match self {
            Effect::Call(call) => call.id,
            Effect::Wait { id, .. } | Effect::Evaluate { id, .. } => *id,
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    pub id: CallId,
    /// Where in the flow: `GetUserProfile`, `Redact[3]/One`.
    pub path: String,
    /// How often this place was entered in this attempt before, from 0: with `path` it makes the idempotency key (D6).
    pub visit: u32,
    /// When the state's own `TimeoutSeconds` ends, or the attempt.
    pub deadline: Timestamp,
    pub work: Work,
}

/// The actions that touch the world (spec 2.4, 4.2–4.4); Jq is pure and done by the machine.
#[derive(Debug, Clone, PartialEq)]
pub enum Work {
    Http(Request),
    LoadConfig {
        scope: String,
    },
    PatchConfig {
        scope: String,
        config: Value,
    },
    LoadLinks {
        link_type: String,
        left: Option<String>,
        right: Option<String>,
        page: LinkPage,
    },
    CreateLink {
        link_type: String,
        left: LinkObject,
        right: LinkObject,
    },
    PatchLink {
        link_type: String,
        left: String,
        right: Option<String>,
        new_left: Option<LinkPatch>,
        new_right: Option<LinkPatch>,
    },
    DeleteLink {
        link_type: String,
        left: String,
        right: String,
    },
}

impl Work {
    /// Whether a repeat after a crash could change something twice (D3).
    pub fn is_safe(&self) -> bool {
        match self {
            Work::Http(request) => request.method.is_safe(),
            Work::LoadConfig { .. } | Work::LoadLinks { .. } => true,
            _ => false,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct LinkPage {
    pub size: Option<u32>,
    pub after: Option<String>,
    pub before: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct LinkObject {
    pub name: String,
    pub metadata: Option<Value>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct LinkPatch {
    pub name: Option<String>,
    pub metadata: Option<Value>,
}

/// A custom action's request, all templates resolved, credentials not yet added.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// The custom action's name, for logs and metrics.
    pub action: String,
    pub method: Method,
    pub target: Target,
    /// In order; percent-encoded by whoever sends it.
    pub query: Vec<(String, String)>,
    pub headers: Vec<(String, String)>,
    pub body: Option<Body>,
    pub connection: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// An absolute URL, as the bundle gave it.
    Url(String),
    /// A path on the account's Zendesk host, query string included.
    Path(String),
}

#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    Json(Value),
    /// `Content-Type: application/x-www-form-urlencoded` was declared: a flat object as pairs.
    Form(Vec<(String, String)>),
}

/// What came back.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    Done(Value),
    /// The action gives no output: `$` stays as it is (spec 3.1 rule 6).
    Nothing,
    Failed(Failure),
}

impl Outcome {
    /// What to resume an [`Effect::Evaluate`] with, from what [`jq::Job::run`] gave.
    pub fn of_jq(result: Result<Option<Value>, JqError>) -> Self {
        match result {
            Ok(Some(value)) => Outcome::Done(value),
            Ok(None) => Outcome::Nothing,
            Err(fault) => Outcome::Failed(Failure::new(error::TASK_FAILED, fault.to_string())),
        }
    }
}
