//! The page of a rule or an error, which every code on another page leads to.

use axum::extract::Path;
use http::StatusCode;
use maud::{Markup, html};

use crate::console::{
    api::{Api, Trouble},
    page::{Page, page},
    part::prose,
};

pub async fn show(api: Api, Path(code): Path<String>) -> Result<Page, Trouble> {
    let missing = || Trouble { status: StatusCode::NOT_FOUND, message: format!("there is no rule or error `{code}`") };
    let text = zis_lint::explain(&code).ok_or_else(missing)?;
    let (title, rest) = text.split_once('\n').unwrap_or((&text, ""));
    let title = title.trim_start_matches("# ");
    Ok(page(&api, title, html! { div.title { h1 { (title) } } div.prose { (parts(rest)) } }))
}

/// The Markdown that these pages use: headings, paragraphs, lists and fenced code.
fn parts(text: &str) -> Markup {
    let fenced = text.split("```").enumerate();
    html! { @for (index, part) in fenced {
        // Every second part is inside a fence, and begins with its language.
        @if index % 2 == 1 { pre tabindex="0" { (part.split_once('\n').map_or("", |(_, code)| code.trim_end())) } }
        @else { @for paragraph in part.split("\n\n").map(str::trim).filter(|text| !text.is_empty()) { (block(paragraph)) } }
    } }
}

fn block(text: &str) -> Markup {
    html! {
        @if let Some(heading) = text.strip_prefix("## ") {
            @let (heading, rest) = heading.split_once('\n').unwrap_or((heading, ""));
            h2 { (prose(heading)) }
            @if !rest.is_empty() { p { (prose(rest)) } }
        } @else if let Some(items) = text.strip_prefix("- ") {
            ul { @for item in items.split("\n- ") { li { (prose(item)) } } }
        } @else { p { (prose(text)) } }
    }
}
