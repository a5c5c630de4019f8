//! Configs and links as ZIS shows them, and what they may be: shared by the built-in actions and the REST endpoints (spec 7).

use zis_flow::Value;
use zis_store::{
    config::Config,
    link::{Link, Object},
    page::Paged,
};

/// Bytes of a scope, a link type or an object's name (spec 7.1, 7.2.2).
pub const MAX_NAME: usize = 255;
/// Bytes of a config as JSON text (spec 7.1): real apps keep whole API pages in one.
pub const MAX_CONFIG: usize = 1024 * 1024;
/// Bytes of an object's metadata as JSON text (spec 7.2.2).
pub const MAX_METADATA: usize = 16 * 1024;

/// Whether this can be stored as a config. The error says what is wrong.
pub fn config(config: &Value) -> Result<(), String> {
    if config.as_object().is_none() {
        return Err(format!("config must be an object, not {}", config.type_name()));
    }
    if config.json_len(MAX_CONFIG + 1) > MAX_CONFIG {
        return Err(format!("config is larger than {MAX_CONFIG} bytes"));
    }
    Ok(())
}

/// Whether this can be a config's scope: not empty, and not a pattern, which nothing could find again.
pub fn scope(scope: &str) -> Result<(), String> {
    if scope.contains('*') {
        return Err("scope must not hold a `*`, which stands for any text in searches".to_owned());
    }
    name("scope", scope)
}

/// Whether this can be stored as a link.
pub fn link(link_type: &str, left: &Object, right: &Object) -> Result<(), String> {
    name("link_type", link_type)?;
    for (side, object) in [("left_object", left), ("right_object", right)] {
        name(&format!("{side}.name"), &object.name)?;
        let Some(metadata) = &object.metadata else { continue };
        if metadata.as_object().is_none() {
            return Err(format!("{side}.metadata must be an object, not {}", metadata.type_name()));
        }
        if metadata.json_len(MAX_METADATA + 1) > MAX_METADATA {
            return Err(format!("{side}.metadata is larger than {MAX_METADATA} bytes"));
        }
    }
    Ok(())
}

fn name(what: &str, text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err(format!("{what} must not be empty"));
    }
    if text.len() > MAX_NAME {
        return Err(format!("{what} is longer than {MAX_NAME} bytes"));
    }
    Ok(())
}

/// `{"id", "scope", "zendesk_account_id", "integration", "config", "created_at", "updated_at"}`.
pub fn config_value(config: &Config) -> Value {
    Value::object([
        ("id", Value::from(config.id)),
        ("scope", config.scope.as_str().into()),
        ("zendesk_account_id", config.account.0.into()),
        ("integration", config.integration.as_str().into()),
        ("config", config.config.clone()),
        ("created_at", config.created_at.into()),
        ("updated_at", config.updated_at.into()),
    ])
}

/// `{"id", "uuid", "account_id", "integration", "link_type", "left_object", "right_object", "created_at", "updated_at"}`.
pub fn link_value(link: &Link) -> Value {
    let object = |object: &Object| {
        let metadata = object.metadata.clone().map(|metadata| ("metadata", metadata));
        Value::object([("name", object.name.as_str().into())].into_iter().chain(metadata))
    };
    Value::object([
        ("id", Value::from(link.id.as_str())),
        ("uuid", link.id.as_str().into()),
        ("account_id", link.account.0.into()),
        ("integration", link.integration.as_str().into()),
        ("link_type", link.link_type.as_str().into()),
        ("left_object", object(&link.left)),
        ("right_object", object(&link.right)),
        ("created_at", link.created_at.into()),
        ("updated_at", link.updated_at.into()),
    ])
}

/// `{"link": {…}}`.
pub fn wrapped_link(link: &Link) -> Value {
    Value::object([("link", link_value(link))])
}

/// `{"links": […], "meta": {"after", "before", "has_more"}}`; the cursors are ids of the page's last and first link.
pub fn links(page: &Paged<Link>) -> Value {
    let meta = Value::object([
        ("after", Value::from(page.items.last().map(|link| link.id.as_str()))),
        ("before", page.items.first().map(|link| link.id.as_str()).into()),
        ("has_more", page.has_more.into()),
    ]);
    Value::object([("links", Value::array(page.items.iter().map(link_value))), ("meta", meta)])
}
