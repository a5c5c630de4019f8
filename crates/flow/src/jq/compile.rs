//! From a program's text to a compiled filter, and from jaq's complaints to readable errors with a place.

use std::{ops::Range, sync::LazyLock, thread};

use jaq_core::{
    Compiler,
    compile::Undefined,
    load::{
        self, Arena, Error, File, Lexer, Loader, Parser,
        lex::{self, StrPart, Tok, Token},
    },
};

use super::{
    JqError, Kind, natives,
    rewrite::{self, Rewritten},
    survey::{Library, Survey},
};

/// The builtins written in jq, parsed once.
pub(super) static PRELUDE: LazyLock<Library> = LazyLock::new(|| {
    let defs = load::parse(include_str!("prelude.jq"), |parser| parser.defs());
    Library::new(defs.expect("the prelude is correct: a test compiles it"))
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

/// jaq's lexer, parser and compiler recurse: how deep at most, and where a thread of its own begins to be needed.
const MOST_NESTED: usize = 10_000;
const NESTED_HERE: usize = 40;

/// Stack for one level of nesting in a build without optimisation.
const STACK_PER_LEVEL: usize = 24 * 1024;

/// A program that is ready to run.
pub(super) struct Program {
    pub(super) filter: jaq_core::Filter<Kind>,
    /// See [`Survey::chains`].
    pub(super) chains: bool,
}

pub(super) fn compile(program: &str) -> Result<Program, JqError> {
    // Every level of nesting needs a bracket or an operator; with few brackets the lexer does not go deep.
    let brackets = program.bytes().filter(|byte| b"([{".contains(byte)).count();
    let nested = || Lexer::new(program).lex().map_or(brackets, |tokens| nesting(&tokens));
    let levels = if brackets <= NESTED_HERE { nested() } else { brackets.max(program.len().min(MOST_NESTED)) };
    if levels <= NESTED_HERE {
        return compile_here(program);
    }
    if levels > MOST_NESTED {
        return Err(too_nested(program));
    }
    let work = || if nested() > MOST_NESTED { Err(too_nested(program)) } else { compile_here(program) };
    thread::scope(|scope| {
        let stack = STACK_PER_LEVEL * (levels + NESTED_HERE);
        let thread = thread::Builder::new().name("jq-compile".to_owned()).stack_size(stack).spawn_scoped(scope, work);
        thread.ok().and_then(|thread| thread.join().ok()).unwrap_or_else(|| Err(too_nested(program)))
    })
}

fn too_nested(program: &str) -> JqError {
    JqError::Compile { message: "the program is too long or nested too deeply".to_owned(), at: 0..program.len() }
}

/// An upper bound of how deep the syntax tree is: every operator and keyword in a row may nest what follows it.
fn nesting(tokens: &[Token<&str>]) -> usize {
    let inside = |token: &Token<&str>| match &token.1 {
        Tok::Block(inner) => 1 + nesting(inner),
        Tok::Str(parts) => 1 + parts.iter().map(part_nesting).max().unwrap_or(0),
        _ => 0,
    };
    let row = tokens.iter().filter(|token| match token.1 {
        Tok::Sym => !token.0.starts_with('.') && !":?".contains(token.0),
        Tok::Word => ["if", "elif", "def", "try", "as", "label", "reduce", "foreach", "and", "or"].contains(&token.0),
        _ => false,
    });
    // Alternative patterns are written out as nested `try … catch`.
    let alternatives = tokens.windows(2).filter(|pair| pair[0].0 == "?" && pair[1].0 == "//").count();
    row.count() + 8 * alternatives + tokens.iter().map(inside).max().unwrap_or(0)
}

fn part_nesting(part: &StrPart<&str, Token<&str>>) -> usize {
    match part {
        StrPart::Term(Token(_, Tok::Block(inner))) => 1 + nesting(inner),
        _ => 0,
    }
}

fn compile_here(program: &str) -> Result<Program, JqError> {
    let rewritten = rewrite::rewrite(program, check_start)?;
    let text = rewritten.text.as_str();
    let Survey { calls, chains, .. } = survey(text);
    let arena = Arena::default();
    let modules = Loader::new(PRELUDE.select(&calls))
        .load(&arena, File { code: text, path: () })
        .map_err(|errors| first(&rewritten, errors, |error| loading(text, error)))?;
    let filter = Compiler::default()
        .with_funs(natives::all())
        .compile(modules)
        .map_err(|errors| first(&rewritten, errors, |errors| errors.first().map(|error| undefined(text, error))))?;
    Ok(Program { filter, chains })
}

/// What the program calls; nothing when it cannot be parsed, which the loader reports.
fn survey(text: &str) -> Survey<'_> {
    let tokens = Lexer::new(text).lex().unwrap_or_default();
    let term = Parser::new(&tokens).parse(|parser| parser.term());
    term.map_or_else(|_| Survey::default(), |term| Survey::of(&term))
}

/// What must not reach jaq's loader: directives that read files.
fn check_start(program: &str, tokens: &[Token<&str>]) -> Result<(), JqError> {
    match tokens.first() {
        Some(Token(word @ ("import" | "include" | "module"), _)) => Err(JqError::Compile {
            message: format!("`{word}` is not available: a flow's program cannot read other files"),
            at: place(program, word),
        }),
        _ => Ok(()),
    }
}

fn first<E>(
    rewritten: &Rewritten,
    errors: load::Errors<&str, (), E>,
    describe: impl Fn(&E) -> Option<(String, Range<usize>)>,
) -> JqError {
    let described = errors.iter().find_map(|(_, error)| describe(error));
    let (message, at) = described.unwrap_or_else(|| ("the program cannot be read".to_owned(), 0..rewritten.text.len()));
    JqError::Compile { message, at: rewritten.origin(at) }
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
            let found = match *found {
                "" => "the program ends".to_owned(),
                found => format!("`{}` stands", start(found)),
            };
            Some((format!("{found} where {} is expected", article(expected.as_str())), at))
        }
    }
}

fn lexing(program: &str, expected: &lex::Expect<&str>, found: &str) -> (String, Range<usize>) {
    let at = place(program, found);
    let at = at.start..(at.start + found.chars().next().map_or(0, char::len_utf8));
    match expected {
        lex::Expect::Delim(open) => {
            let open = place(program, open);
            (format!("`{}` is never closed", &program[open.clone()]), open)
        }
        lex::Expect::Token => (format!("`{}` is no part of jq", start(found)), at),
        other => (format!("{} is expected here", article(other.as_str())), at),
    }
}

fn undefined(program: &str, (name, kind): &(&str, Undefined)) -> (String, Range<usize>) {
    let at = place(program, name);
    let message = match kind {
        _ if REFUSED.contains(name) => format!("`{name}` is not available: a flow's program sees its data alone"),
        Undefined::Filter(_) if name.starts_with('@') => format!("{} is not a valid format", &name[1..]),
        Undefined::Filter(arity) => format!("{name}/{arity} is not defined"),
        Undefined::Label => format!("$*label-{} is not defined", name.trim_start_matches('$')),
        _ => format!("{name} is not defined"),
    };
    (message, at)
}

/// jaq's words for what it expected, as part of a sentence.
fn article(what: &str) -> String {
    match what {
        "nothing" => "the end of the program".to_owned(),
        "else or end" => "`else` or `end`".to_owned(),
        "string escape sequence" | "variable" | "pattern" | "term" | "key" | "string" | "token" | "digit" => {
            format!("a {what}")
        }
        "identifier" | "argument" => format!("an {what}"),
        _ if what.contains(' ') || what.contains('-') => format!("a {what}"),
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
pub(super) fn place(program: &str, part: &str) -> Range<usize> {
    let start = part.as_ptr().addr().wrapping_sub(program.as_ptr().addr());
    if start <= program.len() && start + part.len() <= program.len() { start..start + part.len() } else { 0..0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(program: &str, at: &str, message: &str) {
        let Err(JqError::Compile { message: got, at: place }) = compile(program) else {
            panic!("{program} compiles");
        };
        assert_eq!((&program[place], got.as_str()), (at, message), "{program}");
    }

    #[test]
    fn every_builtin_compiles() {
        for def in PRELUDE.all() {
            let arguments = vec!["."; def.args.len()].join("; ");
            let call = if arguments.is_empty() { def.name.to_owned() } else { format!("{}({arguments})", def.name) };
            assert!(compile(&call).is_ok(), "{call}: {:?}", compile(&call).err());
        }
    }

    #[test]
    fn faults_have_a_place_and_a_sentence() {
        check(".a | foo(1)", "foo", "foo/1 is not defined");
        check(". as $x | $y", "$y", "$y is not defined");
        check("[1, 2", "[", "`[` is never closed");
        check(".a | \"abc", "\"", "`\"` is never closed");
        check("1 +", "", "the program ends where a term is expected");
        check("1 + )", ")", "`)` is no part of jq");
        check("if 1 then 2", "", "the program ends where `else` or `end` is expected");
        check("1 2", "2", "`2` stands where the end of the program is expected");
        check("\"\\q\"", "q", "a string escape sequence is expected here");
        check(". & 1", "&", "`& 1` is no part of jq");
        check("@foo", "@foo", "foo is not a valid format");
        check("break $out", "$out", "$*label-out is not defined");
        check("halt(7)", "halt", "`halt` is not available: a flow's program sees its data alone");
        check("1 | $ENV.PATH", "$ENV", "`$ENV` is not available: a flow's program sees its data alone");
        check("include \"a\"; 1", "include", "`include` is not available: a flow's program cannot read other files");
        check("", "", "the program ends where a term is expected");
    }

    /// Rewriting moves text about; the place stays that of the program.
    #[test]
    fn places_lead_back_through_the_rewriting() {
        check("\"\\ud83d\\ude00\" | .a = .b // foo", "foo", "foo/0 is not defined");
        check(".[] as [$a] ?// {$a: $b} | $__loc__, bar($a)", "bar", "bar/1 is not defined");
        check("reduce .[] as $x (0; 2 * 3 % baz, 1)", "baz", "baz/0 is not defined");
    }

    #[test]
    fn a_program_may_define_what_is_refused() {
        assert!(compile("def env: 1; def input: 2; env + input").is_ok());
    }

    #[test]
    fn chains_of_closures_are_seen() {
        for (program, chains) in [
            ("def f(g): f(g + 1); f(1)", true),
            ("def f(g): def h: f(g); h; f(1)", true),
            ("def f($x): if $x > 3 then 1 else f($x + 1) end; f(1)", false),
            ("def f: f; f", false),
            ("def f(g): g; f(f(1))", false),
            ("walk(.) | recurse(.[]?)", false),
        ] {
            assert_eq!(compile(program).map(|program| program.chains).ok(), Some(chains), "{program}");
        }
    }
}
