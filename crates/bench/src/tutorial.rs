//! The tutorial's flow, installed through the public API, and the events that run it.

use anyhow::{Context, Result};
use http::Method;
use serde_json::{Value, json};

use crate::{
    api::Api,
    load::{ORDER, Shot},
};

pub const BUNDLE: &str = include_str!("../../../examples/refund-router/bundle.json");
const SPEC: &str = "RefundRequestJobSpec";

/// The bundle for `integration` with its refunds at `world`.
fn bundle(integration: &str, world: &str) -> Result<Value> {
    let text = BUNDLE.replace("EXTERNAL_TARGET_URL", &format!("{world}/refund")).replace("INTEGRATION", integration);
    Ok(serde_json::from_str(&text)?)
}

/// Installs the bundle as the tutorial does, with a connection to zis's own Zendesk; what is sent are events of user profiles. Gives what
/// the registry said of the new integration.
pub async fn install(api: &Api, world: &str) -> Result<Value> {
    let integration = "bench";
    let created = api.install(integration, bundle(integration, world)?, SPEC).await?;
    let bearer = api.bearer(&created).await?;
    let start = json!({"name": "zendesk", "oauth_client_name": "zendesk", "oauth_url_subdomain": "", "origin_oauth_redirect_url": ""});
    let path = format!("/api/services/zis/connections/oauth/start/{integration}");
    let started = api.call_as(&bearer, Method::POST, &path, start).await?;
    let mut next =
        Some(started.body["redirect_url"].as_str().context("the OAuth start gives a redirect_url")?.to_owned());
    for _ in 0..4 {
        let Some(url) = next else { break };
        next = api.call_as(&api.authorization, Method::GET, &url, json!({})).await?.location;
    }
    Ok(created)
}

/// The events of [`install`]: case (a) with "100.00" and "basic", case (b) with "200.00" and "premium".
pub fn shot(api: &Api, amount: &str, membership: &str) -> Shot {
    let url = format!("{}/api/v2/user_profiles/events", api.base);
    Shot::post(url, Some(api.authorization.clone()), profile_event(amount, membership))
}

pub fn profile_event(amount: &str, membership: &str) -> String {
    json!({
        "event": {"source": "online_order", "type": "refund_request", "properties": {"order_id": ORDER, "refund_amount": amount}},
        "profile": {
            "name": "John Doe", "source": "acme_store", "type": "customer", "attributes": {"membership": membership},
            "identifiers": [{"type": "email", "value": format!("{membership}@example.com")}],
        },
    })
    .to_string()
}

/// Installs the bundle with the profile fetched from `world` instead of zis's own Zendesk: the same work as a peer's.
pub async fn install_plain(api: &Api, world: &str) -> Result<()> {
    let integration = "plain";
    let mut bundle = bundle(integration, world)?;
    let get = json!({"method": "GET", "url.$": format!("{world}/profiles/{{{{$.profile_id}}}}")});
    bundle["resources"]["GetUserProfile"]["properties"]["definition"] = get;
    // The path that is not taken: without it the flow would need the connection.
    let ticket = json!({"method": "POST", "url": format!("{world}/tickets")});
    bundle["resources"]["CreateZendeskTicket"]["properties"]["definition"] = ticket;
    api.install(integration, bundle, SPEC).await?;
    Ok(())
}

/// The events of [`install_plain`], which run case (b), sent to zis's own API.
pub fn plain_shot(api: &Api) -> Shot {
    let url = format!("{}/api/zis/v1/events", api.base);
    Shot::post(url, Some(api.authorization.clone()), plain_event(ORDER).to_string())
}

/// The same event for zis, its peers and the ceiling.
pub fn plain_event(order: &str) -> Value {
    json!({
        "source": "sunshine",
        "type": "activity.UserActivityCreated",
        "integration": "plain",
        "payload": {"activity_event": {"user_activity": {
            "type": "refund_request", "profile_id": "01KAV00000000000000JENNIFR", "user_id": 1003,
            "properties": {"order_id": order, "refund_amount": "200.00"},
        }}},
    })
}
