//! `zis run --live`: the flow on a server of this process with an empty store; its requests are really sent.

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use http::Method;
use serde_json::{Value, json};

use crate::{
    cli::{Output, Run},
    client::{Client, encode},
    command::{
        demo::{connect_zendesk, ended},
        executions::describe,
        serve::Local,
    },
    credentials::Credentials,
    files,
    progress::Progress,
    testing::subject::Subject,
};

const EMAIL: &str = "admin@example.com";
const PASSWORD: &str = "live-password";
/// Source, type and job spec of the one event: no bundle uses them.
const NAME: &str = "zis-run-live";

pub async fn run(args: &Run, subject: &Subject, text: &str) -> Result<ExitCode> {
    let Some(event) = &args.event else { bail!("--live begins with an event: --event FILE (what stands at $.input)") };
    let flow = &subject.flow(args.flow.as_deref())?.name.value;
    let payload = files::json(event)?;
    let folder = tempfile::tempdir().context("can't make a temporary folder")?;
    let progress = Progress::wait("running", args.format);
    let local = Local::start_with(&[
        ("server.listen", "127.0.0.1:0".to_owned()),
        ("store.data", folder.path().display().to_string()),
        ("admin.email", EMAIL.to_owned()),
        ("admin.password", PASSWORD.to_owned()),
        ("outbound.allow_private", "true".to_owned()),
    ])
    .await?;
    let client = Client::new(&format!("http://{}", local.address()), Some(Credentials::password(EMAIL, PASSWORD)));
    let execution = play(&client, subject, text, flow, payload).await;
    local.stop().await?;
    drop(progress);
    let execution = execution?;
    if args.format == Output::Json {
        anstream::println!("{execution}");
    } else {
        describe(&execution).iter().for_each(|line| anstream::println!("{line}"));
    }
    Ok(if execution["status"] == "succeeded" { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

async fn play(client: &Client, subject: &Subject, text: &str, flow: &str, payload: Value) -> Result<Value> {
    // The tutorial's placeholder is no legal name; its lower-case form is.
    let integration = subject.integration.to_lowercase();
    let text = text.replace(&format!("zis:{}:", subject.integration), &format!("zis:{integration}:"));
    let mut bundle: Value = serde_json::from_str(&text)?;
    bundle["resources"][NAME] = json!({"type": "ZIS::JobSpec", "properties": {
        "name": NAME, "event_source": NAME, "event_type": NAME, "flow_name": format!("zis:{integration}:flow:{flow}"),
    }});
    let registry = format!("/api/services/zis/registry/{integration}");
    let created = client.post(&registry, &json!({"description": NAME})).await?;
    connect_zendesk(client, &integration, &created).await?;
    client.post(&format!("{registry}/bundles"), &bundle).await?;
    let spec = encode(&format!("zis:{integration}:job_spec:{NAME}"));
    client
        .call(Method::POST, &format!("/api/services/zis/registry/job_specs/install?job_spec_name={spec}"), None)
        .await?;
    client.post("/api/zis/v1/events", &json!({"source": NAME, "type": NAME, "payload": payload})).await?;
    ended(client, &integration, 0).await
}
