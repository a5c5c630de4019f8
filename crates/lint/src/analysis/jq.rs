//! A rough reading of jq programs: what kind of value comes out, and which paths of the data are read. It never runs
//! anything, and says "anything" whenever a program is not plain.

use std::ops::Range;

use zis_bundle::path::{Path, Segment};

use super::shape::{ARRAY, BOOLEAN, Found, NULL, NUMBER, OBJECT, STRING, Shape};

/// How deep constructions are followed.
const MAX_DEPTH: usize = 6;

/// The shape of a program's (first) output on `data`.
pub fn guess(program: &str, data: &Shape) -> Shape {
    pipeline(program, data, MAX_DEPTH)
}

/// The paths that a program surely reads from its data, each with its byte range: the plain paths at its beginning.
pub fn leading_paths(program: &str) -> Vec<(Path, Range<usize>)> {
    let Some(first) = split(program, "|").into_iter().next() else { return Vec::new() };
    let mut found = Vec::new();
    for operand in operands(program, first) {
        let text = &program[operand.clone()];
        found.extend(plain_path(text.trim()).map(|path| {
            let start = operand.start + (text.len() - text.trim_start().len());
            (path, start..start + text.trim().len())
        }));
    }
    found
}

fn pipeline(program: &str, data: &Shape, depth: usize) -> Shape {
    if depth == 0 || ["def ", "reduce ", "foreach ", "label "].iter().any(|word| program.contains(word)) {
        return Shape::any();
    }
    let mut shape = data.clone();
    for range in split(program, "|") {
        shape = stage(program[range].trim(), &shape, depth);
    }
    shape
}

fn stage(text: &str, data: &Shape, depth: usize) -> Shape {
    if text.contains(" as $") {
        return data.clone();
    }
    let commas = split(text, ",");
    if commas.len() > 1 {
        let shapes = commas.into_iter().map(|range| stage(text[range].trim(), data, depth));
        return shapes.reduce(|one, other| one.join(&other)).unwrap_or_else(Shape::any);
    }
    let alternatives = split(text, "//");
    if alternatives.len() > 1 {
        let shapes = alternatives.into_iter().map(|range| operand(text[range].trim(), data, depth));
        return shapes.reduce(|one, other| one.join(&other)).unwrap_or_else(Shape::any);
    }
    operand(text, data, depth)
}

fn operand(text: &str, data: &Shape, depth: usize) -> Shape {
    if text == "." {
        return data.clone();
    }
    if let Some(path) = plain_path(text) {
        return match data.lookup(&path) {
            Found::Certainly(shape) => shape,
            // jq gives null for what isn't there.
            Found::Maybe(shape) => shape.or_null(),
            Found::Never { .. } => Shape::of(NULL),
        };
    }
    term(text, data, depth).unwrap_or_else(|| operator(text, data, depth))
}

/// Literals, constructions and functions whose output has one kind.
fn term(text: &str, data: &Shape, depth: usize) -> Option<Shape> {
    if let Some(inner) = enclosed(text, '(', ')') {
        return Some(pipeline(inner, data, depth - 1));
    }
    if let Some(inner) = enclosed(text, '[', ']') {
        let item = if inner.trim().is_empty() { Shape::any() } else { pipeline(inner, data, depth - 1) };
        return Some(Shape::array_of(item));
    }
    if let Some(inner) = enclosed(text, '{', '}') {
        return Some(object(inner, data, depth).unwrap_or_else(|| Shape::of(OBJECT)));
    }
    if is_string(text) {
        return Some(Shape::of(STRING));
    }
    if text.parse::<f64>().is_ok() {
        return Some(Shape::of(NUMBER));
    }
    let (name, argument) = match text.find('(') {
        Some(at) => (&text[..at], enclosed(&text[at..], '(', ')')?),
        None => (text, ""),
    };
    Some(match name {
        "true" | "false" | "not" | "test" | "contains" | "inside" | "has" | "startswith" | "endswith" | "any"
        | "all" | "isempty" | "IN" => Shape::of(BOOLEAN),
        "null" | "empty" => Shape::of(NULL),
        "tonumber" | "length" | "floor" | "ceil" | "round" | "now" | "fromdate" | "mktime" | "utf8bytelength" => {
            Shape::of(NUMBER)
        }
        "tostring" | "ascii_downcase" | "ascii_upcase" | "tojson" | "join" | "gsub" | "sub" | "todate" | "strftime"
        | "type" | "implode" | "@text" | "@json" | "@uri" | "@csv" | "@base64" | "@html" | "@sh" => Shape::of(STRING),
        "keys" | "split" | "explode" => Shape::of(ARRAY),
        "to_entries" => Shape::array_of(Shape::of(OBJECT)),
        "map" => Shape::array_of(pipeline(argument, &data.items(), depth - 1)),
        "sort" | "unique" | "reverse" | "sort_by" | "unique_by" if data.is_only(ARRAY) => data.clone(),
        "select" => data.clone().or_null(),
        _ => return None,
    })
}

/// Comparisons, `and`, `or`, and arithmetic with a literal on one side.
fn operator(text: &str, data: &Shape, depth: usize) -> Shape {
    if [" = ", "|=", "+=", "-=", "*=", "/=", "//="].iter().any(|assignment| text.contains(assignment)) {
        return Shape::any();
    }
    if ["==", "!=", "<", ">", " and ", " or "].iter().any(|operator| split(text, operator).len() > 1) {
        return Shape::of(BOOLEAN);
    }
    let summands = split(text, "+");
    if summands.len() > 1 {
        let shapes: Vec<_> = summands.into_iter().map(|range| operand(text[range].trim(), data, depth)).collect();
        // `null` is neutral, and everything else adds only to its own kind.
        let kinds = [NUMBER, STRING, ARRAY, OBJECT];
        let sure = kinds.into_iter().find(|kind| shapes.iter().any(|shape| shape.is_only(*kind)));
        return sure.map_or_else(Shape::any, Shape::of);
    }
    Shape::any()
}

/// `{a: .x, "b": 1, c}`: an object with exactly these members; `None` when a key is computed.
fn object(inner: &str, data: &Shape, depth: usize) -> Option<Shape> {
    let mut members = Vec::new();
    for range in split(inner, ",") {
        let text = inner[range].trim();
        if text.is_empty() {
            continue;
        }
        let parts = split(text, ":");
        let key = text[parts.first()?.clone()].trim();
        let key = if is_string(key) && !key.contains('\\') { &key[1..key.len() - 1] } else { key };
        if key.is_empty() || !key.chars().all(|found| found.is_alphanumeric() || "_- ".contains(found)) {
            return None;
        }
        let value = match parts.get(1) {
            Some(value) => pipeline(text[value.start..].trim(), data, depth - 1),
            None => Shape::any(),
        };
        members.push((key, value));
    }
    Some(Shape::object(members))
}

/// `.a.b["c"]` and nothing else.
fn plain_path(text: &str) -> Option<Path> {
    let mut segments = Vec::new();
    let mut rest = text.strip_prefix('.')?;
    if rest.is_empty() {
        return None;
    }
    loop {
        if let Some(inner) = rest.strip_prefix("[\"") {
            let end = inner.find('"')?;
            segments.push(Segment::Key(inner[..end].into()));
            rest = inner[end + 1..].strip_prefix(']')?;
        } else {
            let end = rest.find(|found: char| !found.is_ascii_alphanumeric() && found != '_').unwrap_or(rest.len());
            if end == 0 || rest.as_bytes()[0].is_ascii_digit() {
                return None;
            }
            segments.push(Segment::Key(rest[..end].into()));
            rest = &rest[end..];
        }
        if rest.is_empty() {
            return Some(Path { segments });
        }
        rest = if rest.starts_with('[') { rest } else { rest.strip_prefix('.')? };
    }
}

/// The operands of the operators at the top level of a stage.
fn operands(program: &str, stage: Range<usize>) -> Vec<Range<usize>> {
    let mut ranges = vec![stage];
    for operator in [",", "//", "==", "!=", "<", ">", "+", " and ", " or "] {
        let split_one = |range: Range<usize>| {
            let inner = split(&program[range.clone()], operator);
            inner.into_iter().map(move |part| range.start + part.start..range.start + part.end).collect::<Vec<_>>()
        };
        ranges = ranges.into_iter().flat_map(split_one).collect();
    }
    ranges
}

/// Splits at `separator` outside of strings and brackets. `|` does not split `|=`, and `//` does not split `//=`.
fn split(text: &str, separator: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut parts = Vec::new();
    let (mut start, mut at, mut depth) = (0, 0, 0usize);
    while at < bytes.len() {
        match bytes[at] {
            b'"' => at = string_end(bytes, at),
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ if depth == 0 && bytes[at..].starts_with(separator.as_bytes()) => {
                let end = at + separator.len();
                let assignment = matches!(separator, "|" | "//" | "+") && bytes.get(end) == Some(&b'=');
                let optional = separator == "|" && at > 0 && bytes[at - 1] == b'?' && bytes.get(end) == Some(&b'/');
                if !assignment && !optional {
                    parts.push(start..at);
                    start = end;
                }
                at = end - 1;
            }
            _ => {}
        }
        at += 1;
    }
    parts.push(start..text.len());
    parts
}

/// The byte of the quote that closes the string beginning at `at`.
fn string_end(bytes: &[u8], at: usize) -> usize {
    let mut end = at + 1;
    while end < bytes.len() && bytes[end] != b'"' {
        end += if bytes[end] == b'\\' { 2 } else { 1 };
    }
    end.min(bytes.len())
}

/// What stands between the brackets, when the text is one bracketed whole.
fn enclosed(text: &str, open: char, close: char) -> Option<&str> {
    let inner = text.strip_prefix(open)?.strip_suffix(close)?;
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (0, 0usize);
    while at < bytes.len() {
        match bytes[at] {
            b'"' => at = string_end(bytes, at),
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 && at + 1 < bytes.len() {
                    return None;
                }
            }
            _ => {}
        }
        at += 1;
    }
    Some(inner)
}

fn is_string(text: &str) -> bool {
    text.len() >= 2 && text.starts_with('"') && string_end(text.as_bytes(), 0) == text.len() - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs() {
        let data = Shape::object([
            ("id", Shape::of(NUMBER)),
            ("status", Shape::of(STRING)),
            ("tags", Shape::array_of(Shape::of(STRING))),
        ]);
        let everything = Shape::any().describe();
        for (program, expected) in [
            (".", "an object"),
            (".id", "a number"),
            (".missing", "null"),
            (".properties.refund_amount | tonumber", "a number"),
            (".status | ascii_downcase", "a string"),
            (".tags | join(\",\")", "a string"),
            (".tags | index(\"a\")", &everything),
            (".status == \"open\"", "a boolean"),
            (".status | test(\"^a|b\")", "a boolean"),
            ("(.id // 0) + 1", "a number"),
            ("\"a|b\" + .status", "a string"),
            ("[.tags[] | {id: .}]", "an array"),
            ("{a: .id, \"b c\": (.status | length)}", "an object"),
            (". + {x: 1}", "an object"),
            (".id as $id | $id", &everything),
            (".x = 1", &everything),
            ("if .id then 1 else 2 end", &everything),
            (".id // \"none\"", "a number or a string"),
            ("select(.id > 1)", "null or an object"),
        ] {
            assert_eq!(guess(program, &data).describe(), expected, "{program}");
        }
        let made = guess("{a: .id, \"b\": {c: 1}}", &data);
        assert!(matches!(made.lookup(&Path::parse("$.b.c").unwrap()), Found::Certainly(_)));
        assert!(matches!(made.lookup(&Path::parse("$.d").unwrap()), Found::Never { .. }));
    }

    #[test]
    fn paths_at_the_beginning() {
        for (program, expected) in [
            (".a.b | tonumber", "$.a.b@0..4"),
            ("  .a + .b[\"c\"]", "$.a@2..4 $.b.c@7..14"),
            (".a // .b | .c", "$.a@0..2 $.b@6..8"),
            (".a? | .b", ""),
            ("map(.a)", ""),
            (". | .a", ""),
        ] {
            let found = leading_paths(program);
            let shown: Vec<_> = found.iter().map(|(path, at)| format!("{path}@{}..{}", at.start, at.end)).collect();
            assert_eq!(shown.join(" "), expected, "{program}");
        }
    }
}
