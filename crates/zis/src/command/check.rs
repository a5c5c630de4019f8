//! `zis check`: bundles in, findings out. 0 clean, 1 findings, 2 a file could not be read.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use zis_lint::{
    Report, Settings,
    render::{Color, Format, render},
};

use crate::{
    cli::{Check, CheckFormat, Output},
    files,
    progress::Progress,
    style::counted,
};

pub fn run(args: &Check) -> Result<ExitCode> {
    let settings = settings(args.config.clone())?;
    let mut reports = Vec::new();
    let output = if args.format == CheckFormat::Full { Output::Text } else { Output::Json };
    let progress = Progress::steps("checking", args.files.len(), output);
    for file in &args.files {
        let name = if file.as_os_str() == "-" { "<stdin>".to_owned() } else { file.display().to_string() };
        let text = files::text(file)?;
        let text = if args.fix { fix(file, &name, text, &settings)? } else { text };
        reports.push(zis_lint::check(&text, &name, &settings));
        progress.step();
    }
    drop(progress);
    let format = match args.format {
        CheckFormat::Full => Format::Full,
        CheckFormat::Concise => Format::Concise,
        CheckFormat::Json => Format::Json,
        CheckFormat::Sarif => Format::Sarif,
        CheckFormat::Github => Format::Github,
    };
    // Colours always: the stream drops them where they can't be shown.
    anstream::print!("{}", render(&reports, format, Color::On));
    let clean = reports.iter().all(Report::is_clean);
    Ok(if clean { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Applies the safe fixes; standard input has no file to write to.
fn fix(file: &Path, name: &str, text: String, settings: &Settings) -> Result<String> {
    let (fixed, count) = zis_lint::fix::fix(&text, settings);
    if count > 0 && file != Path::new("-") {
        std::fs::write(file, &fixed).with_context(|| format!("can't write {name}"))?;
        anstream::eprintln!("{name}: {} fixed", counted(count, "finding"));
    }
    Ok(fixed)
}

/// A `zis.toml`; sections of other commands are theirs.
#[derive(Deserialize, Default)]
struct Toml {
    #[serde(default)]
    lint: Settings,
}

/// `[lint]` of the given file, or of `zis.toml` in this folder when there is one.
pub(super) fn settings(file: Option<PathBuf>) -> Result<Settings> {
    let beside = PathBuf::from("zis.toml");
    let Some(file) = file.or_else(|| beside.is_file().then_some(beside)) else { return Ok(Settings::default()) };
    let toml: Toml =
        toml::from_str(&files::text(&file)?).with_context(|| format!("{}: section [lint]", file.display()))?;
    if let Some((unknown, near)) = toml.lint.unknown_rules().first() {
        let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        bail!("{}: there is no rule `{unknown}`{near}", file.display());
    }
    Ok(toml.lint)
}
