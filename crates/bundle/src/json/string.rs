//! Strings of the JSON reader: escapes, and strings that nobody closed.

use std::{iter::Peekable, str::CharIndices};

use super::reader::Reader;
use crate::{code, text::Span};

impl Reader<'_> {
    /// Reads the string that begins at the current quote.
    pub(super) fn string(&mut self, quote: u8) -> (Box<str>, Span) {
        let start = self.at;
        let mut out = String::new();
        let mut raw_controls = Vec::new();
        self.at += 1;
        let mut chunk = self.at;
        loop {
            match self.byte() {
                None => {
                    self.unclosed_string(start, chunk, &mut out);
                    break;
                }
                Some(b'\n') if self.line_break_ends_string() => {
                    self.unclosed_string(start, chunk, &mut out);
                    break;
                }
                Some(found) if found == quote => {
                    out.push_str(&self.text[chunk..self.at]);
                    self.at += 1;
                    break;
                }
                Some(b'\\') => {
                    out.push_str(&self.text[chunk..self.at]);
                    self.escape(&mut out, quote);
                    chunk = self.at;
                }
                Some(found) if found < 0x20 => {
                    raw_controls.push((Span::new(self.at, self.at + 1), escaped_control(found)));
                    self.at += 1;
                }
                Some(_) => self.at += 1,
            }
        }
        let span = Span::new(start, self.at);
        self.report_controls(raw_controls);
        if quote == b'\'' {
            let edit = (span, super::recover::quoted(&out));
            self.report(code::SINGLE_QUOTES, span, "single quotes instead of double quotes")
                .fix_with("write double quotes", edit);
        }
        (out.into(), span)
    }

    fn report_controls(&mut self, edits: Vec<(Span, String)>) {
        let Some((first, _)) = edits.first() else { return };
        let first = *first;
        let message = "a raw line break or control character inside a string";
        self.report(code::CONTROL_CHARACTER, first, message).fix_all("escape it", edits);
    }

    /// Whether the line break at the current byte shows that the closing quote is missing, judged by the next line.
    fn line_break_ends_string(&self) -> bool {
        let rest = self.text[self.at..].trim_start();
        match rest.strip_prefix('"') {
            None => rest.is_empty() || rest.starts_with(['}', ']']),
            // A quote that ends a string spanning lines is followed by `,` or a closing bracket; one that begins a key isn't.
            Some(after) => !after.trim_start().starts_with([',', '}', ']']),
        }
    }

    /// Ends the string that has no closing quote: before a comma or bracket that was meant to follow it.
    fn unclosed_string(&mut self, start: usize, chunk: usize, out: &mut String) {
        let line = self.text[chunk..self.at].trim_end_matches([' ', '\t', '\r']);
        let stripped = line.strip_suffix(',').unwrap_or(line);
        let stripped = if self.at == self.text.len() { stripped.trim_end_matches(['}', ']', ' ']) } else { stripped };
        out.push_str(stripped);
        self.at = chunk + stripped.len();
        let end = self.at;
        self.report(code::UNCLOSED_STRING, Span::new(start, end), "the string has no closing quote")
            .fix_with("close the string", (Span::new(end, end), "\"".into()));
    }

    /// Reads one escape at the current backslash.
    fn escape(&mut self, out: &mut String, quote: u8) {
        let start = self.at;
        self.at += 1;
        let simple = match self.byte() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'\'') if quote == b'\'' => '\'',
            Some(b'u') => return self.unicode_escape(out, start),
            _ => return self.bad_escape(out, start),
        };
        out.push(simple);
        self.at += 1;
    }

    fn unicode_escape(&mut self, out: &mut String, start: usize) {
        let Some(first) = hex4(self.text, start + 2) else { return self.bad_escape(out, start) };
        let second = self.text[start + 6..].starts_with("\\u").then(|| hex4(self.text, start + 8)).flatten();
        let (character, length) = match (first, second) {
            (0xd800..=0xdbff, Some(low @ 0xdc00..=0xdfff)) => {
                (char::from_u32(0x10000 + ((first - 0xd800) << 10) + (low - 0xdc00)), 12)
            }
            _ => (char::from_u32(first), 6),
        };
        self.at = start + length;
        if character.is_none() {
            let message = "half of a surrogate pair; write the character itself";
            self.report(code::BAD_ESCAPE, Span::new(start, start + length), message);
        }
        out.push(character.unwrap_or(char::REPLACEMENT_CHARACTER));
    }

    /// The backslash stands for itself and reading goes on behind it.
    fn bad_escape(&mut self, out: &mut String, start: usize) {
        self.at = start + 1;
        out.push('\\');
        let end = start + 1 + self.text[start + 1..].chars().next().map_or(0, char::len_utf8);
        let shown = self.text[start..end].trim_end().to_owned();
        self.report(code::BAD_ESCAPE, Span::new(start, end), format!("`{shown}` is no JSON escape"))
            .with_help("a backslash for jq or a regular expression is written twice: `\\\\`")
            .fix_with("double the backslash", (Span::new(start, start + 1), "\\\\".into()));
    }
}

fn hex4(text: &str, at: usize) -> Option<u32> {
    let digits = text.get(at..at + 4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    u32::from_str_radix(digits, 16).ok()
}

fn escaped_control(byte: u8) -> String {
    match byte {
        b'\n' => "\\n".into(),
        b'\r' => "\\r".into(),
        b'\t' => "\\t".into(),
        other => format!("\\u{other:04x}"),
    }
}

/// The byte of the source that byte `offset` of a string's value was written at; `string` is the span of the string with
/// its quotes. Good for strings without faults; clamped to the span otherwise.
pub fn source_offset(text: &str, string: Span, offset: usize) -> usize {
    SourceOffsets::new(text, string).at(offset)
}

/// [`source_offset`] for many offsets of one string, asked for in ascending order: each is looked for from the one before.
pub struct SourceOffsets<'t> {
    string: Span,
    inner: &'t str,
    characters: Peekable<CharIndices<'t>>,
    value_at: usize,
}

impl<'t> SourceOffsets<'t> {
    pub fn new(text: &'t str, string: Span) -> Self {
        let inner = text.get(string.start + 1..string.end).unwrap_or_default();
        Self { string, inner, characters: inner.char_indices().peekable(), value_at: 0 }
    }

    pub fn at(&mut self, offset: usize) -> usize {
        while let Some((at, found)) = self.characters.next_if(|_| self.value_at < offset) {
            if found != '\\' {
                self.value_at += found.len_utf8();
                continue;
            }
            match self.characters.next() {
                Some((_, 'u')) => {
                    let unit = hex4(self.inner, at + 2).unwrap_or(0);
                    self.value_at += match unit {
                        0..=0x7f => 1,
                        0x80..=0x7ff => 2,
                        // Each half of a surrogate pair counts for half of its four bytes.
                        0xd800..=0xdfff => 2,
                        _ => 3,
                    };
                    self.characters.by_ref().take(4).for_each(drop);
                }
                _ => self.value_at += 1,
            }
        }
        match self.characters.peek() {
            Some((at, _)) => self.string.start + 1 + at,
            None if self.inner.is_empty() => self.string.start,
            None => self.string.end.saturating_sub(1).max(self.string.start),
        }
    }
}

/// How the reader adds to the finding it has just reported.
pub(super) struct Reported<'f>(pub(super) Option<&'f mut crate::finding::Finding>);

impl Reported<'_> {
    pub(super) fn with_help(mut self, help: &str) -> Self {
        if let Some(finding) = &mut self.0 {
            finding.help = Some(help.into());
        }
        self
    }

    pub(super) fn with_related(mut self, span: Span, label: &str) -> Self {
        if let Some(finding) = &mut self.0 {
            finding.related.push((span, label.into()));
        }
        self
    }

    pub(super) fn fix_with(self, title: &str, edit: (Span, String)) {
        self.fix_all(title, vec![edit]);
    }

    pub(super) fn fix_all(self, title: &str, edits: Vec<(Span, String)>) {
        if let Some(finding) = self.0 {
            finding.fix = Some(crate::finding::Fix { title: title.into(), edits, safe: true });
        }
    }
}
