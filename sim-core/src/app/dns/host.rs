//! `host`, as BIND prints it (host(1)).

use std::net::{IpAddr, SocketAddr};

use super::{NoReply, Reply, ResolvConf, ask, named_server, query};
use crate::app::options::{Options, Parsed};
use crate::engine::SimDuration;
use crate::host::{Profile, Sys};
use crate::net::dns::{DNS_PORT, DomainName, Record, RecordData, RecordType, ResponseCode};

/// How long one question may take, and how often it is asked.
const PATIENCE: SimDuration = SimDuration::from_secs(5);
const TRIES: u32 = 2;

/// The program.
pub(crate) async fn main(sys: Sys, arguments: Vec<String>) -> i32 {
    let mut record_type = None;
    let mut operands = Vec::new();
    for parsed in Options::new(&arguments, "tWR") {
        match parsed {
            Parsed::Value('t', text) => match RecordType::parse(text) {
                Some(kind) => record_type = Some(kind),
                None => {
                    sys.eprint(format!("host: invalid type: {text}\n"));
                    return 2;
                }
            },
            Parsed::Flag('4') => {}
            Parsed::Operand(operand) => operands.push(operand),
            Parsed::Flag(letter) | Parsed::Value(letter, _) | Parsed::Missing(letter) => {
                return sys.not_simulated("host", &format!("-{letter}"));
            }
            Parsed::Long(long) => return sys.not_simulated("host", &format!("--{long}")),
        }
    }
    let Some(name) = operands.first() else {
        sys.eprint("Usage: host [-aCdilrTvVw] [-c class] [-N ndots] [-t type] [-W time]\n            [-R number] [-m flag] [-p port] hostname [server]\n");
        return 1;
    };
    let conf = ResolvConf::of(&sys);
    let server = match operands.get(1) {
        None => conf.servers[0],
        Some(server) => match named_server(&sys, server, DNS_PORT).await {
            Some(server) => {
                let address = server.ip();
                sys.print(format!("Using domain server:\nName: {}\nAddress: {address}#53\nAliases: \n\n", operands[1]));
                server
            }
            None => {
                sys.eprint(format!("host: couldn't get address for '{server}': not found\n"));
                return 1;
            }
        },
    };
    let session = Session { sys: &sys, server };
    match name.parse::<IpAddr>() {
        Ok(address) => session.show(&[DomainName::reverse_of(address)], &[RecordType::Ptr], name).await,
        Err(_) => {
            let types = record_type.map_or(vec![RecordType::A, RecordType::Aaaa, RecordType::Mx], |kind| vec![kind]);
            session.show(&conf.candidates(name), &types, name).await
        }
    }
}

struct Session<'s> {
    sys: &'s Sys,
    server: SocketAddr,
}

impl Session<'_> {
    async fn show(&self, candidates: &[DomainName], types: &[RecordType], typed: &str) -> i32 {
        let mut last = None;
        for candidate in candidates {
            let reply = match self.ask(candidate, types[0]).await {
                Ok(reply) => reply,
                Err(exit) => return exit,
            };
            if reply.message.code == ResponseCode::NoError {
                return self.show_found(candidate, types, reply).await;
            }
            last = Some((candidate, reply.message.code));
        }
        let (name, code) = match last {
            Some((name, code)) if types == [RecordType::Ptr] => (name.as_str(), code),
            Some((_, code)) => (typed, code),
            None => (typed, ResponseCode::NoSuchName),
        };
        self.sys.print(format!("Host {name} not found: {}({})\n", code.number(), code.as_str()));
        1
    }

    async fn show_found(&self, name: &DomainName, types: &[RecordType], first: Reply) -> i32 {
        let mut canonical = name.clone();
        let mut is_any = !first.message.answers.is_empty();
        for record in &first.message.answers {
            self.sys.print(line(record));
            if let RecordData::Cname(target) = &record.data {
                canonical = target.clone();
            }
        }
        for record_type in &types[1..] {
            match self.ask(&canonical, *record_type).await {
                Ok(reply) => {
                    is_any |= !reply.message.answers.is_empty();
                    reply.message.answers.iter().for_each(|record| self.sys.print(line(record)));
                }
                Err(exit) => return exit,
            }
        }
        if let ([only], false) = (types, is_any) {
            self.sys.print(format!("{} has no {} record\n", name.as_str(), only.as_str()));
            return 1;
        }
        0
    }

    async fn ask(&self, name: &DomainName, record_type: RecordType) -> Result<Reply, i32> {
        let query = query(self.sys, name.clone(), record_type);
        for _ in 0..TRIES {
            match ask(self.sys, self.server, std::slice::from_ref(&query), PATIENCE).await {
                Ok(mut replies) => {
                    let reply = replies.pop().ok_or(1)?;
                    if reply.was_truncated {
                        self.sys.print(super::dig::TRUNCATED);
                    }
                    return Ok(reply);
                }
                Err(error) if self.sys.profile() != Profile::AmazonLinux2 => {
                    let text = if error == NoReply::TimedOut { "timed out" } else { "connection refused" };
                    self.sys.print(format!(";; communications error to {}#53: {text}\n", self.server.ip()));
                }
                Err(_) => {}
            }
        }
        self.sys.print(match self.sys.profile() {
            Profile::AmazonLinux2 => ";; connection timed out; no servers could be reached\n",
            _ => ";; no servers could be reached\n",
        });
        Err(1)
    }
}

fn line(record: &Record) -> String {
    let name = record.name.as_str();
    match &record.data {
        RecordData::A(address) => format!("{name} has address {address}\n"),
        RecordData::Aaaa(address) => format!("{name} has IPv6 address {address}\n"),
        RecordData::Cname(target) => format!("{name} is an alias for {target}\n"),
        RecordData::Ns(server) => format!("{name} name server {server}\n"),
        RecordData::Ptr(target) => format!("{name} domain name pointer {target}\n"),
        RecordData::Mx { preference, exchange } => format!("{name} mail is handled by {preference} {exchange}\n"),
        RecordData::Txt(_) => format!("{name} descriptive text {}\n", record.data),
        RecordData::Soa(_) => format!("{name} has SOA record {}\n", record.data),
        RecordData::Srv { .. } => format!("{name} has SRV record {}\n", record.data),
    }
}
