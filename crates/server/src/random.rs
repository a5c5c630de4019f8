//! Random texts: tokens, passwords, identifiers.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use crate::errors::Refusal;

/// `bytes` random bytes as URL-safe text.
pub fn token(bytes: usize) -> Result<String, Refusal> {
    let mut buffer = vec![0_u8; bytes];
    getrandom::fill(&mut buffer).map_err(|error| Refusal::internal(format!("no randomness: {error}")))?;
    Ok(URL_SAFE_NO_PAD.encode(buffer))
}

/// A ULID: 26 characters that sort by time, from a version 7 UUID.
pub fn ulid() -> String {
    const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let number = uuid::Uuid::now_v7().as_u128();
    (0..26).rev().map(|place| char::from(DIGITS[(number >> (place * 5)) as usize & 31])).collect()
}

/// SHA-256 as hexadecimal digits: good for texts that are random themselves, not for passwords that people choose.
pub fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ulids_sort_and_have_their_length() {
        let many: Vec<_> = (0..100).map(|_| ulid()).collect();
        assert!(many.iter().all(|ulid| ulid.len() == 26 && ulid.starts_with('0')), "{many:?}");
        assert!(many.is_sorted());
    }

    #[test]
    fn hashes_are_sha256() {
        assert_eq!(hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
