//! The rules: one file each, whose `//!` is the rule's manual page, and the table of all of them.

use zis_bundle::{Severity, code};

use crate::rule::Rule;

mod authorization_header;
mod built_in_parameters;
mod busy_loop;
mod catch_without_result_path;
mod choice_without_default;
mod comparison_type;
mod connection_name;
mod content_type;
mod duplicate_subscription;
mod get_with_body;
mod jq_impossible_path;
mod jq_syntax;
mod key_differs_from_name;
mod map_items;
mod map_reads_outer_data;
mod misspelt_member;
mod no_way_to_end;
mod parameter_not_passed;
mod parameter_not_read;
mod pasted_program;
mod path_as_operand;
mod path_without_connection;
mod path_without_suffix;
mod placeholder_without_dollar;
mod placeholder_without_suffix;
mod quoted_number;
mod repeated_call;
mod result_path_omitted;
mod secret_in_bundle;
mod suffix_without_path;
mod target_form;
mod unknown_event;
mod unproduced_path;
mod unreachable_state;
mod unused_action;
mod wait_too_long;

macro_rules! table {
    ($($code:literal $name:literal $severity:ident $module:ident;)*) => {
        /// Every rule, by code. Codes are append-only.
        pub const ALL: &[Rule] = &[$(Rule {
            code: $code,
            name: $name,
            severity: Severity::$severity,
            source: include_str!(concat!(stringify!($module), ".rs")),
            check: $module::check,
        }),*];
    };
}

table! {
    "ZIS2010" "unproduced-path" Warning unproduced_path;
    "ZIS2011" "result-path-omitted" Warning result_path_omitted;
    "ZIS2012" "catch-without-result-path" Warning catch_without_result_path;
    "ZIS2013" "path-without-suffix" Warning path_without_suffix;
    "ZIS2014" "placeholder-without-suffix" Warning placeholder_without_suffix;
    "ZIS2015" "suffix-without-path" Note suffix_without_path;
    "ZIS2016" "unreachable-state" Warning unreachable_state;
    "ZIS2017" "no-way-to-end" Warning no_way_to_end;
    "ZIS2018" "busy-loop" Warning busy_loop;
    "ZIS2019" "parameter-not-passed" Warning parameter_not_passed;
    "ZIS2020" "parameter-not-read" Warning parameter_not_read;
    "ZIS2021" "built-in-parameters" Warning built_in_parameters;
    "ZIS2022" "jq-syntax" Error jq_syntax;
    "ZIS2023" "jq-impossible-path" Warning jq_impossible_path;
    "ZIS2024" "comparison-type" Warning comparison_type;
    "ZIS2025" "path-as-operand" Warning path_as_operand;
    "ZIS2026" "unknown-event" Warning unknown_event;
    "ZIS2027" "unused-action" Warning unused_action;
    "ZIS2028" "secret-in-bundle" Warning secret_in_bundle;
    "ZIS2029" "authorization-header" Warning authorization_header;
    "ZIS2030" "get-with-body" Warning get_with_body;
    "ZIS2031" "content-type" Warning content_type;
    "ZIS2032" "map-items" Warning map_items;
    "ZIS2033" "map-reads-outer-data" Warning map_reads_outer_data;
    "ZIS2034" "misspelt-member" Warning misspelt_member;
    "ZIS2035" "target-form" Warning target_form;
    "ZIS2036" "connection-name" Warning connection_name;
    "ZIS2037" "wait-too-long" Warning wait_too_long;
    "ZIS2038" "duplicate-subscription" Warning duplicate_subscription;
    "ZIS2039" "repeated-call" Note repeated_call;
    "ZIS2040" "quoted-number" Note quoted_number;
    "ZIS2041" "choice-without-default" Note choice_without_default;
    "ZIS2042" "pasted-program" Note pasted_program;
    "ZIS2043" "key-differs-from-name" Note key_differs_from_name;
    "ZIS2044" "path-without-connection" Warning path_without_connection;
    "ZIS2045" "placeholder-without-dollar" Warning placeholder_without_dollar;
}

/// The code and name of everything that can be found: upload checks and rules.
pub fn names() -> impl Iterator<Item = (&'static str, &'static str)> {
    let upload = code::ALL.iter().map(|entry| (entry.code, entry.name));
    upload.chain(ALL.iter().map(|rule| (rule.code, rule.name)))
}

/// The rule of this code or name.
pub fn find(code_or_name: &str) -> Option<&'static Rule> {
    ALL.iter().find(|rule| rule.code.eq_ignore_ascii_case(code_or_name) || rule.name == code_or_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_unique() {
        assert!(ALL.is_sorted_by(|a, b| a.code < b.code));
        let mut names: Vec<_> = names().map(|(_, name)| name).collect();
        names.sort_unstable();
        assert!(names.is_sorted_by(|a, b| a < b));
        assert_eq!(find("zis2016").map(|rule| rule.name), Some("unreachable-state"));
    }
}
