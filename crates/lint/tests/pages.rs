//! The pages: `docs/rules.md` says what the rules' files say, and every error code of the workspace has a page.
//! `ZIS_UPDATE=1` writes `docs/rules.md` anew.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use std::{collections::BTreeSet, fmt::Write, fs, path::PathBuf};

use zis_lint::{errors, explain, rules};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The reference of everything that `zis check` can say.
fn reference() -> String {
    let mut out = String::from(
        "# Rules\n\nEverything that `zis check` can say; `zis explain CODE` shows the same. `ZIS0…` and `ZIS1…` are what ZIS refuses at\n\
         upload, `ZIS2…` is what it lets pass and a flow regrets later. Switch a rule in `zis.toml`:\n\n\
         ```toml\n[lint]\nrules = { unused-action = \"off\", ZIS2018 = \"error\" }\n```\n",
    );
    for (code, _) in rules::names() {
        // One level down: the file has a heading of its own.
        let page = explain(code).unwrap().replace("\n## ", "\n### ");
        write!(out, "\n#{}", page.trim_end()).unwrap();
        out.push('\n');
    }
    out
}

#[test]
fn the_reference_is_up_to_date() {
    let file = root().join("docs/rules.md");
    let now = reference();
    if std::env::var_os("ZIS_UPDATE").is_some() {
        fs::write(&file, &now).unwrap();
    }
    let known = fs::read_to_string(&file).unwrap();
    for (number, (known, now)) in known.lines().zip(now.lines()).enumerate() {
        assert_eq!(known, now, "docs/rules.md:{}; ZIS_UPDATE=1 writes it anew", number + 1);
    }
    assert_eq!(known.lines().count(), now.lines().count());
}

#[test]
fn every_error_code_has_a_page() {
    assert!(errors::PAGES.is_sorted_by_key(|(code, _)| *code));
    let pages: BTreeSet<&str> = errors::PAGES.iter().map(|(code, _)| *code).collect();
    let mut used = BTreeSet::new();
    let server = fs::read_to_string(root().join("crates/server/src/errors/code.rs")).unwrap();
    let engine = fs::read_to_string(root().join("crates/engine/src/finish.rs")).unwrap();
    for source in [&server, &engine] {
        used.extend(source.match_indices("\"ZIS").filter_map(|(at, _)| source.get(at + 1..at + 8)));
    }
    let missing: Vec<_> = used.iter().filter(|code| !pages.contains(*code)).collect();
    assert!(missing.is_empty(), "without a page under docs/errors: {missing:?}");
    assert!(used.len() > 20);
    for (code, page) in errors::PAGES {
        assert!(page.starts_with(&format!("# {code} ")) && page.contains("## What to do"), "{code}");
        assert!(!errors::title(page).is_empty());
    }
}
