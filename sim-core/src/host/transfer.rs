//! What became of packets that came in for somebody else: told to whoever hands frames to the host, so that a packet can be
//! followed through a router, and what a router loses is not lost in silence.

use super::kernel::Kernel;
use crate::net::Headers;

/// What the one who hands a frame over knows it by. A host makes nothing of it but to say it again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Ticket {
    /// Its number.
    pub(crate) packet: u64,
    /// Which way it goes in its conversation.
    pub(crate) is_answer: bool,
    /// Whether to say that it was passed on, too; that it was lost is always said.
    pub(crate) is_followed: bool,
}

/// What a host did with a packet that was for somebody else.
#[derive(Clone, Debug)]
pub(crate) struct Transfer {
    /// Whose packet it is.
    pub(crate) ticket: Ticket,
    /// By which interface it came in.
    pub(crate) interface: usize,
    /// How it came in.
    pub(crate) headers: Headers,
    /// What became of it.
    pub(crate) fate: Result<Headers, Obstacle>,
}

/// Why a packet was not passed on. What was is given by how it leaves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Obstacle {
    /// The host forwards nothing of this address family.
    NoForwarding,
    /// It has no route to the destination.
    NoRoute,
    /// The packet had no hop left.
    HopLimit,
    /// Larger than the link takes, and not to be cut.
    TooBig {
        /// What the link takes, in bytes.
        mtu: u16,
    },
    /// The packet filter: who decided there.
    Filter(String),
}

impl Kernel {
    /// Tells of a packet that was for somebody else, if it came in by a frame that is known to anybody.
    pub(super) fn tell_transfer(&mut self, interface: usize, headers: Headers, fate: Result<Headers, Obstacle>) {
        if let Some(ticket) = self.ticket.filter(|ticket| ticket.is_followed || fate.is_err()) {
            self.transfers.push(Transfer { ticket, interface, headers, fate });
        }
    }
}
