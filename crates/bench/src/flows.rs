//! The tutorial's cases (a) and (b) end to end, beside the ceiling: the same HTTP hops without a store.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result, ensure};
use axum::{Router, extract::State, routing::post};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{Method, Request, header};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};

use crate::{
    load::{Http, Run, Shot, Sink, client, closed_loop},
    process::Process,
    report::Table,
};

const LANES: [usize; 3] = [1, 16, 64];
const SPAN: Duration = Duration::from_secs(6);
const INTEGRATION: &str = "bench";
const BUNDLE: &str = include_str!("../../../examples/refund-router/bundle.json");

pub fn run() -> Result<Vec<Table>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let sink = Sink::default();
        let target = sink.serve().await?;
        let columns = [
            "system",
            "at 1: flows/s",
            "p50 / p99 ms",
            "at 16: flows/s",
            "p50 / p99 ms",
            "at 64: flows/s",
            "p50 / p99 ms",
            "CPU ms/flow at 64",
            "peak RSS / PSS MB",
        ];
        let mut table =
            Table::new("Case (a), one POST at the sink; generator, sink and server share the machine.", &columns);
        let ceiling = ceiling(&sink, &target).await?;
        table.row(row("axum + hyper client, no store (ceiling)", &ceiling, None));
        let folder = tempfile::tempdir()?;
        let zis = Process::zis(folder.path(), &[])?;
        let shot = set_up(&zis.address, &target).await?;
        let (small, used) = measure(&shot("100.00", "basic"), &sink, Some(&zis)).await?;
        table.row(row("zis, SQLite, synchronous=FULL", &small, used));
        let ratio = small[2].per_second / ceiling[2].per_second;
        table.row(
            [format!("ratio at 64: {ratio:.2} of the ceiling")]
                .into_iter()
                .chain(vec![String::new(); columns.len() - 1]),
        );
        let mut premium = Table::new("Case (b), a GET of the profile and a POST at the sink.", &columns);
        let (large, used) = measure(&shot("200.00", "premium"), &sink, Some(&zis)).await?;
        premium.row(row("zis, SQLite, synchronous=FULL", &large, used));
        Ok(vec![table, premium])
    })
}

type Used = Option<(f64, f64, f64)>;

async fn measure(shot: &Shot, sink: &Sink, zis: Option<&Process>) -> Result<([Run; 3], Used)> {
    let mut runs = Vec::new();
    let mut used = None;
    for lanes in LANES {
        let before = zis.map(Process::cpu_seconds);
        let run = closed_loop(shot, sink, lanes, SPAN).await?;
        if let (Some(zis), Some(before)) = (zis, before) {
            let (peak, now) = zis.memory_mb();
            // The warm-up's flows are not counted but cost CPU: 5 quarters of the span were worked.
            used = Some(((zis.cpu_seconds() - before) * 1e3 / (run.flows as f64 * 1.25), peak, now));
        }
        runs.push(run);
    }
    Ok(([runs[0], runs[1], runs[2]], used))
}

fn row(name: &str, runs: &[Run; 3], used: Used) -> Vec<String> {
    let mut cells = vec![name.to_owned()];
    for run in runs {
        cells.push(format!("{:.0}", run.per_second));
        cells.push(format!("{:.2} / {:.2}", run.p50, run.p99));
    }
    match used {
        Some((cpu, peak, now)) => cells.extend([format!("{cpu:.3}"), format!("{peak:.0} / {now:.0}")]),
        None => cells.extend(["".to_owned(), "".to_owned()]),
    }
    cells
}

/// A handler that posts at the sink before it answers, and nothing else.
async fn ceiling(sink: &Sink, target: &str) -> Result<[Run; 3]> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/event", listener.local_addr()?);
    let router = Router::new().route("/event", post(forward)).with_state((client(), target.to_owned()));
    let listener = axum::serve::ListenerExt::tap_io(listener, |stream| {
        let _ = stream.set_nodelay(true);
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    let shot = Shot { url, authorization: None, body: Arc::new(|order| event(order, "100.00", "basic")) };
    Ok(measure(&shot, sink, None).await?.0)
}

async fn forward(State((http, target)): State<(Http, String)>, body: Bytes) -> Result<&'static str, String> {
    let event: Value = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
    let properties = &event["event"]["properties"];
    let out = json!({"order_id": properties["order_id"], "refund_amount": properties["refund_amount"], "user_profile_id": "x"});
    let request = Request::post(target)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(out.to_string())));
    let answer = http.request(request.map_err(|error| error.to_string())?).await.map_err(|error| error.to_string())?;
    answer.into_body().collect().await.map_err(|error| error.to_string())?;
    Ok("{}")
}

fn event(order: &str, amount: &str, membership: &str) -> String {
    json!({
        "event": {"source": "online_order", "type": "refund_request", "properties": {"order_id": order, "refund_amount": amount}},
        "profile": {
            "name": "John Doe", "source": "acme_store", "type": "customer", "attributes": {"membership": membership},
            "identifiers": [{"type": "email", "value": format!("{membership}@example.com")}],
        },
    })
    .to_string()
}

/// The tutorial's set-up through the public API; gives what to send for an amount and a membership.
async fn set_up(address: &str, target: &str) -> Result<impl Fn(&'static str, &'static str) -> Shot> {
    let base = format!("http://{address}");
    let authorization = format!("Basic {}", STANDARD.encode("admin@example.com:bench-password"));
    let http = client();
    let call_as = async |who: &str, method: Method, url: String, body: Value| -> Result<(Value, Option<String>)> {
        let request = Request::builder().method(method).uri(&url).header(header::AUTHORIZATION, who);
        let request =
            request.header(header::CONTENT_TYPE, "application/json").body(Full::new(Bytes::from(body.to_string())))?;
        let answer = http.request(request).await?;
        let status = answer.status();
        let location = answer.headers().get(header::LOCATION).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let body = answer.into_body().collect().await?.to_bytes();
        ensure!(
            !status.is_client_error() && !status.is_server_error(),
            "{url}: {status} {}",
            String::from_utf8_lossy(&body)
        );
        Ok((serde_json::from_slice(&body).unwrap_or_default(), location))
    };
    let call = async |method: Method, url: String, body: Value| call_as(&authorization, method, url, body).await;
    let (created, _) =
        call(Method::POST, format!("{base}/api/services/zis/registry/{INTEGRATION}"), json!({"description": "bench"}))
            .await?;
    let token = json!({"token": {"client_id": created["zendesk_oauth_client"]["id"], "scopes": ["read", "write"]}});
    let (token, _) = call(Method::POST, format!("{base}/api/v2/oauth/tokens.json"), token).await?;
    let bearer =
        format!("Bearer {}", token["token"]["full_token"].as_str().context("the token endpoint gives a full_token")?);
    let start = json!({"name": "zendesk", "oauth_client_name": "zendesk", "oauth_url_subdomain": "", "origin_oauth_redirect_url": ""});
    let (started, _) =
        call_as(&bearer, Method::POST, format!("{base}/api/services/zis/connections/oauth/start/{INTEGRATION}"), start)
            .await?;
    let mut next = Some(started["redirect_url"].as_str().context("the OAuth start gives a redirect_url")?.to_owned());
    for _ in 0..4 {
        let Some(url) = next else { break };
        let url = if url.starts_with('/') { format!("{base}{url}") } else { url };
        next = call(Method::GET, url, json!({})).await?.1;
    }
    let bundle = BUNDLE.replace("EXTERNAL_TARGET_URL", target).replace("INTEGRATION", INTEGRATION);
    let bundle: Value = serde_json::from_str(&bundle)?;
    call(Method::POST, format!("{base}/api/services/zis/registry/{INTEGRATION}/bundles"), bundle).await?;
    let spec = format!("zis:{INTEGRATION}:job_spec:RefundRequestJobSpec");
    call(Method::POST, format!("{base}/api/services/zis/registry/job_specs/install?job_spec_name={spec}"), json!({}))
        .await?;
    let authorization = authorization.clone();
    Ok(move |amount, membership| Shot {
        url: format!("{base}/api/v2/user_profiles/events"),
        authorization: Some(authorization.clone()),
        body: Arc::new(move |order| event(order, amount, membership)),
    })
}
