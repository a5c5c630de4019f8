//! `ZIS::Flow`: a state machine in the dialect of the Amazon States Language (spec 3).

use crate::{
    json::Node,
    path::Path,
    template::Template,
    text::{Span, Spanned},
};

#[derive(Debug, Clone, PartialEq)]
pub struct Flow {
    /// Key in `resources`.
    pub key: String,
    pub span: Span,
    pub name: Spanned<String>,
    pub definition: StateMachine,
}

/// `{"StartAt", "States"}`: a flow's definition, or the `Iterator` of a Map.
#[derive(Debug, Clone, PartialEq)]
pub struct StateMachine {
    pub span: Span,
    pub start_at: Spanned<String>,
    /// In the order written.
    pub states: Vec<State>,
}

impl StateMachine {
    pub fn state(&self, name: &str) -> Option<&State> {
        self.states.iter().find(|state| state.name.value == name)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// The name, with the span of its key.
    pub name: Spanned<String>,
    /// The span of the state's object.
    pub span: Span,
    /// JSON pointer of the state's object, from the root of the bundle.
    pub pointer: String,
    pub comment: Option<String>,
    pub kind: StateKind,
}

#[derive(Debug, Clone, PartialEq)]
pub enum StateKind {
    Action(ActionState),
    Choice(ChoiceState),
    Map(MapState),
    Wait(WaitState),
    Pass(PassState),
    Succeed { message: Option<Spanned<Template>> },
    Fail { error: Spanned<Template>, cause: Spanned<Template> },
}

impl StateKind {
    pub fn type_name(&self) -> &'static str {
        match self {
            StateKind::Action(_) => "Action",
            StateKind::Choice(_) => "Choice",
            StateKind::Map(_) => "Map",
            StateKind::Wait(_) => "Wait",
            StateKind::Pass(_) => "Pass",
            StateKind::Succeed { .. } => "Succeed",
            StateKind::Fail { .. } => "Fail",
        }
    }

    /// Where the state goes whatever it gave; `None` for a Choice and for the states that end a machine.
    pub fn transition(&self) -> Option<&Transition> {
        match self {
            StateKind::Action(state) => Some(&state.transition),
            StateKind::Map(state) => Some(&state.transition),
            StateKind::Wait(state) => Some(&state.transition),
            StateKind::Pass(state) => Some(&state.transition),
            StateKind::Choice(_) | StateKind::Succeed { .. } | StateKind::Fail { .. } => None,
        }
    }

    /// The fallbacks of the states that can have some.
    pub fn catches(&self) -> &[Catch] {
        match self {
            StateKind::Action(state) => &state.catch,
            StateKind::Map(state) => &state.catch,
            _ => &[],
        }
    }

    /// Whether the machine may end at this state.
    pub fn is_end(&self) -> bool {
        let ends = matches!(self, StateKind::Succeed { .. } | StateKind::Fail { .. });
        ends || self.transition() == Some(&Transition::End)
    }
}

/// Where a state goes.
#[derive(Debug, Clone, PartialEq)]
pub enum Transition {
    Next(Spanned<String>),
    End,
}

/// Where a state's output goes.
#[derive(Debug, Clone, PartialEq)]
pub enum ResultPath {
    /// Not written: the output replaces `$`.
    Default,
    /// `null`: the output is dropped.
    Discard,
    At(Spanned<Path>),
}

#[derive(Debug, Clone, PartialEq)]
pub struct ActionState {
    /// `ActionName` as written.
    pub action: Spanned<String>,
    /// An object; keys that end in `.$` are paths or templates, at any depth.
    pub parameters: Option<Node>,
    /// `TimeoutSeconds`: seconds, above zero.
    pub timeout_seconds: Option<Spanned<f64>>,
    pub result_path: ResultPath,
    pub catch: Vec<Catch>,
    pub transition: Transition,
}

/// One fallback of `Catch`; its `ErrorEquals` is always `["States.ALL"]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Catch {
    pub span: Span,
    pub result_path: ResultPath,
    pub next: Spanned<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ChoiceState {
    pub rules: Vec<ChoiceRule>,
    pub default: Option<Spanned<String>>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ChoiceRule {
    pub span: Span,
    pub condition: Condition,
    pub next: Spanned<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    And(Vec<Condition>),
    Or(Vec<Condition>),
    Not(Box<Condition>),
    Test(Test),
}

/// `Variable` and one comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Test {
    pub span: Span,
    pub variable: Spanned<Path>,
    pub comparison: Comparison,
    /// The span of the operator's key.
    pub operator_span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Comparison {
    String(Order, Operand<String>),
    Numeric(Order, Operand<Number>),
    Boolean(Operand<bool>),
    /// RFC 3339 text as written.
    Timestamp(Order, String),
    IsPresent(bool),
    IsNull(bool),
}

/// A JSON number as written: integers of any length stay exact.
#[derive(Debug, Clone, PartialEq)]
pub struct Number(pub Box<str>);

#[derive(Debug, Clone, PartialEq)]
pub enum Operand<T> {
    Value(T),
    /// A `…Path` operator.
    Path(Spanned<Path>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Equals,
    LessThan,
    GreaterThan,
    LessThanEquals,
    GreaterThanEquals,
}

#[derive(Debug, Clone, PartialEq)]
pub struct MapState {
    pub items_path: Spanned<Path>,
    pub iterator: StateMachine,
    pub result_path: ResultPath,
    pub catch: Vec<Catch>,
    pub transition: Transition,
}

#[derive(Debug, Clone, PartialEq)]
pub struct WaitState {
    pub duration: WaitDuration,
    pub transition: Transition,
}

#[derive(Debug, Clone, PartialEq)]
pub enum WaitDuration {
    /// Above zero; fractions allowed.
    Seconds(f64),
    Path(Spanned<Path>),
}

#[derive(Debug, Clone, PartialEq)]
pub struct PassState {
    pub result: Option<Node>,
    pub result_path: ResultPath,
    pub transition: Transition,
}

/// Every comparison that a Choice rule may hold (spec 3.4).
pub const OPERATORS: &[&str] = &[
    "StringEquals",
    "StringLessThan",
    "StringGreaterThan",
    "StringLessThanEquals",
    "StringGreaterThanEquals",
    "StringEqualsPath",
    "NumericEquals",
    "NumericLessThan",
    "NumericGreaterThan",
    "NumericLessThanEquals",
    "NumericGreaterThanEquals",
    "NumericEqualsPath",
    "NumericLessThanPath",
    "NumericGreaterThanPath",
    "NumericLessThanEqualsPath",
    "NumericGreaterThanEqualsPath",
    "BooleanEquals",
    "BooleanEqualsPath",
    "TimestampEquals",
    "TimestampLessThan",
    "TimestampGreaterThan",
    "TimestampLessThanEquals",
    "TimestampGreaterThanEquals",
    "IsPresent",
    "IsNull",
];
