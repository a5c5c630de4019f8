//! Reference paths: the JSONPath subset that names exactly one node (spec 3.7).

use crate::json::push_pointer;

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

impl PathError {
    pub(crate) fn new(at: usize, message: impl Into<String>) -> Self {
        Self { at, message: message.into() }
    }
}

impl Path {
    /// Reads a path; `..`, `*`, filters, slices, `$$` and `@` are refused with a reason.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let Some(mut rest) = text.strip_prefix('$') else {
            return Err(PathError::new(0, "a path begins with `$`"));
        };
        if rest.starts_with('$') {
            return Err(PathError::new(0, "the context object `$$` is not supported"));
        }
        let mut segments = Vec::new();
        while !rest.is_empty() {
            let at = text.len() - rest.len();
            let (segment, length) = segment(rest, at)?;
            segments.push(segment);
            rest = &rest[length..];
        }
        Ok(Self { segments })
    }

    /// `$`: the whole document.
    pub fn root() -> Self {
        Self { segments: Vec::new() }
    }

    /// The same place as JSON pointer (RFC 6901): `/a/0`.
    pub fn pointer(&self) -> String {
        let mut pointer = String::new();
        for segment in &self.segments {
            match segment {
                Segment::Key(key) => push_pointer(&mut pointer, key),
                Segment::Index(index) => push_pointer(&mut pointer, &index.to_string()),
            }
        }
        pointer
    }

    /// Whether `self` is `other` or lies inside of it.
    pub fn starts_with(&self, other: &Path) -> bool {
        self.segments.starts_with(&other.segments)
    }
}

/// One segment at the start of `rest`, which stands at byte `at`, and its length in bytes.
fn segment(rest: &str, at: usize) -> Result<(Segment, usize), PathError> {
    if let Some(name) = rest.strip_prefix('.') {
        return name_segment(name, at + 1).map(|(segment, length)| (segment, length + 1));
    }
    if let Some(inner) = rest.strip_prefix('[') {
        return bracket_segment(inner, at + 1).map(|(segment, length)| (segment, length + 1));
    }
    let found = rest.chars().next().unwrap_or(' ');
    Err(PathError::new(at, format!("expected `.name` or `[…]`, found `{found}`; other characters need `['…']`")))
}

fn name_segment(name: &str, at: usize) -> Result<(Segment, usize), PathError> {
    let length = name.find(|found| !is_name_character(found)).unwrap_or(name.len());
    if length > 0 {
        return Ok((Segment::Key(name[..length].into()), length));
    }
    let message = match name.chars().next() {
        None => "the path ends with `.`; a name is missing".into(),
        Some('.') => "`..` (any depth) is not supported; a path names exactly one place".into(),
        Some('*') => "`*` is not supported; a path names exactly one place".into(),
        Some('[') => "`.` before `[` is not allowed".into(),
        Some(found) => format!("`{found}` can't begin a name; write `['…']`"),
    };
    Err(PathError::new(at, message))
}

fn bracket_segment(inner: &str, at: usize) -> Result<(Segment, usize), PathError> {
    match inner.chars().next() {
        Some(quote @ ('\'' | '"')) => quoted_key(inner, quote, at),
        Some('0'..='9') => index(inner, at),
        Some('-') => Err(PathError::new(at, "negative indices are not supported")),
        Some('*') => Err(PathError::new(at, "`[*]` is not supported; a path names exactly one place")),
        Some('?') => Err(PathError::new(at, "filters `[?(…)]` are not supported; use a Jq action")),
        Some(':') => Err(PathError::new(at, "slices `[:]` are not supported; use a Jq action")),
        Some('@') => Err(PathError::new(at, "`@` is not supported")),
        _ => Err(PathError::new(at, "`[` is followed by an index or a quoted name")),
    }
}

fn index(inner: &str, at: usize) -> Result<(Segment, usize), PathError> {
    let digits = inner.find(|found: char| !found.is_ascii_digit()).unwrap_or(inner.len());
    match inner[digits..].chars().next() {
        Some(']') => {}
        Some(':') => return Err(PathError::new(at + digits, "slices `[:]` are not supported; use a Jq action")),
        Some(',') => return Err(PathError::new(at + digits, "several indices are not supported")),
        _ => return Err(PathError::new(at + digits, "expected `]` after the index")),
    }
    let number = inner[..digits].parse().map_err(|_| PathError::new(at, "the index is too large"))?;
    Ok((Segment::Index(number), digits + 1))
}

/// `'key']` or `"key"]`; a backslash takes the next character as it is.
fn quoted_key(inner: &str, quote: char, at: usize) -> Result<(Segment, usize), PathError> {
    let mut key = String::new();
    let mut characters = inner.char_indices().skip(1);
    while let Some((offset, found)) = characters.next() {
        if found == quote {
            let end = offset + 1;
            return match inner[end..].chars().next() {
                Some(']') => Ok((Segment::Key(key.into()), end + 1)),
                Some(',') => Err(PathError::new(at + end, "several names are not supported")),
                _ => Err(PathError::new(at + end, "expected `]` after the quoted name")),
            };
        }
        if found == '\\' {
            key.extend(characters.next().map(|(_, escaped)| escaped));
        } else {
            key.push(found);
        }
    }
    Err(PathError::new(at, "the quoted name is not closed"))
}

fn is_name_character(character: char) -> bool {
    character.is_alphanumeric() || character == '_' || character == '-'
}

impl std::fmt::Display for Path {
    /// The shortest spelling that reads back to the same path.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("$")?;
        for segment in &self.segments {
            match segment {
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Key(key) if !key.is_empty() && key.chars().all(is_name_character) => write!(f, ".{key}")?,
                Segment::Key(key) => write!(f, "['{}']", key.replace('\\', "\\\\").replace('\'', "\\'"))?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_escape_what_they_must() {
        let path = Path::parse("$.a['x/y~z'][3]").expect("a path");
        assert_eq!(path.pointer(), "/a/x~1y~0z/3");
        assert_eq!(Path::root().pointer(), "");
    }

    #[test]
    fn good_paths_read_back() {
        for (text, shortest) in [
            ("$", "$"),
            ("$.a.b-c_d", "$.a.b-c_d"),
            ("$['a b'].c", "$['a b'].c"),
            ("$[\"plain\"]", "$.plain"),
            ("$.a[0].b[12]", "$.a[0].b[12]"),
            ("$['it\\'s']", "$['it\\'s']"),
            ("$.Größe", "$.Größe"),
            ("$['']", "$['']"),
        ] {
            let path = Path::parse(text).unwrap();
            assert_eq!(path.to_string(), shortest);
            assert_eq!(Path::parse(shortest).unwrap(), path);
        }
    }

    #[test]
    fn bad_paths_say_why_and_where() {
        for (text, at, reason) in [
            ("", 0, "begins with `$`"),
            ("input.x", 0, "begins with `$`"),
            ("$$.Map", 0, "context object"),
            ("$input", 1, "expected `.name`"),
            ("$.a..b", 4, "`..`"),
            ("$.a.*", 4, "`*`"),
            ("$.a[*]", 4, "`[*]`"),
            ("$.a[?(@.b)]", 4, "filters"),
            ("$.a[1:2]", 5, "slices"),
            ("$.a[:2]", 4, "slices"),
            ("$.a[-1]", 4, "negative"),
            ("$.a[@]", 4, "`@`"),
            ("$.a[b]", 4, "index or a quoted name"),
            ("$.a[99999999999999999999999]", 4, "too large"),
            ("$.a['b", 4, "not closed"),
            ("$.a['b','c']", 7, "several names"),
            ("$.a.", 4, "ends with `.`"),
            ("$.a b", 3, "expected `.name`"),
            ("$.a['b'", 7, "expected `]`"),
        ] {
            let error = Path::parse(text).unwrap_err();
            assert!(error.message.contains(reason), "{text}: {}", error.message);
            assert_eq!(error.at, at, "{text}");
        }
    }
}
