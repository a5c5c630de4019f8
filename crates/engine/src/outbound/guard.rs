//! Which addresses may be dialled (D10): public ones, and what the configuration names.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use url::{Host, Url};

/// What the outbound guard lets through beyond public addresses.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// Private, shared (100.64/10), unique-local, link-local and loopback addresses. Those of cloud metadata services stay refused: who
    /// needs one names it.
    pub allow_private: bool,
    /// Loopback addresses only: what `zis dev` sets.
    pub allow_loopback: bool,
    /// Hosts and networks that are always allowed.
    pub allow: Vec<Allowed>,
    /// The server's own origins: always allowed, at exactly their port.
    pub own_origins: Vec<Url>,
}

/// One entry of the allow-list: `10.1.0.0/16`, `::1`, `erp.internal`, `*.corp.example`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allowed {
    /// Addresses whose first `bits` bits equal those of `net`.
    Net { net: IpAddr, bits: u8 },
    /// A host name, whatever its address: the name's owner is trusted. A leading `*.` stands for any subdomain.
    Host(String),
}

/// An entry of the allow-list that can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither a host name, an address nor a network such as 10.0.0.0/8")]
pub struct AllowedError(String);

impl FromStr for Allowed {
    type Err = AllowedError;

    fn from_str(text: &str) -> Result<Self, AllowedError> {
        let bad = || AllowedError(text.to_owned());
        let bare = text.trim().trim_start_matches('[').trim_end_matches(']');
        if let Some((net, bits)) = bare.split_once('/') {
            let net = net.trim_end_matches(']').parse::<IpAddr>().map_err(|_| bad())?;
            let bits = bits.parse().map_err(|_| bad())?;
            let most = if net.is_ipv4() { 32 } else { 128 };
            return if bits <= most { Ok(Allowed::Net { net, bits }) } else { Err(bad()) };
        }
        if let Ok(net) = bare.parse::<IpAddr>() {
            return Ok(Allowed::Net { net, bits: if net.is_ipv4() { 32 } else { 128 } });
        }
        let name = bare.strip_prefix("*.").unwrap_or(bare);
        match Host::parse(name) {
            Ok(Host::Domain(domain)) if !domain.contains('*') => {
                let star = if bare.starts_with("*.") { "*." } else { "" };
                Ok(Allowed::Host(format!("{star}{}", domain.trim_end_matches('.'))))
            }
            _ => Err(bad()),
        }
    }
}

impl Allowed {
    /// Whether `address` is in this network; a host name holds none.
    pub fn holds(&self, address: IpAddr) -> bool {
        matches!(self, Allowed::Net { net, bits } if within(address.to_canonical(), *net, *bits))
    }
}

/// Why an address may not be dialled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Loopback,
    Private,
    LinkLocal,
    Metadata,
    Unspecified,
    Multicast,
    Reserved,
}

impl Kind {
    /// `a private address`: for messages.
    pub fn describe(self) -> &'static str {
        match self {
            Kind::Loopback => "a loopback address",
            Kind::Private => "a private address",
            Kind::LinkLocal => "a link-local address",
            Kind::Metadata => "a cloud metadata address",
            Kind::Unspecified => "the unspecified address",
            Kind::Multicast => "a multicast address",
            Kind::Reserved => "a reserved address",
        }
    }
}

impl Policy {
    /// Whether anything may be dialled for this host name and port, whatever its address.
    pub fn trusts(&self, scheme: &str, host: &str, port: u16) -> bool {
        let host = host.trim_end_matches('.');
        self.own_origins.iter().any(|own| {
            own.scheme() == scheme
                && own.port_or_known_default() == Some(port)
                && own
                    .host_str()
                    .is_some_and(|name| name.eq_ignore_ascii_case(host) || (is_local(name) && is_local(host)))
        }) || self.allow.iter().any(|entry| matches!(entry, Allowed::Host(pattern) if host_matches(pattern, host)))
    }

    /// `None` when `address` may be dialled.
    pub fn refuses(&self, address: IpAddr) -> Option<Kind> {
        let kind = classify(address)?;
        let address = embedded(address).map_or(address, IpAddr::V4);
        let listed = self.allow.iter().any(|entry| entry.holds(address));
        let allowed = listed
            || match kind {
                Kind::Loopback => self.allow_loopback || self.allow_private,
                Kind::Private | Kind::LinkLocal => self.allow_private,
                _ => false,
            };
        (!allowed).then_some(kind)
    }
}

/// The names under which a server on this machine is reached: `acme.localhost:8080` is `127.0.0.1:8080`.
pub fn is_local(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    host == "127.0.0.1" || host == "localhost" || host.ends_with(".localhost")
}

/// Compares a host name with a pattern that may begin with `*.`, without regard to case and a trailing dot.
pub fn host_matches(pattern: &str, host: &str) -> bool {
    let host = host.trim_end_matches('.');
    let pattern = pattern.trim_end_matches('.');
    match pattern.strip_prefix("*.") {
        Some(suffix) => {
            host.len() > suffix.len() + 1
                && host.is_char_boundary(host.len() - suffix.len())
                && host[host.len() - suffix.len()..].eq_ignore_ascii_case(suffix)
                && host.as_bytes()[host.len() - suffix.len() - 1] == b'.'
        }
        None => pattern.eq_ignore_ascii_case(host),
    }
}

fn within(address: IpAddr, net: IpAddr, bits: u8) -> bool {
    match (address, net) {
        (IpAddr::V4(address), IpAddr::V4(net)) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
            u32::from(address) & mask == u32::from(net) & mask
        }
        (IpAddr::V6(address), IpAddr::V6(net)) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
            u128::from(address) & mask == u128::from(net) & mask
        }
        _ => false,
    }
}

/// The IPv4 address inside an IPv4-mapped (`::ffff:a.b.c.d`), NAT64 (`64:ff9b::a.b.c.d`) or 6to4 (`2002:ab:cd::`) one: that is
/// where the packets end.
fn embedded(address: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(address) = address else { return None };
    let segments = address.segments();
    let join = |high: u16, low: u16| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
    match segments {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(join(high, low)),
        [0x2002, high, low, ..] => Some(join(high, low)),
        _ => None,
    }
}

/// What kind of not-public address this is; `None` for a public one.
pub fn classify(address: IpAddr) -> Option<Kind> {
    if let Some(inner) = embedded(address) {
        return classify_v4(inner);
    }
    match address {
        IpAddr::V4(address) => classify_v4(address),
        IpAddr::V6(address) => classify_v6(address),
    }
}

fn classify_v4(address: Ipv4Addr) -> Option<Kind> {
    // Two clouds keep their metadata service outside the link-local range.
    const METADATA: [Ipv4Addr; 3] =
        [Ipv4Addr::new(169, 254, 169, 254), Ipv4Addr::new(168, 63, 129, 16), Ipv4Addr::new(100, 100, 100, 200)];
    if METADATA.contains(&address) {
        return Some(Kind::Metadata);
    }
    match address.octets() {
        [0, 0, 0, 0] => Some(Kind::Unspecified),
        [127, ..] => Some(Kind::Loopback),
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => Some(Kind::Private),
        [169, 254, ..] => Some(Kind::LinkLocal),
        [224..=239, ..] => Some(Kind::Multicast),
        // "This network", protocol assignments, documentation, 6to4 relays, benchmarks, and everything from 240 on.
        [0, ..]
        | [192, 0, 0 | 2, _]
        | [192, 88, 99, _]
        | [198, 18 | 19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _]
        | [240..=255, ..] => Some(Kind::Reserved),
        _ => None,
    }
}

fn classify_v6(address: Ipv6Addr) -> Option<Kind> {
    const METADATA: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
    match address.segments() {
        _ if address == METADATA => Some(Kind::Metadata),
        [0, 0, 0, 0, 0, 0, 0, 0] => Some(Kind::Unspecified),
        [0, 0, 0, 0, 0, 0, 0, 1] => Some(Kind::Loopback),
        [0xfc00..=0xfdff, ..] => Some(Kind::Private),
        [0xfe80..=0xfebf, ..] => Some(Kind::LinkLocal),
        [0xff00..=0xffff, ..] => Some(Kind::Multicast),
        // Only 2000::/3 is given out as public; of it, not: protocol assignments (Teredo), documentation.
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Some(Kind::Reserved),
        [0x2000..=0x3fff, ..] => None,
        _ => Some(Kind::Reserved),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_address() {
        let table = [
            ("93.184.216.34", None),
            ("8.8.8.8", None),
            ("172.15.255.255", None),
            ("172.32.0.1", None),
            ("100.128.0.1", None),
            ("2606:4700:4700::1111", None),
            ("64:ff9b::808:808", None),
            ("127.0.0.1", Some(Kind::Loopback)),
            ("127.255.255.254", Some(Kind::Loopback)),
            ("::1", Some(Kind::Loopback)),
            ("::ffff:127.0.0.1", Some(Kind::Loopback)),
            ("64:ff9b::7f00:1", Some(Kind::Loopback)),
            ("2002:7f00:1::", Some(Kind::Loopback)),
            ("10.0.0.1", Some(Kind::Private)),
            ("172.16.0.1", Some(Kind::Private)),
            ("172.31.255.255", Some(Kind::Private)),
            ("192.168.1.1", Some(Kind::Private)),
            ("100.64.0.1", Some(Kind::Private)),
            ("::ffff:10.1.2.3", Some(Kind::Private)),
            ("fd12:3456::1", Some(Kind::Private)),
            ("169.254.1.1", Some(Kind::LinkLocal)),
            ("fe80::1", Some(Kind::LinkLocal)),
            ("169.254.169.254", Some(Kind::Metadata)),
            ("::ffff:169.254.169.254", Some(Kind::Metadata)),
            ("100.100.100.200", Some(Kind::Metadata)),
            ("168.63.129.16", Some(Kind::Metadata)),
            ("fd00:ec2::254", Some(Kind::Metadata)),
            ("0.0.0.0", Some(Kind::Unspecified)),
            ("::", Some(Kind::Unspecified)),
            ("224.0.0.1", Some(Kind::Multicast)),
            ("ff02::1", Some(Kind::Multicast)),
            ("0.1.2.3", Some(Kind::Reserved)),
            ("192.0.2.1", Some(Kind::Reserved)),
            ("198.18.0.1", Some(Kind::Reserved)),
            ("255.255.255.255", Some(Kind::Reserved)),
            ("240.0.0.1", Some(Kind::Reserved)),
            ("::127.0.0.1", Some(Kind::Reserved)),
            ("fec0::1", Some(Kind::Reserved)),
            ("2001::1", Some(Kind::Reserved)),
            ("2001:db8::1", Some(Kind::Reserved)),
            ("100::1", Some(Kind::Reserved)),
        ];
        for (text, expected) in table {
            let address = text.parse().expect("an address of the table");
            assert_eq!(classify(address), expected, "{text}");
            assert_eq!(Policy::default().refuses(address), expected, "{text}");
        }
    }

    #[test]
    fn settings_open_what_they_name_and_nothing_else() {
        let private = Policy { allow_private: true, ..Policy::default() };
        let loopback = Policy { allow_loopback: true, ..Policy::default() };
        let listed = Policy {
            allow: ["10.1.0.0/16", "::1", "fd00::/8", "169.254.7.7"]
                .map(|text| text.parse().expect("an entry"))
                .to_vec(),
            ..Policy::default()
        };
        // address, allow_private, allow_loopback, the list
        let table = [
            ("127.0.0.1", true, true, false),
            ("::ffff:127.0.0.1", true, true, false),
            ("::1", true, true, true),
            ("10.1.2.3", true, false, true),
            ("::ffff:10.1.2.3", true, false, true),
            ("10.2.0.1", true, false, false),
            ("fd00::1", true, false, true),
            ("169.254.7.7", true, false, true),
            ("fe80::1", true, false, false),
            ("fd00:ec2::254", false, false, true),
            ("169.254.169.254", false, false, false),
            ("0.0.0.0", false, false, false),
            ("224.0.0.1", false, false, false),
        ];
        for (text, by_private, by_loopback, by_list) in table {
            let address = text.parse().expect("an address of the table");
            assert_eq!(private.refuses(address).is_none(), by_private, "allow_private {text}");
            assert_eq!(loopback.refuses(address).is_none(), by_loopback, "allow_loopback {text}");
            assert_eq!(listed.refuses(address).is_none(), by_list, "list {text}");
        }
    }

    #[test]
    fn trusted_names() {
        let policy = Policy {
            allow: ["erp.internal", "*.corp.example"].map(|text| text.parse().expect("an entry")).to_vec(),
            own_origins: vec![Url::parse("http://127.0.0.1:8080").expect("a URL")],
            ..Policy::default()
        };
        let table = [
            ("http", "127.0.0.1", 8080, true),
            ("http", "127.0.0.1", 8081, false),
            ("http", "localhost", 8080, true),
            ("http", "acme.localhost", 8080, true),
            ("http", "127.0.0.2", 8080, false),
            ("https", "127.0.0.1", 8080, false),
            ("https", "erp.internal", 443, true),
            ("https", "ERP.internal.", 443, true),
            ("https", "a.corp.example", 443, true),
            ("https", "a.b.corp.example", 443, true),
            ("https", "corp.example", 443, false),
            ("https", "evilcorp.example", 443, false),
        ];
        for (scheme, host, port, expected) in table {
            assert_eq!(policy.trusts(scheme, host, port), expected, "{scheme}://{host}:{port}");
        }
    }

    #[test]
    fn entries_that_cannot_be_read() {
        for text in ["10.0.0.0/33", "::1/129", "a b", "", "*", "a.*.example", "10.0.0.0/x", "*.10.0.0.1"] {
            assert!(text.parse::<Allowed>().is_err(), "{text}");
        }
        assert_eq!("[::1]".parse(), Ok(Allowed::Net { net: IpAddr::V6(Ipv6Addr::LOCALHOST), bits: 128 }));
        // A network of no bits is every address.
        let all: Allowed = "0.0.0.0/0".parse().expect("a network");
        let policy = Policy { allow: vec![all], ..Policy::default() };
        assert_eq!(policy.refuses("10.0.0.1".parse().expect("an address")), None);
    }
}
