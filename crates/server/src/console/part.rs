//! Small parts that many pages use.

use maud::{Markup, PreEscaped, html};
use serde_json::Value;
use zis_flow::Timestamp;

/// The text at `key`, empty when there is none.
pub fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}

/// The colour of a status.
pub fn colour(status: &str) -> &'static str {
    match status {
        "succeeded" => "good",
        "failed" | "timed_out" | "error" => "bad",
        "cancelled" | "debug" | "info" => "",
        "waiting" | "retrying" | "warning" => "warn",
        _ => "run",
    }
}

/// A status in its colour.
pub fn status(status: &str) -> Markup {
    html! { span class={ "tag " (colour(status)) } { (status.replace('_', " ")) } }
}

/// A time: short to read, exact for machines and in the title.
pub fn time(text: &str) -> Markup {
    html! { @if !text.is_empty() { time.n datetime=(text) title=(text) { (short_time(text).as_deref().unwrap_or(text)) } } }
}

/// `2026-11-24T08:41:29Z`: `24 Nov 08:41:29`.
fn short_time(text: &str) -> Option<String> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = MONTHS.get(text.get(5..7)?.parse::<usize>().ok()?.checked_sub(1)?)?;
    Some(format!("{} {month} {}", text.get(8..10)?.trim_start_matches('0'), text.get(11..19)?))
}

/// Where the section with this title is on its page.
pub fn anchor(title: &str) -> String {
    title.to_lowercase().replace(' ', "-")
}

/// A part of a page with its heading, and what can be done beside it.
pub fn section(title: &str, beside: Markup, content: Markup) -> Markup {
    html! { section id=(anchor(title)) { div.head { h2 { (title) } (beside) } (content) } }
}

/// A button that opens a form.
pub fn opener(id: &str, title: &str, open: bool, form: Markup) -> Markup {
    html! { details.open id=(id) open[open] { summary { (title) } div.panel { (form) } } }
}

/// A button for what can't be undone: the script asks before the form is sent.
pub fn confirmed(label: &str, question: &str) -> Markup {
    html! { button.danger type="submit" data-confirm=(question) { (label) } }
}

/// A field of a form with its label.
pub fn field(id: &str, name: &str, label: &str, kind: &str, required: bool) -> Markup {
    html! { div.field { label for=(id) { (label) } input id=(id) name=(name) type=(kind) required[required] autocomplete="off"; } }
}

/// From one time to another, `12 ms`, `3.4 s`.
pub fn duration(from: &str, to: &str) -> String {
    let (Some(from), Some(to)) = (Timestamp::parse_rfc3339(from), Timestamp::parse_rfc3339(to)) else {
        return String::new();
    };
    millis(to.since(from).as_secs_f64() * 1e3)
}

pub fn millis(millis: f64) -> String {
    match millis {
        ms if ms < 0.1 => "< 0.1 ms".to_owned(),
        ms if ms < 10.0 => format!("{ms:.1} ms"),
        ms if ms < 1_000.0 => format!("{ms:.0} ms"),
        ms if ms < 60_000.0 => format!("{:.1} s", ms / 1e3),
        ms => format!("{:.1} min", ms / 60_000.0),
    }
}

/// Bytes of one text that are shown.
const MOST_TEXT: usize = 6_000;

/// A text as it is, cut when it is long.
pub fn verbatim(text: &str) -> Markup {
    let shown = fitting(text, MOST_TEXT);
    let cut = text.len() - shown.len();
    html! { pre tabindex="0" { (escaped(shown)) @if cut > 0 { "…\n(" (cut) " more bytes: the API gives the whole)" } } }
}

/// A value over several lines, cut when it is long.
pub fn value(value: &Value) -> Markup {
    value.as_str().map_or_else(|| verbatim(&json(value)), verbatim)
}

/// The beginning of `text` that is at most `most` bytes of HTML.
pub fn fitting(text: &str, most: usize) -> &str {
    let mut left = most;
    let end = text.char_indices().find(|(_, letter)| {
        let size = match letter {
            '&' => "&amp;".len(),
            '<' | '>' => "&lt;".len(),
            letter => letter.len_utf8(),
        };
        let fits = left.checked_sub(size);
        left = fits.unwrap_or(left);
        fits.is_none()
    });
    end.map_or(text, |(at, _)| &text[..at])
}

/// The same, with a sign when something is left out.
pub fn shortened(text: &str, most: usize) -> String {
    let shown = fitting(text, most);
    if shown.len() == text.len() { text.to_owned() } else { format!("{shown}…") }
}

/// Text for between tags. Quotes stay as they are, unlike in an attribute: JSON has so many that they would double a page.
fn escaped(text: &str) -> PreEscaped<String> {
    PreEscaped(text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"))
}

/// Bytes of HTML that the parts of a page may have together: what is beyond is left to a link, so that a page stays small whatever it shows.
pub struct Budget(pub usize);

impl Budget {
    /// The part, when there is room for it.
    pub fn take(&mut self, part: Markup) -> Option<Markup> {
        self.0 = self.0.checked_sub(part.0.len())?;
        Some(part)
    }

    /// The part or, when there is no room, what stands for it.
    pub fn take_or(&mut self, part: Markup, instead: Markup) -> Markup {
        self.take(part).unwrap_or(instead)
    }
}

/// JSON over several lines.
pub fn json(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// A flow's picture in its frame.
pub fn picture(svg: PreEscaped<String>) -> Markup {
    html! {
        div.drawn {
            div.zoom hidden {
                button type="button" data-zoom="out" aria-label="Smaller" { "−" }
                button type="button" data-zoom="in" aria-label="Larger" { "+" }
                button type="button" data-zoom="fit" { "Fit" }
            }
            div.picture tabindex="0" role="group" aria-label="Flow; drag to move, Ctrl and wheel to zoom" { (svg) }
        }
    }
}

/// The link to an execution: its flow, with the integration below.
pub fn execution_link(execution: &Value) -> Markup {
    html! {
        a.main href={ "/console/executions/" (text(execution, "id")) } title=(text(execution, "id")) { (text(execution, "flow")) }
        span.under { (text(execution, "integration")) }
    }
}

/// An id by its end: ids that are made one after the other begin alike.
pub fn short_id(id: &str) -> &str {
    id.get(id.len().saturating_sub(8)..).unwrap_or(id)
}

/// How an execution stands, with its attempt when it is not the first.
pub fn standing(execution: &Value) -> Markup {
    html! {
        (status(text(execution, "status")))
        @if execution["attempt"].as_u64() > Some(1) { span.under { "attempt " (execution["attempt"].to_string()) " of " (execution["max_attempts"].to_string()) } }
    }
}

/// What an execution has to say for itself: its message, why it failed, or when it goes on.
pub fn why(execution: &Value) -> Markup {
    let said = execution["message"].as_str().or(execution["error"]["cause"].as_str());
    html! {
        @if let Some(said) = said { div.clamp title=(shortened(said, 400)) { (shortened(said, 200)) } }
        @if let Some(wake_at) = execution["wake_at"].as_str() { span.soft { "goes on at " (time(wake_at)) } }
    }
}

/// Plain words in which `…` is code.
pub fn prose(text: &str) -> Markup {
    html! { @for (index, part) in text.split('`').enumerate() { @if index % 2 == 1 { code { (part) } } @else { (part) } } }
}

/// A code with the link to its page.
pub fn code(code: &str) -> Markup {
    html! { @if !code.is_empty() { a.mono href={ "/console/explain/" (code) } title="What this means" { (code) } } }
}

/// Shown by the script while the page follows what happens.
pub fn live() -> Markup {
    html! { span.live hidden { span class="dot good" {} "live" } }
}

/// Something to be taken along by a click.
pub fn copyable(value: &str, what: &str) -> Markup {
    html! { span.mono { (value) } " " button.plain.copy type="button" data-copy aria-label={ "Copy " (what) } hidden { "Copy" } }
}

/// A link to the next page of a list, when there is one.
pub fn next_page(path: &str, meta: &Value, label: &str) -> Markup {
    let cursor = meta["after_cursor"].as_str().or(meta["after"].as_str()).unwrap_or_default();
    let more = meta["has_more"].as_bool().unwrap_or(false) && !cursor.is_empty();
    let (base, query) = path.split_once('?').unwrap_or((path, ""));
    let others = query.split('&').filter(|part| !part.is_empty() && !part.starts_with("page"));
    let after = format!("page%5Bafter%5D={}", super::page::encode(cursor));
    let query: Vec<&str> = others.chain([after.as_str()]).collect();
    html! { @if more { p.below { a.button href={ (base) "?" (query.join("&")) } rel="next" { (label) } } } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_by_what_they_are_in_html() {
        for (text, most, fits) in [
            ("abc", 3, "abc"),
            ("abc", 2, "ab"),
            ("<b>", 4, "<"),
            ("<b>", 8, "<b"),
            ("é<", 3, "é"),
            ("&", 4, ""),
            ("", 0, ""),
        ] {
            assert_eq!(fitting(text, most), fits, "{text} in {most}");
        }
        let hostile = r#"</pre><script>alert("1")</script>&"#;
        let shown = verbatim(hostile).0;
        assert_eq!(shown, r#"<pre tabindex="0">&lt;/pre&gt;&lt;script&gt;alert("1")&lt;/script&gt;&amp;</pre>"#);
        assert!(verbatim(&"<".repeat(100_000)).0.len() < MOST_TEXT + 100);
    }
}
