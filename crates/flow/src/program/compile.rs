//! From the bundle's flow to states by index.

use std::{collections::HashMap, sync::Arc, time::Duration};

use zis_bundle::{
    Action as WrittenAction, Flow,
    flow::{self, StateKind, StateMachine, Transition, WaitDuration},
    json::Node,
    name::{Kind as NameKind, ResourceName},
    path::PathError,
};

use crate::{
    program::{
        ActionState, Catch, CompileError, Kind, MapState, Next, Program, Seconds, State,
        action::{Action, Expr, Http, Jq, jq_text},
        builtin::Builtin,
        choice::{Choice, Condition, Rule},
        connections::Names,
        payload::{Mode, Payload, Text},
        place::Place,
    },
    settings::Settings,
    value::Value,
};

pub(super) const JQ: &str = "zis:common:transform:Jq";

/// Finds a custom action by its `properties.name`.
type Find<'f, 'b> = &'f dyn Fn(&str) -> Option<&'b WrittenAction>;

pub(super) fn compile<'b>(flow: &Flow, action: Find<'_, 'b>, settings: Arc<Settings>) -> Result<Program, CompileError> {
    let mut compiler = Compiler { states: Vec::new(), actions: HashMap::new(), find: action, has_nested_map: false };
    let start = compiler.machine(&flow.definition, 0)?;
    let states: Vec<State> = compiler.states.into_iter().flatten().collect();
    let (connections, exposed_connections) = needed_connections(&states, &flow.definition);
    let (each, all) = if compiler.has_nested_map {
        (settings.max_transitions_nested, settings.max_transitions_nested)
    } else {
        // A Map multiplies honest transitions: the guard against loops counts for each iteration, and for all that a Map may hold.
        let items = u32::try_from(settings.max_map_items.max(1)).unwrap_or(u32::MAX);
        (settings.max_transitions, settings.max_transitions.saturating_mul(items))
    };
    Ok(Program {
        name: flow.name.value.clone(),
        connections,
        exposed_connections,
        zendesk_host: Value::string(&settings.zendesk_host),
        settings,
        states,
        start,
        most_transitions: all,
        most_transitions_each: each,
        pasted: Default::default(),
    })
}

struct Compiler<'f, 'b> {
    /// `None` for a state that has its index and is not compiled yet.
    states: Vec<Option<State>>,
    actions: HashMap<String, Arc<Http>>,
    find: Find<'f, 'b>,
    has_nested_map: bool,
}

/// The states of one machine by name, and the state that is being compiled: for targets and messages.
struct Within<'m> {
    indices: &'m HashMap<&'m str, usize>,
    state: &'m str,
    depth: u32,
}

impl Within<'_> {
    fn target(&self, name: &str) -> Result<usize, CompileError> {
        let unknown = || CompileError::UnknownState { state: self.state.to_owned(), target: name.to_owned() };
        self.indices.get(name).copied().ok_or_else(unknown)
    }

    fn next(&self, transition: &Transition) -> Result<Next, CompileError> {
        match transition {
            Transition::Next(name) => self.target(&name.value).map(Next::State),
            Transition::End => Ok(Next::End),
        }
    }

    fn catch(&self, catch: &[flow::Catch]) -> Result<Option<Catch>, CompileError> {
        let compile = |catch: &flow::Catch| {
            Ok(Catch { place: Place::compile(&catch.result_path), next: self.target(&catch.next.value)? })
        };
        catch.first().map(compile).transpose()
    }

    fn template<T>(&self, result: Result<T, PathError>) -> Result<T, CompileError> {
        result.map_err(|fault| CompileError::BadTemplate { state: self.state.to_owned(), message: fault.message })
    }
}

impl Compiler<'_, '_> {
    /// Compiles one machine; gives the index of its first state.
    fn machine(&mut self, machine: &StateMachine, depth: u32) -> Result<usize, CompileError> {
        let first = self.states.len();
        let names = machine.states.iter().enumerate();
        let indices: HashMap<&str, usize> = names.map(|(at, state)| (state.name.value.as_str(), first + at)).collect();
        self.states.extend(machine.states.iter().map(|_| None));
        for (at, state) in machine.states.iter().enumerate() {
            let within = Within { indices: &indices, state: &state.name.value, depth };
            let kind = self.state(&state.kind, &within)?;
            let name = Arc::from(state.name.value.as_str());
            self.states[first + at] = Some(State { name, is_top: depth == 0, kind });
        }
        Within { indices: &indices, state: "StartAt", depth }.target(&machine.start_at.value)
    }

    fn state(&mut self, kind: &StateKind, within: &Within) -> Result<Kind, CompileError> {
        Ok(match kind {
            StateKind::Action(state) => Kind::Action(self.action(state, within)?),
            StateKind::Choice(state) => Kind::Choice(choice(state, within)?),
            StateKind::Map(state) => {
                self.has_nested_map |= within.depth > 0;
                Kind::Map(MapState {
                    items: state.items_path.value.clone(),
                    start: self.machine(&state.iterator, within.depth + 1)?,
                    place: Place::compile(&state.result_path),
                    catch: within.catch(&state.catch)?,
                    next: within.next(&state.transition)?,
                })
            }
            StateKind::Wait(state) => Kind::Wait {
                seconds: match &state.duration {
                    WaitDuration::Seconds(seconds) => Seconds::Fixed(duration(*seconds)),
                    WaitDuration::Path(path) => Seconds::Path(path.value.clone()),
                },
                next: within.next(&state.transition)?,
            },
            StateKind::Pass(state) => Kind::Pass {
                result: state.result.as_ref().map(Value::from),
                place: Place::compile(&state.result_path),
                next: within.next(&state.transition)?,
            },
            StateKind::Succeed { message } => {
                Kind::Succeed { message: message.as_ref().map(|message| Text::of(&message.value)) }
            }
            StateKind::Fail { error, cause } => {
                Kind::Fail { error: Text::of(&error.value), cause: Text::of(&cause.value) }
            }
        })
    }

    fn action(&mut self, state: &flow::ActionState, within: &Within) -> Result<ActionState, CompileError> {
        let action = self.called(&state.action.value, state.parameters.as_ref(), within)?;
        let parameters = match (&action, &state.parameters) {
            (Action::Jq(_), _) | (_, None) => Payload::Literal(Value::object::<&str>([])),
            (_, Some(node)) => within.template(Payload::compile(node, Mode::Keys))?,
        };
        Ok(ActionState {
            action,
            parameters,
            timeout: state.timeout_seconds.as_ref().map(|seconds| duration(seconds.value)),
            place: Place::compile(&state.result_path),
            catch: within.catch(&state.catch)?,
            next: within.next(&state.transition)?,
        })
    }

    fn called(&mut self, name: &str, parameters: Option<&Node>, within: &Within) -> Result<Action, CompileError> {
        if name == JQ {
            return Ok(Action::Jq(Box::new(within.template(Jq::compile(parameters))?)));
        }
        if let Some(builtin) = Builtin::parse(name) {
            return Ok(Action::Builtin(builtin));
        }
        let unknown = || Action::Unknown(name.to_owned());
        let Some(ResourceName { kind: NameKind::Action, name: short, .. }) = ResourceName::parse(name) else {
            return Ok(unknown());
        };
        if let Some(known) = self.actions.get(&short) {
            return Ok(Action::Http(known.clone()));
        }
        let Some(written) = (self.find)(&short) else { return Ok(unknown()) };
        let http = Arc::new(within.template(Http::compile(&short, &written.definition))?);
        self.actions.insert(short, http.clone());
        Ok(Action::Http(http))
    }
}

fn choice(state: &flow::ChoiceState, within: &Within) -> Result<Choice, CompileError> {
    let rule = |rule: &flow::ChoiceRule| {
        Ok(Rule { condition: Condition::compile(&rule.condition), next: within.target(&rule.next.value)? })
    };
    Ok(Choice {
        rules: state.rules.iter().map(rule).collect::<Result<_, _>>()?,
        default: state.default.as_ref().map(|name| within.target(&name.value)).transpose()?,
    })
}

/// Seconds as a span; what is too long for one is as good as for ever, and nothing is below zero.
pub(crate) fn duration(seconds: f64) -> Duration {
    const FOR_EVER: Duration = Duration::from_secs(1_000_000_000);
    if seconds > 0.0 { Duration::try_from_secs_f64(seconds).unwrap_or(FOR_EVER).min(FOR_EVER) } else { Duration::ZERO }
}

/// All connections that the flow needs, and those among them that it reads itself.
fn needed_connections(states: &[State], machine: &StateMachine) -> (Vec<String>, Vec<String>) {
    let mut all = Names::default();
    let mut exposed = Names::default();
    for state in states {
        if let Kind::Action(ActionState { action: Action::Http(http), .. }) = &state.kind
            && let Some(name) = &http.connection
        {
            all.add(name);
        }
        exposed_by(&state.kind, &mut exposed);
    }
    jq_programs(machine, &mut |parameters| {
        // Only a program over the whole document can mean `$.connections`.
        if parameters.member("data.$").and_then(|data| data.value.as_str()).map(str::trim) == Some("$")
            && let Some(text) = jq_text(parameters)
        {
            exposed.add_jq(text);
        }
    });
    exposed.0.iter().for_each(|name| all.add(name));
    (all.0, exposed.0)
}

fn exposed_by(kind: &Kind, exposed: &mut Names) {
    match kind {
        Kind::Action(state) => {
            state.parameters.paths(&mut |path| exposed.add_path(path));
            if let Action::Jq(jq) = &state.action {
                jq.data.iter().for_each(|data| data.value.paths(&mut |path| exposed.add_path(path)));
                jq.rest.iter().for_each(|field| field.value.paths(&mut |path| exposed.add_path(path)));
                if let Some(Expr::Dynamic(expr)) = &jq.expr {
                    expr.paths(&mut |path| exposed.add_path(path));
                }
            }
        }
        Kind::Choice(choice) => {
            choice.rules.iter().for_each(|rule| rule.condition.paths(&mut |path| exposed.add_path(path)));
        }
        Kind::Map(state) => exposed.add_path(&state.items),
        Kind::Wait { seconds: Seconds::Path(path), .. } => exposed.add_path(path),
        Kind::Succeed { message } => {
            message.iter().flat_map(Text::paths).for_each(|path| exposed.add_path(path));
        }
        Kind::Fail { error, cause } => error.paths().chain(cause.paths()).for_each(|path| exposed.add_path(path)),
        Kind::Wait { .. } | Kind::Pass { .. } => {}
    }
}

/// Calls `visit` with the parameters of every jq action, those of Iterators included.
fn jq_programs<'m>(machine: &'m StateMachine, visit: &mut dyn FnMut(&'m Node)) {
    for state in &machine.states {
        match &state.kind {
            StateKind::Action(action) if action.action.value == JQ => action.parameters.iter().for_each(&mut *visit),
            StateKind::Map(map) => jq_programs(&map.iterator, visit),
            _ => {}
        }
    }
}
