//! Text patterns with `*`, and lists that are searched by them.

use crate::{
    Store, StoreError,
    page::{self, Page, Paged},
    sql::{Row, Where},
};

/// `*` stands for any run of characters, the empty one included; everything else for itself, case and all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The one text that this names, when there is no `*`.
    pub fn exact(&self) -> Option<&str> {
        (!self.0.contains('*')).then_some(&self.0)
    }

    /// Whether `text` fits, in time `text × pattern` at most.
    pub fn matches(&self, text: &str) -> bool {
        let (pattern, text) = (self.0.as_bytes(), text.as_bytes());
        let (mut p, mut t) = (0, 0);
        // Where the last star stood, and what it has swallowed so far.
        let mut star: Option<(usize, usize)> = None;
        while t < text.len() {
            if pattern.get(p) == Some(&b'*') {
                star = Some((p, t));
                p += 1;
            } else if pattern.get(p) == Some(&text[t]) {
                (p, t) = (p + 1, t + 1);
            } else if let Some((at, taken)) = star {
                star = Some((at, taken + 1));
                (p, t) = (at + 1, taken + 1);
            } else {
                return false;
            }
        }
        pattern[p..].iter().all(|byte| *byte == b'*')
    }

    /// The database's part of the search. For an exact pattern all of it, so that the index serves; else a LIKE (escape `!`) for the text
    /// before the first star: only a prefilter, because SQLite's LIKE ignores case, and because a LIKE with many `%` can run for ever.
    pub(crate) fn narrow(&self, query: &mut Where, column: &str) {
        match self.exact() {
            Some(text) => query.and(&format!("{column} = "), text),
            None => query.and_any(&[&format!("{column} LIKE ")], &[" ESCAPE '!'"], self.like()),
        }
    }

    fn like(&self) -> String {
        let mut like = String::new();
        for letter in self.0.chars() {
            match letter {
                '*' => break,
                '%' | '_' | '!' => like.extend(['!', letter]),
                letter => like.push(letter),
            }
        }
        like + "%"
    }
}

/// Rows that one read takes at least: keeps a search with a rare match from going row by row.
const MIN_BATCH: usize = 100;

/// One page of the rows of `query` that are `wanted`, ascending by `key`: reads until it is full.
pub(crate) async fn find<T>(
    store: &Store,
    query: &Where,
    place: (&str, &str, &str),
    page: &Page,
    make: impl Fn(&Row) -> Result<T, StoreError>,
    (key, wanted): (impl Fn(&T) -> String, impl Fn(&T) -> bool),
) -> Result<Paged<T>, StoreError> {
    let back = page.after.is_none() && page.before.is_some();
    let mut next = Page { size: page.size.saturating_add(1).max(MIN_BATCH), ..page.clone() };
    let mut items = Vec::new();
    // One more than asked for tells whether there is more.
    while items.len() <= page.size {
        let batch = page::read(store, query.clone(), place, &next, &make).await?;
        let edge = if back { batch.items.first() } else { batch.items.last() };
        let edge = edge.map(&key);
        if back {
            next.before = edge;
            items.extend(batch.items.into_iter().rev().filter(&wanted));
        } else {
            next.after = edge;
            items.extend(batch.items.into_iter().filter(&wanted));
        }
        if !batch.has_more {
            break;
        }
    }
    let has_more = items.len() > page.size;
    items.truncate(page.size);
    if back {
        items.reverse();
    }
    Ok(Paged { items, has_more })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let table = [
            ("*", "", true),
            ("*", "anything", true),
            ("foo*", "foo", true),
            ("foo*", "foobar", true),
            ("foo*", "Foobar", false),
            ("*bar", "foobar", true),
            ("*bar", "foobarx", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("zendesk:*", "zendesk:ticket:1", true),
            ("exact", "exact", true),
            ("exact", "exacter", false),
            ("é*", "etat", false),
            ("é*", "été", true),
            ("a**b", "ab", true),
            ("", "", true),
            ("", "x", false),
        ];
        for (pattern, text, expected) in table {
            assert_eq!(Pattern::new(pattern).matches(text), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn likes_are_escaped_and_end_at_the_first_star() {
        for (pattern, like) in [("100%_!*x*", "100!%!_!!%"), ("*", "%"), ("a*b", "a%")] {
            assert_eq!(Pattern::new(pattern).like(), like);
        }
    }
}
