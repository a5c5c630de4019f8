//! Numbers: exact integers of any length, and floats.

use std::{cmp::Ordering, sync::Arc};

/// Integers up to here are exact as floats.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A JSON number.
#[derive(Clone, Debug)]
pub struct Number(Repr);

#[derive(Clone, Debug)]
enum Repr {
    Int(i64),
    /// Anything but a whole number that is exact as an integer. Not finite only inside a running jq program.
    Float(f64),
    /// An integer beyond `i64`, as its canonical decimal text.
    Big(Arc<str>),
}

impl Number {
    /// Reads a JSON number: integers of any length exactly, everything else as `f64`. `None` when it is none; a number too large
    /// for a float becomes the largest one, as in jq.
    pub fn parse(text: &str) -> Option<Self> {
        if !is_json_number(text.as_bytes()) {
            return None;
        }
        if let Ok(int) = text.parse::<i64>() {
            return Some(if int == 0 && text.starts_with('-') {
                Self(Repr::Float(-0.0))
            } else {
                Self(Repr::Int(int))
            });
        }
        if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
            return Some(Self(Repr::Big(Arc::from(text))));
        }
        text.parse().ok().map(Self::from_f64)
    }

    /// The integer, when the number is one that fits; a float without fraction below 2^53 counts.
    pub fn as_i64(&self) -> Option<i64> {
        match &self.0 {
            Repr::Int(int) => Some(*int),
            Repr::Float(float) if *float == 0.0 => Some(0),
            _ => None,
        }
    }

    /// The integer, when the number is kept as one: not the negative zero.
    pub(super) fn as_int(&self) -> Option<i64> {
        if let Repr::Int(int) = self.0 { Some(int) } else { None }
    }

    pub fn as_f64(&self) -> f64 {
        match &self.0 {
            Repr::Int(int) => *int as f64,
            Repr::Float(float) => *float,
            Repr::Big(text) => text.parse::<f64>().map_or(f64::MAX, |float| float.clamp(f64::MIN, f64::MAX)),
        }
    }

    /// Bytes of the number's text; counted without writing it for the usual ones.
    pub(super) fn text_len(&self) -> usize {
        match &self.0 {
            Repr::Int(int) => {
                let digits = int.unsigned_abs().checked_ilog10().unwrap_or(0) + 1;
                usize::from(*int < 0) + usize::try_from(digits).unwrap_or(0)
            }
            Repr::Float(_) => self.to_string().len(),
            Repr::Big(text) => text.len(),
        }
    }

    /// Compares by value, exactly (spec 3.4): a total order. NaN, which only a running jq program can hold, is below everything.
    pub fn compare(&self, other: &Number) -> Ordering {
        match (&self.0, &other.0) {
            (Repr::Int(a), Repr::Int(b)) => a.cmp(b),
            (Repr::Float(a), Repr::Float(b)) => a.partial_cmp(b).unwrap_or_else(|| b.is_nan().cmp(&a.is_nan())),
            (Repr::Int(a), Repr::Float(b)) => compare_int_float(*a, *b),
            (Repr::Float(a), Repr::Int(b)) => compare_int_float(*b, *a).reverse(),
            (Repr::Float(a), Repr::Big(b)) => compare_big_float(b, *a).reverse(),
            (Repr::Big(a), Repr::Float(b)) => compare_big_float(a, *b),
            _ => compare_decimal(&self.to_string(), &other.to_string()),
        }
    }

    pub(crate) fn is_nan(&self) -> bool {
        matches!(self.0, Repr::Float(float) if float.is_nan())
    }

    /// A float as it is, with infinities and NaN: for the inside of a jq program.
    pub(crate) fn unchecked(float: f64) -> Self {
        if float.fract() == 0.0 && float.abs() <= EXACT && !(float == 0.0 && float.is_sign_negative()) {
            Self(Repr::Int(float as i64))
        } else {
            Self(Repr::Float(float))
        }
    }

    fn from_f64(float: f64) -> Self {
        Self::unchecked(float.clamp(f64::MIN, f64::MAX))
    }

    /// Applies `exact` to two integers, and `float` when one is none or `exact` overflows.
    pub(crate) fn combine(
        &self,
        other: &Number,
        exact: fn(i64, i64) -> Option<i64>,
        float: fn(f64, f64) -> f64,
    ) -> Number {
        match (&self.0, &other.0) {
            (Repr::Int(a), Repr::Int(b)) => exact(*a, *b).map(|int| Self(Repr::Int(int))),
            _ => None,
        }
        .unwrap_or_else(|| Self::unchecked(float(self.as_f64(), other.as_f64())))
    }
}

/// The grammar of JSON: an optional sign, digits without a leading zero, an optional fraction, an optional exponent.
fn is_json_number(text: &[u8]) -> bool {
    let digits = |from: usize| text[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut at = usize::from(text.first() == Some(&b'-'));
    match digits(at) {
        0 => return false,
        1 => at += 1,
        _ if text[at] == b'0' => return false,
        more => at += more,
    }
    if text.get(at) == Some(&b'.') {
        match digits(at + 1) {
            0 => return false,
            more => at += 1 + more,
        }
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        at += 1 + usize::from(matches!(text.get(at + 1), Some(b'+' | b'-')));
        match digits(at) {
            0 => return false,
            more => at += more,
        }
    }
    at == text.len()
}

fn compare_int_float(int: i64, float: f64) -> Ordering {
    const BEYOND: f64 = 9_223_372_036_854_775_808.0;
    if float.is_nan() || float < -BEYOND {
        Ordering::Greater
    } else if float >= BEYOND {
        Ordering::Less
    } else {
        int.cmp(&(float.trunc() as i64)).then_with(|| 0.0.partial_cmp(&float.fract()).unwrap_or(Ordering::Equal))
    }
}

fn compare_big_float(big: &str, float: f64) -> Ordering {
    if float.is_nan() || float == f64::NEG_INFINITY {
        Ordering::Greater
    } else if float == f64::INFINITY {
        Ordering::Less
    } else {
        compare_decimal(big, &format!("{:.0}", float.trunc()))
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
    /// JSON has neither infinity nor NaN: an infinite float becomes the largest one, NaN zero.
    fn from(float: f64) -> Self {
        Self::from_f64(if float.is_nan() { 0.0 } else { float })
    }
}

impl std::fmt::Display for Number {
    /// As jq prints numbers: the fewest digits that read back, plain while at most 15 zeros are needed, `1e+17` and `1e-05` beyond.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Repr::Int(int) => write!(f, "{int}"),
            Repr::Big(text) => f.write_str(text),
            Repr::Float(float) if float.is_nan() => f.write_str("null"),
            Repr::Float(float) => write_float(float.clamp(f64::MIN, f64::MAX), f),
        }
    }
}

fn write_float(float: f64, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
    let scientific = format!("{float:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    // The decimal point stands behind this many digits.
    let point = exponent + 1;
    f.write_str(sign)?;
    if point <= -4 || point > count + 15 {
        let sign = if exponent < 0 { '-' } else { '+' };
        let fraction = &digits[1..];
        let dot = if fraction.is_empty() { "" } else { "." };
        write!(f, "{}{dot}{fraction}e{sign}{:02}", &digits[..1], exponent.abs())
    } else if point <= 0 {
        write!(f, "0.{:0>width$}", digits, width = usize::try_from(count - point).unwrap_or(0))
    } else if point >= count {
        write!(f, "{:0<width$}", digits, width = usize::try_from(point).unwrap_or(0))
    } else {
        let (whole, fraction) = digits.split_at(usize::try_from(point).unwrap_or(0));
        write!(f, "{whole}.{fraction}")
    }
}
