//! What a rule of a security group or network ACL admits, apart from who: a protocol with its ports, or ICMP's type and code
//! (SG-5, SG-6, ACL-7).

use super::ApiError;

/// What a rule admits, apart from the peer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum RuleProtocol {
    /// `-1`: every protocol, all ports.
    All,
    Tcp(PortRange),
    Udp(PortRange),
    /// Type and code; `None` is `-1`, any (SG-6).
    Icmp {
        kind: Option<u8>,
        code: Option<u8>,
    },
    Icmpv6 {
        kind: Option<u8>,
        code: Option<u8>,
    },
    /// Any other protocol by number; ports do not apply (SG-6).
    Other(u8),
}

/// An inclusive range of ports.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct PortRange {
    pub(crate) from: u16,
    pub(crate) to: u16,
}

impl PortRange {
    /// Every port.
    pub(crate) const ALL: PortRange = PortRange { from: 0, to: u16::MAX };
}

impl RuleProtocol {
    /// The protocol with its ports (or ICMP type and code) as requests write them (SG-6).
    pub(crate) fn read(name: &str, from: Option<i64>, to: Option<i64>) -> Result<RuleProtocol, ApiError> {
        let number = match name.to_ascii_lowercase().as_str() {
            "-1" | "all" => return Ok(RuleProtocol::All),
            "tcp" => 6,
            "udp" => 17,
            "icmp" => 1,
            "icmpv6" => 58,
            text => text.parse::<u8>().map_err(|_| {
                ApiError::invalid_value(format!("Invalid value '{name}' for IP protocol. Unknown protocol."))
            })?,
        };
        match number {
            6 => ports(from, to).map(RuleProtocol::Tcp),
            17 => ports(from, to).map(RuleProtocol::Udp),
            1 => icmp(from, to).map(|(kind, code)| RuleProtocol::Icmp { kind, code }),
            58 => icmp(from, to).map(|(kind, code)| RuleProtocol::Icmpv6 { kind, code }),
            other => Ok(RuleProtocol::Other(other)),
        }
    }

    /// The name as security groups show it: `tcp`, `-1`, `47`.
    pub(crate) fn name(self) -> String {
        match self {
            RuleProtocol::All => "-1".to_owned(),
            RuleProtocol::Tcp(_) => "tcp".to_owned(),
            RuleProtocol::Udp(_) => "udp".to_owned(),
            RuleProtocol::Icmp { .. } => "icmp".to_owned(),
            RuleProtocol::Icmpv6 { .. } => "icmpv6".to_owned(),
            RuleProtocol::Other(number) => number.to_string(),
        }
    }

    /// `FromPort` and `ToPort`, where the protocol has them.
    pub(crate) fn port_numbers(self) -> Option<(i64, i64)> {
        let any = |value: Option<u8>| value.map_or(-1, i64::from);
        match self {
            RuleProtocol::All | RuleProtocol::Other(_) => None,
            RuleProtocol::Tcp(ports) | RuleProtocol::Udp(ports) => Some((ports.from.into(), ports.to.into())),
            RuleProtocol::Icmp { kind, code } | RuleProtocol::Icmpv6 { kind, code } => Some((any(kind), any(code))),
        }
    }
}

fn ports(from: Option<i64>, to: Option<i64>) -> Result<PortRange, ApiError> {
    let (from, to) = match (from, to) {
        (Some(-1), Some(-1)) => return Ok(PortRange::ALL),
        (Some(from), Some(to)) => (from, to),
        _ => {
            return Err(ApiError::invalid_value(
                "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.",
            ));
        }
    };
    let range = u16::try_from(from).ok().zip(u16::try_from(to).ok());
    match range {
        Some((from, to)) if from <= to => Ok(PortRange { from, to }),
        Some(_) => Err(ApiError::invalid_value(format!("Invalid TCP/UDP port range ({from}:{to})"))),
        None => {
            let wrong = if u16::try_from(from).is_err() { from } else { to };
            Err(ApiError::invalid_value(format!("Invalid value '{wrong}' for a TCP/UDP port. It must be 0 to 65535.")))
        }
    }
}

fn icmp(kind: Option<i64>, code: Option<i64>) -> Result<(Option<u8>, Option<u8>), ApiError> {
    let read = |value: Option<i64>| match value {
        None | Some(-1) => Ok(None),
        Some(number) => u8::try_from(number).map(Some).map_err(|_| {
            ApiError::invalid_value(format!("ICMP type/code number {number} is not valid. It must be -1 to 255."))
        }),
    };
    let (kind, code) = (read(kind)?, read(code)?);
    if kind.is_none() && code.is_some() {
        return Err(ApiError::invalid_value("ICMP code must be -1 when the type is -1"));
    }
    Ok((kind, code))
}
