//! The agent's view of the local Zendesk: tickets, one ticket with its comments, a user with profiles and activity, search.

use axum::extract::Path;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

use crate::console::{
    api::{Api, Asked, Trouble},
    page::{Page, encode, page},
    part::{Budget, section, shortened, text, time, value},
};

/// Comments, profiles and activities on a page, bytes of one comment, and bytes of HTML for attributes and properties.
const MOST: usize = 25;
const MOST_BODY: usize = 2_500;
const BUDGET: usize = 50_000;

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Search {
    q: String,
}

pub async fn tickets(api: Api, Asked(Search { q }): Asked<Search>) -> Result<Page, Trouble> {
    let found = if q.is_empty() {
        api.list("/api/v2/tickets.json?page=1&per_page=100&sort_by=created_at&sort_order=desc", "tickets").await
    } else {
        let answer = api.get(&format!("/api/v2/search.json?query={}", encode(&q))).await?;
        answer["results"].as_array().cloned().unwrap_or_default()
    };
    let is_user = |item: &&Value| text(item, "result_type") == "user";
    let users: Vec<&Value> = found.iter().filter(is_user).collect();
    let tickets: Vec<&Value> = found.iter().filter(|item| !is_user(item)).collect();
    let people = names(&api, tickets.iter().map(|ticket| &ticket["requester_id"])).await;
    Ok(page(
        &api,
        "Zendesk",
        html! {
            div.title { h1 { "Tickets" } }
            p.lead { "The local Zendesk, as an agent sees it. Flows reach it through the connection " code { "zendesk" } " and through " code { "path" } " actions." }
            form.filters method="get" role="search" {
                div.row {
                    div.field.wide { label for="q" { "Search tickets and users" } input id="q" name="q" value=(q) placeholder="requester:jane@example.com status:new refund"; }
                    button type="submit" { "Search" }
                    @if !q.is_empty() { a.button.quiet href="/console/zendesk" { "Clear" } }
                }
            }
            @if found.is_empty() { div.empty { @if q.is_empty() { "No tickets yet." } @else { "Nothing fits." } } }
            @if !tickets.is_empty() {
                div.table { table.stack {
                    thead { tr { th { "Id" } th { "Subject" } th { "Status" } th { "Requester" } th { "Created" } } }
                    tbody { @for ticket in tickets {
                        @let id = ticket["id"].to_string();
                        tr data-id=(id) {
                            td { "#" (id) }
                            td { a href={ "/console/zendesk/tickets/" (id) } { (text(ticket, "subject")) } }
                            td { (ticket_status(ticket)) }
                            td { a href={ "/console/zendesk/users/" (ticket["requester_id"].to_string()) } { (name_of(&people, &ticket["requester_id"])) } }
                            td { (time(text(ticket, "created_at"))) }
                        }
                    } }
                } }
            }
            @if !users.is_empty() { (section("Users", html! {}, html! {
                div.table { table.stack {
                    thead { tr { th { "Name" } th { "E-mail" } th { "Role" } } }
                    tbody { @for user in users { tr {
                        td { a href={ "/console/zendesk/users/" (user["id"].to_string()) } { (text(user, "name")) } }
                        td { (text(user, "email")) } td { (text(user, "role")) }
                    } } }
                } }
            })) }
        },
    ))
}

/// Names of users by id, asked for together.
async fn names(api: &Api, ids: impl Iterator<Item = &Value>) -> Vec<Value> {
    let mut ids: Vec<String> = ids.filter(|id| id.is_u64()).map(Value::to_string).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        Vec::new()
    } else {
        api.list(&format!("/api/v2/users/show_many.json?ids={}", ids.join(",")), "users").await
    }
}

/// The name of the user `id`, or the id itself when nobody has it.
fn name_of(people: &[Value], id: &Value) -> String {
    people.iter().find(|user| user["id"] == *id).map_or_else(|| id.to_string(), |user| text(user, "name").to_owned())
}

fn ticket_status(ticket: &Value) -> Markup {
    let class = match text(ticket, "status") {
        "new" | "open" => "warn",
        "pending" | "hold" => "run",
        "solved" => "good",
        _ => "",
    };
    html! { span class={ "tag " (class) } { (text(ticket, "status")) } }
}

pub async fn ticket(api: Api, Path(id): Path<String>) -> Result<Page, Trouble> {
    let id = encode(&id);
    let ticket = api.get(&format!("/api/v2/tickets/{id}.json")).await?["ticket"].clone();
    let comments = api.list(&format!("/api/v2/tickets/{id}/comments.json"), "comments").await;
    let authors = comments.iter().map(|comment| &comment["author_id"]);
    let people = names(&api, authors.chain([&ticket["requester_id"]])).await;
    let requester = people.iter().find(|user| user["id"] == ticket["requester_id"]).unwrap_or(&Value::Null);
    Ok(page(
        &api,
        text(&ticket, "subject"),
        html! {
            p.crumbs { a href="/console/zendesk" { "Tickets" } " › #" (id) }
            div.title { h1 { (text(&ticket, "subject")) " " (ticket_status(&ticket)) } }
            dl.facts {
                div { dt { "Requester" } dd { a href={ "/console/zendesk/users/" (ticket["requester_id"].to_string()) } { (text(requester, "name")) } " " span.soft { (text(requester, "email")) } } }
                div { dt { "Priority" } dd { (ticket["priority"].as_str().unwrap_or("–")) } }
                div { dt { "Created" } dd { (time(text(&ticket, "created_at"))) } }
                @if ticket["tags"].as_array().is_some_and(|tags| !tags.is_empty()) {
                    div { dt { "Tags" } dd { @for tag in ticket["tags"].as_array().into_iter().flatten().filter_map(Value::as_str) { span.tag { (tag) } " " } } }
                }
            }
            (section("Comments", html! {}, html! { @for comment in comments.iter().take(MOST) {
                div.panel {
                    p { strong { (name_of(&people, &comment["author_id"])) } " " span.soft.small { (time(text(comment, "created_at"))) }
                        @if comment["public"] == Value::Bool(false) { " " span.tag.warn { "internal" } } }
                    p.body { (shortened(text(comment, "body"), MOST_BODY)) }
                }
            } @if comments.len() > MOST { p.soft { (comments.len() - MOST) " more: the API gives all." } } }))
        },
    ))
}

pub async fn user(api: Api, Path(id): Path<String>) -> Result<Page, Trouble> {
    let id = encode(&id);
    let user = api.get(&format!("/api/v2/users/{id}.json")).await?["user"].clone();
    let profiles = api.list(&format!("/api/v2/users/{id}/profiles.json"), "profiles").await;
    let events = api.list(&format!("/api/v2/users/{id}/events.json"), "events").await;
    let tickets = api.list(&format!("/api/v2/users/{id}/tickets/requested.json"), "tickets").await;
    let mut budget = Budget(BUDGET);
    Ok(page(
        &api,
        text(&user, "name"),
        html! {
            p.crumbs { a href="/console/zendesk" { "Tickets" } " › Users" }
            div.title { h1 { (text(&user, "name")) } }
            dl.facts { div { dt { "E-mail" } dd { (text(&user, "email")) } } div { dt { "Role" } dd { (text(&user, "role")) } } }
            (section("Profiles", html! {}, html! {
                @if profiles.is_empty() { div.empty { "No profile." } }
                @for profile in profiles.iter().take(MOST) { div.panel {
                    p { strong { (text(profile, "source")) " / " (text(profile, "type")) } " " span.mono.soft { (text(profile, "id")) } }
                    @if let Some(shown) = budget.take(value(&profile["attributes"])) { (shown) }
                } }
            }))
            (section("Activity", html! {}, html! {
                @if events.is_empty() { div.empty { "No activity." } }
                @for event in events.iter().take(MOST) { div.panel {
                    p { strong { (text(event, "source")) " / " (text(event, "type")) } " " span.soft.small { (time(text(event, "created_at"))) } }
                    @if let Some(shown) = budget.take(value(&event["properties"])) { (shown) }
                } }
            }))
            (section("Tickets", html! {}, html! {
                @if tickets.is_empty() { div.empty { "No ticket." } } @else {
                    div.table { table.stack {
                        thead { tr { th { "Id" } th { "Subject" } th { "Status" } } }
                        tbody { @for ticket in &tickets { tr {
                            td.n { "#" (ticket["id"].to_string()) }
                            td { a href={ "/console/zendesk/tickets/" (ticket["id"].to_string()) } { (text(ticket, "subject")) } }
                            td { (ticket_status(ticket)) }
                        } } }
                    } }
                }
            }))
        },
    ))
}
