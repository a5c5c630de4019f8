//! `zis:common:transform:Jq`: jq programs over our own values, bounded in steps, bytes, depth and time (D16, spec 4.1).

use std::sync::Arc;

use crate::{time::Timestamp, value::Value};

/// A compiled program; cheap to clone, shared between threads.
#[derive(Clone)]
pub struct Filter {
    _inner: Arc<()>,
}

impl std::fmt::Debug for Filter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Filter")
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
        let _ = program;
        todo!()
    }

    /// The first output of the program on `input`; `None` when there is none. `now` is what `now` gives.
    pub fn first(&self, input: Value, now: Timestamp, limits: Limits) -> Result<Option<Value>, JqError> {
        let _ = (input, now, limits);
        todo!()
    }

    /// All outputs, at most `most`.
    pub fn all(&self, input: Value, now: Timestamp, limits: Limits, most: usize) -> Result<Vec<Value>, JqError> {
        let _ = (input, now, limits, most);
        todo!()
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

/// Stack for threads that run full-budget programs: reserved, not used, unless a program recurses deeply.
pub const STACK_BYTES: usize = 256 * 1024 * 1024;
