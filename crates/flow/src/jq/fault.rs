//! Error texts as jq 1.6 writes them: flows read them in `Cause`.

use super::{meter, val::Val};

pub(super) type Error = jaq_core::Error<Val>;
pub(super) type Result<T = Val> = std::result::Result<T, Error>;

/// An error with a text of its own.
pub(super) fn text(message: impl Into<String>) -> Error {
    Error::new(Val::from(message.into()))
}

/// `number (1) only strings can be parsed`: a value that an operation does not take.
pub(super) fn unfit(value: &Val, problem: &str) -> Error {
    text(format!("{} {problem}", shown(value)))
}

/// `object ({}) and number (1) cannot be added`
pub(super) fn pair(left: &Val, right: &Val, problem: &str) -> Error {
    text(format!("{} and {} {problem}", shown(left), shown(right)))
}

/// `Cannot index number with string "a"`
pub(super) fn index(value: &Val, key: &Val) -> Error {
    match key.0.as_str() {
        Some(name) => text(format!("Cannot index {} with string \"{name}\"", value.0.type_name())),
        None => text(format!("Cannot index {} with {}", value.0.type_name(), key.0.type_name())),
    }
}

/// `Cannot iterate over null (null)`
pub(super) fn iterate(value: &Val) -> Error {
    text(format!("Cannot iterate over {}", shown(value)))
}

/// The type and the beginning of the value, as in `string ("aaaaaaaaaa...)`.
fn shown(value: &Val) -> String {
    const MOST: usize = 11;
    let mut dump = value.to_json_start(MOST + 4);
    if dump.len() > MOST + 3 {
        let cut = (0..=MOST).rev().find(|at| dump.is_char_boundary(*at)).unwrap_or(0);
        dump.truncate(cut);
        dump.push_str("...");
    }
    meter::nodes(1);
    format!("{} ({dump})", value.0.type_name())
}
