//! The query language of search (spec 5): text → terms. Nothing is refused but too many words.

use crate::error::ZendeskError;

/// Words of a query at most.
const MAX_WORDS: usize = 64;

/// How a property is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// `:`
    Is,
    Less,
    Greater,
    LessOrEqual,
    GreaterOrEqual,
}

/// One term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Term {
    /// A word or a phrase anywhere in the record's text.
    Text {
        text: String,
        phrase: bool,
        negated: bool,
    },
    Property {
        name: String,
        op: Op,
        value: String,
        phrase: bool,
        negated: bool,
    },
}

/// What a query says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    pub terms: Vec<Term>,
    /// `type:`, lower case; empty: all kinds.
    pub kinds: Vec<String>,
    /// `order_by:`
    pub order_by: Option<String>,
    /// `sort:`
    pub sort: Option<String>,
}

impl Query {
    pub fn parse(text: &str) -> Result<Self, ZendeskError> {
        let mut query = Query::default();
        let chunks = chunks(text);
        if chunks.len() > MAX_WORDS {
            return Err(ZendeskError::Search(format!(
                "a query has at most {MAX_WORDS} words, this one has {}",
                chunks.len()
            )));
        }
        for chunk in chunks {
            let term = term(&chunk);
            match term {
                Term::Property { name, value, op: Op::Is, negated: false, .. } if name == "type" => {
                    query.kinds.push(value.to_lowercase());
                }
                Term::Property { name, value, .. } if name == "order_by" => query.order_by = Some(value.to_lowercase()),
                Term::Property { name, value, .. } if name == "sort" => query.sort = Some(value.to_lowercase()),
                Term::Text { ref text, .. } if text.is_empty() || text == "*" => {}
                term => query.terms.push(term),
            }
        }
        Ok(query)
    }
}

/// Splits at spaces outside quotes.
fn chunks(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut chunk = String::new();
    let mut quoted = false;
    for letter in text.chars() {
        match letter {
            '"' => {
                quoted = !quoted;
                chunk.push(letter);
            }
            letter if letter.is_whitespace() && !quoted => {
                if !chunk.is_empty() {
                    all.push(std::mem::take(&mut chunk));
                }
            }
            letter => chunk.push(letter),
        }
    }
    if !chunk.is_empty() {
        all.push(chunk);
    }
    all
}

fn term(chunk: &str) -> Term {
    let (negated, rest) = match chunk.strip_prefix('-') {
        Some(rest) if !rest.is_empty() => (true, rest),
        _ => (false, chunk),
    };
    if let Some((name, op, value)) = property(rest) {
        let (value, phrase) = unquoted(value);
        return Term::Property { name: canonical(name), op, value, phrase, negated };
    }
    let (text, phrase) = unquoted(rest);
    Term::Text { text, phrase, negated }
}

/// `name` operator `value`, when the chunk begins with a name and an operator.
fn property(chunk: &str) -> Option<(&str, Op, &str)> {
    let end = chunk.find(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'))?;
    let (name, rest) = chunk.split_at(end);
    let starts_well = name.chars().next().is_some_and(|letter| letter.is_ascii_alphabetic());
    let operators =
        [("<=", Op::LessOrEqual), (">=", Op::GreaterOrEqual), (":", Op::Is), ("<", Op::Less), (">", Op::Greater)];
    let (op, value) = operators.iter().find_map(|(sign, op)| rest.strip_prefix(sign).map(|value| (*op, value)))?;
    // An address is no property.
    (starts_well && !value.is_empty() && !value.starts_with("//")).then_some((name, op, value))
}

fn unquoted(text: &str) -> (String, bool) {
    match text.strip_prefix('"') {
        Some(rest) => (rest.strip_suffix('"').unwrap_or(rest).to_owned(), true),
        None => (text.replace('"', ""), false),
    }
}

/// The names that clients use for the same thing.
fn canonical(name: &str) -> String {
    let lower = name.to_lowercase();
    let one = match lower.as_str() {
        "created_at" => "created",
        "updated_at" => "updated",
        "solved_at" => "solved",
        "due_at" => "due_date",
        "tag" => "tags",
        "org" => "organization",
        "requester_id" => "requester",
        "assignee_id" => "assignee",
        "submitter_id" => "submitter",
        "group_id" => "group",
        "organization_id" => "organization",
        other => other,
    };
    one.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str, phrase: bool, negated: bool) -> Term {
        Term::Text { text: text.into(), phrase, negated }
    }

    fn property(name: &str, op: Op, value: &str, phrase: bool, negated: bool) -> Term {
        Term::Property { name: name.into(), op, value: value.into(), phrase, negated }
    }

    fn check(query: &str, expected: &[Term]) {
        assert_eq!(Query::parse(query).unwrap().terms, expected, "{query}");
    }

    #[test]
    fn terms() {
        check("requester:jane@example.com", &[property("requester", Op::Is, "jane@example.com", false, false)]);
        check("photo \"big album\"", &[text("photo", false, false), text("big album", true, false)]);
        check(
            "-closed -status:closed",
            &[text("closed", false, true), property("status", Op::Is, "closed", false, true)],
        );
        check(
            "created_at>=2019-09-14T00:39:54Z",
            &[property("created", Op::GreaterOrEqual, "2019-09-14T00:39:54Z", false, false)],
        );
        check("status<solved", &[property("status", Op::Less, "solved", false, false)]);
        check("subject:\"a b\"", &[property("subject", Op::Is, "a b", true, false)]);
        check("https://example.com/x", &[text("https://example.com/x", false, false)]);
        check("status: open", &[text("status:", false, false), text("open", false, false)]);
        check("-", &[text("-", false, false)]);
        check("\"unclosed phrase", &[text("unclosed phrase", true, false)]);
    }

    #[test]
    fn kinds_and_order_are_taken_out() {
        let query = Query::parse("type:ticket order_by:created sort:asc x").unwrap();
        assert_eq!(query.kinds, ["ticket"]);
        assert_eq!((query.order_by.as_deref(), query.sort.as_deref()), (Some("created"), Some("asc")));
        assert_eq!(query.terms.len(), 1);
    }

    #[test]
    fn too_many_words_are_refused() {
        assert!(Query::parse(&"x ".repeat(65)).is_err());
        assert!(Query::parse(&"x ".repeat(64)).is_ok());
    }
}
