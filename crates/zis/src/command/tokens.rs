//! `zis tokens list | create | revoke`: API tokens, and OAuth tokens of integrations.

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    cli::{CreateToken, ListTokens, Output, RevokeToken, Tokens},
    client::{Client, encode},
    style::{self, paint},
};

const API_TOKENS: &str = "/api/v2/api_tokens";
const OAUTH_TOKENS: &str = "/api/v2/oauth/tokens";

pub async fn run(command: Tokens) -> Result<ExitCode> {
    match command {
        Tokens::List(args) => list(&args).await?,
        Tokens::Create(args) => create(&args).await?,
        Tokens::Revoke(args) => revoke(&args).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(args: &ListTokens) -> Result<()> {
    let client = Client::from_env(&args.server.url, args.format).await?;
    let api = client.get(API_TOKENS).await?["api_tokens"].take();
    let oauth = client.get(&format!("{OAUTH_TOKENS}?all=true")).await?["tokens"].take();
    if args.format == Output::Json {
        anstream::println!("{}", json!({"api_tokens": api, "oauth_tokens": oauth}));
        return Ok(());
    }
    let items = |list: &Value| list.as_array().cloned().unwrap_or_default();
    let (api, oauth) = (items(&api), items(&oauth));
    if api.is_empty() && oauth.is_empty() {
        anstream::println!("no tokens; `zis tokens create` makes one");
    }
    api.iter().for_each(|token| anstream::println!("{}", row("api", token, &token["description"])));
    oauth.iter().for_each(|token| anstream::println!("{}", row("oauth", token, &scopes(token))));
    Ok(())
}

/// `api    12345  2026-…  abcdefghij…  for the build`: never the token itself.
fn row(kind: &str, token: &Value, about: &Value) -> String {
    let text = |key: &str| token[key].as_str().unwrap_or_default();
    let (id, created) = (&token["id"], text("created_at"));
    let shown = paint(style::DIM, format!("{}…", text("token")));
    format!("{kind:<5}  {}  {created}  {shown}  {}", paint(style::NAME, id), about.as_str().unwrap_or_default())
}

fn scopes(token: &Value) -> Value {
    let scopes: Vec<&str> = token["scopes"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    format!("client {}: {}", token["client_id"], scopes.join(" ")).into()
}

/// Prints the token alone on standard output, so that a script can keep it.
async fn create(args: &CreateToken) -> Result<()> {
    let client = Client::from_env(&args.server.url, Output::Text).await?;
    let made = match &args.integration {
        None => {
            let body = json!({"api_token": {"description": args.description}});
            client.post(API_TOKENS, &body).await?["api_token"].take()
        }
        Some(integration) => of_integration(&client, integration, &args.scopes).await?,
    };
    let token = made["full_token"].as_str().context("the server gave no token")?;
    anstream::println!("{token}");
    anstream::eprintln!("shown this once; `zis tokens revoke {}` takes it back", made["id"]);
    Ok(())
}

/// A new OAuth token of the integration's own client.
async fn of_integration(client: &Client, integration: &str, scopes: &[String]) -> Result<Value> {
    let path = format!("/api/services/zis/registry/integrations/{}", encode(integration));
    let owner = client.get(&path).await?["zendesk_oauth_client"]["id"].take();
    let body = json!({"token": {"client_id": owner, "scopes": scopes}});
    Ok(client.post(OAUTH_TOKENS, &body).await?["token"].take())
}

/// What the integration itself is answered to a GET of `path`: with a token of its own, which is revoked at once.
pub async fn get_as(client: &Client, integration: &str, path: &str) -> Result<Value> {
    let token = of_integration(client, integration, &["read".to_owned()]).await?;
    let own = client.with_bearer(token["full_token"].as_str().context("the server gave no token")?);
    let answer = own.get(path).await;
    client.call(Method::DELETE, &format!("{OAUTH_TOKENS}/{}", token["id"]), None).await?;
    answer
}

async fn revoke(args: &RevokeToken) -> Result<()> {
    let client = Client::from_env(&args.server.url, Output::Text).await?;
    for base in [API_TOKENS, OAUTH_TOKENS] {
        let path = format!("{base}/{}", args.id);
        let answer = client.send(Method::DELETE, &path, None).await?;
        if answer.status != StatusCode::NOT_FOUND {
            client.success(&Method::DELETE, &path, answer)?;
            anstream::println!("revoked {}", args.id);
            return Ok(());
        }
    }
    bail!("there is no token {}; `zis tokens list` lists them", args.id)
}
