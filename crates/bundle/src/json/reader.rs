//! The JSON reader: recursive descent that reports a mistake, guesses what was meant, and reads on.

use super::{Kind, Member, Node, number, string::Reported};
use crate::{
    code,
    finding::{Finding, Severity},
    text::Span,
};

/// Objects and arrays nested deeper than this are not read.
pub const MAX_DEPTH: usize = 128;

/// More mistakes than this are read over in silence: the text is something else than JSON.
const MAX_FINDINGS: usize = 100;

/// Reads `text`. There is always a tree (`null` for an empty text) and a finding for each thing that is not JSON,
/// in the order of their places.
pub fn parse(text: &str) -> (Node, Vec<Finding>) {
    let mut reader = Reader::new(text);
    let root = reader.document();
    let mut findings = reader.findings;
    findings.sort_by_key(|finding| finding.span.start);
    for finding in &mut findings {
        finding.pointer = root.pointer_at(finding.span.start);
        finding.help = finding.help.take().or_else(|| code::entry(finding.code).map(|entry| entry.page.to_owned()));
    }
    (root, findings)
}

/// An object or array that is being read.
pub(super) struct Open {
    pub(super) closer: u8,
    pub(super) at: usize,
}

pub(super) struct Reader<'t> {
    pub(super) text: &'t str,
    pub(super) at: usize,
    findings: Vec<Finding>,
    pub(super) open: Vec<Open>,
    /// The first bracket that was closed by a line of another indentation: where a missing bracket is likely.
    pub(super) suspect: Option<usize>,
    pub(super) end_reported: bool,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str) -> Self {
        Self { text, at: 0, findings: Vec::new(), open: Vec::new(), suspect: None, end_reported: false }
    }

    fn document(&mut self) -> Node {
        if self.text.starts_with('\u{feff}') {
            self.at = '\u{feff}'.len_utf8();
        }
        self.space();
        if self.byte().is_none() {
            self.report(code::EMPTY, Span::new(0, 0), "the text is empty");
            return Node { span: Span::new(0, 0), kind: Kind::Null };
        }
        let root = self.value();
        self.space();
        if self.byte().is_some() {
            let rest = Span::new(self.at, self.text.trim_end().len());
            self.report(code::TEXT_AFTER, rest, "text after the end of the JSON document").with_help(
                "a file holds one JSON value; remove what follows it, or check for a bracket closed too early",
            );
        }
        root
    }

    pub(super) fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(super) fn report(&mut self, code: &'static str, span: Span, message: impl Into<String>) -> Reported<'_> {
        if self.findings.len() >= MAX_FINDINGS {
            return Reported(None);
        }
        let severity = code::entry(code).map_or(Severity::Error, |entry| entry.severity);
        self.findings.push(Finding::new(code, severity, span, message));
        Reported(self.findings.last_mut())
    }

    /// A value that isn't there: null, with an empty span, which later checks take as "already reported".
    fn nothing(&self) -> Node {
        Node { span: Span::new(self.at, self.at), kind: Kind::Null }
    }

    /// Skips white space; reports comments and characters that only look like white space.
    fn space(&mut self) {
        loop {
            let rest = &self.text[self.at..];
            let trimmed = rest.trim_start_matches([' ', '\t', '\r', '\n']);
            self.at += rest.len() - trimmed.len();
            if let Some(length) = comment_length(trimmed) {
                let span = Span::new(self.at, self.at + length);
                self.at = span.end;
                self.report(code::COMMENT, span, "JSON has no comments")
                    .fix_with("remove the comment", (span, String::new()));
            } else if let Some(odd) =
                trimmed.chars().next().filter(|first| first.is_whitespace() || *first == '\u{feff}')
            {
                let span = Span::new(self.at, self.at + odd.len_utf8());
                self.at = span.end;
                let message = format!("the character U+{:04X} looks like a space and is none", u32::from(odd));
                self.report(code::UNEXPECTED, span, message).fix_with("write a space", (span, " ".into()));
            } else {
                return;
            }
        }
    }

    fn value(&mut self) -> Node {
        let start = self.at;
        match self.byte() {
            Some(b'{' | b'[') if self.open.len() >= MAX_DEPTH => self.skip_nested(),
            Some(b'{') => self.object(),
            Some(b'[') => self.array(),
            Some(quote @ (b'"' | b'\'')) => {
                let (text, span) = self.string(quote);
                Node { span, kind: Kind::String(text) }
            }
            Some(b'0'..=b'9' | b'-' | b'+' | b'.') => self.number(),
            None | Some(b'}' | b']' | b',' | b':') => {
                self.report(code::MISSING_VALUE, Span::new(start, start), "a value is missing here");
                self.nothing()
            }
            Some(_) => self.word(),
        }
    }

    fn object(&mut self) -> Node {
        let start = self.enter(b'}');
        let mut members: Vec<Member> = Vec::new();
        let mut comma = None;
        while self.goes_on(b'}', &mut comma) {
            let Some((key, key_span)) = self.key() else {
                comma = None;
                continue;
            };
            let value = if self.colon(key_span.end) {
                self.space();
                self.value()
            } else {
                self.nothing()
            };
            comma = self.separator(value.span.end.max(key_span.end));
            members.push(Member { key, key_span, value });
        }
        self.open.pop();
        self.drop_duplicates(&mut members);
        Node { span: Span::new(start, self.at), kind: Kind::Object(members) }
    }

    fn array(&mut self) -> Node {
        let start = self.enter(b']');
        let mut items = Vec::new();
        let mut comma = None;
        while self.goes_on(b']', &mut comma) {
            if self.byte() == Some(b':') {
                self.skip_character();
                continue;
            }
            let item = self.value();
            comma = self.separator(item.span.end);
            items.push(item);
        }
        self.open.pop();
        Node { span: Span::new(start, self.at), kind: Kind::Array(items) }
    }

    fn enter(&mut self, closer: u8) -> usize {
        let at = self.at;
        self.open.push(Open { closer, at });
        self.at += 1;
        at
    }

    /// Goes to the next member or item, and deals with everything that can stand before it; false at the end.
    fn goes_on(&mut self, closer: u8, comma: &mut Option<usize>) -> bool {
        loop {
            self.space();
            match self.byte() {
                None => {
                    self.end_of_text();
                    return false;
                }
                Some(found) if found == closer => {
                    if let Some(at) = comma.take() {
                        let span = Span::new(at, at + 1);
                        let message = format!("a comma before `{}`", char::from(closer));
                        self.report(code::TRAILING_COMMA, span, message)
                            .fix_with("remove the comma", (span, String::new()));
                    }
                    self.note_indentation();
                    self.at += 1;
                    return false;
                }
                Some(b',') => {
                    let span = Span::new(self.at, self.at + 1);
                    self.at += 1;
                    self.report(code::EXTRA_COMMA, span, "a comma with nothing before it")
                        .fix_with("remove the comma", (span, String::new()));
                }
                Some(found @ (b'}' | b']')) => {
                    if self.open.iter().any(|open| open.closer == found) {
                        self.wrong_closer(closer, found);
                        return false;
                    }
                    let span = Span::new(self.at, self.at + 1);
                    self.at += 1;
                    self.report(code::STRAY_CLOSER, span, format!("`{}` closes nothing", char::from(found)))
                        .fix_with("remove it", (span, String::new()));
                }
                Some(_) => return true,
            }
        }
    }

    /// After a member or item that ends at byte `end`: takes the comma and says where it stood.
    fn separator(&mut self, end: usize) -> Option<usize> {
        self.space();
        match self.byte() {
            Some(b',') => {
                self.at += 1;
                return Some(self.at - 1);
            }
            None | Some(b'}' | b']') => {}
            Some(_) => {
                let gap = Span::new(end, end);
                self.report(code::MISSING_COMMA, gap, "a comma is missing here")
                    .fix_with("insert a comma", (gap, ",".into()));
            }
        }
        None
    }

    /// A key, in whatever quotes; `None` when what stands here is no key (it is skipped).
    fn key(&mut self) -> Option<(Box<str>, Span)> {
        let start = self.at;
        match self.byte() {
            Some(quote @ (b'"' | b'\'')) => {
                let (key, span) = self.string(quote);
                Some(self.split_swallowed_colon(key, span))
            }
            Some(b'{' | b'[') => {
                let span = self.value().span;
                self.report(code::UNEXPECTED, span, "a value without a key inside an object")
                    .with_help("every member of an object is `\"key\": value`");
                self.separator(span.end);
                None
            }
            Some(b':') => {
                self.skip_character();
                None
            }
            _ => {
                let rest = &self.text[start..];
                let length =
                    rest.find([':', ',', '}', ']', '"', '{', '[', ' ', '\n', '\r', '\t']).unwrap_or(rest.len());
                let length = if length == 0 { rest.chars().next().map_or(0, char::len_utf8) } else { length };
                self.at = start + length;
                let key: Box<str> = rest[..length].into();
                let span = self.finish_bare_text(start, &key);
                Some((key, span))
            }
        }
    }

    /// Takes the `:` after a key that ends at byte `end`; false when no value can follow.
    fn colon(&mut self, end: usize) -> bool {
        self.space();
        let gap = Span::new(end, end);
        match self.byte() {
            Some(b':') => {
                self.at += 1;
                true
            }
            Some(b'=') => {
                let span = Span::new(self.at, self.at + 1);
                self.at += 1;
                self.report(code::MISSING_COLON, span, "`=` instead of `:`").fix_with("write `:`", (span, ":".into()));
                true
            }
            None | Some(b',' | b'}' | b']') => {
                self.report(code::MISSING_VALUE, gap, "the key has no value")
                    .with_help("every member of an object is `\"key\": value`");
                false
            }
            Some(_) => {
                self.report(code::MISSING_COLON, gap, "a colon is missing after the key")
                    .fix_with("insert `:`", (gap, ":".into()));
                true
            }
        }
    }

    fn number(&mut self) -> Node {
        let start = self.at;
        let rest = &self.text[start..];
        let is_part = |found: char| found.is_ascii_alphanumeric() || ['+', '-', '.', '_', ':'].contains(&found);
        let length = rest.find(|found| !is_part(found)).unwrap_or(rest.len());
        let text = &rest[..length];
        self.at = start + length;
        let span = Span::new(start, self.at);
        if number::is_valid(text) {
            return Node { span, kind: Kind::Number(text.into()) };
        }
        match number::repair(text) {
            Some(good) => {
                self.report(code::BAD_NUMBER, span, format!("`{text}` is no JSON number"))
                    .fix_with("write it as JSON does", (span, good.clone()));
                Node { span, kind: Kind::Number(good.into()) }
            }
            None => {
                let span = self.finish_bare_text(start, text);
                Node { span, kind: Kind::String(text.into()) }
            }
        }
    }

    /// `true`, `false`, `null`, their misspellings, and text that lacks its quotes.
    fn word(&mut self) -> Node {
        let start = self.at;
        let rest = &self.text[start..];
        let length = rest.find([',', '}', ']', '"', '\n', '\r']).unwrap_or(rest.len());
        let word = rest[..length].trim_end();
        self.at = start + word.len();
        let span = Span::new(start, self.at);
        if let Some(kind) = literal(word) {
            return Node { span, kind };
        }
        let meant = match word {
            "True" | "TRUE" => Some("true"),
            "False" | "FALSE" => Some("false"),
            "Null" | "NULL" | "None" | "nil" | "undefined" | "NaN" | "Infinity" => Some("null"),
            _ => None,
        };
        if let Some((meant, kind)) = meant.and_then(|meant| Some((meant, literal(meant)?))) {
            self.report(code::BAD_WORD, span, format!("`{word}` is no JSON word; `{meant}` is"))
                .fix_with("write the JSON word", (span, meant.into()));
            return Node { span, kind };
        }
        let span = self.finish_bare_text(start, word);
        Node { span, kind: Kind::String(word.into()) }
    }
}

fn literal(word: &str) -> Option<Kind> {
    match word {
        "true" => Some(Kind::Bool(true)),
        "false" => Some(Kind::Bool(false)),
        "null" => Some(Kind::Null),
        _ => None,
    }
}

/// The length of the comment that `text` begins with.
fn comment_length(text: &str) -> Option<usize> {
    if text.starts_with("//") || text.starts_with('#') {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    text.starts_with("/*").then(|| text.find("*/").map_or(text.len(), |end| end + 2))
}
