//! The interpreter alone: nanoseconds and allocations for each state of the tutorial's flow; jq; the linter.

use std::{
    alloc::{GlobalAlloc, Layout},
    hint::black_box,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use anyhow::{Context, Result, ensure};
use jaq_core::{
    Compiler, Ctx, Vars,
    data::JustLut,
    load::{Arena, File, Loader},
    unwrap_valr,
};
use mimalloc::MiMalloc;
use zis_bundle::document;
use zis_flow::{
    Machine, Outcome, Program, Settings, Step, Timestamp, Value,
    effect::Effect,
    jq::{Filter, Limits},
    machine::Start,
};

use crate::report::Table;

const ROUNDS: u64 = 100_000;
const BUNDLE: &str = include_str!("../../../examples/refund-router/bundle.json");
const INPUT: &str = include_str!("../../../examples/refund-router/inputs/200-premium.json");
const EXPR: &str = ".activity_event.user_activity.properties.refund_amount | tonumber";

/// The allocator of zis, counting.
pub struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

#[allow(unsafe_code, reason = "an allocator can't be written without; it only counts and hands on")]
// SAFETY: every call is handed to the other allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promise is what the other allocator asks for.
        unsafe { MiMalloc.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the pointer came from `alloc` above.
        unsafe { MiMalloc.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the pointer came from `alloc` above.
        unsafe { MiMalloc.realloc(pointer, layout, size) }
    }
}

pub fn run() -> Result<Vec<Table>> {
    let columns = ["what", "ns", "allocations", "the jaq crate alone: ns", "allocations", "ours : jaq"];
    let mut table = Table::new("One thread.", &columns);
    let (program, document, transitions) = tutorial()?;
    let (ns, allocations) = time(ROUNDS, || {
        let mut machine = Machine::start(program.clone(), start(document.clone()));
        drive(&mut machine)
    });
    let each = |sum: f64| sum / f64::from(transitions);
    table.row(["the tutorial's longest path (case b)".to_owned(), format!("{ns:.0}"), format!("{allocations:.1}")]);
    table.row([
        format!("per transition ({transitions} states)"),
        format!("{:.0}", each(ns)),
        format!("{:.2}", each(allocations)),
    ]);

    let input = document.get("input").cloned().context("the document has an input")?;
    let filter = Filter::compile(EXPR)?;
    let (ns, allocations) = time(ROUNDS, || filter.first(input.clone(), Timestamp(0), Limits::QUICK).is_ok());
    let text = input.to_json();
    let (jaq_ns, jaq_allocations) = jaq(&text)?;
    table.row([
        "jq: the tutorial's expression".to_owned(),
        format!("{ns:.0}"),
        format!("{allocations:.1}"),
        format!("{jaq_ns:.0}"),
        format!("{jaq_allocations:.1}"),
        format!("{:.2}", ns / jaq_ns),
    ]);
    let (ns, allocations) = time(ROUNDS, || Value::from_json(&text).is_ok());
    table.row([format!("reading the event ({} bytes)", text.len()), format!("{ns:.0}"), format!("{allocations:.1}")]);
    let (ns, allocations) =
        time(1_000, || zis_lint::check(BUNDLE, "bundle.json", &zis_lint::Settings::default()).findings.len());
    table.row(["checking the tutorial's bundle".to_owned(), format!("{ns:.0}"), format!("{allocations:.0}")]);
    let long = long_bundle(10_000);
    let (ns, _) = time(3, || zis_lint::check(&long, "long.json", &zis_lint::Settings::default()).findings.len());
    table.row(["checking a bundle of 10,000 states".to_owned(), format!("{ns:.0}")]);
    table.note("Beside our jq, which counts steps and bytes and knows jq 1.6's ways, stands jaq with the values of its own crate `jaq-json`.");
    Ok(vec![table])
}

/// Nanoseconds and allocations of [`EXPR`] run by jaq over its own values.
fn jaq(input: &str) -> Result<(f64, f64)> {
    let wrong = |what: &str| anyhow::anyhow!("jaq does not {what} the tutorial's expression");
    let arena = Arena::default();
    let definitions = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
    let modules = Loader::new(definitions).load(&arena, File { code: EXPR, path: () }).map_err(|_| wrong("read"))?;
    let functions = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
    let filter = Compiler::default().with_funs(functions).compile(modules).map_err(|_| wrong("compile"))?;
    let input = jaq_json::read::parse_single(input.as_bytes()).map_err(|_| wrong("get the event for"))?;
    let once = || {
        let context = Ctx::<JustLut<jaq_json::Val>>::new(&filter.lut, Vars::new([]));
        matches!(filter.id.run((context, input.clone())).map(unwrap_valr).next(), Some(Ok(_)))
    };
    ensure!(once(), wrong("run"));
    Ok(time(ROUNDS, once))
}

/// A bundle whose flow is a chain of `states` Pass states.
fn long_bundle(states: usize) -> String {
    let chain: Vec<String> = (0..states)
        .map(|at| {
            let way = if at + 1 == states { "\"End\": true".to_owned() } else { format!("\"Next\": \"S{}\"", at + 1) };
            format!("\"S{at}\": {{\"Type\": \"Pass\", \"Result\": {at}, \"ResultPath\": \"$.r{}\", {way}}}", at % 50)
        })
        .collect();
    let flow = format!("{{\"StartAt\": \"S0\", \"States\": {{{}}}}}", chain.join(", "));
    format!(
        "{{\"name\": \"long\", \"zis_template_version\": \"2019-10-14\", \"resources\": {{\"f\": {{\"type\": \"ZIS::Flow\", \
         \"properties\": {{\"name\": \"f\", \"definition\": {flow}}}}}}}}}"
    )
}

fn time<T>(rounds: u64, mut work: impl FnMut() -> T) -> (f64, f64) {
    for _ in 0..rounds / 10 {
        black_box(work());
    }
    let (began, before) = (Instant::now(), ALLOCATIONS.load(Ordering::Relaxed));
    for _ in 0..rounds {
        black_box(work());
    }
    let allocations = ALLOCATIONS.load(Ordering::Relaxed) - before;
    (began.elapsed().as_nanos() as f64 / rounds as f64, allocations as f64 / rounds as f64)
}

/// The compiled flow, `$`, and how many states the path has.
fn tutorial() -> Result<(Arc<Program>, Value, u32)> {
    let text =
        BUNDLE.replace("EXTERNAL_TARGET_URL", "https://refunds.example.com/start").replace("INTEGRATION", "bench");
    let bundle =
        document::read(&text, &document::Options::default()).bundle.context("the tutorial's bundle is valid")?;
    let flow = bundle.flow("RefundRequestFlow").context("the bundle has its flow")?;
    let program = Program::compile(flow, |name| bundle.action(name), Arc::new(Settings::default()))?;
    let document = Value::object([
        ("account_id", Value::from(1_i64)),
        ("integration_key", Value::from("bench")),
        ("subdomain", Value::from("local")),
        ("input", Value::from_json(INPUT)?),
    ]);
    let mut machine = Machine::start(program.clone(), start(document.clone()));
    machine.record_trace();
    drive(&mut machine);
    let transitions = u32::try_from(machine.take_trace().len())?;
    Ok((program, document, transitions))
}

fn start(document: Value) -> Start {
    Start { document, connections: Value::Null, now: Timestamp(0), deadline: Timestamp(i64::MAX), may_retry: true }
}

/// Runs to the end; every call is answered with a premium profile.
fn drive(machine: &mut Machine) -> u32 {
    let profile = Value::object([("attributes", Value::object([("membership", Value::from("premium"))]))]);
    let answer = Value::object([("profile", profile)]);
    let mut calls = 0;
    loop {
        match machine.step() {
            Step::Perform(Effect::Call(call)) => {
                calls += 1;
                machine.resume(call.id, Outcome::Done(answer.clone()), Timestamp(0));
            }
            Step::Perform(_) | Step::Blocked | Step::End(_) => return calls,
        }
    }
}
