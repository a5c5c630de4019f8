//! Custom actions: build, authenticate, send, read, and say what happened without saying the secret (spec 2.4).

use std::{sync::Arc, time::Instant};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use secrecy::{ExposeSecret, SecretString};
use zis_flow::{Call, Failure, Outcome, Retry, Timestamp, effect::Request, failure, journal::Exchange, response};
use zis_store::connection::{Connection, Detail};

use super::{Caller, Done, live::Live, mask::Masker, request};
use crate::{
    connection,
    outbound::{self, guard::host_matches},
};

/// Bytes of a refused answer's body that the journal keeps.
const MAX_KEPT_BODY: usize = 4 * 1024;
/// Characters of it that the failure's detail shows.
const MAX_SHOWN_BODY: usize = 200;
/// D6: the same after a crash and after a flow retry, so that the receiver can tell a repeat.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A failure that no repeat mends.
pub(super) fn refused(reason: impl std::fmt::Display) -> Failure {
    Failure::new(failure::error::TASK_FAILED, format!("external action failed: {reason}"))
}

/// Performs a custom action.
pub(super) async fn perform(live: &Live, caller: &Caller, call: &Call, request: &Request, now: Timestamp) -> Done {
    let started = Instant::now();
    let mut attempt = match Attempt::prepare(live, caller, call, request, now).await {
        Ok(attempt) => attempt,
        Err(failure) => return Done::failed(failure),
    };
    let mut answer = attempt.send(live, call, now, started).await;
    let unauthorized = answer.as_ref().is_ok_and(|answer| answer.status == StatusCode::UNAUTHORIZED);
    if unauthorized && attempt.renew(live).await {
        answer = attempt.send(live, call, now, started).await;
    }
    let elapsed = started.elapsed();
    metrics::counter!("zis_outbound_requests_total", "outcome" => class(&answer)).increment(1);
    metrics::histogram!("zis_outbound_seconds").record(elapsed.as_secs_f64());
    let micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
    attempt.conclude(answer, now, micros)
}

fn class(answer: &Result<outbound::Response, outbound::Error>) -> &'static str {
    match answer {
        Ok(answer) => match answer.status.as_u16() / 100 {
            2 => "2xx",
            3 => "3xx",
            4 => "4xx",
            _ => "5xx",
        },
        Err(outbound::Error::Timeout(_) | outbound::Error::Deadline) => "timeout",
        Err(outbound::Error::Network(_)) => "network",
        Err(_) => "refused",
    }
}

/// One action on its way: the request, and what must not be shown of it.
struct Attempt {
    request: outbound::Request,
    to_zendesk: bool,
    /// Of the connection, when the action names one.
    connection: Option<Arc<Connection>>,
    masker: Masker,
}

impl Attempt {
    async fn prepare(
        live: &Live,
        caller: &Caller,
        call: &Call,
        request: &Request,
        now: Timestamp,
    ) -> Result<Self, Failure> {
        let zendesk = &live.options.zendesk;
        let built = request::build(request, zendesk, &caller.subdomain, &live.options.user_agent);
        let (mut sent, to_zendesk) =
            built.map_err(|reason| refused(&reason).detail(format!("action `{}`: {reason}", request.action)))?;
        if !request.method.is_safe() && !sent.headers.contains_key(&IDEMPOTENCY_KEY) {
            let key = HeaderValue::from_str(&caller.idempotency_key).map_err(|_| refused("bad idempotency key"))?;
            sent.headers.insert(IDEMPOTENCY_KEY, key);
        }
        let mut masker = Masker::default();
        for token in live.connections.known_to_flows(caller.account, &caller.integration) {
            masker.add(token.expose_secret());
        }
        let mut attempt = Self { request: sent, to_zendesk, connection: None, masker };
        if let Some(name) = &request.connection {
            let fresh = live.connections.fresh(caller.account, &caller.integration, name);
            let limit = call.deadline.since(now);
            let found = tokio::time::timeout(limit, fresh).await.map_err(|_| timed_out())?;
            let connection = found.map_err(|error| unusable(name, &error))?.ok_or_else(|| {
                refused(format!("connection `{name}` does not exist")).detail(format!(
                    "integration `{}` has no connection `{name}`; it was there when the flow started",
                    caller.integration
                ))
            })?;
            attempt.check_domain(live, caller, &connection)?;
            live.connections.note_use(&connection);
            attempt.authenticate(connection)?;
        }
        Ok(attempt)
    }

    /// API keys, passwords and bearer tokens go to the host that they were made for and to no other (spec 2.4.6).
    fn check_domain(&self, live: &Live, caller: &Caller, connection: &Connection) -> Result<(), Failure> {
        let (Detail::ApiKey { allowed_domain, .. }
        | Detail::BasicAuth { allowed_domain, .. }
        | Detail::BearerToken { allowed_domain, .. }) = &connection.detail
        else {
            return Ok(());
        };
        let host = self.request.url.host_str().unwrap_or_default();
        let zendesk = &live.options.zendesk;
        // The account's Zendesk answers under its hosted name too, wherever it really is.
        let hosted = self.to_zendesk && host_matches(allowed_domain, &zendesk.name(&caller.subdomain));
        let local = self.to_zendesk && outbound::guard::is_local(host) && outbound::guard::is_local(allowed_domain);
        if hosted || local || host_matches(allowed_domain, host) {
            return Ok(());
        }
        let name = &connection.name;
        Err(refused(format!("connection `{name}` may not be used on host `{host}`"))
            .detail(format!("the connection's allowed_domain is `{allowed_domain}`; nothing was sent")))
    }

    /// Adds the credential, and makes sure that it is not shown.
    fn authenticate(&mut self, connection: Arc<Connection>) -> Result<(), Failure> {
        let secret = connection.detail.secret();
        self.masker.add(secret.expose_secret());
        let (name, text) = match &connection.detail {
            Detail::ApiKey { header_name, api_key, .. } => {
                let name = HeaderName::try_from(header_name.as_str()).unwrap_or(header::AUTHORIZATION);
                (name, api_key.clone())
            }
            Detail::BasicAuth { username, password, .. } => {
                let pair = STANDARD.encode(format!("{username}:{}", password.expose_secret()));
                self.masker.add(&pair);
                (header::AUTHORIZATION, SecretString::from(format!("Basic {pair}")))
            }
            Detail::BearerToken { .. } | Detail::Oauth(_) => {
                (header::AUTHORIZATION, SecretString::from(format!("Bearer {}", secret.expose_secret())))
            }
        };
        let mut value = HeaderValue::from_bytes(text.expose_secret().as_bytes()).map_err(|_| {
            refused(format!("the secret of connection `{}` can't be sent in a header", connection.name))
        })?;
        value.set_sensitive(true);
        self.request.headers.insert(name.clone(), value);
        self.masker.add_header(name.clone());
        self.request.credentials = vec![name];
        self.connection = Some(connection);
        Ok(())
    }

    /// After a 401: puts a renewed token into the request. False when there is none.
    async fn renew(&mut self, live: &Live) -> bool {
        let Some(used) = &self.connection else { return false };
        match live.connections.after_refusal(used).await {
            Some(renewed) => self.authenticate(renewed).is_ok(),
            None => false,
        }
    }

    async fn send(
        &self,
        live: &Live,
        call: &Call,
        now: Timestamp,
        started: Instant,
    ) -> Result<outbound::Response, outbound::Error> {
        let left = call.deadline.since(now).saturating_sub(started.elapsed());
        live.http.send(&self.request, left).await
    }

    /// The outcome and its record, both without secrets.
    fn conclude(&self, answer: Result<outbound::Response, outbound::Error>, now: Timestamp, micros: u64) -> Done {
        let mut exchange = Exchange {
            method: self.request.method.as_str().to_owned(),
            url: self.masker.text(self.request.url.as_str()),
            micros,
            request_headers: self.masker.headers(&self.request.headers),
            ..Exchange::default()
        };
        let place = |exchange: &Exchange| format!("{} {}", exchange.method, exchange.url);
        let outcome = match answer {
            Ok(answer) => {
                exchange.status = Some(answer.status.as_u16());
                exchange.response_headers = self.masker.headers(&answer.headers);
                let retry_after = text(&answer.headers, &header::RETRY_AFTER);
                match response::outcome(answer.status.as_u16(), retry_after, &answer.body, now) {
                    Outcome::Done(value) => Outcome::Done(self.masker.value(value)),
                    Outcome::Failed(failure) => {
                        let body = self.kept(&answer.body);
                        let shown: String = body.chars().take(MAX_SHOWN_BODY).collect();
                        exchange.response_body = Some(body).filter(|body| !body.is_empty());
                        let status = answer.status;
                        Outcome::Failed(failure.detail(format!("{} answered {status}: {shown}", place(&exchange))))
                    }
                    Outcome::Nothing => Outcome::Nothing,
                }
            }
            Err(error) => no_answer(&error, &place(&exchange), &self.masker),
        };
        Done { outcome, exchange: Some(exchange), statements: Vec::new() }
    }

    /// The beginning of a refused answer's body. Cut after masking, so that no half of a secret is left at the edge.
    fn kept(&self, body: &[u8]) -> String {
        let cut = &body[..body.len().min(MAX_KEPT_BODY * 4)];
        let mut text = self.masker.text(&String::from_utf8_lossy(cut));
        let mut end = text.len().min(MAX_KEPT_BODY);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn timed_out() -> Failure {
    match response::state_timeout() {
        Outcome::Failed(failure) => failure,
        _ => refused("timed out"),
    }
}

/// What the flow gets when no answer came.
fn no_answer(error: &outbound::Error, place: &str, masker: &Masker) -> Outcome {
    let detail = format!("{place}: {}", masker.text(&error.to_string()));
    let outcome = match error {
        outbound::Error::Deadline => response::state_timeout(),
        outbound::Error::Timeout(_) => response::request_timeout(),
        outbound::Error::Network(_) => response::no_answer(masker.text(&error.to_string())),
        error => Outcome::Failed(refused(masker.text(&error.to_string()))),
    };
    match outcome {
        Outcome::Failed(failure) => Outcome::Failed(failure.detail(detail)),
        other => other,
    }
}

/// A connection that is there but gives no credential.
fn unusable(name: &str, error: &connection::Error) -> Failure {
    let transient = match error {
        connection::Error::Provider { transient, .. } => *transient,
        connection::Error::Store(_) => true,
        _ => false,
    };
    let failure = refused(format!("the token of connection `{name}` could not be renewed")).detail(error.to_string());
    if transient { failure.retry(Retry::Backoff) } else { failure }
}
