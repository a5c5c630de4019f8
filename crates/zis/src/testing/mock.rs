//! Mocked replies: for each action a sequence, taken one after the other; the last one repeats.

use std::{collections::BTreeMap, time::Duration};

use serde::Deserialize;
use zis_flow::{
    Timestamp, Value,
    effect::{Body, Request},
    journal::Exchange,
    response,
    simulate::Reply,
};

use super::expect::{Mismatch, partial};

/// Replies by action name.
pub type Mocks = BTreeMap<String, Vec<Mock>>;

/// One reply. Without `status` and `error` it is a 200.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mock {
    /// Only for calls like this; a mock with a matcher is not used up by calls it does not match.
    #[serde(default)]
    pub when: Option<When>,
    #[serde(default = "ok")]
    pub status: u16,
    #[serde(default)]
    pub headers: BTreeMap<String, Value>,
    #[serde(default)]
    pub body: Option<Value>,
    /// No answer at all, with this reason: a network failure.
    #[serde(default)]
    pub error: Option<String>,
    /// Milliseconds on the simulated clock.
    #[serde(default)]
    pub delay_ms: u64,
    /// How many calls it answers before the next one of the sequence; the last one answers all that follow.
    #[serde(default = "once")]
    pub times: u32,
}

/// Which calls a mock is for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    #[serde(default)]
    pub attempt: Option<u32>,
    /// A part of the request's body.
    #[serde(default)]
    pub body: Option<Value>,
    /// A part of the URL or path.
    #[serde(default)]
    pub url: Option<String>,
}

fn ok() -> u16 {
    200
}

fn once() -> u32 {
    1
}

/// A sequence of mocks in use.
#[derive(Debug, Clone)]
pub struct Player {
    mocks: Mocks,
    used: BTreeMap<String, Vec<u32>>,
}

impl Player {
    pub fn new(mocks: Mocks) -> Self {
        Self { mocks, used: BTreeMap::new() }
    }

    /// The reply to `request`: the first mock of its action that matches and is not used up, or the last that matches.
    /// An action without mocks is answered 200 `{}`.
    pub fn reply(&mut self, request: &Request, attempt: u32, now: Timestamp) -> Reply {
        let mocks = self.mocks.get(&request.action).map(Vec::as_slice).unwrap_or_default();
        let used = self.used.entry(request.action.clone()).or_insert_with(|| vec![0; mocks.len()]);
        let matching = |at: &usize| mocks[*at].when.as_ref().is_none_or(|when| when.matches(request, attempt));
        let fresh = (0..mocks.len()).filter(matching).find(|at| used[*at] < mocks[*at].times);
        let Some(at) = fresh.or_else(|| (0..mocks.len()).rfind(matching)) else {
            return answer(request, 200, &BTreeMap::new(), None, now);
        };
        used[at] += 1;
        let mock = &mocks[at];
        let mut reply = match &mock.error {
            Some(reason) => {
                Reply { exchange: Some(exchange(request, None)), ..Reply::new(response::no_answer(reason)) }
            }
            None => answer(request, mock.status, &mock.headers, mock.body.as_ref(), now),
        };
        reply.takes = Duration::from_millis(mock.delay_ms);
        reply
    }
}

impl When {
    fn matches(&self, request: &Request, attempt: u32) -> bool {
        let body = || body_of(request).unwrap_or_default();
        let mut mismatches: Vec<Mismatch> = Vec::new();
        if let Some(expected) = &self.body {
            partial("body", expected, &body(), &mut mismatches);
        }
        self.attempt.is_none_or(|wanted| wanted == attempt)
            && mismatches.is_empty()
            && self.url.as_ref().is_none_or(|part| address(request).contains(part.as_str()))
    }
}

fn answer(
    request: &Request,
    status: u16,
    headers: &BTreeMap<String, Value>,
    body: Option<&Value>,
    now: Timestamp,
) -> Reply {
    let text = match body {
        None => String::new(),
        Some(Value::String(text)) => text.to_string(),
        Some(other) => other.to_json(),
    };
    let header = |value: &Value| value.as_str().map_or_else(|| value.to_json(), str::to_owned);
    let retry_after =
        headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("retry-after")).map(|(_, value)| header(value));
    // A JSON body is given as it is, so that a body which is a JSON string stays one.
    let outcome = match body {
        Some(value) if (200..300).contains(&status) => zis_flow::Outcome::Done(value.clone()),
        _ => response::outcome(status, retry_after.as_deref(), text.as_bytes(), now),
    };
    let mut exchange = exchange(request, Some(status));
    exchange.response_headers = headers.iter().map(|(name, value)| (name.clone(), header(value))).collect();
    exchange.response_body = (!(200..300).contains(&status)).then_some(text);
    Reply { exchange: Some(exchange), ..Reply::new(outcome) }
}

fn exchange(request: &Request, status: Option<u16>) -> Exchange {
    Exchange {
        method: request.method.as_str().to_owned(),
        url: address(request),
        status,
        request_headers: request.headers.clone(),
        ..Exchange::default()
    }
}

/// The URL or path with its query, as it would be sent.
pub fn address(request: &Request) -> String {
    let (zis_flow::effect::Target::Url(base) | zis_flow::effect::Target::Path(base)) = &request.target;
    let query: Vec<String> = request.query.iter().map(|(key, value)| format!("{key}={value}")).collect();
    match (query.is_empty(), base.contains('?')) {
        (true, _) => base.clone(),
        (false, false) => format!("{base}?{}", query.join("&")),
        (false, true) => format!("{base}&{}", query.join("&")),
    }
}

/// The request's body as JSON; a form is an object of strings.
pub fn body_of(request: &Request) -> Option<Value> {
    match request.body.as_ref()? {
        Body::Json(value) => Some(value.clone()),
        Body::Form(pairs) => Some(Value::object(pairs.iter().map(|(key, value)| (key.as_str(), Value::string(value))))),
    }
}
