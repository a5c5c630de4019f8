//! What the JSON reader does about mistakes: brackets that don't match, text without quotes, keys written twice.

use std::collections::{HashMap, HashSet};

use super::{
    Kind, Member, Node,
    reader::{MAX_DEPTH, Reader},
};
use crate::{code, finding::Fix, text::Span};

impl Reader<'_> {
    pub(super) fn skip_character(&mut self) {
        let span = Span::new(self.at, self.at + 1);
        self.at += 1;
        let found = &self.text[span.start..span.end];
        self.report(code::UNEXPECTED, span, format!("`{found}` was not expected here"));
    }

    /// Skips an object or array that is nested too deeply, brackets balanced, without recursion.
    pub(super) fn skip_nested(&mut self) -> Node {
        let start = self.at;
        let mut depth = 0usize;
        while let Some(byte) = self.byte() {
            match byte {
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth = depth.saturating_sub(1),
                b'"' => self.skip_string(),
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                break;
            }
        }
        self.at = self.at.min(self.text.len());
        let message = format!("nested more than {MAX_DEPTH} deep; what follows was not read");
        self.report(code::TOO_DEEP, Span::new(start, start + 1), message);
        Node { span: Span::new(start, self.at), kind: Kind::Null }
    }

    /// To the closing quote of the string at the current byte.
    pub(super) fn skip_string(&mut self) {
        self.at += 1;
        while let Some(byte) = self.byte().filter(|byte| *byte != b'"') {
            self.at += if byte == b'\\' { 2 } else { 1 };
        }
    }

    pub(super) fn end_of_text(&mut self) {
        if std::mem::replace(&mut self.end_reported, true) {
            return;
        }
        let end = self.text.trim_end().len();
        let missing: String = self.open.iter().rev().map(|open| char::from(open.closer)).collect();
        let opener = self.open.last().map_or(0, |open| open.at);
        let suspect = self.suspect;
        let message = format!("the text ends, and `{missing}` is missing");
        let mut reported = self.report(code::UNCLOSED, Span::new(end, end), message);
        reported = match suspect {
            Some(at) => {
                reported.with_related(Span::new(at, at + 1), "by the indentation, this one lacks its closing bracket")
            }
            None => reported.with_related(Span::new(opener, opener + 1), "opened here and never closed"),
        };
        if let Some(finding) = reported.0 {
            let edits = vec![(Span::new(end, end), missing)];
            finding.fix = Some(Fix { title: "close what is open".into(), edits, safe: suspect.is_none() });
        }
    }

    pub(super) fn wrong_closer(&mut self, closer: u8, found: u8) {
        let opener = self.open.last().map_or(0, |open| open.at);
        let span = Span::new(self.at, self.at + 1);
        let message = format!("`{}` where `{}` has to come first", char::from(found), char::from(closer));
        self.report(code::STRAY_CLOSER, span, message)
            .with_related(Span::new(opener, opener + 1), "opened here and never closed")
            .fix_with("close it", (Span::new(span.start, span.start), char::from(closer).to_string()));
    }

    /// Remembers a bracket whose closing line is indented otherwise than its opening line.
    pub(super) fn note_indentation(&mut self) {
        let Some(open) = self.open.last().filter(|_| self.suspect.is_none()) else { return };
        // Not to look for the beginning of a line that holds everything, once a bracket.
        if !self.text[..self.at].trim_end_matches([' ', '\t', '\r']).ends_with('\n') {
            return;
        }
        let closing = &self.text[line_start(self.text, self.at)..self.at];
        let opening = &self.text[line_start(self.text, open.at)..open.at];
        let indent = &opening[..opening.len() - opening.trim_start().len()];
        if closing.trim().is_empty() && line_start(self.text, self.at) > open.at && closing != indent {
            self.suspect = Some(open.at);
        }
    }

    /// Keeps the last of members with the same key, and reports the others.
    pub(super) fn drop_duplicates(&mut self, members: &mut Vec<Member>) {
        let distinct: HashSet<&str> = members.iter().map(|member| &*member.key).collect();
        if distinct.len() == members.len() {
            return;
        }
        let mut last: HashMap<Box<str>, (usize, Span)> = HashMap::new();
        let mut lost = Vec::new();
        for (at, member) in members.iter().enumerate() {
            if let Some((earlier, span)) = last.insert(member.key.clone(), (at, member.key_span)) {
                lost.push(earlier);
                self.report(code::DUPLICATE_KEY, member.key_span, format!("the key `{}` is written twice", member.key))
                    .with_help("the last one counts and the first is lost; rename or remove one of them")
                    .with_related(span, "written here first");
            }
        }
        let mut at = 0;
        members.retain(|_| {
            at += 1;
            !lost.contains(&(at - 1))
        });
    }

    /// `"name: "Acme"`: the key took the colon and the value's opening quote. Gives both back.
    pub(super) fn split_swallowed_colon(&mut self, key: Box<str>, span: Span) -> (Box<str>, Span) {
        let follows = self.text[self.at..].chars().next();
        let bare = key.trim_end();
        if !bare.ends_with(':') || follows.is_none_or(|next| [':', ' ', '\n', '\r', ','].contains(&next)) {
            return (key, span);
        }
        let Some(length) = self.text[span.start..span.end].rfind(':') else { return (key, span) };
        let end = span.start + length;
        self.report(code::UNCLOSED_STRING, Span::new(span.start, end), "the key has no closing quote")
            .fix_with("close the key", (Span::new(end, end), "\"".into()));
        self.at = end;
        (bare.trim_end_matches(':').into(), Span::new(span.start, end))
    }

    /// Reports text without quotes that ends at the current byte; a closing quote right there is taken.
    pub(super) fn finish_bare_text(&mut self, start: usize, text: &str) -> Span {
        let end = self.at;
        let begins = Span::new(start, start);
        if self.byte() == Some(b'"') {
            self.at += 1;
            self.report(code::UNQUOTED, Span::new(start, end + 1), "the opening quote is missing")
                .fix_with("insert a quote", (begins, "\"".into()));
        } else {
            let edit = (Span::new(start, end), quoted(text));
            self.report(code::UNQUOTED, Span::new(start, end), "text without quotes").fix_with("quote it", edit);
        }
        Span::new(start, self.at)
    }
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |found| found + 1)
}

/// `text` as a JSON string.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if u32::from(control) < 0x20 => out.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}
