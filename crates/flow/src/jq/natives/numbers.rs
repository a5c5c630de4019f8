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

/// A function of two numbers that ignores the input.
macro_rules! binary {
    ($name:literal, $f:expr) => {
        ($name, jaq_core::native::v(2), |mut cv| {
            let (second, first) = (cv.0.pop_var(), cv.0.pop_var());
            let f: fn(f64, f64) -> f64 = $f;
            let result = number(&first).and_then(|first| Ok(Val::number(f(first, number(&second)?))));
            jaq_core::native::bome(result)
        })
    };
}

pub(super) fn table() -> Table {
    vec![
        nullary!("floor", |value| float(value, f64::floor)),
        nullary!("ceil", |value| float(value, f64::ceil)),
        nullary!("round", |value| float(value, f64::round)),
        nullary!("trunc", |value| float(value, f64::trunc)),
        nullary!("rint", |value| float(value, f64::round_ties_even)),
        nullary!("nearbyint", |value| float(value, f64::round_ties_even)),
        nullary!("fabs", |value| float(value, f64::abs)),
        nullary!("sqrt", |value| float(value, f64::sqrt)),
        nullary!("cbrt", |value| float(value, f64::cbrt)),
        nullary!("exp", |value| float(value, f64::exp)),
        nullary!("exp2", |value| float(value, f64::exp2)),
        nullary!("exp10", |value| float(value, |float| 10_f64.powf(float))),
        nullary!("expm1", |value| float(value, f64::exp_m1)),
        nullary!("log", |value| float(value, f64::ln)),
        nullary!("log2", |value| float(value, f64::log2)),
        nullary!("log10", |value| float(value, f64::log10)),
        nullary!("log1p", |value| float(value, f64::ln_1p)),
        nullary!("sin", |value| float(value, f64::sin)),
        nullary!("cos", |value| float(value, f64::cos)),
        nullary!("tan", |value| float(value, f64::tan)),
        nullary!("asin", |value| float(value, f64::asin)),
        nullary!("acos", |value| float(value, f64::acos)),
        nullary!("atan", |value| float(value, f64::atan)),
        nullary!("sinh", |value| float(value, f64::sinh)),
        nullary!("cosh", |value| float(value, f64::cosh)),
        nullary!("tanh", |value| float(value, f64::tanh)),
        nullary!("asinh", |value| float(value, f64::asinh)),
        nullary!("acosh", |value| float(value, f64::acosh)),
        nullary!("atanh", |value| float(value, f64::atanh)),
        nullary!("nan", |_| Ok(Val::number(f64::NAN))),
        nullary!("infinite", |_| Ok(Val::number(f64::INFINITY))),
        nullary!("isnan", |value| number(&value).map(|float| Val::from(float.is_nan()))),
        nullary!("isinfinite", |value| number(&value).map(|float| Val::from(float.is_infinite()))),
        nullary!("isnormal", |value| number(&value).map(|float| Val::from(float.is_normal()))),
        binary!("pow", f64::powf),
        binary!("atan2", f64::atan2),
        binary!("hypot", f64::hypot),
        binary!("copysign", f64::copysign),
        binary!("fmin", f64::min),
        binary!("fmax", f64::max),
        binary!("fmod", |a, b| a % b),
    ]
}

/// jaq's bindings of the rest of the C library of mathematics.
pub(super) fn library() -> impl Iterator<Item = Fun<Kind>> {
    jaq_std::extra_funs::<Kind>().filter(|fun| LIBRARY.contains(&fun.0))
}

const LIBRARY: &[&str] = &[
    "frexp",
    "modf",
    "ilogb",
    "j0",
    "j1",
    "y0",
    "y1",
    "lgamma",
    "tgamma",
    "fdim",
    "ldexp",
    "scalbln",
    "nextafter",
    "remainder",
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
