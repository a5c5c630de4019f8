//! Signatures of inbound webhooks: an addition to ZIS, which can't check any.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Sha256, Sha512};

/// A hash that a signature can be made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Sha256,
    Sha512,
}

impl Algorithm {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "sha256" => Some(Algorithm::Sha256),
            "sha512" => Some(Algorithm::Sha512),
            _ => None,
        }
    }

    fn verify(self, secret: &[u8], body: &[u8], signature: &[u8]) -> bool {
        fn check<M: Mac + KeyInit>(secret: &[u8], body: &[u8], signature: &[u8]) -> bool {
            let Ok(mut mac) = <M as KeyInit>::new_from_slice(secret) else { return false };
            mac.update(body);
            mac.verify_slice(signature).is_ok()
        }
        match self {
            Algorithm::Sha256 => check::<Hmac<Sha256>>(secret, body, signature),
            Algorithm::Sha512 => check::<Hmac<Sha512>>(secret, body, signature),
        }
    }
}

/// Whether `header` signs `body`: hexadecimal or base64, with or without `sha256=` before it.
pub(crate) fn is_signed(algorithm: Algorithm, secret: &str, body: &[u8], header: &str) -> bool {
    let text = header.trim();
    let text = text.split_once('=').filter(|(name, _)| Algorithm::parse(name).is_some()).map_or(text, |(_, rest)| rest);
    let readings = [hexadecimal(text), STANDARD.decode(text).ok()];
    readings.into_iter().flatten().any(|signature| algorithm.verify(secret.as_bytes(), body, &signature))
}

fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let even = text.len().is_multiple_of(2) && text.is_ascii();
    even.then_some(())?;
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_usual_spellings() {
        // HMAC-SHA256("key", "The quick brown fox jumps over the lazy dog"), the common test vector.
        let hex = "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8";
        let base64 = "97yD9DBThCSxMpjmqm+xQ+9NWaFJRhdZl0edvC0aPNg=";
        let body = b"The quick brown fox jumps over the lazy dog";
        let cases = [
            (hex.to_owned(), true),
            (format!("sha256={hex}"), true),
            (hex.to_uppercase(), true),
            (base64.to_owned(), true),
            (hex.replace("f7", "f8"), false),
            ("sha256=".to_owned(), false),
            ("ü".to_owned(), false),
        ];
        for (header, expected) in cases {
            assert_eq!(is_signed(Algorithm::Sha256, "key", body, &header), expected, "{header}");
        }
        assert!(!is_signed(Algorithm::Sha256, "other", body, hex));
        assert!(!is_signed(Algorithm::Sha512, "key", body, hex));
    }
}
