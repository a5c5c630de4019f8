//! The outside, for real: HTTP over loopback sockets, connections in a store, a provider of tokens.

#![allow(clippy::unwrap_used, reason = "a failing case panics")]

mod action;
mod builtin;
mod client;
mod connection;
mod inside;
mod oauth;
mod server;
mod world;
