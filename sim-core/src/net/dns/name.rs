//! Domain names (RFC 1034 §3.1, RFC 4343).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

/// A domain name without its closing dot, in lower case: names that differ in case alone are the same (RFC 4343).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub(crate) struct DomainName(String);

/// The text is no domain name: a label is empty or longer than 63 bytes, or the whole is longer than 253.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("'{0}' is not a domain name")]
pub(crate) struct NotAName(pub String);

impl DomainName {
    /// The name as written, without a closing dot.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the name is `zone` or lies below it.
    pub(crate) fn is_within(&self, zone: &DomainName) -> bool {
        zone.0.is_empty() || self.0.strip_suffix(&zone.0).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }

    /// The name one label shorter; `None` for the root.
    pub(crate) fn parent(&self) -> Option<DomainName> {
        if self.0.is_empty() {
            return None;
        }
        Some(DomainName(self.0.split_once('.').map_or_else(String::new, |(_, parent)| parent.to_owned())))
    }

    /// The name with a label before it.
    pub(crate) fn child(&self, label: &str) -> DomainName {
        if self.0.is_empty() { DomainName(label.to_owned()) } else { DomainName(format!("{label}.{}", self.0)) }
    }

    /// How many labels it has: of two zones that hold a name, the one with more is the more specific.
    pub(crate) fn label_count(&self) -> usize {
        if self.0.is_empty() { 0 } else { self.0.split('.').count() }
    }

    /// The name under which an address is found backwards (RFC 1035 §3.5, RFC 3596 §2.5).
    pub(crate) fn reverse_of(address: IpAddr) -> DomainName {
        DomainName(match address {
            IpAddr::V4(v4) => {
                let [a, b, c, d] = v4.octets();
                format!("{d}.{c}.{b}.{a}.in-addr.arpa")
            }
            IpAddr::V6(v6) => {
                let nibbles = v6.octets().into_iter().rev().flat_map(|octet| [octet & 15, octet >> 4]);
                let digits: String = nibbles.map(|nibble| format!("{nibble:x}.")).collect();
                format!("{digits}ip6.arpa")
            }
        })
    }

    /// The IPv4 address that is looked for backwards under this name.
    pub(crate) fn reversed_v4(&self) -> Option<Ipv4Addr> {
        let digits = self.0.strip_suffix(".in-addr.arpa")?;
        let octets: Vec<u8> = digits.split('.').map(|octet| octet.parse().ok()).collect::<Option<_>>()?;
        let [d, c, b, a] = octets[..] else { return None };
        Some(Ipv4Addr::new(a, b, c, d))
    }
}

impl FromStr for DomainName {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<DomainName, NotAName> {
        let name = text.strip_suffix('.').unwrap_or(text);
        let is_label =
            |label: &str| (1..=63).contains(&label.len()) && label.bytes().all(|byte| byte.is_ascii_graphic());
        if name.is_empty() || (name.len() <= 253 && name.split('.').all(is_label)) {
            Ok(DomainName(name.to_ascii_lowercase()))
        } else {
            Err(NotAName(text.to_owned()))
        }
    }
}

impl fmt::Display for DomainName {
    /// With the closing dot, as zone files and `dig` have it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}.", self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> DomainName {
        text.parse().expect("a name")
    }

    #[test]
    fn names_know_their_zones_and_do_not_care_for_case() {
        assert_eq!(name("WWW.Example.com."), name("www.example.com"));
        for (inner, outer, within) in [
            ("a.example.com", "example.com", true),
            ("example.com", "example.com", true),
            ("badexample.com", "example.com", false),
            ("com", "example.com", false),
            ("a", ".", true),
        ] {
            assert_eq!(name(inner).is_within(&name(outer)), within, "{inner} in {outer}");
        }
        for wrong in ["a..b", ".a", &"x".repeat(64), &["abcdefg"; 40].join(".")] {
            assert!(wrong.parse::<DomainName>().is_err(), "{wrong}");
        }
        assert_eq!(name("a.b").parent(), Some(name("b")));
        assert_eq!(name(".").parent(), None);
    }

    #[test]
    fn addresses_have_names_backwards() {
        let address = IpAddr::V4(Ipv4Addr::new(10, 0, 2, 20));
        let reverse = DomainName::reverse_of(address);
        assert_eq!(reverse.to_string(), "20.2.0.10.in-addr.arpa.");
        assert_eq!(reverse.reversed_v4().map(IpAddr::V4), Some(address));
        assert_eq!(name("2.0.10.in-addr.arpa").reversed_v4(), None);
        let v6 = DomainName::reverse_of("2001:db8::1".parse().expect("an address"));
        assert!(v6.as_str().starts_with("1.0.0.0.") && v6.as_str().ends_with("8.b.d.0.1.0.0.2.ip6.arpa"), "{v6}");
    }
}
