//! Lists: a SELECT that grows by conditions, ordered by a column and the id, cut by cursor or by offset.

use zis_flow::Timestamp;

use crate::{
    AccountId,
    sql::{Param, Statement, statement},
};

/// Which way a list runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Ascending,
    Descending,
}

/// The column a list is ordered by; the id breaks ties.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sorted {
    Id,
    CreatedAt,
    UpdatedAt,
}

impl Sorted {
    fn column(self) -> &'static str {
        match self {
            Sorted::Id => "id",
            Sorted::CreatedAt => "created_at",
            Sorted::UpdatedAt => "updated_at",
        }
    }
}

/// Which part of an ordered list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// Rows after the row with this sort value and id, in the list's order; `None` from the beginning.
    After {
        last: Option<(i64, i64)>,
        size: usize,
    },
    /// Rows before that row, nearest first: the caller turns them round.
    Before {
        first: (i64, i64),
        size: usize,
    },
    Offset {
        skip: usize,
        size: usize,
    },
}

/// A SELECT under construction.
pub(super) struct Query {
    sql: String,
    params: Vec<Param>,
}

impl Query {
    /// `select` ends in `WHERE account = $1`.
    pub fn new(select: impl Into<String>, account: AccountId) -> Self {
        Self { sql: select.into(), params: vec![account.into()] }
    }

    /// Adds ` AND condition`, with `?` standing for the value.
    pub fn and(&mut self, condition: &str, value: impl Into<Param>) -> &mut Self {
        self.params.push(value.into());
        let place = format!("${}", self.params.len());
        self.sql.push_str(" AND ");
        self.sql.push_str(&condition.replace('?', &place));
        self
    }

    pub fn raw(&mut self, text: &str) -> &mut Self {
        self.sql.push_str(text);
        self
    }

    /// Adds ` AND column IN (…)`; nothing matches an empty list.
    pub fn within<P: Into<Param>>(&mut self, column: &str, values: impl IntoIterator<Item = P>) -> &mut Self {
        let places: Vec<String> = values
            .into_iter()
            .map(|value| {
                self.params.push(value.into());
                format!("${}", self.params.len())
            })
            .collect();
        let list = if places.is_empty() { "NULL".to_owned() } else { places.join(", ") };
        self.sql.push_str(&format!(" AND {column} IN ({list})"));
        self
    }

    pub fn window(mut self, sorted: Sorted, order: Order, window: Window) -> Statement {
        let column = sorted.column();
        let mut forward = order == Order::Ascending;
        let (bound, size) = match window {
            Window::After { last, size } => (last, size),
            Window::Before { first, size } => {
                forward = !forward;
                (Some(first), size)
            }
            Window::Offset { size, .. } => (None, size),
        };
        if let Some((value, id)) = bound {
            let sign = if forward { '>' } else { '<' };
            self.params.push(Param::Int(value));
            self.params.push(Param::Int(id));
            let (v, i) = (self.params.len() - 1, self.params.len());
            self.sql.push_str(&format!(" AND ({column} {sign} ${v} OR ({column} = ${v} AND id {sign} ${i}))"));
        }
        let way = if forward { "ASC" } else { "DESC" };
        self.params.push(size.into());
        self.sql.push_str(&format!(" ORDER BY {column} {way}, id {way} LIMIT ${}", self.params.len()));
        if let Window::Offset { skip, .. } = window {
            self.params.push(skip.into());
            self.sql.push_str(&format!(" OFFSET ${}", self.params.len()));
        }
        self.done()
    }

    pub fn done(self) -> Statement {
        statement(self.sql, self.params)
    }
}

/// `key = (sort value, id)` of a row, for the next cursor.
pub(super) fn key(sorted: Sorted, id: i64, created_at: Timestamp, updated_at: Timestamp) -> (i64, i64) {
    let value = match sorted {
        Sorted::Id => id,
        Sorted::CreatedAt => created_at.0,
        Sorted::UpdatedAt => updated_at.0,
    };
    (value, id)
}
