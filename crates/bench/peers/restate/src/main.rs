//! The benchmark's work as a Restate service: a choice, a conversion, two journaled HTTP calls. `restate-refund ADDRESS WORLD`.

use std::net::SocketAddr;

use reqwest::Client;
use restate_sdk::prelude::*;
use serde_json::{Value, json};
use tokio::net::TcpSocket;

struct Refund {
    http: Client,
    /// Where profiles are and refunds go: `http://127.0.0.1:PORT`.
    world: String,
}

#[service]
impl Refund {
    #[handler]
    async fn run(&self, context: Context<'_>, event: Json<Value>) -> Result<Json<Value>, HandlerError> {
        let activity = &event.0["payload"]["activity_event"]["user_activity"];
        let properties = &activity["properties"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let amount: f64 = text(&properties["refund_amount"]).parse().unwrap_or(0.0);
        if activity["type"] != "refund_request" {
            return Ok(Json(Value::Null));
        }
        let id = text(&activity["profile_id"]);
        if amount > 100.0 {
            let url = format!("{}/profiles/{id}", self.world);
            let profile = context
                .run(|| async { Ok(Json(self.http.get(url).send().await?.error_for_status()?.json::<Value>().await?)) })
                .name("profile")
                .await?;
            if profile.0["profile"]["attributes"]["membership"] != "premium" {
                return Ok(Json(Value::Null));
            }
        }
        let refund = json!({"order_id": properties["order_id"], "refund_amount": properties["refund_amount"], "user_profile_id": id});
        let url = format!("{}/refund", self.world);
        let answer = context
            .run(|| async {
                Ok(Json(self.http.post(url).json(&refund).send().await?.error_for_status()?.json::<Value>().await?))
            })
            .name("refund")
            .await?;
        Ok(answer)
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(address), Some(world)) = (args.next(), args.next()) else {
        return Err("restate-refund ADDRESS WORLD".into());
    };
    let http = Client::builder().tcp_nodelay(true).pool_max_idle_per_host(256).build()?;
    // Accepted sockets inherit the option. The SDK does not set it, and then a step waits for a delayed acknowledgement: 40 ms.
    let socket = TcpSocket::new_v4()?;
    socket.set_nodelay(true)?;
    socket.set_reuseaddr(true)?;
    socket.bind(address.parse::<SocketAddr>()?)?;
    let endpoint = Endpoint::builder().bind(Refund { http, world }).build();
    HttpServer::new(endpoint).serve(socket.listen(1024)?).await;
    Ok(())
}
