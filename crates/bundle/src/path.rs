//! Reference paths: the JSONPath subset that names exactly one node (spec 3.7).

/// `$`, `$.a.b`, `$['a b']`, `$.a[0]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Path {
    pub segments: Vec<Segment>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Segment {
    Key(Box<str>),
    Index(usize),
}

/// Why a text is no reference path, and at which byte of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathError {
    pub at: usize,
    pub message: String,
}

impl Path {
    /// Reads a path; `..`, `*`, filters, slices, `$$` and `@` are refused with a reason.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let _ = text;
        todo!()
    }

    /// `$`: the whole document.
    pub fn root() -> Self {
        Self { segments: Vec::new() }
    }
}

impl std::fmt::Display for Path {
    /// The shortest spelling that reads back to the same path.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let _ = f;
        todo!()
    }
}
