//! A CPU profile of a server under load, taken by `perf`: shares by thread, by part of the program, and by function.

use std::{
    collections::BTreeMap,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, ensure};

use crate::{
    load::{Shot, closed_loop},
    report::Table,
    sink::Sink,
};

const SPAN: Duration = Duration::from_secs(5);
/// Samples a second; not a round number, so that nothing periodic keeps step with it.
const FREQUENCY: &str = "997";
const LANES: usize = 64;
const FUNCTIONS: usize = 20;
const PARTS: usize = 14;

/// Runs `shot` at 64 lanes and records what process `pid` does meanwhile. Without `perf` there is a table that says so.
pub async fn take(name: &str, shot: &Shot, sink: &Sink, pid: u32) -> Result<Vec<Table>> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("perf.data");
    let mut perf = tokio::process::Command::new("perf");
    let seconds = SPAN.as_secs().to_string();
    perf.args(["record", "--quiet", "-F", FREQUENCY, "-p", &pid.to_string(), "-o"]).arg(&file);
    perf.args(["--", "sleep", &seconds]).stdin(Stdio::null()).kill_on_drop(true);
    let Ok(mut recording) = perf.spawn() else {
        return Ok(vec![Table::new(
            format!("Profile of {name}: not taken, `perf` is not installed."),
            &["thread", "%"],
        )]);
    };
    closed_loop(shot, Some(sink), LANES, SPAN).await?;
    let status = recording.wait().await?;
    ensure!(status.success(), "perf record ended with {status}");
    let samples = read(&file)?;
    let mut tables = Vec::new();
    let mut add = |kind: &str, most: usize, key: fn(&Sample) -> String| {
        tables.push(shares(&format!("Profile of {name}: CPU by {kind}."), kind, &samples, most, key));
    };
    add("thread", usize::MAX, |sample| thread(&sample.thread));
    add("part", PARTS, |sample| part(&sample.object, &sample.symbol));
    add("function", FUNCTIONS, |sample| format!("`{}`", shorten(&sample.symbol)));
    Ok(tables)
}

/// One line of `perf report`.
struct Sample {
    percent: f64,
    thread: String,
    object: String,
    symbol: String,
}

fn read(file: &Path) -> Result<Vec<Sample>> {
    let mut command = Command::new("perf");
    command.args(["report", "--stdio", "--quiet", "--no-inline", "-t", "|", "-s", "comm,dso,sym", "-i"]).arg(file);
    let output = command.stdin(Stdio::null()).output().context("perf report")?;
    ensure!(output.status.success(), "perf report: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8_lossy(&output.stdout).lines().filter_map(sample).collect())
}

/// `1.23%|zis-store-writer|zis|[.] sqlite3VdbeExec`.
fn sample(line: &str) -> Option<Sample> {
    let mut fields = line.splitn(4, '|').map(str::trim);
    let percent = fields.next()?.strip_suffix('%')?.parse().ok()?;
    let (thread, object, symbol) = (fields.next()?, fields.next()?, fields.next()?);
    let symbol = symbol.trim_start_matches("[.] ").trim_start_matches("[k] ");
    let symbol = format!("{:#}", rustc_demangle::demangle(symbol));
    Some(Sample { percent, thread: thread.to_owned(), object: object.to_owned(), symbol })
}

fn shares(title: &str, kind: &str, samples: &[Sample], most: usize, key: fn(&Sample) -> String) -> Table {
    let mut sums: BTreeMap<String, f64> = BTreeMap::new();
    for sample in samples {
        *sums.entry(key(sample)).or_default() += sample.percent;
    }
    let mut sums: Vec<(String, f64)> = sums.into_iter().collect();
    sums.sort_by(|one, other| other.1.total_cmp(&one.1));
    let mut table = Table::new(title, &[kind, "%"]);
    for (name, sum) in sums.into_iter().filter(|(_, sum)| *sum >= 0.1).take(most) {
        table.row([name, format!("{sum:.1}")]);
    }
    table
}

/// The threads of a pool share a name but for a number.
fn thread(name: &str) -> String {
    name.trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == '-').to_owned()
}

/// What a function belongs to: the kernel, a library in C, or a crate.
fn part(object: &str, symbol: &str) -> String {
    let c = [("mi_", "allocator"), ("_mi_", "allocator"), ("ring_core", "ring")];
    let memory = ["memcpy", "memmove", "memset", "memcmp", "bcmp", "memchr", "strlen"];
    if object.contains("kernel") || object.contains("vdso") || object == "[unknown]" {
        return "kernel".to_owned();
    }
    if memory.iter().any(|name| symbol.contains(name)) && !symbol.contains("::") {
        return "copying and comparing memory".to_owned();
    }
    if let Some((_, part)) = c.iter().find(|(start, _)| symbol.starts_with(start)) {
        return (*part).to_owned();
    }
    if !symbol.contains("::") {
        // Of the libraries in C that are linked in, SQLite is the one that is left.
        return if object == "zis" { "SQLite".to_owned() } else { object.to_owned() };
    }
    // `<hyper::proto::h1::Conn as core::future::Future>::poll`, `<&T as core::fmt::Display>::fmt`.
    let name = symbol.strip_prefix("core::ptr::drop_in_place").unwrap_or(symbol);
    let name = name.trim_start_matches(['<', '&', '*', '[', '(']);
    let name = name.trim_start_matches("mut ").trim_start_matches("dyn ");
    let end = name.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(name.len());
    name[..end].to_owned()
}

/// Enough of a name to know it by.
fn shorten(symbol: &str) -> String {
    const MOST: usize = 90;
    let symbol = symbol.replace(['|', '`'], "/");
    if symbol.chars().count() <= MOST {
        symbol
    } else {
        format!("{}…", symbol.chars().take(MOST).collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_perf_becomes_a_sample() {
        let sample = sample("     1.25%|zis-store-writer|zis|[.] _ZN5hyper5proto2h14conn4poll17h0123456789abcdefE")
            .expect("a line");
        assert_eq!((sample.percent, sample.symbol.as_str()), (1.25, "hyper::proto::h1::conn::poll"));
        assert_eq!(part(&sample.object, &sample.symbol), "hyper");
        assert!(super::sample("# comment").is_none());
    }

    #[test]
    fn parts_are_crates_libraries_and_the_kernel() {
        for (object, symbol, expected) in [
            ("[kernel.kallsyms]", "tcp_sendmsg", "kernel"),
            ("zis", "sqlite3VdbeExec", "SQLite"),
            ("zis", "walChecksumBytes", "SQLite"),
            ("zis", "mi_malloc", "allocator"),
            ("zis", "core::ptr::drop_in_place<zis_flow::value::Value>", "zis_flow"),
            ("libc.so.6", "__memmove_avx_unaligned_erms", "copying and comparing memory"),
            ("zis", "<zis_flow::value::Value as core::fmt::Display>::fmt", "zis_flow"),
            ("zis", "<&mut serde_json::Deserializer<R> as serde::Deserializer>::deserialize_any", "serde_json"),
        ] {
            assert_eq!(part(object, symbol), expected, "{symbol}");
        }
    }
}
