//! Numbers, ULIDs and secrets.

use std::sync::Mutex;

use sha2::{Digest, Sha256};

use crate::world::World;

/// Milliseconds from the Unix epoch to 2025-01-01: ids count from there, so that they stay below 2^53 for a century.
const EPOCH_MS: i64 = 1_735_689_600_000;
/// Low bits of an id: thousands in a millisecond before the clock is outrun.
const LOW_BITS: u32 = 12;
const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const ALPHANUMERIC: &[u8; 62] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// Makes ids that grow with time and are unlikely to meet those of another node; unique keys catch those that do.
#[derive(Default)]
pub(crate) struct Ids {
    last: Mutex<i64>,
}

impl Ids {
    /// An id for a user, an audit, a comment: an integer below 2^53.
    pub fn number(&self, world: &dyn World) -> i64 {
        let mut noise = [0; 2];
        world.random(&mut noise);
        let low = i64::from(u16::from_le_bytes(noise)) & ((1 << (LOW_BITS - 1)) - 1);
        let ms = (world.now().0 / 1000 - EPOCH_MS).max(1);
        let mut last = self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *last = ((ms << LOW_BITS) | low).max(*last + 1);
        *last
    }
}

/// 26 characters: 48 bits of time, 80 of chance.
pub(crate) fn ulid(world: &dyn World) -> String {
    let mut noise = [0; 10];
    world.random(&mut noise);
    let ms = u128::try_from(world.now().0 / 1000).unwrap_or_default();
    let chance = noise.iter().fold(0_u128, |sum, byte| (sum << 8) | u128::from(*byte));
    let bits = (ms << 80) | chance;
    (0..26)
        .rev()
        .map(|at| char::from(CROCKFORD[usize::try_from((bits >> (5 * at)) & 31).unwrap_or_default()]))
        .collect()
}

/// `length` characters that nobody can guess, for tokens and secrets.
pub(crate) fn secret(world: &dyn World, length: usize) -> String {
    let mut out = String::with_capacity(length);
    let mut noise = [0; 64];
    while out.len() < length {
        world.random(&mut noise);
        // Bytes above the last multiple of 62 are thrown away: no character is likelier than another.
        let even =
            noise.iter().filter(|byte| **byte < 248).map(|byte| char::from(ALPHANUMERIC[usize::from(byte % 62)]));
        out.extend(even.take(length - out.len()));
    }
    out
}

/// How tokens are kept and looked up: hexadecimal SHA-256.
pub(crate) fn digest(secret: &str) -> String {
    hex(&Sha256::digest(secret.as_bytes()))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::SystemWorld;

    #[test]
    fn numbers_grow_and_fit_a_double() {
        let ids = Ids::default();
        let made: Vec<i64> = (0..10_000).map(|_| ids.number(&SystemWorld)).collect();
        assert!(made.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(made.iter().all(|id| *id > 0 && *id < 1 << 53));
    }

    #[test]
    fn ulids_have_26_characters_of_the_alphabet() {
        let id = ulid(&SystemWorld);
        assert_eq!(id.len(), 26);
        assert!(id.bytes().all(|byte| CROCKFORD.contains(&byte)), "{id}");
    }
}
