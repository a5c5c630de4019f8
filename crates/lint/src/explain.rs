//! The manual page of a code: a rule's own file, an upload check's entry, or an error page that is handed in.

use zis_bundle::code;

use crate::{errors, rules};

/// The page of a rule, upload check or error, by code (`ZIS2016`, in any case) or name (`unreachable-state`), as Markdown.
pub fn explain(code_or_name: &str) -> Option<String> {
    if let Some(rule) = rules::find(code_or_name) {
        let body = page(rule.source);
        return Some(format!("# {} {} ({})\n\n{body}", rule.code, rule.name, rule.severity.name()));
    }
    if let Some(page) = errors::page(code_or_name) {
        return Some(page.to_owned());
    }
    let entry =
        code::ALL.iter().find(|entry| entry.code.eq_ignore_ascii_case(code_or_name) || entry.name == code_or_name)?;
    let who = if entry.code.starts_with("ZIS0") {
        "The text is no JSON."
    } else if entry.code.starts_with("ZIS1") {
        "ZIS refuses such a bundle at upload."
    } else {
        "ZIS takes such a bundle at upload."
    };
    Some(format!("# {} {} ({})\n\n{}\n\n{who}\n", entry.code, entry.name, entry.severity.name(), entry.page))
}

/// The `//!` lines of a source file, with the headings one level lower.
fn page(source: &str) -> String {
    let lines = source.lines().map_while(|line| line.strip_prefix("//!"));
    let mut page = String::new();
    for line in lines {
        let line = line.strip_prefix(' ').unwrap_or(line);
        if line.starts_with("# ") {
            page.push('#');
        }
        page.push_str(line);
        page.push('\n');
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_page_with_its_parts() {
        for rule in rules::ALL {
            let page = explain(rule.code).unwrap();
            for heading in ["## What it checks", "## Why", "## Example", "## Instead"] {
                assert!(page.contains(heading), "{} lacks {heading}", rule.name);
            }
        }
        for (code, name) in rules::names() {
            assert_eq!(explain(code), explain(name));
            assert!(explain(&code.to_lowercase()).is_some());
        }
        assert!(explain("zis3001").unwrap().starts_with("# ZIS3001 An action failed"));
        assert_eq!(explain("ZIS9999"), None);
    }
}
