//! The style sheet and the script, from the binary; their addresses change with their content.

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use sha2::{Digest, Sha256};

const STYLE: &str = include_str!("assets/style.css");
const SCRIPT: &str = include_str!("assets/script.js");

/// `/console/assets/style-1a2b3c4d.css`.
pub fn style_path() -> String {
    format!("/console/assets/style-{}.css", digest(STYLE))
}

pub fn script_path() -> String {
    format!("/console/assets/script-{}.js", digest(SCRIPT))
}

fn digest(text: &str) -> String {
    Sha256::digest(text).iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

pub async fn file(Path(file): Path<String>) -> Response {
    let (text, kind) = match file.rsplit_once('.') {
        Some((name, "css")) if name.starts_with("style-") => (STYLE, "text/css; charset=utf-8"),
        Some((name, "js")) if name.starts_with("script-") => (SCRIPT, "text/javascript; charset=utf-8"),
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")], text)
        .into_response()
}
