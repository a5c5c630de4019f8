//! `.$` keys and placeholders inside `Parameters`, `requestBody`, headers and URLs (spec 2.4.3, 3.7).

use std::collections::HashSet;

use super::{Context, Place};
use crate::{
    code,
    json::Kind,
    path::PathError,
    template::{Dynamic, Template},
    walk::dynamic_key,
};

/// Whether a string without `.$` is a template: yes in action definitions, no in `Parameters`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plain {
    Template,
    Literal,
}

impl Context<'_> {
    /// Checks every key and string of a tree.
    pub(super) fn dynamic_tree(&mut self, place: &Place, plain: Plain) {
        match &place.node.kind {
            Kind::Object(members) => {
                self.both_forms(place);
                for member in members {
                    let value = place.member(member);
                    if dynamic_key(&member.key).is_some() {
                        self.dynamic_text(&value, &member.key);
                    } else {
                        self.dynamic_tree(&value, plain);
                    }
                }
            }
            Kind::Array(_) => place.items().for_each(|item| self.dynamic_tree(&item, plain)),
            Kind::String(text) if plain == Plain::Template => {
                if let Err(error) = Template::parse(text) {
                    self.bad_placeholder(place, &error);
                }
            }
            _ => {}
        }
    }

    /// Checks the value of a `.$` key; gives its text when it is good.
    pub(super) fn dynamic_text<'n>(&mut self, place: &Place<'n>, key: &str) -> Option<&'n str> {
        let Some(text) = place.node.as_str() else {
            if !self.is_broken(place) {
                let message = format!("`{key}` must be a string, this is {}", place.described());
                let help = format!("drop the `.$` for a fixed value: `\"{}\"`", key.trim_end_matches(".$"));
                self.report(code::DYNAMIC_NOT_TEXT, place, message, help);
            }
            return None;
        };
        if is_intrinsic(text) {
            let help = "use placeholders, `\"Order {{$.id}}\"`, or a `zis:common:transform:Jq` action";
            self.report(code::INTRINSIC, place, "intrinsic functions are not supported", help);
            return None;
        }
        match Dynamic::parse(text) {
            Ok(_) => Some(text),
            Err(error) => {
                self.bad_placeholder(place, &error);
                None
            }
        }
    }

    pub(super) fn bad_placeholder(&mut self, place: &Place, error: &PathError) {
        let text = place.node.as_str().unwrap_or_default();
        let message = format!("bad path in `{}`: {}", shortened(text), error.message);
        let help = "a path looks like `$.input.ticket_event.ticket.id`, a placeholder like `{{$.input.x}}`";
        self.report(code::BAD_PATH, place, message, help);
    }

    fn both_forms(&mut self, place: &Place) {
        let members = place.node.members();
        if !members.iter().any(|member| dynamic_key(&member.key).is_some()) {
            return;
        }
        let keys: HashSet<&str> = members.iter().map(|member| &*member.key).collect();
        for member in members {
            let Some(plain) = dynamic_key(&member.key).filter(|plain| keys.contains(plain)) else { continue };
            let message = format!("`{plain}` and `{}` name the same member", member.key);
            let finding = self.error(code::BOTH_FORMS, member.key_span, message).at(place.pointer_to(&member.key));
            self.add(finding.help("keep one of them"));
        }
    }
}

fn is_intrinsic(text: &str) -> bool {
    text.strip_prefix("States.").is_some_and(|rest| {
        let name = rest.find(|found: char| !found.is_ascii_alphanumeric()).unwrap_or(rest.len());
        name > 0 && rest[name..].starts_with('(')
    })
}

/// At most 60 characters of `text`, for messages.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into(),
    }
}
