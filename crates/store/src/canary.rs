//! The canary: a known text, sealed. A node whose key does not open it would seal secrets that the others can't read, and fail at the
//! first flow that needs one of theirs; so it is looked at before anything starts.

use secrecy::SecretString;

use crate::{
    AccountId, Store, StoreError, params,
    secret::Vault,
    sql::{Statement, statement},
};

fn context(account: AccountId) -> String {
    format!("{}/canary", account.0)
}

fn sealed(vault: &Vault, account: AccountId) -> Vec<u8> {
    vault.seal(&context(account), &SecretString::from("canary"))
}

/// Whether `vault` opens what the account's secrets were sealed with; the first to ask decides.
pub async fn sings(store: &Store, vault: &Vault, account: AccountId) -> Result<bool, StoreError> {
    let insert = statement(
        "INSERT INTO canary (account, sealed) VALUES ($1, $2) ON CONFLICT (account) DO NOTHING",
        params![account, sealed(vault, account)],
    );
    store.write(vec![insert]).await?;
    let rows = store.read(statement("SELECT sealed FROM canary WHERE account = $1", params![account])).await?;
    Ok(rows.first().is_some_and(|row| vault.open(&context(account), row.bytes(0)).is_ok()))
}

/// The statement that seals it anew with the vault's first key.
pub fn reseal(vault: &Vault, account: AccountId) -> Statement {
    statement("UPDATE canary SET sealed = $1 WHERE account = $2", params![sealed(vault, account), account])
}
