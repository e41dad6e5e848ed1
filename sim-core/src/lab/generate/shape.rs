//! Which VPCs are peered with which.

use std::collections::BTreeSet;
use std::fmt;

use super::Layout;
use crate::engine::Stream;

/// Which VPCs are peered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape {
    /// The first one with every other.
    Star,
    /// Every one with every other.
    Mesh,
    /// Each one with the next.
    Chain,
    /// A connected random graph: each one with an earlier one drawn at random, and half as many pairs besides.
    Random,
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Shape::Star => "star",
            Shape::Mesh => "mesh",
            Shape::Chain => "chain",
            Shape::Random => "random",
        })
    }
}

/// The pairs of VPCs that are peered. VPCs are counted from 0.
#[derive(Debug)]
pub(super) struct Peerings {
    /// Each pair once, the smaller number first, in order.
    pub pairs: Vec<(u32, u32)>,
    /// Whom each VPC is peered with, in order.
    pub peers: Vec<Vec<u32>>,
}

impl Peerings {
    /// The pairs of a layout.
    pub(super) fn new(layout: &Layout) -> Peerings {
        let vpcs = layout.vpcs;
        let pairs: Vec<(u32, u32)> = match layout.shape {
            Shape::Star => (1..vpcs).map(|spoke| (0, spoke)).collect(),
            Shape::Mesh => (0..vpcs).flat_map(|vpc| (vpc + 1..vpcs).map(move |other| (vpc, other))).collect(),
            Shape::Chain => (1..vpcs).map(|vpc| (vpc - 1, vpc)).collect(),
            Shape::Random => random_pairs(vpcs, &mut Stream::new(layout.seed, "generated peerings")),
        };
        let mut peers = vec![Vec::new(); vpcs as usize];
        for &(one, other) in &pairs {
            peers[one as usize].push(other);
            peers[other as usize].push(one);
        }
        peers.iter_mut().for_each(|peers| peers.sort_unstable());
        Peerings { pairs, peers }
    }

    /// Whether two VPCs are peered.
    pub(super) fn are_peered(&self, one: u32, other: u32) -> bool {
        self.peers[one as usize].binary_search(&other).is_ok()
    }

    /// How many peering connections the VPC with the most of them has.
    pub(super) fn most(&self) -> usize {
        self.peers.iter().map(Vec::len).max().unwrap_or(0)
    }
}

/// A random tree keeps the graph in one piece; further pairs make circles in it.
fn random_pairs(vpcs: u32, stream: &mut Stream) -> Vec<(u32, u32)> {
    let mut pairs: BTreeSet<(u32, u32)> = (1..vpcs).map(|vpc| (stream.below(u64::from(vpc)) as u32, vpc)).collect();
    for _ in 0..vpcs / 2 {
        let (one, other) = (stream.below(u64::from(vpcs)) as u32, stream.below(u64::from(vpcs)) as u32);
        if one != other {
            pairs.insert((one.min(other), one.max(other)));
        }
    }
    pairs.into_iter().collect()
}
