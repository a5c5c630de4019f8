//! Regular expressions: the filter behind `match`, `test` and the like, and the one behind `sub`.

use std::{cell::RefCell, rc::Rc};

use jaq_core::{Bind, ValX, box_iter::box_once, native::Filter};

use crate::value::{Array, Object, Value};

use super::{
    super::{
        Kind,
        fault::{self, Error, Result},
        meter,
        regex::{self, Code, Options, Spans},
        val::{ITEM, MEMBER, Val, raise},
    },
    Cv, RunPtr,
};

pub(super) fn table() -> Vec<Filter<RunPtr<Kind>>> {
    let three: Box<[Bind]> = Box::new([Bind::Var(()), Bind::Var(()), Bind::Var(())]);
    let sub: Box<[Bind]> = Box::new([Bind::Var(()), Bind::Fun(()), Bind::Var(())]);
    vec![
        ("match_all", three, |mut cv| {
            let (test, flags, pattern) = (cv.0.pop_var(), cv.0.pop_var(), cv.0.pop_var());
            jaq_core::native::bome(match_all(&cv.1, &pattern, &flags, &test))
        }),
        ("sub", sub, |cv| match sub_all(cv) {
            Ok(results) => Box::new(results.into_iter().map(Ok)),
            Err(exception) => box_once(Err(exception)),
        }),
    ]
}

/// The last patterns used: a program often matches in a loop.
const CACHED: usize = 8;

thread_local! {
    static CACHE: RefCell<Vec<(String, Options, Rc<Code>)>> = const { RefCell::new(Vec::new()) };
}

fn compile(pattern: &str, options: Options) -> Result<Rc<Code>> {
    let cached = CACHE.with_borrow(|cache| {
        cache.iter().find(|(text, with, _)| text == pattern && *with == options).map(|(.., code)| code.clone())
    });
    if let Some(code) = cached {
        return Ok(code);
    }
    meter::nodes(100 + pattern.len());
    let code = regex::compile(pattern, options).map_err(|problem| fault::text(format!("Regex failure: {problem}")))?;
    let code = Rc::new(code);
    CACHE.with_borrow_mut(|cache| {
        cache.truncate(CACHED - 1);
        cache.insert(0, (pattern.to_owned(), options, code.clone()));
    });
    Ok(code)
}

/// What `flags` switch on, and whether all matches are wanted.
fn flags(flags: &Val) -> Result<(Options, bool)> {
    let (mut options, mut global) = (Options::default(), false);
    let letters = match &flags.0 {
        Value::Null => "",
        Value::String(letters) => letters,
        _ => return Err(fault::unfit(flags, "is not a string")),
    };
    for letter in letters.chars() {
        match letter {
            'g' => global = true,
            'i' => options.ignore_case = true,
            'x' => options.extended = true,
            'p' => options.dot_all = true,
            'n' => options.not_empty = true,
            // Single line is the rule anyway; the longest match is not looked for, as in jq.
            's' | 'l' => {}
            _ => return Err(fault::text(format!("{letters} is not a valid modifier string"))),
        }
    }
    Ok((options, global))
}

/// The matches of `code` in `text`, one after the other; an empty one is followed by a search one character on.
fn matches<'m>(code: &'m Code, text: &'m str, global: bool) -> impl Iterator<Item = Spans> + 'm {
    let mut from = Some(0);
    std::iter::from_fn(move || {
        let spans = code.find(text, from?)?;
        let (start, end) = spans[0]?;
        from = if !global {
            None
        } else if end > start {
            Some(end)
        } else {
            text[end..].chars().next().map(|char| end + char.len_utf8())
        };
        Some(spans)
    })
}

fn subject(value: &Val) -> Result<&str> {
    value.0.as_str().ok_or_else(|| fault::unfit(value, "cannot be matched, as it is not a string"))
}

fn pattern_of(pattern: &Val) -> Result<&str> {
    pattern.0.as_str().ok_or_else(|| fault::unfit(pattern, "is not a string"))
}

/// With `test` whether there is a match, otherwise the matches as objects.
fn match_all(value: &Val, pattern: &Val, with: &Val, test: &Val) -> Result {
    let text = subject(value)?;
    let (options, global) = flags(with)?;
    let code = compile(pattern_of(pattern)?, options)?;
    if matches!(test.0, Value::Bool(true)) {
        return Ok(Val::from(code.find(text, 0).is_some()));
    }
    let mut position = Position { text, byte: 0, count: 0 };
    let mut found = Array::new();
    for spans in matches(&code, text, global) {
        found.push(match_object(&code, text, &spans, &mut position));
    }
    Ok(Val::array(found))
}

/// Counts code points up to ever later bytes.
struct Position<'t> {
    text: &'t str,
    byte: usize,
    count: usize,
}

impl Position<'_> {
    fn of(&mut self, byte: usize) -> usize {
        if byte < self.byte {
            (self.byte, self.count) = (0, 0);
        }
        meter::scanned(byte - self.byte);
        self.count += self.text[self.byte..byte].chars().count();
        self.byte = byte;
        self.count
    }
}

fn match_object(code: &Code, text: &str, spans: &Spans, position: &mut Position) -> Value {
    let whole = spans[0].unwrap_or_default();
    let at = position.of(whole.0);
    let mut object = span_object(text, Some((whole, at)));
    let captures = spans[1..].iter().zip(&code.names).map(|(span, name)| {
        let at = span.map(|span| (span, at + text[whole.0.min(span.0)..span.0].chars().count()));
        let mut capture = span_object(text, at);
        capture.insert("name".into(), name.as_deref().map_or(Value::Null, |name| Val::text(name).0));
        Value::Object(capture.into())
    });
    object.insert("captures".into(), Val::list(captures).0);
    Value::Object(object.into())
}

fn span_object(text: &str, span: Option<((usize, usize), usize)>) -> Object {
    meter::bytes(4 * MEMBER);
    let part = span.map(|((start, end), _)| &text[start..end]);
    let string = part.map_or(Value::Null, |part| Val::text(part).0);
    let length = Val::from(part.map_or(0, |part| part.chars().count())).0;
    let offset = span.map_or(Value::from(-1_i64), |(_, at)| Val::from(at).0);
    // jq lists the members of a group that took no part in another order.
    let (second, third) = match span {
        Some(_) => (("length", length), ("string", string)),
        None => (("string", string), ("length", length)),
    };
    [("offset", offset), second, third].into_iter().map(|(key, value)| (key.into(), value)).collect()
}

/// The named groups of a match as one object: the input of the replacement.
fn captures(code: &Code, text: &str, spans: &Spans) -> Val {
    let mut object = Object::new();
    for (span, name) in spans[1..].iter().zip(&code.names) {
        if let Some(name) = name {
            meter::bytes(MEMBER);
            let part = span.map_or(Value::Null, |(start, end)| Val::text(&text[start..end]).0);
            object.insert(name.as_str().into(), part);
        }
    }
    Val::object(object)
}

/// `sub(pattern; replacement; flags)`: one result for each combination of the replacement's outputs, the first match's fastest.
fn sub_all<'a>(mut cv: Cv<'a>) -> std::result::Result<Vec<Val>, jaq_core::Exn<'a, Val>> {
    let with = cv.0.pop_var();
    let (replacement, context) = cv.0.pop_fun();
    let pattern = cv.0.pop_var();
    let code = flags(&with).and_then(|(options, _)| compile(pattern_of(&pattern)?, options)).map_err(raise)?;
    let text = subject(&cv.1).map_err(raise)?;
    let global = flags(&with).map_err(raise)?.1;
    let mut results = vec![String::new()];
    let mut done = 0;
    for spans in matches(&code, text, global) {
        let (start, end) = spans[0].unwrap_or_default();
        results.iter_mut().for_each(|result| extend(result, &text[done..start]));
        done = end;
        let outputs = replacement.run((context.clone(), captures(&code, text, &spans)));
        let outputs: Vec<Val> = outputs.collect::<ValX<'a, Vec<Val>, Val>>()?;
        results = replaced(results, outputs).map_err(raise)?;
    }
    results.iter_mut().for_each(|result| extend(result, &text[done..]));
    Ok(results.into_iter().map(|result| Val(Value::from(result))).collect())
}

fn extend(result: &mut String, part: &str) {
    meter::bytes(part.len());
    result.push_str(part);
}

fn replaced(mut results: Vec<String>, outputs: Vec<Val>) -> std::result::Result<Vec<String>, Error> {
    let text = |output: &Val, result: &str| match &output.0 {
        Value::String(text) => Ok(text.clone()),
        Value::Null => Ok("".into()),
        _ => Err(fault::pair(&Val::text(result), output, "cannot be added")),
    };
    if let [output] = outputs.as_slice() {
        let text = text(output, results.first().map_or("", String::as_str))?;
        results.iter_mut().for_each(|result| extend(result, &text));
        return Ok(results);
    }
    let mut all = Vec::new();
    for output in &outputs {
        for result in &results {
            let mut result = result.clone();
            meter::bytes(result.len() + ITEM);
            extend(&mut result, &text(output, "")?);
            all.push(result);
        }
    }
    Ok(all)
}
