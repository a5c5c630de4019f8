//! Programs that mean harm or run away: each ends with a clear error, on a large stack with the full budget and on an ordinary one
//! with the quick budget. That the process lives on is the point; time and memory follow from the fuel.

#![allow(clippy::unwrap_used)]

use zis_flow::{
    Timestamp, Value,
    jq::{Filter, Job, JqError, Limits, STACK_BYTES},
};

/// How a program ends.
#[derive(Debug, PartialEq)]
enum End {
    Steps,
    Data,
    Depth,
    Work,
    Nesting,
    Result,
    Ways,
    Raised,
    Refused,
    Done,
}

use End::{Data, Depth, Done, Nesting, Raised, Refused, Steps, Ways, Work};

const HARMFUL: &[(End, &str)] = &[
    (Steps, "def f: f; f"),
    (Depth, "def f: f | f; f"),
    (Work, "def f: (f, 1); [f]"),
    (Steps, "def f: 1, f; [f]"),
    (Depth, "def f: f + 1; f"),
    (Depth, "def f: [f]; f"),
    (Depth, "def f: {a: f}; f"),
    (Depth, "def f: try f catch f; f"),
    (Depth, "def f: label $x | f; f"),
    (Steps, "def f(g): f(g + 1); f(1)"),
    (Steps, "def f(g): f(g | g); f(.)"),
    (Steps, "def f(g): g | f(g | g); f(. + 1)"),
    (Steps, "def f(g): def h: f(g + 1); h; f(1)"),
    (Data, "[range(1e12)]"),
    (Steps, "last(range(1e8))"),
    (Steps, "last(repeat(1))"),
    (Data, "[limit(1e9; repeat(\"x\"))]"),
    (Steps, "first(repeat(empty))"),
    (Steps, "until(false; .)"),
    (Data, "\"x\" * 1e9"),
    (Data, "\"x\" * 1e18"),
    (Data, "reduce range(40) as $i (\"x\"; . + .)"),
    (Data, "reduce range(40) as $i ([1]; . + .)"),
    (End::Result, "reduce range(60) as $i ({a: 1}; {a: ., b: .})"),
    (Steps, "reduce range(60) as $i ({a: 1}; {a: ., b: .}) | tojson"),
    (Steps, "reduce range(60) as $i ({a: 1}; {a: ., b: .}) | tostring | length"),
    (Steps, "reduce range(60) as $i ([1]; [., .]) | flatten"),
    (Steps, "reduce range(60) as $i ([1]; [., .]) | [..] | length"),
    (Steps, "reduce range(60) as $i ([1]; [., .]) | walk(.)"),
    (Steps, "reduce range(60) as $i ([1]; [., .]) | error"),
    (Steps, "(reduce range(60) as $i ([1]; [., .])) == (reduce range(60) as $i ([1]; [., .]))"),
    (Steps, "[(reduce range(60) as $i ([1]; [., .])), (reduce range(60) as $i ([1]; [., .]))] | sort"),
    (Steps, "(reduce range(60) as $i ([1]; [., .])) | contains(reduce range(60) as $i ([1]; [., .]))"),
    (Data, "reduce range(60) as $i ({a: 1}; {a: ., b: .}) | . * ."),
    (Nesting, "reduce range(1e6) as $i (0; [.])"),
    (Nesting, "reduce range(1e6) as $i (0; {a: .})"),
    (Nesting, "[recurse([.])] | length"),
    (Steps, "path(last(repeat(.a)))"),
    (Data, ".[1e9] = 1"),
    (Steps, "[range(5e4)] | reduce .[] as $x (.; del(.[0]))"),
    (Data, "(\"x\" * 1e6) as $x | [range(1000) | $x] | @csv"),
    (Data, "(\"x\" * 1e6) as $x | [range(1000) | $x] | join(\"\")"),
    (Data, "(\"x\" * 1e6) as $x | [range(1000) | $x] | tojson"),
    (Data, "(\"<\" * 1e7) | @html"),
    (Data, "(\"x\" * 1e6) | explode"),
    (Steps, "(\"x\" * 30) | test(\"(x+x+)+y\")"),
    (Steps, "(\"x\" * 5000) | test(\"(x*)*(x*)*(x*)*y\")"),
    (Ways, "(\"x\" * 1e6) | test(\"^(x|xx)*$\")"),
    (Ways, "(\"ab\" * 100000) | test(\"(?:a(?=b)b)*c\")"),
    (Raised, "\"x\" | test(\"((((x{0,1000}){0,1000}){0,1000}){0,1000})\")"),
    (Raised, "\"x\" | test(\"(?:){1000}{1000}{1000}{1000}\")"),
    (Raised, "\"x\" | test(\"(\" * 100000)"),
    (Raised, "\"[\" * 10000 | fromjson"),
    (Refused, "halt(7)"),
    (Refused, "\"x\" | halt_error"),
    (Refused, "env"),
    (Refused, "$ENV"),
    (Refused, "input"),
    (Refused, "[inputs]"),
    (Refused, "debug"),
    (Refused, "stderr"),
    (Refused, "import \"a\" as a; 1"),
    (Refused, "import \"a\" as $a; 1"),
    (Refused, "include \"a\"; 1"),
    (Refused, "break $x"),
    (Done, "reduce range(2e4) as $i ([]; . + [$i]) | length"),
    (Done, "reduce range(1e4) as $i ({}; .[\"k\\($i)\"] = $i) | length"),
    (Done, "[range(1e4)] | sort_by(-.) | length"),
    (Done, "[recurse(. // 0 | if . < 10000 then . + 1 else empty end)] | length"),
    (Done, "def sum: if . == 0 then 0 else . + (. - 1 | sum) end; 300 | sum"),
];

fn kind(error: &JqError) -> End {
    match error {
        JqError::Compile { .. } => Refused,
        JqError::Raised(_) => Raised,
        JqError::Exhausted(why) => match *why {
            "it takes too many steps" => Steps,
            "it makes too much data" => Data,
            "it recurses too deeply" => Depth,
            "it keeps too much unfinished work" => Work,
            "it nests values more than 512 deep" => Nesting,
            "its result is too large" => End::Result,
            "a regular expression tries too many ways" => Ways,
            other => panic!("{other}"),
        },
    }
}

fn run(program: &str, limits: Limits) -> End {
    let ended = Filter::compile(program).and_then(|filter| filter.first(Value::Null, Timestamp(0), limits));
    ended.map_or_else(|error| kind(&error), |_| Done)
}

#[test]
fn harmful_programs_end() {
    let work = || {
        // A quarter of the fuel and data: without optimisation the full budget takes its time. Recursion goes all the way.
        let less = Limits { fuel: 500_000, bytes: 4 * 1024 * 1024, ..Limits::default() };
        let limits = |end: &End| if *end == Depth { Limits::default() } else { less };
        let ends = HARMFUL.iter().map(|(end, program)| (*program, end, run(program, limits(end))));
        let wrong: Vec<_> = ends.filter(|(_, expected, got)| *expected != got).collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    };
    std::thread::Builder::new().stack_size(STACK_BYTES).spawn(work).unwrap().join().unwrap();
}

/// Two megabytes is what threads have that nobody asked for more.
#[test]
fn the_quick_budget_fits_an_ordinary_stack() {
    let work = || {
        for (end, program) in HARMFUL {
            let quick = run(program, Limits::QUICK);
            let ended = [Refused, Raised].contains(end);
            assert!(!ended || quick == *end || quick == Steps || quick == Data, "{program}: {quick:?}");
            assert!(ended || quick != Raised, "{program}: {quick:?}");
        }
    };
    std::thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(work).unwrap().join().unwrap();
}

/// What the caller does: quick first, and again elsewhere when that was not enough.
#[test]
fn what_the_quick_budget_cannot_do_a_job_does() {
    let filter = Filter::compile("[range(20000)] | map(. * 2) | add").unwrap();
    let quick = filter.first(Value::Null, Timestamp(0), Limits::QUICK);
    assert!(matches!(quick, Err(JqError::Exhausted(_))), "{quick:?}");
    let job = Job { filter, input: Value::Null, now: Timestamp(0), limits: Limits::default() };
    let done = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(|| job.run()).unwrap().join().unwrap();
    assert_eq!(done, Ok(Some(Value::from(399_980_000_i64))));
}

/// Nested texts of every kind: none exhausts the stack of the caller.
#[test]
fn deeply_nested_programs_compile_or_are_refused() {
    let work = || {
        for (open, close) in [
            ("(", ")"),
            ("[", "]"),
            ("{a: ", "}"),
            ("\"\\(", ")\""),
            ("if . then ", " end"),
            ("def f: ", "; f"),
            ("- ", ""),
            ("try ", ""),
            ("1 | ", ""),
            ("1, ", ""),
            ("1 + ", ""),
            (". as $x | ", ""),
            ("label $x | ", ""),
            (".a = ", ""),
            (". as [", "] | 1"),
            ("reduce . as $x (", "; .)"),
            ("map(", ")"),
            (".[", "]"),
            ("-", ""),
            ("(", ""),
            ("\"\\(", ""),
            ("#", ""),
            ("1 // ", ""),
            (". as [$a] ?// {a: $b} | ", ""),
            ("1 * 2 % ", ""),
            ("{$a: ", "}"),
            ("@json \"\\(", ")\""),
        ] {
            for levels in [18, 38, 100, 800] {
                let program = format!("{}1{}", open.repeat(levels), close.repeat(levels));
                if let Ok(filter) = Filter::compile(&program) {
                    let _ = filter.first(Value::Null, Timestamp(0), Limits::QUICK);
                }
            }
        }
        for alternatives in [3, 10, 100, 1000] {
            let _ = Filter::compile(&format!(". as [$a]{} | $a", " ?// [$a]".repeat(alternatives)));
        }
    };
    std::thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(work).unwrap().join().unwrap();
}

/// An evaluation leaves nothing behind for the next one on the same thread.
#[test]
fn the_account_is_closed_after_an_evaluation() {
    let (endless, plain) = (Filter::compile("def f: f; f").unwrap(), Filter::compile("1 + 1").unwrap());
    for _ in 0..3 {
        let small = Limits { fuel: 1000, ..Limits::QUICK };
        assert!(matches!(endless.first(Value::Null, Timestamp(0), small), Err(JqError::Exhausted(_))));
        assert_eq!(plain.first(Value::Null, Timestamp(0), small), Ok(Some(Value::from(2_i64))));
    }
    let deep = (0..100_000).fold(Value::Null, |value, _| Value::array([value]));
    assert_eq!(deep.depth(), 100_000);
}
