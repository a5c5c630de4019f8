//! Dates and times, in UTC.

use jiff::{Timestamp, civil::DateTime, fmt::strtime, tz::TimeZone};

use crate::value::Value;

use super::{
    super::{
        fault::{self, Result},
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
    let seconds = value.0.as_f64().ok_or_else(|| fault::text("gmtime() requires a number"))?;
    let whole = seconds.floor();
    let at = Timestamp::from_second(whole as i64)
        .map_err(|_| fault::text("error converting number of seconds since epoch to datetime"))?;
    let at = at.to_zoned(TimeZone::UTC).datetime();
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

/// Reads what [`broken_down`] makes.
fn date_time(value: &Val, name: &str) -> Result<DateTime> {
    let unfit = || fault::text(format!("{name} requires parsed datetime inputs"));
    let items = value.as_list().filter(|items| items.len() >= 6).ok_or_else(unfit)?;
    let mut parts = [0_i64; 6];
    for (part, item) in parts.iter_mut().zip(items) {
        *part = item.as_f64().ok_or_else(unfit)?.floor() as i64;
    }
    let [year, month, day, hour, minute, second] = parts;
    let date = DateTime::new(
        i16::try_from(year).map_err(|_| unfit())?,
        i8::try_from(month + 1).map_err(|_| unfit())?,
        i8::try_from(day).map_err(|_| unfit())?,
        i8::try_from(hour).map_err(|_| unfit())?,
        i8::try_from(minute).map_err(|_| unfit())?,
        i8::try_from(second.min(59)).map_err(|_| unfit())?,
        0,
    );
    date.map_err(|_| fault::text("invalid gmtime representation"))
}

fn mktime(value: Val) -> Result {
    if value.as_list().is_none() {
        return Err(fault::text("mktime requires array of 6 numbers"));
    }
    let at = date_time(&value, "mktime")?;
    let zoned = at.to_zoned(TimeZone::UTC).map_err(|_| fault::text("invalid gmtime representation"))?;
    Ok(Val(Value::from(zoned.timestamp().as_second())))
}

fn strftime(name: &str, value: Val, format: &Val) -> Result {
    let value = if value.0.as_f64().is_some() { gmtime(value)? } else { value };
    if value.as_list().is_none() {
        return Err(fault::text(format!("{name}/1 requires parsed datetime inputs")));
    }
    let at = date_time(&value, &format!("{name}/1"))?;
    let format = format.0.as_str().ok_or_else(|| fault::text(format!("{name}/1 requires a string format")))?;
    let at = at.to_zoned(TimeZone::UTC).map_err(|_| fault::text("invalid gmtime representation"))?;
    let text = strtime::format(format, &at).map_err(|error| fault::text(format!("{name}/1: {error}")))?;
    Ok(Val::text(text))
}

fn strptime(value: &Val, format: &Val) -> Result {
    let Some(text) = value.0.as_str() else {
        return Err(fault::unfit(value, "cannot be parsed as a date: strptime/1 requires string inputs and arguments"));
    };
    let format = format.0.as_str().ok_or_else(|| fault::text("strptime/1 requires string inputs and arguments"))?;
    let mismatch = || fault::text(format!("date \"{text}\" does not match format \"{format}\""));
    let parsed = strtime::BrokenDownTime::parse(format, text).map_err(|_| mismatch())?;
    let date = parsed.to_date().map_err(|_| mismatch())?;
    let time = parsed.to_time().unwrap_or_default();
    Ok(broken_down(DateTime::from_parts(date, time), 0.0))
}
