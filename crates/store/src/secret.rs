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
