//! Why no answer came, classed by what the caller does next.

use std::time::Duration;

use crate::outbound::guard::Kind;

/// No answer. An answer of any status is no error.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The guard: nothing was sent. Sending it again changes nothing.
    #[error("the host `{host}` is {}; outbound requests go to public addresses only, see outbound.allow", .kind.describe())]
    Refused { host: String, kind: Kind },
    /// The request can't be sent as it is: the input must be fixed.
    #[error("{0}")]
    Invalid(String),
    /// The other side can't be reached, or the connection broke. May be tried again.
    #[error("{0}")]
    Network(String),
    /// No complete answer within the client's own limit. May be tried again.
    #[error("no complete answer within {0:?}")]
    Timeout(Duration),
    /// No complete answer within the caller's limit.
    #[error("no complete answer before the caller's time was over")]
    Deadline,
    /// The answer is larger than we take.
    #[error("the answer is larger than {limit} bytes")]
    TooLarge { limit: usize },
    /// The answer is packed in a way that was not asked for.
    #[error("the answer is encoded as `{0}`, which was not asked for")]
    Encoded(String),
    /// A GET was sent from place to place more often than we follow.
    #[error("more than {0} redirects")]
    Redirects(usize),
}

impl Error {
    /// Whether the same request may do better later.
    pub fn is_transient(&self) -> bool {
        matches!(self, Error::Network(_) | Error::Timeout(_))
    }
}

/// The guard's refusal on its way through the connector's error type.
#[derive(Debug, thiserror::Error)]
#[error("{host} is {}", .kind.describe())]
pub(super) struct Refusal {
    pub host: String,
    pub kind: Kind,
}

impl Error {
    /// Finds out what a client error was: our own refusal, or the network.
    pub(super) fn from_client(error: &(dyn std::error::Error + 'static)) -> Self {
        let mut at: Option<&(dyn std::error::Error + 'static)> = Some(error);
        let mut last = String::new();
        while let Some(error) = at {
            if let Some(Refusal { host, kind }) = error.downcast_ref() {
                return Error::Refused { host: host.clone(), kind: *kind };
            }
            if let Some(inner) = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref)
                && let Some(Refusal { host, kind }) = inner.downcast_ref()
            {
                return Error::Refused { host: host.clone(), kind: *kind };
            }
            last = error.to_string();
            at = error.source();
        }
        Error::Network(last)
    }
}
