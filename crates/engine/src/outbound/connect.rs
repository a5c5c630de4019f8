//! The connector: resolve, check, dial exactly what was checked (D10).

use std::{
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use http::Uri;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use url::Host;

use crate::outbound::{CONNECT_TIMEOUT, error::Refusal, guard::Policy, resolve::Resolver};

/// Addresses of one name that are tried: a name with more of them is not more reachable.
const MAX_ADDRESSES: usize = 4;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Dials hosts for the pool. A pooled connection stays with the address that was checked when it was made, so a name that
/// changes its address later (DNS rebinding) is checked again when it is dialled again, and never before.
#[derive(Clone)]
pub struct Connector {
    policy: Arc<Policy>,
    resolver: Arc<dyn Resolver>,
}

impl Connector {
    pub fn new(policy: Arc<Policy>, resolver: Arc<dyn Resolver>) -> Self {
        Self { policy, resolver }
    }

    /// The addresses that may be dialled for `uri`, in the resolver's order.
    async fn addresses(&self, uri: &Uri) -> Result<Vec<SocketAddr>, BoxError> {
        let text = uri.host().unwrap_or_default();
        let scheme = uri.scheme_str().unwrap_or("http");
        let port = uri.port_u16().unwrap_or(if scheme == "https" { 443 } else { 80 });
        // The same reader as the URL's: `127.1`, `0x7f.1`, `2130706433` and `127.0.0.1.` are addresses, not names.
        let found: Vec<IpAddr> = match Host::parse(text)? {
            Host::Ipv4(address) => vec![IpAddr::V4(address)],
            Host::Ipv6(address) => vec![IpAddr::V6(address)],
            Host::Domain(name) => self.resolver.resolve(&name).await?,
        };
        if found.is_empty() {
            return Err(io::Error::new(io::ErrorKind::NotFound, format!("`{text}` has no address")).into());
        }
        let trusted = self.policy.trusts(scheme, text, port);
        let mut refused = None;
        let mut good = Vec::with_capacity(found.len());
        for address in found {
            match self.policy.refuses(address) {
                Some(kind) if !trusted => refused = Some(kind),
                _ => good.push(SocketAddr::new(address, port)),
            }
        }
        match (good.is_empty(), refused) {
            (true, Some(kind)) => Err(Refusal { host: text.to_owned(), kind }.into()),
            _ => Ok(good),
        }
    }

    async fn dial(self, uri: Uri) -> Result<TokioIo<TcpStream>, BoxError> {
        let mut addresses = self.addresses(&uri).await?;
        addresses.truncate(MAX_ADDRESSES);
        // A dead address must leave time for the next one.
        let share = CONNECT_TIMEOUT / u32::try_from(addresses.len().clamp(1, 2)).unwrap_or(1);
        let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for address in addresses {
            match tokio::time::timeout(share, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    // Requests are written whole: waiting for more to send would cost a round trip's delay for nothing.
                    stream.set_nodelay(true)?;
                    return Ok(TokioIo::new(stream));
                }
                Ok(Err(error)) => last = error,
                Err(_) => last = timed_out(share),
            }
        }
        Err(last.into())
    }
}

fn timed_out(after: Duration) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, format!("no connection within {after:?}"))
}

impl tower::Service<Uri> for Connector {
    type Response = TokioIo<TcpStream>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let dial = self.clone().dial(uri);
        Box::pin(async move {
            // Resolution counts: a resolver that hangs is a host that can't be reached.
            tokio::time::timeout(CONNECT_TIMEOUT, dial).await.unwrap_or_else(|_| Err(timed_out(CONNECT_TIMEOUT).into()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbound::guard::Kind;

    struct Fixed(&'static [&'static str]);

    #[async_trait::async_trait]
    impl Resolver for Fixed {
        async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
            Ok(self.0.iter().map(|text| text.parse().expect("an address")).collect())
        }
    }

    async fn dialled(url: &str, answers: &'static [&'static str]) -> Result<Vec<String>, Kind> {
        let connector = Connector::new(Arc::default(), Arc::new(Fixed(answers)));
        match connector.addresses(&url.parse().expect("a URI")).await {
            Ok(addresses) => Ok(addresses.iter().map(ToString::to_string).collect()),
            Err(error) => Err(error.downcast_ref::<Refusal>().expect("a refusal").kind),
        }
    }

    #[tokio::test]
    async fn only_checked_addresses_are_dialled() {
        let public = ["93.184.216.34:80".to_owned()];
        assert_eq!(dialled("http://a.example/", &["93.184.216.34"]).await, Ok(public.to_vec()));
        assert_eq!(dialled("http://a.example/", &["93.184.216.34", "10.0.0.1"]).await, Ok(public.to_vec()));
        assert_eq!(dialled("http://a.example/", &["127.0.0.1"]).await, Err(Kind::Loopback));
        assert_eq!(dialled("http://a.example/", &["169.254.169.254"]).await, Err(Kind::Metadata));
        // Literals never reach the resolver, in whatever form.
        for literal in ["127.0.0.1", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "[::ffff:127.0.0.1]", "127.0.0.1."]
        {
            let url = format!("http://{literal}/");
            assert_eq!(dialled(&url, &["93.184.216.34"]).await, Err(Kind::Loopback), "{literal}");
        }
    }
}
