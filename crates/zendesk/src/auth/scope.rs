//! What an OAuth token may do (spec 6, scopes).

/// Reading (GET, HEAD) or changing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    Read,
    Write,
}

/// Resources that have their own scopes.
const RESOURCES: &[&str] = &[
    "any_channel",
    "apps",
    "auditlogs",
    "automations",
    "dynamic_content",
    "hc",
    "macros",
    "organizations",
    "requests",
    "satisfaction_ratings",
    "security",
    "targets",
    "tickets",
    "triggers",
    "unrestricted",
    "users",
    "web_widget",
    "webhooks",
    "zis",
];

/// A token with a scope that does not exist is given, but good for nothing.
pub fn known(scope: &str) -> bool {
    matches!(scope, "read" | "write" | "impersonate")
        || scope
            .split_once(':')
            .is_some_and(|(resource, access)| RESOURCES.contains(&resource) && matches!(access, "read" | "write"))
}

/// May a token with these scopes do this to a resource (`tickets`, `users`, `zis`, …)?
pub fn allows(scopes: &[String], resource: &str, access: Access) -> bool {
    let wanted = match access {
        Access::Read => "read",
        Access::Write => "write",
    };
    scopes.iter().all(|scope| known(scope))
        && scopes.iter().any(|scope| scope == wanted || scope.split_once(':') == Some((resource, wanted)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(scopes: &[&str], resource: &str, access: Access, expected: bool) {
        let scopes: Vec<String> = scopes.iter().map(ToString::to_string).collect();
        assert_eq!(allows(&scopes, resource, access), expected, "{scopes:?} {resource} {access:?}");
    }

    #[test]
    fn scopes_allow_what_they_name() {
        check(&["read"], "tickets", Access::Read, true);
        check(&["read"], "tickets", Access::Write, false);
        check(&["read", "tickets:write"], "tickets", Access::Write, true);
        check(&["read", "tickets:write"], "users", Access::Write, false);
        check(&["zis:read", "zis:write"], "zis", Access::Write, true);
        check(&["zis:read"], "users", Access::Read, false);
        check(&["read", "nonsense"], "tickets", Access::Read, false);
        check(&[], "tickets", Access::Read, false);
    }
}
