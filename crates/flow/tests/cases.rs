//! Runs the literate case files of `resources/`. How to write one: `resources/README.md`.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod common;

use std::{
    collections::HashMap,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use common::{Replies, envelope, program, recovery};
use zis_flow::{
    Settings, Value,
    effect::Outcome,
    journal::{Record, RetryFrom},
    machine::End,
    settings::{MissingPath, NoOutput, NullText},
    simulate::{Report, Simulation},
    trace::Visit,
};

/// The blocks that a case is made of, by tag.
type Blocks = HashMap<String, String>;

/// Runs what the blocks describe, recovers it at every prefix, and gives the report.
fn run(blocks: &Blocks) -> (Simulation, Report) {
    let json = |tag: &str| {
        blocks.get(tag).map(|text| Value::from_json(text).unwrap_or_else(|error| panic!("{tag}: {error}\n{text}")))
    };
    let actions = json("actions").unwrap_or_default();
    let settings = settings(&json("settings").unwrap_or_default());
    let program = program(&flow_text(blocks), &actions, settings);
    let document = json("document").unwrap_or_else(|| envelope(json("input").unwrap_or(Value::object::<&str>([]))));
    let mut simulation = Simulation::new(program, document);
    if let Some(connections) = json("connections") {
        simulation.connections = connections;
    }
    let options = json("run").unwrap_or_default();
    if options.get("retry_from").and_then(Value::as_str) == Some("failure") {
        simulation.retry_from = RetryFrom::Failure;
    }
    simulation.from_state = options.get("from").and_then(Value::as_str).map(str::to_owned);
    if let Some(attempts) = options.get("attempts").and_then(Value::as_i64) {
        simulation.max_attempts = u32::try_from(attempts).unwrap();
    }
    let mut replies = Replies::new(&json("replies").unwrap_or_default());
    let report = simulation.run(&mut |call, _| replies.reply(call));
    recovery::check(&simulation, &report);
    (simulation, report)
}

/// A whole definition (`flow`), or the members of `States` (`states`), the first of which is the start.
fn flow_text(blocks: &Blocks) -> String {
    if let Some(flow) = blocks.get("flow") {
        return flow.clone();
    }
    let states = &blocks.get("states").expect("a case has a `flow` or a `states` block");
    let all = Value::from_json(&format!("{{{states}}}")).unwrap_or_else(|error| panic!("{error}\n{states}"));
    let first = all.as_object().and_then(|all| all.keys().next().cloned()).expect("there is a state");
    format!(r#"{{"StartAt":{},"States":{{{states}}}}}"#, Value::String(first))
}

fn settings(data: &Value) -> Settings {
    let mut settings = Settings::default();
    let is = |key: &str, text: &str| data.get(key).and_then(Value::as_str) == Some(text);
    let count = |key: &str| data.get(key).and_then(Value::as_i64).map(|count| usize::try_from(count).unwrap());
    if is("choice_missing_path", "false") {
        settings.choice_missing_path = MissingPath::False;
    }
    if is("null_in_placeholder", "null") {
        settings.null_in_placeholder = NullText::Null;
    }
    if is("jq_no_output", "error") {
        settings.jq_no_output = NoOutput::Error;
    }
    settings.retry_before_catch = data.get("retry_before_catch").and_then(Value::as_bool).unwrap_or(true);
    settings.loadconfig_wrapped = data.get("loadconfig_wrapped").and_then(Value::as_bool).unwrap_or(false);
    if let Some(host) = data.get("zendesk_host").and_then(Value::as_str) {
        settings.zendesk_host = host.to_owned();
    }
    settings.map_concurrency = count("map_concurrency").unwrap_or(settings.map_concurrency);
    settings.max_map_items = count("max_map_items").unwrap_or(settings.max_map_items);
    settings.max_document_bytes = count("max_document_bytes").unwrap_or(settings.max_document_bytes);
    if let Some(fuel) = count("jq_fuel") {
        settings.jq.fuel = u64::try_from(fuel).unwrap();
    }
    if let Some(most) = count("max_transitions") {
        settings.max_transitions = u32::try_from(most).unwrap();
    }
    if let Some(seconds) = data.get("timeout").and_then(Value::as_f64) {
        settings.timeout = Duration::from_secs_f64(seconds);
    }
    settings
}

/// A report as the `expect` block has it.
fn render(simulation: &Simulation, report: &Report) -> String {
    let mut out = String::new();
    let mut attempt = 1;
    for visit in &report.visits {
        if visit.attempt != attempt {
            attempt = visit.attempt;
            let at = visit.started_at.since(simulation.now).as_secs_f64();
            writeln!(out, "attempt {attempt} at {at}s").unwrap();
        }
        render_visit(visit, &mut out);
    }
    let at = report.now.since(simulation.now);
    if !at.is_zero() {
        writeln!(out, "clock {}s", at.as_secs_f64()).unwrap();
    }
    out.push_str(&render_end(&report.end, true));
    out
}

fn render_visit(visit: &Visit, out: &mut String) {
    let next = visit.next.as_deref().map(|next| format!(" -> {next}")).unwrap_or_default();
    let error = visit.error.as_ref().map(|error| format!(" !! {}: {}", error.error, error.cause)).unwrap_or_default();
    writeln!(out, "{}{error}{next}", visit.path).unwrap();
    for reason in &visit.reasons {
        writeln!(out, "  because {reason}").unwrap();
    }
    if let Some(request) = visit.request.as_ref().filter(|_| visit.kind == "Action") {
        writeln!(out, "  call {request}").unwrap();
    }
    if let Some(result) = &visit.result {
        writeln!(out, "  gives {result}").unwrap();
    }
    if let Some(detail) = visit.error.as_ref().and_then(|error| error.detail.as_ref()) {
        writeln!(out, "  detail {detail}").unwrap();
    }
}

fn render_end(end: &End, whole: bool) -> String {
    match end {
        End::Succeeded { message, document } if whole => format!("= succeeded {message}\n$ {document}\n"),
        End::Succeeded { message, .. } => format!("succeeded {message}"),
        End::Failed { failure, state, path } => {
            let text = format!("{}: {}", failure.error, failure.cause);
            let (state, path) = (state.as_deref().unwrap_or("-"), path.as_deref().unwrap_or("-"));
            if whole { format!("= failed {text} (in {state}, at {path})\n") } else { format!("failed {text}") }
        }
        End::TimedOut { state, .. } if whole => format!("= timed out (in {})\n", state.as_deref().unwrap_or("-")),
        End::TimedOut { .. } => "timed out".to_owned(),
        End::Retry { .. } => "a retry".to_owned(),
    }
}

/// One cell of a table's last column: what its header asks for, or how the run failed.
fn cell(header: &str, report: &Report) -> String {
    let failed = !matches!(report.end, End::Succeeded { .. });
    match header {
        "ends in" if !failed => report.visits.last().map(|visit| visit.path.clone()).unwrap_or_default(),
        "end" => render_end(&report.end, false),
        "call" if !failed => {
            let request = report.visits.iter().find_map(|visit| visit.request.clone());
            request.map(|request| request.to_json()).unwrap_or_default()
        }
        "outcome" => report
            .records
            .iter()
            .find_map(|record| match record {
                Record::CallDone { outcome, .. } => Some(match Outcome::from(outcome.clone()) {
                    Outcome::Done(value) => value.to_json(),
                    Outcome::Nothing => "nothing".to_owned(),
                    Outcome::Failed(failure) => format!("{}: {} {:?}", failure.error, failure.cause, failure.retry),
                }),
                _ => None,
            })
            .unwrap_or_default(),
        path if path.starts_with('$') && !failed => {
            let End::Succeeded { document, .. } = &report.end else { return String::new() };
            let path = zis_bundle::Path::parse(path).unwrap();
            document.at(&path).map_or_else(|| "(not there)".to_owned(), Value::to_json)
        }
        _ => render_end(&report.end, false),
    }
}

/// Goes through one case file; gives it back with the results as they are now, and counts the cases.
struct Rewriter<'f> {
    file: &'f Path,
    out: String,
    cases: usize,
    /// The blocks before the first section serve all sections.
    shared: Blocks,
    blocks: Blocks,
    section: String,
    has_source: bool,
    header: Vec<String>,
}

impl<'f> Rewriter<'f> {
    fn new(file: &'f Path) -> Self {
        Self {
            file,
            out: String::new(),
            cases: 0,
            shared: Blocks::new(),
            blocks: Blocks::new(),
            section: String::new(),
            has_source: false,
            header: Vec::new(),
        }
    }

    fn rewrite(mut self, source: &str) -> (String, usize) {
        let mut lines = source.lines();
        while let Some(line) = lines.next() {
            if let Some(tag) = line.strip_prefix("```").filter(|tag| !tag.is_empty()) {
                let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
                self.block(tag, &block.join("\n"));
                continue;
            }
            if let Some(name) = line.strip_prefix("## ") {
                self.section = name.to_owned();
                self.blocks = self.shared.clone();
                self.has_source = false;
            }
            self.has_source |= line.starts_with("Source: ");
            if line.starts_with('|') {
                self.row(line);
            } else {
                self.header.clear();
                writeln!(self.out, "{line}").unwrap();
            }
        }
        (self.out, self.cases)
    }

    fn block(&mut self, tag: &str, text: &str) {
        if tag != "expect" {
            let blocks = if self.section.is_empty() { &mut self.shared } else { &mut self.blocks };
            let tag_name = tag.split_whitespace().last().unwrap().to_owned();
            blocks.insert(tag_name, text.to_owned());
            writeln!(self.out, "```{tag}\n{text}\n```").unwrap();
            return;
        }
        self.begin_case();
        let (simulation, report) = run(&self.blocks);
        write!(self.out, "```expect\n{}```\n", render(&simulation, &report)).unwrap();
    }

    fn begin_case(&mut self) {
        assert!(self.has_source, "{}: `{}` has no line `Source: …`", self.file.display(), self.section);
        self.cases += 1;
    }

    fn row(&mut self, line: &str) {
        let cells: Vec<String> = split_row(line);
        if self.header.is_empty() || cells.iter().all(|cell| cell.chars().all(|c| c == '-')) {
            if self.header.is_empty() {
                self.header = cells;
            }
            writeln!(self.out, "{line}").unwrap();
            return;
        }
        self.begin_case();
        let mut blocks = self.blocks.clone();
        let (header, result) = (&self.header[..self.header.len() - 1], self.header.last().unwrap());
        for (name, cell) in header.iter().zip(&cells) {
            let name = name.trim_matches('`');
            if name.starts_with('<') {
                blocks.values_mut().for_each(|text| *text = text.replace(name, cell));
            } else {
                blocks.insert(name.to_owned(), cell.clone());
            }
        }
        let (_, report) = run(&blocks);
        let result = cell(result.trim_matches('`'), &report);
        let shown = line.rsplitn(2, " | ").last().unwrap_or_default();
        writeln!(self.out, "{shown} | `{}` |", result.replace('|', "\\|")).unwrap();
    }
}

/// The cells of a table's row, without their backquotes; `\|` is a bar.
fn split_row(line: &str) -> Vec<String> {
    let cells = line.replace("\\|", "\u{1}");
    let cells = cells.trim().trim_matches('|').split('|');
    cells
        .map(|cell| {
            let cell = cell.trim();
            let cell = cell.strip_prefix('`').and_then(|cell| cell.strip_suffix('`')).unwrap_or(cell);
            cell.replace('\u{1}', "|")
        })
        .collect()
}

fn case_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            case_files(&path, found);
        } else if path.extension().is_some_and(|ext| ext == "md") && !path.ends_with("README.md") {
            found.push(path);
        }
    }
}

#[test]
fn all_case_files() {
    let mut files = Vec::new();
    case_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("resources"), &mut files);
    files.sort();
    let mut cases = 0;
    for path in files {
        let source = fs::read_to_string(&path).unwrap();
        let (now, count) = Rewriter::new(&path).rewrite(&source);
        cases += count;
        if std::env::var_os("ZIS_UPDATE").is_some() {
            fs::write(&path, &now).unwrap();
            continue;
        }
        for (number, (expected, found)) in source.lines().zip(now.lines()).enumerate() {
            assert_eq!(expected, found, "{}:{}", path.display(), number + 1);
        }
        assert_eq!(source.lines().count(), now.lines().count(), "{}", path.display());
    }
    assert!(cases >= 345, "only {cases} cases were run");
}
