//! A jq program that doesn't compile.
//!
//! # What it checks
//!
//! `expr` of every Jq action is compiled, with the jq that the server uses.
//!
//! # Why
//!
//! ZIS doesn't look at upload: the state fails whenever it runs.
//!
//! # Example
//!
//! ```json
//! {"expr": ".items[] | select(.id == 1", "data.$": "$.input"}
//! ```
//!
//! # Instead
//!
//! ```json
//! {"expr": ".items[] | select(.id == 1)", "data.$": "$.input"}
//! ```

use std::collections::HashMap;

use zis_bundle::{Span, built_in::JQ, flow::StateKind, json::source_offset};
use zis_flow::jq::{Filter, JqError};

use crate::rule::{Context, Found};

pub fn check(context: &Context, found: &mut Found) {
    let mut compiled: HashMap<&str, Option<JqError>> = HashMap::new();
    for place in context.states() {
        let StateKind::Action(action) = &place.state.kind else { continue };
        let parameters = action.parameters.as_ref().filter(|_| action.action.value == JQ);
        let Some(program) = parameters.and_then(|parameters| parameters.get("expr")) else { continue };
        let Some(text) = program.as_str().filter(|text| !text.contains("{{")) else { continue };
        let error = compiled.entry(text).or_insert_with(|| Filter::compile(text).err());
        let Some(error) = error else { continue };
        let (message, range) = match error {
            JqError::Compile { message, at } => (message.clone(), at.clone()),
            other => (other.to_string(), 0..text.len()),
        };
        let start = source_offset(context.text, program.span, range.start);
        let end = source_offset(context.text, program.span, range.end).max(start);
        let pointer = format!("{}/Parameters/expr", place.state.pointer);
        found.add(Span::new(start, end), &pointer, format!("the jq program doesn't compile: {message}")).help =
            Some("it uploads, and the state fails whenever it runs".into());
    }
}
