//! What tests need from outside the workspace: a PostgreSQL of their own, free ports. A dev-dependency only.
//!
//! Everything here panics with what to do: a test that can't have its surroundings has failed.

pub mod postgres;

use std::net::{Ipv4Addr, TcpListener};

/// A TCP port of 127.0.0.1 that was free a moment ago.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("the loopback interface has a free port");
    listener.local_addr().expect("a bound socket has an address").port()
}
