//! Ethernet addresses.

use std::fmt;

use crate::flat::flat;

/// An Ethernet (MAC) address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct MacAddr(pub [u8; 6]);

flat!(struct MacAddr(0));

impl MacAddr {
    /// All ones: every station of the link.
    pub(crate) const BROADCAST: MacAddr = MacAddr([0xff; 6]);

    /// A locally administered unicast address (first octet 02, as EC2's are, L2-11) from a number's low 40 bits.
    pub(crate) const fn local(number: u64) -> MacAddr {
        let n = number.to_be_bytes();
        MacAddr([0x02, n[3], n[4], n[5], n[6], n[7]])
    }

    /// Whether the address names a group of stations (broadcast included).
    pub(crate) const fn is_multicast(self) -> bool {
        self.0[0] & 1 == 1
    }
}

impl fmt::Display for MacAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl fmt::Debug for MacAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
