//! Public addresses from Amazon's pools, plausible for each Region and never the same twice (IGW-8, IGW-10, ADDR-10).
//!
//! SIM: AWS publishes the ranges of each Region, not how an address is picked. Here each Region draws from a stream of its
//! own, so that one more instance in Tokyo changes no address in Seoul.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use rustc_hash::FxHashSet;

use crate::cloud::ApiError;
use crate::engine::Stream;
use crate::id::Region;

/// The first two octets of some of each Region's EC2 ranges, as AWS publishes them in its list of address ranges.
const POOLS: &[(&str, &[[u8; 2]])] = &[
    ("ap-northeast-1", &[[13, 112], [13, 230], [18, 176], [35, 72], [52, 192], [54, 199]]),
    ("ap-northeast-2", &[[3, 34], [3, 38], [13, 125], [15, 164], [43, 201], [52, 78]]),
    ("ap-northeast-3", &[[13, 208], [15, 152]]),
    ("ap-southeast-1", &[[13, 212], [18, 136], [52, 220], [54, 169]]),
    ("ap-southeast-2", &[[3, 24], [13, 54], [52, 62], [54, 206]]),
    ("eu-central-1", &[[3, 120], [18, 156], [35, 156], [52, 28]]),
    ("eu-west-1", &[[3, 248], [34, 240], [52, 208], [54, 72]]),
    ("us-east-1", &[[3, 80], [18, 204], [44, 192], [52, 90], [54, 80]]),
    ("us-east-2", &[[3, 12], [18, 216], [52, 14]]),
    ("us-west-2", &[[34, 208], [35, 160], [44, 224], [52, 32], [54, 184]]),
];

/// For the Regions that the table leaves out.
const OTHER_POOL: &[[u8; 2]] = &[[15, 184], [16, 162], [51, 20], [56, 155]];

/// The pools of all Regions.
#[derive(Debug)]
pub(crate) struct PublicPools {
    seed: u64,
    ipv4: BTreeMap<Region, Stream>,
    ipv6: BTreeMap<Region, Stream>,
}

impl PublicPools {
    pub(crate) fn new(seed: u64) -> PublicPools {
        PublicPools { seed, ipv4: BTreeMap::new(), ipv6: BTreeMap::new() }
    }

    /// Draws an address of the Region that is not in use, and marks it as in use; `None` when the pool is exhausted.
    pub(crate) fn draw(&mut self, region: Region, in_use: &mut FxHashSet<Ipv4Addr>) -> Option<Ipv4Addr> {
        let pool = pool(region);
        let seed = self.seed;
        let stream = self.ipv4.entry(region).or_insert_with(|| Stream::new(seed, &format!("public-ipv4/{region}")));
        let size = capacity(pool);
        let start = stream.below(size);
        // From the drawn place on, the next free one.
        let address = (0..size).map(|step| nth(pool, (start + step) % size)).find(|address| !in_use.contains(address));
        in_use.extend(address);
        address
    }

    /// A number for the 56-bit prefix of an IPv6 block.
    pub(crate) fn ipv6_number(&mut self, region: Region) -> u32 {
        let seed = self.seed;
        let stream = self.ipv6.entry(region).or_insert_with(|| Stream::new(seed, &format!("ipv6-block/{region}")));
        stream.below(1 << 24) as u32
    }
}

/// Refuses `wanted` more addresses when the Region might not have them: all addresses in use are counted, because Regions that
/// the table leaves out share a pool.
pub(crate) fn check_capacity(region: Region, in_use: usize, wanted: usize) -> Result<(), ApiError> {
    if in_use as u64 + wanted as u64 <= capacity(pool(region)) {
        return Ok(());
    }
    Err(ApiError::new("InsufficientAddressCapacity", "Not enough public IPv4 addresses are available in this Region."))
}

/// Last octets 1 to 254 are given out.
const HOSTS: u64 = 254;

fn pool(region: Region) -> &'static [[u8; 2]] {
    POOLS.iter().find(|(name, _)| *name == region.name()).map_or(OTHER_POOL, |(_, pool)| pool)
}

fn capacity(pool: &[[u8; 2]]) -> u64 {
    pool.len() as u64 * 256 * HOSTS
}

fn nth(pool: &[[u8; 2]], number: u64) -> Ipv4Addr {
    let [a, b] = pool[(number / (256 * HOSTS)) as usize];
    Ipv4Addr::new(a, b, (number / HOSTS % 256) as u8, (number % HOSTS) as u8 + 1)
}
