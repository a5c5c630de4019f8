//! What the local Zendesk can't know by itself: the time, and chance. Replaced in tests.

use zis_flow::Timestamp;

/// Time and chance.
pub trait World: Send + Sync {
    fn now(&self) -> Timestamp;

    /// Fills `bytes` with what nobody can guess.
    fn random(&self, bytes: &mut [u8]);
}

/// The machine's clock and the operating system's randomness.
pub struct SystemWorld;

impl World for SystemWorld {
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp::default().saturating_add(since)
    }

    fn random(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system gives random bytes");
    }
}
