//! The authorization endpoint: checks the request, and on consent gives a code.

use zis_store::zendesk::oauth::{self, Client, Code};

use super::{CODE_TIME, PREDEFINED, refused, scopes};
use crate::{auth::Principal, error::ZendeskError, handle::Zendesk, ids};

/// Characters of a code.
const LENGTH: usize = 43;

/// What the browser brings.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AuthorizeIn {
    pub response_type: Option<String>,
    pub client_id: Option<String>,
    pub redirect_uri: Option<String>,
    pub scope: Option<String>,
    pub state: Option<String>,
    pub code_challenge: Option<String>,
    pub code_challenge_method: Option<String>,
}

/// A request that may be put before the user.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    pub client: Client,
    pub redirect_uri: String,
    pub scopes: Vec<String>,
    pub state: Option<String>,
    pub challenge: Option<String>,
}

impl Zendesk {
    /// Checks the request. A refusal here must not be sent to the redirect URI: it may be the attacker's.
    /// `origin` is this server's own: the predefined client may only lead back to it.
    pub async fn authorization(&self, input: &AuthorizeIn, origin: &str) -> Result<Asked, ZendeskError> {
        if input.response_type.as_deref() != Some("code") {
            return Err(refused("unsupported_response_type", "response_type must be code"));
        }
        let identifier = input.client_id.as_deref().unwrap_or_default();
        let client = oauth::client_by_identifier(&self.store, self.account, identifier).await?;
        let client =
            client.ok_or_else(|| refused("invalid_client", format!("there is no OAuth client `{identifier}`")))?;
        let redirect_uri = input.redirect_uri.clone().or_else(|| client.redirect_uris.first().cloned());
        let redirect_uri = redirect_uri.ok_or_else(|| refused("invalid_request", "redirect_uri is missing"))?;
        check_redirect(&client, &redirect_uri, origin)?;
        let challenge = input.code_challenge.clone();
        if challenge.is_some() && input.code_challenge_method.as_deref() != Some("S256") {
            return Err(refused("invalid_request", "code_challenge_method must be S256"));
        }
        if challenge.is_none() && !client.confidential {
            return Err(refused("invalid_request", "a public client must send a code_challenge (PKCE)"));
        }
        let asked = scopes(input.scope.as_deref().unwrap_or_default());
        let scopes = if asked.is_empty() { vec!["read".to_owned()] } else { asked };
        Ok(Asked { client, redirect_uri, scopes, state: input.state.clone(), challenge })
    }

    /// The user agrees: a code, good once and for two minutes.
    pub async fn consent(&self, caller: &Principal, asked: &Asked) -> Result<String, ZendeskError> {
        let code = self.secret(LENGTH);
        let row = Code {
            hash: ids::digest(&code),
            client_id: asked.client.id,
            user_id: caller.user.id,
            redirect_uri: asked.redirect_uri.clone(),
            scopes: asked.scopes.clone(),
            challenge: asked.challenge.clone(),
            expires_at: self.now().saturating_add(CODE_TIME),
        };
        self.store.write(vec![oauth::insert_code(self.account, &row)]).await?;
        Ok(code)
    }
}

/// A registered URI must be met exactly; without registered ones any https or loopback URI will do, and for the predefined client
/// only this server itself.
fn check_redirect(client: &Client, uri: &str, origin: &str) -> Result<(), ZendeskError> {
    if client.identifier == PREDEFINED {
        let own = uri.strip_prefix(origin).is_some_and(|rest| rest.starts_with('/'));
        return if own { Ok(()) } else { Err(refused("invalid_request", "redirect_uri must be this server's own")) };
    }
    let registered = client.redirect_uris.iter().any(|one| one == uri);
    if !client.redirect_uris.is_empty() && !registered {
        return Err(refused("invalid_request", "redirect_uri is not one of the client's"));
    }
    if registered || secure(uri) {
        return Ok(());
    }
    Err(refused("invalid_request", "redirect_uri must be an absolute https URL, or http on this machine"))
}

/// https, or http on a loopback name.
fn secure(uri: &str) -> bool {
    if uri.chars().any(|letter| letter.is_control() || letter.is_whitespace()) {
        return false;
    }
    if let Some(rest) = uri.strip_prefix("https://") {
        return !rest.is_empty() && !rest.starts_with('/');
    }
    let Some(rest) = uri.strip_prefix("http://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = if let Some(v6) = authority.strip_prefix('[') {
        v6.split(']').next().unwrap_or_default()
    } else {
        authority.split(':').next().unwrap_or_default()
    };
    matches!(host, "localhost" | "::1")
        || host.ends_with(".localhost")
        || host.starts_with("127.") && host.parse::<std::net::Ipv4Addr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::secure;

    #[test]
    fn redirects_are_https_or_local() {
        for good in [
            "https://x.example/cb",
            "http://127.0.0.1:8080/cb",
            "http://localhost/cb",
            "http://acme.localhost:1/",
            "http://[::1]:9/",
        ] {
            assert!(secure(good), "{good}");
        }
        for bad in [
            "http://x.example/",
            "javascript:alert(1)",
            "/cb",
            "http://127.0.0.1.evil.example/",
            "http://localhost@evil.example/",
            "https://",
            "https://x\n",
        ] {
            assert!(!secure(bad), "{bad}");
        }
    }
}
