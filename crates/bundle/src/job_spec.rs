//! `ZIS::JobSpec`: one event source and type → one flow (spec 2.6).

use crate::text::{Span, Spanned};

#[derive(Debug, Clone, PartialEq)]
pub struct JobSpec {
    /// Key in `resources`.
    pub key: String,
    pub span: Span,
    pub name: Spanned<String>,
    pub description: Option<String>,
    pub event_source: Spanned<String>,
    pub event_type: Spanned<String>,
    /// As written: `zis:<integration>:flow:<name>`.
    pub flow_name: Spanned<String>,
}
