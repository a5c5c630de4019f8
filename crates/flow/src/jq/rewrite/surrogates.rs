//! Characters beyond 16 bits that a string writes as two escapes.

use super::{Rewrite, Writer};

/// Puts the character in the place of a pair such as `\ud83d\ude00`; half a pair is left for the lexer to refuse.
pub(super) fn write_out(program: &str) -> Rewrite<'_> {
    if !program.contains("\\u") {
        return Rewrite::none(program);
    }
    let mut writer = Writer::new(program);
    let mut at = 0;
    while let Some(found) = program.get(at..).and_then(|rest| rest.find('\\')) {
        at += found;
        match pair(program, at) {
            Some(char) => {
                writer.replace(at..at + 12, char.encode_utf8(&mut [0; 4]));
                at += 12;
            }
            None => at += 1 + program[at + 1..].chars().next().map_or(0, char::len_utf8),
        }
    }
    writer.finish()
}

/// The character that is written at `at` as two escapes.
fn pair(program: &str, at: usize) -> Option<char> {
    let (first, second) = (half(program, at)?, half(program, at + 6)?);
    if first >= 0xdc00 || second < 0xdc00 {
        return None;
    }
    char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00))
}

/// The surrogate that is written at `at` as `\uXXXX`.
fn half(program: &str, at: usize) -> Option<u32> {
    let digits = program.get(at..at + 6)?.strip_prefix("\\u")?;
    let code = u32::from_str_radix(digits, 16).ok()?;
    (0xd800..0xe000).contains(&code).then_some(code)
}
