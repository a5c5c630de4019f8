//! Who reads what: every reference path in a state or an action definition, with its place.

use zis_bundle::{
    Action,
    action::{Body, Target, Text},
    flow::{Comparison, Condition, Operand, State, StateKind, WaitDuration},
    json::{SourceOffsets, push_pointer},
    path::Path,
    template::{Dynamic, Template},
    text::{Span, Spanned},
    walk,
};

/// One reading of a path.
#[derive(Debug, Clone)]
pub struct Use {
    pub path: Path,
    pub span: Span,
    pub pointer: String,
    /// It asks whether something is there, or another test of the same rule has asked before.
    pub guarded: bool,
}

/// The paths that a state reads from `$`.
pub fn in_state(text: &str, state: &State) -> Vec<Use> {
    let mut uses = Uses { text, found: Vec::new() };
    match &state.kind {
        StateKind::Action(action) => {
            if let Some(parameters) = &action.parameters {
                let pointer = format!("{}/Parameters", state.pointer);
                for leaf in walk::strings(parameters, &pointer).into_iter().filter(|leaf| leaf.dynamic) {
                    uses.dynamic(leaf.text, leaf.span, &leaf.pointer);
                }
            }
        }
        StateKind::Choice(choice) => {
            for (at, rule) in choice.rules.iter().enumerate() {
                let pointer = format!("{}/Choices/{at}", state.pointer);
                uses.condition(&rule.condition, &pointer, &mut Vec::new());
            }
        }
        StateKind::Map(map) => uses.path(&map.items_path, format!("{}/ItemsPath", state.pointer), false),
        StateKind::Wait(wait) => {
            if let WaitDuration::Path(path) = &wait.duration {
                uses.path(path, format!("{}/SecondsPath", state.pointer), false);
            }
        }
        StateKind::Pass(_) => {}
        StateKind::Succeed { message } => {
            message.iter().for_each(|message| uses.message(message, format!("{}/Message", state.pointer)));
        }
        StateKind::Fail { error, cause } => {
            uses.message(error, format!("{}/Error", state.pointer));
            uses.message(cause, format!("{}/Cause", state.pointer));
        }
    }
    uses.found
}

/// The paths that an action definition reads from its parameters; `pointer` is the definition's.
pub fn in_definition(text: &str, action: &Action, pointer: &str) -> Vec<Use> {
    let mut uses = Uses { text, found: Vec::new() };
    let definition = &action.definition;
    let (target, key) = match &definition.target {
        Target::Url(target) => (target, "url"),
        Target::Path(target) => (target, "path"),
    };
    uses.text(target, &format!("{pointer}/{key}"));
    for (list, entries) in [("headers", &definition.headers), ("queryParams", &definition.query)] {
        for (at, entry) in entries.iter().enumerate() {
            uses.text(&entry.value, &format!("{pointer}/{list}/{at}/value"));
        }
    }
    match &definition.body {
        Some(Body::Dynamic(body)) => uses.text(body, &format!("{pointer}/requestBody")),
        Some(Body::Tree(tree)) => {
            for leaf in walk::strings(tree, &format!("{pointer}/requestBody")) {
                if leaf.dynamic {
                    uses.dynamic(leaf.text, leaf.span, &leaf.pointer);
                } else {
                    uses.template(leaf.text, leaf.span, &leaf.pointer);
                }
            }
        }
        None => {}
    }
    uses.found
}

pub struct Uses<'t> {
    text: &'t str,
    found: Vec<Use>,
}

impl Uses<'_> {
    fn path(&mut self, path: &Spanned<Path>, pointer: String, guarded: bool) {
        self.found.push(Use { path: path.value.clone(), span: path.span, pointer, guarded });
    }

    fn text(&mut self, text: &Text, pointer: &str) {
        if text.dynamic {
            self.dynamic(&text.text, text.span, &format!("{pointer}.$"));
        } else {
            self.template(&text.text, text.span, pointer);
        }
    }

    fn dynamic(&mut self, text: &str, span: Span, pointer: &str) {
        match Dynamic::parse(text) {
            Ok(Dynamic::Path(path)) => self.found.push(Use { path, span, pointer: pointer.into(), guarded: false }),
            Ok(Dynamic::Template(_)) => self.template(text, span, pointer),
            Err(_) => {}
        }
    }

    fn template(&mut self, text: &str, span: Span, pointer: &str) {
        let Ok(template) = Template::parse(text) else { return };
        self.placeholders(&template, span, pointer);
    }

    fn placeholders(&mut self, template: &Template, span: Span, pointer: &str) {
        let mut offsets = SourceOffsets::new(self.text, span);
        for (path, range) in template.paths() {
            let span = Span::new(offsets.at(range.start), offsets.at(range.end));
            self.found.push(Use { path: path.clone(), span, pointer: pointer.into(), guarded: false });
        }
    }

    fn message(&mut self, message: &Spanned<Template>, pointer: String) {
        self.placeholders(&message.value, message.span, &pointer);
    }

    fn condition(&mut self, condition: &Condition, pointer: &str, guards: &mut Vec<Path>) {
        match condition {
            Condition::And(inner) => {
                let before = guards.len();
                self.conditions(inner, pointer, "And", guards);
                guards.truncate(before);
            }
            Condition::Or(inner) => self.conditions(inner, pointer, "Or", guards),
            Condition::Not(inner) => self.condition(inner, &format!("{pointer}/Not"), guards),
            Condition::Test(test) => {
                let variable = &test.variable;
                let asks = matches!(test.comparison, Comparison::IsPresent(_));
                let guarded = asks || guards.iter().any(|guard| variable.value.starts_with(guard));
                self.path(variable, format!("{pointer}/Variable"), guarded);
                if asks {
                    guards.push(variable.value.clone());
                }
                if let Some(path) = operand_path(&test.comparison) {
                    self.path(path, pointer.to_owned(), false);
                }
            }
        }
    }

    fn conditions(&mut self, inner: &[Condition], pointer: &str, key: &str, guards: &mut Vec<Path>) {
        for (at, condition) in inner.iter().enumerate() {
            let mut pointer = pointer.to_owned();
            push_pointer(&mut pointer, key);
            push_pointer(&mut pointer, &at.to_string());
            self.condition(condition, &pointer, guards);
        }
    }
}

fn operand_path(comparison: &Comparison) -> Option<&Spanned<Path>> {
    match comparison {
        Comparison::String(_, Operand::Path(path))
        | Comparison::Numeric(_, Operand::Path(path))
        | Comparison::Boolean(Operand::Path(path)) => Some(path),
        _ => None,
    }
}
