//! How test results look: lines for people, JUnit for machines.

use std::{fmt::Write, time::Duration};

use super::{case::Outcome, coverage::Coverage};
use crate::style::{self, counted, paint};

/// The results of one file.
#[derive(Debug)]
pub struct FileResult {
    pub file: String,
    /// The cases, or why none could run.
    pub outcomes: Result<Vec<Outcome>, String>,
    pub coverage: Vec<Coverage>,
}

impl FileResult {
    fn failed(&self) -> usize {
        self.outcomes
            .as_ref()
            .map_or(1, |outcomes| outcomes.iter().filter(|outcome| !outcome.mismatches.is_empty()).count())
    }

    fn total(&self) -> usize {
        self.outcomes.as_ref().map_or(1, Vec::len)
    }
}

/// `(failed, all)` over all files.
pub fn totals(results: &[FileResult]) -> (usize, usize) {
    (results.iter().map(FileResult::failed).sum(), results.iter().map(FileResult::total).sum())
}

/// One line a case, a diff for what failed, a coverage table when asked, a closing line.
pub fn full(results: &[FileResult], with_coverage: bool, took: Duration) -> String {
    let mut out = String::new();
    for result in results {
        let _ = writeln!(out, "{}", paint(style::STRONG, &result.file));
        match &result.outcomes {
            Ok(outcomes) => outcomes.iter().for_each(|outcome| case_lines(outcome, &mut out)),
            Err(error) => {
                let _ = writeln!(out, "  {} {error}", paint(style::BAD, "✗"));
            }
        }
        if with_coverage {
            result.coverage.iter().for_each(|coverage| coverage_lines(coverage, &mut out));
        }
    }
    let (failed, all) = totals(results);
    let passed = all - failed;
    let verdict = if failed == 0 {
        paint(style::GOOD, format!("{passed} passed"))
    } else {
        paint(style::BAD, format!("{failed} failed"))
    };
    let rest = if failed == 0 { String::new() } else { format!(", {passed} passed") };
    let files = counted(results.len(), "file");
    let _ = writeln!(out, "\n{verdict}{rest} in {files}, {:.0} ms", took.as_secs_f64() * 1e3);
    out
}

fn case_lines(outcome: &Outcome, out: &mut String) {
    let good = outcome.mismatches.is_empty();
    let mark = if good { paint(style::GOOD, "✓") } else { paint(style::BAD, "✗") };
    let _ = writeln!(out, "  {mark} {}", outcome.name);
    for mismatch in &outcome.mismatches {
        let _ = writeln!(out, "      {}", mismatch.place);
        let _ = writeln!(out, "        {} {}", paint(style::BAD, "- expected"), mismatch.expected);
        let _ = writeln!(out, "        {} {}", paint(style::GOOD, "+ found   "), mismatch.found);
    }
    if !good {
        let path: Vec<&str> = outcome.visits.iter().map(|visit| visit.path.as_str()).collect();
        let _ = writeln!(out, "      {}", paint(style::DIM, format!("path: {}", path.join(" → "))));
    }
}

fn coverage_lines(coverage: &Coverage, out: &mut String) {
    let share = |(taken, all): (usize, usize)| format!("{taken}/{all}");
    let _ = writeln!(
        out,
        "  coverage of {}: states {}, branches and catches {}",
        paint(style::NAME, &coverage.flow),
        share(coverage.states),
        share(coverage.branches)
    );
    for missed in &coverage.missed {
        let _ = writeln!(out, "    {} {missed}", paint(style::WARN, "never taken:"));
    }
}

/// JUnit XML.
pub fn junit(results: &[FileResult], took: Duration) -> String {
    let (failed, all) = totals(results);
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites tests=\"{all}\" failures=\"{failed}\" time=\"{:.3}\">\n",
        took.as_secs_f64()
    );
    for result in results {
        let file = escape(&result.file);
        let _ = writeln!(
            out,
            "  <testsuite name=\"{file}\" tests=\"{}\" failures=\"{}\">",
            result.total(),
            result.failed()
        );
        match &result.outcomes {
            Ok(outcomes) => outcomes.iter().for_each(|outcome| junit_case(&file, outcome, &mut out)),
            Err(error) => {
                let error = escape(error);
                let _ = writeln!(
                    out,
                    "    <testcase name=\"{file}\" classname=\"{file}\"><error message=\"{error}\"/></testcase>"
                );
            }
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn junit_case(file: &str, outcome: &Outcome, out: &mut String) {
    let name = escape(&outcome.name);
    if outcome.mismatches.is_empty() {
        let _ = writeln!(out, "    <testcase name=\"{name}\" classname=\"{file}\"/>");
        return;
    }
    let _ = writeln!(out, "    <testcase name=\"{name}\" classname=\"{file}\">");
    for mismatch in &outcome.mismatches {
        let text = escape(&format!("{}: expected {}, found {}", mismatch.place, mismatch.expected, mismatch.found));
        let _ = writeln!(out, "      <failure message=\"{text}\"/>");
    }
    out.push_str("    </testcase>\n");
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\n', "&#10;")
}
