//! An event on its way in: matched against what is installed, accepted with its executions in one transaction, and set going (D3a).

use std::{sync::Arc, time::Duration};

use zis_flow::{
    Failure, Program, Timestamp, Value,
    failure::error,
    journal::{Finish, Record, Replayed, Started, Status},
    machine::{Machine, Start},
};
use zis_store::{
    AccountId, EventId, ExecutionId, Statement, StoreError,
    event::{self, Event},
    execution::{self, Execution},
    log,
};

use crate::{
    admission::Slot,
    catalog::{Ready, Route},
    core::Core,
    engine::{Accepted, Incoming},
    error::EngineError,
    finish::{self, code},
    ledger::Ledger,
    logbook,
    recover::Cause,
    run::Run,
    signal::Signal,
};

/// How often an event is matched again because the catalog changed meanwhile. Each time somebody else's change was kept.
const MOST_MATCHES: u32 = 100;
/// Statement of [`execution::accept`] that holds the catalog still.
const HOLD: usize = 0;
/// How long an `Idempotency-Key` is remembered.
const KEY_LIFE: Duration = Duration::from_secs(24 * 60 * 60);
/// Executions of one event that are told of a repeated key.
const MOST_REPEATED: usize = 10_000;

/// Where an event comes from.
pub(crate) enum Origin {
    /// From outside.
    Sender,
    /// It was accepted before, and somebody sends it again.
    Replay(Replayed),
    /// It follows from an execution of ours. When there is no room it is accepted all the same, and what it starts waits in the store.
    Engine,
}

/// Accepts `incoming`; durable when this returns.
pub(crate) async fn ingest(core: &Arc<Core>, incoming: Incoming, origin: Origin) -> Result<Accepted, EngineError> {
    core.accepting()?;
    let accept = {
        let core = core.clone();
        async move { accept(&core, incoming, origin).await }
    };
    let result = core.see_through(accept).await;
    if let Err(EngineError::Busy { .. } | EngineError::Store(StoreError::Busy { .. })) = &result {
        core.meters.refused.increment(1);
    }
    result
}

async fn accept(core: &Arc<Core>, mut incoming: Incoming, origin: Origin) -> Result<Accepted, EngineError> {
    let account = incoming.account;
    let also = std::mem::take(&mut incoming.also);
    let subdomain = core.options.subdomain(account);
    let mut event = event(core, incoming);
    let mut catalog = core.catalogs.get(core, account).await?;
    for _ in 0..MOST_MATCHES {
        let routes = catalog.matching(&event.source, &event.kind, event.integration.as_deref());
        let slots = match core.admission.enter(account, routes.len()) {
            Err(_) if matches!(origin, Origin::Engine) => Vec::new(),
            entered => entered?,
        };
        event.executions = u32::try_from(routes.len()).unwrap_or(u32::MAX);
        let batch = Batch::prepare(core, &event, routes, &subdomain, also.clone(), &origin).await?;
        let began = core.now();
        match execution::accept(&core.store, &event, &batch.executions, catalog.version, batch.also).await {
            Ok(_) => {
                core.meters.committed(core.now().since(began));
                let executions = Batch::launch(core, batch.executions, batch.programs, slots, &subdomain);
                return Ok(accepted(core, event, executions));
            }
            Err(StoreError::Expectation { statement: HOLD, .. }) => {}
            Err(StoreError::Duplicate { table }) if table == "event" => {
                if is_kept(core, &event).await? {
                    return late(core, event).await;
                }
                match repeated(core, &event).await? {
                    Repeat::Of(accepted) => return Ok(accepted),
                    Repeat::Expired => continue,
                    Repeat::No => return Err(StoreError::Duplicate { table }.into()),
                }
            }
            Err(StoreError::Unknown(text)) => {
                // It may be kept only later; whatever is told to the sender, what it started is looked for.
                core.doubt();
                if is_kept(core, &event).await? {
                    let executions = Batch::launch(core, batch.executions, batch.programs, slots, &subdomain);
                    return Ok(accepted(core, event, executions));
                }
                tracing::warn!(event = %event.id, error = %text, "the store lost an event before it was kept; trying again");
                continue;
            }
            Err(error) => return Err(error.into()),
        }
        catalog = core.catalogs.newer(core, account, catalog.version).await?;
    }
    Err(StoreError::Unavailable("the catalog changes faster than events can be matched".to_owned()).into())
}

fn event(core: &Core, incoming: Incoming) -> Event {
    Event {
        account: incoming.account,
        id: core.new_event(),
        source: incoming.source,
        kind: incoming.kind,
        integration: incoming.integration,
        payload: incoming.payload,
        received_at: core.now(),
        idempotency_key: incoming.idempotency_key,
        executions: 0,
    }
}

fn accepted(core: &Core, event: Event, executions: Vec<ExecutionId>) -> Accepted {
    core.meters.events.increment(1);
    core.meters.accepted.increment(executions.len() as u64);
    core.signal(|| Signal::EventAccepted { account: event.account, id: event.id.clone() });
    Accepted { event: event.id, executions, repeated: false }
}

/// Whether the store has the event. Its id is new, so that only this ingest can have put it there.
async fn is_kept(core: &Core, event: &Event) -> Result<bool, StoreError> {
    Ok(event::show(&core.store, event.account, &event.id).await?.is_some())
}

/// An earlier try, whose answer was lost, was kept after all: its executions are the event's.
async fn late(core: &Arc<Core>, event: Event) -> Result<Accepted, EngineError> {
    let executions = executions_of(core, event.account, &event.id).await?;
    for id in &executions {
        core.wake(event.account, id.clone(), Cause::Adopted);
    }
    Ok(accepted(core, event, executions))
}

/// What a taken key means.
enum Repeat {
    /// The first answer, again.
    Of(Accepted),
    /// The key's day is over: it is free now.
    Expired,
    /// Another row of the transaction was the double.
    No,
}

async fn repeated(core: &Core, event: &Event) -> Result<Repeat, EngineError> {
    let Some(key) = &event.idempotency_key else { return Ok(Repeat::No) };
    let Some(first) = event::by_key(&core.store, event.account, key).await? else { return Ok(Repeat::No) };
    if event.received_at.since(first.received_at) >= KEY_LIFE {
        // Strictly before this moment, and the first one was: it is this key's event that loses it.
        event::release_key(&core.store, event.account, key, event.received_at).await?;
        return Ok(Repeat::Expired);
    }
    let same = first.source == event.source
        && first.kind == event.kind
        && first.integration == event.integration
        && first.payload == event.payload;
    if !same {
        return Err(EngineError::KeyReused);
    }
    core.meters.repeated.increment(1);
    let executions = executions_of(core, event.account, &first.id).await?;
    Ok(Repeat::Of(Accepted { event: first.id, executions, repeated: true }))
}

/// The executions an event started, in the order they were made.
async fn executions_of(core: &Core, account: AccountId, id: &EventId) -> Result<Vec<ExecutionId>, StoreError> {
    let filter = execution::Filter { event_id: Some(id.clone()), ..Default::default() };
    let mut rows = execution::list(&core.store, account, &filter, None, MOST_REPEATED).await?;
    rows.reverse();
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// What one event starts.
struct Batch {
    executions: Vec<(Execution, Vec<Record>)>,
    /// The program of each execution that is to run; `None` for one that ended before its first state.
    programs: Vec<Option<Arc<Program>>>,
    also: Vec<Statement>,
    replayed: Option<Replayed>,
}

impl Batch {
    async fn prepare(
        core: &Core,
        event: &Event,
        routes: &[Arc<Route>],
        subdomain: &str,
        also: Vec<Statement>,
        origin: &Origin,
    ) -> Result<Self, EngineError> {
        let replayed = match origin {
            Origin::Replay(replayed) => Some(replayed.clone()),
            Origin::Sender | Origin::Engine => None,
        };
        let mut batch = Self { executions: Vec::with_capacity(routes.len()), programs: Vec::new(), also, replayed };
        for route in routes {
            let ready = route.ready(core, event.account).await?;
            let refusal = match &ready.program {
                Ok(program) => {
                    let missing = missing_connection(core, event.account, &route.integration, program).await;
                    missing.map(|failure| (failure, code::NO_CONNECTION))
                }
                Err(text) => Some((Failure::new(error::RUNTIME, text.clone()), code::NO_FLOW)),
            };
            batch.add(core, event, route, ready, subdomain, refusal);
        }
        Ok(batch)
    }

    fn add(
        &mut self,
        core: &Core,
        event: &Event,
        route: &Route,
        ready: &Ready,
        subdomain: &str,
        refusal: Option<(Failure, &'static str)>,
    ) {
        let at = event.received_at;
        let mut row = row(core, event, route);
        let started = Started {
            at,
            flow: route.flow.clone(),
            pin: ready.pin.clone(),
            document: document(event, &route.integration, subdomain),
            replayed: self.replayed.clone(),
        };
        let mut records = Vec::with_capacity(2);
        records.push(Record::Started(started));
        let program = match (refusal, &ready.program) {
            (None, Ok(program)) => {
                let deadline = at.saturating_add(core.options.flow.timeout);
                records.push(Record::AttemptStarted { attempt: 1, at, deadline, may_retry: row.max_attempts > 1 });
                Some(program.clone())
            }
            (refusal, _) => {
                let otherwise = || (Failure::new(error::RUNTIME, "the flow cannot run"), code::NO_FLOW);
                let (failure, code) = refusal.unwrap_or_else(otherwise);
                let result = Finish::Failed { failure, state: None, path: None };
                let (level, text) = finish::describe(&mut row, &result, Some(code), at);
                self.also.push(log::insert(&logbook::line(&row, at, level, text)));
                records.push(Record::Finished { at, attempt: 1, result });
                None
            }
        };
        self.programs.push(program);
        self.executions.push((row, records));
    }

    /// Sets everything going that has not ended yet.
    fn launch(
        core: &Arc<Core>,
        executions: Vec<(Execution, Vec<Record>)>,
        programs: Vec<Option<Arc<Program>>>,
        slots: Vec<Slot>,
        subdomain: &str,
    ) -> Vec<ExecutionId> {
        let mut ids = Vec::with_capacity(executions.len());
        let mut slots = slots.into_iter();
        for ((row, records), program) in executions.into_iter().zip(programs) {
            ids.push(row.id.clone());
            match (program, slots.next()) {
                (Some(program), Some(slot)) => launch(core, row, records, program, slot, subdomain),
                (Some(_), None) => core.wake(row.account, row.id, Cause::Adopted),
                (None, _) => core.meters.finished(row.status, Duration::ZERO),
            }
        }
        ids
    }
}

/// The failure of a flow that needs a connection that is not there (spec 2.4.6): it does not even start.
pub(crate) async fn missing_connection(
    core: &Core,
    account: AccountId,
    integration: &str,
    program: &Program,
) -> Option<Failure> {
    if program.connections.is_empty() {
        return None;
    }
    let name = core.actor.missing_connection(account, integration, &program.connections).await?;
    let text = format!("Cannot start flow because the connection named \"{name}\" does not exist");
    Some(Failure::new(error::RUNTIME, text))
}

/// The value of `$.connections` (spec 3.1).
pub(crate) async fn exposed(core: &Core, account: AccountId, integration: &str, program: &Program) -> Value {
    if program.exposed_connections.is_empty() {
        return Value::Null;
    }
    core.actor.exposed(account, integration, &program.exposed_connections).await
}

fn row(core: &Core, event: &Event, route: &Route) -> Execution {
    Execution {
        account: event.account,
        id: core.new_execution(),
        integration: route.integration.clone(),
        flow: route.flow.clone(),
        job_spec: Some(route.job_spec.clone()),
        event_id: event.id.clone(),
        bundle_uuid: route.bundle_uuid.clone(),
        bundle_digest: route.digest.clone(),
        status: Status::Running,
        attempt: 1,
        max_attempts: core.options.max_attempts.max(1),
        started_at: event.received_at,
        ended_at: None,
        wake_at: None,
        error: None,
        message: None,
        owner: core.owner(),
        seq: 1,
    }
}

/// `$` at the start (spec 5.1).
fn document(event: &Event, integration: &str, subdomain: &str) -> Value {
    Value::object([
        ("account_id", Value::from(event.account.0)),
        ("integration_key", Value::from(integration)),
        ("subdomain", Value::from(subdomain)),
        ("input", event.payload.clone()),
    ])
}

/// Starts the first attempt of an execution that was just accepted.
fn launch(core: &Arc<Core>, row: Execution, records: Vec<Record>, program: Arc<Program>, slot: Slot, subdomain: &str) {
    let mut begin = None;
    let mut document = Value::Null;
    for record in records {
        match record {
            Record::Started(started) => document = started.document,
            Record::AttemptStarted { deadline, may_retry, .. } => begin = Some((deadline, may_retry)),
            _ => {}
        }
    }
    let (Some((deadline, may_retry)), Some(entry)) = (begin, core.open.enter(&row.id)) else { return };
    let now: Timestamp = row.started_at;
    let (core_, subdomain) = (core.clone(), subdomain.to_owned());
    core.meters.attempts.increment(1);
    Run::spawn(core, row.account, row.id.clone(), async move {
        core_.meters.started(core_.now().since(now));
        let connections = exposed(&core_, row.account, &row.integration, &program).await;
        let machine = Machine::start(program, Start { document, connections, now, deadline, may_retry });
        let run = Run { core: core_, ledger: Ledger::of(&row), row, subdomain, entry, _slot: slot };
        run.drive(machine, Vec::new()).await;
    });
}
