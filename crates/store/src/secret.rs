//! Secrets at rest: an AEAD with a rotatable key, and a type that can't be printed (D9).

use secrecy::{ExposeSecret, SecretString};

use crate::StoreError;

/// Encrypts and decrypts what the store must not show.
#[derive(Clone)]
pub struct Vault {
    _keys: std::sync::Arc<Vec<()>>,
}

impl Vault {
    /// From 32-byte keys: the first encrypts, all decrypt (rotation).
    pub fn new(keys: &[[u8; 32]]) -> Result<Self, StoreError> {
        let _ = keys;
        todo!()
    }

    /// `ZIS_SECRET_KEY` is 64 hexadecimal digits; several, separated by commas, for rotation.
    pub fn from_hex(text: &str) -> Result<Self, StoreError> {
        let _ = text;
        todo!()
    }

    /// Key id, nonce and ciphertext. `context` (account, integration, name) is authenticated: a blob copied to another row does not open.
    pub fn seal(&self, context: &str, secret: &SecretString) -> Vec<u8> {
        let _ = (context, secret.expose_secret());
        todo!()
    }

    pub fn open(&self, context: &str, sealed: &[u8]) -> Result<SecretString, StoreError> {
        let _ = (context, sealed);
        todo!()
    }
}
