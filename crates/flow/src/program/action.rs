//! What an Action state calls: jq, a built-in, or an HTTP request made from a definition (spec 2.4, 3.3, 4).

use std::sync::{Arc, OnceLock};

use zis_bundle::{
    action::{Body as WrittenBody, Definition, Entry, Method, Target as WrittenTarget},
    json::{Kind, Node},
    path::PathError,
};

use crate::{
    effect::{Body, Request, Target, Work},
    failure::{Failure, error},
    jq::{Filter, JqError},
    program::{
        builtin::Builtin,
        payload::{Field, Mode, Payload, Text},
        resolve::{Fault, Resolver},
    },
    value::Value,
};

#[derive(Debug)]
pub(crate) enum Action {
    Jq(Box<Jq>),
    Builtin(Builtin),
    Http(Arc<Http>),
    /// No bundle of the integration defines it: the state fails when it is reached.
    Unknown(String),
}

/// `zis:common:transform:Jq`.
#[derive(Debug)]
pub(crate) struct Jq {
    pub expr: Option<Expr>,
    pub data: Option<Field>,
    /// Parameters that jq knows nothing of; resolved all the same, because a missing path fails the state.
    pub rest: Vec<Field>,
}

#[derive(Debug)]
pub(crate) enum Expr {
    /// Compiled on first use and shared by all executions.
    Static { text: Arc<str>, filter: OnceLock<Result<Filter, JqError>> },
    /// `expr.$`: pasted raw, compiled through the program's cache.
    Dynamic(Payload),
}

impl Jq {
    pub fn compile(parameters: Option<&Node>) -> Result<Self, PathError> {
        let mut jq = Jq { expr: None, data: None, rest: Vec::new() };
        let payload = parameters.map(|node| Payload::compile(node, Mode::Keys)).transpose()?;
        let fields = match payload {
            Some(Payload::Object(fields)) => fields,
            Some(Payload::Literal(Value::Object(object))) => {
                let literal = |(key, value): (&Arc<str>, &Value)| Field {
                    key: key.clone(),
                    dynamic: false,
                    value: Payload::Literal(value.clone()),
                };
                object.iter().map(literal).collect()
            }
            _ => Vec::new(),
        };
        for field in fields {
            match (&*field.key, &field.value) {
                ("expr", Payload::Literal(Value::String(text))) => {
                    jq.expr = Some(Expr::Static { text: text.clone(), filter: OnceLock::new() });
                }
                ("expr", _) => jq.expr = Some(Expr::Dynamic(field.value)),
                ("data", _) => jq.data = Some(field),
                _ => jq.rest.push(field),
            }
        }
        Ok(jq)
    }

    /// The program's input. Text that holds a JSON object or array is read first (spec 4.1).
    pub fn input(&self, resolver: &Resolver) -> Result<Option<Value>, Box<Fault>> {
        for field in &self.rest {
            field.value.resolve(resolver).map_err(|fault| fault.within(field.written()).within("Parameters"))?;
        }
        let Some(data) = &self.data else { return Ok(None) };
        let value = data.value.resolve(resolver).map_err(|fault| fault.within(data.written()).within("Parameters"))?;
        Ok(Some(read_json_text(value)))
    }
}

/// The document that a string holds, when it holds a JSON object or array; everything else as it is.
fn read_json_text(value: Value) -> Value {
    let Value::String(text) = &value else { return value };
    if !text.trim_start().starts_with(['{', '[']) {
        return value;
    }
    Value::from_json(text).unwrap_or(value)
}

/// A custom action's definition.
#[derive(Debug)]
pub(crate) struct Http {
    pub name: String,
    method: Method,
    target: Text,
    is_path: bool,
    query: Vec<Pair>,
    headers: Vec<Pair>,
    body: Option<Payload>,
    pub connection: Option<String>,
}

#[derive(Debug)]
struct Pair {
    key: String,
    value: Text,
}

impl Http {
    pub fn compile(name: &str, definition: &Definition) -> Result<Self, PathError> {
        let pairs = |entries: &[Entry]| -> Result<Vec<Pair>, PathError> {
            let pair =
                |entry: &Entry| Ok(Pair { key: entry.key.value.clone(), value: Text::definition(&entry.value)? });
            entries.iter().map(pair).collect()
        };
        let (target, is_path) = match &definition.target {
            WrittenTarget::Url(text) => (text, false),
            WrittenTarget::Path(text) => (text, true),
        };
        let body = match &definition.body {
            None => None,
            Some(WrittenBody::Tree(node)) => Some(Payload::compile(node, Mode::Everywhere)?),
            Some(WrittenBody::Dynamic(text)) => Some(Payload::from(Text::definition(text)?)),
        };
        Ok(Http {
            name: name.to_owned(),
            method: definition.method.value,
            target: Text::definition(target)?,
            is_path,
            query: pairs(&definition.query)?,
            headers: pairs(&definition.headers)?,
            body,
            connection: definition.connection.as_ref().map(|connection| connection.value.clone()),
        })
    }

    /// The request for these parameters (the resolver's root). `state` is for messages.
    pub fn request(&self, state: &str, resolver: &Resolver) -> Result<Work, Failure> {
        self.resolve(resolver).map_err(|fault| {
            let fault = fault.within(format!("definition of action \"{}\"", self.name));
            fault.failure(state, resolver)
        })?
    }

    fn resolve(&self, resolver: &Resolver) -> Result<Result<Work, Failure>, Box<Fault>> {
        let name = if self.is_path { "path" } else { "url" };
        let target = self.target.resolve(resolver).map_err(|fault| fault.within(name))?;
        let pairs = |pairs: &[Pair], place: &str| -> Result<Vec<(String, String)>, Box<Fault>> {
            let resolve = |pair: &Pair| match pair.value.resolve(resolver) {
                Ok(value) => Ok((pair.key.clone(), value.to_string())),
                Err(fault) => Err(fault.within(format!("{place} \"{}\"", pair.key))),
            };
            pairs.iter().map(resolve).collect()
        };
        let query = pairs(&self.query, "query parameter")?;
        let headers = pairs(&self.headers, "header")?;
        let body = match &self.body {
            Some(body) if !matches!(self.method, Method::Get | Method::Head | Method::Trace) => {
                let value = body.resolve(resolver).map_err(|fault| fault.within("requestBody"))?;
                // A whole body made by a placeholder is the text of that value: the value itself is what is meant.
                Some(if matches!(body, Payload::Text(_)) { read_json_text(value) } else { value })
            }
            _ => None,
        };
        let most = resolver.settings.max_document_bytes;
        if body.as_ref().is_some_and(|body| body.json_len(most + 1) > most) {
            let cause = format!("the request body of action \"{}\" is larger than {most} bytes", self.name);
            return Ok(Err(Failure::new(error::RUNTIME, cause)));
        }
        let is_form = headers.iter().any(|(key, value)| {
            key.eq_ignore_ascii_case("content-type")
                && value.trim_start().to_ascii_lowercase().starts_with("application/x-www-form-urlencoded")
        });
        let body = match body {
            // A text is taken for a form that is written out already.
            Some(value) if is_form && value.as_str().is_none() => match form(&value, resolver)? {
                Some(pairs) => Some(Body::Form(pairs)),
                None => {
                    let cause = format!(
                        "action \"{}\" declares a form, so its requestBody must be an object or a text",
                        self.name
                    );
                    return Ok(Err(Failure::new(error::RUNTIME, cause)));
                }
            },
            body => body.map(Body::Json),
        };
        Ok(Ok(Work::Http(Request {
            action: self.name.clone(),
            method: self.method,
            target: self.target_of(&target),
            query,
            headers,
            body,
            connection: self.connection.clone(),
        })))
    }

    /// Bundles in the field write a path under `url` and a URL under `path` (field notes 19): the text decides.
    fn target_of(&self, text: &str) -> Target {
        let is_url = text.starts_with("https://") || text.starts_with("http://");
        if is_url || (!self.is_path && !text.starts_with('/')) {
            Target::Url(text.to_owned())
        } else {
            Target::Path(text.to_owned())
        }
    }
}

/// The pairs of a form: an object's members, each as text; `None` when it is no object.
fn form(value: &Value, resolver: &Resolver) -> Result<Option<Vec<(String, String)>>, Box<Fault>> {
    let Value::Object(object) = value else { return Ok(None) };
    let pair = |(key, value): (&Arc<str>, &Value)| {
        let mut text = String::new();
        resolver.write(value, &mut text)?;
        Ok((key.to_string(), text))
    };
    object.iter().map(pair).collect::<Result<_, _>>().map(Some)
}

impl Request {
    /// The request as the trace shows it.
    pub fn to_value(&self) -> Value {
        let mut members = vec![("action", Value::string(&self.action)), ("method", Value::from(self.method.as_str()))];
        members.push(match &self.target {
            Target::Url(url) => ("url", Value::string(url)),
            Target::Path(path) => ("path", Value::string(path)),
        });
        if let Some(connection) = &self.connection {
            members.push(("connection", Value::string(connection)));
        }
        if !self.query.is_empty() {
            members.push(("query", pairs(&self.query)));
        }
        if !self.headers.is_empty() {
            members.push(("headers", pairs(&self.headers)));
        }
        match &self.body {
            Some(Body::Json(value)) => members.push(("body", value.clone())),
            Some(Body::Form(form)) => members.push(("form", pairs(form))),
            None => {}
        }
        Value::object(members)
    }
}

/// Pairs as an object; what is there more than once as a list.
fn pairs(pairs: &[(String, String)]) -> Value {
    let values = |key: &String| {
        let mut all: Vec<_> =
            pairs.iter().filter(|(other, _)| other == key).map(|(_, value)| Value::string(value)).collect();
        if all.len() > 1 { Value::array(all) } else { all.pop().unwrap_or_default() }
    };
    Value::object(pairs.iter().map(|(key, _)| (key.as_str(), values(key))))
}

/// Whether a node is the text of a jq program: for the search for connections.
pub(crate) fn jq_text(parameters: &Node) -> Option<&str> {
    let member = parameters.member("expr").or_else(|| parameters.member("expr.$"))?;
    if let Kind::String(text) = &member.value.kind { Some(text) } else { None }
}
