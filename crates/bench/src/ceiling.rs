//! The ceiling: a handler that makes the same HTTP calls before it answers, without a store.

use axum::{Router, extract::State, routing::post};
use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};

use crate::api::{Http, client};

#[derive(Clone)]
struct Ceiling {
    http: Http,
    world: String,
}

/// `/small` makes one call (a refund), `/large` two (a profile, then a refund).
pub fn router(world: &str) -> Router {
    let router = Router::new().route("/small", post(small)).route("/large", post(large));
    router.with_state(Ceiling { http: client(), world: world.to_owned() })
}

async fn small(State(ceiling): State<Ceiling>, body: Bytes) -> Result<&'static str, String> {
    let event: Value = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
    ceiling.refund(&event["event"]["properties"]).await
}

async fn large(State(ceiling): State<Ceiling>, body: Bytes) -> Result<&'static str, String> {
    let event: Value = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
    let activity = &event["payload"]["activity_event"]["user_activity"];
    let id = activity["profile_id"].as_str().unwrap_or_default();
    let profile = ceiling.call(Request::get(format!("{}/profiles/{id}", ceiling.world)), Bytes::new()).await?;
    if profile["profile"]["attributes"]["membership"] != "premium" {
        return Err("not premium".to_owned());
    }
    ceiling.refund(&activity["properties"]).await
}

impl Ceiling {
    async fn refund(&self, properties: &Value) -> Result<&'static str, String> {
        let refund = json!({"order_id": properties["order_id"], "refund_amount": properties["refund_amount"], "user_profile_id": "x"});
        let request = Request::post(format!("{}/refund", self.world)).header(header::CONTENT_TYPE, "application/json");
        self.call(request, Bytes::from(refund.to_string())).await?;
        Ok("{}")
    }

    async fn call(&self, request: http::request::Builder, body: Bytes) -> Result<Value, String> {
        let request = request.body(Full::new(body)).map_err(|error| error.to_string())?;
        let answer = self.http.request(request).await.map_err(|error| error.to_string())?;
        let body = answer.into_body().collect().await.map_err(|error| error.to_string())?.to_bytes();
        serde_json::from_slice(&body).map_err(|error| error.to_string())
    }
}
