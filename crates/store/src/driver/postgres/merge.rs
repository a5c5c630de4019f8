//! Many statements of one text as one: `UNNEST` over arrays instead of a row at a time. A batch of sixty-four appends is then two
//! statements for the server, not a hundred and twenty-eight.
//!
//! Only statements that say so are merged ([`Sharing`]), only among transactions that have no row in common, and only as an attempt: when a
//! count is not what it must be, the batch is undone and run again statement by statement. So merging may be quick but never wrong.

use std::{borrow::Cow, collections::HashSet, error::Error, fmt::Write};

use tokio_postgres::types::{IsNull, ToSql, Type, private::BytesMut, to_sql_checked};

use crate::sql::{Param, Sharing, Statement, nul};

/// Neighbours in a batch that run together.
pub(super) struct Run {
    /// Positions in the batch.
    pub jobs: Vec<usize>,
    pub merged: bool,
}

/// Cuts a batch into runs, in order. A transaction that can't be merged, or that has a row in common with its neighbours, begins a new one.
pub(super) fn runs(batch: &[&[Statement]]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut rows = HashSet::new();
    for (at, statements) in batch.iter().enumerate() {
        let merged = statements.iter().all(|statement| statement.sharing != Sharing::Alone);
        let keys: HashSet<u64> = statements
            .iter()
            .filter_map(|statement| if let Sharing::Row(key) = statement.sharing { Some(key) } else { None })
            .collect();
        match runs.last_mut() {
            Some(run) if merged && run.merged && rows.is_disjoint(&keys) => run.jobs.push(at),
            _ => {
                rows.clear();
                runs.push(Run { jobs: vec![at], merged });
            }
        }
        rows.extend(keys);
    }
    runs
}

/// Statements that become one, as (job, statement).
pub(super) struct Group<'s> {
    pub first: &'s Statement,
    pub members: Vec<(usize, usize)>,
}

impl Group<'_> {
    /// Whether arrays take the place of the parameters.
    pub fn is_many(&self) -> bool {
        self.first.sharing.is_row() && self.members.len() > 1
    }
}

/// The statements of a run by text, in order of first appearance; looks that are equal are one.
pub(super) fn groups<'s>(run: &Run, batch: &[&'s [Statement]]) -> Vec<Group<'s>> {
    let mut groups: Vec<Group<'s>> = Vec::new();
    for &job in &run.jobs {
        for (at, statement) in batch[job].iter().enumerate() {
            let same = |group: &&mut Group<'s>| {
                let alike = match statement.sharing {
                    Sharing::Alone => false,
                    Sharing::Row(_) | Sharing::New => group.first.sharing.is_row(),
                    Sharing::Look => group.first.sharing == Sharing::Look && group.first.params == statement.params,
                };
                alike && group.first.sql == statement.sql
            };
            match groups.iter_mut().find(same) {
                Some(group) => group.members.push((job, at)),
                None => groups.push(Group { first: statement, members: vec![(job, at)] }),
            }
        }
    }
    groups
}

/// The text that does for rows in arrays what `sql` does for one; `None` when it has not the shape for it.
pub(super) fn rewrite(sql: &str, types: &[Type]) -> Option<String> {
    let mut arrays = String::new();
    for (at, ty) in types.iter().enumerate() {
        let name = match *ty {
            Type::INT8 => "bigint",
            Type::TEXT => "text",
            Type::BYTEA => "bytea",
            Type::FLOAT8 => "double precision",
            _ => return None,
        };
        let comma = if at == 0 { "" } else { ", " };
        write!(arrays, "{comma}${}::{name}[]", at + 1).ok()?;
    }
    if let Some(insert) = sql.strip_prefix("INSERT INTO ") {
        let (head, values) = insert.split_once(" VALUES (")?;
        let expected: Vec<_> = (1..=types.len()).map(|at| format!("${at}")).collect();
        return (values == format!("{})", expected.join(", ")))
            .then(|| format!("INSERT INTO {head} SELECT * FROM UNNEST({arrays})"));
    }
    let (set, condition) = sql.strip_prefix("UPDATE ")?.split_once(" WHERE ")?;
    if [" WHERE ", "SELECT ", " FROM ", "RETURNING "].iter().any(|word| set.contains(word) || condition.contains(word))
    {
        return None;
    }
    let names: Vec<_> = (1..=types.len()).map(|at| format!("p{at}")).collect();
    let (set, condition) = (set.replace('$', "v.p"), condition.replace('$', "v.p"));
    Some(format!("UPDATE {set} FROM UNNEST({arrays}) AS v({}) WHERE {condition}", names.join(", ")))
}

/// A parameter of many rows.
pub(super) enum Array<'p> {
    Ints(Vec<Option<i64>>),
    Floats(Vec<Option<f64>>),
    Texts(Vec<Option<Cow<'p, str>>>),
    Blobs(Vec<Option<&'p [u8]>>),
}

impl<'p> Array<'p> {
    /// Parameter `at` of all members of `group`; `None` when one is not of the type.
    pub fn column(ty: &Type, at: usize, group: &Group<'_>, batch: &[&'p [Statement]]) -> Option<Self> {
        let mut params = group.members.iter().map(|(job, statement)| batch[*job][*statement].params.get(at));
        Some(match *ty {
            Type::INT8 => {
                Array::Ints(collect(
                    &mut params,
                    |param| {
                        if let Param::Int(value) = param { Some(*value) } else { None }
                    },
                )?)
            }
            Type::FLOAT8 => {
                Array::Floats(collect(
                    &mut params,
                    |param| {
                        if let Param::Float(value) = param { Some(*value) } else { None }
                    },
                )?)
            }
            Type::TEXT => Array::Texts(collect(&mut params, |param| {
                if let Param::Text(value) = param { Some(nul::escape(value)) } else { None }
            })?),
            Type::BYTEA => Array::Blobs(collect(&mut params, |param| {
                if let Param::Bytes(value) = param { Some(value.as_slice()) } else { None }
            })?),
            _ => return None,
        })
    }
}

fn collect<'p, T>(
    params: &mut dyn Iterator<Item = Option<&'p Param>>,
    take: impl Fn(&'p Param) -> Option<T>,
) -> Option<Vec<Option<T>>> {
    params
        .map(|param| match param? {
            Param::Null => Some(None),
            param => take(param).map(Some),
        })
        .collect()
}

/// Says nothing: the client library would log it.
impl std::fmt::Debug for Array<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("_")
    }
}

impl ToSql for Array<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Array::Ints(values) => values.to_sql(ty, out),
            Array::Floats(values) => values.to_sql(ty, out),
            Array::Texts(values) => values.to_sql(ty, out),
            Array::Blobs(values) => values.to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{params, sql::statement};

    #[track_caller]
    fn check(sql: &str, types: &[Type], expected: Option<&str>) {
        assert_eq!(rewrite(sql, types).as_deref(), expected);
    }

    #[test]
    fn texts_of_one_row_become_texts_of_many() {
        check(
            "INSERT INTO t (a, b) VALUES ($1, $2)",
            &[Type::INT8, Type::TEXT],
            Some("INSERT INTO t (a, b) SELECT * FROM UNNEST($1::bigint[], $2::text[])"),
        );
        check(
            "UPDATE t SET a = $1, n = n + 1 WHERE b = $2 AND c = $1",
            &[Type::INT8, Type::BYTEA],
            Some(
                "UPDATE t SET a = v.p1, n = n + 1 FROM UNNEST($1::bigint[], $2::bytea[]) AS v(p1, p2) \
                 WHERE b = v.p2 AND c = v.p1",
            ),
        );
        check("INSERT INTO t (a, b) VALUES ($1, 0)", &[Type::INT8], None);
        check("INSERT INTO t (a) VALUES ($1) ON CONFLICT (a) DO NOTHING", &[Type::INT8], None);
        check("UPDATE t SET a = (SELECT max(a) FROM u) WHERE b = $1", &[Type::INT8], None);
        check("UPDATE t SET a = $1 WHERE b = $2 RETURNING a", &[Type::INT8, Type::INT8], None);
        check("DELETE FROM t WHERE a = $1", &[Type::INT8], None);
        check("INSERT INTO t (a) VALUES ($1)", &[Type::JSONB], None);
    }

    #[test]
    fn transactions_with_a_row_in_common_do_not_run_together() {
        let row = |key: &str| statement("UPDATE t SET a = $1 WHERE b = $2", params![1, key]).one_row(key);
        let look = || statement("SELECT $1", params![1]).look();
        let batch = [
            vec![row("a"), look()],
            vec![row("b"), look()],
            vec![row("a")],
            vec![row("c"), statement("SELECT 1", params![])],
            vec![row("d")],
        ];
        let batch: Vec<&[Statement]> = batch.iter().map(Vec::as_slice).collect();
        let cut = runs(&batch);
        let shape: Vec<_> = cut.iter().map(|run| (run.jobs.clone(), run.merged)).collect();
        assert_eq!(shape, [(vec![0, 1], true), (vec![2], true), (vec![3], false), (vec![4], true)]);
        let merged = groups(&cut[0], &batch);
        let members: Vec<_> = merged.iter().map(|group| group.members.clone()).collect();
        assert_eq!(members, [[(0, 0), (1, 0)], [(0, 1), (1, 1)]]);
    }
}
