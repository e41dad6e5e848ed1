//! DNS: names, records and messages (RFC 1035, RFC 3596, RFC 6891), as the VPC's Resolver and the guests' programs share them.
//!
//! What a name means is not known here. The bytes are read and written by `wire.rs`.

mod name;
mod record;
mod wire;

pub(crate) use name::DomainName;
pub(crate) use record::{RecordData, RecordType, StartOfAuthority};

/// The port of name servers.
pub(crate) const DNS_PORT: u16 = 53;

/// A resource record of class IN.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Record {
    /// Whose it is.
    pub(crate) name: DomainName,
    /// For how many seconds it may be remembered.
    pub(crate) ttl: u32,
    /// What it says.
    pub(crate) data: RecordData,
}

/// What is asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Question {
    pub(crate) name: DomainName,
    pub(crate) record_type: RecordType,
}

/// How a question ended (RFC 1035 §4.1.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ResponseCode {
    NoError,
    FormatError,
    ServerFailure,
    NoSuchName,
    NotImplemented,
    Refused,
}

impl ResponseCode {
    /// The name, as in `NXDOMAIN`.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            ResponseCode::NoError => "NOERROR",
            ResponseCode::FormatError => "FORMERR",
            ResponseCode::ServerFailure => "SERVFAIL",
            ResponseCode::NoSuchName => "NXDOMAIN",
            ResponseCode::NotImplemented => "NOTIMP",
            ResponseCode::Refused => "REFUSED",
        }
    }

    /// The number on the wire.
    pub(crate) fn number(self) -> u8 {
        match self {
            ResponseCode::NoError => 0,
            ResponseCode::FormatError => 1,
            ResponseCode::ServerFailure => 2,
            ResponseCode::NoSuchName => 3,
            ResponseCode::NotImplemented => 4,
            ResponseCode::Refused => 5,
        }
    }
}

/// A message: a question, or its answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Message {
    pub(crate) id: u16,
    /// Whether it answers.
    pub(crate) is_response: bool,
    /// Whether whoever answers is asked to find out.
    pub(crate) recursion_desired: bool,
    /// Whether whoever answers would find out.
    pub(crate) recursion_available: bool,
    /// Whether records were left out for want of room.
    pub(crate) is_truncated: bool,
    pub(crate) code: ResponseCode,
    pub(crate) question: Option<Question>,
    pub(crate) answers: Vec<Record>,
    pub(crate) authority: Vec<Record>,
    /// The largest datagram that the sender takes, where it speaks EDNS (RFC 6891).
    pub(crate) udp_size: Option<u16>,
}

impl Message {
    /// A question to a resolver.
    pub(crate) fn query(id: u16, name: DomainName, record_type: RecordType) -> Message {
        Message {
            id,
            is_response: false,
            recursion_desired: true,
            recursion_available: false,
            is_truncated: false,
            code: ResponseCode::NoError,
            question: Some(Question { name, record_type }),
            answers: Vec::new(),
            authority: Vec::new(),
            udp_size: None,
        }
    }

    /// Whether this is an answer to a query, whatever it says.
    pub(crate) fn answers_to(&self, query: &Message) -> bool {
        self.is_response && query.id == self.id && query.question == self.question
    }

    /// A resolver's answer to this question, with nothing in it yet.
    pub(crate) fn answered(&self, code: ResponseCode) -> Message {
        Message {
            is_response: true,
            recursion_available: true,
            code,
            answers: Vec::new(),
            authority: Vec::new(),
            udp_size: self.udp_size.map(|_| wire::UDP_SIZE),
            ..self.clone()
        }
    }
}
