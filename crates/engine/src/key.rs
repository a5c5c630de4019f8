//! The idempotency key of a call (D6).

use sha2::{Digest, Sha256};
use zis_store::ExecutionId;

/// Derived from the execution, the place (with its Map indices) and how often it was entered before: the same after a crash and after a
/// flow retry, another one for another visit. 32 hexadecimal digits.
pub(crate) fn idempotency(execution: &ExecutionId, path: &str, visit: u32) -> String {
    let mut hash = Sha256::new();
    hash.update(execution.as_str());
    hash.update([0]);
    hash.update(path);
    hash.update([0]);
    hash.update(visit.to_be_bytes());
    let hash = hash.finalize();
    let (half, _) = hash.split_first_chunk().expect("SHA-256 gives 32 bytes");
    format!("{:032x}", u128::from_be_bytes(*half))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_and_visit_has_its_own_key_and_keeps_it() {
        let one = ExecutionId::from_uuid(uuid::Uuid::from_u128(1));
        let two = ExecutionId::from_uuid(uuid::Uuid::from_u128(2));
        let keys = [
            idempotency(&one, "Post", 0),
            idempotency(&one, "Post", 1),
            idempotency(&one, "Each[0]/Post", 0),
            idempotency(&one, "Each[1]/Post", 0),
            idempotency(&two, "Post", 0),
        ];
        let distinct: std::collections::HashSet<_> = keys.iter().collect();
        assert_eq!(distinct.len(), keys.len());
        assert_eq!(keys[0], idempotency(&one, "Post", 0));
        assert_eq!(keys[0].len(), 32);
    }
}
