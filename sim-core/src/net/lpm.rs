//! Longest-prefix match.
//!
//! Prefixes nest and never cross, so their borders cut the address space into intervals that each belong to one prefix, the
//! longest that holds them. A lookup is a binary search among the borders, whatever the lengths and the nesting. IPv4 and
//! IPv6 are looked up apart (RT-5).

use std::net::IpAddr;

use ipnet::IpNet;

/// A table from prefixes to values that finds the longest prefix holding an address.
#[derive(Clone, Debug)]
pub(crate) struct PrefixTable<T> {
    /// Sorted by prefix, IPv4 first.
    entries: Vec<(IpNet, T)>,
    v4: Intervals<u32>,
    v6: Intervals<u128>,
}

/// The intervals of one family. `first` and `owners` are apart so that a search touches nothing but addresses.
#[derive(Clone, Debug)]
struct Intervals<A> {
    /// The first address of each interval, in order. What lies before all of them belongs to no prefix.
    first: Box<[A]>,
    /// For each interval the place of its prefix in `entries`, or [`NOBODY`].
    owners: Box<[u32]>,
}

/// The owner of an interval that no prefix holds.
const NOBODY: u32 = u32::MAX;

impl<T> PrefixTable<T> {
    /// A table of these prefixes, host bits cleared. Of two equal prefixes the later one counts.
    pub(crate) fn new(prefixes: impl IntoIterator<Item = (IpNet, T)>) -> PrefixTable<T> {
        let mut entries: Vec<(IpNet, T)> =
            prefixes.into_iter().map(|(prefix, value)| (prefix.trunc(), value)).collect();
        // A stable sort keeps equal prefixes in the order given; `dedup_by` keeps the first, so they are reversed around it.
        entries.reverse();
        entries.sort_by_key(|(prefix, _)| *prefix);
        entries.dedup_by_key(|(prefix, _)| *prefix);
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for (place, (prefix, _)) in (0..NOBODY).zip(&entries) {
            match prefix {
                IpNet::V4(net) => v4.push((net.network().to_bits(), net.broadcast().to_bits().checked_add(1), place)),
                IpNet::V6(net) => v6.push((net.network().to_bits(), net.broadcast().to_bits().checked_add(1), place)),
            }
        }
        PrefixTable { entries, v4: Intervals::new(&v4), v6: Intervals::new(&v6) }
    }

    /// The prefixes in their order, with their values.
    #[cfg(test)]
    pub(crate) fn iter(&self) -> impl Iterator<Item = &(IpNet, T)> {
        self.entries.iter()
    }

    /// The longest prefix that holds `address`, and its value.
    pub(crate) fn lookup(&self, address: IpAddr) -> Option<(IpNet, &T)> {
        let owner = match address {
            IpAddr::V4(address) => self.v4.owner(address.to_bits()),
            IpAddr::V6(address) => self.v6.owner(address.to_bits()),
        }?;
        let (prefix, value) = &self.entries[owner as usize];
        Some((*prefix, value))
    }
}

impl<T: PartialEq> PartialEq for PrefixTable<T> {
    fn eq(&self, other: &PrefixTable<T>) -> bool {
        self.entries == other.entries
    }
}

impl<A: Copy + Ord> Intervals<A> {
    /// From each prefix's first address, the address after its last (none at the end of the space) and its place, sorted.
    fn new(prefixes: &[(A, Option<A>, u32)]) -> Intervals<A> {
        let mut starts = Vec::new();
        // The prefixes that hold the address at hand: how far they reach, and their places. The longest is on top.
        let mut open = Vec::new();
        for &(first, after, place) in prefixes {
            close(&mut starts, &mut open, Some(first));
            start(&mut starts, first, place);
            open.push((after, place));
        }
        close(&mut starts, &mut open, None);
        let (first, owners): (Vec<A>, Vec<u32>) = starts.into_iter().unzip();
        Intervals { first: first.into_boxed_slice(), owners: owners.into_boxed_slice() }
    }

    /// The place of the longest prefix that holds `address`.
    fn owner(&self, address: A) -> Option<u32> {
        let interval = self.first.partition_point(|&first| first <= address).checked_sub(1)?;
        Some(self.owners[interval]).filter(|&owner| owner != NOBODY)
    }
}

/// Ends the open prefixes that reach no further than `until`; what follows belongs to the one around each.
fn close<A: Copy + Ord>(starts: &mut Vec<(A, u32)>, open: &mut Vec<(Option<A>, u32)>, until: Option<A>) {
    let ends = |after: A| until.is_none_or(|until| after <= until);
    while let Some((Some(after), _)) = open.pop_if(|(after, _)| after.is_some_and(ends)) {
        start(starts, after, open.last().map_or(NOBODY, |&(_, place)| place));
    }
}

/// From `first` on, addresses belong to `owner`. What was said to start there before is empty.
fn start<A: Copy + Ord>(starts: &mut Vec<(A, u32)>, first: A, owner: u32) {
    starts.pop_if(|(last, _)| *last == first);
    starts.push((first, owner));
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use ipnet::{Ipv4Net, Ipv6Net};
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

    #[test]
    fn prefixes_at_the_ends_of_the_space_end_there() {
        let net = |text: &str| text.parse::<IpNet>().expect("a prefix");
        let table =
            PrefixTable::new(["255.255.255.254/31", "0.0.0.0/32", "ffff::/16", "::/128"].map(|text| (net(text), ())));
        let found = |text: &str| table.lookup(text.parse().expect("an address")).map(|(prefix, ())| prefix);
        assert_eq!(found("255.255.255.255"), Some(net("255.255.255.254/31")));
        assert_eq!(found("255.255.255.253"), None);
        assert_eq!((found("0.0.0.0"), found("0.0.0.1")), (Some(net("0.0.0.0/32")), None));
        assert_eq!(found("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), Some(net("ffff::/16")));
        assert_eq!((found("::"), found("::1")), (Some(net("::/128")), None));
    }
}
