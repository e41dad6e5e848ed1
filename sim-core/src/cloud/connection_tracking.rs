//! How long an interface's security groups remember a flow without packets (SG-21): what may be set on the interface, and what
//! an instance type does by default. What is tracked, and by which of these times, is the data plane's.

use std::num::{NonZeroU8, NonZeroU32};
use std::ops::RangeInclusive;

use super::ApiError;
use super::answer::Object;
use super::request::members;
use crate::engine::SimDuration;

members! {
    /// Time-outs to be set, in seconds.
    ConnectionTrackingSpecification {
        tcp_established_timeout: Option<u32>,
        udp_stream_timeout: Option<u32>,
        udp_timeout: Option<u32>,
    }
}

/// The time-outs somebody has set on an interface, in seconds. Every interface has them: they are small.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct ConnectionTracking {
    tcp_established: Option<NonZeroU32>,
    udp_stream: Option<NonZeroU8>,
    udp: Option<NonZeroU8>,
}

/// The time-outs that apply.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct IdleTimeouts {
    pub(crate) tcp_established: SimDuration,
    pub(crate) udp_stream: SimDuration,
    /// UDP in one direction, or one question and its answer.
    pub(crate) udp: SimDuration,
}

const TCP_ESTABLISHED: RangeInclusive<u32> = 60..=432_000;
const UDP_STREAM: RangeInclusive<u32> = 60..=180;
const UDP: RangeInclusive<u32> = 30..=60;

/// On Nitro v6 an idle TCP connection is forgotten this soon.
const TCP_ESTABLISHED_NITRO_V6: u32 = 350;

/// Families of instance types on the Nitro System's version 6, as the EC2 instance types guide lists them.
const NITRO_V6_FAMILIES: &[&str] = &[
    "c8a", "c8gb", "c8gn", "c8i", "c8i-flex", "hpc8a", "m8a", "m8azn", "m8gb", "m8gn", "m8i", "m8i-flex", "p6-b200",
    "p6-b300", "r8a", "r8gb", "r8gn", "r8i", "r8i-flex", "x8aedz", "x8i",
];

impl ConnectionTracking {
    /// What a request sets. Every time-out has its range (SG-21).
    pub(crate) fn requested(
        specification: Option<&ConnectionTrackingSpecification>,
    ) -> Result<ConnectionTracking, ApiError> {
        let Some(asked) = specification else { return Ok(ConnectionTracking::default()) };
        let checked = |value: Option<u32>, range: RangeInclusive<u32>, name: &str| match value {
            Some(seconds) if !range.contains(&seconds) => Err(ApiError::invalid_value(format!(
                "Value ({seconds}) for parameter {name} is invalid. It must be between {} and {} seconds.",
                range.start(),
                range.end()
            ))),
            value => Ok(value.and_then(NonZeroU32::new)),
        };
        let short = |seconds: Option<NonZeroU32>| seconds.and_then(|seconds| NonZeroU8::try_from(seconds).ok());
        Ok(ConnectionTracking {
            tcp_established: checked(asked.tcp_established_timeout, TCP_ESTABLISHED, "TcpEstablishedTimeout")?,
            udp_stream: short(checked(asked.udp_stream_timeout, UDP_STREAM, "UdpStreamTimeout")?),
            udp: short(checked(asked.udp_timeout, UDP, "UdpTimeout")?),
        })
    }

    /// What was set, with what is set now on top.
    pub(crate) fn with(self, newer: ConnectionTracking) -> ConnectionTracking {
        ConnectionTracking {
            tcp_established: newer.tcp_established.or(self.tcp_established),
            udp_stream: newer.udp_stream.or(self.udp_stream),
            udp: newer.udp.or(self.udp),
        }
    }

    /// The time-outs that apply on an instance of this type.
    pub(crate) fn idle_timeouts(self, instance_type: Option<&str>) -> IdleTimeouts {
        let family = instance_type.and_then(|name| name.split('.').next());
        let default = match family {
            Some(family) if NITRO_V6_FAMILIES.contains(&family) => TCP_ESTABLISHED_NITRO_V6,
            _ => *TCP_ESTABLISHED.end(),
        };
        let seconds = |set: Option<u32>, default: u32| SimDuration::from_secs(set.unwrap_or(default).into());
        let short = |set: Option<NonZeroU8>, default: u32| seconds(set.map(|set| set.get().into()), default);
        IdleTimeouts {
            tcp_established: seconds(self.tcp_established.map(NonZeroU32::get), default),
            udp_stream: short(self.udp_stream, *UDP_STREAM.end()),
            udp: short(self.udp, *UDP.start()),
        }
    }

    /// As Describe shows it: what nobody has set is left out.
    pub(crate) fn describe(self) -> Option<Object> {
        (self != ConnectionTracking::default()).then(|| {
            Object::new()
                .optional("TcpEstablishedTimeout", self.tcp_established.map(NonZeroU32::get))
                .optional("UdpStreamTimeout", self.udp_stream.map(NonZeroU8::get))
                .optional("UdpTimeout", self.udp.map(NonZeroU8::get))
        })
    }
}
