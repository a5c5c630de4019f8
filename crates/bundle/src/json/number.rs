//! Numbers as JSON writes them, and what people write instead.

/// Whether `text` is a JSON number: `-?(0|[1-9][0-9]*)(.[0-9]+)?([eE][+-]?[0-9]+)?`.
pub(super) fn is_valid(text: &str) -> bool {
    let rest = text.strip_prefix('-').unwrap_or(text);
    let integer = digits(rest);
    if integer == 0 || (integer > 1 && rest.starts_with('0')) {
        return false;
    }
    let mut rest = &rest[integer..];
    if let Some(fraction) = rest.strip_prefix('.') {
        let length = digits(fraction);
        if length == 0 {
            return false;
        }
        rest = &fraction[length..];
    }
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        let length = digits(exponent);
        if length == 0 {
            return false;
        }
        rest = &exponent[length..];
    }
    rest.is_empty()
}

/// The number that a bad spelling clearly means: `+1`, `007`, `.5`, `5.`, `1_000`, `0x1f`.
pub(super) fn repair(text: &str) -> Option<String> {
    let plain = text.strip_prefix('+').unwrap_or(text).replace('_', "");
    let (sign, unsigned) = plain.strip_prefix('-').map_or(("", plain.as_str()), |rest| ("-", rest));
    let repaired = if let Some(hex) = unsigned.strip_prefix("0x").or_else(|| unsigned.strip_prefix("0X")) {
        u64::from_str_radix(hex, 16).ok()?.to_string()
    } else {
        let trimmed = unsigned.trim_start_matches('0');
        let padded = if trimmed.starts_with(|first: char| first.is_ascii_digit()) {
            trimmed.to_owned()
        } else {
            format!("0{trimmed}")
        };
        padded.strip_suffix('.').unwrap_or(&padded).replace(".e", "e").replace(".E", "E")
    };
    let repaired = format!("{sign}{repaired}");
    is_valid(&repaired).then_some(repaired)
}

fn digits(text: &str) -> usize {
    text.find(|found: char| !found.is_ascii_digit()).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grammar() {
        for good in ["0", "-0", "12", "1.50", "1e9", "-1.2E-3", "360001234567890123456789"] {
            assert!(is_valid(good), "{good}");
        }
        for bad in ["", "-", "01", "+1", ".5", "5.", "1e", "0x10", "1.2.3", "2019-10-14"] {
            assert!(!is_valid(bad), "{bad}");
        }
    }

    #[test]
    fn repairs() {
        for (bad, good) in [
            ("+1", Some("1")),
            ("007", Some("7")),
            ("00", Some("0")),
            ("-.5", Some("-0.5")),
            ("5.", Some("5")),
            ("1_000", Some("1000")),
            ("0x1f", Some("31")),
            ("2019-10-14", None),
            ("1.2.3", None),
        ] {
            assert_eq!(repair(bad).as_deref(), good, "{bad}");
        }
    }
}
