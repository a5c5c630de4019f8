//! `zis:common:transform:Jq`: jq programs over our own values, bounded in steps, bytes, depth and time (D16, spec 4.1).

mod compile;
mod fault;
mod meter;
mod natives;
mod ops;
mod order;
mod regex;
mod rewrite;
mod slice;
mod survey;
mod text;
mod update;
mod val;

use std::sync::Arc;

use jaq_core::{Ctx, DataT, Exn, Lut, Vars, data::HasLut};

use crate::{
    time::Timestamp,
    value::{MAX_DEPTH, Number, Value},
};

use val::Val;

/// A compiled program; cheap to clone, shared between threads.
#[derive(Clone)]
pub struct Filter {
    program: Arc<compile::Program>,
}

const _: () = {
    const fn shared<T: Send + Sync + Clone>() {}
    shared::<Filter>();
};

impl std::fmt::Debug for Filter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Filter")
    }
}

/// Tells jaq which values our programs work on.
struct Kind;

impl DataT for Kind {
    type V<'a> = Val;
    type Data<'a> = Table<'a>;
}

/// The program's terms. The interpreter asks for them at every term it evaluates, which is where steps are counted; it keeps a
/// copy for every computation it has suspended, which is how those are counted.
struct Table<'a>(&'a Lut<Kind>);

impl<'a> HasLut<'a, Kind> for Table<'a> {
    fn lut(&self) -> &'a Lut<Kind> {
        meter::step();
        self.0
    }
}

impl Clone for Table<'_> {
    fn clone(&self) -> Self {
        meter::suspended();
        Self(self.0)
    }
}

impl Drop for Table<'_> {
    fn drop(&mut self) {
        meter::resumed();
    }
}

/// What one evaluation may use. Units of fuel are charged per evaluated term, per byte made, and per node walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub fuel: u64,
    pub bytes: u64,
    pub depth: u32,
}

impl Limits {
    /// Enough for everyday programs and little enough to run on the caller's thread: a few hundred microseconds at most.
    pub const QUICK: Limits = Limits { fuel: 20_000, bytes: 1024 * 1024, depth: 200 };
}

impl Default for Limits {
    fn default() -> Self {
        Self { fuel: 2_000_000, bytes: 16 * 1024 * 1024, depth: 10_000 }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JqError {
    /// The program does not compile; the byte range of the fault in the program's text.
    #[error("jq: {message}")]
    Compile { message: String, at: std::ops::Range<usize> },
    /// The program raised an error.
    #[error("jq: {0}")]
    Raised(String),
    /// The program used up its fuel, bytes or depth.
    #[error("jq: the program was stopped: {0}")]
    Exhausted(&'static str),
}

impl Filter {
    /// Compiles `program` (about 0.3 ms). `import`, `include`, `input`, `inputs`, `env`, `$ENV`, `input_filename`,
    /// `get_search_list`, `debug`, `stderr` and `halt` are refused here or raise an error when run.
    pub fn compile(program: &str) -> Result<Self, JqError> {
        compile::compile(program).map(|program| Self { program: Arc::new(program) })
    }

    /// The first output of the program on `input`; `None` when there is none. `now` is what `now` gives.
    pub fn first(&self, input: Value, now: Timestamp, limits: Limits) -> Result<Option<Value>, JqError> {
        Ok(self.all(input, now, limits, 1)?.pop())
    }

    /// All outputs, at most `most`.
    pub fn all(&self, input: Value, now: Timestamp, limits: Limits, most: usize) -> Result<Vec<Value>, JqError> {
        match self.outputs(input, now, limits, most) {
            (outputs, None) => Ok(outputs),
            (_, Some(error)) => Err(error),
        }
    }

    /// The outputs, at most `most`, up to the error that ended the program, if one did.
    pub fn outputs(&self, input: Value, now: Timestamp, limits: Limits, most: usize) -> (Vec<Value>, Option<JqError>) {
        let mut results = Vec::new();
        let fuel = if self.program.chains { limits.fuel / CHAINED } else { limits.fuel };
        let outcome = meter::within(Limits { fuel, ..limits }, now, || {
            let filter = &self.program.filter;
            let context = Ctx::<Kind>::new(Table(&filter.lut), Vars::new([]));
            for output in filter.id.run((context, Val(input))).take(most) {
                results.push(output.map_err(raised).and_then(|value| result(value, limits))?);
            }
            Ok(())
        });
        (results, outcome.err())
    }
}

fn raised(exception: Exn<'_, Val>) -> JqError {
    match exception.get_err() {
        Ok(error) => JqError::Raised(cause(error.into_val())),
        // A `halt` is refused when the program is compiled and a `break` without its label too; neither gets here.
        Err(_) => JqError::Raised("break".to_owned()),
    }
}

/// The text of an uncaught error, as jq prints it.
fn cause(error: Val) -> String {
    match &error.0 {
        Value::String(text) => text.to_string(),
        _ => format!("(not a string): {}", error.to_json()),
    }
}

/// A value leaves the program: as JSON, not too deep and not too large when written out.
fn result(value: Val, limits: Limits) -> Result<Value, JqError> {
    if meter::made() {
        if value.0.depth() > MAX_DEPTH {
            return Err(JqError::Exhausted("its result is nested more than 512 deep"));
        }
        let most = usize::try_from(limits.bytes).unwrap_or(usize::MAX);
        if value.0.json_len(most) >= most {
            return Err(JqError::Exhausted("its result is too large"));
        }
    }
    Ok(if meter::odd_numbers() { finite(value.0) } else { value.0 })
}

/// NaN becomes null and infinities the largest number, as jq prints them.
fn finite(value: Value) -> Value {
    match value {
        Value::Number(number) if number.is_nan() => Value::Null,
        Value::Number(number) if number.as_f64().is_infinite() => Value::Number(Number::from(number.as_f64())),
        Value::Array(items) => Value::array(items.iter().cloned().map(finite)),
        Value::Object(object) => Value::object(object.iter().map(|(key, value)| (key.clone(), finite(value.clone())))),
        other => other,
    }
}

/// An evaluation to be done elsewhere: pure, may take up to a second and a deep stack.
#[derive(Debug, Clone)]
pub struct Job {
    pub filter: Filter,
    pub input: Value,
    pub now: Timestamp,
    pub limits: Limits,
}

impl PartialEq for Job {
    fn eq(&self, other: &Self) -> bool {
        self.input == other.input && self.now == other.now && self.limits == other.limits
    }
}

impl Job {
    /// Runs the job on the current thread, which should have [`STACK_BYTES`] of stack.
    pub fn run(self) -> Result<Option<Value>, JqError> {
        self.filter.first(self.input, self.now, self.limits)
    }
}

/// Programs that chain closures get this part of the fuel: the chain grows with every round and is dropped by recursion.
const CHAINED: u64 = 10;

/// Stack for threads that run full-budget programs: reserved, not used, unless a program recurses deeply.
pub const STACK_BYTES: usize = 256 * 1024 * 1024;
