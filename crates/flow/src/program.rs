//! A compiled flow: states by index, paths and templates parsed, jq programs compiled on first use. Immutable and shared.

use std::sync::Arc;

use zis_bundle::{Action, Flow};

use crate::settings::Settings;

/// One flow, ready to run. Compiled once per bundle digest and shared by all its executions.
#[derive(Debug)]
pub struct Program {
    pub name: String,
    /// Connections the flow needs, in the order the start check names them (spec 2.4.6): `connectionName`s of its actions,
    /// then every `$.connections.<name>`.
    pub connections: Vec<String>,
    /// The subset whose `access_token` the flow reads as `$.connections.<name>.access_token`.
    pub exposed_connections: Vec<String>,
    pub settings: Arc<Settings>,
    // states … (private)
}

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CompileError {
    #[error("state `{state}` calls action `{action}`, which no bundle of the integration defines")]
    UnknownAction { state: String, action: String },
    #[error("state `{state}` points at `{target}`, which is no state of its machine")]
    UnknownState { state: String, target: String },
}

impl Program {
    /// Compiles `flow`. `action` finds a custom action by its `properties.name`. An unknown action is no error here: the state
    /// fails when it is reached (spec 3.3).
    pub fn compile<'b>(
        flow: &Flow,
        action: impl Fn(&str) -> Option<&'b Action>,
        settings: Arc<Settings>,
    ) -> Result<Arc<Program>, CompileError> {
        let _ = (flow, action, settings);
        todo!()
    }
}
