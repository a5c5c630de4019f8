//! `zis demo`: the refund tutorial, end to end, through the public HTTP API of a server on a free port with a temporary store.

use std::{process::ExitCode, time::Duration};

use anyhow::{Context, Result, bail, ensure};
use http::Method;
use serde_json::{Value, json};

use crate::{
    cli::Demo,
    client::{Client, encode},
    command::{executions::describe, serve::Local},
    credentials::Credentials,
    style::{self, paint},
};

const BUNDLE: &str = include_str!("../../../../examples/refund-router/bundle.json");
const INTEGRATION: &str = "acme_refunds";
const BIN: &str = "refunds";
const EMAIL: &str = "admin@example.com";
const PASSWORD: &str = "demo-password";
/// How often the demo looks whether an execution has ended, and how many times.
const LOOK_EVERY: Duration = Duration::from_millis(5);
const LOOKS: u32 = 2_000;

/// One test case of the tutorial: an event, and what must come of it.
struct Case {
    title: &'static str,
    event: &'static str,
    outcome: Outcome,
}

enum Outcome {
    Refund { order: &'static str },
    Ticket { requester: &'static str, subject: &'static str },
    Nothing,
}

const CASES: &[Case] = &[
    Case {
        title: "a $100.00 refund goes straight to the refund API",
        event: include_str!("../../../../examples/refund-router/events/100-basic.json"),
        outcome: Outcome::Refund { order: "789" },
    },
    Case {
        title: "a $200.00 refund of a premium member: the profile is read, then the refund API is called",
        event: include_str!("../../../../examples/refund-router/events/200-premium.json"),
        outcome: Outcome::Refund { order: "456" },
    },
    Case {
        title: "a $200.00 refund of a basic member becomes a ticket",
        event: include_str!("../../../../examples/refund-router/events/200-basic.json"),
        outcome: Outcome::Ticket { requester: "jane.doe@example.com", subject: "Refund request for order 123" },
    },
    Case {
        title: "any other activity ends at once and sends nothing",
        event: include_str!("../../../../examples/refund-router/events/page-view.json"),
        outcome: Outcome::Nothing,
    },
];

pub async fn run(args: Demo) -> Result<ExitCode> {
    let folder = tempfile::tempdir().context("can't make a temporary folder")?;
    let running = Local::start(folder.path(), EMAIL, PASSWORD).await?;
    let base = format!("http://{}", running.address());
    say(format!("A server runs at {base}, with its data in {}.", folder.path().display()));
    let client = Client::new(&base, Some(Credentials::password(EMAIL, PASSWORD)));

    set_up(&client).await?;
    let mut failed = 0;
    for (number, case) in CASES.iter().enumerate() {
        if let Err(error) = play(&client, number + 1, case).await {
            anstream::println!("{}", paint(style::BAD, format!("   ✗ {error:#}")));
            failed += 1;
        }
    }
    say(format!("{} of {} cases came out as the tutorial says.", CASES.len() - failed, CASES.len()));
    if args.keep {
        say(format!(
            "The console: {base}/console  (sign in as {EMAIL} with {PASSWORD}). Ctrl-C stops the server and forgets its data."
        ));
        tokio::signal::ctrl_c().await.context("can't wait for Ctrl-C")?;
    }
    running.stop().await?;
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Integration, connection, bundle, job spec: steps 1, 10 and 11 of the tutorial.
async fn set_up(client: &Client) -> Result<()> {
    let step = |text: &str| anstream::println!("   {} {text}", paint(style::GOOD, "✓"));
    let created = client
        .post(&format!("/api/services/zis/registry/{INTEGRATION}"), &json!({"description": "Refund router"}))
        .await?;
    step(&format!("created integration {INTEGRATION}"));
    connect_zendesk(client, INTEGRATION, &created).await?;
    step("connected it to Zendesk: OAuth connection `zendesk`");
    let bundle = BUNDLE
        .replace("EXTERNAL_TARGET_URL", &format!("{}/bins/{BIN}", client.base()))
        .replace("INTEGRATION", INTEGRATION);
    let bundle: Value = serde_json::from_str(&bundle)?;
    client.post(&format!("/api/services/zis/registry/{INTEGRATION}/bundles"), &bundle).await?;
    step("uploaded the bundle");
    let spec = encode(&format!("zis:{INTEGRATION}:job_spec:RefundRequestJobSpec"));
    let path = format!("/api/services/zis/registry/job_specs/install?job_spec_name={spec}");
    client.call(Method::POST, &path, None).await?;
    step("installed job spec RefundRequestJobSpec");
    Ok(())
}

/// The OAuth connection `zendesk` of an integration that was just created: a ZIS token of its own OAuth client, start, consent
/// (basic auth is sent straight on), callback.
pub async fn connect_zendesk(client: &Client, integration: &str, created: &Value) -> Result<()> {
    let token = json!({"token": {"client_id": created["zendesk_oauth_client"]["id"], "scopes": ["read", "write"]}});
    let token = client.post("/api/v2/oauth/tokens.json", &token).await?;
    let zis =
        client.with_bearer(token["token"]["full_token"].as_str().context("the token endpoint gave no full_token")?);
    let start = json!({"name": "zendesk", "oauth_client_name": "zendesk", "oauth_url_subdomain": "", "origin_oauth_redirect_url": ""});
    let answer = zis.post(&format!("/api/services/zis/connections/oauth/start/{integration}"), &start).await?;
    let mut url =
        answer["redirect_url"].as_str().context("the start of the OAuth flow gave no redirect_url")?.to_owned();
    // Consent page, callback, and whatever the callback leads to.
    for _ in 0..4 {
        let path = url.strip_prefix(client.base()).unwrap_or(&url).to_owned();
        let (status, location) = client.follow(&path).await?;
        ensure!(!status.is_client_error() && !status.is_server_error(), "{path} answered {status}");
        match location {
            Some(next) => url = next,
            None => return Ok(()),
        }
    }
    bail!("the OAuth flow went in circles")
}

/// Sends the event of a case, waits for its execution, shows it, and checks the outcome.
async fn play(client: &Client, number: usize, case: &Case) -> Result<()> {
    say(format!("Case {number}: {}", case.title));
    let event: Value = serde_json::from_str(case.event)?;
    let before = executions(client, INTEGRATION).await?.len();
    let answer = client.post("/api/v2/user_profiles/events", &event).await?;
    anstream::println!("   sent {}", paint(style::DIM, event["event"].to_string()));
    anstream::println!("   accepted, profile {}", answer["profile_id"].as_str().unwrap_or_default());
    let execution = ended(client, INTEGRATION, before).await?;
    describe(&execution).iter().for_each(|line| anstream::println!("   {line}"));
    let came = check(client, &case.outcome).await?;
    anstream::println!("   {} {came}", paint(style::GOOD, "✓"));
    Ok(())
}

async fn executions(client: &Client, integration: &str) -> Result<Vec<Value>> {
    let answer = client.get(&format!("/api/zis/v1/executions?integration={integration}")).await?;
    Ok(answer["executions"].as_array().cloned().unwrap_or_default())
}

/// The newest execution in full, once there is one more than `before` and it has ended.
pub async fn ended(client: &Client, integration: &str, before: usize) -> Result<Value> {
    for _ in 0..LOOKS {
        let all = executions(client, integration).await?;
        if let Some(newest) = all.first().filter(|_| all.len() > before)
            && !newest["ended_at"].is_null()
        {
            let id = newest["id"].as_str().context("an execution has an id")?;
            return Ok(client.get(&format!("/api/zis/v1/executions/{id}")).await?["execution"].clone());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    bail!("no execution ended; `zis logs` may say why")
}

/// Looks at the request bin or the tickets, and says what came.
async fn check(client: &Client, outcome: &Outcome) -> Result<String> {
    let bin = client.get(&format!("/api/zis/v1/bins/{BIN}/requests")).await?;
    let requests = bin["requests"].as_array().cloned().unwrap_or_default();
    let body = |request: &Value| match &request["body"] {
        Value::String(text) => serde_json::from_str(text).unwrap_or(Value::Null),
        other => other.clone(),
    };
    match outcome {
        Outcome::Refund { order } => {
            let refund = requests.iter().map(body).find(|body| body["order_id"] == *order);
            let refund = refund.with_context(|| format!("no refund of order {order} came to the bin"))?;
            Ok(format!("the refund API got {refund}"))
        }
        Outcome::Ticket { requester, subject } => {
            let query = encode(&format!("requester:{requester}"));
            let found = client.get(&format!("/api/v2/search.json?query={query}")).await?;
            let ticket = &found["results"][0];
            ensure!(ticket["subject"] == *subject, "the search found {found}, not a ticket `{subject}`");
            let (id, description) = (&ticket["id"], &ticket["description"]);
            Ok(format!("ticket {id} of {requester}: {subject}, {description}"))
        }
        Outcome::Nothing => {
            ensure!(requests.len() == 2, "the bin holds {} requests instead of 2", requests.len());
            Ok("nothing was sent".to_owned())
        }
    }
}

fn say(text: impl std::fmt::Display) {
    anstream::println!("\n{}", paint(style::STRONG, text));
}
