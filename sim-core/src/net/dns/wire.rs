//! Messages as bytes. The format's details, name compression among them, are `simple-dns`'s.

use std::net::{Ipv4Addr, Ipv6Addr};

use simple_dns::rdata::{self, RData};
use simple_dns::{CLASS, CharacterString, Name, OPCODE, Packet, PacketFlag, QCLASS, QTYPE, RCODE, ResourceRecord};

use super::{DomainName, Message, Question, Record, RecordData, RecordType, ResponseCode, StartOfAuthority};

/// The largest datagram that may be sent to who does not speak EDNS (RFC 1035 §4.2.1).
const UDP_SIZE_MIN: u16 = 512;

/// What is offered to who speaks EDNS.
pub(super) const UDP_SIZE: u16 = 4096;

impl Message {
    /// Reads a message. Records of types that nobody here knows are left out; `None` if it is no message at all, or asks what
    /// cannot be answered even with a refusal.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Message> {
        let packet = Packet::parse(bytes).ok()?;
        let question = match &packet.questions[..] {
            [question] => Some(Question {
                name: name_of(&question.qname)?,
                record_type: RecordType::from_number(question.qtype.into())?,
            }),
            [] => None,
            _ => return None,
        };
        Some(Message {
            id: packet.id(),
            is_response: packet.has_flags(PacketFlag::RESPONSE),
            recursion_desired: packet.has_flags(PacketFlag::RECURSION_DESIRED),
            recursion_available: packet.has_flags(PacketFlag::RECURSION_AVAILABLE),
            is_truncated: packet.has_flags(PacketFlag::TRUNCATION),
            code: code_of(packet.rcode()).filter(|_| packet.opcode() == OPCODE::StandardQuery)?,
            question,
            answers: packet.answers.iter().filter_map(record_of).collect(),
            authority: packet.name_servers.iter().filter_map(record_of).collect(),
            udp_size: packet.opt().map(|opt| opt.udp_packet_size),
        })
    }

    /// The bytes, for a datagram to somebody who takes `limit` bytes (512 where it did not say). Records that do not fit are
    /// left out, and the message says so.
    pub(crate) fn to_bytes(&self, limit: Option<u16>) -> Vec<u8> {
        let limit = usize::from(limit.unwrap_or(UDP_SIZE_MIN).max(UDP_SIZE_MIN));
        let whole = self.encode();
        if whole.len() <= limit {
            return whole;
        }
        Message { is_truncated: true, answers: Vec::new(), authority: Vec::new(), ..self.clone() }.encode()
    }

    fn encode(&self) -> Vec<u8> {
        let mut packet = if self.is_response { Packet::new_reply(self.id) } else { Packet::new_query(self.id) };
        for (flag, is_set) in [
            (PacketFlag::RECURSION_DESIRED, self.recursion_desired),
            (PacketFlag::RECURSION_AVAILABLE, self.recursion_available),
            (PacketFlag::TRUNCATION, self.is_truncated),
        ] {
            if is_set {
                packet.set_flags(flag);
            }
        }
        *packet.rcode_mut() = RCODE::from(u16::from(self.code.number()));
        packet.questions = self.question.iter().filter_map(question_to).collect();
        packet.answers = self.answers.iter().filter_map(record_to).collect();
        packet.name_servers = self.authority.iter().filter_map(record_to).collect();
        if let Some(udp_packet_size) = self.udp_size {
            *packet.opt_mut() = Some(rdata::OPT { opt_codes: Vec::new(), udp_packet_size, version: 0 });
        }
        packet.build_bytes_vec_compressed().expect("names and strings were checked when they were made")
    }
}

fn code_of(code: RCODE) -> Option<ResponseCode> {
    Some(match code {
        RCODE::NoError => ResponseCode::NoError,
        RCODE::FormatError => ResponseCode::FormatError,
        RCODE::ServerFailure => ResponseCode::ServerFailure,
        RCODE::NameError => ResponseCode::NoSuchName,
        RCODE::NotImplemented => ResponseCode::NotImplemented,
        RCODE::Refused => ResponseCode::Refused,
        _ => return None,
    })
}

fn name_of(name: &Name<'_>) -> Option<DomainName> {
    name.to_string().parse().ok()
}

fn record_of(record: &ResourceRecord<'_>) -> Option<Record> {
    let data = match &record.rdata {
        RData::A(a) => RecordData::A(Ipv4Addr::from_bits(a.address)),
        RData::AAAA(aaaa) => RecordData::Aaaa(Ipv6Addr::from_bits(aaaa.address)),
        RData::CNAME(name) => RecordData::Cname(name_of(name)?),
        RData::NS(name) => RecordData::Ns(name_of(name)?),
        RData::PTR(name) => RecordData::Ptr(name_of(name)?),
        RData::MX(mx) => RecordData::Mx { preference: mx.preference, exchange: name_of(&mx.exchange)? },
        RData::SRV(srv) => RecordData::Srv {
            priority: srv.priority,
            weight: srv.weight,
            port: srv.port,
            target: name_of(&srv.target)?,
        },
        RData::TXT(txt) => RecordData::Txt(
            txt.iter_raw()
                .map(|(key, value)| {
                    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
                    value.map_or_else(|| text(key), |value| format!("{}={}", text(key), text(value)))
                })
                .collect(),
        ),
        RData::SOA(soa) => RecordData::Soa(Box::new(StartOfAuthority {
            server: name_of(&soa.mname)?,
            mailbox: name_of(&soa.rname)?,
            serial: soa.serial,
            refresh: soa.refresh.unsigned_abs(),
            retry: soa.retry.unsigned_abs(),
            expire: soa.expire.unsigned_abs(),
            minimum: soa.minimum,
        })),
        _ => return None,
    };
    Some(Record { name: name_of(&record.name)?, ttl: record.ttl, data })
}

fn name_to(name: &DomainName) -> Option<Name<'_>> {
    Name::new(name.as_str()).ok()
}

fn question_to(question: &Question) -> Option<simple_dns::Question<'_>> {
    let record_type = QTYPE::try_from(question.record_type.number()).ok()?;
    Some(simple_dns::Question::new(name_to(&question.name)?, record_type, QCLASS::CLASS(CLASS::IN), false))
}

fn record_to(record: &Record) -> Option<ResourceRecord<'_>> {
    let data = match &record.data {
        RecordData::A(address) => RData::A(rdata::A { address: address.to_bits() }),
        RecordData::Aaaa(address) => RData::AAAA(rdata::AAAA { address: address.to_bits() }),
        RecordData::Cname(name) => RData::CNAME(rdata::CNAME(name_to(name)?)),
        RecordData::Ns(name) => RData::NS(rdata::NS(name_to(name)?)),
        RecordData::Ptr(name) => RData::PTR(rdata::PTR(name_to(name)?)),
        RecordData::Mx { preference, exchange } => {
            RData::MX(rdata::MX { preference: *preference, exchange: name_to(exchange)? })
        }
        RecordData::Srv { priority, weight, port, target } => {
            RData::SRV(rdata::SRV { priority: *priority, weight: *weight, port: *port, target: name_to(target)? })
        }
        RecordData::Txt(strings) => {
            let mut txt = rdata::TXT::new();
            for string in strings {
                txt.add_char_string(CharacterString::new(string.as_bytes()).ok()?);
            }
            RData::TXT(txt)
        }
        RecordData::Soa(soa) => RData::SOA(rdata::SOA {
            mname: name_to(&soa.server)?,
            rname: name_to(&soa.mailbox)?,
            serial: soa.serial,
            refresh: soa.refresh.cast_signed(),
            retry: soa.retry.cast_signed(),
            expire: soa.expire.cast_signed(),
            minimum: soa.minimum,
        }),
    };
    Some(ResourceRecord::new(name_to(&record.name)?, CLASS::IN, record.ttl, data))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(text: &str) -> DomainName {
        text.parse().expect("a name")
    }

    fn answer(records: usize) -> Message {
        let query = Message::query(7, name("web.lab.internal"), RecordType::A);
        let query = Message { udp_size: Some(1232), ..query };
        let mut answer = query.answered(ResponseCode::NoError);
        let record = |data| Record { name: name("web.lab.internal"), ttl: 60, data };
        answer.answers = (0..records).map(|n| record(RecordData::A(Ipv4Addr::from_bits(n as u32)))).collect();
        answer
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut message = answer(2);
        for (record_type, text) in [
            (RecordType::Aaaa, "2001:db8::1"),
            (RecordType::Cname, "a.b."),
            (RecordType::Ptr, "a.b."),
            (RecordType::Ns, "a.b."),
            (RecordType::Mx, "10 a.b."),
            (RecordType::Txt, "\"v=spf1 -all\" \"two\""),
            (RecordType::Srv, "1 2 80 a.b."),
        ] {
            let data = RecordData::parse(record_type, text).expect("a value");
            message.answers.push(Record { name: name("x.y"), ttl: 5, data });
        }
        let soa = RecordData::parse(RecordType::Soa, "ns.a. host.a. 1 7200 900 1209600 86400").expect("a value");
        message.authority.push(Record { name: name("y"), ttl: 900, data: soa });
        message.code = ResponseCode::NoSuchName;
        assert_eq!(Message::parse(&message.to_bytes(Some(4096))), Some(message));
    }

    #[test]
    fn an_answer_that_does_not_fit_says_that_it_was_cut() {
        let message = answer(60);
        let bytes = message.to_bytes(None);
        assert!(bytes.len() <= 512);
        let cut = Message::parse(&bytes).expect("a message");
        assert!(cut.is_truncated && cut.answers.is_empty());
        assert_eq!(Message::parse(&message.to_bytes(Some(4096))), Some(message));
    }

    proptest! {
        #[test]
        fn strange_bytes_are_no_message_and_no_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Message::parse(&bytes);
        }

        #[test]
        fn a_message_cut_short_does_not_panic(keep in 0usize..200) {
            let bytes = answer(4).to_bytes(None);
            let _ = Message::parse(&bytes[..keep.min(bytes.len())]);
        }
    }
}
