//! The client behind a proxy: failed sign-ins count for its address, not for the proxy's, which everybody shares.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;
use zis_engine::outbound::Allowed;

/// Written by proxies: each adds at the end the address that it was called from.
const FORWARDED: &str = "x-forwarded-for";

/// The address of the client: `peer`, or the last address in `X-Forwarded-For` that is no trusted proxy. What stands before that one
/// was written by somebody who may lie.
pub(crate) fn client(peer: SocketAddr, headers: &HeaderMap, proxies: &[Allowed]) -> SocketAddr {
    if proxies.is_empty() {
        return peer;
    }
    let trusted = |address: IpAddr| proxies.iter().any(|proxy| proxy.holds(address));
    let mut client = peer;
    let lines = headers.get_all(FORWARDED).iter().filter_map(|value| value.to_str().ok());
    let mut hops = lines.flat_map(|line| line.split(',')).collect::<Vec<_>>().into_iter().rev();
    while trusted(client.ip()) {
        let Some(next) = hops.next().and_then(address) else { break };
        client = next;
    }
    client
}

/// `192.0.2.1`, `192.0.2.1:1234`, `2001:db8::1`, `[2001:db8::1]:1234`.
fn address(text: &str) -> Option<SocketAddr> {
    let text = text.trim();
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    text.parse().ok().or_else(|| Some(SocketAddr::new(bare.parse().ok()?, 0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_address_that_is_no_proxy_counts() {
        let proxies = ["10.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()];
        // The peer, the header, the client.
        let cases = [
            ("203.0.113.5:1", "192.0.2.9", "203.0.113.5"),
            ("10.0.0.1:1", "", "10.0.0.1"),
            ("10.0.0.1:1", "192.0.2.9", "192.0.2.9"),
            ("10.0.0.1:1", "192.0.2.9:5555", "192.0.2.9"),
            ("10.0.0.1:1", "1.1.1.1, 192.0.2.9", "192.0.2.9"),
            ("10.0.0.1:1", "1.1.1.1, 192.0.2.9, 10.2.3.4", "192.0.2.9"),
            ("10.0.0.1:1", "10.9.9.9", "10.9.9.9"),
            ("10.0.0.1:1", "192.0.2.9, nonsense", "10.0.0.1"),
            ("[::1]:1", "[2001:db8::7]:443", "2001:db8::7"),
            ("[::1]:1", "2001:db8::7", "2001:db8::7"),
        ];
        for (peer, header, expected) in cases {
            let mut headers = HeaderMap::new();
            if !header.is_empty() {
                headers.insert(FORWARDED, header.parse().unwrap());
            }
            let found = client(peer.parse().unwrap(), &headers, &proxies);
            assert_eq!(found.ip(), expected.parse::<IpAddr>().unwrap(), "{peer} with {header}");
        }
    }

    #[test]
    fn headers_in_several_lines_are_one() {
        let mut headers = HeaderMap::new();
        headers.append(FORWARDED, "192.0.2.9".parse().unwrap());
        headers.append(FORWARDED, "10.0.0.3".parse().unwrap());
        let proxies = ["10.0.0.0/8".parse().unwrap()];
        let found = client("10.0.0.1:1".parse().unwrap(), &headers, &proxies);
        assert_eq!(found.ip(), "192.0.2.9".parse::<IpAddr>().unwrap());
    }
}
