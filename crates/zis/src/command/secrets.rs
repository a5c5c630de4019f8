//! `zis secrets rotate`.

use std::process::ExitCode;

use anyhow::Result;
use serde_json::json;

use crate::{cli::Secrets, client::Client};

pub async fn run(Secrets::Rotate(server): Secrets) -> Result<ExitCode> {
    let answer = Client::from_env(&server.url).post("/api/zis/v1/secrets/rotate", &json!({})).await?;
    anstream::println!("{} secrets sealed anew; the old key can go", answer["resealed"]);
    Ok(ExitCode::SUCCESS)
}
