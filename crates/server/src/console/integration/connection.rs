//! The connections of an integration, and the OAuth clients that they come from. Secrets go in and are never shown.

use std::collections::HashMap;

use maud::{Markup, html};
use serde_json::Value;

use super::act_form;
use crate::console::{
    api::Api,
    part::{confirmed, field, opener, section, text, time},
};

const KINDS: [&str; 4] = ["oauth", "api_key", "basic_auth", "bearer_token"];

/// What the section shows.
pub struct Shown {
    /// By type.
    connections: Value,
    /// By name of the connection.
    last_used: HashMap<String, String>,
    clients: Vec<Value>,
}

impl Shown {
    pub async fn get(api: &Api, at: &str) -> Self {
        let all = format!("/api/services/zis/integrations/{at}/connections/all");
        let connections = api.get(&all).await.unwrap_or_default();
        let uses = api.list(&format!("/api/zis/v1/integrations/{at}/connection_uses"), "connection_uses").await;
        let last_used = uses.iter().map(|one| (text(one, "name").to_owned(), text(one, "last_used_at").to_owned()));
        let clients = api.list(&format!("/api/services/zis/connections/oauth/clients/{at}"), "clients").await;
        Self { connections, last_used: last_used.collect(), clients }
    }

    pub fn count(&self) -> usize {
        KINDS.iter().filter_map(|kind| self.connections[kind].as_array()).map(Vec::len).sum()
    }

    pub fn clients(&self) -> usize {
        self.clients.len()
    }

    pub fn section(&self, api: &Api, at: &str) -> Markup {
        let of_kind = |kind: &'static str| self.connections[kind].as_array().into_iter().flatten();
        let all: Vec<(&str, &Value)> =
            KINDS.iter().flat_map(|kind| of_kind(kind).map(move |connection| (*kind, connection))).collect();
        html! {
            (section("Connections", html! {}, html! {
                @if all.is_empty() { div.empty { "None. A flow that names a connection does not start without it." } }
                @else { (self.table(api, at, &all)) }
                div.openers {
                    (opener("connect", "Connect by OAuth", all.is_empty(), self.start_form(api, at)))
                    (opener("secret", "Connect with a secret", false, secret_form(api, at)))
                }
            }))
            (section("OAuth clients", html! {}, html! {
                @if self.clients.is_empty() { div.empty { "The client " code { "zendesk" } " needs no registration. Those of other providers are registered here." } }
                @else { (clients(api, at, &self.clients)) }
                (opener("new-client", "New OAuth client", false, client_form(api, at)))
            }))
        }
    }

    fn table(&self, api: &Api, at: &str, all: &[(&str, &Value)]) -> Markup {
        let last_used = |connection: &Value| self.last_used.get(text(connection, "name")).map_or("", String::as_str);
        html! {
            div.table { table.stack {
                thead { tr { th { "Name" } th { "Type" } th { "For" } th { "Last used" } th { "Token expires" } th { span.unseen { "What can be done" } } } }
                tbody { @for (kind, connection) in all {
                    tr {
                        td { (text(connection, "name")) }
                        td { (kind.replace('_', " ")) }
                        td { (connection["allowed_domain"].as_str().or(connection["oauth_url_subdomain"].as_str()).unwrap_or_default()) }
                        td.n { @if last_used(connection).is_empty() { span.soft { "never" } } @else { (time(last_used(connection))) } }
                        td.n { @if text(connection, "token_expiry").is_empty() { span.soft { "–" } } @else { (time(text(connection, "token_expiry"))) } }
                        td.acts {
                            @if *kind == "oauth" {
                                (act_form(api, at, "refresh-connection", html! { (hidden("name", connection, "name")) button type="submit" { "Renew" } }))
                            }
                            (act_form(api, at, "delete-connection", html! {
                                input type="hidden" name="kind" value=(kind);
                                (hidden("name", connection, "name"))
                                (confirmed("Delete", &format!("Delete the connection {}? Flows that name it will not start.", text(connection, "name"))))
                            }))
                        }
                    }
                } }
            } }
        }
    }

    fn start_form(&self, api: &Api, at: &str) -> Markup {
        act_form(
            api,
            at,
            "oauth",
            html! {
                div.fields {
                    div.field { label for="c-oauth" { "Name of the connection" } input id="c-oauth" name="name" value="zendesk" required; }
                    div.field { label for="c-client" { "OAuth client" } select id="c-client" name="client" {
                        option value="" { "zendesk" }
                        @for client in &self.clients { option value=(text(client, "uuid")) { (text(client, "name")) } }
                    } }
                    (field("c-subdomain", "subdomain", "Subdomain at the provider, if its addresses need one", "text", false))
                    (field("c-scopes", "scopes", "Scopes, if not the client's", "text", false))
                }
                button.primary type="submit" { "Connect" }
            },
        )
    }
}

fn hidden(name: &str, of: &Value, key: &str) -> Markup {
    html! { input type="hidden" name=(name) value=(text(of, key)); }
}

fn secret_form(api: &Api, at: &str) -> Markup {
    act_form(
        api,
        at,
        "connection",
        html! {
            div.fields {
                div.field { label for="c-kind" { "Type" } select id="c-kind" name="kind" {
                    option value="bearer_token" { "bearer token" } option value="basic_auth" { "basic auth" } option value="api_key" { "API key" }
                } }
                (field("c-name", "name", "Name", "text", true))
                (field("c-domain", "allowed_domain", "Host it may be used on", "text", true))
                (field("c-username", "username", "User name (basic auth)", "text", false))
                (field("c-header", "header_name", "Header (API key)", "text", false))
                (field("c-secret", "secret", "Secret", "password", true))
            }
            button.primary type="submit" { "Create" }
        },
    )
}

fn clients(api: &Api, at: &str, clients: &[Value]) -> Markup {
    html! {
        div.table { table.stack {
            thead { tr { th { "Name" } th { "Client id" } th { "Grant" } th { "Token address" } th { span.unseen { "What can be done" } } } }
            tbody { @for client in clients {
                tr {
                    td { (text(client, "name")) } td.mono { (text(client, "client_id")) }
                    td { (text(client, "grant_type").replace('_', " ")) } td.mono { (text(client, "token_url")) }
                    td.acts { (act_form(api, at, "delete-client", html! { (hidden("uuid", client, "uuid")) (confirmed("Delete with its connections", "Delete the OAuth client, and every connection that was made with it?")) })) }
                }
            } }
        } }
    }
}

fn client_form(api: &Api, at: &str) -> Markup {
    act_form(
        api,
        at,
        "client",
        html! {
            div.fields {
                (field("o-name", "name", "Name", "text", true))
                (field("o-id", "client_id", "Client id", "text", true))
                (field("o-secret", "client_secret", "Client secret", "password", true))
                div.field { label for="o-grant" { "Grant" } select id="o-grant" name="grant_type" {
                    option value="authorization_code" { "authorization code" } option value="client_credentials" { "client credentials" }
                } }
                (field("o-auth", "auth_url", "Authorisation address (may hold {subdomain})", "text", false))
                (field("o-token", "token_url", "Token address (may hold {subdomain})", "text", true))
                (field("o-scopes", "default_scopes", "Scopes, separated by spaces", "text", false))
            }
            button.primary type="submit" { "Register" }
        },
    )
}
