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
        let mut parts = Vec::new();
        let mut literal_start = 0;
        let mut search = 0;
        while let Some(offset) = text[search..].find("{{") {
            let open = search + offset;
            let inner = &text[open + 2..];
            let path = inner.trim_start();
            if !path.starts_with('$') {
                search = open + 1;
                continue;
            }
            let path_at = open + 2 + (inner.len() - path.len());
            let Some(length) = path.find("}}") else {
                return Err(PathError::new(open, "the placeholder is not closed with `}}`"));
            };
            let close = path_at + length + 2;
            let path = Path::parse(path[..length].trim_end())
                .map_err(|error| PathError::new(path_at + error.at, error.message))?;
            if literal_start < open {
                parts.push(Part::Text(text[literal_start..open].into()));
            }
            parts.push(Part::Path(path, open..close));
            literal_start = close;
            search = close;
        }
        if literal_start < text.len() {
            parts.push(Part::Text(text[literal_start..].into()));
        }
        Ok(Self { parts })
    }

    /// Reads a `Message`, `Error` or `Cause`: a whole reference path counts as one placeholder (spec 3.6).
    pub fn parse_message(text: &str) -> Result<Self, PathError> {
        match Dynamic::parse(text)? {
            Dynamic::Path(path) => Ok(Self { parts: vec![Part::Path(path, 0..text.len())] }),
            Dynamic::Template(template) => Ok(template),
        }
    }

    /// The text when there is no placeholder in it.
    pub fn as_literal(&self) -> Option<&str> {
        match &self.parts[..] {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The paths of the placeholders, in order.
    pub fn paths(&self) -> impl Iterator<Item = (&Path, std::ops::Range<usize>)> {
        self.parts.iter().filter_map(|part| match part {
            Part::Path(path, range) => Some((path, range.clone())),
            Part::Text(_) => None,
        })
    }
}

/// The value of a `.$` key: a reference path (the node itself, with its type), or text with placeholders (a string).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dynamic {
    Path(Path),
    Template(Template),
}

impl Dynamic {
    /// A text that begins with `$.`, `$[` or `$$` and holds no placeholder has to be a reference path; `$` alone is one;
    /// everything else is a template, literal text included.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let path_like = text == "$" || ["$.", "$[", "$$."].iter().any(|start| text.starts_with(start));
        if path_like {
            match Path::parse(text) {
                Ok(path) => return Ok(Self::Path(path)),
                Err(error) if !text.contains("{{") => return Err(error),
                Err(_) => {}
            }
        }
        Template::parse(text).map(Self::Template)
    }

    /// Every path in it, with its byte range in the text.
    pub fn paths<'s>(&'s self, text: &str) -> Vec<(&'s Path, std::ops::Range<usize>)> {
        match self {
            Self::Path(path) => vec![(path, 0..text.len())],
            Self::Template(template) => template.paths().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Vec<String> {
        let template = Template::parse(text).unwrap();
        let show = |part: &Part| match part {
            Part::Text(text) => format!("'{text}'"),
            Part::Path(path, range) => format!("{path}@{}..{}", range.start, range.end),
        };
        template.parts.iter().map(show).collect()
    }

    #[test]
    fn templates_split_at_placeholders() {
        for (text, expected) in [
            ("", &[][..]),
            ("plain", &["'plain'"]),
            ("Order {{$.id}}", &["'Order '", "$.id@6..14"]),
            ("${{$.amount}} for {{ $.order }}", &["'$'", "$.amount@1..13", "' for '", "$.order@18..31"]),
            ("{{name}} {{{$.a}}}", &["'{{name}} {'", "$.a@10..17", "'}'"]),
            ("{{$}}", &["$@0..5"]),
            ("{{", &["'{{'"]),
        ] {
            assert_eq!(parts(text), expected, "{text}");
        }
    }

    #[test]
    fn bad_placeholders_have_a_place() {
        for (text, at) in [("a {{$.b..c}}", 8), ("a {{$.b", 2), ("{{ $.x | upcase }}", 6)] {
            assert_eq!(Template::parse(text).unwrap_err().at, at, "{text}");
        }
    }

    #[test]
    fn dynamic_values_are_paths_or_templates() {
        for (text, path) in [
            ("$", true),
            ("$.a", true),
            ("$['a']", true),
            ("${{$.a}}", false),
            ("$.a {{$.b}}", false),
            ("/api/v2/tickets.json", false),
            ("$5 off", false),
        ] {
            assert_eq!(matches!(Dynamic::parse(text).unwrap(), Dynamic::Path(_)), path, "{text}");
        }
        assert!(Dynamic::parse("$.a..b").is_err());
        assert!(Dynamic::parse("$$.Execution").is_err());
        assert_eq!(Template::parse_message("$.err.Cause").unwrap().paths().count(), 1);
    }
}
