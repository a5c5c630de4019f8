//! What reading, compiling and running cost, in nanoseconds: `cargo run --release -p zis-flow --example jq_bench`.

#![allow(clippy::disallowed_methods, reason = "a measurement reads the clock")]

use std::{hint::black_box, time::Instant};

use zis_flow::{
    Timestamp, Value,
    jq::{Filter, Limits},
};

const EVENT: &str = r#"{"input":{"account_id":"123","activity_event":{"account_id":35436,"actor_id":"8447388090494","created_at":"2026-11-24T05:30:00Z","detail":{"id":"1","name":"refund"},"user_activity":{"type":"refund_requested","source":"shop","identity":{"type":"email","value":"ada@example.com"},"properties":{"refund_amount":"12.50","currency":"EUR","order_id":"A-1000234","items":[{"sku":"A-1","qty":2,"price":"3.50"},{"sku":"B-2","qty":1,"price":"5.50"}],"tags":["vip","eu",null,"first"],"note":"The parcel came open, one glass is broken. Please refund to my card."}},"subject":"zen:user:8447388090494","time":"2026-11-24T05:30:00Z","type":"zen:event-type:user.activity_created","zendesk_event_version":"2022-06-20","id":"0199e9b4-6f4c-7b7a-8f43-5f0b9a5d4c11"},"event_type":"user.activity_created","flow":"refund_flow","integration":"shop_refunds","uuid":"7a0f2d1c-9f1e-4b54-a7f3-0c5b1f8ad771"},"connections":{"zendesk":{"access_token":"hidden"}}}"#;

const PROGRAMS: &[&str] = &[
    ".input.activity_event.user_activity.properties.refund_amount | tonumber",
    ".input.activity_event.user_activity.properties | {total: ([.items[] | .qty * (.price | tonumber)] | add), tags: (.tags | map(select(. != null)) | join(\",\"))}",
    ".input.activity_event.user_activity.properties.note | gsub(\"[^a-z]+\"; \"-\"; \"i\")",
    "reduce range(1000) as $i (0; . + $i)",
];

/// The least time of several rounds, per call.
fn nanoseconds(mut work: impl FnMut()) -> u128 {
    let round = |work: &mut dyn FnMut()| {
        let start = Instant::now();
        (0..200).for_each(|_| work());
        start.elapsed().as_nanos() / 200
    };
    (0..30).map(|_| round(&mut work)).min().unwrap_or(0)
}

fn main() {
    let event = Value::from_json(EVENT).unwrap_or_default();
    println!("read {} bytes: {} ns", EVENT.len(), nanoseconds(|| drop(black_box(Value::from_json(EVENT)))));
    println!("write: {} ns", nanoseconds(|| drop(black_box(event.to_json()))));
    println!("clone: {} ns", nanoseconds(|| drop(black_box(event.clone()))));
    for program in PROGRAMS {
        let compile = nanoseconds(|| drop(black_box(Filter::compile(program))));
        let Ok(filter) = Filter::compile(program) else { continue };
        let run = nanoseconds(|| drop(black_box(filter.first(event.clone(), Timestamp(0), Limits::QUICK))));
        println!("{program}\n  compile {compile} ns, run {run} ns");
    }
}
