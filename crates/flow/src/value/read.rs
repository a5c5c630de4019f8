//! Reads JSON text into values: numbers of any length exactly, nesting bounded, every fault with line and column.
//!
//! By hand, because serde_json reads integers beyond 64 bits as floats and stops at 128 levels.

use std::sync::Arc;

use super::{Array, MAX_DEPTH, Number, Object, ParseError, Value};

/// Reads one JSON text and nothing after it.
pub(super) fn parse(text: &str) -> Result<Value, ParseError> {
    let mut reader = Reader { text, bytes: text.as_bytes(), at: 0, depth: 0 };
    let value = reader.skip_space().value();
    let result = value.and_then(|value| match reader.skip_space().peek() {
        None => Ok(value),
        Some(_) => Err("trailing characters"),
    });
    result.map_err(|message| fault(text, reader.at, message))
}

fn fault(text: &str, at: usize, message: &str) -> ParseError {
    let before = &text.as_bytes()[..at.min(text.len())];
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let column = String::from_utf8_lossy(&before[start..]).chars().count() + 1;
    ParseError { message: message.to_owned(), line, column }
}

type Read<T> = Result<T, &'static str>;

struct Reader<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    depth: u32,
}

impl<'t> Reader<'t> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_space(&mut self) -> &mut Self {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
        self
    }

    fn value(&mut self) -> Read<Value> {
        match self.peek() {
            Some(b'"') => self.string().map(Value::String),
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            Some(_) => Err("expected value"),
            None => Err("unexpected end of text"),
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Read<Value> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return Err("expected value");
        }
        self.at += word.len();
        Ok(value)
    }

    fn number(&mut self) -> Read<Value> {
        let from = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')) {
            self.at += 1;
        }
        let number = Number::parse(&self.text[from..self.at]);
        if number.is_none() {
            self.at = from;
        }
        number.map(Value::Number).ok_or("invalid number")
    }

    fn nested(&mut self, read: fn(&mut Self) -> Read<Value>) -> Read<Value> {
        if self.depth == MAX_DEPTH {
            return Err("nested too deeply");
        }
        self.depth += 1;
        self.at += 1;
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn array(&mut self) -> Read<Value> {
        let mut items = Array::new();
        if self.skip_space().peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::Array(Arc::new(items)));
        }
        loop {
            items.push(self.skip_space().value()?);
            match self.skip_space().peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Value::Array(Arc::new(items)));
                }
                Some(_) => return Err("expected `,` or `]`"),
                None => return Err("unexpected end of text in an array"),
            }
        }
    }

    fn object(&mut self) -> Read<Value> {
        let mut members = Object::new();
        if self.skip_space().peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Object(Arc::new(members)));
        }
        loop {
            let key = match self.skip_space().peek() {
                Some(b'"') => self.string()?,
                Some(_) => return Err("expected a key in double quotes"),
                None => return Err("unexpected end of text in an object"),
            };
            match self.skip_space().peek() {
                Some(b':') => self.at += 1,
                Some(_) => return Err("expected `:`"),
                None => return Err("unexpected end of text in an object"),
            }
            members.insert(key, self.skip_space().value()?);
            match self.skip_space().peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Value::Object(Arc::new(members)));
                }
                Some(_) => return Err("expected `,` or `}`"),
                None => return Err("unexpected end of text in an object"),
            }
        }
    }

    /// A string, its opening quote at hand.
    fn string(&mut self) -> Read<Arc<str>> {
        self.at += 1;
        let from = self.at;
        self.skip_plain();
        if self.peek() == Some(b'"') {
            let text = &self.text[from..self.at];
            self.at += 1;
            return Ok(Arc::from(text));
        }
        let mut out = self.text[from..self.at].to_owned();
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Arc::from(out));
                }
                Some(b'\\') => out.push(self.escape()?),
                Some(_) => return Err("control character in a string; write it as an escape"),
                None => return Err("unexpected end of text in a string"),
            }
            let from = self.at;
            self.skip_plain();
            out.push_str(&self.text[from..self.at]);
        }
    }

    /// Goes on to the next quote, backslash or control character.
    fn skip_plain(&mut self) {
        while let Some(byte) = self.peek() {
            if byte == b'"' || byte == b'\\' || byte < 0x20 {
                return;
            }
            self.at += 1;
        }
    }

    /// An escape, its backslash at hand.
    fn escape(&mut self) -> Read<char> {
        self.at += 1;
        let letter = self.peek().ok_or("unexpected end of text in a string")?;
        let char = match letter {
            b'"' | b'\\' | b'/' => char::from(letter),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode(),
            _ => return Err("invalid escape"),
        };
        self.at += 1;
        Ok(char)
    }

    /// `uXXXX`, or a pair of them for what lies beyond 16 bits. Half of a pair is what senders that count UTF-16 leave of a letter they
    /// cut through: a text cut short, no reason to refuse the document.
    fn unicode(&mut self) -> Read<char> {
        let high = self.hex()?;
        let rest = self.at;
        if (0xd800..0xdc00).contains(&high) && self.bytes[rest..].starts_with(b"\\u") {
            self.at += 1;
            let low = self.hex()?;
            if (0xdc00..0xe000).contains(&low) {
                return char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00)).ok_or("invalid escape");
            }
            self.at = rest;
        }
        Ok(char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    /// The four digits after the `u` at hand.
    fn hex(&mut self) -> Read<u32> {
        let digits = self.bytes.get(self.at + 1..self.at + 5).ok_or("unexpected end of text in a string")?;
        let number = digits.iter().try_fold(0, |number, digit| Some(number * 16 + char::from(*digit).to_digit(16)?));
        let number = number.ok_or("invalid escape")?;
        self.at += 5;
        Ok(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_serde_json_reads() {
        for text in [
            "null",
            " true ",
            "[]",
            "[ ]",
            "{}",
            "{ }",
            "[1,2 , 3]",
            r#"{"a":{"b":[null,false]},"c":""}"#,
            "-7",
            "1.5e3",
            r#""a\n\u00e9\ud83d\ude00\/\"""#,
            "1e400",
            "[1,]",
            "{,}",
            "{\"a\"}",
            "01",
            "1.",
            "+1",
            "nul",
            "\"\u{1}\"",
            r#""\x""#,
            r#""\ud83d""#,
            r#""\udc00\ud83d""#,
            "",
            "  ",
            "[1 2]",
            "{\"a\":1,}",
            "1 2",
            "\"abc",
            "é",
            "[\"é\" 1]",
        ] {
            let theirs = serde_json::from_str::<serde_json::Value>(text);
            match (parse(text), theirs) {
                (Ok(ours), Ok(theirs)) => {
                    assert_eq!(ours.to_json(), theirs.to_string().replace(".0", ""), "{text}");
                }
                (Err(_), Err(_)) => {}
                // Numbers beyond floats: the largest one, as in jq. Half of a surrogate pair: below.
                (Ok(_), Err(_)) if text == "1e400" || text.contains(r"\ud") => {}
                (ours, theirs) => panic!("{text}: {ours:?} {theirs:?}"),
            }
        }
    }

    #[test]
    fn half_of_a_surrogate_pair_is_a_letter_lost() {
        for (text, expected) in [
            (r#""cut \ud83d""#, "cut \u{fffd}"),
            (r#""\ude00 \ud83d\n""#, "\u{fffd} \u{fffd}\n"),
            (r#""\ud83d\ud83d\ude00""#, "\u{fffd}\u{1f600}"),
            (r#""\ud83d\u0041""#, "\u{fffd}A"),
        ] {
            assert_eq!(parse(text).unwrap(), Value::string(expected), "{text}");
        }
        for text in [r#""\ud83d\u""#, r#""\ud83d\u00g0""#, r#""\ud8""#] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn faults_have_a_place() {
        for (text, line, column) in
            [("{\n  \"a\": x}", 2, 8), ("[1, 2", 1, 6), ("\"é\\q\"", 1, 4), ("[\"é\", 01]", 1, 7), ("", 1, 1)]
        {
            let fault = parse(text).unwrap_err();
            assert_eq!((fault.line, fault.column), (line, column), "{text}: {fault}");
        }
    }

    #[test]
    fn integers_are_exact_and_nesting_is_bounded() {
        for number in ["18446744073709551617", "-123456789012345678901234567890", "9007199254740993"] {
            assert_eq!(parse(number).unwrap().to_json(), number);
        }
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse(&nested(512)).is_ok());
        assert_eq!(parse(&nested(513)).unwrap_err().message, "nested too deeply");
        assert!(parse(&nested(1_000_000)).is_err());
    }
}
