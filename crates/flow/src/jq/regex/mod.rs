//! Regular expressions in the syntax and with the meaning that jq's engine (Oniguruma, Perl syntax) gives them.
//!
//! Ours, because the crates at hand either lack look-around and back references or cannot be stopped: this one walks its
//! alternatives in order, keeps them on a heap-allocated stack and pays fuel for every step, so that a pattern that would try
//! forever ends as any program does that takes too many steps.

mod class;
mod code;
mod escape;
mod parse;
mod run;

pub(super) use code::Code;
pub(super) use parse::Options;

/// Where a match and its groups lie, in bytes; `None` for a group that took no part.
pub(super) type Spans = Vec<Option<(usize, usize)>>;

/// Compiles `pattern`; the error says what is wrong with it.
pub(super) fn compile(pattern: &str, options: Options) -> Result<Code, String> {
    let parsed = parse::parse(pattern, options)?;
    code::generate(parsed)
}

impl Code {
    /// The first match in `text` that starts at byte `from` or later.
    pub(super) fn find(&self, text: &str, from: usize) -> Option<Spans> {
        run::search(self, text, from)
    }
}
