//! Reading CIDR blocks from requests, and which blocks a VPC may have (ADDR-1, ADDR-2, ADDR-5, ADDR-6).

use ipnet::{Ipv4Net, Ipv6Net};

use super::ApiError;

/// The size of VPC and subnet blocks: /16 to /28 (ADDR-1, ADDR-11).
pub(crate) const IPV4_BLOCK_LENGTHS: std::ops::RangeInclusive<u8> = 16..=28;

/// An IPv4 block; stray host bits are cleared (ADDR-2).
pub(crate) fn ipv4_block(text: &str, parameter: &str) -> Result<Ipv4Net, ApiError> {
    text.parse::<Ipv4Net>().map(|block| block.trunc()).map_err(|_| not_a_block(text, parameter))
}

/// An IPv6 block; stray host bits are cleared.
pub(crate) fn ipv6_block(text: &str, parameter: &str) -> Result<Ipv6Net, ApiError> {
    text.parse::<Ipv6Net>().map(|block| block.trunc()).map_err(|_| not_a_block(text, parameter))
}

fn not_a_block(text: &str, parameter: &str) -> ApiError {
    ApiError::invalid_value(format!(
        "Value ({text}) for parameter {parameter} is invalid. This is not a valid CIDR block."
    ))
}

/// Whether two blocks share an address.
pub(crate) fn overlap(a: Ipv4Net, b: Ipv4Net) -> bool {
    a.contains(&b) || b.contains(&a)
}

/// Whether two blocks share an address.
pub(crate) fn overlap_v6(a: Ipv6Net, b: Ipv6Net) -> bool {
    a.contains(&b) || b.contains(&a)
}

/// The families of ADDR-5: what a VPC's primary block lies in decides what may be added to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Family {
    Ten,
    OneSevenTwo,
    OneNineTwo,
    OneNineEight,
    /// Publicly routable space and 100.64.0.0/10.
    Public,
}

const TEN: Ipv4Net = Ipv4Net::new_assert(std::net::Ipv4Addr::new(10, 0, 0, 0), 8);
const ONE_SEVEN_TWO: Ipv4Net = Ipv4Net::new_assert(std::net::Ipv4Addr::new(172, 16, 0, 0), 12);
const ONE_NINE_TWO: Ipv4Net = Ipv4Net::new_assert(std::net::Ipv4Addr::new(192, 168, 0, 0), 16);
const ONE_NINE_EIGHT: Ipv4Net = Ipv4Net::new_assert(std::net::Ipv4Addr::new(198, 19, 0, 0), 16);
const TEN_ZERO_15: Ipv4Net = Ipv4Net::new_assert(std::net::Ipv4Addr::new(10, 0, 0, 0), 15);
const TEN_ZERO_16: Ipv4Net = Ipv4Net::new_assert(std::net::Ipv4Addr::new(10, 0, 0, 0), 16);
const DEFAULT_VPC: Ipv4Net = Ipv4Net::new_assert(std::net::Ipv4Addr::new(172, 31, 0, 0), 16);
const LINK_LOCAL: Ipv4Net = Ipv4Net::new_assert(std::net::Ipv4Addr::new(169, 254, 0, 0), 16);

impl Family {
    fn of(block: Ipv4Net) -> Family {
        [
            (TEN, Family::Ten),
            (ONE_SEVEN_TWO, Family::OneSevenTwo),
            (ONE_NINE_TWO, Family::OneNineTwo),
            (ONE_NINE_EIGHT, Family::OneNineEight),
        ]
        .into_iter()
        .find(|(range, _)| overlap(*range, block))
        .map_or(Family::Public, |(_, family)| family)
    }
}

/// Whether no VPC may ever have the block (ADDR-6).
pub(crate) fn is_never_a_vpc_block(block: Ipv4Net) -> bool {
    overlap(block, LINK_LOCAL)
}

/// Whether a VPC with these blocks (the primary one first) may have `added` as well (ADDR-5).
///
/// | primary in   | may not be added |
/// | ---          | --- |
/// | 10/8         | 172.16/12, 192.168/16, 198.19/16; with a block in 10.0.0.0/15 nothing of 10.0.0.0/16 |
/// | 172.16/12    | 10/8, 192.168/16, 198.19/16, 172.31.0.0/16 |
/// | 192.168/16   | 10/8, 172.16/12, 198.19/16 |
/// | 198.19/16    | 10/8, 172.16/12, 192.168/16 |
/// | anything else | 10/8, 172.16/12, 192.168/16, 198.19/16 |
pub(crate) fn may_be_added(blocks: &[Ipv4Net], added: Ipv4Net) -> bool {
    let Some(&primary) = blocks.first() else { return true };
    let (own, other) = (Family::of(primary), Family::of(added));
    if other == Family::Public {
        return true;
    }
    if own == Family::Public || own != other {
        return false;
    }
    match own {
        Family::Ten => !(blocks.iter().any(|block| TEN_ZERO_15.contains(block)) && overlap(added, TEN_ZERO_16)),
        Family::OneSevenTwo => !overlap(added, DEFAULT_VPC),
        Family::OneNineTwo | Family::OneNineEight | Family::Public => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn net(text: &str) -> Ipv4Net {
        text.parse().expect("a block")
    }

    #[test]
    fn restrictions_on_secondary_blocks_addr_5() {
        for (primary, added, allowed) in [
            ("10.1.0.0/16", "10.2.0.0/16", true),
            ("10.1.0.0/16", "172.16.0.0/16", false),
            ("10.1.0.0/16", "192.168.0.0/24", false),
            ("10.1.0.0/16", "198.19.0.0/24", false),
            ("10.1.0.0/16", "100.64.0.0/16", true),
            ("10.1.0.0/16", "20.0.0.0/16", true),
            ("10.1.0.0/16", "10.0.0.0/24", false),
            ("10.2.0.0/16", "10.0.0.0/24", true),
            ("172.16.0.0/16", "172.17.0.0/16", true),
            ("172.16.0.0/16", "172.31.0.0/20", false),
            ("172.16.0.0/16", "10.0.0.0/16", false),
            ("192.168.0.0/16", "10.0.0.0/16", false),
            ("192.168.0.0/24", "192.168.1.0/24", true),
            ("198.19.0.0/20", "198.19.16.0/20", true),
            ("198.19.0.0/20", "10.0.0.0/16", false),
            ("20.0.0.0/16", "10.0.0.0/16", false),
            ("100.64.0.0/16", "198.19.0.0/16", false),
            ("100.64.0.0/16", "100.65.0.0/16", true),
        ] {
            assert_eq!(may_be_added(&[net(primary)], net(added)), allowed, "{added} to {primary}");
        }
    }

    #[test]
    fn host_bits_are_cleared_addr_2() {
        assert_eq!(ipv4_block("100.68.0.18/18", "cidrBlock"), Ok(net("100.68.0.0/18")));
        for wrong in ["10.0.0.0", "10.0.0.0/33", "10.0.0/16", "::/0", "", "10.0.0.0/ 16"] {
            assert_eq!(
                ipv4_block(wrong, "cidrBlock").map_err(|error| error.code),
                Err("InvalidParameterValue"),
                "{wrong}"
            );
        }
    }
}
