//! What jq 1.6 has and jaq's parser lacks, written out in the program's text: `$__loc__` and `?//`.

use std::{fmt::Write, ops::Range};

use jaq_core::load::lex::{StrPart, Tok, Token};

use super::{super::compile::place, Rewrite, Writer};

/// Whether there may be something to write out.
pub(super) fn is_used(text: &str) -> bool {
    text.contains("$__loc__") || text.contains("?//")
}

/// Nothing is added beyond this size: every alternative repeats what follows it. jaq then finds `?//` and refuses it.
const MOST: usize = 256 * 1024;

/// Writes out what jaq does not know.
pub(super) fn write_out<'p>(text: &'p str, tokens: &[Token<&str>]) -> Rewrite<'p> {
    let mut sugar = Sugar { writer: Writer::new(text), alternatives: 0 };
    match sugar.list(tokens, false) {
        Some(()) => sugar.writer.finish(),
        None => Rewrite::none(text),
    }
}

struct Sugar<'p> {
    writer: Writer<'p>,
    alternatives: usize,
}

impl Sugar<'_> {
    fn span(&self, token: &Token<&str>) -> Range<usize> {
        place(self.writer.old, token.0)
    }

    fn list(&mut self, tokens: &[Token<&str>], object: bool) -> Option<()> {
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            if self.writer.text.len() > MOST {
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
        let span = self.span(&tokens[at]);
        let line = 1 + self.writer.old[..span.start].matches('\n').count();
        let before = at.checked_sub(1).map(|before| tokens[before].0);
        let after = tokens.get(at + 1).map(|after| after.0);
        let member = object && matches!(before, None | Some(",")) && matches!(after, Some("," | "}"));
        let key = if member { "__loc__:" } else { "" };
        self.writer.replace(span, &format!("{key}{{\"file\":\"<top-level>\",\"line\":{line}}}"));
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
        self.writer.copy_to(self.span(&tokens[at]).start);
        let _ = write!(self.writer.text, "as {name} | . as {name}_input | ");
        let (last, others) = patterns.split_last()?;
        for pattern in others {
            self.writer.text.push_str("try (");
            self.alternative(&patterns, pattern, &name, &tokens[from..to])?;
            let _ = write!(self.writer.text, ") catch ({name}_input | ");
        }
        self.alternative(&patterns, last, &name, &tokens[from..to])?;
        self.writer.text.push_str(&")".repeat(others.len()));
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
        let _ = write!(self.writer.text, "{name} as {} | ", pattern.0);
        for variable in others {
            let _ = write!(self.writer.text, "null as {variable} | ");
        }
        let (start, end) = (self.span(body.first()?).start, self.span(body.last()?).end);
        self.writer.done = start;
        self.list(body, false)?;
        self.writer.copy_to(end);
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
