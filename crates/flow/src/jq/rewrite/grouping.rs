//! Parentheses where jaq would group otherwise than jq 1.6.
//!
//! jq binds `//` more loosely than `=` and its kin, `%` as tightly as `*` and `/`, and lets `term as $x | body` begin in the middle of
//! an expression; it keeps the last output of a `reduce` step. This pass reads the token tree by jq's grammar, notes what to insert,
//! and leaves alone what it does not understand: jaq's parser then says what is wrong.

use jaq_core::load::lex::{StrPart, Tok, Token};

use super::{
    super::compile::place,
    Rewrite, Writer,
    row::{Binds, Row, may_give_several, operator, tighter},
};

/// Passes on the last output of its argument, or null.
pub(in crate::jq) const LAST: &str = "__last";

pub(super) fn write_out<'p>(text: &'p str, tokens: &[Token<&str>]) -> Rewrite<'p> {
    let mut reader = Reader { text, insertions: Vec::new() };
    let mut row = Row { tokens, at: 0, commas: true };
    if reader.directives(&mut row).is_none() || row.at < tokens.len() || reader.insertions.is_empty() {
        return Rewrite::none(text);
    }
    reader.insertions.sort_by_key(|(at, _)| *at);
    let mut writer = Writer::new(text);
    for (at, insertion) in &reader.insertions {
        writer.replace(*at..*at, insertion);
    }
    writer.finish()
}

/// What an expression turned out to be: its outermost operator, and from which token to which it reaches.
struct Node {
    binds: Option<Binds>,
    modulo: bool,
    from: usize,
    to: usize,
}

struct Reader<'p> {
    text: &'p str,
    insertions: Vec<(usize, String)>,
}

impl Reader<'_> {
    /// Definitions may stand alone, without an expression after them.
    fn directives(&mut self, row: &mut Row<'_>) -> Option<()> {
        self.expression(row, Binds::Pipe).map(drop)
    }

    fn wrap(&mut self, row: &Row<'_>, from: usize, to: usize, open: &str) {
        let (Some(first), Some(last)) = (row.tokens.get(from), to.checked_sub(1).and_then(|last| row.tokens.get(last)))
        else {
            return;
        };
        let start = place(self.text, first.0).start;
        let end = place(self.text, last.0).end;
        self.insertions.push((end, ")".to_owned()));
        // Of two that open at one place the later is the outer one and comes first; no closing has the place of an opening.
        let before = self.insertions.iter().position(|(at, _)| *at == start).unwrap_or(self.insertions.len());
        self.insertions.insert(before, (start, open.to_owned()));
    }

    /// An expression whose operators bind at least as tightly as `least`.
    fn expression(&mut self, row: &mut Row<'_>, least: Binds) -> Option<Node> {
        let from = row.at;
        let mut left = self.operand(row, least)?;
        while let Some((binds, modulo)) = self.operator_here(row, least) {
            row.at += 1;
            let right = match binds {
                Binds::Pipe | Binds::Alternative => self.expression(row, binds)?,
                _ => self.expression(row, tighter(binds))?,
            };
            for node in [&left, &right] {
                let assigns = binds == Binds::Alternative && node.binds == Some(Binds::Assignment);
                let divides = binds == Binds::Product && node.binds == Some(binds) && node.modulo != modulo;
                if assigns || divides {
                    self.wrap(row, node.from, node.to, "(");
                }
            }
            left = Node { binds: Some(binds), modulo, from, to: row.at };
        }
        Some(left)
    }

    fn operator_here(&self, row: &Row<'_>, least: Binds) -> Option<(Binds, bool)> {
        let token = row.peek()?;
        let binds = operator(token)?;
        (binds >= least && (row.commas || binds != Binds::Comma)).then_some((binds, token.0 == "%"))
    }

    /// What stands between operators, or reaches from here to the end: `def`, `label` and `as`.
    fn operand(&mut self, row: &mut Row<'_>, least: Binds) -> Option<Node> {
        let from = row.at;
        if row.eat("def") {
            self.definition(row)?;
            let rest = self.expression(row, Binds::Pipe)?;
            return Some(Node { binds: rest.binds, modulo: false, from, to: row.at });
        }
        if row.eat("label") {
            row.next()?;
            row.expect("|")?;
            self.expression(row, Binds::Pipe)?;
            return Some(Node { binds: Some(Binds::Pipe), modulo: false, from, to: row.at });
        }
        if row.eat("-") {
            self.operand(row, Binds::Product)?;
            return Some(Node { binds: None, modulo: false, from, to: row.at });
        }
        self.term(row)?;
        if row.eat("as") {
            self.pattern(row)?;
            while row.eat("?") {
                row.expect("//")?;
                self.pattern(row)?;
            }
            row.expect("|")?;
            let commas = row.commas;
            self.expression(row, Binds::Pipe)?;
            row.commas = commas;
            if least > Binds::Pipe {
                self.wrap(row, from, row.at, "(");
                return Some(Node { binds: None, modulo: false, from, to: row.at });
            }
            return Some(Node { binds: Some(Binds::Pipe), modulo: false, from, to: row.at });
        }
        Some(Node { binds: None, modulo: false, from, to: row.at })
    }

    fn definition(&mut self, row: &mut Row<'_>) -> Option<()> {
        row.next()?;
        if row.block('(').is_some() {
            row.at += 1;
        }
        row.expect(":")?;
        self.expression(row, Binds::Pipe)?;
        row.expect(";")
    }

    /// An atom with what follows it directly: indices, keys, question marks.
    fn term(&mut self, row: &mut Row<'_>) -> Option<()> {
        let token = row.next()?;
        match (&token.1, token.0) {
            (Tok::Word, "if") => self.conditional(row)?,
            (Tok::Word, "try") => {
                self.term(row)?;
                if row.eat("catch") {
                    self.term(row)?;
                }
                return Some(());
            }
            (Tok::Word, "reduce" | "foreach") => self.fold(row, token.0)?,
            (Tok::Word, "break") => row.next().map(drop)?,
            (Tok::Word, "then" | "elif" | "else" | "end" | "as" | "and" | "or" | "catch" | "def") => return None,
            (Tok::Word, _) => self.arguments(row)?,
            (Tok::Fmt, _) => match row.peek() {
                Some(Token(_, Tok::Str(parts))) => {
                    row.at += 1;
                    self.string(parts)?;
                }
                _ => self.arguments(row)?,
            },
            (Tok::Str(parts), _) => self.string(parts)?,
            (Tok::Block(inner), text) => self.block(inner, text)?,
            (Tok::Sym, ".") => self.key(row)?,
            (Tok::Sym, text) if text.starts_with('.') => {}
            (Tok::Sym, _) => return None,
            (Tok::Var | Tok::Num, _) => {}
        }
        self.suffixes(row)
    }

    /// A string or format behind a point.
    fn key(&mut self, row: &mut Row<'_>) -> Option<()> {
        if matches!(row.peek(), Some(Token(_, Tok::Fmt)))
            && matches!(row.tokens.get(row.at + 1), Some(Token(_, Tok::Str(_))))
        {
            row.at += 1;
        }
        if let Some(Token(_, Tok::Str(parts))) = row.peek() {
            row.at += 1;
            self.string(parts)?;
        }
        Some(())
    }

    fn suffixes(&mut self, row: &mut Row<'_>) -> Option<()> {
        loop {
            match row.peek() {
                Some(Token("?", Tok::Sym)) => {
                    // The beginning of `?//` behind a pattern is none.
                    row.at += 1;
                }
                Some(Token(text, Tok::Block(inner))) if text.starts_with('[') => {
                    row.at += 1;
                    self.index(inner)?;
                }
                Some(Token(".", Tok::Sym)) => {
                    row.at += 1;
                    self.key(row)?;
                }
                Some(Token(text, Tok::Sym)) if text.starts_with('.') && *text != ".." => row.at += 1,
                _ => return Some(()),
            }
        }
    }

    fn arguments(&mut self, row: &mut Row<'_>) -> Option<()> {
        if let Some(inner) = row.block('(') {
            row.at += 1;
            self.separated(inner)?;
        }
        Some(())
    }

    /// Expressions with `;` between them, up to the closing parenthesis.
    fn separated(&mut self, inner: &[Token<&str>]) -> Option<()> {
        let mut row = Row { tokens: inner, at: 0, commas: true };
        loop {
            self.expression(&mut row, Binds::Pipe)?;
            if !row.eat(";") {
                return row.expect(")");
            }
        }
    }

    fn conditional(&mut self, row: &mut Row<'_>) -> Option<()> {
        let commas = std::mem::replace(&mut row.commas, true);
        loop {
            self.expression(row, Binds::Pipe)?;
            row.expect("then")?;
            self.expression(row, Binds::Pipe)?;
            if !row.eat("elif") {
                break;
            }
        }
        if row.eat("else") {
            self.expression(row, Binds::Pipe)?;
        }
        row.commas = commas;
        row.expect("end")
    }

    fn fold(&mut self, row: &mut Row<'_>, kind: &str) -> Option<()> {
        self.term(row)?;
        row.expect("as")?;
        self.pattern(row)?;
        let inner = row.block('(')?;
        row.at += 1;
        let mut steps = Row { tokens: inner, at: 0, commas: true };
        self.expression(&mut steps, Binds::Pipe)?;
        steps.expect(";")?;
        let from = steps.at;
        self.expression(&mut steps, Binds::Pipe)?;
        if kind == "reduce" && may_give_several(&inner[from..steps.at]) {
            self.wrap(&steps, from, steps.at, &format!("{LAST}("));
        }
        if steps.eat(";") {
            self.expression(&mut steps, Binds::Pipe)?;
        }
        steps.expect(")")
    }

    fn block(&mut self, inner: &[Token<&str>], text: &str) -> Option<()> {
        match &text[..1] {
            "(" => {
                let mut row = Row { tokens: inner, at: 0, commas: true };
                self.expression(&mut row, Binds::Pipe)?;
                row.expect(")")
            }
            "[" if inner.len() == 1 => Some(()),
            "[" => {
                let mut row = Row { tokens: inner, at: 0, commas: true };
                self.expression(&mut row, Binds::Pipe)?;
                row.expect("]")
            }
            _ => self.object(inner),
        }
    }

    /// The inside of `[]`, `[i]`, `[from:upto]`.
    fn index(&mut self, inner: &[Token<&str>]) -> Option<()> {
        let mut row = Row { tokens: inner, at: 0, commas: true };
        for _ in 0..2 {
            if !row.is(":") && !row.is("]") {
                self.expression(&mut row, Binds::Pipe)?;
            }
            if !row.eat(":") {
                break;
            }
        }
        row.expect("]")
    }

    fn object(&mut self, inner: &[Token<&str>]) -> Option<()> {
        let mut row = Row { tokens: inner, at: 0, commas: false };
        loop {
            if row.eat("}") {
                return Some(());
            }
            let key = row.next()?;
            self.name(key, &mut row)?;
            if row.eat(":") {
                self.expression(&mut row, Binds::Pipe)?;
            }
            if !row.eat(",") {
                return row.expect("}");
            }
        }
    }

    /// What stands before a colon in an object or a pattern.
    fn name(&mut self, key: &Token<&str>, row: &mut Row<'_>) -> Option<()> {
        match &key.1 {
            Tok::Block(inner) if key.0.starts_with('(') => self.block(inner, key.0),
            Tok::Str(parts) => self.string(parts),
            Tok::Fmt => match row.next()? {
                Token(_, Tok::Str(parts)) => self.string(parts),
                _ => None,
            },
            Tok::Word | Tok::Var => Some(()),
            _ => None,
        }
    }

    fn string(&mut self, parts: &[StrPart<&str, Token<&str>>]) -> Option<()> {
        for part in parts {
            if let StrPart::Term(Token(text, Tok::Block(inner))) = part {
                self.block(inner, text)?;
            }
        }
        Some(())
    }

    fn pattern(&mut self, row: &mut Row<'_>) -> Option<()> {
        let token = row.next()?;
        match &token.1 {
            Tok::Var => Some(()),
            Tok::Block(inner) if token.0.starts_with('[') => {
                let mut row = Row { tokens: inner, at: 0, commas: false };
                loop {
                    self.pattern(&mut row)?;
                    if !row.eat(",") {
                        return row.expect("]");
                    }
                }
            }
            Tok::Block(inner) if token.0.starts_with('{') => {
                let mut row = Row { tokens: inner, at: 0, commas: false };
                loop {
                    let key = row.next()?;
                    self.name(key, &mut row)?;
                    if row.eat(":") {
                        self.variable_and_pattern(key);
                        self.pattern(&mut row)?;
                    }
                    if !row.eat(",") {
                        return row.expect("}");
                    }
                }
            }
            _ => None,
        }
    }

    /// `{$name: pattern}` binds the member and destructures it: `{$name, "name": pattern}`.
    fn variable_and_pattern(&mut self, key: &Token<&str>) {
        if let (Tok::Var, Some(name)) = (&key.1, key.0.strip_prefix('$')) {
            let end = place(self.text, key.0).end;
            self.insertions.push((end, format!(", \"{name}\"")));
        }
    }
}
