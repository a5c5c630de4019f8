//! `{{$.path}}` placeholders inside strings (spec 3.7).

use crate::path::{Path, PathError};

/// A string with placeholders: `"Order {{$.id}}"` is `[Text("Order "), Path($.id)]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pub parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    Text(Box<str>),
    /// A placeholder, and the byte range of `{{…}}` in the template's text.
    Path(Path, std::ops::Range<usize>),
}

impl Template {
    /// Reads a template. `{{` that no `$` follows is plain text; a bad path inside a placeholder is an error.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let _ = text;
        todo!()
    }

    /// The text when there is no placeholder in it.
    pub fn as_literal(&self) -> Option<&str> {
        match &self.parts[..] {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }
}

/// The value of a `.$` key: a reference path (the node itself, with its type), or text with placeholders (a string).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dynamic {
    Path(Path),
    Template(Template),
}

impl Dynamic {
    /// A text that begins with `$` and is a reference path is a path; everything else is a template, literal text included.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let _ = text;
        todo!()
    }
}
