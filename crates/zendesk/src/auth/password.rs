//! Passwords: argon2id on the blocking pool, a few at a time.

use std::sync::Arc;

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// KiB of memory, passes, lanes: as strong as 19 MiB and two passes (OWASP's table), in half the memory.
const COST: (u32, u32, u32) = (9 * 1024, 4, 1);
/// Hashes computed at once: more would only make each slower, and each holds its memory.
const AT_ONCE: usize = 2;

pub(crate) struct Hasher {
    permits: Arc<Semaphore>,
}

fn argon2() -> Argon2<'static> {
    let params = Params::new(COST.0, COST.1, COST.2, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

impl Hasher {
    pub fn new() -> Self {
        Self { permits: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// Waits until there is room for one more hash.
    pub async fn permit(&self) -> Option<OwnedSemaphorePermit> {
        self.permits.clone().acquire_owned().await.ok()
    }

    /// Is it the password of `hash`? Without a hash the answer is no, after the same time.
    pub async fn verify(&self, permit: Option<OwnedSemaphorePermit>, password: String, hash: Option<String>) -> bool {
        let work = move || {
            let _permit = permit;
            match hash.as_deref().and_then(|hash| PasswordHash::new(hash).ok()) {
                Some(hash) => Argon2::default().verify_password(password.as_bytes(), &hash).is_ok(),
                None => {
                    let _ = argon2().hash_password_with_salt(password.as_bytes(), &[0; 16]);
                    false
                }
            }
        };
        tokio::task::spawn_blocking(work).await.unwrap_or(false)
    }

    /// The PHC string that is stored; `None` when hashing failed.
    pub async fn hash(&self, password: String, salt: [u8; 16]) -> Option<String> {
        let permit = self.permit().await;
        let work = move || {
            let _permit = permit;
            argon2().hash_password_with_salt(password.as_bytes(), &salt).ok().map(|hash| hash.to_string())
        };
        tokio::task::spawn_blocking(work).await.ok().flatten()
    }
}
