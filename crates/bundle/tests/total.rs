//! Reading is total: no text makes it panic, and every finding points into the text.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use proptest::prelude::*;
use zis_bundle::document::{Options, read};

const BUNDLE: &str = include_str!("data/refund.json");

fn holds_together(text: &str) {
    let options = Options { integration: Some("acme".into()), lenient_asl: false };
    let reading = read(text, &options);
    for finding in &reading.findings {
        let spans = std::iter::once(finding.span).chain(finding.related.iter().map(|(span, _)| *span));
        for span in spans.chain(finding.fix.iter().flat_map(|fix| fix.edits.iter().map(|(span, _)| *span))) {
            assert!(text.get(span.start..span.end).is_some(), "{span:?} of {finding:?}");
        }
        assert!(finding.pointer.is_empty() || finding.pointer.starts_with('/'), "{finding:?}");
        assert!(zis_bundle::code::entry(finding.code).is_some(), "{finding:?}");
        assert!(!finding.message.is_empty() && finding.help.is_some());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_text(text in "\\PC{0,200}") {
        holds_together(&text);
    }

    #[test]
    fn text_of_json_characters(text in "[\\[\\]{}:,\"'\\\\/ \\n\\t0-9eE.+a-z$*#é-]{0,120}") {
        holds_together(&text);
    }

    #[test]
    fn mutated_bundle(edits in prop::collection::vec((0usize..6000, "[\\[\\]{}:,\"'\\\\ \\n$.0-9a-z]{0,3}", 0usize..40), 1..6)) {
        let mut text = BUNDLE.to_owned();
        for (at, insert, remove) in edits {
            let start = (at.min(text.len())..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap();
            let end = ((start + remove).min(text.len())..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap();
            text.replace_range(start..end, &insert);
        }
        holds_together(&text);
    }
}

#[test]
fn deep_nesting_is_no_danger() {
    for text in ["[".repeat(200_000), "{\"a\":".repeat(200_000), format!("{}1{}", "[".repeat(500), "]".repeat(500))] {
        holds_together(&text);
    }
}

#[test]
fn the_tutorial_bundle_is_valid() {
    let reading = read(BUNDLE, &Options::default());
    assert_eq!(reading.findings, []);
    let bundle = reading.bundle.unwrap();
    assert_eq!((bundle.flows.len(), bundle.actions.len(), bundle.job_specs.len()), (1, 3, 1));
    assert_eq!(bundle.flows[0].definition.states.len(), 8);
}
