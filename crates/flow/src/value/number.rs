//! Numbers: exact integers of any length, and floats.

use std::{cmp::Ordering, sync::Arc};

/// A JSON number.
#[derive(Clone, Debug)]
pub struct Number(Repr);

#[derive(Clone, Debug)]
enum Repr {
    Int(i64),
    Float(f64),
    /// An integer beyond `i64`, as its canonical decimal text.
    Big(Arc<str>),
}

impl Number {
    /// Reads a JSON number: integers of any length exactly, everything else as `f64`. `None` when it is none or not finite.
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(int) = text.parse::<i64>() {
            return Some(Self(Repr::Int(int)));
        }
        let digits = text.strip_prefix('-').unwrap_or(text);
        if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(Self(Repr::Big(Arc::from(text))));
        }
        text.parse::<f64>().ok().filter(|float| float.is_finite()).map(|float| Self(Repr::Float(float)))
    }

    /// The integer, when the number is one that fits; a float without fraction below 2^53 counts.
    pub fn as_i64(&self) -> Option<i64> {
        match &self.0 {
            Repr::Int(int) => Some(*int),
            Repr::Float(float) if float.fract() == 0.0 && float.abs() < 9_007_199_254_740_992.0 => Some(*float as i64),
            _ => None,
        }
    }

    pub fn as_f64(&self) -> f64 {
        match &self.0 {
            Repr::Int(int) => *int as f64,
            Repr::Float(float) => *float,
            Repr::Big(text) => text.parse().unwrap_or(f64::MAX),
        }
    }

    /// Compares by value: integers exactly, an integer and a float as `f64` (spec 3.4).
    pub fn compare(&self, other: &Number) -> Ordering {
        match (&self.0, &other.0) {
            (Repr::Int(a), Repr::Int(b)) => a.cmp(b),
            (Repr::Float(_), _) | (_, Repr::Float(_)) => {
                self.as_f64().partial_cmp(&other.as_f64()).unwrap_or(Ordering::Equal)
            }
            _ => compare_decimal(&self.to_string(), &other.to_string()),
        }
    }
}

/// Compares two canonical decimal integers.
fn compare_decimal(a: &str, b: &str) -> Ordering {
    match (a.strip_prefix('-'), b.strip_prefix('-')) {
        (None, None) => a.len().cmp(&b.len()).then_with(|| a.cmp(b)),
        (Some(a), Some(b)) => b.len().cmp(&a.len()).then_with(|| b.cmp(a)),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.compare(other) == Ordering::Equal
    }
}

impl From<i64> for Number {
    fn from(int: i64) -> Self {
        Self(Repr::Int(int))
    }
}

impl From<f64> for Number {
    /// JSON has no infinity and no NaN: they become the largest float and zero... as jq prints them (`1.797…e308`, `null` is the caller's).
    fn from(float: f64) -> Self {
        let finite = if float.is_nan() { 0.0 } else { float.clamp(f64::MIN, f64::MAX) };
        Self(Repr::Float(finite))
    }
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Repr::Int(int) => write!(f, "{int}"),
            Repr::Float(float) if float.fract() == 0.0 && float.abs() < 1e17 => write!(f, "{}", *float as i64),
            Repr::Float(float) => {
                write!(f, "{}", serde_json::Number::from_f64(*float).map_or_else(String::new, |n| n.to_string()))
            }
            Repr::Big(text) => f.write_str(text),
        }
    }
}
