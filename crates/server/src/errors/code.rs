//! Stable codes of request errors (ZIS4xxx) and internal errors (ZIS5xxx); append-only, a page each under `docs/errors/`.

use http::StatusCode;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $status:ident;)*) => {
        /// What went wrong, for programs.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Code { $($(#[$doc])* $name),* }

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
        }
    };
}

codes! {
    /// No credentials, or wrong ones.
    Unauthenticated = "ZIS4001", UNAUTHORIZED;
    /// The token belongs to another integration, or there is no such integration.
    IntegrationMismatch = "ZIS4002", UNAUTHORIZED;
    /// This endpoint takes no OAuth token.
    OauthDisabled = "ZIS4003", UNAUTHORIZED;
    /// This endpoint takes no API token.
    ApiTokenUnsupported = "ZIS4004", FORBIDDEN;
    /// Admins only.
    AdminOnly = "ZIS4005", FORBIDDEN;
    /// Too many wrong credentials from this address.
    TooManyFailures = "ZIS4006", TOO_MANY_REQUESTS;
    /// The request is good for a session of the console only, or its anti-forgery token is missing.
    Forbidden = "ZIS4007", FORBIDDEN;
    /// The body is no JSON.
    InvalidJson = "ZIS4010", BAD_REQUEST;
    /// A member of the body or a parameter is missing or can't be used.
    InvalidField = "ZIS4011", BAD_REQUEST;
    /// The body is larger than this endpoint takes.
    TooLarge = "ZIS4012", PAYLOAD_TOO_LARGE;
    /// The body has another media type than this endpoint takes.
    UnsupportedMediaType = "ZIS4013", UNSUPPORTED_MEDIA_TYPE;
    /// The request did not arrive in time.
    TooSlow = "ZIS4014", REQUEST_TIMEOUT;
    /// The request can't be read.
    BadRequest = "ZIS4015", BAD_REQUEST;
    /// There is no such endpoint.
    NoEndpoint = "ZIS4020", NOT_FOUND;
    /// The endpoint does not know this method.
    MethodNotAllowed = "ZIS4021", METHOD_NOT_ALLOWED;
    /// There is no such thing.
    NotFound = "ZIS4022", NOT_FOUND;
    /// Something with this name exists already, or was changed at the same time.
    Conflict = "ZIS4023", CONFLICT;
    /// The thing's status does not allow it.
    IllegalState = "ZIS4024", CONFLICT;
    /// The idempotency key was used for something else.
    KeyReused = "ZIS4025", CONFLICT;
    /// The bundle has faults.
    BundleRefused = "ZIS4030", BAD_REQUEST;
    /// A job spec can't be installed or uninstalled.
    JobSpecInvalid = "ZIS4031", BAD_REQUEST;
    /// The name can't be used for an integration.
    IntegrationName = "ZIS4032", BAD_REQUEST;
    /// The provider of an OAuth connection refused or failed.
    Provider = "ZIS4033", BAD_GATEWAY;
    /// The server is at a limit.
    Busy = "ZIS4040", SERVICE_UNAVAILABLE;
    /// The server is shutting down.
    Draining = "ZIS4041", SERVICE_UNAVAILABLE;
    /// A bug of ours.
    Internal = "ZIS5001", INTERNAL_SERVER_ERROR;
    /// The store can't be used now.
    StoreUnavailable = "ZIS5002", SERVICE_UNAVAILABLE;
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
        StatusCode::SERVICE_UNAVAILABLE => Code::Busy,
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
    }
}
