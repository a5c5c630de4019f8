//! `zis test`: every `*.zistest.yaml` below the given paths.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};

use anyhow::{Context, Result, bail, ensure};

use crate::{
    cli::{Output, Test, TestFormat},
    files,
    progress::Progress,
    testing::{
        case::File,
        coverage,
        report::{self, FileResult},
    },
};

pub fn run(args: &Test) -> Result<ExitCode> {
    let began = Instant::now();
    let mut files = Vec::new();
    for path in &args.paths {
        files::there(path)?;
        collect(path, &mut files)?;
    }
    files.sort();
    let places = || args.paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
    ensure!(!files.is_empty(), "no *.zistest.yaml below {}; `zis test --help` shows one", places());
    let loaded: Vec<Result<File>> = files.iter().map(|file| File::load(file)).collect();
    let cases = loaded.iter().flatten().map(|file| file.cases.len()).sum();
    let output = if args.format == TestFormat::Full { Output::Text } else { Output::Json };
    let progress = Progress::steps("testing", cases, output);
    let results: Vec<FileResult> =
        files.iter().zip(loaded).map(|(path, file)| run_file(path, file, &progress)).collect();
    drop(progress);
    match args.format {
        TestFormat::Full => anstream::print!("{}", report::full(&results, args.coverage, began.elapsed())),
        TestFormat::Junit => anstream::print!("{}", report::junit(&results, began.elapsed())),
    }
    let could_not_run = results.iter().any(|result| result.outcomes.is_err());
    Ok(match report::totals(&results) {
        _ if could_not_run => ExitCode::from(2),
        (_, 0) => bail!("no case in {}; `zis test --help` shows one", places()),
        (0, _) => ExitCode::SUCCESS,
        _ => ExitCode::from(1),
    })
}

fn run_file(path: &Path, test: Result<File>, progress: &Progress) -> FileResult {
    let file = path.display().to_string();
    match test.and_then(|test| test.run(path, progress)) {
        Ok((subject, outcomes)) => {
            let visits: Vec<_> =
                outcomes.iter().map(|outcome| (outcome.flow.clone(), outcome.visits.clone())).collect();
            FileResult { file, coverage: coverage::of(&subject.bundle, &visits), outcomes: Ok(outcomes) }
        }
        Err(error) => FileResult { file, outcomes: Err(format!("{error:#}")), coverage: Vec::new() },
    }
}

/// A file as it is, a folder with everything below it.
fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let entries = std::fs::read_dir(path).with_context(|| format!("can't read {}", path.display()))?;
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() && !name.starts_with('.') && name != "target" && name != "node_modules" {
            collect(&path, files)?;
        } else if name.ends_with(".zistest.yaml") || name.ends_with(".zistest.yml") {
            files.push(path);
        }
    }
    Ok(())
}
