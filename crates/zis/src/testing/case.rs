//! `*.zistest.yaml`: cases for the flows of one bundle.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result};
use serde::Deserialize;
use zis_flow::{
    Settings, Value,
    journal::{Finish, Record},
    simulate::{Report, Simulation},
    trace::{self, Visit},
};

use super::{
    expect::{Expect, ExpectRequest, Mismatch, equal, partial},
    mock::{Mocks, address, body_of},
    subject::{Subject, connections, known},
    world::{Link, World},
};
use crate::{files, progress::Progress};

/// How a simulated run can end.
const STATUSES: [&str; 4] = ["succeeded", "failed", "timed_out", "unfinished"];

/// A test file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// The bundle, relative to this file.
    pub bundle: PathBuf,
    /// Placeholder texts of the bundle and what to put there.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
    /// Mocks for all cases; a case's own mocks of an action replace them.
    #[serde(default)]
    pub mocks: Mocks,
    pub cases: Vec<Case>,
}

/// One run and what must hold of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub name: String,
    /// The flow by name; or by the event that a job spec subscribes to.
    #[serde(default)]
    pub flow: Option<String>,
    #[serde(default)]
    pub event: Option<EventRef>,
    /// What stands at `$.input`.
    #[serde(default)]
    pub input: Option<Value>,
    /// The same from a JSON file beside this one.
    #[serde(default)]
    pub input_file: Option<PathBuf>,
    /// Members to add to `$` or replace there.
    #[serde(default)]
    pub document: Option<Value>,
    #[serde(default)]
    pub mocks: Mocks,
    #[serde(default)]
    pub configs: BTreeMap<String, Value>,
    #[serde(default)]
    pub links: Vec<Link>,
    /// The connections that exist; all that the flow names, when not said.
    #[serde(default)]
    pub connections: Option<Vec<String>>,
    /// Delays of retries in milliseconds, for cases that look at the clock.
    #[serde(default)]
    pub retry_delays_ms: Option<Vec<u64>>,
    #[serde(default)]
    pub expect: Expect,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventRef {
    pub source: String,
    #[serde(rename = "type")]
    pub kind: String,
}

/// How a case went.
#[derive(Debug)]
pub struct Outcome {
    pub name: String,
    pub flow: String,
    pub mismatches: Vec<Mismatch>,
    pub visits: Vec<Visit>,
}

impl File {
    pub fn load(path: &Path) -> Result<Self> {
        files::yaml(path, "test file")
    }

    /// Runs all cases.
    pub fn run(&self, path: &Path, progress: &Progress) -> Result<(Subject, Vec<Outcome>)> {
        let folder = path.parent().unwrap_or(Path::new("."));
        let subject = Subject::load(&folder.join(&self.bundle), &self.values)?;
        subject.knows(&self.mocks)?;
        let outcomes = self.cases.iter().map(|case| {
            progress.step();
            self.run_case(&subject, case, folder).with_context(|| format!("{}: case `{}`", path.display(), case.name))
        });
        let outcomes = outcomes.collect::<Result<_>>()?;
        Ok((subject, outcomes))
    }

    fn run_case(&self, subject: &Subject, case: &Case, folder: &Path) -> Result<Outcome> {
        let flow = match &case.event {
            Some(event) => subject.flow_for(&event.source, &event.kind)?,
            None => subject.flow(case.flow.as_deref())?,
        };
        subject.knows(&case.mocks)?;
        known("status", &case.expect.status, STATUSES.into_iter())?;
        let program = subject.compile(flow, Settings::default())?;
        let mut outcome = Outcome {
            name: case.name.clone(),
            flow: flow.name.value.clone(),
            mismatches: Vec::new(),
            visits: Vec::new(),
        };
        if let Some(missing) = case.missing_connection(&program.connections) {
            let cause = format!("Cannot start flow because the connection named \"{missing}\" does not exist");
            outcome.mismatches = not_started(&case.expect, &cause);
            return Ok(outcome);
        }
        let mut document = subject.document(case.input(folder)?);
        if let Some(Value::Object(extra)) = &case.document {
            for (key, value) in extra.iter() {
                let path = zis_bundle::Path { segments: vec![zis_bundle::path::Segment::Key((**key).into())] };
                document = document.with(&path, value.clone()).unwrap_or(document);
            }
        }
        let mut mocks = self.mocks.clone();
        mocks.extend(case.mocks.clone());
        let mut world = World::new(mocks, case.configs.clone(), case.links.clone());
        let mut simulation = Simulation::new(program.clone(), document);
        simulation.connections = connections(&program);
        if let Some(delays) = &case.retry_delays_ms {
            simulation.delays = delays.iter().copied().map(Duration::from_millis).collect();
        }
        let now = simulation.now;
        let report = simulation.run(&mut |call, attempt| world.reply(call, attempt, now));
        outcome.visits = trace::replay(&report.records, &mut |_| Some(program.clone()));
        outcome.mismatches = compare(&case.expect, &report, &outcome.visits, &world);
        Ok(outcome)
    }
}

impl Case {
    fn input(&self, folder: &Path) -> Result<Value> {
        match (&self.input, &self.input_file) {
            (Some(input), _) => Ok(input.clone()),
            (None, Some(file)) => files::value(&folder.join(file)),
            (None, None) => Ok(Value::object::<&str>([])),
        }
    }

    fn missing_connection<'n>(&self, needed: &'n [String]) -> Option<&'n String> {
        let existing = self.connections.as_ref()?;
        needed.iter().find(|name| !existing.contains(name))
    }
}

/// The start check failed: nothing ran.
fn not_started(expect: &Expect, cause: &str) -> Vec<Mismatch> {
    let mut mismatches = Vec::new();
    equal("status", expect.status.as_ref(), &"failed".to_owned(), &mut mismatches);
    equal("cause", expect.cause.as_ref(), &cause.to_owned(), &mut mismatches);
    equal("path", expect.path.as_ref(), &Vec::new(), &mut mismatches);
    if expect.requests.as_ref().is_some_and(|requests| !requests.is_empty()) {
        mismatches.push(Mismatch::new("requests", "some", "none: the flow did not start"));
    }
    mismatches
}

fn compare(expect: &Expect, report: &Report, visits: &[Visit], world: &World) -> Vec<Mismatch> {
    let mut mismatches = Vec::new();
    let finish = report.records.iter().rev().find_map(|record| match record {
        Record::Finished { result, .. } => Some(result),
        _ => None,
    });
    let (status, message, failure) = match finish {
        Some(Finish::Succeeded { message }) => ("succeeded", Some(message.clone()), None),
        Some(Finish::Failed { failure, .. }) => ("failed", None, Some(failure)),
        Some(Finish::TimedOut { .. }) => ("timed_out", None, None),
        None => ("unfinished", None, None),
    };
    let last = visits.last().map_or(1, |visit| visit.attempt);
    let path: Vec<String> = visits
        .iter()
        .filter(|visit| visit.attempt == last && visit.path == visit.state)
        .map(|visit| visit.state.clone())
        .collect();
    equal("status", expect.status.as_ref(), &status.to_owned(), &mut mismatches);
    equal("path", expect.path.as_ref(), &path, &mut mismatches);
    equal("message", expect.message.as_ref(), &message.unwrap_or_default(), &mut mismatches);
    equal(
        "error",
        expect.error.as_ref(),
        &failure.map(|failure| failure.error.clone()).unwrap_or_default(),
        &mut mismatches,
    );
    equal(
        "cause",
        expect.cause.as_ref(),
        &failure.map(|failure| failure.cause.clone()).unwrap_or_default(),
        &mut mismatches,
    );
    equal("attempts", expect.attempts.as_ref(), &report.attempts, &mut mismatches);
    if let Some(expected) = &expect.requests {
        compare_requests(expected, world, &mut mismatches);
    }
    if let Some(expected) = &expect.document {
        let found = visits
            .iter()
            .rev()
            .find_map(|visit| visit.output.as_ref().or(Some(&visit.input)))
            .cloned()
            .unwrap_or_default();
        partial("document", expected, &found, &mut mismatches);
    }
    if let Some(expected) = &expect.configs {
        let found = Value::object(world.configs.iter().map(|(scope, config)| (scope.as_str(), config.clone())));
        partial("configs", expected, &found, &mut mismatches);
    }
    mismatches
}

fn compare_requests(expected: &[ExpectRequest], world: &World, mismatches: &mut Vec<Mismatch>) {
    let made = &world.requests;
    if expected.len() != made.len() {
        let names: Vec<&str> = made.iter().map(|(_, request)| request.action.as_str()).collect();
        mismatches.push(Mismatch::new(
            "requests",
            format!("{} requests", expected.len()),
            format!("{}: {}", made.len(), names.join(", ")),
        ));
    }
    for (at, (wanted, (_, request))) in expected.iter().zip(made).enumerate() {
        let place = |part: &str| format!("requests[{at}].{part}");
        equal(&place("action"), wanted.action.as_ref(), &request.action, mismatches);
        equal(&place("method"), wanted.method.as_ref(), &request.method.as_str().to_owned(), mismatches);
        let url = address(request);
        if let Some(part) = wanted.url.as_ref().filter(|part| !url.contains(part.as_str())) {
            mismatches.push(Mismatch::new(place("url"), part, &url));
        }
        let headers = Value::object(request.headers.iter().map(|(name, value)| (name.as_str(), Value::string(value))));
        let body = body_of(request).unwrap_or_default();
        for (part, wanted, found) in [("headers", &wanted.headers, &headers), ("body", &wanted.body, &body)] {
            if let Some(wanted) = wanted {
                partial(&place(part), wanted, found, mismatches);
            }
        }
        if let Some(wanted) = wanted.exact_body.as_ref().filter(|wanted| **wanted != body) {
            mismatches.push(Mismatch::new(place("exact_body"), wanted, &body));
        }
    }
}
