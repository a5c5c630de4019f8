//! The seven state types (spec 3.2–3.6, 3.9).

use super::{
    Context, Place, choice,
    dynamic::Plain,
    flow::{self, Targets},
    reference::Role,
};
use crate::{
    code,
    flow::{
        ActionState, Catch, MapState, PassState, ResultPath, State, StateKind, Transition, WaitDuration, WaitState,
    },
    json::Kind,
    path::Segment,
    suggest::did_you_mean,
    template::Template,
    text::Spanned,
};

const TYPES: [&str; 7] = ["Action", "Choice", "Fail", "Map", "Pass", "Succeed", "Wait"];

/// Reads one state; what it cannot understand is among the findings.
pub(super) fn read(place: &Place, name: Spanned<String>, targets: &Targets, context: &mut Context) -> Option<State> {
    let comment = place.get("Comment").and_then(|comment| comment.node.as_str().map(str::to_owned));
    let state_type = context.state_type(place)?;
    context.unsupported(place, state_type);
    let kind = match state_type {
        "Action" => action(place, targets, context).map(StateKind::Action),
        "Choice" => choice::read(place, targets, context).map(StateKind::Choice),
        "Map" => map(place, targets, context).map(StateKind::Map),
        "Wait" => wait(place, targets, context).map(StateKind::Wait),
        "Pass" => pass(place, targets, context).map(StateKind::Pass),
        "Succeed" => succeed(place, context),
        _ => fail(place, context),
    };
    Some(State { name, span: place.node.span, pointer: place.pointer.clone(), comment, kind: kind? })
}

fn action(place: &Place, targets: &Targets, context: &mut Context) -> Option<ActionState> {
    let help = "`zis:<integration>:action:<name>`, or a built-in action such as `zis:common:transform:Jq`";
    let action = context.text(place, "ActionName", help);
    if let Some(name) = &action {
        context.refer(Role::ActionName, name, place.pointer_to("ActionName"));
    }
    let parameters = place.get("Parameters").filter(|parameters| parameters.node.kind != Kind::Null);
    if let Some(parameters) = &parameters {
        if matches!(parameters.node.kind, Kind::Object(_)) {
            context.dynamic_tree(parameters, Plain::Literal);
        } else {
            context.wrong_type(parameters, "Parameters", "an object");
        }
    }
    let timeout_seconds = context.timeout(place);
    let result_path = context.result_path(place);
    let catch = context.catches(place, targets);
    let transition = context.transition(place, targets);
    Some(ActionState {
        action: action?,
        parameters: parameters.map(|parameters| parameters.node.clone()),
        timeout_seconds,
        result_path: result_path?,
        catch: catch?,
        transition: transition?,
    })
}

fn map(place: &Place, targets: &Targets, context: &mut Context) -> Option<MapState> {
    let items_help = "the path of an array of objects, such as `$.items`";
    let items = context.required(place, "ItemsPath", items_help);
    let items_path = items.and_then(|items| context.path(&items, "ItemsPath"));
    let iterator = context
        .object(place, "Iterator", "a machine of its own: `StartAt` and `States`")
        .and_then(|iterator| flow::machine(&iterator, context));
    let result_path = context.result_path(place);
    let catch = context.catches(place, targets);
    let transition = context.transition(place, targets);
    Some(MapState {
        items_path: items_path?,
        iterator: iterator?,
        result_path: result_path?,
        catch: catch?,
        transition: transition?,
    })
}

fn wait(place: &Place, targets: &Targets, context: &mut Context) -> Option<WaitState> {
    let duration = match (place.get("Seconds"), place.get("SecondsPath")) {
        (Some(seconds), None) => context.seconds(&seconds).map(WaitDuration::Seconds),
        (None, Some(path)) => context.path(&path, "SecondsPath").map(WaitDuration::Path),
        (Some(_), Some(path)) => {
            let message = "`Seconds` and `SecondsPath` exclude each other";
            context.report(code::WAIT_DURATION, &path, message, "keep one of them");
            None
        }
        (None, None) => {
            let reported = place.get("Timestamp").or(place.get("TimestampPath")).is_some();
            if !reported && !context.is_broken(place) {
                let message = "a Wait state needs `Seconds` or `SecondsPath`";
                let finding = context.error(code::WAIT_DURATION, place.opening(), message).at(&*place.pointer);
                context.add(finding.help("write `\"Seconds\": 10`; `Timestamp` is not supported"));
            }
            None
        }
    };
    let transition = context.transition(place, targets);
    Some(WaitState { duration: duration?, transition: transition? })
}

fn pass(place: &Place, targets: &Targets, context: &mut Context) -> Option<PassState> {
    let result_path = context.result_path(place);
    let transition = context.transition(place, targets);
    let result = place.get("Result").map(|result| result.node.clone());
    Some(PassState { result, result_path: result_path?, transition: transition? })
}

fn succeed(place: &Place, context: &mut Context) -> Option<StateKind> {
    let message = match place.get("Message").filter(|message| message.node.kind != Kind::Null) {
        Some(message) => Some(context.message(&message, "Message")?),
        None => None,
    };
    Some(StateKind::Succeed { message })
}

fn fail(place: &Place, context: &mut Context) -> Option<StateKind> {
    let mut part = |key: &str, help: &str| {
        let value = context.required(place, key, help)?;
        context.message(&value, key)
    };
    let error = part("Error", "a name for the error, such as `\"Error\": \"NoOrder\"`");
    let cause = part("Cause", "what happened, such as `\"Cause\": \"Order {{$.id}} is unknown\"`");
    Some(StateKind::Fail { error: error?, cause: cause? })
}

impl Context<'_> {
    fn state_type(&mut self, place: &Place) -> Option<&'static str> {
        let written = self.text(place, "Type", "one of Action, Choice, Map, Wait, Pass, Succeed, Fail")?;
        let known = TYPES.into_iter().find(|known| *known == written.value);
        if known.is_none() {
            let help = match &*written.value {
                "Task" => "ZIS has `Action` states with an `ActionName` instead of tasks with a `Resource`".into(),
                "Parallel" => "run the actions one after the other; ZIS has no parallel branches".into(),
                other => did_you_mean(other, TYPES).unwrap_or_else(|| format!("the types are {}", TYPES.join(", "))),
            };
            let message = format!("`{}` is no type of state", written.value);
            let finding = self.error(code::STATE_TYPE, written.span, message);
            self.add(finding.at(place.pointer_to("Type")).help(help));
        }
        known
    }

    /// Properties of the Amazon States Language that ZIS does not take, and properties on the wrong type of state.
    fn unsupported(&mut self, place: &Place, state_type: &str) {
        for member in place.node.members() {
            let Some(fault) = property_fault(&member.key, state_type, self.options.lenient_asl) else { continue };
            let pointer = place.pointer_to(&member.key);
            let finding = match fault {
                Fault::Unsupported(help) => {
                    let message = format!("`{}` is not supported by ZIS", member.key);
                    self.error(code::UNSUPPORTED_ASL, member.key_span, message).help(help)
                }
                Fault::WrongState(help) => {
                    let message = format!("`{}` is not supported on a {state_type} state", member.key);
                    self.error(code::NOT_ON_THIS_STATE, member.key_span, message).help(help)
                }
            };
            self.add(finding.at(pointer));
        }
    }

    pub(super) fn transition(&mut self, place: &Place, targets: &Targets) -> Option<Transition> {
        let (next, end) = (place.get("Next"), place.get("End"));
        if let (Some(next), Some(end)) = (&next, &end) {
            let finding = self.error(code::NEXT_AND_END, end.node.span, "the state has both `Next` and `End`");
            self.add(finding.at(&*end.pointer).related(next.node.span, "`Next` is here").help("keep one of them"));
        }
        let end_kind = end.as_ref().map(|end| (end, end.node.as_bool()));
        match (next, end_kind) {
            (Some(next), _) => self.target(&next, "Next", targets).map(Transition::Next),
            (None, Some((_, Some(true)))) => Some(Transition::End),
            (None, Some((end, Some(false)))) => {
                let help = "a state that goes on has `Next` and no `End`";
                self.report(code::END_FALSE, end, "`End` may only be `true`", help);
                None
            }
            (None, Some((end, None))) => {
                self.wrong_type(end, "End", "`true`");
                None
            }
            (None, None) => {
                if !self.is_broken(place) {
                    let message = "the state has neither `Next` nor `\"End\": true`";
                    let finding = self.error(code::NO_TRANSITION, place.opening(), message).at(&*place.pointer);
                    self.add(finding.help("name the state to go to, or end the flow here"));
                }
                None
            }
        }
    }

    /// The name of a state of this machine.
    pub(super) fn target(&mut self, place: &Place, key: &str, targets: &Targets) -> Option<Spanned<String>> {
        let target = self.text_of(place, key)?;
        self.target_exists(&target, place.pointer.clone(), targets);
        Some(target)
    }

    fn result_path(&mut self, parent: &Place) -> Option<ResultPath> {
        let Some(place) = parent.get("ResultPath") else { return Some(ResultPath::Default) };
        if place.node.kind == Kind::Null && !self.is_broken(&place) {
            return Some(ResultPath::Discard);
        }
        let path = self.path(&place, "ResultPath")?;
        if path.value.segments.iter().any(|segment| matches!(segment, Segment::Index(_))) {
            let help = "store the result under a name of its own, such as `$.result`";
            self.report(code::BAD_RESULT_PATH, &place, "`ResultPath` can't write into an array", help);
            return None;
        }
        Some(ResultPath::At(path))
    }

    fn catches(&mut self, parent: &Place, targets: &Targets) -> Option<Vec<Catch>> {
        let Some(list) = parent.get("Catch").filter(|list| list.node.kind != Kind::Null) else {
            return Some(Vec::new());
        };
        if !matches!(list.node.kind, Kind::Array(_)) {
            self.wrong_type(&list, "Catch", "an array of `{\"ErrorEquals\": [\"States.ALL\"], \"Next\": …}`");
            return None;
        }
        let catches: Vec<_> = list.items().map(|item| self.one_catch(&item, targets)).collect();
        catches.into_iter().collect()
    }

    fn one_catch(&mut self, place: &Place, targets: &Targets) -> Option<Catch> {
        if !matches!(place.node.kind, Kind::Object(_)) {
            self.wrong_type(place, "Catch", "an array of objects");
            return None;
        }
        if let Some(errors) = self.required(place, "ErrorEquals", "write `\"ErrorEquals\": [\"States.ALL\"]`") {
            let items = errors.node.items();
            if items.is_empty() || items.iter().any(|item| item.as_str() != Some("States.ALL")) {
                let message = "`ErrorEquals` may only be `[\"States.ALL\"]`";
                let help = "catch everything, then look at `Cause` with a Choice state";
                self.report(code::ERROR_EQUALS, &errors, message, help);
            }
        }
        let next = self.required(place, "Next", "the state that deals with the error");
        let next = next.and_then(|next| self.target(&next, "Next", targets));
        let result_path = self.result_path(place);
        Some(Catch { span: place.node.span, result_path: result_path?, next: next? })
    }

    fn timeout(&mut self, parent: &Place) -> Option<Spanned<f64>> {
        let place = parent.get("TimeoutSeconds").filter(|place| place.node.kind != Kind::Null)?;
        match place.node.as_f64().filter(|seconds| seconds.is_finite() && *seconds > 0.0) {
            Some(seconds) => Some(place.spanned(seconds)),
            None => {
                self.report_unless_broken(code::TIMEOUT, &place, "`TimeoutSeconds` must be a number above zero");
                None
            }
        }
    }

    fn seconds(&mut self, place: &Place) -> Option<f64> {
        let seconds = place.node.as_f64().filter(|seconds| seconds.is_finite() && *seconds > 0.0);
        if seconds.is_none() {
            let message = "`Seconds` must be a number above zero";
            self.report(code::WAIT_DURATION, place, message, "use `SecondsPath` for a computed time");
        }
        seconds
    }

    /// `Message`, `Error`, `Cause`: text with placeholders and without `.$`.
    fn message(&mut self, place: &Place, key: &str) -> Option<Spanned<Template>> {
        let Some(text) = place.node.as_str() else {
            self.wrong_type(place, key, "a string");
            return None;
        };
        match Template::parse_message(text) {
            Ok(template) => Some(place.spanned(template)),
            Err(error) => {
                self.bad_placeholder(place, &error);
                None
            }
        }
    }
}

enum Fault {
    Unsupported(&'static str),
    WrongState(&'static str),
}

/// What is wrong with the property `key` on a state of this type, if anything. Keys that nobody knows are ignored.
fn property_fault(key: &str, state_type: &str, lenient: bool) -> Option<Fault> {
    use Fault::{Unsupported, WrongState};
    let terminal = matches!(state_type, "Succeed" | "Fail");
    Some(match key {
        "Retry" | "InputPath" | "OutputPath" if lenient => return None,
        "Retry" => Unsupported(
            "ZIS retries the whole flow after 429, 5xx and network errors; loop with a counter and a Wait \
                                state for anything else",
        ),
        "InputPath" | "OutputPath" => {
            Unsupported("name what you need in `Parameters`, and where the result goes in `ResultPath`")
        }
        "ResultSelector" | "Output" | "Assign" | "Arguments" | "QueryLanguage" => {
            Unsupported("shape data with a `zis:common:transform:Jq` action")
        }
        "Resource" if state_type == "Action" => Unsupported("name the action in `ActionName`"),
        "HeartbeatSeconds" | "TimeoutSecondsPath" => Unsupported("an Action state may have `TimeoutSeconds`"),
        "Parameters" if state_type == "Map" => Unsupported("enrich the items with a Jq action before the Map"),
        "Parameters" if state_type == "Pass" => {
            Unsupported("use `Result` for fixed data, a Jq action for computed data")
        }
        "MaxConcurrency"
        | "ItemSelector"
        | "ItemReader"
        | "ItemBatcher"
        | "ResultWriter"
        | "ToleratedFailureCount"
        | "ToleratedFailurePercentage"
            if state_type == "Map" =>
        {
            Unsupported("a ZIS Map has `ItemsPath` and `Iterator`; its items run one after the other")
        }
        "ItemProcessor" if state_type == "Map" => Unsupported("the machine of a Map is its `Iterator`"),
        "Timestamp" | "TimestampPath" if state_type == "Wait" => Unsupported("use `Seconds` or `SecondsPath`"),
        "CausePath" | "ErrorPath" if state_type == "Fail" => {
            Unsupported("`Error` and `Cause` take placeholders: `\"Cause\": \"{{$.err.Cause}}\"`")
        }
        "Next" if state_type == "Choice" => {
            WrongState("each rule has its `Next`; `Default` is for when no rule is true")
        }
        "End" if state_type == "Choice" => WrongState("let a rule or `Default` go to a Succeed state"),
        "Next" | "End" if terminal => WrongState("Succeed and Fail end the flow"),
        "Catch" if !matches!(state_type, "Action" | "Map") => WrongState("only Action and Map states have a `Catch`"),
        _ => return None,
    })
}
