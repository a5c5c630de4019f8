//! The frame of every page: head, navigation, footer, and the headers that keep it safe.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use maud::{DOCTYPE, Markup, html};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};

use crate::console::{api::Api, assets};

/// No inline script, no inline style, nothing from elsewhere.
const CSP: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; \
                   form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const NAV: &[(&str, &str)] = &[
    ("/console", "Home"),
    ("/console/executions", "Executions"),
    ("/console/integrations", "Integrations"),
    ("/console/try", "Try it"),
    ("/console/zendesk", "Zendesk"),
    ("/console/bins", "Bins"),
    ("/console/logs", "Logs"),
    ("/console/settings", "Settings"),
];

/// Everything but what RFC 3986 leaves unreserved.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A finished page.
pub struct Page(Markup);

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let mut response = self.0.into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CSP));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
        response
    }
}

/// A page for somebody who has signed in.
pub fn page(api: &Api, title: &str, content: Markup) -> Page {
    let here = api.path.split('?').next().unwrap_or_default();
    let who = html! {
        div.who {
            span.soft.small { (api.user["email"].as_str().unwrap_or_default()) }
            form action="/console/sign-out" method="post" {
                (csrf(api))
                button.plain type="submit" { "Sign out" }
            }
        }
    };
    navigable(title, here, who, content)
}

/// A page that says why another one can't be shown: with the way to all pages, and nothing of anybody.
pub fn trouble(title: &str, content: Markup) -> Page {
    navigable(title, "", html! {}, content)
}

fn navigable(title: &str, here: &str, who: Markup, content: Markup) -> Page {
    let current = |path: &str| here == path || (path != "/console" && here.starts_with(path));
    frame(
        title,
        html! {
            header.top { div {
                a.brand href="/console" { "zis" }
                nav aria-label="Pages" {
                    @for (path, name) in NAV {
                        a href=(path) aria-current=[current(path).then_some("page")] { (name) }
                    }
                }
                (who)
            } }
            main id="main" { (content) }
            footer { div { "zis " (env!("CARGO_PKG_VERSION")) " · times are UTC · " a href="/api/zis/v1/openapi.json" { "API" } } }
        },
    )
}

/// A page for anybody.
pub fn plain(title: &str, content: Markup) -> Page {
    frame(title, html! { main id="main" { (content) } })
}

fn frame(title: &str, body: Markup) -> Page {
    Page(html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · zis" }
                link rel="stylesheet" href=(assets::style_path());
                link rel="icon" href="data:,";
                script src=(assets::script_path()) defer {}
            }
            body {
                a.skip href="#main" { "Skip to the content" }
                (body)
                p.unseen id="news" role="status" {}
            }
        }
    })
}

/// The hidden field that every form carries.
pub fn csrf(api: &Api) -> Markup {
    html! { input type="hidden" name="csrf" value=(api.csrf()); }
}

/// Percent-encodes a path segment or query value.
pub fn encode(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, RESERVED).to_string()
}
