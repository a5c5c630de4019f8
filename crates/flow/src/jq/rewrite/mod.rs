//! From jq 1.6's grammar to jaq's: what jaq parses differently or not at all is written out in the program's text before jaq sees
//! it, and places in the rewritten text lead back to the program.
//!
//! Three passes: [`surrogates`] (escaped pairs in strings), [`grouping`] (parentheses where jaq binds otherwise, `reduce` with the
//! last output, `{$a: pattern}`), [`sugar`] (`$__loc__`, `?//`).

mod grouping;
mod row;
mod sugar;
mod surrogates;

pub(super) use grouping::LAST;

use std::{borrow::Cow, ops::Range};

use jaq_core::load::{Lexer, lex::Token};

/// A rewritten text, and where its parts come from.
pub(super) struct Rewrite<'p> {
    pub(super) text: Cow<'p, str>,
    /// Stretches that were copied: start in the new text, start in the old, length.
    copied: Vec<(usize, usize, usize)>,
}

impl<'p> Rewrite<'p> {
    fn none(text: &'p str) -> Self {
        Self { text: Cow::Borrowed(text), copied: vec![(0, 0, text.len())] }
    }

    /// The place in the old text of a place in the new.
    fn origin(&self, at: &Range<usize>) -> Range<usize> {
        let one = |at: usize| {
            let stretch = self.copied.iter().rev().find(|(start, ..)| *start <= at);
            stretch.map_or(0, |(start, origin, len)| origin + (at - start).min(*len))
        };
        let start = one(at.start);
        start..one(at.end).max(start)
    }
}

/// Builds a [`Rewrite`]: copies the old text, and puts new text in between or in place of some of it.
struct Writer<'p> {
    old: &'p str,
    text: String,
    copied: Vec<(usize, usize, usize)>,
    /// Up to here the old text is written.
    done: usize,
}

impl<'p> Writer<'p> {
    fn new(old: &'p str) -> Self {
        Self { old, text: String::with_capacity(old.len() + 32), copied: Vec::new(), done: 0 }
    }

    fn copy_to(&mut self, end: usize) {
        if end > self.done {
            self.copied.push((self.text.len(), self.done, end - self.done));
            self.text.push_str(&self.old[self.done..end]);
        }
        self.done = self.done.max(end);
    }

    fn replace(&mut self, at: Range<usize>, text: &str) {
        self.copy_to(at.start);
        self.text.push_str(text);
        self.done = at.end;
    }

    fn finish(mut self) -> Rewrite<'p> {
        self.copy_to(self.old.len());
        Rewrite { text: Cow::Owned(self.text), copied: self.copied }
    }
}

/// The text for jaq, and the way back.
pub(super) struct Rewritten {
    pub(super) text: String,
    passes: Vec<Vec<(usize, usize, usize)>>,
}

impl Rewritten {
    /// The place in the program of a place in the text.
    pub(super) fn origin(&self, at: Range<usize>) -> Range<usize> {
        self.passes
            .iter()
            .rev()
            .fold(at, |at, copied| Rewrite { text: Cow::Borrowed(""), copied: copied.clone() }.origin(&at))
    }
}

/// All passes. `check` sees the tokens of the program first.
pub(super) fn rewrite<E>(program: &str, check: impl Fn(&str, &[Token<&str>]) -> Result<(), E>) -> Result<Rewritten, E> {
    let first = surrogates::write_out(program);
    let Ok(tokens) = Lexer::new(&first.text).lex() else { return Ok(keep(&[&first], &first)) };
    check(&first.text, &tokens)?;
    let second = grouping::write_out(&first.text, &tokens);
    if !sugar::is_used(&second.text) {
        return Ok(keep(&[&first, &second], &second));
    }
    let Ok(tokens) = Lexer::new(&second.text).lex() else { return Ok(keep(&[&first, &second], &second)) };
    let third = sugar::write_out(&second.text, &tokens);
    Ok(keep(&[&first, &second, &third], &third))
}

fn keep(passes: &[&Rewrite<'_>], last: &Rewrite<'_>) -> Rewritten {
    Rewritten { text: last.text.to_string(), passes: passes.iter().map(|pass| pass.copied.clone()).collect() }
}
