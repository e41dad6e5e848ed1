//! IPv6 addresses that stand for IPv4 ones: those of the well-known prefix 64:ff9b::/96, with the IPv4 address in the last 32 bits
//! (RFC 6052 §2.1).
//!
//! RFC 6052 §3.1 forbids the prefix for private addresses. AWS translates them too: NAT64 leads to hosts of the VPC and its peers
//! (NAT-19).

use std::net::{Ipv4Addr, Ipv6Addr};

/// The prefix's first three groups of 32 bits.
const PREFIX: u128 = 0x0064_ff9b << 96;

/// The IPv6 address that stands for an IPv4 one.
pub(crate) fn embed(address: Ipv4Addr) -> Ipv6Addr {
    Ipv6Addr::from_bits(PREFIX | u128::from(address.to_bits()))
}

/// The IPv4 address that an IPv6 one stands for.
pub(crate) fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let bits = address.to_bits();
    (bits >> 32 == PREFIX >> 32).then(|| Ipv4Addr::from_bits(bits as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_well_known_prefix_holds_the_address_in_its_last_bits_nat_19() {
        let v4 = Ipv4Addr::new(192, 0, 2, 33);
        let v6: Ipv6Addr = "64:ff9b::c000:221".parse().expect("an address"); // RFC 6052 §2.4
        assert_eq!(embed(v4), v6);
        assert_eq!(embedded(v6), Some(v4));
        for other in ["64:ff9b::1:c000:221", "64:ff9b:1::c000:221", "64:ff9a::c000:221", "::ffff:192.0.2.33"] {
            assert_eq!(embedded(other.parse().expect("an address")), None, "{other}");
        }
    }
}
