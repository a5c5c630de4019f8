//! Sessions of the console: a random cookie, kept as SHA-256.

use std::{sync::Arc, time::Duration};

use zis_store::zendesk::{
    session,
    user::{self},
};

use super::{AuthError, Principal, Via};
use crate::{error::ZendeskError, handle::Zendesk, ids};

/// Name of the cookie.
pub const SESSION_COOKIE: &str = "zis_session";
/// How long a session lasts: a working day.
pub const SESSION_TIME: Duration = Duration::from_secs(12 * 60 * 60);
/// Characters of the cookie: 250 bits.
const LENGTH: usize = 42;

impl Zendesk {
    /// Starts a session and gives the cookie's value.
    pub async fn start_session(&self, user_id: i64) -> Result<String, ZendeskError> {
        let cookie = self.secret(LENGTH);
        let now = self.now();
        let ends = now.saturating_add(SESSION_TIME);
        let insert = session::insert(self.account, &ids::digest(&cookie), user_id, now, ends);
        self.store.write(vec![session::expire(self.account, now), insert]).await?;
        Ok(cookie)
    }

    pub async fn end_session(&self, cookie: &str) -> Result<(), ZendeskError> {
        self.store.write(vec![session::delete(self.account, &ids::digest(cookie))]).await?;
        self.auth.forget();
        Ok(())
    }

    pub(super) async fn session_principal(&self, cookie: &str) -> Result<Principal, AuthError> {
        let found = session::user_of(&self.store, self.account, &ids::digest(cookie), self.now()).await?;
        let (user_id, _) = found.ok_or(AuthError::WrongSession)?;
        let user = user::show(&self.store, self.account, user_id).await?;
        let user = user.filter(|user| user.active && !user.suspended).ok_or(AuthError::WrongSession)?;
        Ok(Principal { user: Arc::new(user), via: Via::Session, real: None })
    }
}
