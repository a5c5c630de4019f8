//! The local Zendesk: users, profiles, events, tickets, search, OAuth, request bins (spec: Zendesk REST).
//!
//! Domain logic only: typed requests in, values or classified errors out. HTTP lives in the server; events leave through the
//! [`sink::EventSink`] that it is given.

pub mod sink;
