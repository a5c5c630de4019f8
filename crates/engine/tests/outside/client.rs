//! The HTTP client: guard, rebinding, redirects, caps, the pool.

use std::{
    io,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use url::Url;
use zis_engine::outbound::{
    Client, Error, MAX_REQUEST_BYTES, MAX_REQUEST_HEADERS, Options, Policy, Request, Resolver, Response,
};

use crate::{
    server::{Server, gone, reply},
    world::client,
};

const LONG: Duration = Duration::from_secs(60);

fn request(method: Method, url: &str) -> Request {
    let url = Url::parse(url).unwrap();
    Request { method, url, headers: HeaderMap::new(), body: Bytes::new(), credentials: Vec::new() }
}

async fn get(client: &Client, url: &str) -> Result<Response, Error> {
    client.send(&request(Method::GET, url), LONG).await
}

/// Answers with one address after the other, and counts.
struct Turning(Vec<&'static str>, AtomicUsize);

#[async_trait::async_trait]
impl Resolver for Turning {
    async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        let turn = self.1.fetch_add(1, Ordering::Relaxed);
        Ok(vec![self.0[turn.min(self.0.len() - 1)].parse().unwrap()])
    }
}

/// A client for which 127.0.0.1 is as good as public, and 127.0.0.2 is private.
fn half_open(answers: &[&'static str]) -> (Client, Arc<Turning>) {
    let resolver = Arc::new(Turning(answers.to_vec(), AtomicUsize::new(0)));
    let policy = Policy { allow: vec!["127.0.0.1".parse().unwrap()], ..Policy::default() };
    let options = Options { policy, resolver: resolver.clone(), ..Options::default() };
    (Client::new(options).unwrap(), resolver)
}

#[tokio::test]
async fn a_name_that_turns_private_is_refused_when_it_is_dialled_again() {
    let public = Server::start(|_, _| reply(200, "public").header("connection", "close")).await;
    let port = public.address.port();
    let (client, resolver) = half_open(&["127.0.0.1", "127.0.0.2"]);
    let url = format!("http://rebinding.example:{port}/");
    assert_eq!(&get(&client, &url).await.unwrap().body[..], b"public");
    // One question for one connection: what was checked is what was dialled.
    assert_eq!(resolver.1.load(Ordering::Relaxed), 1);
    let error = get(&client, &url).await.unwrap_err();
    assert!(matches!(error, Error::Refused { .. }), "{error:?}");
    assert_eq!((resolver.1.load(Ordering::Relaxed), public.seen().len()), (2, 1));
}

#[tokio::test]
async fn a_kept_connection_asks_no_resolver() {
    let server = Server::start(|_, _| reply(200, "")).await;
    let (client, resolver) = half_open(&["127.0.0.1", "127.0.0.2"]);
    let url = format!("http://rebinding.example:{}/", server.address.port());
    for _ in 0..3 {
        get(&client, &url).await.unwrap();
    }
    assert_eq!(resolver.1.load(Ordering::Relaxed), 1);
    assert!(server.seen().iter().all(|seen| seen.connection == 0));
}

#[tokio::test]
async fn every_spelling_of_a_private_address_is_refused() {
    let server = Server::start(|_, _| reply(200, "reached")).await;
    let port = server.address.port();
    let strict = Client::new(Options::default()).unwrap();
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f.1",
        "0x7f000001",
        "0177.0.0.1",
        "127.0.0.1.",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::1]",
        "[::]",
        "0.0.0.0",
        "0",
        "localhost",
        "LOCALHOST.",
        "acme.localhost",
        "10.0.0.1",
        "169.254.169.254",
        "[fd00:ec2::254]",
    ] {
        let error = get(&strict, &format!("http://{host}:{port}/")).await.unwrap_err();
        assert!(matches!(error, Error::Refused { .. }), "{host}: {error:?}");
        assert!(!error.is_transient(), "{host}");
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn the_servers_own_origin_is_always_allowed() {
    let (own, other) = (Server::start(|_, _| reply(200, "own")).await, Server::start(|_, _| reply(200, "other")).await);
    let policy = Policy { own_origins: vec![Url::parse(&own.url("")).unwrap()], ..Policy::default() };
    let client = Client::new(Options { policy, ..Options::default() }).unwrap();
    let port = own.address.port();
    for host in ["127.0.0.1", "127.1", "localhost", "acme.localhost"] {
        assert_eq!(&get(&client, &format!("http://{host}:{port}/")).await.unwrap().body[..], b"own", "{host}");
    }
    assert!(matches!(get(&client, &other.url("/")).await, Err(Error::Refused { .. })));
    assert!(other.seen().is_empty());
}

#[tokio::test]
async fn redirects_are_checked_again() {
    let private = Server::start_at("127.0.0.2", |_, _| reply(200, "private")).await;
    let target = private.url("/");
    let public = Server::start(move |_, _| reply(302, "").header("location", target.clone())).await;
    let (client, _) = half_open(&["127.0.0.1"]);
    assert!(matches!(get(&client, &public.url("/")).await, Err(Error::Refused { .. })));
    assert!(private.seen().is_empty());
}

#[tokio::test]
async fn redirects_lose_their_credentials_on_another_host() {
    let other = Server::start(|_, _| reply(200, "")).await;
    let away = other.url("/end");
    let server = Server::start(move |seen, _| match seen.target.as_str() {
        "/stay" => reply(301, "").header("location", "/end"),
        "/away" => reply(307, "").header("location", away.replace("http://", "http://user:pw@")),
        _ => reply(200, ""),
    })
    .await;
    let mut request = request(Method::GET, &server.url("/stay"));
    let key = HeaderName::from_static("x-api-key");
    for (name, value) in [(header::AUTHORIZATION, "a"), (header::COOKIE, "b"), (key.clone(), "c")] {
        request.headers.insert(name, HeaderValue::from_static(value));
    }
    request.headers.insert("x-plain", HeaderValue::from_static("d"));
    request.credentials.push(key);
    let client = client();
    client.send(&request, LONG).await.unwrap();
    assert_eq!(server.seen()[1].target, "/end");
    request.url.set_path("/away");
    client.send(&request, LONG).await.unwrap();
    let shown = |seen: &crate::server::Seen| {
        ["authorization", "cookie", "x-api-key", "x-plain"].map(|name| seen.header(name).map(str::to_owned))
    };
    let stayed = shown(&server.seen()[1]);
    assert_eq!(stayed, ["a", "b", "c", "d"].map(|text| Some(text.to_owned())));
    assert_eq!(shown(&other.seen()[0]), [None, None, None, Some("d".to_owned())]);
}

#[tokio::test]
async fn only_get_and_head_are_redirected_and_not_for_ever() {
    let server = Server::start(|_, _| reply(302, "").header("location", "/again")).await;
    let client = client();
    let posted = client.send(&request(Method::POST, &server.url("/")), LONG).await.unwrap();
    assert_eq!((posted.status.as_u16(), server.seen().len()), (302, 1));
    let error = get(&client, &server.url("/")).await.unwrap_err();
    assert!(matches!(error, Error::Redirects(5)), "{error:?}");
    assert_eq!(server.seen().len(), 1 + 6);
    let nowhere = Server::start(|_, _| reply(304, "")).await;
    assert_eq!(get(&client, &nowhere.url("/")).await.unwrap().status, 304);
}

#[tokio::test]
async fn caps_hold() {
    let server = Server::start(|seen, _| match seen.target.as_str() {
        "/fits" => reply(200, vec![b'x'; 1000]),
        "/long" => reply(200, vec![b'x'; 1001]),
        _ => reply(200, ""),
    })
    .await;
    let options = Options {
        policy: Policy { allow_loopback: true, ..Policy::default() },
        max_response: 1000,
        ..Options::default()
    };
    let client = Client::new(options).unwrap();
    assert_eq!(get(&client, &server.url("/fits")).await.unwrap().body.len(), 1000);
    assert!(matches!(get(&client, &server.url("/long")).await, Err(Error::TooLarge { limit: 1000 })));
    // A HEAD tells the length of what it does not send.
    assert!(client.send(&request(Method::HEAD, &server.url("/long")), LONG).await.is_ok());

    let mut big = request(Method::POST, &server.url("/"));
    big.body = Bytes::from(vec![b'x'; MAX_REQUEST_BYTES + 1]);
    assert!(matches!(client.send(&big, LONG).await, Err(Error::Invalid(_))));
    big.body.truncate(MAX_REQUEST_BYTES);
    assert!(client.send(&big, LONG).await.is_ok());

    let mut many = request(Method::GET, &server.url("/"));
    for at in 0..=MAX_REQUEST_HEADERS {
        many.headers.insert(HeaderName::try_from(format!("x-{at}")).unwrap(), HeaderValue::from_static("1"));
    }
    assert!(matches!(client.send(&many, LONG).await, Err(Error::Invalid(_))));
    let long = server.url(&format!("/{}", "a".repeat(17_000)));
    assert!(matches!(get(&client, &long).await, Err(Error::Invalid(_))));
}

#[tokio::test]
async fn packed_answers_are_not_taken_for_text() {
    let server = Server::start(|seen, _| {
        assert_eq!(seen.header("accept-encoding"), Some("identity"));
        match seen.target.as_str() {
            "/gzip" => reply(200, vec![0x1f, 0x8b, 8]).header("content-encoding", "GZip"),
            "/refused" => reply(404, vec![0x1f, 0x8b, 8]).header("content-encoding", "gzip"),
            "/empty" => reply(200, "").header("content-encoding", "br"),
            _ => reply(200, "{}").header("content-encoding", "identity"),
        }
    })
    .await;
    let client = client();
    let gzip = get(&client, &server.url("/gzip")).await;
    assert!(matches!(&gzip, Err(Error::Encoded(coding)) if coding == "gzip"), "{gzip:?}");
    for (target, status) in [("/refused", 404), ("/empty", 200), ("/plain", 200)] {
        assert_eq!(get(&client, &server.url(target)).await.unwrap().status, status, "{target}");
    }
}

#[tokio::test]
async fn who_does_not_answer_is_given_up() {
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let server = Server::start(move |_, _| reply(200, "").gate(&gate)).await;
    let options = |timeout| Options {
        policy: Policy { allow_loopback: true, ..Policy::default() },
        timeout,
        ..Options::default()
    };
    let short = Duration::from_millis(20);
    let client = Client::new(options(short)).unwrap();
    let late = client.send(&request(Method::GET, &server.url("/")), LONG).await.unwrap_err();
    assert!(matches!(late, Error::Timeout(_)) && late.is_transient(), "{late:?}");
    let client = Client::new(options(LONG)).unwrap();
    let late = client.send(&request(Method::GET, &server.url("/")), short).await.unwrap_err();
    assert!(matches!(late, Error::Deadline), "{late:?}");
}

#[tokio::test]
async fn nobody_there_is_a_network_failure() {
    let gone = gone();
    let error = get(&client(), &gone).await.unwrap_err();
    assert!(matches!(error, Error::Network(_)) && error.is_transient(), "{error:?}");
    let plain = Options { allow_http: false, ..Options::default() };
    let error = get(&Client::new(plain).unwrap(), &gone).await.unwrap_err();
    assert!(matches!(error, Error::Invalid(_)), "{error:?}");
}

#[tokio::test]
async fn https_speaks_tls_and_guards_as_well() {
    let plain = Server::start(|_, _| reply(200, "")).await;
    let url = plain.url("/").replace("http://", "https://");
    let error = get(&client(), &url).await.unwrap_err();
    assert!(matches!(error, Error::Network(_)), "{error:?}");
    let error = get(&Client::new(Options::default()).unwrap(), &url).await.unwrap_err();
    assert!(matches!(error, Error::Refused { .. }), "{error:?}");
    assert!(plain.seen().is_empty());
}
