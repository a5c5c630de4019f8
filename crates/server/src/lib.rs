//! The face: HTTP routers, authentication, configuration, wire JSON, console.
//!
//! [`serve::Server`] opens everything and serves it; [`app::App`] is what handlers see. Only this crate knows status codes.

pub mod app;
pub mod config;
pub mod errors;
pub mod graph;
pub mod serve;

mod key_file;
mod listen;

pub use app::App;
pub use config::Config;
pub use serve::Server;
