//! The journal: which records may follow which, and that its text reads back.

#![allow(clippy::unwrap_used)]

use std::time::Duration;

use proptest::{collection::vec, prelude::*};
use zis_flow::{
    CallId, Failure, Retry, Timestamp, Value,
    journal::{
        DecodeError, Exchange, FORMAT, Finish, Pin, Record, Recorded, RetryFrom, Started, Status, advance, decode,
        encode,
    },
};

const AT: Timestamp = Timestamp(1_000_000);

fn pin(digest: &str) -> Pin {
    Pin { digest: digest.to_owned(), actions: vec![("other".to_owned(), "d2".to_owned())], switches: None }
}

fn started() -> Record {
    let document = Value::from_json(r#"{"subdomain":"acme","input":{"id":123456789012345678901234567890}}"#).unwrap();
    Record::Started(Started { at: AT, flow: "F".to_owned(), pin: pin("d1"), document, replayed: None })
}

/// One record of each kind.
fn kinds() -> Vec<Record> {
    let failure =
        Failure::new("States.TaskFailed", "cause").detail("detail").retry(Retry::After(Duration::from_secs(3)));
    let exchange = Exchange {
        method: "GET".to_owned(),
        url: "https://x.test/".to_owned(),
        status: Some(200),
        ..Exchange::default()
    };
    vec![
        started(),
        Record::AttemptStarted { attempt: 1, at: AT, deadline: AT, may_retry: true },
        Record::CallDone {
            attempt: 1,
            id: CallId(1),
            path: "M[3]/One".to_owned(),
            at: AT,
            outcome: Recorded::Done(Value::from_json(r#"{"t":"done","n":98765432109876543210}"#).unwrap()),
            http: Some(exchange),
        },
        Record::CallDone {
            attempt: 1,
            id: CallId(2),
            path: "A".to_owned(),
            at: AT,
            outcome: Recorded::Failed(failure.clone()),
            http: None,
        },
        Record::WaitStarted { attempt: 1, id: CallId(3), path: "W".to_owned(), at: AT, until: AT },
        Record::WaitFired { attempt: 1, id: CallId(3), at: AT },
        Record::AttemptFailed {
            attempt: 1,
            at: AT,
            path: "A".to_owned(),
            failure: failure.clone(),
            retry_at: AT,
            from: RetryFrom::Failure,
        },
        Record::Retried { at: AT, from: RetryFrom::Start, bundle: Some(pin("d3")), by: "admin@example.com".to_owned() },
        Record::Cancelled { at: AT, by: "admin@example.com".to_owned() },
        Record::Finished { at: AT, attempt: 1, result: Finish::Succeeded { message: "done".to_owned() } },
        Record::Finished {
            at: AT,
            attempt: 1,
            result: Finish::Failed { failure, state: Some("A".to_owned()), path: Some("A".to_owned()) },
        },
        Record::Finished { at: AT, attempt: 1, result: Finish::TimedOut { state: None, path: None } },
    ]
}

#[test]
fn every_kind_of_record_reads_back() {
    let records = kinds();
    let text = encode(&records);
    assert_eq!(decode(&text).unwrap(), records, "{text}");
    // Numbers compare by value: the digits have to be the same, too.
    assert!(text.contains("123456789012345678901234567890") && text.contains("98765432109876543210"), "{text}");
    assert_eq!(encode(&decode(&text).unwrap()), text);
}

#[test]
fn the_text_is_stable() {
    let records = [kinds()[1].clone(), kinds()[5].clone()];
    assert_eq!(
        encode(&records),
        r#"{"v":2,"records":[{"t":"attempt","attempt":1,"at":1000000,"deadline":1000000,"may_retry":true},{"t":"fired","attempt":1,"id":3,"at":1000000}]}"#
    );
    // Before `may_retry` was written it was false.
    let old = r#"{"v":1,"records":[{"t":"attempt","attempt":1,"at":1,"deadline":2}]}"#;
    assert!(matches!(decode(old).unwrap()[..], [Record::AttemptStarted { may_retry: false, .. }]));
}

#[test]
fn newer_and_damaged_texts_are_told_apart() {
    let newer = format!(r#"{{"v":{},"records":[{{"t":"teleported"}}]}}"#, FORMAT + 1);
    assert!(matches!(decode(&newer), Err(DecodeError::Newer(version)) if version == FORMAT + 1));
    for damaged in ["", "{}", r#"{"v":1}"#, r#"{"v":1,"records":[{"t":"teleported"}]}"#] {
        assert!(matches!(decode(damaged), Err(DecodeError::Damaged(_))), "{damaged}");
    }
}

/// Every status with every kind of record: what may follow, and what comes of it.
#[test]
fn the_table_of_what_may_follow() {
    use Status::*;
    let all = [
        None,
        Some(Queued),
        Some(Running),
        Some(Waiting),
        Some(Retrying),
        Some(Succeeded),
        Some(Failed),
        Some(Cancelled),
        Some(TimedOut),
    ];
    let expected = [
        // started, attempt, done, done, wait, fired, attempt_failed, retried, cancelled, succeeded, failed, timed out
        "Q . . . . . . . . . . .",
        ". R . . . . . . C S F T",
        ". R R R W R Y . C S F T",
        ". W W W W R Y . C S F T",
        ". R . . . . . Q C S F T",
        ". . . . . . . Q . . . .",
        ". . . . . . . Q . . . .",
        ". . . . . . . Q . . . .",
        ". . . . . . . Q . . . .",
    ];
    let letter = |status: Status| match status {
        Queued => "Q",
        Running => "R",
        Waiting => "W",
        Retrying => "Y",
        Succeeded => "S",
        Failed => "F",
        Cancelled => "C",
        TimedOut => "T",
    };
    for (status, row) in all.into_iter().zip(expected) {
        let found: Vec<_> = kinds().iter().map(|record| advance(status, record).map_or(".", letter)).collect();
        assert_eq!(found.join(" "), row, "after {status:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is offered, what was taken folds again to the same status, and an ended execution takes only a retry.
    #[test]
    fn legal_sequences_fold(picks in vec(0..12_usize, 0..60)) {
        let kinds = kinds();
        let mut taken = vec![started()];
        let mut status = advance(None, &taken[0]).unwrap();
        for pick in picks {
            let record = &kinds[pick];
            match advance(Some(status), record) {
                Ok(next) => {
                    if status.is_ended() {
                        prop_assert_eq!(record.tag(), "retried");
                    }
                    status = next;
                    taken.push(record.clone());
                }
                Err(illegal) => {
                    prop_assert_eq!(illegal.status, status.as_str());
                    prop_assert_eq!(illegal.record, record.tag());
                }
            }
        }
        let folded = taken.iter().try_fold(None, |status, record| advance(status, record).map(Some));
        prop_assert_eq!(folded.unwrap(), Some(status));
        prop_assert_eq!(decode(&encode(&taken)).unwrap(), taken);
        prop_assert_eq!(Status::parse(status.as_str()), Some(status));
    }
}
