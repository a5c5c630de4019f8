//! The outside of a simulated run: mocked HTTP, and configs and links held in memory.

use std::collections::BTreeMap;

use serde::Deserialize;
use zis_flow::{
    Call, Failure, Outcome, Timestamp, Value, Work,
    effect::{LinkObject, LinkPatch, Request},
    failure::error,
    simulate::Reply,
};

use super::mock::{Mocks, Player};

/// A link as a case file gives it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    pub link_type: String,
    pub left_object: Object,
    pub right_object: Object,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Object {
    pub name: String,
    #[serde(default)]
    pub metadata: Option<Value>,
}

/// The outside of one run.
#[derive(Debug, Clone)]
pub struct World {
    player: Player,
    pub configs: BTreeMap<String, Value>,
    pub links: Vec<Link>,
    /// Whether LoadConfig wraps its output (settings.loadconfig_wrapped).
    pub wrapped: bool,
    /// Every HTTP request made, with its attempt.
    pub requests: Vec<(u32, Request)>,
}

impl World {
    pub fn new(mocks: Mocks, configs: BTreeMap<String, Value>, links: Vec<Link>) -> Self {
        Self { player: Player::new(mocks), configs, links, wrapped: false, requests: Vec::new() }
    }

    /// Answers one call of the flow.
    pub fn reply(&mut self, call: &Call, attempt: u32, now: Timestamp) -> Reply {
        let outcome = match &call.work {
            Work::Http(request) => {
                self.requests.push((attempt, request.clone()));
                return self.player.reply(request, attempt, now);
            }
            Work::LoadConfig { scope } => self.load_config(scope),
            Work::PatchConfig { scope, config } => self.patch_config(scope, config),
            Work::LoadLinks { link_type, left, right, page } => {
                self.load_links(link_type, left.as_deref(), right.as_deref(), page.size)
            }
            Work::CreateLink { link_type, left, right } => self.create_link(link_type, left, right),
            Work::PatchLink { link_type, left, right, new_left, new_right } => {
                self.patch_link((link_type, left, right.as_deref()), new_left.as_ref(), new_right.as_ref())
            }
            Work::DeleteLink { link_type, left, right } => self.delete_link(link_type, left, right),
        };
        Reply::new(outcome)
    }

    fn load_config(&self, scope: &str) -> Outcome {
        let found = self.configs.iter().find(|(name, _)| wildcard(scope, name));
        match found {
            Some((_, config)) if self.wrapped => Outcome::Done(Value::object([("config", config.clone())])),
            Some((_, config)) => Outcome::Done(config.clone()),
            None => failed(format!("no config with scope \"{scope}\" was found")),
        }
    }

    fn patch_config(&mut self, scope: &str, patch: &Value) -> Outcome {
        match self.configs.get_mut(scope) {
            Some(config) => {
                *config = merge(config, patch);
                Outcome::Nothing
            }
            None => failed(format!("no config with scope \"{scope}\" was found")),
        }
    }

    fn load_links(&self, link_type: &str, left: Option<&str>, right: Option<&str>, size: Option<u32>) -> Outcome {
        let fits = |pattern: Option<&str>, name: &str| pattern.is_none_or(|pattern| wildcard(pattern, name));
        let all = self.links.iter().filter(|link| link.link_type == link_type);
        let matching = all.filter(|link| fits(left, &link.left_object.name) && fits(right, &link.right_object.name));
        let most = size.unwrap_or(20) as usize;
        let found: Vec<&Link> = matching.collect();
        let page = Value::array(found.iter().take(most).map(|link| link_value(link)));
        let meta = Value::object([("has_more", Value::from(found.len() > most))]);
        Outcome::Done(Value::object([("links", page), ("meta", meta)]))
    }

    fn create_link(&mut self, link_type: &str, left: &LinkObject, right: &LinkObject) -> Outcome {
        if self.find(link_type, &left.name, Some(&right.name)).is_some() {
            return failed(format!("a link {link_type} from {} to {} exists already", left.name, right.name));
        }
        let object = |object: &LinkObject| Object { name: object.name.clone(), metadata: object.metadata.clone() };
        let link = Link { link_type: link_type.to_owned(), left_object: object(left), right_object: object(right) };
        let value = link_value(&link);
        self.links.push(link);
        Outcome::Done(Value::object([("link", value)]))
    }

    fn patch_link(
        &mut self,
        key: (&str, &str, Option<&str>),
        left: Option<&LinkPatch>,
        right: Option<&LinkPatch>,
    ) -> Outcome {
        let Some(at) = self.find(key.0, key.1, key.2) else { return failed("no such link was found".to_owned()) };
        let link = &mut self.links[at];
        for (object, patch) in [(&mut link.left_object, left), (&mut link.right_object, right)] {
            let Some(patch) = patch else { continue };
            object.name = patch.name.clone().unwrap_or_else(|| object.name.clone());
            object.metadata = patch.metadata.clone().or_else(|| object.metadata.clone());
        }
        Outcome::Done(Value::object([("link", link_value(link))]))
    }

    fn delete_link(&mut self, link_type: &str, left: &str, right: &str) -> Outcome {
        match self.find(link_type, left, Some(right)) {
            Some(at) => {
                self.links.remove(at);
                Outcome::Nothing
            }
            None => failed("no such link was found".to_owned()),
        }
    }

    fn find(&self, link_type: &str, left: &str, right: Option<&str>) -> Option<usize> {
        self.links.iter().position(|link| {
            link.link_type == link_type
                && link.left_object.name == left
                && right.is_none_or(|right| link.right_object.name == right)
        })
    }
}

fn failed(cause: String) -> Outcome {
    Outcome::Failed(Failure::new(error::TASK_FAILED, cause))
}

fn link_value(link: &Link) -> Value {
    let object = |object: &Object| {
        let name = ("name", Value::string(&object.name));
        let metadata = object.metadata.clone().map(|metadata| ("metadata", metadata));
        Value::object([name].into_iter().chain(metadata))
    };
    Value::object([
        ("link_type", Value::string(&link.link_type)),
        ("left_object", object(&link.left_object)),
        ("right_object", object(&link.right_object)),
    ])
}

/// RFC 7396 without the deletion by null (spec 4.3).
fn merge(old: &Value, patch: &Value) -> Value {
    let (Value::Object(old), Value::Object(patch)) = (old, patch) else { return patch.clone() };
    let mut merged = zis_flow::value::Object::clone(old);
    for (key, value) in patch.iter() {
        let value = merged.get(key).map_or_else(|| value.clone(), |old| merge(old, value));
        merged.insert(key.clone(), value);
    }
    Value::Object(merged.into())
}

/// `*` matches any run of characters.
fn wildcard(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(text) = text.strip_prefix(head) else { return false };
    let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    ends.into_iter().any(|at| wildcard(rest, &text[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_matches_any_run() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("a*", "abc", true),
            ("a*c", "abc", true),
            ("a*d", "abc", false),
            ("abc", "abc", true),
            ("b*", "abc", false),
        ] {
            assert_eq!(wildcard(pattern, text), expected, "{pattern} {text}");
        }
    }
}
