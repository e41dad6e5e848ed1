//! Longest-prefix match.
//!
//! Nearly every route table has a handful of routes, for which a scan over masks, longest first, is faster than any tree;
//! above [`SCAN_LIMIT`] a prefix trie takes over. IPv4 and IPv6 are looked up apart (RT-5).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use prefix_trie::PrefixMap;

/// Up to this many prefixes of a family are scanned; measured, a trie is faster from about here.
const SCAN_LIMIT: usize = 16;

/// A table from prefixes to values that finds the longest prefix holding an address.
#[derive(Clone, Debug)]
pub(crate) struct PrefixTable<T> {
    /// Sorted by prefix: what the table holds, whatever the index looks like.
    entries: Vec<(IpNet, T)>,
    v4: Index<u32, Ipv4Net>,
    v6: Index<u128, Ipv6Net>,
}

/// From an address to a place in `entries`.
#[derive(Clone, Debug)]
enum Index<A, P: prefix_trie::Prefix> {
    /// Network, mask and place, longest prefix first.
    Scan(Vec<(A, A, u32)>),
    Trie(Box<PrefixMap<P, u32>>),
}

impl<T> PrefixTable<T> {
    /// A table of these prefixes, host bits cleared. Of two equal prefixes the later one counts.
    pub(crate) fn new(prefixes: impl IntoIterator<Item = (IpNet, T)>) -> PrefixTable<T> {
        let mut entries: Vec<(IpNet, T)> =
            prefixes.into_iter().map(|(prefix, value)| (prefix.trunc(), value)).collect();
        // A stable sort keeps equal prefixes in the order given; `dedup_by` keeps the first, so they are reversed around it.
        entries.reverse();
        entries.sort_by_key(|(prefix, _)| *prefix);
        entries.dedup_by_key(|(prefix, _)| *prefix);
        let places = || (0u32..).zip(&entries);
        let v4 = places().filter_map(|(place, (prefix, _))| match prefix {
            IpNet::V4(net) => Some((*net, place)),
            IpNet::V6(_) => None,
        });
        let v6 = places().filter_map(|(place, (prefix, _))| match prefix {
            IpNet::V6(net) => Some((*net, place)),
            IpNet::V4(_) => None,
        });
        let v4 =
            Index::new(v4.collect(), Ipv4Net::prefix_len, |net| (net.network().to_bits(), net.netmask().to_bits()));
        let v6 =
            Index::new(v6.collect(), Ipv6Net::prefix_len, |net| (net.network().to_bits(), net.netmask().to_bits()));
        PrefixTable { entries, v4, v6 }
    }

    /// The prefixes in their order, with their values.
    #[cfg(test)]
    pub(crate) fn iter(&self) -> impl Iterator<Item = &(IpNet, T)> {
        self.entries.iter()
    }

    /// The longest prefix that holds `address`, and its value.
    pub(crate) fn lookup(&self, address: IpAddr) -> Option<(IpNet, &T)> {
        let place = match address {
            IpAddr::V4(address) => self.v4.lookup(address.to_bits(), || host_v4(address)),
            IpAddr::V6(address) => self.v6.lookup(address.to_bits(), || host_v6(address)),
        }?;
        let (prefix, value) = &self.entries[place as usize];
        Some((*prefix, value))
    }
}

impl<T: PartialEq> PartialEq for PrefixTable<T> {
    fn eq(&self, other: &PrefixTable<T>) -> bool {
        self.entries == other.entries
    }
}

impl<A, P> Index<A, P>
where
    A: Copy + PartialEq + std::ops::BitAnd<Output = A>,
    P: prefix_trie::Prefix + Copy,
{
    fn new(mut prefixes: Vec<(P, u32)>, prefix_len: fn(&P) -> u8, masked: fn(&P) -> (A, A)) -> Index<A, P> {
        if prefixes.len() > SCAN_LIMIT {
            return Index::Trie(Box::new(prefixes.into_iter().collect()));
        }
        prefixes.sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix_len(prefix)));
        let scan = prefixes.iter().map(|(prefix, place)| {
            let (network, mask) = masked(prefix);
            (network, mask, *place)
        });
        Index::Scan(scan.collect())
    }

    fn lookup(&self, bits: A, host: impl FnOnce() -> P) -> Option<u32> {
        match self {
            Index::Scan(prefixes) => {
                prefixes.iter().find(|&&(network, mask, _)| bits & mask == network).map(|&(_, _, place)| place)
            }
            Index::Trie(trie) => trie.get_lpm(&host()).map(|(_, &place)| place),
        }
    }
}

fn host_v4(address: Ipv4Addr) -> Ipv4Net {
    Ipv4Net::from(address)
}

fn host_v6(address: Ipv6Addr) -> Ipv6Net {
    Ipv6Net::from(address)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Prefixes with host bits set, crowded into few networks so that they nest and repeat.
    fn prefixes() -> impl Strategy<Value = IpNet> {
        let v4 = (any::<u16>(), 0u8..=32).prop_map(|(low, len)| {
            let address = Ipv4Addr::from_bits(0x0a00_0000 | u32::from(low));
            IpNet::from(Ipv4Net::new(address, len).expect("a length of at most 32"))
        });
        let v6 = (any::<u16>(), 0u8..=128).prop_map(|(low, len)| {
            let address = Ipv6Addr::from_bits(0xfd00 << 112 | u128::from(low));
            IpNet::from(Ipv6Net::new(address, len).expect("a length of at most 128"))
        });
        prop_oneof![v4, v6]
    }

    proptest! {
        #[test]
        fn the_longest_prefix_wins_as_in_a_linear_scan(
            table in prop::collection::vec(prefixes(), 0..60), asked in prop::collection::vec(prefixes(), 1..20),
        ) {
            let numbered: Vec<(IpNet, usize)> = table.into_iter().zip(0..).collect();
            let subject = PrefixTable::new(numbered.clone());
            for address in asked.iter().map(IpNet::addr) {
                let naive = numbered
                    .iter()
                    .filter(|(net, _)| net.contains(&address))
                    .max_by_key(|(net, number)| (net.prefix_len(), *number));
                let found = subject.lookup(address);
                prop_assert_eq!(found.map(|(net, number)| (net, *number)), naive.map(|(net, number)| (net.trunc(), *number)));
            }
        }
    }

    #[test]
    fn a_default_route_of_one_family_says_nothing_about_the_other() {
        // RT-5
        let table = PrefixTable::new([("0.0.0.0/0".parse().expect("a prefix"), ())]);
        assert!(table.lookup("192.0.2.1".parse().expect("an address")).is_some());
        assert!(table.lookup("2001:db8::1".parse().expect("an address")).is_none());
    }
}
