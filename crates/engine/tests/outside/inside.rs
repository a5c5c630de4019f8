//! Requests to the server's own origin: answered in the process for as long as the server is there, and by the network otherwise.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{FutureExt, future::BoxFuture};
use http::{HeaderMap, Method};
use http_body_util::{BodyExt, Full};
use url::Url;
use zis_engine::outbound::{
    Client, Inside, Options, Policy, Request, Response,
    inside::{Body, Service},
};

use crate::server::{Server, reply};

/// Answers with a fixed text and remembers targets and hosts.
#[derive(Default)]
struct Router(Mutex<Vec<(String, String)>>);

impl Service for Router {
    fn answer(
        &self,
        request: http::Request<Full<Bytes>>,
    ) -> BoxFuture<'static, Result<http::Response<Body>, Infallible>> {
        let host = request.headers()["host"].to_str().unwrap().to_owned();
        self.0.lock().unwrap().push((request.uri().to_string(), host));
        let body = Full::from("inside").map_err(Into::into).boxed_unsync();
        async move { Ok(http::Response::new(body)) }.boxed()
    }
}

async fn get(client: &Client, url: &str) -> Response {
    let url = Url::parse(url).unwrap();
    let request =
        Request { method: Method::GET, url, headers: HeaderMap::new(), body: Bytes::new(), credentials: Vec::new() };
    client.send(&request, Duration::from_secs(60)).await.unwrap()
}

#[tokio::test]
async fn the_own_origin_needs_no_socket() {
    let outside = Server::start(|_, _| reply(200, "outside")).await;
    let origin = format!("http://{}", outside.address);
    let inside = Inside::default();
    let policy = Policy { allow_loopback: true, ..Policy::default() };
    let client = Client::new(Options { policy, inside: inside.clone(), ..Options::default() }).unwrap();
    assert_eq!(get(&client, &origin).await.body, "outside", "the way is closed at first");

    let router = Arc::new(Router::default());
    inside.open(&Url::parse(&origin).unwrap(), &router);
    assert_eq!(get(&client, &format!("{origin}/a/b?c=d#e")).await.body, "inside");
    let host = outside.address.to_string();
    assert_eq!(*router.0.lock().unwrap(), [("/a/b?c=d".to_owned(), host)], "as a connection would have carried it");

    let other = Server::start(|_, _| reply(200, "other")).await;
    assert_eq!(
        get(&client, &format!("http://{}/a", other.address)).await.body,
        "other",
        "another port is another origin"
    );
    assert_eq!(get(&client, &format!("http://localhost:{}/", outside.address.port())).await.body, "outside");

    drop(router);
    assert_eq!(get(&client, &origin).await.body, "outside", "the server is gone");
}
