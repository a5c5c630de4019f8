//! The codes of everything that reading a bundle can find: one table, append-only (a code is never reused).

use crate::finding::Severity;

/// One code: its name for humans, how bad it is, and the page that `zis explain` shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    pub code: &'static str,
    /// Kebab-case name of the fault.
    pub name: &'static str,
    pub severity: Severity,
    /// What it means and what to do, as Markdown.
    pub page: &'static str,
}

macro_rules! codes {
    ($($constant:ident $code:literal $name:literal $severity:ident $page:literal)*) => {
        $(#[doc = $page] pub const $constant: &str = $code;)*

        /// Every code of this crate, sorted.
        pub const ALL: &[Entry] = &[
            $(Entry { code: $code, name: $name, severity: Severity::$severity, page: $page },)*
        ];
    };
}

codes! {
    // ZIS0xxx: the text is no JSON.
    EMPTY "ZIS0001" "empty-text" Error "The text holds nothing. A bundle is a JSON object with `name`, `zis_template_version` and `resources`."
    UNEXPECTED "ZIS0002" "unexpected-character" Error "A character stands where JSON allows none. Remove it, or quote the text it belongs to."
    TRAILING_COMMA "ZIS0003" "trailing-comma" Error "A comma stands before `}` or `]`. JSON allows commas only between members; the fix removes it."
    MISSING_COMMA "ZIS0004" "missing-comma" Error "Two members or items follow each other without a comma. The fix inserts it after the first."
    MISSING_COLON "ZIS0005" "missing-colon" Error "A key is not followed by `:`. The fix inserts it."
    UNCLOSED_STRING "ZIS0006" "unclosed-string" Error "A string has no closing quote on its line. JSON strings never span lines; write `\\n` for a line break."
    UNQUOTED "ZIS0007" "unquoted-text" Error "Text without quotes. In JSON every key and every string stands in double quotes."
    SINGLE_QUOTES "ZIS0008" "single-quotes" Error "JSON strings stand in double quotes; single quotes mean nothing."
    UNCLOSED "ZIS0009" "unclosed-bracket" Error "A `{` or `[` is never closed. When the indentation shows which one, it is named too."
    STRAY_CLOSER "ZIS0010" "stray-bracket" Error "A `}` or `]` closes nothing, or closes the wrong kind of bracket."
    COMMENT "ZIS0011" "comment" Error "JSON has no comments. In a flow, a state's `Comment` member is the place for one."
    CONTROL_CHARACTER "ZIS0012" "control-character" Error "A raw line break or tab inside a string. JSON wants it escaped: `\\n`, `\\t`."
    BAD_ESCAPE "ZIS0013" "bad-escape" Error "A backslash that starts no JSON escape. A backslash for jq or a regular expression is written twice: `\\\\d`."
    BAD_NUMBER "ZIS0014" "bad-number" Error "Not a number as JSON writes it: no leading zeros, no `+`, digits on both sides of the point."
    DUPLICATE_KEY "ZIS0015" "duplicate-key" Warning "An object holds the same key twice. The last one counts and the first is lost without a word; rename or remove one."
    TEXT_AFTER "ZIS0016" "text-after-value" Error "Something follows the end of the document. A bundle is exactly one JSON object."
    TOO_DEEP "ZIS0017" "too-deep" Error "Objects and arrays are nested more than 128 deep; the inner part was not read."
    MISSING_VALUE "ZIS0018" "missing-value" Error "A key or a comma is followed by no value."
    BAD_WORD "ZIS0019" "unknown-word" Error "JSON knows the words `true`, `false` and `null`, in lower case, and no others."
    EXTRA_COMMA "ZIS0020" "extra-comma" Error "A comma with nothing before it. The fix removes it."

    // ZIS1xxx: ZIS refuses the bundle at upload.
    NOT_AN_OBJECT "ZIS1001" "not-an-object" Error "A bundle is a JSON object with `name`, `zis_template_version` and `resources`."
    MISSING "ZIS1002" "missing-member" Error "A member that ZIS requires is not there. It is reported at the opening line of the object that should hold it."
    WRONG_TYPE "ZIS1003" "wrong-type" Error "A member holds a value of the wrong JSON type, or an empty text where a text is needed."
    UNKNOWN_TARGET "ZIS1004" "unknown-target" Error "`StartAt`, `Next`, `Default` or a Catch's `Next` names no state of the same machine. States inside a Map's `Iterator` and outside of it can't reach each other."
    TEMPLATE_VERSION "ZIS1005" "template-version" Error "`zis_template_version` has one legal value: `2019-10-14`."
    RESOURCE_TYPE "ZIS1006" "resource-type" Error "A resource's `type` is one of `ZIS::Flow`, `ZIS::Action::Http` and `ZIS::JobSpec`."
    BAD_NAME "ZIS1007" "bad-name" Error "A name holds 1 to 100 of letters, digits, `.`, `_` and `-`."
    DUPLICATE_NAME "ZIS1008" "duplicate-name" Error "Two resources of one type have the same `properties.name`. Names, not keys, are what `ActionName` and `flow_name` refer to."
    PLACEHOLDER "ZIS1009" "placeholder-resource" Error "The resource is still a skeleton without `type` and `properties`; put the definition in its place."
    STATE_TYPE "ZIS1011" "state-type" Error "A state's `Type` is one of Action, Choice, Map, Wait, Pass, Succeed and Fail. `Task` and `Parallel` of the Amazon States Language don't exist here."
    NEXT_AND_END "ZIS1012" "next-and-end" Error "A state has `Next` and `End` both. It either goes on or ends."
    NO_TRANSITION "ZIS1013" "no-transition" Error "A state has neither `Next` nor `End: true`, so the flow would not know where to go."
    END_FALSE "ZIS1014" "end-false" Error "`End` may only be `true`; a state that doesn't end the flow has `Next` instead."
    NOT_ON_THIS_STATE "ZIS1015" "property-not-on-state" Error "The property is not supported on this type of state: `Next` and `End` not on Choice, Succeed and Fail; `Catch` only on Action and Map."
    UNSUPPORTED_ASL "ZIS1016" "unsupported-asl" Error "A property of the Amazon States Language that ZIS doesn't support (`Retry`, `InputPath`, `OutputPath`, `ResultSelector`, `MaxConcurrency`, …)."
    BAD_PATH "ZIS1017" "bad-path" Error "Not a reference path. A path names exactly one place: `$`, `.name`, `['name']`, `[0]`; no `..`, `*`, filters, slices, `@` or `$$`."
    BAD_RESULT_PATH "ZIS1018" "bad-result-path" Error "`ResultPath` is `null` or a path of object keys; array indices can't be written to."
    DYNAMIC_NOT_TEXT "ZIS1019" "dynamic-not-text" Error "A key that ends in `.$` takes a string: a path such as `$.input`, or text with `{{$.path}}` placeholders. Drop the `.$` for a fixed value."
    BOTH_FORMS "ZIS1020" "both-forms" Error "An object holds a key both with and without `.$`; they name the same member."
    INTRINSIC "ZIS1021" "intrinsic-function" Error "Intrinsic functions (`States.Format`, …) are not supported. Use placeholders, or a `zis:common:transform:Jq` action."
    NO_CHOICES "ZIS1022" "no-choices" Error "`Choices`, `And` and `Or` need at least one rule."
    UNKNOWN_OPERATOR "ZIS1023" "unknown-operator" Error "A comparison that ZIS doesn't know. The real registry refuses it with the puzzling text `And is required`, because the rule then looks like an incomplete logical rule. Instead of `StringMatches`, compute a boolean with a Jq action (`test(\"^abc\")`) and compare it with `BooleanEquals`."
    OPERAND_TYPE "ZIS1024" "operand-type" Error "The operand of a comparison has the wrong JSON type, for example a text under `NumericEquals`."
    NOT_ONE_COMPARISON "ZIS1025" "not-one-comparison" Error "A rule holds exactly one comparison (`Variable` with one operator) or exactly one of `And`, `Or` and `Not`."
    NESTED_NEXT "ZIS1026" "nested-next" Error "`Next` belongs to the rule as a whole, not to the conditions inside `And`, `Or` and `Not`."
    CHOICE_TOO_DEEP "ZIS1027" "choice-too-deep" Error "`And`, `Or` and `Not` are nested more than 10 deep."
    WAIT_DURATION "ZIS1028" "wait-duration" Error "A Wait state has exactly one of `Seconds` (a number above zero) and `SecondsPath`."
    ACTION_NAME "ZIS1030" "action-name" Error "`ActionName` is `zis:<integration>:action:<name>`, or one of the built-in actions."
    FOREIGN_INTEGRATION "ZIS1031" "foreign-integration" Error "A resource name holds another integration than the one that the bundle is uploaded to. A bundle can use only actions and flows of its own integration."
    ERROR_EQUALS "ZIS1032" "error-equals" Error "`ErrorEquals` has one legal value: `[\"States.ALL\"]`."
    URL_OR_PATH "ZIS1033" "url-or-path" Error "An action has exactly one of `url` (an absolute address) and `path` (a path on the account's Zendesk host)."
    METHOD "ZIS1034" "method" Error "`method` is one of GET, HEAD, PUT, POST, DELETE, OPTIONS, PATCH and TRACE, in capitals."
    ENTRY_SHAPE "ZIS1035" "entry-shape" Error "`headers` and `queryParams` are arrays of `{\"key\": …, \"value\": …}` (or `value.$`)."
    DYNAMIC_CONNECTION "ZIS1036" "dynamic-connection" Error "`connectionName` can't be computed: the connections of a flow are checked before it starts."
    TIMEOUT "ZIS1037" "timeout" Error "`TimeoutSeconds` is a number above zero."
    NO_STATES "ZIS1038" "no-states" Error "`States` holds at least one state."
    STATE_NAME "ZIS1039" "state-name" Error "A state's name holds 1 to 128 characters."
    FLOW_NAME "ZIS1040" "flow-name" Error "`flow_name` of a job spec is `zis:<integration>:flow:<name>`."

    // ZIS2xxx below ZIS2010: ZIS takes the bundle, and something is missing from it.
    NO_JOB_SPEC "ZIS2001" "no-job-spec" Note "The bundle has no job spec: no event will ever start its flows."
    UNKNOWN_FLOW "ZIS2002" "unknown-flow" Warning "A job spec names a flow that this bundle doesn't hold. It uploads, and its events start nothing."
    UNKNOWN_ACTION "ZIS2003" "unknown-action" Warning "An Action state names a custom action that this bundle doesn't hold. Unless another bundle of the integration defines it, the state fails when it runs."
    NO_FLOW "ZIS2004" "no-flow" Warning "The bundle holds no flow, so it does nothing by itself."
}

/// The entry of `code`.
pub fn entry(code: &str) -> Option<&'static Entry> {
    ALL.binary_search_by(|entry| entry.code.cmp(code)).ok().map(|at| &ALL[at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_and_names_unique() {
        assert!(ALL.is_sorted_by(|a, b| a.code < b.code));
        let mut names: Vec<_> = ALL.iter().map(|entry| entry.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ALL.len());
        assert_eq!(entry(UNKNOWN_TARGET).map(|entry| entry.name), Some("unknown-target"));
        assert_eq!(entry("ZIS9999"), None);
    }
}
