//! NUL characters in text: PostgreSQL has no place for them, and SQLite's functions stop at them.
//!
//! Both drivers write NUL as SUB (U+001A) and `0`, and SUB as SUB and `1`, and undo it when they read. Nothing is lost, equal texts stay
//! equal, and neither database ever sees a NUL. Text in JSON is not touched: there a NUL is `\u0000` already.

use std::borrow::Cow;

const SUB: char = '\u{1A}';

/// Text for the database.
pub(crate) fn escape(text: &str) -> Cow<'_, str> {
    // Almost no text has either.
    if memchr::memchr2(0, SUB as u8, text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace(SUB, "\u{1A}1").replace('\0', "\u{1A}0"))
}

/// Text of the database.
pub(crate) fn unescape(text: &str) -> String {
    if !text.contains(SUB) {
        return text.to_owned();
    }
    text.replace("\u{1A}0", "\0").replace("\u{1A}1", "\u{1A}")
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn nothing_is_lost(text in "[\\x00\\x1A01a\u{20ac}]*") {
            let escaped = escape(&text);
            proptest::prop_assert!(!escaped.contains('\0'));
            proptest::prop_assert_eq!(unescape(&escaped), text);
        }
    }
}
