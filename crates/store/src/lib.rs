//! Memory: a few dumb verbs over one portable SQL, with two drivers (D4).
//!
//! The only crate that knows SQL. A verb is a function that builds [`sql::Statement`]s, hands them to the [`Store`] as one logical
//! transaction and turns rows into typed values. Decisions are made elsewhere.

pub mod canary;
pub mod catalog;
pub mod config;
pub mod connection;
pub mod driver;
pub mod error;
pub mod event;
pub mod execution;
pub mod ids;
pub mod link;
pub mod log;
pub mod node;
pub mod oauth;
pub mod page;
pub mod pattern;
pub mod registry;
pub mod secret;
pub mod sql;
pub mod webhook;
pub mod zendesk;

mod migration;
mod store;

pub use error::StoreError;
pub use ids::{AccountId, EventId, ExecutionId};
pub use sql::Statement;
pub use store::{Pending, Reply, Store, Transaction};
