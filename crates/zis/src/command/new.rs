//! `zis new`: a small bundle with an event and a test, to begin with.

use std::{fs, io::Write, path::Path, process::ExitCode};

use anyhow::{Context, Result, bail};

use crate::{
    cli::New,
    style::{self, paint},
};

/// Name, text, and what it is.
const FILES: [(&str, &str, &str); 4] = [
    ("bundle.json", include_str!("../../../../examples/urgent-tickets/bundle.json"), "posts urgent tickets to a chat"),
    ("urgent.json", include_str!("../../../../examples/urgent-tickets/urgent.json"), "an event, as the flow sees it"),
    (
        "urgent.zistest.yaml",
        include_str!("../../../../examples/urgent-tickets/urgent.zistest.yaml"),
        "what the flow must do",
    ),
    (
        "dev.yaml",
        include_str!("../../../../examples/urgent-tickets/dev.yaml"),
        "what its placeholders become while you develop",
    ),
];

pub fn run(args: &New) -> Result<ExitCode> {
    let folder = &args.folder;
    // All or nothing: a folder that somebody works in stays as it is.
    if let Some((name, ..)) = FILES.iter().find(|(name, ..)| folder.join(name).exists()) {
        bail!("{} is there already: choose another folder", folder.join(name).display());
    }
    fs::create_dir_all(folder).with_context(|| format!("can't make {}", folder.display()))?;
    for (name, text, about) in FILES {
        write(&folder.join(name), text)?;
        anstream::println!("{} {:<20} {about}", paint(style::GOOD, "✓"), name);
    }
    let enter = if folder == Path::new(".") { String::new() } else { format!("cd {} && ", folder.display()) };
    anstream::println!(
        "\nNext:\n  {enter}zis test\n  zis run bundle.json --event urgent.json\n  zis dev bundle.json --values dev.yaml"
    );
    Ok(ExitCode::SUCCESS)
}

fn write(file: &Path, text: &str) -> Result<()> {
    let made = fs::OpenOptions::new().write(true).create_new(true).open(file);
    made.and_then(|mut made| made.write_all(text.as_bytes())).with_context(|| format!("can't write {}", file.display()))
}
