//! The built-in actions (spec 4): their names and the parameters they take.

/// One built-in action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BuiltIn {
    /// The whole resource name.
    pub name: &'static str,
    pub required: &'static [&'static str],
    pub optional: &'static [&'static str],
}

/// Every built-in action, sorted by name.
pub const ALL: &[BuiltIn] = &[
    BuiltIn {
        name: "zis:common:action:CreateLink",
        required: &["link_type", "left_object", "right_object"],
        optional: &[],
    },
    BuiltIn {
        name: "zis:common:action:DeleteLink",
        required: &["link_type", "left_object_name", "right_object_name"],
        optional: &[],
    },
    BuiltIn { name: "zis:common:action:LoadConfig", required: &["scope"], optional: &[] },
    BuiltIn {
        name: "zis:common:action:LoadLinks",
        required: &["link_type"],
        optional: &["left_object_name", "right_object_name", "page_size", "page_after_cursor", "page_before_cursor"],
    },
    BuiltIn { name: "zis:common:action:PatchConfig", required: &["scope", "config"], optional: &[] },
    BuiltIn {
        name: "zis:common:action:PatchLink",
        required: &["link_type", "left_object_name"],
        optional: &["right_object_name", "left_object", "right_object"],
    },
    BuiltIn { name: JQ, required: &["expr", "data"], optional: &[] },
];

/// The jq action.
pub const JQ: &str = "zis:common:transform:Jq";

/// The built-in action of this name.
pub fn find(name: &str) -> Option<&'static BuiltIn> {
    ALL.iter().find(|action| action.name == name)
}
