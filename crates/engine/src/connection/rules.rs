//! What names, domains and headers of connections may be (spec 6.1).

use http::HeaderName;
use url::{Host, Url};

use super::error::Error;

/// Headers that an API key may not stand in: they steer the connection itself.
const FORBIDDEN_HEADERS: [&str; 8] =
    ["host", "content-length", "transfer-encoding", "connection", "te", "trailer", "upgrade", "keep-alive"];
/// What such headers, and those that ZIS keeps for the platforms on the way, begin with.
const FORBIDDEN_PREFIXES: [&str; 4] = ["proxy-", "x-zis-", "x-amz-", "x-forwarded-"];
/// Most characters of a header's name and of a domain; of one label of the domain.
const MAX_NAME: usize = 128;
const MAX_LABEL: usize = 63;
/// Bytes of a secret: a large JWT fits, a header stays below what servers take.
const MAX_SECRET: usize = 8 * 1024;

/// 3 to 64 letters, digits, `_`, `-`.
pub(super) fn name(text: &str) -> Result<(), Error> {
    let fits = (3..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    let message = "a connection name has 3 to 64 letters, digits, `_` or `-`";
    if fits { Ok(()) } else { Err(Error::invalid("name", message)) }
}

/// A host name or address, without scheme, port and path; a leading `*.` stands for any subdomain.
pub(super) fn allowed_domain(text: &str) -> Result<(), Error> {
    let refuse = |message: &str| Err(Error::invalid("allowed_domain", format!("`{text}` {message}")));
    if text.is_empty() {
        return Err(Error::invalid("allowed_domain", "say on which host the connection may be used"));
    }
    if text.contains("://") || text.contains('/') {
        return refuse("is a URL; give the host name alone, such as api.example.com");
    }
    if text.len() > MAX_NAME || text.split('.').any(|label| label.len() > MAX_LABEL) {
        return refuse(&format!("is longer than {MAX_NAME} characters, or a part of it than {MAX_LABEL}"));
    }
    let name = text.strip_prefix("*.").unwrap_or(text);
    if name.contains('*') {
        return refuse("has a `*` that is not its first label; use *.example.com");
    }
    match Host::parse(name) {
        Ok(Host::Domain(_)) if text.starts_with("*.") && !name.contains('.') => {
            refuse("would stand for a whole top-level domain")
        }
        Ok(Host::Ipv4(_) | Host::Ipv6(_)) if text.starts_with("*.") => refuse("has a `*.` before an address"),
        Ok(_) => Ok(()),
        Err(_) if name.contains(':') => refuse("has a port; give the host name alone"),
        Err(error) => refuse(&format!("is no host name: {error}")),
    }
}

pub(super) fn header_name(text: &str) -> Result<(), Error> {
    let lower = text.to_ascii_lowercase();
    let begins = |prefix: &&str| lower.starts_with(*prefix);
    if FORBIDDEN_HEADERS.contains(&lower.as_str()) || FORBIDDEN_PREFIXES.iter().any(begins) {
        return Err(Error::invalid("header_name", format!("`{text}` steers the connection and can't carry a key")));
    }
    if text.len() > MAX_NAME {
        return Err(Error::invalid("header_name", format!("is longer than {MAX_NAME} characters")));
    }
    let valid = HeaderName::try_from(text).is_ok();
    if valid { Ok(()) } else { Err(Error::invalid("header_name", format!("`{text}` is no header name"))) }
}

/// What goes into a header: not empty, no line breaks.
pub(super) fn secret(field: &'static str, text: &str) -> Result<(), Error> {
    if text.is_empty() {
        return Err(Error::invalid(field, "must not be empty"));
    }
    if text.len() > MAX_SECRET {
        return Err(Error::invalid(field, format!("is longer than {MAX_SECRET} bytes")));
    }
    if text.chars().any(char::is_control) {
        return Err(Error::invalid(field, "has a line break or another control character"));
    }
    Ok(())
}

/// A user name: may be empty (some APIs take the key as the password alone); a `:` would end it.
pub(super) fn username(text: &str) -> Result<(), Error> {
    if text.contains(':') || text.chars().any(char::is_control) || text.len() > MAX_SECRET {
        return Err(Error::invalid("username", "must not hold a `:` or a control character"));
    }
    Ok(())
}

/// An absolute http or https URL; `{subdomain}` may stand anywhere in it.
pub(super) fn provider_url(field: &'static str, text: &str) -> Result<(), Error> {
    match Url::parse(&fill_subdomain(text, Some("acme"))) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.username().is_empty() => Ok(()),
        Ok(_) => Err(Error::invalid(field, format!("`{text}` is no http or https URL without user name"))),
        Err(error) => Err(Error::invalid(field, format!("`{text}` is no absolute URL: {error}"))),
    }
}

/// Puts the subdomain in the place of `{{subdomain}}` or `{subdomain}` (spec 6.4).
pub(super) fn fill_subdomain(url: &str, subdomain: Option<&str>) -> String {
    let Some(subdomain) = subdomain else { return url.to_owned() };
    url.replace("{{subdomain}}", subdomain).replace("{subdomain}", subdomain)
}

/// One or more DNS labels: anything else could turn `https://{subdomain}.example.com` into another host.
pub(super) fn subdomain(text: &str) -> Result<(), Error> {
    let label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    if text.len() <= 253 && text.split('.').all(label) {
        return Ok(());
    }
    Err(Error::invalid("oauth_url_subdomain", format!("`{text}` is no subdomain")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (text, fits) in [
            ("abc", true),
            ("zendesk", true),
            ("My_api-Key2", true),
            ("ab", false),
            ("", false),
            ("a b c", false),
            ("a.b.c", false),
            ("äöü", false),
        ] {
            assert_eq!(name(text).is_ok(), fits, "{text}");
        }
        assert!(name(&"a".repeat(64)).is_ok() && name(&"a".repeat(65)).is_err());
    }

    #[test]
    fn domains() {
        for (text, fits) in [
            ("api.example.com", true),
            ("API.Example.com", true),
            ("localhost", true),
            ("127.0.0.1", true),
            ("[::1]", true),
            ("*.example.com", true),
            ("*.a.b.example.com", true),
            ("*.com", false),
            ("*", false),
            ("*.", false),
            ("a.*.com", false),
            ("*example.com", false),
            ("*.127.0.0.1", false),
            ("https://api.example.com", false),
            ("api.example.com/v1", false),
            ("api.example.com:443", false),
            ("a b.example.com", false),
            ("", false),
        ] {
            assert_eq!(allowed_domain(text).is_ok(), fits, "{text}");
        }
        let labels = |length: usize, last: usize| format!("{}.{}", "a".repeat(length), "b".repeat(last));
        for (text, fits) in [
            (labels(63, 63), true),
            (labels(64, 3), false),
            (labels(3, 64), false),
            (format!("a.{}", labels(63, 63)), false),
        ] {
            assert_eq!(allowed_domain(&text).is_ok(), fits, "{text}");
        }
    }

    #[test]
    fn headers() {
        for (text, fits) in [
            ("x-api-key", true),
            ("Authorization", true),
            ("Host", false),
            ("content-LENGTH", false),
            ("Transfer-Encoding", false),
            ("Connection", false),
            ("Proxy-Authorization", false),
            ("X-Zis-Key", false),
            ("x-amz-security-token", false),
            ("X-Forwarded-For", false),
            ("x api", false),
            ("x\r\ny", false),
            ("", false),
        ] {
            assert_eq!(header_name(text).is_ok(), fits, "{text}");
        }
        assert!(header_name(&"x".repeat(128)).is_ok() && header_name(&"x".repeat(129)).is_err());
    }

    #[test]
    fn provider_urls_and_their_subdomain() {
        for (url, filled) in [
            ("https://{subdomain}.example.com/token", "https://foo.example.com/token"),
            ("https://{{subdomain}}.example.com/token", "https://foo.example.com/token"),
            ("https://example.com/{subdomain}/{subdomain}", "https://example.com/foo/foo"),
        ] {
            assert!(provider_url("token_url", url).is_ok(), "{url}");
            assert_eq!(fill_subdomain(url, Some("foo")), filled);
        }
        for url in ["example.com/token", "ftp://example.com", "", "https://u:p@example.com/"] {
            assert!(provider_url("token_url", url).is_err(), "{url}");
        }
        for (text, fits) in [
            ("acme", true),
            ("acme.eu-1", true),
            ("evil.example/", false),
            ("a@b", false),
            ("", false),
            ("a..b", false),
        ] {
            assert_eq!(subdomain(text).is_ok(), fits, "{text}");
        }
    }
}
