//! Why a system call failed, in Linux's words.
//!
//! Only the errors that the network can cause, with the texts of strerror(3) and the mapping from ICMP errors of Linux's
//! `icmp_err_convert` and `tcp_v4_err`. Programs turn these into their own texts.

use std::fmt;

/// A failed system call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Errno {
    ConnectionRefused,
    ConnectionReset,
    TimedOut,
    NetworkUnreachable,
    HostUnreachable,
    ProtocolNotAvailable,
    AddressInUse,
    AddressNotAvailable,
    /// The packet does not fit; `mtu` is what would.
    MessageTooLong {
        mtu: u16,
    },
    BrokenPipe,
    /// A route that is there already.
    Exists,
    /// A route that is not there, in netlink's words.
    NoSuchProcess,
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Errno::ConnectionRefused => "Connection refused",
            Errno::ConnectionReset => "Connection reset by peer",
            Errno::TimedOut => "Connection timed out",
            Errno::NetworkUnreachable => "Network is unreachable",
            Errno::HostUnreachable => "No route to host",
            Errno::ProtocolNotAvailable => "Protocol not available",
            Errno::AddressInUse => "Address already in use",
            Errno::AddressNotAvailable => "Cannot assign requested address",
            Errno::MessageTooLong { .. } => "Message too long",
            Errno::BrokenPipe => "Broken pipe",
            Errno::Exists => "File exists",
            Errno::NoSuchProcess => "No such process",
        })
    }
}

/// What an ICMP or ICMPv6 error says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum IcmpError {
    NetUnreachable,
    HostUnreachable,
    ProtocolUnreachable,
    PortUnreachable,
    NetProhibited,
    HostProhibited,
    AdminProhibited,
    /// IPv4 "fragmentation needed" or IPv6 "packet too big".
    TooBig {
        mtu: u32,
    },
    TimeExceeded,
    OtherUnreachable {
        code: u8,
    },
}

impl IcmpError {
    /// Reads type, code and the rest-of-header word of an ICMP error (RFC 792, RFC 1191 §4, RFC 1812 §5.2.7.1).
    pub(super) fn from_v4(kind: u8, code: u8, rest: u32) -> Option<IcmpError> {
        Some(match (kind, code) {
            (3, 0 | 6 | 11) => IcmpError::NetUnreachable,
            (3, 1 | 7 | 8 | 12) => IcmpError::HostUnreachable,
            (3, 2) => IcmpError::ProtocolUnreachable,
            (3, 3) => IcmpError::PortUnreachable,
            (3, 4) => IcmpError::TooBig { mtu: rest & 0xffff },
            (3, 9) => IcmpError::NetProhibited,
            (3, 10) => IcmpError::HostProhibited,
            (3, 13) => IcmpError::AdminProhibited,
            (3, code) => IcmpError::OtherUnreachable { code },
            (11, _) => IcmpError::TimeExceeded,
            _ => return None,
        })
    }

    /// Reads an ICMPv6 error (RFC 4443 §3).
    pub(super) fn from_v6(kind: u8, code: u8, rest: u32) -> Option<IcmpError> {
        Some(match (kind, code) {
            (1, 0) => IcmpError::NetUnreachable,
            (1, 1) => IcmpError::AdminProhibited,
            (1, 3) => IcmpError::HostUnreachable,
            (1, 4) => IcmpError::PortUnreachable,
            (1, code) => IcmpError::OtherUnreachable { code },
            (2, _) => IcmpError::TooBig { mtu: rest },
            (3, _) => IcmpError::TimeExceeded,
            _ => return None,
        })
    }

    /// What a connect() in progress fails with; `None` where Linux keeps trying.
    pub(super) fn connect_errno(self) -> Option<Errno> {
        Some(match self {
            IcmpError::NetUnreachable | IcmpError::NetProhibited => Errno::NetworkUnreachable,
            IcmpError::HostUnreachable | IcmpError::HostProhibited | IcmpError::AdminProhibited => {
                Errno::HostUnreachable
            }
            IcmpError::ProtocolUnreachable => Errno::ProtocolNotAvailable,
            IcmpError::PortUnreachable => Errno::ConnectionRefused,
            IcmpError::OtherUnreachable { .. } => Errno::HostUnreachable,
            IcmpError::TooBig { .. } | IcmpError::TimeExceeded => return None,
        })
    }

    /// What a connected UDP socket is told; net and host unreachable are soft and go unnoticed (udp(7)).
    pub(super) fn udp_errno(self) -> Option<Errno> {
        match self {
            IcmpError::NetUnreachable | IcmpError::HostUnreachable => None,
            other => other.connect_errno(),
        }
    }
}
