//! Address blocks: one for each VPC, none of which overlaps another.
//!
//! Blocks are as large as people make them, /16, while there are enough; more VPCs get smaller ones. All come from
//! 10.0.0.0/8 if they fit; the rest of the largest layouts comes from 100.64.0.0/10, the other range that AWS lets VPCs have
//! and that holds many of them (ADDR-7).

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::LayoutError;

/// The ranges to cut, in this order.
const RANGES: [Ipv4Net; 2] =
    [Ipv4Net::new_assert(Ipv4Addr::new(10, 0, 0, 0), 8), Ipv4Net::new_assert(Ipv4Addr::new(100, 64, 0, 0), 10)];

/// The largest and the smallest block of a VPC or a subnet (ADDR-1, ADDR-11).
const LARGEST: u8 = 16;
const SMALLEST: u8 = 28;

/// The addresses of every subnet that AWS keeps (ADDR-12).
const RESERVED: u32 = 5;

/// The blocks of all VPCs.
#[derive(Debug)]
pub(super) struct Blocks {
    vpcs: u32,
    vpc_prefix: u8,
    subnet_prefix: u8,
}

impl Blocks {
    /// Blocks for this many VPCs, each with one subnet that holds all its instances.
    pub(super) fn new(vpcs: u32, instances: u32) -> Result<Blocks, LayoutError> {
        let most = (1 << (32 - LARGEST)) - RESERVED;
        if instances > most {
            return Err(LayoutError::TooManyInstances { asked: instances, most });
        }
        let host_bits = (instances + RESERVED).next_power_of_two().trailing_zeros() as u8;
        let subnet_prefix = (32 - host_bits).min(SMALLEST);
        let fits = |prefix: u8| vpcs <= count(RANGES[0], prefix);
        let vpc_prefix = (LARGEST..=subnet_prefix).find(|prefix| fits(*prefix)).unwrap_or(subnet_prefix);
        let most = RANGES.iter().map(|range| count(*range, vpc_prefix)).sum();
        if vpcs > most {
            return Err(LayoutError::TooManyVpcs { vpcs, prefix: vpc_prefix, most });
        }
        Ok(Blocks { vpcs, vpc_prefix, subnet_prefix })
    }

    /// The block of a VPC.
    pub(super) fn vpc(&self, vpc: u32) -> Ipv4Net {
        let first = count(RANGES[0], self.vpc_prefix);
        let (range, index) = if vpc < first { (RANGES[0], vpc) } else { (RANGES[1], vpc - first) };
        let address = u32::from(range.network()) + (index << (32 - self.vpc_prefix));
        Ipv4Net::new_assert(address.into(), self.vpc_prefix)
    }

    /// The block of a VPC's subnet, at the beginning of the VPC's.
    pub(super) fn subnet(&self, vpc: u32) -> Ipv4Net {
        Ipv4Net::new_assert(self.vpc(vpc).network(), self.subnet_prefix)
    }

    /// The ranges that the blocks are cut from: what a rule that means "ours" says.
    pub(super) fn ranges(&self) -> &'static [Ipv4Net] {
        if self.vpcs <= count(RANGES[0], self.vpc_prefix) { &RANGES[..1] } else { &RANGES }
    }
}

/// How many blocks of a prefix length a range has.
fn count(range: Ipv4Net, prefix: u8) -> u32 {
    1 << (prefix - range.prefix_len())
}
