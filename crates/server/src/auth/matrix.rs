//! The matrix of spec 1.1: which kind of credential opens which group of endpoints, and the exact text when it does not.

use zis_zendesk::auth::Via;

use crate::errors::{Code, Refusal};

/// The column of the table that a way of signing in belongs to.
fn column(via: &Via) -> usize {
    match via {
        Via::Password => 0,
        Via::ApiToken => 1,
        Via::OAuth { client, .. } if client.starts_with("zis_") => 2,
        Via::OAuth { .. } => 3,
        Via::Session => 4,
    }
}

/// A group of endpoints that is opened by the same credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// No credentials, or such as the handler checks itself.
    Public,
    CreateIntegration,
    ListIntegrations,
    UploadBundle,
    /// Listing and showing bundles; listing, installing and uninstalling job specs.
    Registry,
    /// Connections, configs, links, inbound webhooks.
    Services,
    /// What we add to the ZIS paths: logs.
    Extension,
    /// `/api/zis/v1`.
    Ours,
}

/// What the table says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    Yes,
    /// When the token belongs to the integration that the request names.
    Own,
    /// Text and code of the refusal.
    No(Code, &'static str),
}

const MISMATCH: Rule = Rule::No(Code::IntegrationMismatch, "Authorization failed due to integration mismatch");
const UNAUTHENTICATED: Rule = Rule::No(Code::Unauthenticated, "Authentication failed");
const NO_OAUTH: Rule =
    Rule::No(Code::OauthDisabled, "Authorization failed due to OAuth being disabled for this API request");
const NO_API_TOKEN: Rule = Rule::No(Code::ApiTokenUnsupported, "API token is not supported");

/// Columns: password, API token, the integration's own OAuth token, another OAuth token, session. `Own` of a token for a group that
/// names no integration is `Yes`.
#[rustfmt::skip]
const TABLE: &[(Group, [Rule; 5])] = &[
    (Group::CreateIntegration, [Rule::Yes,       Rule::Yes,    Rule::Own, Rule::Yes, Rule::Yes]),
    (Group::ListIntegrations,  [Rule::Yes,       Rule::Yes,    Rule::Own, Rule::Yes, Rule::Yes]),
    (Group::UploadBundle,      [Rule::Yes,       Rule::Yes,    NO_OAUTH,  NO_OAUTH,  Rule::Yes]),
    (Group::Registry,          [Rule::Yes,       Rule::Yes,    Rule::Own, Rule::Yes, Rule::Yes]),
    (Group::Services,          [UNAUTHENTICATED, NO_API_TOKEN, Rule::Own, MISMATCH,  Rule::Yes]),
    (Group::Extension,         [Rule::Yes,       Rule::Yes,    Rule::Own, Rule::Yes, Rule::Yes]),
    (Group::Ours,              [Rule::Yes,       Rule::Yes,    Rule::Yes, Rule::Yes, Rule::Yes]),
];

/// Whether signing in by `via` opens `group` for a request that names `integration`.
pub fn permit(group: Group, via: &Via, integration: Option<&str>) -> Result<(), Refusal> {
    let Some((_, row)) = TABLE.iter().find(|(known, _)| *known == group) else { return Ok(()) };
    let own = match via {
        Via::OAuth { client, .. } => client.strip_prefix("zis_"),
        _ => None,
    };
    let rule = match row[column(via)] {
        Rule::Own if integration.is_some() && integration != own => MISMATCH,
        rule => rule,
    };
    match rule {
        Rule::Yes | Rule::Own => Ok(()),
        Rule::No(code, text) => Err(Refusal::new(code, text)),
    }
}

/// No credentials at all, or wrong ones.
pub fn unauthenticated() -> Refusal {
    Refusal::new(Code::Unauthenticated, "Authentication failed")
}

/// Signed in, but no admin.
pub fn admin_only() -> Refusal {
    Refusal::new(Code::AdminOnly, "Only admin user is allowed")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(client: &str) -> Via {
        Via::OAuth { client_id: 1, client: client.into(), scopes: std::sync::Arc::default(), token_id: 1 }
    }

    #[test]
    fn the_matrix_of_the_spec() {
        let columns =
            [Via::Password, Via::ApiToken, token("zis_acme"), token("zis_other"), token("zendesk"), Via::Session];
        let [yes, mismatch, oauth, api, none] = [
            "",
            "401 Authorization failed due to integration mismatch",
            "401 Authorization failed due to OAuth being disabled for this API request",
            "403 API token is not supported",
            "401 Authentication failed",
        ];
        let rows = [
            (Group::CreateIntegration, [yes, yes, yes, mismatch, yes, yes]),
            (Group::UploadBundle, [yes, yes, oauth, oauth, oauth, yes]),
            (Group::Registry, [yes, yes, yes, mismatch, yes, yes]),
            (Group::Services, [none, api, yes, mismatch, mismatch, yes]),
            (Group::Extension, [yes, yes, yes, mismatch, yes, yes]),
            (Group::Ours, [yes; 6]),
            (Group::Public, [yes; 6]),
        ];
        for (group, expected) in rows {
            let answers = columns.clone().map(|via| match permit(group, &via, Some("acme")) {
                Ok(()) => String::new(),
                Err(refusal) => format!("{} {}", refusal.status.as_u16(), refusal.message),
            });
            assert_eq!(answers, expected, "{group:?}");
        }
        assert!(permit(Group::ListIntegrations, &token("zis_acme"), None).is_ok());
    }
}
