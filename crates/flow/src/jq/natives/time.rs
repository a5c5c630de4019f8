//! Dates and times, in UTC.

use jiff::{
    Timestamp,
    civil::{Date, DateTime},
    fmt::strtime,
    tz::TimeZone,
};

use crate::value::Value;

use super::{
    super::{
        fault::{self, Result},
        meter,
        val::Val,
    },
    Table, nullary, unary,
};

pub(super) fn table() -> Table {
    vec![
        nullary!("gmtime", gmtime),
        nullary!("localtime", gmtime),
        nullary!("mktime", mktime),
        unary!("strftime", |value, format| strftime("strftime", value, &format)),
        unary!("strflocaltime", |value, format| strftime("strflocaltime", value, &format)),
        unary!("strptime", |value, format| strptime(&value, &format)),
    ]
}

/// Seconds since the epoch as `[year, month from 0, day, hours, minutes, seconds, weekday from Sunday, day of the year from 0]`.
fn gmtime(value: Val) -> Result {
    let seconds = value.0.as_f64().ok_or_else(|| fault::text("gmtime() requires numeric inputs"))?;
    let whole = seconds.floor();
    let at = timestamp(whole as i64)?.to_zoned(TimeZone::UTC).datetime();
    Ok(broken_down(at, seconds - whole))
}

fn broken_down(at: DateTime, fraction: f64) -> Val {
    let int = |value: i64| Value::from(value);
    let seconds = Val::number(f64::from(at.second()) + fraction).0;
    Val::list([
        int(at.year().into()),
        int(i64::from(at.month()) - 1),
        int(at.day().into()),
        int(at.hour().into()),
        int(at.minute().into()),
        seconds,
        int(at.weekday().to_sunday_zero_offset().into()),
        int(i64::from(at.day_of_year()) - 1),
    ])
}

/// Seconds since the epoch of what [`broken_down`] makes; fields out of range carry over, as in C's `timegm`.
fn seconds(value: &Val, name: &str) -> Result<i64> {
    let unfit = || fault::text(format!("{name} requires parsed datetime inputs"));
    let items = value.as_list().filter(|items| items.len() >= 6).ok_or_else(unfit)?;
    let mut parts = [0_i64; 6];
    for (part, item) in parts.iter_mut().zip(items) {
        *part = item.as_f64().filter(|part| part.abs() < 1e9).ok_or_else(unfit)?.floor() as i64;
    }
    let [year, month, day, hour, minute, second] = parts;
    let (year, month) = (year + month.div_euclid(12), month.rem_euclid(12));
    let first = i16::try_from(year).ok().zip(i8::try_from(month + 1).ok());
    let first = first.and_then(|(year, month)| Date::new(year, month, 1).ok());
    let first = first.and_then(|date| date.to_zoned(TimeZone::UTC).ok());
    let first = first.ok_or_else(|| fault::text("invalid gmtime representation"))?;
    Ok(first.timestamp().as_second() + (day - 1) * 86_400 + hour * 3_600 + minute * 60 + second)
}

fn mktime(value: Val) -> Result {
    if value.as_list().is_none() {
        return Err(fault::text("mktime requires array inputs"));
    }
    seconds(&value, "mktime").map(|seconds| Val(Value::from(seconds)))
}

fn strftime(name: &str, value: Val, format: &Val) -> Result {
    let at = match value.0.as_f64() {
        Some(seconds) => seconds.floor() as i64,
        None => seconds(&value, &format!("{name}/1"))?,
    };
    let format = format.0.as_str().ok_or_else(|| fault::text(format!("{name}/1 requires a string format")))?;
    let at = timestamp(at)?.to_zoned(TimeZone::UTC);
    // The longest that a directive of a few bytes writes is a full date.
    meter::bytes(format.len().saturating_mul(16));
    let text = strtime::format(format, &at).map_err(|error| fault::text(format!("{name}/1: {error}")))?;
    Ok(Val::text(text))
}

/// Fields that the format does not name count from the year 1900 and are 0.
fn strptime(value: &Val, format: &Val) -> Result {
    let (Some(text), Some(format)) = (value.0.as_str(), format.0.as_str()) else {
        return Err(fault::text("strptime/1 requires string inputs and arguments"));
    };
    let mismatch = || fault::text(format!("date \"{text}\" does not match format \"{format}\""));
    meter::scanned(text.len() + format.len());
    let parsed = strtime::BrokenDownTime::parse(format, text).map_err(|_| mismatch())?;
    if let Some(at) = parsed.timestamp() {
        return gmtime(Val(Value::from(at.as_second())));
    }
    let time = parsed.to_time().unwrap_or_default();
    if let Ok(date) = parsed.to_date() {
        return Ok(broken_down(DateTime::from_parts(date, time), 0.0));
    }
    let int = |value: i64| Value::from(value);
    Ok(Val::list([
        int(parsed.year().map_or(1900, i64::from)),
        int(parsed.month().map_or(0, |month| i64::from(month) - 1)),
        int(parsed.day().map_or(0, i64::from)),
        int(time.hour().into()),
        int(time.minute().into()),
        int(time.second().into()),
        int(0),
        int(0),
    ]))
}

fn timestamp(seconds: i64) -> Result<Timestamp> {
    Timestamp::from_second(seconds)
        .map_err(|_| fault::text("error converting number of seconds since epoch to datetime"))
}
