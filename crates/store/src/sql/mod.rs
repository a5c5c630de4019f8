//! Statements and rows: the SQL that SQLite and PostgreSQL share (D4).
//!
//! Parameters are `$1`, `$2`, … in order of first use, each used as often as needed. Times are integer microseconds, booleans 0 and 1,
//! documents text. `ON CONFLICT` and `RETURNING` are allowed, dialect functions are not.

pub(crate) mod nul;

use std::{
    borrow::Cow,
    hash::{DefaultHasher, Hash, Hasher},
};

/// A value that goes in or comes out.
#[derive(Debug, Clone, PartialEq)]
pub enum Param {
    Null,
    Int(i64),
    Float(f64),
    Text(String),
    Bytes(Vec<u8>),
}

/// How many rows a statement must touch (or return); otherwise its whole logical transaction is undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    Any,
    Exactly(usize),
    AtLeast(usize),
}

/// Whether a driver may run a statement together with others of the same text, of other transactions, to save work. A promise about the
/// statement, never needed for what it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    Alone,
    /// Makes or changes exactly one row, found by its whole key; here is a hash of what tells the row from others.
    Row(u64),
    /// Makes exactly one row, which nothing else in the same commit looks at.
    New,
    /// Changes nothing: equal ones have equal answers.
    Look,
}

impl Sharing {
    /// Whether many can be one statement over arrays.
    pub(crate) fn is_row(self) -> bool {
        matches!(self, Sharing::Row(_) | Sharing::New)
    }
}

/// One statement of a logical transaction.
#[derive(Debug, Clone)]
pub struct Statement {
    pub sql: Cow<'static, str>,
    pub params: Vec<Param>,
    pub expect: Expect,
    pub sharing: Sharing,
}

/// `statement("UPDATE … WHERE id = $1", params![id])`.
pub fn statement(sql: impl Into<Cow<'static, str>>, params: Vec<Param>) -> Statement {
    Statement { sql: sql.into(), params, expect: Expect::Any, sharing: Sharing::Alone }
}

impl Statement {
    #[must_use]
    pub fn expect(mut self, expect: Expect) -> Self {
        self.expect = expect;
        self
    }

    /// Expects exactly one row, and promises that it is the one of `key`: [`Sharing::Row`].
    #[must_use]
    pub fn one_row(mut self, key: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        self.expect = Expect::Exactly(1);
        self.sharing = Sharing::Row(hasher.finish());
        self
    }

    /// Expects exactly one new row, and promises [`Sharing::New`].
    #[must_use]
    pub fn new_row(mut self) -> Self {
        self.expect = Expect::Exactly(1);
        self.sharing = Sharing::New;
        self
    }

    /// Promises that nothing is changed: [`Sharing::Look`].
    #[must_use]
    pub fn look(mut self) -> Self {
        self.sharing = Sharing::Look;
        self
    }
}

/// Which database answers. The texts are shared; this is for the few words that only one of them has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    Sqlite,
    Postgres,
}

impl Dialect {
    /// Leaves out the rows that somebody else is changing; SQLite has one writer.
    pub(crate) fn skip_locked(self) -> &'static str {
        match self {
            Dialect::Sqlite => "",
            Dialect::Postgres => "FOR UPDATE SKIP LOCKED",
        }
    }
}

/// The conditions of a query, joined by AND, each with its parameters in order.
#[derive(Debug, Clone)]
pub struct Where {
    text: String,
    params: Vec<Param>,
}

impl Where {
    /// Every query of a tenant's rows begins with the account (D5).
    pub fn account(account: crate::AccountId) -> Self {
        Self { text: "account = $1".to_owned(), params: vec![account.into()] }
    }

    /// `and("flow = ", name)`.
    pub fn and(&mut self, condition: &str, value: impl Into<Param>) {
        self.params.push(value.into());
        self.text += &format!(" AND {condition}${}", self.params.len());
    }

    /// As [`Where::and`] when there is a value; otherwise nothing.
    pub fn and_some(&mut self, condition: &str, value: Option<impl Into<Param>>) {
        if let Some(value) = value {
            self.and(condition, value);
        }
    }

    /// A condition without parameters.
    pub fn and_that(&mut self, condition: &str) {
        self.text += " AND ";
        self.text += condition;
    }

    /// The condition of a partial index that holds few rows. The plus keeps the indexes of the whole account out: without statistics
    /// SQLite takes one of those, and reads every row.
    pub fn among_few(&mut self, condition: &str) {
        self.text.insert(0, '+');
        self.and_that(condition);
    }

    /// Any of the conditions: the value goes between each one's opening and its closing text.
    pub fn and_any<const N: usize>(&mut self, open: &[&str; N], close: &[&str; N], value: impl Into<Param>) {
        self.params.push(value.into());
        let at = self.params.len();
        let any: Vec<_> = open.iter().zip(close).map(|(open, close)| format!("{open}${at}{close}")).collect();
        self.text += &format!(" AND ({})", any.join(" OR "));
    }

    /// Several selections of the rows that fit, one below the other, as of one moment: `(columns, condition of a partial index, tail)`.
    pub fn select_each(self, table: &str, parts: &[(&str, &str, &str)]) -> Statement {
        let selects = parts.iter().map(|(columns, and, tail)| {
            let mut part = Self { text: self.text.clone(), params: Vec::new() };
            if !and.is_empty() {
                part.among_few(and);
            }
            format!("SELECT {columns} FROM {table} WHERE {} {tail}", part.text)
        });
        statement(selects.collect::<Vec<_>>().join(" UNION ALL "), self.params)
    }

    /// `SELECT columns FROM table WHERE … tail`.
    pub fn select(self, columns: &str, table: &str, tail: &str) -> Statement {
        statement(format!("SELECT {columns} FROM {table} WHERE {} {tail}", self.text), self.params)
    }
}

/// A text to look for anywhere within another, as `LIKE … ESCAPE '!'` wants it.
pub fn contains(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for char in text.chars() {
        if matches!(char, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(char);
    }
    pattern.push('%');
    pattern
}

/// Builds a `Vec<Param>` from anything that is `Into<Param>`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { vec![$($crate::sql::Param::from($value)),*] };
}

/// What a statement gave.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rows {
    pub rows: Vec<Row>,
    /// Rows inserted, updated, deleted, or returned.
    pub affected: usize,
}

impl Rows {
    pub fn first(&self) -> Option<&Row> {
        self.rows.first()
    }
}

/// One row, columns by position.
#[derive(Debug, Clone, PartialEq)]
pub struct Row(pub Vec<Param>);

impl Row {
    /// The integer in column `at`; 0 when it is NULL or something else (a schema bug, caught by the conformance suite).
    pub fn int(&self, at: usize) -> i64 {
        self.opt_int(at).unwrap_or_default()
    }

    pub fn opt_int(&self, at: usize) -> Option<i64> {
        if let Some(Param::Int(value)) = self.0.get(at) { Some(*value) } else { None }
    }

    /// The text in column `at`; empty when it is NULL.
    pub fn text(&self, at: usize) -> &str {
        self.opt_text(at).unwrap_or_default()
    }

    pub fn opt_text(&self, at: usize) -> Option<&str> {
        if let Some(Param::Text(value)) = self.0.get(at) { Some(value) } else { None }
    }

    pub fn opt_string(&self, at: usize) -> Option<String> {
        self.opt_text(at).map(str::to_owned)
    }

    pub fn bytes(&self, at: usize) -> &[u8] {
        if let Some(Param::Bytes(value)) = self.0.get(at) { value } else { &[] }
    }

    pub fn bool(&self, at: usize) -> bool {
        self.int(at) != 0
    }
}

macro_rules! from {
    ($($from:ty => |$value:ident| $make:expr),* $(,)?) => { $(impl From<$from> for Param { fn from($value: $from) -> Self { $make } })* };
}

from! {
    i64 => |value| Param::Int(value),
    i32 => |value| Param::Int(value.into()),
    u32 => |value| Param::Int(value.into()),
    usize => |value| Param::Int(i64::try_from(value).unwrap_or(i64::MAX)),
    bool => |value| Param::Int(value.into()),
    f64 => |value| Param::Float(value),
    &str => |value| Param::Text(value.to_owned()),
    String => |value| Param::Text(value),
    &String => |value| Param::Text(value.clone()),
    Vec<u8> => |value| Param::Bytes(value),
    &[u8] => |value| Param::Bytes(value.to_vec()),
    crate::ids::AccountId => |value| Param::Int(value.0),
    &crate::ids::ExecutionId => |value| Param::Text(value.as_str().to_owned()),
    &crate::ids::EventId => |value| Param::Text(value.as_str().to_owned()),
    zis_flow::Timestamp => |value| Param::Int(value.0),
    &zis_flow::Value => |value| Param::Text(value.to_json()),
}

impl<T: Into<Param>> From<Option<T>> for Param {
    fn from(value: Option<T>) -> Self {
        value.map_or(Param::Null, Into::into)
    }
}
