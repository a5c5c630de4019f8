//! The face: HTTP routers, authentication, configuration, wire JSON, console.
//!
//! [`serve::Server`] opens everything and serves it; [`app::App`] is what handlers see. Only this crate knows status codes.

pub mod api;
pub mod app;
pub mod auth;
pub mod config;
pub mod console;
pub mod errors;
pub mod folder_lock;
pub mod graph;
pub mod layers;
pub mod openapi;
pub mod serve;
pub mod wire;
pub mod zendesk;
pub mod zis;

mod deadline;
mod house;
mod inside;
mod key_file;
mod listen;
mod outside;
mod patience;
mod proxied;
mod random;
mod sink;

pub use api::VisitOut;
pub use app::App;
pub use config::Config;
pub use serve::Server;
