//! A packet's path, in order, both directions: start reading here.

use super::tables::{EniIndex, PeeringIndex, Tables, VpcIndex};
use crate::engine::SimTime;
use crate::net::Frame;
use crate::trace::{PacketId, Trace};

/// Where a frame entered the VPC it is in. This is what makes routing non-transitive (PCX-22).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Entry {
    /// Sent by an interface of the VPC.
    Interface(EniIndex),
    /// Handed over by a peering connection.
    Peering(PeeringIndex),
    /// Came from the Internet.
    InternetGateway(VpcIndex),
}

/// A frame inside the fabric.
#[derive(Clone, Debug)]
pub struct Transit {
    /// The frame.
    pub frame: Frame,
    /// Which packet it is.
    pub packet: PacketId,
    /// Where it entered the VPC it is in.
    pub entry: Entry,
}

/// Where a frame goes next. Every `Next` is one engine event, so that captures have honest times.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next {
    /// Over the access link to the guest behind the interface.
    Guest(EniIndex),
    /// Through the fabric to the interface: [`arrive_eni`].
    Eni(EniIndex),
    /// Through the fabric to the peering connection: [`cross_peering`].
    Peering(PeeringIndex),
    /// Through the fabric to the VPC's Internet gateway, outbound: [`leave_internet_gateway`].
    InternetGatewayOut(VpcIndex),
    /// From the Internet to the VPC's Internet gateway: [`enter_internet_gateway`].
    InternetGatewayIn(VpcIndex),
    /// Out on the Internet, to whoever has the destination address.
    Internet,
}

/// What came of a hop. A drop has already been told to the trace.
#[derive(Debug)]
pub enum Outcome {
    /// On to the next hop.
    Forward(Next, Transit),
    /// The VPC answered by itself: this frame goes back to the guest that asked.
    Reply(Next, Transit),
    /// Lost (and the trace knows why), or eaten in silence. The buffer may be used again.
    Consumed(Frame),
}

/// What a hop may use.
#[derive(Debug)]
pub struct Hop<'a> {
    /// Virtual time.
    pub now: SimTime,
    /// The compiled tables.
    pub tables: &'a Tables,
    /// The one hook to the observers.
    pub trace: &'a mut Trace,
}

/// A frame leaves an interface for the network.
pub fn leave_eni(_hop: &mut Hop<'_>, _eni: EniIndex, transit: Transit) -> Outcome {
    Outcome::Consumed(transit.frame)
}
