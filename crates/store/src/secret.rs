//! Secrets at rest: an AEAD with a rotatable key, and a type that can't be printed (D9).

use std::sync::Arc;

use aes_gcm_siv::{
    Aes256GcmSiv, Nonce,
    aead::{Aead, KeyInit, Payload},
};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::StoreError;

/// The first byte of every sealed secret: the layout below it.
const FORMAT: u8 = 1;
/// Bytes of the key's fingerprint: enough to tell a handful of keys apart.
const ID: usize = 4;
const NONCE: usize = 12;

/// Encrypts and decrypts what the store must not show. Has no `Debug`: it holds keys.
#[derive(Clone)]
pub struct Vault {
    keys: Arc<Vec<Key>>,
}

struct Key {
    id: [u8; ID],
    cipher: Aes256GcmSiv,
}

impl Vault {
    /// From 32-byte keys: the first encrypts, all decrypt (rotation).
    pub fn new(keys: &[[u8; 32]]) -> Result<Self, StoreError> {
        if keys.is_empty() {
            return Err(StoreError::Invalid("no secret key: set ZIS_SECRET_KEY to 64 hexadecimal digits".to_owned()));
        }
        let keys = keys.iter().map(|key| Key { id: fingerprint(key), cipher: Aes256GcmSiv::new(key.into()) }).collect();
        Ok(Self { keys: Arc::new(keys) })
    }

    /// `ZIS_SECRET_KEY` is 64 hexadecimal digits; several, separated by commas, for rotation.
    pub fn from_hex(text: &str) -> Result<Self, StoreError> {
        let keys: Option<Vec<_>> = text.split(',').map(|key| hex(key.trim())).collect();
        // Says nothing of the text: it may be a key with one digit too many.
        let keys = keys.ok_or_else(|| {
            StoreError::Invalid(
                "ZIS_SECRET_KEY must be 64 hexadecimal digits, or several such keys separated by commas".to_owned(),
            )
        })?;
        Self::new(&keys.iter().map(|key| **key).collect::<Vec<_>>())
    }

    /// Format, key id, nonce and ciphertext. `context` (account, integration, name) is authenticated: a blob copied to another row does not open.
    pub fn seal(&self, context: &str, secret: &SecretString) -> Vec<u8> {
        let key = self.keys.first().expect("a vault has at least one key");
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).expect("the operating system gives random bytes");
        let payload = Payload { msg: secret.expose_secret().as_bytes(), aad: context.as_bytes() };
        let sealed = key.cipher.encrypt(&Nonce::from(nonce), payload).expect("secrets are shorter than 2^36 bytes");
        [&[FORMAT], key.id.as_slice(), nonce.as_slice(), sealed.as_slice()].concat()
    }

    /// What was sealed for the same `context`, with any of the keys.
    pub fn open(&self, context: &str, sealed: &[u8]) -> Result<SecretString, StoreError> {
        let damaged = |what: &str| StoreError::Damaged(format!("the secret of {context} {what}"));
        let (&format, rest) = sealed.split_first().ok_or_else(|| damaged("is empty"))?;
        if format != FORMAT {
            return Err(damaged("was sealed by a newer version of zis"));
        }
        let (id, rest) = rest.split_first_chunk::<ID>().ok_or_else(|| damaged("is cut short"))?;
        let (nonce, body) = rest.split_first_chunk::<NONCE>().ok_or_else(|| damaged("is cut short"))?;
        let mut known = self.keys.iter().filter(|key| key.id == *id).peekable();
        if known.peek().is_none() {
            return Err(damaged(
                "was sealed with a key that ZIS_SECRET_KEY does not hold: add the old key behind the new one",
            ));
        }
        known
            .find_map(|key| {
                key.cipher.decrypt(&Nonce::from(*nonce), Payload { msg: body, aad: context.as_bytes() }).ok()
            })
            .and_then(|secret| String::from_utf8(secret).ok())
            .map(SecretString::from)
            .ok_or_else(|| damaged("does not open: it was changed, or belongs to something else"))
    }
}

/// Tells keys apart without saying anything of them.
fn fingerprint(key: &[u8; 32]) -> [u8; ID] {
    let digest = Sha256::new().chain_update(b"zis secret key id").chain_update(key).finalize();
    let mut id = [0; ID];
    id.copy_from_slice(&digest[..ID]);
    id
}

fn hex(text: &str) -> Option<Zeroizing<[u8; 32]>> {
    let mut key = Zeroizing::new([0; 32]);
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (at, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: [u8; 32] = [1; 32];
    const NEW: [u8; 32] = [2; 32];

    fn vault(keys: &[[u8; 32]]) -> Vault {
        Vault::new(keys).unwrap()
    }

    #[track_caller]
    fn refused(answer: Result<SecretString, StoreError>, why: &str) {
        let error = answer.expect_err("it must not open").to_string();
        assert!(error.contains(why), "{error}");
        assert!(!error.contains("hunter2"));
    }

    #[test]
    fn a_secret_opens_where_it_was_sealed_and_nowhere_else() {
        let vault = vault(&[OLD]);
        let sealed = vault.seal("1/acme/key", &SecretString::from("hunter2 ключ"));
        assert_eq!(vault.open("1/acme/key", &sealed).unwrap().expose_secret(), "hunter2 ключ");
        refused(vault.open("1/acme/other", &sealed), "belongs to something else");
        assert_ne!(
            sealed,
            vault.seal("1/acme/key", &SecretString::from("hunter2 ключ")),
            "each has a nonce of its own"
        );
        assert!(!sealed.windows(7).any(|window| window == b"hunter2"));
    }

    #[test]
    fn any_change_is_noticed() {
        let vault = vault(&[OLD]);
        let sealed = vault.seal("c", &SecretString::from("hunter2"));
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(vault.open("c", &changed).is_err(), "byte {at}");
            assert!(vault.open("c", &sealed[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn keys_rotate() {
        let sealed = vault(&[OLD]).seal("c", &SecretString::from("hunter2"));
        let rotated = vault(&[NEW, OLD]);
        assert_eq!(rotated.open("c", &sealed).unwrap().expose_secret(), "hunter2");
        let fresh = rotated.seal("c", &SecretString::from("hunter2"));
        assert_eq!(vault(&[NEW]).open("c", &fresh).unwrap().expose_secret(), "hunter2");
        refused(vault(&[NEW]).open("c", &sealed), "add the old key");
        refused(vault(&[OLD]).open("c", &fresh), "add the old key");
    }

    #[test]
    fn keys_are_64_hexadecimal_digits() {
        let hex = "0aF1".repeat(16);
        assert!(Vault::from_hex(&hex).is_ok());
        assert!(Vault::from_hex(&format!("{hex}, {hex}")).is_ok());
        for wrong in ["", &hex[1..], &format!("{hex}0"), &format!("{hex},"), &"g".repeat(64), &"é".repeat(32)] {
            let error = Vault::from_hex(wrong).err().expect("it is no key").to_string();
            assert!(error.contains("64 hexadecimal digits") && (wrong.is_empty() || !error.contains(wrong)), "{error}");
        }
        assert!(Vault::new(&[]).is_err());
    }
}
