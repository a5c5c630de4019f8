//! Choice rules: `And`, `Or`, `Not`, and a variable with exactly one comparison (spec 3.4).

use super::{Context, Place, flow::Targets};
use crate::{
    code,
    flow::{ChoiceRule, ChoiceState, Comparison, Condition, Number, OPERATORS, Operand, Order, Test},
    json::{Kind, Member},
    suggest::nearest,
};

/// How deep `And`, `Or` and `Not` may be nested (spec 3.4).
pub const MAX_NESTING: usize = 10;

pub(super) fn read(place: &Place, targets: &Targets, context: &mut Context) -> Option<ChoiceState> {
    let default = place.get("Default").and_then(|default| context.target(&default, "Default", targets));
    let choices = context.required(place, "Choices", "an array of rules")?;
    let items = context.rule_list(&choices, "Choices")?;
    let rules: Vec<_> = items.iter().map(|rule| context.rule(rule, targets)).collect();
    Some(ChoiceState { rules: rules.into_iter().collect::<Option<_>>()?, default })
}

impl Context<'_> {
    /// The rules of `Choices`, `And` or `Or`: at least one.
    fn rule_list<'n>(&mut self, list: &Place<'n>, key: &str) -> Option<Vec<Place<'n>>> {
        if !matches!(list.node.kind, Kind::Array(_)) {
            self.wrong_type(list, key, "an array of rules");
            return None;
        }
        if list.node.items().is_empty() {
            if !self.is_broken(list) {
                self.report(code::NO_CHOICES, list, format!("`{key}` is empty"), "it needs at least one rule");
            }
            return None;
        }
        Some(list.items().collect())
    }

    fn rule(&mut self, place: &Place, targets: &Targets) -> Option<ChoiceRule> {
        if !matches!(place.node.kind, Kind::Object(_)) {
            self.wrong_type(place, "Choices", "an array of objects");
            return None;
        }
        let next = self.required(place, "Next", "the state to go to when the rule is true");
        let next = next.and_then(|next| self.target(&next, "Next", targets));
        let condition = self.condition(place, 0);
        Some(ChoiceRule { span: place.node.span, condition: condition?, next: next? })
    }

    fn condition(&mut self, place: &Place, depth: usize) -> Option<Condition> {
        let logical: Vec<_> = place.node.members().iter().filter(|member| is_logical(&member.key)).collect();
        let comparisons: Vec<_> = place.node.members().iter().filter(|member| is_comparison(&member.key)).collect();
        match (&logical[..], &comparisons[..]) {
            ([one], []) if place.get("Variable").is_none() => self.logical(place, one, depth),
            ([], [one]) => self.test(place, one),
            ([], []) => {
                self.no_comparison(place);
                None
            }
            _ => {
                let mut keys: Vec<_> =
                    logical.iter().chain(&comparisons).map(|member| format!("`{}`", member.key)).collect();
                if comparisons.is_empty() && place.get("Variable").is_some() {
                    keys.push("`Variable`".into());
                }
                let message = format!("a rule holds exactly one comparison, this one {}", keys.join(", "));
                self.report(code::NOT_ONE_COMPARISON, place, message, "combine comparisons with `And` or `Or`");
                None
            }
        }
    }

    fn no_comparison(&mut self, place: &Place) {
        if self.is_broken(place) {
            return;
        }
        let message = if place.get("Variable").is_some() {
            "the rule has a `Variable` and no comparison (`And is required`, as the registry puts it)"
        } else {
            "the rule has no condition (`And is required`, as the registry puts it)"
        };
        let help = "write `\"Variable\": \"$.x\", \"StringEquals\": \"y\"`, or one of `And`, `Or`, `Not`";
        self.report(code::NOT_ONE_COMPARISON, place, message, help);
    }

    fn logical(&mut self, place: &Place, member: &Member, depth: usize) -> Option<Condition> {
        let operand = place.get(&member.key)?;
        if depth >= MAX_NESTING {
            let message = format!("`And`, `Or` and `Not` are nested more than {MAX_NESTING} deep");
            self.report(code::CHOICE_TOO_DEEP, &operand, message, "compute the answer with a Jq action");
            return None;
        }
        if &*member.key == "Not" {
            return Some(Condition::Not(Box::new(self.inner(&operand, "Not", depth)?)));
        }
        let items = self.rule_list(&operand, &member.key)?;
        let inner: Vec<_> = items.iter().map(|item| self.inner(item, &member.key, depth)).collect();
        let inner = inner.into_iter().collect::<Option<Vec<_>>>()?;
        Some(if &*member.key == "And" { Condition::And(inner) } else { Condition::Or(inner) })
    }

    /// A condition inside `And`, `Or` or `Not`: an object without `Next`.
    fn inner(&mut self, place: &Place, key: &str, depth: usize) -> Option<Condition> {
        if !matches!(place.node.kind, Kind::Object(_)) {
            self.wrong_type(place, key, if key == "Not" { "a rule" } else { "an array of rules" });
            return None;
        }
        if let Some(next) = place.get("Next") {
            let help = "`Next` stands beside `And`, `Or` or `Not`, not inside";
            self.report(code::NESTED_NEXT, &next, format!("`Next` inside `{key}`"), help);
        }
        self.condition(place, depth + 1)
    }

    fn test(&mut self, place: &Place, member: &Member) -> Option<Condition> {
        let operand = Place { node: &member.value, pointer: place.pointer_to(&member.key) };
        let Some(operator) = operator(&member.key) else {
            self.unknown_operator(member, &operand);
            return None;
        };
        let variable =
            self.required(place, "Variable", "the path to compare, such as `$.input.ticket_event.ticket.status`");
        let variable = variable.and_then(|variable| self.path(&variable, "Variable"));
        let comparison = self.comparison(operator, &operand, &member.key);
        Some(Condition::Test(Test {
            span: place.node.span,
            variable: variable?,
            comparison: comparison?,
            operator_span: member.key_span,
        }))
    }

    fn comparison(&mut self, operator: Operator, operand: &Place, key: &str) -> Option<Comparison> {
        let node = operand.node;
        let path = |context: &mut Self| context.path(operand, key);
        let comparison = match operator {
            Operator::String(order, false) => {
                node.as_str().map(|text| Comparison::String(order, Operand::Value(text.to_owned())))
            }
            Operator::String(order, true) => return Some(Comparison::String(order, Operand::Path(path(self)?))),
            Operator::Numeric(order, false) => match &node.kind {
                Kind::Number(text) => Some(Comparison::Numeric(order, Operand::Value(Number(text.clone())))),
                _ => None,
            },
            Operator::Numeric(order, true) => return Some(Comparison::Numeric(order, Operand::Path(path(self)?))),
            Operator::Boolean(false) => node.as_bool().map(|value| Comparison::Boolean(Operand::Value(value))),
            Operator::Boolean(true) => return Some(Comparison::Boolean(Operand::Path(path(self)?))),
            Operator::Timestamp(order) => node.as_str().map(|text| Comparison::Timestamp(order, text.to_owned())),
            Operator::IsPresent => node.as_bool().map(Comparison::IsPresent),
            Operator::IsNull => node.as_bool().map(Comparison::IsNull),
        };
        if comparison.is_none() && !self.is_broken(operand) {
            let wanted = operator.operand();
            let message = format!("`{key}` compares with {wanted}, this is {}", operand.described());
            self.report(
                code::OPERAND_TYPE,
                operand,
                message,
                format!("give {wanted}, or take the operator for this type"),
            );
        }
        comparison
    }

    fn unknown_operator(&mut self, member: &Member, operand: &Place) {
        let help = match &*member.key {
            "StringMatches" => {
                "ZIS has no patterns: let a Jq action compute a boolean, `.subject | test(\"^abc\")`, and compare it \
                                with `BooleanEquals`; for a fixed text use `StringEquals`"
                    .to_owned()
            }
            "IsString" | "IsNumeric" | "IsBoolean" | "IsTimestamp" => {
                "let a Jq action compute it, `(.x | type) == \"string\"`, and compare with `BooleanEquals`".to_owned()
            }
            key if key.ends_with("Path") && operator(key.trim_end_matches("Path")).is_some() => {
                let plain = key.trim_end_matches("Path");
                format!("`{plain}` has no `Path` form; let a Jq action compare the two and use `BooleanEquals`")
            }
            key => match nearest(key, OPERATORS.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => {
                    "the operators are String…, Numeric…, Boolean… and Timestamp… comparisons, `IsPresent` and `IsNull`"
                        .into()
                }
            },
        };
        let message = format!(
            "`{}` is no comparison of ZIS; the registry answers `And is required`, because the rule then looks like an incomplete `And`",
            member.key
        );
        let finding = self.error(code::UNKNOWN_OPERATOR, member.key_span, message).at(&*operand.pointer).help(help);
        self.add(finding);
    }
}

fn is_logical(key: &str) -> bool {
    matches!(key, "And" | "Or" | "Not")
}

/// Everything in a rule that isn't something else: an unknown key is taken for an unknown operator.
fn is_comparison(key: &str) -> bool {
    !is_logical(key) && !matches!(key, "Variable" | "Next" | "Comment")
}

#[derive(Debug, Clone, Copy)]
enum Operator {
    /// The flag: a `…Path` operator.
    String(Order, bool),
    Numeric(Order, bool),
    Boolean(bool),
    Timestamp(Order),
    IsPresent,
    IsNull,
}

impl Operator {
    fn operand(self) -> &'static str {
        match self {
            Operator::String(..) => "a string",
            Operator::Numeric(..) => "a number",
            Operator::Boolean(_) | Operator::IsPresent | Operator::IsNull => "`true` or `false`",
            Operator::Timestamp(_) => "an RFC 3339 time as a string",
        }
    }
}

const ORDERS: [(&str, Order); 5] = [
    ("Equals", Order::Equals),
    ("LessThan", Order::LessThan),
    ("GreaterThan", Order::GreaterThan),
    ("LessThanEquals", Order::LessThanEquals),
    ("GreaterThanEquals", Order::GreaterThanEquals),
];

fn operator(key: &str) -> Option<Operator> {
    match key {
        "IsPresent" => return Some(Operator::IsPresent),
        "IsNull" => return Some(Operator::IsNull),
        "BooleanEquals" => return Some(Operator::Boolean(false)),
        "BooleanEqualsPath" => return Some(Operator::Boolean(true)),
        "StringEqualsPath" => return Some(Operator::String(Order::Equals, true)),
        _ => {}
    }
    let order = |rest: &str| ORDERS.into_iter().find(|(name, _)| *name == rest).map(|(_, order)| order);
    if let Some(rest) = key.strip_prefix("String") {
        return order(rest).map(|order| Operator::String(order, false));
    }
    if let Some(rest) = key.strip_prefix("Timestamp") {
        return order(rest).map(Operator::Timestamp);
    }
    let rest = key.strip_prefix("Numeric")?;
    match rest.strip_suffix("Path") {
        Some(rest) => order(rest).map(|order| Operator::Numeric(order, true)),
        None => order(rest).map(|order| Operator::Numeric(order, false)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operator_name_is_an_operator() {
        for name in OPERATORS {
            assert!(operator(name).is_some(), "{name}");
        }
        for name in ["StringMatches", "StringLessThanPath", "TimestampEqualsPath", "IsString", "IsPresentPath"] {
            assert!(operator(name).is_none(), "{name}");
        }
    }
}
