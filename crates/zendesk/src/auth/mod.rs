//! Who calls: passwords, API tokens, OAuth tokens, sessions (spec 0.2).
//!
//! A verified header is remembered for a short time under a keyed hash, so that a request with basic authentication costs
//! microseconds and not an argon2 run.

mod api_token;
mod cache;
mod limiter;
mod password;
pub mod scope;
mod session;

use std::{net::IpAddr, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use zis_store::{
    StoreError,
    zendesk::{
        oauth, token,
        user::{self, User},
    },
};

use crate::{handle::Zendesk, ids, world::World};
use cache::Cache;
use limiter::Limiter;
use password::Hasher;

pub use session::{SESSION_COOKIE, SESSION_TIME};
pub use zis_store::zendesk::token::ApiToken;
pub use zis_store::zendesk::user::Role;

/// What a request carries to say who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credentials<'a> {
    None,
    /// The `Authorization` header.
    Header(&'a str),
    /// The value of the session cookie.
    Session(&'a str),
}

/// Who calls, and how that was shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Principal {
    pub user: Arc<User>,
    pub via: Via,
    /// The admin behind an `X-On-Behalf-Of`.
    pub real: Option<Arc<User>>,
}

/// How a caller showed who it is.
#[derive(Debug, Clone, PartialEq)]
pub enum Via {
    Password,
    ApiToken,
    OAuth {
        client_id: i64,
        /// The client's identifier: `zis_…` for an integration.
        client: String,
        scopes: Arc<Vec<String>>,
        token_id: i64,
    },
    Session,
}

impl Principal {
    pub fn role(&self) -> Role {
        self.user.role
    }

    pub fn is_admin(&self) -> bool {
        self.user.role == Role::Admin
    }

    pub fn is_agent(&self) -> bool {
        self.user.role != Role::EndUser
    }

    /// The integration whose client the token was made with (`zis_NAME` → `NAME`).
    pub fn integration(&self) -> Option<&str> {
        if let Via::OAuth { client, .. } = &self.via { client.strip_prefix("zis_") } else { None }
    }

    /// Do the token's scopes allow this? Everything but OAuth does.
    pub fn may(&self, resource: &str, access: scope::Access) -> bool {
        if let Via::OAuth { scopes, .. } = &self.via { scope::allows(scopes, resource, access) } else { true }
    }
}

/// Why nobody is let in.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// No credentials, or a header of another kind.
    #[error("Couldn't authenticate you")]
    Missing,
    /// Wrong e-mail address or password.
    #[error("Couldn't authenticate you")]
    WrongPassword,
    /// Wrong e-mail address or API token.
    #[error("Couldn't authenticate you")]
    WrongApiToken,
    /// A bearer that is unknown, expired or revoked.
    #[error("The access token provided is expired, revoked, malformed or invalid for other reasons.")]
    WrongBearer,
    /// A session that is unknown or has ended.
    #[error("the session has ended")]
    WrongSession,
    /// Too many wrong credentials; try again after the seconds.
    #[error("too many failed attempts; try again in {0} s")]
    TooMany(u32),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a sign-in by form gives no session.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    #[error(transparent)]
    Auth(#[from] AuthError),
    #[error(transparent)]
    Zendesk(#[from] crate::error::ZendeskError),
}

/// The parts that remember.
pub(crate) struct Authenticator {
    cache: Cache,
    limiter: Limiter,
    hasher: Hasher,
}

impl Authenticator {
    pub fn new(world: &dyn World) -> Self {
        Self { cache: Cache::new(world), limiter: Limiter::default(), hasher: Hasher::new() }
    }

    pub async fn verify_password(&self, password: &str, hash: &str) -> bool {
        let permit = self.hasher.permit().await;
        self.hasher.verify(permit, password.to_owned(), Some(hash.to_owned())).await
    }

    pub async fn hash_password(&self, password: &str, salt: [u8; 16]) -> Option<String> {
        self.hasher.hash(password.to_owned(), salt).await
    }

    /// Forgets what was verified: after a change of a password, a role, a token.
    pub fn forget(&self) {
        self.cache.clear();
    }
}

impl Zendesk {
    /// Finds out who calls. `peer` is the address that failures are counted for.
    pub async fn authenticate(
        &self,
        credentials: Credentials<'_>,
        peer: Option<IpAddr>,
    ) -> Result<Principal, AuthError> {
        let (text, session) = match credentials {
            Credentials::None => return Err(AuthError::Missing),
            Credentials::Header(text) => (text, false),
            Credentials::Session(text) => (text, true),
        };
        let key = self.auth.cache.key(text);
        if let Some(principal) = self.auth.cache.get(&key, self.now()) {
            return Ok(principal);
        }
        let since = self.auth.cache.generation();
        let principal = if session {
            self.session_principal(text).await?
        } else {
            match text.split_once(' ') {
                Some((kind, rest)) if kind.eq_ignore_ascii_case("basic") => self.basic(rest.trim(), &key, peer).await?,
                Some((kind, rest)) if kind.eq_ignore_ascii_case("bearer") => self.bearer(rest.trim()).await?,
                _ if text.trim().eq_ignore_ascii_case("bearer") => return Err(AuthError::WrongBearer),
                _ => return Err(AuthError::Missing),
            }
        };
        self.auth.cache.put(key, &principal, self.now(), since);
        Ok(principal)
    }

    async fn basic(&self, encoded: &str, key: &cache::Key, peer: Option<IpAddr>) -> Result<Principal, AuthError> {
        let bytes = STANDARD.decode(encoded).map_err(|_| AuthError::WrongPassword)?;
        let text = String::from_utf8(bytes).map_err(|_| AuthError::WrongPassword)?;
        let (name, secret) = text.split_once(':').ok_or(AuthError::WrongPassword)?;
        let who = limiter::Who::new(peer, name);
        if let Some(seconds) = self.auth.limiter.blocked(&who, self.now()) {
            return Err(AuthError::TooMany(seconds));
        }
        let answer = match name.strip_suffix("/token") {
            Some(email) => self.api_token(email, secret).await,
            None => self.password(name, secret, key).await,
        };
        match &answer {
            Ok(_) => self.auth.limiter.succeeded(who, self.now()),
            Err(AuthError::WrongPassword | AuthError::WrongApiToken) => self.auth.limiter.failed(who, self.now()),
            Err(_) => {}
        }
        answer
    }

    async fn password(&self, email: &str, password: &str, key: &cache::Key) -> Result<Principal, AuthError> {
        let found = user::with_password(&self.store, self.account, email).await?;
        let (user, hash) = found.map_or((None, None), |(user, hash)| (Some(user), hash));
        let right = self.is_right(password, hash, key).await;
        match user {
            Some(user) if right && !user.suspended => {
                Ok(Principal { user: Arc::new(user), via: Via::Password, real: None })
            }
            _ => Err(AuthError::WrongPassword),
        }
    }

    /// Whether `password`, of the header `key`, is that of `hash`. It is computed once for as long as the hash stays the same, however many
    /// ask at the same time.
    async fn is_right(&self, password: &str, hash: Option<String>, key: &cache::Key) -> bool {
        let Authenticator { cache, hasher, .. } = &self.auth;
        let is_proven = || hash.as_deref().is_some_and(|hash| cache.is_proven(key, hash));
        if is_proven() {
            return true;
        }
        // An unknown address costs as much time as a wrong password.
        let permit = hasher.permit().await;
        if is_proven() {
            return true;
        }
        let right = hasher.verify(permit, password.to_owned(), hash.clone()).await;
        if let Some(hash) = hash.filter(|_| right) {
            cache.prove(*key, hash);
        }
        right
    }

    async fn api_token(&self, email: &str, secret: &str) -> Result<Principal, AuthError> {
        if !token::exists(&self.store, self.account, &ids::digest(secret)).await? {
            return Err(AuthError::WrongApiToken);
        }
        match user::with_password(&self.store, self.account, email).await? {
            Some((user, _)) if !user.suspended => {
                Ok(Principal { user: Arc::new(user), via: Via::ApiToken, real: None })
            }
            _ => Err(AuthError::WrongApiToken),
        }
    }

    async fn bearer(&self, secret: &str) -> Result<Principal, AuthError> {
        let token = oauth::token_by_hash(&self.store, self.account, &ids::digest(secret)).await?;
        let token = token.ok_or(AuthError::WrongBearer)?;
        if token.expires_at.is_some_and(|at| at <= self.now()) {
            return Err(AuthError::WrongBearer);
        }
        let client = oauth::client_by_id(&self.store, self.account, token.client_id).await?;
        let client = client.ok_or(AuthError::WrongBearer)?;
        let user = user::show(&self.store, self.account, token.user_id).await?;
        let user = user.filter(|user| user.active && !user.suspended).ok_or(AuthError::WrongBearer)?;
        let via = Via::OAuth {
            client_id: client.id,
            client: client.identifier,
            scopes: Arc::new(token.scopes),
            token_id: token.id,
        };
        Ok(Principal { user: Arc::new(user), via, real: None })
    }

    /// `X-On-Behalf-Of`: the principal acts as the user with this e-mail address.
    pub async fn impersonate(
        &self,
        principal: Principal,
        email: &str,
    ) -> Result<Principal, crate::error::ZendeskError> {
        use crate::error::ZendeskError;
        if !principal.is_admin() {
            return Err(ZendeskError::Forbidden("only an admin may act on behalf of another user".to_owned()));
        }
        if let Via::OAuth { scopes, .. } = &principal.via
            && !scopes.iter().any(|scope| scope == "impersonate")
        {
            return Err(ZendeskError::Forbidden("the token lacks the scope `impersonate`".to_owned()));
        }
        let found = user::with_password(&self.store, self.account, email).await?;
        match found {
            Some((user, _)) => Ok(Principal { real: Some(principal.user), user: Arc::new(user), via: principal.via }),
            None => {
                Err(ZendeskError::fault("base", format!("X-On-Behalf-Of: there is no user {email}"), "InvalidValue"))
            }
        }
    }
}
