//! From a program's text to a compiled filter, and from jaq's complaints to readable errors with a place.

use std::{ops::Range, sync::LazyLock};

use jaq_core::{
    Compiler,
    compile::Undefined,
    load::{self, Arena, Error, File, Lexer, Loader, lex, parse},
};

use super::{JqError, Kind, natives};

/// The builtins written in jq, parsed once.
static PRELUDE: LazyLock<Vec<parse::Def>> = LazyLock::new(|| {
    load::parse(include_str!("prelude.jq"), |parser| parser.defs()).expect("the prelude is correct: a test compiles it")
});

/// Names that jq has and programs here have not, because a flow's program sees its data and nothing else.
const REFUSED: &[&str] = &[
    "input",
    "inputs",
    "debug",
    "stderr",
    "env",
    "$ENV",
    "halt",
    "halt_error",
    "input_filename",
    "get_search_list",
    "$__prog_args",
    "modulemeta",
];

pub(super) fn compile(program: &str) -> Result<jaq_core::Filter<Kind>, JqError> {
    check_tokens(program)?;
    let arena = Arena::default();
    let modules = Loader::new(PRELUDE.iter().cloned())
        .load(&arena, File { code: program, path: () })
        .map_err(|errors| first(program, errors, |error| loading(program, error)))?;
    Compiler::default()
        .with_funs(natives::all())
        .compile(modules)
        .map_err(|errors| first(program, errors, |errors| errors.first().map(|error| undefined(program, error))))
}

/// What must not reach jaq's parser: directives that read files.
fn check_tokens(program: &str) -> Result<(), JqError> {
    let Ok(tokens) = Lexer::new(program).lex() else { return Ok(()) };
    match tokens.first() {
        Some(lex::Token(word @ ("import" | "include" | "module"), _)) => Err(JqError::Compile {
            message: format!("`{word}` is not available: a flow's program cannot read other files"),
            at: place(program, word),
        }),
        _ => Ok(()),
    }
}

fn first<'p, E>(
    program: &str,
    errors: load::Errors<&'p str, (), E>,
    describe: impl Fn(&E) -> Option<(String, Range<usize>)>,
) -> JqError {
    let described = errors.iter().find_map(|(_, error)| describe(error));
    let (message, at) = described.unwrap_or_else(|| ("the program cannot be read".to_owned(), 0..program.len()));
    JqError::Compile { message, at }
}

fn loading(program: &str, error: &Error<&str>) -> Option<(String, Range<usize>)> {
    match error {
        Error::Io(files) => {
            let (path, problem) = files.first()?;
            Some((problem.clone(), place(program, path)))
        }
        Error::Lex(errors) => errors.first().map(|(expected, found)| lexing(program, expected, found)),
        Error::Parse(errors) => {
            let (expected, found) = errors.first()?;
            let at = place(program, found);
            let found =
                if found.is_empty() { "the program ends".to_owned() } else { format!("`{}` stands", start(found)) };
            Some((format!("{found} where {} is expected", article(expected.as_str())), at))
        }
    }
}

fn lexing(program: &str, expected: &lex::Expect<&str>, found: &str) -> (String, Range<usize>) {
    let at = place(program, found);
    // An opening delimiter is reported from itself on.
    let at = at.start..(at.start + found.chars().next().map_or(0, char::len_utf8));
    match expected {
        lex::Expect::Delim(open) => {
            let open = place(program, open);
            let what = &program[open.clone()];
            (format!("`{what}` is never closed"), open)
        }
        lex::Expect::Token => (format!("`{}` is no part of jq", start(found)), at),
        other => (format!("{} is expected here", article(other.as_str())), at),
    }
}

fn undefined(program: &str, (name, kind): &(&str, Undefined)) -> (String, Range<usize>) {
    let at = place(program, name);
    let message = match kind {
        _ if REFUSED.contains(name) => format!("`{name}` is not available: a flow's program sees its data alone"),
        Undefined::Filter(arity) => format!("{name}/{arity} is not defined"),
        Undefined::Var => format!("{name} is not defined"),
        Undefined::Label => format!("*label-{} is not defined", name.trim_start_matches('$')),
        _ => format!("{name} is not defined"),
    };
    (message, at)
}

fn article(what: &str) -> String {
    match what {
        "nothing" => "the end".to_owned(),
        _ if what.chars().all(char::is_alphabetic) && what.len() > 4 => format!("a {what}"),
        _ => format!("`{what}`"),
    }
}

/// The beginning of what was found, short enough for a message.
fn start(found: &str) -> String {
    let mut short: String = found.chars().take(20).collect();
    if short.len() < found.len() {
        short.push('…');
    }
    short
}

/// Where `part` lies in the program; nowhere when it is no part of it, as a name inside the prelude.
fn place(program: &str, part: &str) -> Range<usize> {
    let start = part.as_ptr().addr().wrapping_sub(program.as_ptr().addr());
    if start <= program.len() && start + part.len() <= program.len() { start..start + part.len() } else { 0..0 }
}
