//! The agent's view of the local Zendesk: tickets, one ticket with its comments, a user with profiles and activity, search.

use axum::extract::{Path, Query};
use maud::html;
use serde::Deserialize;
use serde_json::Value;

use crate::console::{
    api::{Api, Trouble},
    page::{Page, encode, page},
    part::{json, text, time},
};

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Search {
    q: String,
}

pub async fn tickets(api: Api, Query(Search { q }): Query<Search>) -> Result<Page, Trouble> {
    let found = if q.is_empty() {
        api.list("/api/v2/tickets.json?page=1&per_page=100&sort_by=created_at&sort_order=desc", "tickets").await
    } else {
        let answer = api.get(&format!("/api/v2/search.json?query={}", encode(&q))).await?;
        answer["results"].as_array().cloned().unwrap_or_default()
    };
    let is_user = |item: &&Value| text(item, "result_type") == "user";
    let users: Vec<&Value> = found.iter().filter(is_user).collect();
    let tickets: Vec<&Value> = found.iter().filter(|item| !is_user(item)).collect();
    Ok(page(
        &api,
        "Zendesk",
        html! {
            h1 { "Tickets" }
            form.filters method="get" role="search" {
                div.field { label for="q" { "Search, as in Zendesk: requester:jane@example.com status:new refund" } input id="q" name="q" value=(q) size="48"; }
                button type="submit" { "Search" }
            }
            @if found.is_empty() { div.empty { "No tickets." } }
            @if !tickets.is_empty() {
                div.table { table.stack {
                    thead { tr { th { "Id" } th { "Subject" } th { "Status" } th { "Requester" } th { "Created" } } }
                    tbody { @for ticket in tickets {
                        @let id = ticket["id"].to_string();
                        tr data-id=(id) {
                            td { "#" (id) }
                            td { a href={ "/console/zendesk/tickets/" (id) } { (text(ticket, "subject")) } }
                            td { span.tag { (text(ticket, "status")) } }
                            td { a href={ "/console/zendesk/users/" (ticket["requester_id"].to_string()) } { (ticket["requester_id"].to_string()) } }
                            td { (time(text(ticket, "created_at"))) }
                        }
                    } }
                } }
            }
            @if !users.is_empty() { h2 { "Users" } }
            @for user in users { p { a href={ "/console/zendesk/users/" (user["id"].to_string()) } { (text(user, "name")) } " " (text(user, "email")) } }
        },
    ))
}

pub async fn ticket(api: Api, Path(id): Path<u64>) -> Result<Page, Trouble> {
    let ticket = api.get(&format!("/api/v2/tickets/{id}.json")).await?["ticket"].clone();
    let comments = api.list(&format!("/api/v2/tickets/{id}/comments.json"), "comments").await;
    let requester =
        api.get(&format!("/api/v2/users/{}.json", ticket["requester_id"])).await.unwrap_or_default()["user"].clone();
    Ok(page(
        &api,
        text(&ticket, "subject"),
        html! {
            p.crumbs { a href="/console/zendesk" { "Tickets" } " › #" (id) }
            h1 { (text(&ticket, "subject")) " " span.tag { (text(&ticket, "status")) } }
            dl.facts {
                dt { "Requester" } dd { a href={ "/console/zendesk/users/" (ticket["requester_id"].to_string()) } { (text(&requester, "name")) } " " (text(&requester, "email")) }
                dt { "Priority" } dd { (ticket["priority"].as_str().unwrap_or("–")) }
                dt { "Tags" } dd { @for tag in ticket["tags"].as_array().into_iter().flatten().filter_map(Value::as_str) { span.tag { (tag) } " " } }
                dt { "Created" } dd { (time(text(&ticket, "created_at"))) }
            }
            h2 { "Comments" }
            @for comment in &comments {
                div.panel {
                    p.soft.small { (comment["author_id"].to_string()) " · " (time(text(comment, "created_at"))) @if comment["public"] == Value::Bool(false) { " · internal" } }
                    pre { (text(comment, "body")) }
                }
            }
        },
    ))
}

pub async fn user(api: Api, Path(id): Path<u64>) -> Result<Page, Trouble> {
    let user = api.get(&format!("/api/v2/users/{id}.json")).await?["user"].clone();
    let profiles = api.list(&format!("/api/v2/users/{id}/profiles.json"), "profiles").await;
    let events = api.list(&format!("/api/v2/users/{id}/events.json"), "events").await;
    let tickets = api.list(&format!("/api/v2/users/{id}/tickets/requested.json"), "tickets").await;
    Ok(page(
        &api,
        text(&user, "name"),
        html! {
            p.crumbs { a href="/console/zendesk" { "Zendesk" } " › Users" }
            h1 { (text(&user, "name")) }
            dl.facts { dt { "E-mail" } dd { (text(&user, "email")) } dt { "Role" } dd { (text(&user, "role")) } }
            h2 { "Profiles" }
            @for profile in &profiles { div.panel { p { (text(profile, "source")) " / " (text(profile, "type")) " · " span.mono { (text(profile, "id")) } } pre { (json(&profile["attributes"])) } } }
            h2 { "Activity" }
            @if events.is_empty() { p.soft { "None." } }
            @for event in &events { div.panel { p { strong { (text(event, "type")) } " " (text(event, "source")) " · " (time(text(event, "created_at"))) } pre { (json(&event["properties"])) } } }
            h2 { "Tickets" }
            @if tickets.is_empty() { p.soft { "None." } }
            @for ticket in &tickets { p { "#" (ticket["id"].to_string()) " " a href={ "/console/zendesk/tickets/" (ticket["id"].to_string()) } { (text(ticket, "subject")) } } }
        },
    ))
}
