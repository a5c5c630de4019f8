//! The built-in actions' parameters, checked and turned into [`Work`] (spec 4.2–4.4).

use std::fmt::Write;

use crate::{
    effect::{LinkObject, LinkPage, LinkPatch, Work},
    failure::{Failure, error},
    value::Value,
};

/// The six actions under `zis:common:action:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Builtin {
    LoadConfig,
    PatchConfig,
    LoadLinks,
    CreateLink,
    PatchLink,
    DeleteLink,
}

/// The largest page of links (spec 4.4).
const MAX_PAGE: i64 = 100;

impl Builtin {
    pub const ALL: [Builtin; 6] = [
        Builtin::LoadConfig,
        Builtin::PatchConfig,
        Builtin::LoadLinks,
        Builtin::CreateLink,
        Builtin::PatchLink,
        Builtin::DeleteLink,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Builtin::LoadConfig => "LoadConfig",
            Builtin::PatchConfig => "PatchConfig",
            Builtin::LoadLinks => "LoadLinks",
            Builtin::CreateLink => "CreateLink",
            Builtin::PatchLink => "PatchLink",
            Builtin::DeleteLink => "DeleteLink",
        }
    }

    /// The built-in that `zis:common:action:…` names.
    pub fn parse(action: &str) -> Option<Self> {
        let name = action.strip_prefix("zis:common:action:")?;
        Self::ALL.into_iter().find(|builtin| builtin.name() == name)
    }

    /// The work for these parameters, or what is wrong with them.
    pub fn work(self, parameters: &Value) -> Result<Work, Failure> {
        let read = Reader { builtin: self, parameters };
        Ok(match self {
            Builtin::LoadConfig => Work::LoadConfig { scope: read.string("scope")? },
            Builtin::PatchConfig => {
                Work::PatchConfig { scope: read.string("scope")?, config: read.object("config")?.clone() }
            }
            Builtin::LoadLinks => read.load_links()?,
            Builtin::CreateLink => Work::CreateLink {
                link_type: read.string("link_type")?,
                left: read.link_object("left_object")?,
                right: read.link_object("right_object")?,
            },
            Builtin::PatchLink => read.patch_link()?,
            Builtin::DeleteLink => Work::DeleteLink {
                link_type: read.string("link_type")?,
                left: read.name("left_object_name")?,
                right: read.name("right_object_name")?,
            },
        })
    }
}

/// Reads one built-in's parameters; every refusal names the action and the parameter.
struct Reader<'v> {
    builtin: Builtin,
    parameters: &'v Value,
}

impl<'v> Reader<'v> {
    fn get(&self, key: &str) -> Option<&'v Value> {
        self.parameters.get(key).filter(|value| !value.is_null())
    }

    fn refuse(&self, key: &str, wanted: &str, found: Option<&Value>) -> Failure {
        let found = found.map_or_else(
            || "it is missing".to_owned(),
            |value| format!("it is {}", super::resolve::with_article(value)),
        );
        let cause = format!("{}: parameter \"{key}\" must be {wanted}; {found}", self.builtin.name());
        let mut detail = String::from("parameters:");
        for (key, value) in self.parameters.as_object().into_iter().flat_map(|object| object.iter()) {
            let _ = write!(detail, " {key} ({})", value.type_name());
        }
        Failure::new(error::TASK_FAILED, cause).detail(detail)
    }

    fn string(&self, key: &str) -> Result<String, Failure> {
        match self.get(key) {
            Some(Value::String(text)) if !text.is_empty() => Ok(text.to_string()),
            other => Err(self.refuse(key, "a string that is not empty", other)),
        }
    }

    fn object(&self, key: &str) -> Result<&'v Value, Failure> {
        self.get(key)
            .filter(|value| value.as_object().is_some())
            .ok_or_else(|| self.refuse(key, "an object", self.get(key)))
    }

    /// Names of link objects are text; a number such as a ticket id is taken as its digits (spec 4.4).
    fn optional_name(&self, key: &str) -> Result<Option<String>, Failure> {
        match self.get(key) {
            None => Ok(None),
            Some(value) => name_text(value).map(Some).ok_or_else(|| self.refuse(key, "a name", Some(value))),
        }
    }

    fn name(&self, key: &str) -> Result<String, Failure> {
        self.optional_name(key)?.ok_or_else(|| self.refuse(key, "a name", None))
    }

    fn optional_text(&self, key: &str) -> Result<Option<String>, Failure> {
        self.optional_name(key).map(|text| text.filter(|text| !text.is_empty()))
    }

    fn link_object(&self, key: &str) -> Result<LinkObject, Failure> {
        let object = self.object(key)?;
        let name = object.get("name").and_then(name_text);
        let name = name.ok_or_else(|| self.refuse(&format!("{key}.name"), "a name", object.get("name")))?;
        Ok(LinkObject { name, metadata: self.metadata(key, object)? })
    }

    fn link_patch(&self, key: &str) -> Result<Option<LinkPatch>, Failure> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let object = self.object(key)?;
        let name = match object.get("name").filter(|name| !name.is_null()) {
            None => None,
            Some(name) => {
                let text = name_text(name);
                Some(text.ok_or_else(|| self.refuse(&format!("{key}.name"), "a name", Some(name)))?)
            }
        };
        Ok(Some(LinkPatch { name, metadata: self.metadata(key, value)? }))
    }

    fn metadata(&self, key: &str, object: &Value) -> Result<Option<Value>, Failure> {
        match object.get("metadata").filter(|value| !value.is_null()) {
            Some(value) if value.as_object().is_none() => {
                Err(self.refuse(&format!("{key}.metadata"), "an object", Some(value)))
            }
            value => Ok(value.cloned()),
        }
    }

    fn load_links(&self) -> Result<Work, Failure> {
        let link_type = self.string("link_type")?;
        let (left, right) = (self.optional_name("left_object_name")?, self.optional_name("right_object_name")?);
        if left.is_none() && right.is_none() {
            return Err(self.refuse("left_object_name", "given, or \"right_object_name\"", None));
        }
        let size = match self.get("page_size") {
            None => None,
            Some(value) => {
                let size = value.as_i64().filter(|size| *size >= 1);
                let size = size.ok_or_else(|| self.refuse("page_size", "an integer above 0", Some(value)))?;
                u32::try_from(size.min(MAX_PAGE)).ok()
            }
        };
        let page = LinkPage {
            size,
            after: self.optional_text("page_after_cursor")?,
            before: self.optional_text("page_before_cursor")?,
        };
        Ok(Work::LoadLinks { link_type, left, right, page })
    }

    fn patch_link(&self) -> Result<Work, Failure> {
        let new_left = self.link_patch("left_object")?;
        let new_right = self.link_patch("right_object")?;
        if new_left.is_none() && new_right.is_none() {
            return Err(self.refuse("left_object", "given, or \"right_object\"", None));
        }
        Ok(Work::PatchLink {
            link_type: self.string("link_type")?,
            left: self.name("left_object_name")?,
            right: self.optional_name("right_object_name")?,
            new_left,
            new_right,
        })
    }
}

fn name_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}
