//! Reads that scripts and apps make all day: of the registry and of configs, beside a handler that answers with the same bytes.

use std::time::Duration;

use anyhow::Result;
use http::Method;
use serde_json::{Value, json};

use crate::{
    api::server,
    load::{Run, Shot, closed_loop},
    measure::latencies,
    report::Table,
    sink::Sink,
    stub::Stub,
    tutorial,
};

const LANES: usize = 16;
const SPAN: Duration = Duration::from_secs(2);
const CONFIGS: usize = 20;

pub async fn run() -> Result<Vec<Table>> {
    let (_folder, _zis, api) = server()?;
    let world = Sink::default().serve().await?;
    let created = tutorial::install(&api, &world).await?;
    let bearer = api.bearer(&created).await?;
    let configs = "/api/services/zis/integrations/bench/configs";
    for number in 0..CONFIGS {
        let config =
            json!({"scope": format!("shop_{number}"), "config": {"currency": "EUR", "limit": 100, "tags": ["a", "b"]}});
        api.call_as(&bearer, Method::POST, configs, config).await?;
    }
    let one = format!("{configs}?filter[scope]=shop_7");
    let many = format!("{configs}?filter[scope]=shop_*");
    let reads = [
        ("one config", one.as_str(), &bearer),
        ("20 configs by a wildcard", many.as_str(), &bearer),
        ("the list of bundles", "/api/services/zis/registry/bench/bundles", &api.authorization),
        ("the list of job specs", "/api/services/zis/registry/bench/job_specs", &api.authorization),
        ("an integration", "/api/services/zis/registry/integrations/bench", &api.authorization),
    ];
    let title = format!("GET at {LANES} lanes; the handler beside it is axum's, without authentication and store.");
    let mut table = Table::new(
        title,
        &["read", "zis: reads/s", "p50 / p99 ms", "bare handler: reads/s", "p50 / p99 ms", "zis : bare"],
    );
    for (name, path, authorization) in reads {
        let answer = api.call_as(authorization, Method::GET, path, Value::Null).await?.body;
        let ours = Shot::get(format!("{}{path}", api.base), Some(authorization.clone()));
        let ours = closed_loop(&ours, None, LANES, SPAN).await?;
        let stub = Stub::bare(&answer.to_string())?;
        let bare = closed_loop(&Shot::get(format!("{}/", stub.base), None), None, LANES, SPAN).await?;
        table.row(cells(name, &ours, &bare));
    }
    Ok(vec![table])
}

fn cells(name: &str, ours: &Run, bare: &Run) -> [String; 6] {
    let rate = |run: &Run| format!("{:.0}", run.per_second);
    let ratio = format!("{:.2}", ours.per_second / bare.per_second);
    [name.to_owned(), rate(ours), latencies(ours), rate(bare), latencies(bare), ratio]
}
