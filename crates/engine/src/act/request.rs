//! From a resolved definition to a request on the wire: URL, headers, body (spec 2.4.1, 2.4.4).

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;
use zis_bundle::action::Method as Verb;
use zis_flow::{
    Value,
    effect::{Body, Request, Target},
};

use crate::outbound;

/// Everything but the unreserved characters of RFC 3986: a query parameter is data.
const DATA: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Headers that the client writes itself, from the URL, the body and the connection. A bundle's own would contradict what is sent, or
/// (`Accept-Encoding`) ask for an answer that nobody unpacks. They are left out.
const OURS: [HeaderName; 11] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::CONNECTION,
    header::TE,
    header::TRAILER,
    header::UPGRADE,
    header::EXPECT,
    header::ACCEPT_ENCODING,
    header::PROXY_AUTHORIZATION,
    HeaderName::from_static("keep-alive"),
];

/// Where path actions go, and which host names stand for it.
#[derive(Debug, Clone)]
pub struct Zendesk {
    /// Scheme, host and port of the account's Zendesk: the server's own origin, or `zendesk.url`.
    pub origin: Url,
    /// The host suffix of `$.zendeskHost`. `https://{subdomain}.{host}/…` means the account's Zendesk too: definitions that build
    /// their URL from `$.subdomain` and `$.zendeskHost` work with the local one (spec 2.4.2).
    pub host: String,
}

impl Zendesk {
    /// The account's hosted name: `acme.zendesk.com`.
    pub fn name(&self, subdomain: &str) -> String {
        format!("{subdomain}.{}", self.host)
    }

    fn path(&self, path: &str) -> String {
        let origin = self.origin.as_str().trim_end_matches('/');
        // Always behind a slash of ours, so that no path can become a host.
        let slash = if path.starts_with('/') { "" } else { "/" };
        format!("{origin}{slash}{path}")
    }
}

/// Builds the request, without its credential; and whether it goes to the account's Zendesk. The error names what can't be sent and why;
/// nothing was sent.
pub fn build(
    request: &Request,
    zendesk: &Zendesk,
    subdomain: &str,
    user_agent: &str,
) -> Result<(outbound::Request, bool), String> {
    let (mut url, zendesk) = target(&request.target, zendesk, subdomain)?;
    if !request.query.is_empty() {
        let mut query =
            url.query().filter(|query| !query.is_empty()).map(|query| query.to_owned() + "&").unwrap_or_default();
        for (at, (key, value)) in request.query.iter().enumerate() {
            let and = if at > 0 { "&" } else { "" };
            query += &format!("{and}{}={}", utf8_percent_encode(key, DATA), utf8_percent_encode(value, DATA));
        }
        url.set_query(Some(&query));
    }
    let mut headers = headers(&request.headers)?;
    let carries_body = !matches!(request.method, Verb::Get | Verb::Head | Verb::Trace);
    let body = match request.body.as_ref().filter(|_| carries_body) {
        Some(body) => encode(body, &mut headers),
        None => Bytes::new(),
    };
    headers.entry(header::ACCEPT).or_insert(HeaderValue::from_static("application/json"));
    if let Ok(agent) = HeaderValue::from_str(user_agent) {
        headers.entry(header::USER_AGENT).or_insert(agent);
    }
    Ok((outbound::Request { method: method(request.method), url, headers, body, credentials: Vec::new() }, zendesk))
}

fn method(verb: Verb) -> Method {
    match verb {
        Verb::Get => Method::GET,
        Verb::Head => Method::HEAD,
        Verb::Put => Method::PUT,
        Verb::Post => Method::POST,
        Verb::Delete => Method::DELETE,
        Verb::Options => Method::OPTIONS,
        Verb::Patch => Method::PATCH,
        Verb::Trace => Method::TRACE,
    }
}

/// The absolute URL, and whether it is on the account's Zendesk. Real bundles put relative paths under `url` and absolute URLs under
/// `path`; both are taken for what they are.
fn target(target: &Target, zendesk: &Zendesk, subdomain: &str) -> Result<(Url, bool), String> {
    let (text, is_path) = match target {
        Target::Url(text) => (text.trim(), false),
        Target::Path(text) => (text.trim(), true),
    };
    // The URL reader would drop line breaks and tabs without a word.
    if let Some((at, letter)) = text.char_indices().find(|(_, letter)| letter.is_control()) {
        return Err(format!("the URL has a control character at byte {at}: {letter:?}"));
    }
    let is_absolute = has_scheme(text);
    if !is_absolute && (is_path || (text.starts_with('/') && !text.starts_with("//"))) {
        let url = zendesk.path(text);
        return Url::parse(&url).map(|url| (url, true)).map_err(|error| format!("`{url}` is no URL: {error}"));
    }
    if !is_absolute {
        return Err(format!("`{text}` is no absolute URL: it has to begin with https:// or http://"));
    }
    let mut url = Url::parse(text).map_err(|error| format!("`{text}` is no URL: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("`{}` URLs can't be called, only https and http", url.scheme()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("the URL holds a user name or password; use a basic_auth connection instead".to_owned());
    }
    let authority = &url[url::Position::BeforeHost..url::Position::AfterPort];
    if authority.eq_ignore_ascii_case(&zendesk.name(subdomain)) {
        let rest = &url[url::Position::BeforePath..];
        url = Url::parse(&zendesk.path(rest)).map_err(|error| format!("`{rest}` is no path: {error}"))?;
    }
    let is_zendesk = outbound::origin(&url) == outbound::origin(&zendesk.origin);
    Ok((url, is_zendesk))
}

fn has_scheme(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, _)| {
        scheme.starts_with(|letter: char| letter.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
    })
}

fn headers(pairs: &[(String, String)]) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::with_capacity(pairs.len() + 4);
    for (key, value) in pairs {
        let name =
            HeaderName::try_from(key.as_str()).map_err(|_| format!("`{}` is no header name", key.escape_debug()))?;
        // Refuses CR, LF and NUL: a value from the flow can't add a header of its own.
        let value = HeaderValue::from_bytes(value.trim_matches([' ', '\t']).as_bytes()).map_err(|_| {
            format!("the value of header `{name}` has a line break or another control character, which can't be sent")
        })?;
        if !OURS.contains(&name) {
            headers.insert(name, value);
        }
    }
    Ok(headers)
}

fn encode(body: &Body, headers: &mut HeaderMap) -> Bytes {
    let declared =
        headers.get(header::CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    match body {
        Body::Form(pairs) => {
            let form = HeaderValue::from_static("application/x-www-form-urlencoded");
            headers.entry(header::CONTENT_TYPE).or_insert(form);
            Bytes::from(url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish())
        }
        // A text under a media type that is not JSON's (text/xml, text/plain) is that text, not a JSON string.
        Body::Json(Value::String(text)) if declared.as_deref().is_some_and(|media| !is_json(media)) => {
            Bytes::from(text.as_bytes().to_vec())
        }
        Body::Json(value) => {
            headers.entry(header::CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
            Bytes::from(value.to_json())
        }
    }
}

/// `application/json`, `application/vnd.api+json; charset=utf-8`.
fn is_json(media: &str) -> bool {
    let essence = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence.ends_with("/json") || essence.ends_with("+json")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zendesk() -> Zendesk {
        Zendesk { origin: Url::parse("http://127.0.0.1:8080").expect("a URL"), host: "zendesk.com".to_owned() }
    }

    fn get(target: Target) -> Request {
        Request {
            action: "test".to_owned(),
            method: Verb::Get,
            target,
            query: Vec::new(),
            headers: Vec::new(),
            body: None,
            connection: None,
        }
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn built(request: &Request) -> Result<(outbound::Request, bool), String> {
        build(request, &zendesk(), "acme", "zis/test")
    }

    #[test]
    fn targets() {
        let url = |text: &str| Target::Url(text.to_owned());
        let path = |text: &str| Target::Path(text.to_owned());
        // target, URL that is called, whether it is the account's Zendesk
        let table = [
            (path("/api/v2/tickets/1.json"), "http://127.0.0.1:8080/api/v2/tickets/1.json", true),
            (path("api/v2/users/me"), "http://127.0.0.1:8080/api/v2/users/me", true),
            (path("/api/v2/t.json?external_id=a b"), "http://127.0.0.1:8080/api/v2/t.json?external_id=a%20b", true),
            (path("/a%2Fb/ü/{x}"), "http://127.0.0.1:8080/a%2Fb/%C3%BC/%7Bx%7D", true),
            (path("//evil.example/x"), "http://127.0.0.1:8080//evil.example/x", true),
            (path("@evil.example/x"), "http://127.0.0.1:8080/@evil.example/x", true),
            (path(":80@evil.example/x"), "http://127.0.0.1:8080/:80@evil.example/x", true),
            (path(r"\\evil.example\x"), "http://127.0.0.1:8080///evil.example/x", true),
            (path("/x?next=https://evil.example/"), "http://127.0.0.1:8080/x?next=https://evil.example/", true),
            (path("https://api.example.com/x"), "https://api.example.com/x", false),
            (path(""), "http://127.0.0.1:8080/", true),
            (url("https://api.example.com/a b?q=ü#frag"), "https://api.example.com/a%20b?q=%C3%BC#frag", false),
            (url("/api/v2/tickets.json"), "http://127.0.0.1:8080/api/v2/tickets.json", true),
            (url("http://127.1/x"), "http://127.0.0.1/x", false),
            (url("http://127.0.0.1:8080/bins/a"), "http://127.0.0.1:8080/bins/a", true),
            (url("https://acme.zendesk.com/api/v2/x?y=1"), "http://127.0.0.1:8080/api/v2/x?y=1", true),
            (url("https://ACME.zendesk.com"), "http://127.0.0.1:8080/", true),
            (url("https://acme.zendesk.com:8443/x"), "https://acme.zendesk.com:8443/x", false),
            (url("https://other.zendesk.com/x"), "https://other.zendesk.com/x", false),
            (url("HTTPS://Api.Example.com./x"), "https://api.example.com./x", false),
            (url(" https://api.example.com/x "), "https://api.example.com/x", false),
        ];
        for (target, expected, zendesk) in table {
            let (sent, to_zendesk) = built(&get(target.clone())).expect("a request");
            assert_eq!((sent.url.as_str(), to_zendesk), (expected, zendesk), "{target:?}");
        }
    }

    #[test]
    fn targets_that_cannot_be_sent() {
        let table = [
            (Target::Url("api.example.com/x".to_owned()), "no absolute URL"),
            (Target::Url("//api.example.com/x".to_owned()), "no absolute URL"),
            (Target::Url(String::new()), "no absolute URL"),
            (Target::Url("ftp://api.example.com/x".to_owned()), "`ftp` URLs"),
            (Target::Url("file:///etc/passwd".to_owned()), "`file` URLs"),
            (Target::Url("https://user:pw@api.example.com/".to_owned()), "basic_auth connection"),
            (Target::Url("https://allowed.example@evil.example/".to_owned()), "basic_auth connection"),
            (Target::Url("https://api.example.com/a\r\nHost: x".to_owned()), "control character"),
            (Target::Path("/a\nb".to_owned()), "control character"),
            (Target::Url("https://".to_owned()), "is no URL"),
        ];
        for (target, expected) in table {
            let error = built(&get(target.clone())).expect_err("a refusal");
            assert!(error.contains(expected), "{target:?}: {error}");
        }
    }

    #[test]
    fn query_parameters_are_data() {
        let mut request = get(Target::Path("/search?a=1%202".to_owned()));
        request.query = pairs(&[("q", "requester:a+b@x.example & more"), ("page[size]", "50%"), ("empty", "")]);
        let (sent, _) = built(&request).expect("a request");
        assert_eq!(
            sent.url.query(),
            Some("a=1%202&q=requester%3Aa%2Bb%40x.example%20%26%20more&page%5Bsize%5D=50%25&empty=")
        );
    }

    #[test]
    fn headers_and_defaults() {
        let mut request = get(Target::Path("/".to_owned()));
        request.headers = pairs(&[
            ("X-Ticket", " 12 "),
            ("accept", "text/csv"),
            ("Host", "evil.example"),
            ("Content-Length", "99"),
            ("Transfer-Encoding", "chunked"),
            ("Accept-Encoding", "gzip, br"),
            ("X-Name", "Zoë"),
        ]);
        let (sent, _) = built(&request).expect("a request");
        let shown: Vec<_> = sent.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        let expected: [(&str, &[u8]); 4] =
            [("x-ticket", b"12"), ("accept", b"text/csv"), ("x-name", "Zoë".as_bytes()), ("user-agent", b"zis/test")];
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_value_cannot_add_a_header() {
        for (key, value) in
            [("X-A", "1\r\nX-B: 2"), ("X-A", "1\n2"), ("X-A", "nul\0"), ("X A", "1"), ("X-A:", "1"), ("", "1")]
        {
            let mut request = get(Target::Path("/".to_owned()));
            request.headers = pairs(&[(key, value)]);
            assert!(built(&request).is_err(), "{key:?}: {value:?}");
        }
    }

    #[test]
    fn bodies() {
        let json = |text: &str| Body::Json(Value::from_json(text).expect("JSON"));
        let form = || Body::Form(pairs(&[("a b", "1&2"), ("ü", "")]));
        let json_type = Some("application/json");
        // method, declared type, body, type sent, body sent
        let table = [
            (Verb::Post, None, Some(json(r#"{"a": 1}"#)), json_type, r#"{"a":1}"#),
            (Verb::Post, None, Some(json(r#""text""#)), json_type, r#""text""#),
            (Verb::Post, Some("application/vnd.api+json"), Some(json("[1]")), Some("application/vnd.api+json"), "[1]"),
            (Verb::Put, Some("text/xml"), Some(json(r#""<a/>""#)), Some("text/xml"), "<a/>"),
            (Verb::Put, Some("text/xml"), Some(json("{}")), Some("text/xml"), "{}"),
            (Verb::Post, None, Some(form()), Some("application/x-www-form-urlencoded"), "a+b=1%262&%C3%BC="),
            (Verb::Delete, None, Some(json("{}")), json_type, "{}"),
            (Verb::Get, None, Some(json("{}")), None, ""),
            (Verb::Head, None, Some(json("{}")), None, ""),
            (Verb::Trace, None, Some(json("{}")), None, ""),
            (Verb::Post, None, None, None, ""),
        ];
        for (method, declared, body, media, sent) in table {
            let mut request = get(Target::Path("/".to_owned()));
            (request.method, request.body) = (method, body.clone());
            request.headers = declared.map(|media| ("Content-Type".to_owned(), media.to_owned())).into_iter().collect();
            let (made, _) = built(&request).expect("a request");
            let shown = made.headers.get(header::CONTENT_TYPE).map(|value| value.to_str().expect("a text"));
            assert_eq!((shown, &made.body[..]), (media, sent.as_bytes()), "{method:?} {declared:?} {body:?}");
        }
    }

    proptest::proptest! {
        /// Whatever a flow puts into a path, the request stays on the account's Zendesk.
        #[test]
        fn no_path_leaves_zendesk(text in "[ -~\\\\/@:?#\u{e9}\u{ff0f}\u{2024}\t\n]{0,40}") {
            if let Ok((sent, _)) = built(&get(Target::Path(text.clone()))) {
                let stays = sent.url.origin() == zendesk().origin.origin() && sent.url.username().is_empty();
                proptest::prop_assert!(stays || has_scheme(text.trim()), "{}", sent.url);
            }
        }

        /// Whatever a flow puts into a header, one header comes of it.
        #[test]
        fn no_value_splits_a_header(value in "\\PC{0,10}[\r\n\0\t]?\\PC{0,10}") {
            let mut request = get(Target::Path("/".to_owned()));
            request.headers = pairs(&[("X-A", &value)]);
            if let Ok((sent, _)) = built(&request) {
                let bytes = sent.headers["x-a"].as_bytes();
                proptest::prop_assert!(!bytes.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)));
            }
        }
    }
}
