//! No false alarms: bundles as people write them are clean. And no panics, whatever the text.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use std::{fs, path::Path};

use proptest::prelude::*;
use zis_lint::{
    Settings, check,
    render::{Color, Format, render},
};

const FORWARD: &str = include_str!("data/forward-with-retries.json");

#[test]
fn bundles_as_people_write_them_are_clean() {
    let mut count = 0;
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data")).unwrap() {
        let path = entry.unwrap().path();
        let report = check(&fs::read_to_string(&path).unwrap(), &path.display().to_string(), &Settings::default());
        assert!(report.is_clean(), "{}", render(&[report], Format::Full, Color::Off));
        count += 1;
    }
    assert!(count >= 4);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn mutated_bundles_are_checked_and_rendered(
        edits in prop::collection::vec((0usize..9000, "[\\[\\]{}:,\"'\\\\ \\n$.0-9a-z]{0,3}", 0usize..30), 1..5)
    ) {
        let mut text = FORWARD.to_owned();
        for (at, insert, remove) in edits {
            let start = (at.min(text.len())..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap();
            let end = ((start + remove).min(text.len())..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap();
            text.replace_range(start..end, &insert);
        }
        let report = check(&text, "mutated.json", &Settings::default());
        for format in Format::NAMES {
            render(std::slice::from_ref(&report), Format::parse(format).unwrap(), Color::On);
        }
    }
}
