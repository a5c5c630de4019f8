//! A GET or HEAD request with a body.
//!
//! # What it checks
//!
//! `requestBody` in an action whose method is GET or HEAD.
//!
//! # Why
//!
//! It is not sent. What it says belongs into the query.
//!
//! # Example
//!
//! ```json
//! {"method": "GET", "path": "/api/v2/search.json", "requestBody": {"query": "type:ticket"}}
//! ```
//!
//! # Instead
//!
//! ```json
//! {"method": "GET", "path": "/api/v2/search.json", "queryParams": [{"key": "query", "value": "type:ticket"}]}
//! ```

use zis_bundle::action::{Body, Method};

use crate::rule::{Context, Found};

pub fn check(context: &Context, found: &mut Found) {
    for definition in context.definitions() {
        let request = &definition.action.definition;
        let empty =
            matches!(&request.body, Some(Body::Tree(tree)) if tree.members().is_empty() && tree.items().is_empty());
        if request.body.is_some() && !empty && matches!(request.method.value, Method::Get | Method::Head) {
            let message = format!("the body of a {} request is not sent", request.method.value.as_str());
            let finding = found.add(request.method.span, &format!("{}/requestBody", definition.pointer), message);
            finding.help = Some("use `queryParams`, or another method".into());
        }
    }
}
