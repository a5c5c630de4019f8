//! The page of broken bundles: every file of `examples/broken/` is checked, and `README.md` there shows what is said about it.
//! `ZIS_UPDATE=1` writes the page anew.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use std::{fmt::Write, fs, path::Path};

use zis_lint::{
    Settings, check,
    render::{Color, Format, render},
};

#[test]
fn page_of_broken_bundles() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/broken");
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    assert!(files.len() >= 10);
    let mut page = String::from("# Broken bundles, and what `zis check` says about them\n");
    for path in files {
        let name = path.file_name().unwrap().to_str().unwrap();
        let report = check(&fs::read_to_string(&path).unwrap(), name, &Settings::default());
        assert!(!report.is_clean(), "{name} is not broken");
        write!(page, "\n## {name}\n\n```text\n{}```\n", render(&[report], Format::Full, Color::Off)).unwrap();
    }
    let readme = folder.join("README.md");
    if std::env::var_os("ZIS_UPDATE").is_some() {
        fs::write(&readme, &page).unwrap();
    }
    let known = fs::read_to_string(&readme).unwrap();
    for (number, (known, now)) in known.lines().zip(page.lines()).enumerate() {
        assert_eq!(known, now, "examples/broken/README.md:{}", number + 1);
    }
    assert_eq!(known.lines().count(), page.lines().count());
}
