//! What an evaluation has used: fuel, bytes and stack, counted per thread.
//!
//! jaq has no limits of its own and its value trait passes no context, so the account is a thread-local that exists while a
//! program runs. It is charged at every evaluated term ([`step`], called by the interpreter through `HasLut::lut`), by every value
//! operation that walks or makes something, and by our native filters. An overdrawn account unwinds to [`within`] without
//! touching the panic hook; no destructor charges, so an unwinding evaluation cannot unwind twice.

use std::{
    any::Any,
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
};

use crate::time::Timestamp;

use super::{JqError, Limits};

/// Stack that one level of [`Limits::depth`] stands for, and what every evaluation gets on top.
const STACK_PER_DEPTH: usize = 2 * 1024;
const STACK_BASE: usize = 64 * 1024;

/// Stack on which iterators cost nothing extra.
const STACK_FREE: usize = 8 * 1024;

/// Suspended computations of the interpreter, of about 180 bytes each.
const MOST_SUSPENDED: u64 = 120_000;

const FUEL: &str = "it takes too many steps";
const BYTES: &str = "it makes too much data";
const DEPTH: &str = "it recurses too deeply";
const LIVE: &str = "it keeps too much unfinished work";

struct Meter {
    fuel: Cell<u64>,
    bytes: Cell<u64>,
    live: Cell<u64>,
    stack_start: Cell<usize>,
    stack_most: Cell<usize>,
    now: Cell<i64>,
    /// Something was made: the result may be too large.
    made: Cell<bool>,
    /// A number was made that is none in JSON: NaN or infinite.
    odd: Cell<bool>,
}

thread_local! {
    static METER: Meter = const {
        Meter {
            fuel: Cell::new(u64::MAX),
            bytes: Cell::new(u64::MAX),
            live: Cell::new(0),
            stack_start: Cell::new(usize::MAX),
            stack_most: Cell::new(usize::MAX),
            now: Cell::new(0),
            made: Cell::new(false),
            odd: Cell::new(false),
        }
    };
}

/// The unwinding payload.
struct Stopped(&'static str);

/// Ends the evaluation.
pub(super) fn stop(why: &'static str) -> ! {
    resume_unwind(Box::new(Stopped(why)))
}

fn address_of_frame() -> usize {
    let probe = 0_u8;
    std::ptr::from_ref(std::hint::black_box(&probe)).addr()
}

/// Runs `work` with a fresh account; the account of an outer evaluation comes back afterwards.
pub(super) fn within<T>(
    limits: Limits,
    now: Timestamp,
    work: impl FnOnce() -> Result<T, JqError>,
) -> Result<T, JqError> {
    let stack =
        STACK_BASE + STACK_PER_DEPTH * usize::try_from(limits.depth).unwrap_or(usize::MAX / STACK_PER_DEPTH / 2);
    let fresh = [limits.fuel, limits.bytes, 0, address_of_frame() as u64, stack as u64, now.0.cast_unsigned(), 0, 0];
    let before = METER.with(|meter| meter.swap(fresh));
    let outcome = catch_unwind(AssertUnwindSafe(work));
    METER.with(|meter| meter.swap(before));
    outcome.unwrap_or_else(|payload| Err(reason(payload.as_ref())))
}

fn reason(payload: &(dyn Any + Send)) -> JqError {
    match payload.downcast_ref::<Stopped>() {
        Some(Stopped(why)) => JqError::Exhausted(why),
        None => JqError::Raised("the program met a fault of the jq interpreter".to_owned()),
    }
}

impl Meter {
    fn swap(&self, [fuel, bytes, live, start, most, now, made, odd]: [u64; 8]) -> [u64; 8] {
        [
            self.fuel.replace(fuel),
            self.bytes.replace(bytes),
            self.live.replace(live),
            self.stack_start.replace(start as usize) as u64,
            self.stack_most.replace(most as usize) as u64,
            self.now.replace(now.cast_signed()).cast_unsigned(),
            u64::from(self.made.replace(made != 0)),
            u64::from(self.odd.replace(odd != 0)),
        ]
    }

    fn burn(&self, fuel: u64) {
        match self.fuel.get().checked_sub(fuel) {
            Some(left) => self.fuel.set(left),
            None => stop(FUEL),
        }
    }
}

/// One evaluated term: a unit of fuel, and a look at the stack.
pub(super) fn step() {
    METER.with(|meter| {
        meter.burn(1);
        if meter.stack_start.get().saturating_sub(address_of_frame()) > meter.stack_most.get() {
            stop(DEPTH);
        }
    });
}

/// One item handed out by an iterator: on its way it passes every iterator around, which are as many as the stack is deep.
pub(super) fn item() {
    METER.with(|meter| {
        let stack = meter.stack_start.get().saturating_sub(address_of_frame());
        meter.burn(1 + (stack.saturating_sub(STACK_FREE) / STACK_PER_DEPTH) as u64);
    });
}

/// `count` values looked at.
pub(super) fn nodes(count: usize) {
    METER.with(|meter| meter.burn(count as u64));
}

/// `count` bytes made; copying them costs fuel as well.
pub(super) fn bytes(count: usize) {
    METER.with(|meter| {
        meter.made.set(true);
        match meter.bytes.get().checked_sub(count as u64) {
            Some(left) => meter.bytes.set(left),
            None => stop(BYTES),
        }
        meter.burn(count as u64 / 64);
    });
}

/// `count` bytes looked at one by one.
pub(super) fn scanned(count: usize) {
    nodes(count / 32);
}

/// `count` bytes copied or compared as a whole.
pub(super) fn copied(count: usize) {
    nodes(count / 512);
}

/// A value nested `depth` deep is about to be made.
pub(super) fn depth(depth: u32) {
    if depth > crate::value::MAX_DEPTH {
        stop("it nests values more than 512 deep");
    }
}

/// Notes that a number was made that is none in JSON.
pub(super) fn made_odd_number() {
    METER.with(|meter| meter.odd.set(true));
}

/// Whether there may be such a number.
pub(super) fn odd_numbers() -> bool {
    METER.with(|meter| meter.odd.get())
}

/// Whether anything was made at all: if not, a result is a part of the input.
pub(super) fn made() -> bool {
    METER.with(|meter| meter.made.get())
}

/// One more of the interpreter's suspended computations; each holds some hundred bytes.
pub(super) fn suspended() {
    METER.with(|meter| {
        meter.live.set(meter.live.get() + 1);
        if meter.live.get() > MOST_SUSPENDED {
            stop(LIVE);
        }
    });
}

/// One less.
pub(super) fn resumed() {
    METER.with(|meter| meter.live.set(meter.live.get().saturating_sub(1)));
}

/// What `now` gives: seconds since the epoch.
pub(super) fn now() -> f64 {
    METER.with(|meter| meter.now.get()) as f64 / 1e6
}
