//! `ZIS::Action::Http` (spec 2.4).

use super::{Context, Place, dynamic::Plain};
use crate::{
    action::{Action, Body, Definition, Entry, Method, Target, Text},
    code,
    json::{Kind, Node},
    name,
    suggest::did_you_mean,
    template::Template,
    text::Spanned,
};

pub(super) fn read(resource: &Place, key: &str, context: &mut Context) -> Option<Action> {
    let (properties, name) = context.named_properties(resource, name::Kind::Action);
    let help = "the request: `method`, `url` or `path`, `headers`, `requestBody`";
    let place = context.object(&properties?, "definition", help)?;
    let definition = definition(&place, context);
    Some(Action { key: key.into(), span: resource.node.span, name: name?, definition: definition? })
}

fn definition(place: &Place, context: &mut Context) -> Option<Definition> {
    let method = context.method(place);
    let target = context.request_target(place);
    let connection = context.connection(place);
    let headers = context.entries(place, "headers");
    let query = context.entries(place, "queryParams");
    let body = context.body(place);
    Some(Definition {
        span: place.node.span,
        method: method?,
        target: target?,
        connection: connection.ok()?,
        headers: headers?,
        query: query?,
        body: body.ok()?,
    })
}

/// What was wrong is among the findings.
struct Reported;

impl Context<'_> {
    fn method(&mut self, place: &Place) -> Option<Spanned<Method>> {
        let written = self.text(place, "method", "an HTTP method such as `\"method\": \"GET\"`")?;
        let method = Method::parse(&written.value);
        if method.is_none() {
            let methods = Method::ALL.map(Method::as_str);
            let help =
                did_you_mean(&written.value, methods).unwrap_or_else(|| format!("one of {}", methods.join(", ")));
            let message = format!("`{}` is no method", written.value);
            let finding = self.error(code::METHOD, written.span, message);
            self.add(finding.at(place.pointer_to("method")).help(help));
        }
        method.map(|value| Spanned { value, span: written.span })
    }

    /// Exactly one of `url`, `url.$`, `path` and `path.$`.
    fn request_target(&mut self, place: &Place) -> Option<Target> {
        let written: Vec<_> = ["url", "url.$", "path", "path.$"]
            .into_iter()
            .filter_map(|key| place.get(key).map(|value| (key, value)))
            .collect();
        match &written[..] {
            [] => {
                if !self.is_broken(place) {
                    let finding =
                        self.error(code::URL_OR_PATH, place.opening(), "the action has neither `url` nor `path`");
                    let help = "`url` is an absolute address, `path` a path on the account's Zendesk host";
                    self.add(finding.at(place.pointer_to("url")).help(help));
                }
                None
            }
            [(key, value)] => {
                let text = self.template_text(value, key)?;
                Some(if key.starts_with("url") { Target::Url(text) } else { Target::Path(text) })
            }
            [(first, one), (second, other), ..] => {
                let message = format!("`{first}` and `{second}` exclude each other");
                let finding = self.error(code::URL_OR_PATH, other.headline(), message).at(&*other.pointer);
                let help = "keep `url` for an absolute address, `path` for a path on the account's Zendesk host";
                self.add(finding.related(one.headline(), "the other one").help(help));
                None
            }
        }
    }

    /// A string that may hold placeholders; under a `.$` key it may be a path as a whole.
    fn template_text(&mut self, place: &Place, key: &str) -> Option<Text> {
        let dynamic = key.ends_with(".$");
        let text = if dynamic { self.dynamic_text(place, key)? } else { self.plain_template(place, key)? };
        Some(Text { text: text.into(), span: place.node.span, dynamic })
    }

    fn plain_template<'n>(&mut self, place: &Place<'n>, key: &str) -> Option<&'n str> {
        self.text_of(place, key)?;
        let text = place.node.as_str()?;
        if let Err(error) = Template::parse(text) {
            self.bad_placeholder(place, &error);
            return None;
        }
        Some(text)
    }

    fn connection(&mut self, place: &Place) -> Result<Option<Spanned<String>>, Reported> {
        if let Some(computed) = place.get("connectionName.$") {
            let help = "write `connectionName` with the name of a connection";
            self.report(code::DYNAMIC_CONNECTION, &computed, "a connection's name can't be computed", help);
            return Err(Reported);
        }
        let Some(name) = place.get("connectionName") else { return Ok(None) };
        self.text_of(&name, "connectionName").map(Some).ok_or(Reported)
    }

    fn entries(&mut self, place: &Place, key: &str) -> Option<Vec<Entry>> {
        let Some(list) = place.get(key).filter(|list| list.node.kind != Kind::Null) else { return Some(Vec::new()) };
        if !matches!(list.node.kind, Kind::Array(_)) {
            let message = format!("`{key}` must be an array, this is {}", list.described());
            let help = format!("write `\"{key}\": [{{\"key\": \"…\", \"value\": \"…\"}}]`");
            if !self.is_broken(&list) {
                self.report(code::ENTRY_SHAPE, &list, message, help);
            }
            return None;
        }
        let entries: Vec<_> = list.items().map(|item| self.entry(&item, key)).collect();
        entries.into_iter().collect()
    }

    fn entry(&mut self, place: &Place, list: &str) -> Option<Entry> {
        if !matches!(place.node.kind, Kind::Object(_)) {
            let message = format!("an entry of `{list}` must be an object, this is {}", place.described());
            self.report(code::ENTRY_SHAPE, place, message, "write `{\"key\": \"…\", \"value\": \"…\"}`");
            return None;
        }
        self.dynamic_key_pair(place);
        let key = self.text(place, "key", "every entry has `key` and `value`");
        let value = match (place.get("value"), place.get("value.$")) {
            (_, Some(dynamic)) => self.template_text(&dynamic, "value.$"),
            (Some(plain), None) => self.entry_value(&plain),
            (None, None) => {
                self.missing(place, "value", "every entry has `key` and `value` (or `value.$`)");
                None
            }
        };
        Some(Entry { key: key?, value: value? })
    }

    fn dynamic_key_pair(&mut self, place: &Place) {
        if place.get("value").is_some() && place.get("value.$").is_some() {
            let message = "`value` and `value.$` name the same member";
            self.report(code::BOTH_FORMS, place, message, "keep one of them");
        }
    }

    /// A fixed value: a template, or any JSON, which is sent as its text.
    fn entry_value(&mut self, place: &Place) -> Option<Text> {
        let text = match &place.node.kind {
            Kind::String(text) => {
                if let Err(error) = Template::parse(text) {
                    self.bad_placeholder(place, &error);
                    return None;
                }
                text.to_string()
            }
            _ => compact(place.node),
        };
        Some(Text { text, span: place.node.span, dynamic: false })
    }

    fn body(&mut self, place: &Place) -> Result<Option<Body>, Reported> {
        match (place.get("requestBody"), place.get("requestBody.$")) {
            (None, None) => Ok(None),
            (Some(_), Some(dynamic)) => {
                let message = "`requestBody` and `requestBody.$` name the same member";
                self.report(code::BOTH_FORMS, &dynamic, message, "keep one of them");
                Err(Reported)
            }
            (None, Some(dynamic)) => {
                let text = self.template_text(&dynamic, "requestBody.$").ok_or(Reported)?;
                Ok(Some(Body::Dynamic(text)))
            }
            (Some(tree), None) => {
                let before = self.findings.len();
                self.dynamic_tree(&tree, Plain::Template);
                if self.findings.len() > before { Err(Reported) } else { Ok(Some(Body::Tree(tree.node.clone()))) }
            }
        }
    }
}

/// The JSON text of `node`, without white space.
fn compact(node: &Node) -> String {
    match &node.kind {
        Kind::Null => "null".into(),
        Kind::Bool(value) => value.to_string(),
        Kind::Number(text) => text.to_string(),
        Kind::String(text) => crate::json::quoted(text),
        Kind::Array(items) => format!("[{}]", items.iter().map(compact).collect::<Vec<_>>().join(",")),
        Kind::Object(members) => {
            let member = |member: &crate::json::Member| {
                format!("{}:{}", crate::json::quoted(&member.key), compact(&member.value))
            };
            format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(","))
        }
    }
}
