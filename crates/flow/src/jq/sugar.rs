//! What jq 1.6 has and jaq's parser lacks, written out in the program's text: `$__loc__` and `?//`.

use std::{borrow::Cow, fmt::Write, ops::Range};

use jaq_core::load::lex::{StrPart, Tok, Token};

use super::compile::place;

/// A program as jaq gets it, and where its parts come from.
pub(super) struct Plain<'p> {
    pub(super) text: Cow<'p, str>,
    /// Stretches that were copied: start in the text, start in the program, length.
    copied: Vec<(usize, usize, usize)>,
}

/// The text may grow to this size: every alternative repeats what follows it.
const MOST: usize = 256 * 1024;

impl<'p> Plain<'p> {
    pub(super) fn as_is(program: &'p str) -> Self {
        Self { text: Cow::Borrowed(program), copied: vec![(0, 0, program.len())] }
    }

    /// The place in the program of a place in the text.
    pub(super) fn origin(&self, at: Range<usize>) -> Range<usize> {
        let one = |at: usize| {
            let stretch = self.copied.iter().rev().find(|(start, ..)| *start <= at);
            stretch.map_or(0, |(start, origin, len)| origin + (at - start).min(*len))
        };
        let start = one(at.start);
        start..one(at.end).max(start)
    }
}

/// Writes out what jaq does not know; `None` when the text would grow too large.
pub(super) fn write_out<'p>(program: &'p str, tokens: &[Token<&str>]) -> Option<Plain<'p>> {
    if !program.contains("$__loc__") && !program.contains("?//") {
        return Some(Plain::as_is(program));
    }
    let mut writer = Writer { program, text: String::new(), copied: Vec::new(), done: 0, alternatives: 0 };
    writer.list(tokens, false)?;
    writer.copy_to(program.len());
    Some(Plain { text: Cow::Owned(writer.text), copied: writer.copied })
}

struct Writer<'p> {
    program: &'p str,
    text: String,
    copied: Vec<(usize, usize, usize)>,
    /// Up to here the program is written.
    done: usize,
    alternatives: usize,
}

impl Writer<'_> {
    fn copy_to(&mut self, end: usize) {
        if end > self.done {
            self.copied.push((self.text.len(), self.done, end - self.done));
            self.text.push_str(&self.program[self.done..end]);
        }
        self.done = self.done.max(end);
    }

    /// Puts `text` in the place of the program's bytes `at`.
    fn replace(&mut self, at: Range<usize>, text: &str) {
        self.copy_to(at.start);
        self.text.push_str(text);
        self.done = at.end;
    }

    fn list(&mut self, tokens: &[Token<&str>], object: bool) -> Option<()> {
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            if self.text.len() > MOST {
                return None;
            }
            match &token.1 {
                Tok::Var if token.0 == "$__loc__" => self.location(tokens, at, object),
                Tok::Word if token.0 == "as" => {
                    if let Some(end) = self.alternative_patterns(tokens, at)? {
                        at = end;
                        continue;
                    }
                }
                Tok::Block(inner) => self.list(inner, token.0.starts_with('{'))?,
                Tok::Str(parts) => self.string(parts)?,
                _ => {}
            }
            at += 1;
        }
        Some(())
    }

    fn string(&mut self, parts: &[StrPart<&str, Token<&str>>]) -> Option<()> {
        for part in parts {
            if let StrPart::Term(Token(_, Tok::Block(inner))) = part {
                self.list(inner, false)?;
            }
        }
        Some(())
    }

    fn location(&mut self, tokens: &[Token<&str>], at: usize, object: bool) {
        let span = place(self.program, tokens[at].0);
        let line = 1 + self.program[..span.start].matches('\n').count();
        let before = at.checked_sub(1).map(|before| tokens[before].0);
        let after = tokens.get(at + 1).map(|after| after.0);
        let member = object && matches!(before, None | Some(",")) && matches!(after, Some("," | "}"));
        let key = if member { "__loc__:" } else { "" };
        self.replace(span, &format!("{key}{{\"file\":\"<top-level>\",\"line\":{line}}}"));
    }

    /// `as P1 ?// P2 | body`: the first pattern whose destructuring and body raise no error; the last one's errors count. Gives the
    /// index behind the body.
    fn alternative_patterns(&mut self, tokens: &[Token<&str>], at: usize) -> Option<Option<usize>> {
        let mut patterns = Vec::new();
        let mut next = at + 1;
        while let Some(pattern) = tokens.get(next) {
            patterns.push(pattern);
            let more = [tokens.get(next + 1), tokens.get(next + 2)];
            if more.map(|token| token.map(|token| token.0)) != [Some("?"), Some("//")] {
                break;
            }
            next += 3;
        }
        if patterns.len() < 2 || tokens.get(next + 1).is_none_or(|token| token.0 != "|") {
            return Some(None);
        }
        let from = next + 2;
        let to = from + body_length(&tokens[from..]);
        if from == to {
            return Some(None);
        }
        self.alternatives += 1;
        let name = format!("$__alternative_{}", self.alternatives);
        self.copy_to(place(self.program, tokens[at].0).start);
        let _ = write!(self.text, "as {name} | . as {name}_input | ");
        let (last, others) = patterns.split_last()?;
        for pattern in others {
            self.text.push_str("try (");
            self.alternative(&patterns, pattern, &name, &tokens[from..to])?;
            let _ = write!(self.text, ") catch ({name}_input | ");
        }
        self.alternative(&patterns, last, &name, &tokens[from..to])?;
        self.text.push_str(&")".repeat(others.len()));
        Some(Some(to))
    }

    /// Destructures by one pattern, makes the variables of all others null, and writes the body.
    fn alternative(
        &mut self,
        all: &[&Token<&str>],
        pattern: &Token<&str>,
        name: &str,
        body: &[Token<&str>],
    ) -> Option<()> {
        let mut own = Vec::new();
        variables(pattern, &mut own);
        let mut others = Vec::new();
        all.iter().for_each(|pattern| variables(pattern, &mut others));
        others.retain(|variable| !own.contains(variable));
        others.dedup();
        let _ = write!(self.text, "{name} as {} | ", pattern.0);
        for variable in others {
            let _ = write!(self.text, "null as {variable} | ");
        }
        let span = |token: &Token<&str>| place(self.program, token.0);
        let (start, end) = (span(body.first()?).start, span(body.last()?).end);
        self.done = start;
        self.list(body, false)?;
        self.copy_to(end);
        Some(())
    }
}

/// How many tokens belong to what follows a `|`: up to the end of the surrounding construct.
fn body_length(tokens: &[Token<&str>]) -> usize {
    let mut open = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match (&token.1, token.0) {
            (Tok::Word, "if") => open += 1,
            (Tok::Word, "end") if open > 0 => open -= 1,
            (Tok::Word, "end") | (Tok::Sym, ")" | "]" | "}" | ";") => return at,
            (Tok::Word, "then" | "elif" | "else") if open == 0 => return at,
            _ => {}
        }
    }
    tokens.len()
}

fn variables<'t>(pattern: &Token<&'t str>, found: &mut Vec<&'t str>) {
    match &pattern.1 {
        Tok::Var => found.push(pattern.0),
        Tok::Block(inner) if !pattern.0.starts_with('(') => inner.iter().for_each(|token| variables(token, found)),
        _ => {}
    }
}
