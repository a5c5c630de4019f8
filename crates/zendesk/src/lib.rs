//! The local Zendesk: users, profiles, events, tickets, search, OAuth, request bins (spec: Zendesk REST).
//!
//! Domain logic only: typed requests in, values or classified errors out. HTTP lives in the server; events leave through the
//! [`sink::EventSink`] that it is given. [`Zendesk`] is the handle; each area adds its calls to it in its own module.

pub mod activity;
pub mod auth;
pub mod bin;
pub mod delivery;
pub mod error;
pub mod oauth;
pub mod profile;
pub mod search;
pub mod sink;
pub mod ticket;
pub mod user;
pub mod world;

mod handle;
mod ids;
mod outbox;
mod read;

pub use error::ZendeskError;
pub use handle::Zendesk;
pub use zis_store::zendesk::{Order, Sorted, Window};
