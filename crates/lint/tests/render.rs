//! The formats of `zis check`, on one bundle with an error, a warning and a note.

use zis_lint::{
    Report, Settings, check,
    render::{Color, Format, render},
};

const BUNDLE: &str = r#"{
  "name": "größer",
  "zis_template_version": "2019-10-14",
  "resources": {
    "flow": {
      "type": "ZIS::Flow",
      "properties": {
        "name": "main",
        "definition": {
          "StartAt": "Wait, 100%",
          "States": {
            "Wait, 100%": {"Type": "Wait", "Seconds": 500, "Next": "Dnoe"},
            "Done": {"Type": "Succeed"},
          }
        }
      }
    }
  }
}
"#;

fn report() -> Report {
    check(BUNDLE, "bundles/größer.json", &Settings::default())
}

fn shown(format: Format, color: Color) -> String {
    render(&[report()], format, color)
}

#[test]
fn full() {
    insta::assert_snapshot!(shown(Format::Full, Color::Off));
    let colored = shown(Format::Full, Color::On);
    assert!(colored.contains("\u{1b}[1;31merror[ZIS0003]\u{1b}[0m"));
}

#[test]
fn one_long_line_is_cut_around_the_place() {
    let text = BUNDLE.replace('\n', " ");
    let report = check(&text, "one-line.json", &Settings::default());
    insta::assert_snapshot!(render(&[report], Format::Full, Color::Off));
}

#[test]
fn concise() {
    insta::assert_snapshot!(shown(Format::Concise, Color::Off));
}

#[test]
fn json() {
    insta::assert_snapshot!(shown(Format::Json, Color::Off));
}

#[test]
fn sarif() {
    let text = shown(Format::Sarif, Color::Off);
    let log: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    for result in run["results"].as_array().expect("results") {
        let index = result["ruleIndex"].as_u64().expect("an index") as usize;
        assert_eq!(rules[index]["id"], result["ruleId"]);
    }
    insta::assert_json_snapshot!(run["results"]);
}

#[test]
fn github() {
    insta::assert_snapshot!(shown(Format::Github, Color::Off));
}

#[test]
fn every_format_has_a_name() {
    for name in Format::NAMES {
        assert!(Format::parse(name).is_some(), "{name}");
    }
    assert_eq!(Format::parse("xml"), None);
}

#[test]
fn secrets_are_masked() {
    let text = r#"{"name": "n", "zis_template_version": "2019-10-14", "resources": {"a": {"type": "ZIS::Action::Http", "properties": {"name": "a", "definition": {"method": "GET", "path": "/x",
      "headers": [{"key": "X-Api-Key", "value": "k3y-9f8a7c6d"}]}}}}}"#;
    let report = check(text, "secret.json", &Settings::default());
    for format in Format::NAMES {
        let shown = render(std::slice::from_ref(&report), Format::parse(format).expect("a format"), Color::Off);
        assert!(shown.contains("ZIS2028") && !shown.contains("k3y"), "{format}: {shown}");
    }
}
