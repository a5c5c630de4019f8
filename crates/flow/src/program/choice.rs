//! Choice rules: compiled conditions, their evaluation, and the reasons in words (spec 3.4).

use std::{cmp::Ordering, sync::Arc};

use zis_bundle::{
    flow::{self, Operand as Written, Order},
    path::Path,
};

use crate::{
    settings::MissingPath,
    value::{Number, Value},
};

#[derive(Debug)]
pub(crate) struct Choice {
    pub rules: Vec<Rule>,
    pub default: Option<usize>,
}

#[derive(Debug)]
pub(crate) struct Rule {
    pub condition: Condition,
    pub next: usize,
}

#[derive(Debug)]
pub(crate) enum Condition {
    And(Vec<Condition>),
    Or(Vec<Condition>),
    Not(Box<Condition>),
    Test(Test),
}

#[derive(Debug)]
pub(crate) struct Test {
    variable: Path,
    comparison: Comparison,
}

#[derive(Debug)]
enum Comparison {
    String(Order, Operand<Arc<str>>),
    Numeric(Order, Operand<Number>),
    Boolean(Operand<bool>),
    /// Compared as points in time; `None` when the bundle's text is no RFC 3339, which nothing equals.
    Timestamp(Order, Option<jiff::Timestamp>, String),
    IsPresent(bool),
    IsNull(bool),
}

#[derive(Debug)]
enum Operand<T> {
    Value(T),
    Path(Path),
}

impl<T> Operand<T> {
    fn compile<W>(written: &Written<W>, value: impl Fn(&W) -> T) -> Self {
        match written {
            Written::Value(written) => Operand::Value(value(written)),
            Written::Path(path) => Operand::Path(path.value.clone()),
        }
    }
}

impl Condition {
    pub fn compile(condition: &flow::Condition) -> Self {
        match condition {
            flow::Condition::And(all) => Condition::And(all.iter().map(Condition::compile).collect()),
            flow::Condition::Or(any) => Condition::Or(any.iter().map(Condition::compile).collect()),
            flow::Condition::Not(inner) => Condition::Not(Box::new(Condition::compile(inner))),
            flow::Condition::Test(test) => Condition::Test(Test {
                variable: test.variable.value.clone(),
                comparison: Comparison::compile(&test.comparison),
            }),
        }
    }

    /// Evaluates left to right and stops as soon as the result is known. The error is the path that names nothing.
    pub fn holds<'c>(&'c self, document: &Value, missing: MissingPath) -> Result<bool, &'c Path> {
        match self {
            Condition::And(all) => {
                for condition in all {
                    if !condition.holds(document, missing)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Condition::Or(any) => {
                for condition in any {
                    if condition.holds(document, missing)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Condition::Not(inner) => inner.holds(document, missing).map(|holds| !holds),
            Condition::Test(test) => match (test.holds(document), missing) {
                (Err(_), MissingPath::False) => Ok(false),
                (result, _) => result,
            },
        }
    }

    /// Why the condition holds or doesn't, in one sentence; only the parts that decided it.
    pub fn explain(&self, document: &Value) -> String {
        let holds = |condition: &Condition| condition.holds(document, MissingPath::False).unwrap_or(false);
        let all = |conditions: &[Condition], word: &str| {
            conditions.iter().map(|condition| condition.explain(document)).collect::<Vec<_>>().join(word)
        };
        match self {
            Condition::And(conditions) => match conditions.iter().find(|condition| !holds(condition)) {
                Some(decisive) => decisive.explain(document),
                None => all(conditions, " and "),
            },
            Condition::Or(conditions) => match conditions.iter().find(|condition| holds(condition)) {
                Some(decisive) => decisive.explain(document),
                None => all(conditions, " and "),
            },
            Condition::Not(inner) => format!("Not: {}", inner.explain(document)),
            Condition::Test(test) => test.explain(document),
        }
    }

    /// Calls `visit` with every path that the condition reads.
    pub fn paths<'c>(&'c self, visit: &mut dyn FnMut(&'c Path)) {
        match self {
            Condition::And(inner) | Condition::Or(inner) => inner.iter().for_each(|inner| inner.paths(visit)),
            Condition::Not(inner) => inner.paths(visit),
            Condition::Test(test) => {
                visit(&test.variable);
                if let Some(path) = test.comparison.operand_path() {
                    visit(path);
                }
            }
        }
    }
}

impl Comparison {
    fn compile(comparison: &flow::Comparison) -> Self {
        match comparison {
            flow::Comparison::String(order, operand) => {
                Comparison::String(*order, Operand::compile(operand, |text| Arc::from(text.as_str())))
            }
            flow::Comparison::Numeric(order, operand) => {
                let number = |number: &flow::Number| Number::parse(&number.0).unwrap_or(Number::from(0_i64));
                Comparison::Numeric(*order, Operand::compile(operand, number))
            }
            flow::Comparison::Boolean(operand) => Comparison::Boolean(Operand::compile(operand, |value| *value)),
            flow::Comparison::Timestamp(order, text) => {
                Comparison::Timestamp(*order, parse_timestamp(text), text.clone())
            }
            flow::Comparison::IsPresent(wanted) => Comparison::IsPresent(*wanted),
            flow::Comparison::IsNull(wanted) => Comparison::IsNull(*wanted),
        }
    }

    fn operand_path(&self) -> Option<&Path> {
        match self {
            Comparison::String(_, Operand::Path(path))
            | Comparison::Numeric(_, Operand::Path(path))
            | Comparison::Boolean(Operand::Path(path)) => Some(path),
            _ => None,
        }
    }
}

impl Test {
    fn holds<'c>(&'c self, document: &Value) -> Result<bool, &'c Path> {
        let value = document.at(&self.variable);
        if let Comparison::IsPresent(wanted) = self.comparison {
            return Ok(value.is_some() == wanted);
        }
        let value = value.ok_or(&self.variable)?;
        let other = match self.comparison.operand_path() {
            Some(path) => Some(document.at(path).ok_or(path)?),
            None => None,
        };
        Ok(match &self.comparison {
            Comparison::String(order, operand) => {
                let other = match operand {
                    Operand::Value(text) => Some(&**text),
                    Operand::Path(_) => other.and_then(Value::as_str),
                };
                value.as_str().zip(other).is_some_and(|(a, b)| order_holds(*order, a.as_bytes().cmp(b.as_bytes())))
            }
            Comparison::Numeric(order, operand) => {
                let other = match operand {
                    Operand::Value(number) => Some(number),
                    Operand::Path(_) => other.and_then(number_of),
                };
                number_of(value).zip(other).is_some_and(|(a, b)| order_holds(*order, a.compare(b)))
            }
            Comparison::Boolean(operand) => {
                let other = match operand {
                    Operand::Value(value) => Some(*value),
                    Operand::Path(_) => other.and_then(Value::as_bool),
                };
                value.as_bool().zip(other).is_some_and(|(a, b)| a == b)
            }
            Comparison::Timestamp(order, wanted, _) => value
                .as_str()
                .and_then(parse_timestamp)
                .zip(*wanted)
                .is_some_and(|(a, b)| order_holds(*order, a.cmp(&b))),
            Comparison::IsNull(wanted) => value.is_null() == *wanted,
            Comparison::IsPresent(_) => false,
        })
    }

    /// `$.refund_amount_num is 200, not <= 100`.
    fn explain(&self, document: &Value) -> String {
        let variable = &self.variable;
        let Some(value) = document.at(variable) else { return format!("{variable} is not there") };
        let holds = self.holds(document).unwrap_or(false);
        let not = if holds { "" } else { "not " };
        let shown = excerpt(value);
        let symbol = |order: Order| match order {
            Order::Equals => "=",
            Order::LessThan => "<",
            Order::GreaterThan => ">",
            Order::LessThanEquals => "<=",
            Order::GreaterThanEquals => ">=",
        };
        let compared = |order: Order, kind: &str, fits: bool, literal: Option<String>, path: Option<&Path>| {
            let other = match (literal, path) {
                (Some(literal), _) => literal,
                (None, Some(path)) => match document.at(path) {
                    Some(other) => format!("{path} ({})", excerpt(other)),
                    None => format!("{path} (which is not there)"),
                },
                (None, None) => String::new(),
            };
            let hint = if fits { String::new() } else { format!(" ({}, no {kind})", with_kind(value)) };
            format!("{variable} is {shown}{hint}, {not}{} {other}", symbol(order))
        };
        match &self.comparison {
            Comparison::IsPresent(_) => format!("{variable} is present"),
            Comparison::IsNull(_) if value.is_null() => format!("{variable} is null"),
            Comparison::IsNull(_) => format!("{variable} is {shown}, not null"),
            Comparison::String(order, operand) => {
                let literal = if let Operand::Value(text) = operand { Some(quote(text)) } else { None };
                compared(*order, "string", value.as_str().is_some(), literal, self.comparison.operand_path())
            }
            Comparison::Numeric(order, operand) => {
                let literal = if let Operand::Value(number) = operand { Some(number.to_string()) } else { None };
                compared(*order, "number", number_of(value).is_some(), literal, self.comparison.operand_path())
            }
            Comparison::Boolean(operand) => {
                let literal = if let Operand::Value(wanted) = operand { Some(wanted.to_string()) } else { None };
                let fits = value.as_bool().is_some();
                compared(Order::Equals, "boolean", fits, literal, self.comparison.operand_path())
            }
            Comparison::Timestamp(order, _, text) => {
                let fits = value.as_str().and_then(parse_timestamp).is_some();
                compared(*order, "RFC 3339 time", fits, Some(text.clone()), None)
            }
        }
    }
}

fn with_kind(value: &Value) -> String {
    super::resolve::with_article(value)
}

fn order_holds(order: Order, found: Ordering) -> bool {
    match order {
        Order::Equals => found.is_eq(),
        Order::LessThan => found.is_lt(),
        Order::GreaterThan => found.is_gt(),
        Order::LessThanEquals => found.is_le(),
        Order::GreaterThanEquals => found.is_ge(),
    }
}

fn number_of(value: &Value) -> Option<&Number> {
    if let Value::Number(number) = value { Some(number) } else { None }
}

/// RFC 3339 with any offset.
fn parse_timestamp(text: &str) -> Option<jiff::Timestamp> {
    // jiff reads more than RFC 3339, such as a space for the `T`.
    text.get(10..11).filter(|separator| separator.eq_ignore_ascii_case("t"))?;
    text.parse().ok()
}

fn quote(text: &str) -> String {
    excerpt(&Value::string(text))
}

/// The value as JSON, cut where it gets too long for a sentence.
pub(crate) fn excerpt(value: &Value) -> String {
    const SHOWN: usize = 60;
    if value.json_len(4 * SHOWN + 1) > 4 * SHOWN {
        return match value {
            Value::String(text) => format!("\"{}…\"", text.chars().take(SHOWN).collect::<String>().escape_debug()),
            other => format!("{} (long)", with_kind(other)),
        };
    }
    let text = value.to_json();
    if text.chars().count() <= SHOWN + 10 {
        text
    } else {
        format!("{}…", text.chars().take(SHOWN).collect::<String>())
    }
}
