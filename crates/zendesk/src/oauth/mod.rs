//! The local Zendesk as an OAuth provider (spec 6): clients, authorization, tokens.

mod authorize;
mod client;
mod grant;
mod token;

pub use authorize::{Asked, AuthorizeIn};
pub use client::{ClientIn, NewClient, PREDEFINED};
pub use grant::{ClientProof, GrantIn, Granted};
pub use zis_store::zendesk::oauth::{Client, Token};

use crate::error::ZendeskError;

/// How long an authorization code is good.
pub const CODE_TIME: std::time::Duration = std::time::Duration::from_secs(120);

fn refused(code: &'static str, description: impl Into<String>) -> ZendeskError {
    ZendeskError::Oauth { code, description: description.into() }
}

/// `read write` or `read,write`, each once, in order.
pub fn scopes(text: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for scope in text.split([' ', ',']).filter(|scope| !scope.is_empty()) {
        if !all.iter().any(|one| one == scope) {
            all.push(scope.to_owned());
        }
    }
    all
}
