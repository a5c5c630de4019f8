//! `ZIS::Action::Http`: a request to an API, with placeholders (spec 2.4).

use crate::{
    json::Node,
    text::{Span, Spanned},
};

#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// Key in `resources`.
    pub key: String,
    pub span: Span,
    pub name: Spanned<String>,
    pub definition: Definition,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    pub span: Span,
    pub method: Spanned<Method>,
    pub target: Target,
    pub connection: Option<Spanned<String>>,
    pub headers: Vec<Entry>,
    pub query: Vec<Entry>,
    /// `requestBody`: nested keys may end in `.$`, every string may hold placeholders.
    pub body: Option<Body>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Get,
    Head,
    Put,
    Post,
    Delete,
    Options,
    Patch,
    Trace,
}

impl Method {
    pub const ALL: [Method; 8] = [
        Method::Get,
        Method::Head,
        Method::Put,
        Method::Post,
        Method::Delete,
        Method::Options,
        Method::Patch,
        Method::Trace,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Head => "HEAD",
            Method::Put => "PUT",
            Method::Post => "POST",
            Method::Delete => "DELETE",
            Method::Options => "OPTIONS",
            Method::Patch => "PATCH",
            Method::Trace => "TRACE",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == text)
    }

    /// GET, HEAD and OPTIONS change nothing outside (D3); a repeat does no harm.
    pub fn is_safe(self) -> bool {
        matches!(self, Method::Get | Method::Head | Method::Options)
    }
}

/// Where the request goes: an absolute URL, or a path on the account's Zendesk host.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    Url(Text),
    Path(Text),
}

/// A string of a definition: with `.$` a reference path or template, without it a template all the same (spec 2.4.3).
#[derive(Debug, Clone, PartialEq)]
pub struct Text {
    pub text: String,
    pub span: Span,
    /// Written under a `.$` key.
    pub dynamic: bool,
}

/// One `{"key": …, "value": …}` of `headers` or `queryParams`. A value that is no string is sent as its JSON text.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub key: Spanned<String>,
    pub value: Text,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// `requestBody`: a tree with templates.
    Tree(Node),
    /// `requestBody.$`: the whole body from a path or template.
    Dynamic(Text),
}
