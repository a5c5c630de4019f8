//! Filters implemented here rather than in jq: with jq 1.6's semantics and error texts, and charged.

mod formats;
mod lists;
mod numbers;
mod paths;
mod regex;
pub(super) mod strings;
mod time;
mod values;

use jaq_core::{
    Bind, RunPtr,
    native::{Filter, Fun, run},
};

use super::Kind;

/// The context and input of a native filter.
type Cv<'a> = jaq_core::Cv<'a, Kind>;
type Table = Vec<Filter<RunPtr<Kind>>>;

/// All native filters that programs may call.
pub(super) fn all() -> impl Iterator<Item = Fun<Kind>> {
    let tables = [formats::table(), lists::table(), numbers::table(), strings::table(), time::table(), values::table()];
    let own = tables.into_iter().flatten().chain(regex::table()).map(run::<Kind>).chain(paths::table());
    own.chain(jaq_core::funs::<Kind>().filter(|fun| CORE.contains(&fun.0))).chain(numbers::library())
}

/// What is taken from jaq's core as it is.
const CORE: &[&str] = &["error_empty", "path", "path_value", "range", "skip"];

/// A filter of the input alone.
macro_rules! nullary {
    ($name:literal, $f:expr) => {
        ($name, jaq_core::native::v(0), |cv| jaq_core::native::bome($f(cv.1)))
    };
}

/// A filter of the input and one value: `f(input, argument)`.
macro_rules! unary {
    ($name:literal, $f:expr) => {
        ($name, jaq_core::native::v(1), |mut cv| {
            let argument = cv.0.pop_var();
            jaq_core::native::bome($f(cv.1, argument))
        })
    };
}

use {nullary, unary};

/// One argument that is a filter.
fn filter_argument() -> Box<[Bind]> {
    Box::new([Bind::Fun(())])
}
