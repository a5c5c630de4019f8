//! Dates of search: days, moments, and spans back from now.

use std::time::Duration;

use zis_flow::Timestamp;

use super::parse::Op;

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// A condition on a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Not before.
    pub from: Timestamp,
    /// Before.
    pub until: Timestamp,
}

impl Span {
    pub fn holds(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }
}

/// `created>2026-01-01`, `created:2026-01-01`, `created>4hours`; `None` when the value is no date.
pub fn span(op: Op, value: &str, now: Timestamp) -> Option<Span> {
    let (start, end) = match relative(value, now) {
        Some(start) if op == Op::Is => (start, Timestamp(i64::MAX)),
        Some(start) => (start, start),
        None => absolute(value)?,
    };
    let (least, most) = (Timestamp(i64::MIN), Timestamp(i64::MAX));
    Some(match op {
        Op::Is => Span { from: start, until: end },
        Op::Less => Span { from: least, until: start },
        Op::LessOrEqual => Span { from: least, until: end },
        Op::Greater => Span { from: end, until: most },
        Op::GreaterOrEqual => Span { from: start, until: most },
    })
}

/// The first moment of what the value names, and the first after it.
fn absolute(value: &str) -> Option<(Timestamp, Timestamp)> {
    if value.len() == 10 {
        let start = Timestamp::parse_rfc3339(&format!("{value}T00:00:00Z"))?;
        return Some((start, Timestamp(start.0.saturating_add(DAY))));
    }
    let with_zone = value.ends_with('Z') || value.rfind(['+', '-']).is_some_and(|at| at > 10);
    let start =
        if with_zone { Timestamp::parse_rfc3339(value)? } else { Timestamp::parse_rfc3339(&format!("{value}Z"))? };
    Some((start, Timestamp(start.0.saturating_add(1_000_000))))
}

fn relative(value: &str, now: Timestamp) -> Option<Timestamp> {
    let digits = value.find(|letter: char| !letter.is_ascii_digit())?;
    let count: u64 = value[..digits].parse().ok()?;
    let unit = match value[digits..].trim_end_matches('s') {
        "minute" => 60,
        "hour" => 3_600,
        "day" => 86_400,
        "week" => 7 * 86_400,
        "month" => 30 * 86_400,
        "year" => 365 * 86_400,
        _ => return None,
    };
    let back = Duration::from_secs(count.checked_mul(unit)?);
    Some(Timestamp(now.0.saturating_sub(i64::try_from(back.as_micros()).ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(op: Op, value: &str, at: &str, expected: bool) {
        let now = Timestamp::parse_rfc3339("2026-03-02T12:00:00Z").unwrap();
        let at = Timestamp::parse_rfc3339(at).unwrap();
        assert_eq!(span(op, value, now).unwrap().holds(at), expected, "{op:?}{value} {at:?}");
    }

    #[test]
    fn spans() {
        check(Op::Is, "2026-03-01", "2026-03-01T23:59:59Z", true);
        check(Op::Is, "2026-03-01", "2026-03-02T00:00:00Z", false);
        check(Op::Greater, "2026-03-01", "2026-03-01T23:00:00Z", false);
        check(Op::Greater, "2026-03-01", "2026-03-02T00:00:00Z", true);
        check(Op::GreaterOrEqual, "2026-03-01", "2026-03-01T00:00:00Z", true);
        check(Op::Less, "2026-03-01", "2026-02-28T23:59:59Z", true);
        check(Op::LessOrEqual, "2026-03-01", "2026-03-01T23:59:59Z", true);
        check(Op::GreaterOrEqual, "2026-03-01T10:00:00+01:00", "2026-03-01T09:00:00Z", true);
        check(Op::Greater, "4hours", "2026-03-02T09:00:00Z", true);
        check(Op::Greater, "4hours", "2026-03-02T07:00:00Z", false);
        check(Op::Less, "1week", "2026-02-01T00:00:00Z", true);
    }

    #[test]
    fn what_is_no_date_is_none() {
        for value in ["", "soon", "4fortnights", "2026-13-01"] {
            assert!(span(Op::Is, value, Timestamp(0)).is_none(), "{value}");
        }
    }
}
