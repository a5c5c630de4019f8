//! Stable codes of request errors (ZIS4xxx) and internal errors (ZIS5xxx); append-only, a page each under `docs/errors/`.

use http::StatusCode;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal, $status:ident, $help:literal;)*) => {
        /// What went wrong, for programs.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Code { $($(#[doc = $doc])+ $name),* }

        impl Code {
            /// All codes in order.
            pub const ALL: &'static [Code] = &[$(Code::$name),*];

            pub fn as_str(self) -> &'static str {
                match self { $(Code::$name => $code),* }
            }

            /// The status that answers with this code unless a handler says otherwise.
            pub fn status(self) -> StatusCode {
                match self { $(Code::$name => StatusCode::$status),* }
            }

            /// What it means: the first lines of its page.
            pub fn summary(self) -> &'static str {
                match self { $(Code::$name => concat!($($doc),+).trim_ascii()),* }
            }

            /// What to do next.
            pub fn help(self) -> &'static str {
                match self { $(Code::$name => $help),* }
            }
        }
    };
}

codes! {
    /// No credentials, or wrong ones.
    Unauthenticated = "ZIS4001", UNAUTHORIZED,
        "Send the e-mail address and password, or `EMAIL/token` and an API token, as basic authentication, or an OAuth token as \
         bearer. Connections, configs, links and inbound webhooks take an OAuth token of their integration only.";
    /// The token belongs to another integration, or there is no such integration.
    IntegrationMismatch = "ZIS4002", UNAUTHORIZED,
        "Make a token for the OAuth client `zis_NAME` of the integration in the path: POST /api/v2/oauth/tokens with its numeric id. \
         Names are lower-case.";
    /// This endpoint takes no OAuth token.
    OauthDisabled = "ZIS4003", UNAUTHORIZED, "Upload bundles with a password, an API token or the console's session.";
    /// This endpoint takes no API token.
    ApiTokenUnsupported = "ZIS4004", FORBIDDEN,
        "Use an OAuth token of the integration: POST /api/v2/oauth/tokens with the numeric id of its client `zis_NAME`.";
    /// Admins only.
    AdminOnly = "ZIS4005", FORBIDDEN, "Sign in as an admin; agents and end users can't use ZIS.";
    /// Too many wrong credentials for this name, from this address or from everywhere.
    TooManyFailures = "ZIS4006", TOO_MANY_REQUESTS, "Wait for as long as `Retry-After` says, then send the right ones.";
    /// The credentials are good, but not for this.
    Forbidden = "ZIS4007", FORBIDDEN, "Use a token with the scope that the message names, or a session from the server's own pages.";
    /// The body is no JSON.
    InvalidJson = "ZIS4010", BAD_REQUEST, "Repair the body at the line and column in the message.";
    /// A member of the body or a parameter is missing or can't be used.
    InvalidField = "ZIS4011", BAD_REQUEST, "The message names the member and what is expected.";
    /// The body is larger than this endpoint takes.
    TooLarge = "ZIS4012", PAYLOAD_TOO_LARGE,
        "Send less, or raise `server.max_body`, `registry.max_bundle`, `services.max_config` or `services.max_ingest`.";
    /// The body has another media type than this endpoint takes.
    UnsupportedMediaType = "ZIS4013", UNSUPPORTED_MEDIA_TYPE, "Send JSON with `Content-Type: application/json`.";
    /// The request did not arrive in time.
    TooSlow = "ZIS4014", REQUEST_TIMEOUT, "Send it again; `server.body_timeout` is the limit.";
    /// The request can't be read.
    BadRequest = "ZIS4015", BAD_REQUEST, "The connection broke, or the request is no proper HTTP: send it again.";
    /// Path and query are longer than any endpoint needs.
    TargetTooLong = "ZIS4016", URI_TOO_LONG, "Shorten the parameters: names have 255 characters at most, cursors are as long as names.";
    /// There is no such endpoint.
    NoEndpoint = "ZIS4020", NOT_FOUND, "Look at GET /api/zis/v1/openapi.json for all there are.";
    /// The endpoint does not know this method.
    MethodNotAllowed = "ZIS4021", METHOD_NOT_ALLOWED, "The answer's `Allow` header lists the methods.";
    /// There is no such thing.
    NotFound = "ZIS4022", NOT_FOUND, "Look at the list that it should be in; names are case-sensitive.";
    /// Something with this name exists already, or was changed at the same time.
    Conflict = "ZIS4023", CONFLICT, "Choose another name, or read what is there now and repeat.";
    /// The thing's status does not allow it.
    IllegalState = "ZIS4024", CONFLICT, "Only ended or waiting executions can be retried, only open ones cancelled.";
    /// The idempotency key was used for something else.
    KeyReused = "ZIS4025", CONFLICT, "Use a new `Idempotency-Key` for each event; the same one only to repeat the same request.";
    /// The bundle has faults.
    BundleRefused = "ZIS4030", BAD_REQUEST, "Each of `errors` names a JSON pointer, line and column; `zis check` explains them.";
    /// A job spec can't be installed or uninstalled.
    JobSpecInvalid = "ZIS4031", BAD_REQUEST, "Name it `zis:INTEGRATION:job_spec:NAME`, as the last upload of its bundle defines it.";
    /// The name can't be used for an integration.
    IntegrationName = "ZIS4032", BAD_REQUEST, "Use 1 to 64 of a-z 0-9 - _ that no other account uses.";
    /// The provider of an OAuth connection refused or failed.
    Provider = "ZIS4033", BAD_GATEWAY, "The message holds the provider's words: check the client's id, secret, URLs and scopes.";
    /// The server is at a limit.
    Busy = "ZIS4040", TOO_MANY_REQUESTS, "Nothing was accepted: send it again after `Retry-After` seconds.";
    /// The server is shutting down.
    Draining = "ZIS4041", SERVICE_UNAVAILABLE, "Nothing was accepted: send it to another node, or again in a moment.";
    /// A bug of ours.
    Internal = "ZIS5001", INTERNAL_SERVER_ERROR, "The server's log has the reason, with the answer's `X-Request-Id`; please report it.";
    /// The store can't be used now.
    StoreUnavailable = "ZIS5002", SERVICE_UNAVAILABLE, "Is the disk full, is PostgreSQL up? The server goes on by itself when it is.";
}

/// The code for a status that some layer gave without a refusal.
pub(super) fn of_status(status: StatusCode) -> Code {
    match status {
        StatusCode::UNAUTHORIZED => Code::Unauthenticated,
        StatusCode::FORBIDDEN => Code::Forbidden,
        StatusCode::NOT_FOUND => Code::NoEndpoint,
        StatusCode::METHOD_NOT_ALLOWED => Code::MethodNotAllowed,
        StatusCode::REQUEST_TIMEOUT => Code::TooSlow,
        StatusCode::PAYLOAD_TOO_LARGE => Code::TooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Code::UnsupportedMediaType,
        StatusCode::CONFLICT => Code::Conflict,
        StatusCode::TOO_MANY_REQUESTS => Code::Busy,
        StatusCode::SERVICE_UNAVAILABLE => Code::StoreUnavailable,
        status if status.is_server_error() => Code::Internal,
        _ => Code::BadRequest,
    }
}

/// The sentence for a status that some layer gave without one.
pub(super) fn sentence(code: Code) -> &'static str {
    match code {
        Code::NoEndpoint => "there is no such endpoint",
        Code::MethodNotAllowed => "this endpoint does not know this method",
        Code::TooSlow => "the request did not arrive in time",
        Code::TooLarge => "the body is too large",
        Code::UnsupportedMediaType => "the body has another media type than this endpoint takes",
        Code::Unauthenticated => "Authentication failed",
        Code::Internal => "something went wrong inside zis; the server's log says what",
        _ => "the request can't be served",
    }
}

#[cfg(test)]
mod tests {
    use super::Code;

    #[test]
    fn codes_are_distinct_and_in_order() {
        let codes: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert!(codes.windows(2).all(|pair| pair[0] < pair[1]), "{codes:?}");
        assert!(Code::ALL.iter().all(|code| code.summary().ends_with('.') && code.help().ends_with('.')));
    }
}
