//! A row of tokens, and what jq's operators bind.

use jaq_core::load::lex::{StrPart, Tok, Token};

/// Binary operators, from the loosest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Binds {
    Pipe,
    Comma,
    Alternative,
    Assignment,
    Or,
    And,
    Comparison,
    Sum,
    Product,
    /// Tighter than any operator.
    Term,
}

pub(super) fn operator(token: &Token<&str>) -> Option<Binds> {
    Some(match (&token.1, token.0) {
        (Tok::Word, "or") => Binds::Or,
        (Tok::Word, "and") => Binds::And,
        (Tok::Sym, "|") => Binds::Pipe,
        (Tok::Sym, ",") => Binds::Comma,
        (Tok::Sym, "//") => Binds::Alternative,
        (Tok::Sym, "=" | "|=" | "+=" | "-=" | "*=" | "/=" | "%=" | "//=") => Binds::Assignment,
        (Tok::Sym, "==" | "!=" | "<" | "<=" | ">" | ">=") => Binds::Comparison,
        (Tok::Sym, "+" | "-") => Binds::Sum,
        (Tok::Sym, "*" | "/" | "%") => Binds::Product,
        _ => return None,
    })
}

/// A list of tokens and a place in it.
pub(super) struct Row<'t> {
    pub(super) tokens: &'t [Token<&'t str>],
    pub(super) at: usize,
    /// Whether `,` is an operator here: not between the members of an object.
    pub(super) commas: bool,
}

impl<'t> Row<'t> {
    pub(super) fn peek(&self) -> Option<&'t Token<&'t str>> {
        self.tokens.get(self.at)
    }

    pub(super) fn next(&mut self) -> Option<&'t Token<&'t str>> {
        let token = self.tokens.get(self.at)?;
        self.at += 1;
        Some(token)
    }

    pub(super) fn is(&self, text: &str) -> bool {
        self.peek().is_some_and(|token| token.0 == text && !matches!(token.1, Tok::Str(_)))
    }

    pub(super) fn eat(&mut self, text: &str) -> bool {
        let found = self.is(text);
        self.at += usize::from(found);
        found
    }

    pub(super) fn expect(&mut self, text: &str) -> Option<()> {
        self.eat(text).then_some(())
    }

    /// The next token when it is a block that opens with `open`.
    pub(super) fn block(&self, open: char) -> Option<&'t [Token<&'t str>]> {
        match self.peek()? {
            Token(text, Tok::Block(inner)) if text.starts_with(open) => Some(inner),
            _ => None,
        }
    }
}

pub(super) fn tighter(binds: Binds) -> Binds {
    match binds {
        Binds::Pipe => Binds::Comma,
        Binds::Comma => Binds::Alternative,
        Binds::Alternative => Binds::Assignment,
        Binds::Assignment => Binds::Or,
        Binds::Or => Binds::And,
        Binds::And => Binds::Comparison,
        Binds::Comparison => Binds::Sum,
        Binds::Sum => Binds::Product,
        Binds::Product | Binds::Term => Binds::Term,
    }
}

/// Whether a step may give no output or several. Saying so too often only costs time.
pub(super) fn may_give_several(tokens: &[Token<&str>]) -> bool {
    const ONE: &[&str] = &[
        "if",
        "then",
        "elif",
        "else",
        "end",
        "and",
        "or",
        "not",
        "as",
        "length",
        "tonumber",
        "tostring",
        "type",
        "add",
        "keys",
        "has",
        "join",
        "split",
        "test",
        "map",
        "sort",
        "sort_by",
        "unique",
        "reverse",
        "min",
        "max",
        "floor",
        "ascii_downcase",
        "ascii_upcase",
        "contains",
        "startswith",
        "endswith",
        "ltrimstr",
        "rtrimstr",
        "to_entries",
        "from_entries",
        "with_entries",
        "index",
        "first",
        "last",
        "tojson",
        "fromjson",
        "setpath",
        "getpath",
        "del",
        "null",
        "true",
        "false",
    ];
    let inside = |token: &Token<&str>, inner: &[Token<&str>]| {
        let iterates = token.0.starts_with('[') && inner.len() == 1;
        // An array collects whatever is inside, unless it is an index; an object's commas separate members.
        iterates
            || inner.iter().filter(|token| token.0 != ",").any(|token| may_give_several(std::slice::from_ref(token)))
            || (token.0.starts_with('(') && inner.iter().any(|token| token.0 == ","))
    };
    tokens.iter().any(|token| match &token.1 {
        Tok::Word => !ONE.contains(&token.0),
        Tok::Sym => [",", "?", ".."].contains(&token.0),
        Tok::Block(inner) => inside(token, inner),
        Tok::Str(parts) => parts.iter().any(|part| match part {
            StrPart::Term(token) => may_give_several(std::slice::from_ref(token)),
            _ => false,
        }),
        Tok::Fmt | Tok::Var | Tok::Num => false,
    })
}
