//! From an HTTP answer to an [`Outcome`]: what is success, what a body becomes, what is tried again (spec 2.4.5, 3.10).

use std::time::Duration;

use crate::{
    effect::Outcome,
    failure::{Failure, Retry, error},
    time::Timestamp,
    value::Value,
};

/// What a custom action gives for an answer. `retry_after` is the header of that name; `now` is needed for its date form.
pub fn outcome(status: u16, retry_after: Option<&str>, body: &[u8], now: Timestamp) -> Outcome {
    if (200..300).contains(&status) {
        return Outcome::Done(output(body));
    }
    let retry = match status {
        429 | 503 => retry_after.and_then(|text| parse_retry_after(text, now)).map_or(Retry::Backoff, Retry::After),
        500..=599 => Retry::Backoff,
        _ => Retry::Never,
    };
    let cause = format!("external action failed due to status code: {status}");
    Outcome::Failed(Failure::new(error::TASK_FAILED, cause).retry(retry))
}

/// The output that a 2xx answer's body makes: JSON as it is, `{}` when there is none, text that is no JSON as a string.
pub fn output(body: &[u8]) -> Value {
    let text = String::from_utf8_lossy(body);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    if text.trim().is_empty() {
        return Value::object::<&str>([]);
    }
    Value::from_json(text).unwrap_or_else(|_| Value::string(text))
}

/// A request that got no answer: the name was not found, the connection refused or broken, the answer malformed. Tried again.
pub fn no_answer(reason: impl std::fmt::Display) -> Outcome {
    let cause = format!("external action failed: {reason}");
    Outcome::Failed(Failure::new(error::TASK_FAILED, cause).retry(Retry::Backoff))
}

/// A request that got no answer in time; tried again like any network failure.
pub fn request_timeout() -> Outcome {
    let cause = "external action failed: the request timed out";
    Outcome::Failed(Failure::new(error::TIMEOUT, cause).retry(Retry::Backoff))
}

/// The state's own `TimeoutSeconds` is over: a runtime error, catchable, not tried again.
pub fn state_timeout() -> Outcome {
    Outcome::Failed(Failure::new(error::TIMEOUT, "the state took longer than its TimeoutSeconds"))
}

/// `Retry-After`: seconds or an HTTP date. `None` for anything else.
pub fn parse_retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let at = jiff::fmt::rfc2822::parse(text).ok()?;
    Some(Timestamp(at.timestamp().as_microsecond()).since(now))
}
