//! Names of things: AWS resource ids, Regions, accounts, and where in a text something was written.
//!
//! Ids look like AWS's (ID-1): a prefix, a dash, and 17 hexadecimal digits of which the first is 0, so that the number
//! fits a `u64`. They come from the seed (see [`IdAllocator`]), never from the operating system. This room knows nothing
//! of the others.

mod hash;
mod origin;
mod places;
mod region;
mod resource;

pub(crate) use hash::{IdHash, IdMap, IdSet};
pub(crate) use origin::{FileId, Origin};
pub(crate) use places::IdPlaces;
pub(crate) use region::{AccountId, AvailabilityZone, Region, UnknownRegion};
pub use resource::*;
