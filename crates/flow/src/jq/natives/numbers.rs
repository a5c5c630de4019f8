//! Filters of numbers.

use jaq_core::native::Fun;

use crate::value::{Number, Value};

use super::{
    super::{
        Kind,
        fault::{self, Result},
        val::Val,
    },
    Table, nullary,
};

pub(super) fn table() -> Table {
    vec![
        nullary!("floor", |value| float(value, f64::floor)),
        nullary!("ceil", |value| float(value, f64::ceil)),
        nullary!("round", |value| float(value, f64::round)),
        nullary!("trunc", |value| float(value, f64::trunc)),
        nullary!("fabs", |value| float(value, f64::abs)),
        nullary!("sqrt", |value| float(value, f64::sqrt)),
        nullary!("nan", |_| Ok(Val::number(f64::NAN))),
        nullary!("infinite", |_| Ok(Val::number(f64::INFINITY))),
        nullary!("isnan", |value| number(&value).map(|float| Val::from(float.is_nan()))),
        nullary!("isinfinite", |value| number(&value).map(|float| Val::from(float.is_infinite()))),
        nullary!("isnormal", |value| number(&value).map(|float| Val::from(float.is_normal()))),
    ]
}

/// jaq's bindings of the C library of mathematics.
pub(super) fn library() -> impl Iterator<Item = Fun<Kind>> {
    jaq_std::extra_funs::<Kind>().filter(|fun| MATH.contains(&fun.0))
}

const MATH: &[&str] = &[
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atanh",
    "cbrt",
    "cos",
    "cosh",
    "exp",
    "exp10",
    "exp2",
    "expm1",
    "frexp",
    "ilogb",
    "j0",
    "j1",
    "lgamma",
    "log",
    "log10",
    "log1p",
    "log2",
    "modf",
    "nearbyint",
    "rint",
    "sin",
    "sinh",
    "tan",
    "tanh",
    "tgamma",
    "y0",
    "y1",
    "atan2",
    "copysign",
    "fdim",
    "fmax",
    "fmin",
    "fmod",
    "hypot",
    "ldexp",
    "nextafter",
    "matches",
    "split_matches",
    "split_",
    "pow",
    "remainder",
    "scalbln",
    "fma",
];

fn number(value: &Val) -> Result<f64> {
    value.0.as_f64().ok_or_else(|| fault::unfit(value, "number required"))
}

/// Integers stay as they are, exactly: all these functions but the root leave them alone.
fn float(value: Val, f: fn(f64) -> f64) -> Result {
    let before = number(&value)?;
    let after = f(before);
    if after == before { Ok(value) } else { Ok(Val::number(after)) }
}

/// A number as `tonumber` reads it: surrounding blanks, a bare point and leading zeros are let pass.
pub(super) fn parse(text: &str) -> Option<Val> {
    let text = text.trim_matches([' ', '\t', '\r', '\n']);
    if let Some(number) = Number::parse(text) {
        return Some(Val(Value::Number(number)));
    }
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    let float = text.parse::<f64>().ok().filter(|_| plain)?;
    Some(Val::number(float.clamp(f64::MIN, f64::MAX)))
}
