//! The payload of an event stands in the event's row and not again in the journal of each execution that it started: an event stays as long as
//! one of its executions does.

use std::sync::Arc;

use zis_flow::{
    Value,
    journal::{Record, Started},
    value::Object,
};

/// Where the payload stands in `$` (spec 5.1).
const INPUT: &str = "input";

/// `records`, which begin a journal, without the payload.
pub(super) fn without(records: &[Record]) -> Vec<Record> {
    let mut records = records.to_vec();
    if let Some(document) = document(&mut records) {
        Arc::make_mut(document).remove(INPUT);
    }
    records
}

/// Puts back what [`without`] has left out.
pub(super) fn with(mut records: Vec<Record>, payload: Value) -> Vec<Record> {
    if let Some(document) = document(&mut records) {
        Arc::make_mut(document).insert(INPUT.into(), payload);
    }
    records
}

/// `$` at the start.
fn document(records: &mut [Record]) -> Option<&mut Arc<Object>> {
    match records.first_mut() {
        Some(Record::Started(Started { document: Value::Object(document), .. })) => Some(document),
        _ => None,
    }
}
