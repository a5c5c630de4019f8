//! The local Zendesk's rows: users and identities, tokens, profiles, activities, tickets, request bins.
//!
//! Verbs only: what a row means is decided in the crate zendesk. Text that is compared without case is stored twice, the second time
//! lower-cased by the program (`lookup`), because databases disagree about what lower case is.

pub mod activity;
pub mod audit;
pub mod bin;
pub mod comment;
pub mod job;
pub mod oauth;
pub mod outbox;
pub mod profile;
pub mod reply;
pub mod session;
pub mod ticket;
pub mod token;
pub mod user;
pub mod webhook;

mod page;

pub use page::{Order, Sorted, Window};

use zis_flow::Value;

use crate::{
    StoreError,
    sql::{Param, Row},
};

/// A document stored as text; what can't be read is damage, not absence.
fn document(row: &Row, at: usize) -> Result<Value, StoreError> {
    Value::from_json(row.text(at)).map_err(|error| StoreError::Damaged(format!("column {at}: {error}")))
}

/// A list of texts stored as a JSON array.
fn texts(row: &Row, at: usize) -> Result<Vec<String>, StoreError> {
    let value = document(row, at)?;
    Ok(value.as_array().unwrap_or_default().iter().filter_map(|item| item.as_str().map(str::to_owned)).collect())
}

/// The parameters of an INSERT for an UPDATE, whose SET comes before its WHERE: account and id go to the end.
fn key_last(mut params: Vec<Param>) -> Vec<Param> {
    params.rotate_left(2);
    params
}

fn list_of(texts: &[String]) -> String {
    Value::array(texts.iter().map(Value::string)).to_json()
}
