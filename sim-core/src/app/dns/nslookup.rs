//! `nslookup`, as BIND prints it (nslookup(1)), asked on the command line.

use std::net::{IpAddr, SocketAddr};

use super::{NoReply, Reply, ResolvConf, ask, named_server, query};
use crate::engine::SimDuration;
use crate::host::{Profile, Sys};
use crate::net::dns::{DNS_PORT, DomainName, Record, RecordData, RecordType, ResponseCode};

/// How long one question may take, and how often it is asked.
const PATIENCE: SimDuration = SimDuration::from_secs(5);
const TRIES: u32 = 3;

/// The program.
pub(crate) async fn main(sys: Sys, arguments: Vec<String>) -> i32 {
    let mut types = vec![RecordType::A, RecordType::Aaaa];
    let mut operands = Vec::new();
    for word in &arguments[1..] {
        let kind = ["-type=", "-query=", "-q=", "-ty="].iter().find_map(|option| word.strip_prefix(option));
        match kind {
            Some(text) => match RecordType::parse(text) {
                Some(kind) => types = vec![kind],
                None => {
                    sys.print(format!("unknown query type: {text}\n"));
                    return 1;
                }
            },
            None if word.starts_with('-') => return sys.not_simulated("nslookup", word),
            None => operands.push(word.as_str()),
        }
    }
    let Some(name) = operands.first() else { return sys.not_simulated("nslookup", "(interactive)") };
    let conf = ResolvConf::of(&sys);
    let server = match operands.get(1) {
        None => conf.servers[0],
        Some(server) => match named_server(&sys, server, DNS_PORT).await {
            Some(server) => server,
            None => {
                sys.print(format!("nslookup: couldn't get address for '{server}': not found\n"));
                return 1;
            }
        },
    };
    let candidates = match name.parse::<IpAddr>() {
        Ok(address) => {
            types = vec![RecordType::Ptr];
            vec![DomainName::reverse_of(address)]
        }
        Err(_) => conf.candidates(name),
    };
    look_up(&sys, server, name, &candidates, &types).await
}

async fn look_up(sys: &Sys, server: SocketAddr, typed: &str, candidates: &[DomainName], types: &[RecordType]) -> i32 {
    let mut code = ResponseCode::NoSuchName;
    let mut last = typed;
    let is_reverse = types == [RecordType::Ptr];
    for candidate in candidates {
        let first = match question(sys, server, candidate, types[0]).await {
            Ok(reply) => reply,
            Err(exit) => return exit,
        };
        code = first.message.code;
        if is_reverse {
            last = candidate.as_str();
        }
        if code != ResponseCode::NoError {
            continue;
        }
        let mut records = first.message.answers;
        let canonical = records.iter().rev().find_map(|record| match &record.data {
            RecordData::Cname(target) => Some(target.clone()),
            _ => None,
        });
        if let Some(second) = types.get(1) {
            match question(sys, server, &canonical.unwrap_or_else(|| candidate.clone()), *second).await {
                Ok(reply) => records.extend(reply.message.answers),
                Err(exit) => return exit,
            }
        }
        print_server(sys, server, is_reverse);
        if records.is_empty() {
            sys.print(format!("*** Can't find {typed}: No answer\n\n"));
            return 0;
        }
        if !is_reverse {
            sys.print("Non-authoritative answer:\n");
        }
        records.iter().for_each(|record| sys.print(lines(record)));
        sys.print("\n");
        return 0;
    }
    print_server(sys, server, is_reverse);
    sys.print(format!("** server can't find {last}: {}\n\n", code.as_str()));
    1
}

/// Whom it has asked; not told of names backwards since BIND 9.11.
fn print_server(sys: &Sys, server: SocketAddr, is_reverse: bool) {
    if !is_reverse {
        let address = server.ip();
        sys.print(format!("Server:\t\t{address}\nAddress:\t{address}#{}\n\n", server.port()));
    }
}

async fn question(sys: &Sys, server: SocketAddr, name: &DomainName, record_type: RecordType) -> Result<Reply, i32> {
    let query = query(sys, name.clone(), record_type);
    for _ in 0..TRIES {
        match ask(sys, server, std::slice::from_ref(&query), PATIENCE).await {
            Ok(mut replies) => {
                let reply = replies.pop().ok_or(1)?;
                if reply.was_truncated {
                    sys.print(super::dig::TRUNCATED);
                }
                return Ok(reply);
            }
            Err(error) if sys.profile() != Profile::AmazonLinux2 => {
                let text = if error == NoReply::TimedOut { "timed out" } else { "connection refused" };
                sys.print(format!(";; communications error to {}#{}: {text}\n", server.ip(), server.port()));
            }
            Err(_) => {}
        }
    }
    sys.print(match sys.profile() {
        Profile::AmazonLinux2 => ";; connection timed out; no servers could be reached\n\n",
        _ => ";; no servers could be reached\n\n",
    });
    Err(1)
}

fn lines(record: &Record) -> String {
    let name = record.name.as_str();
    match &record.data {
        RecordData::A(_) | RecordData::Aaaa(_) => format!("Name:\t{name}\nAddress: {}\n", record.data),
        RecordData::Cname(target) => format!("{name}\tcanonical name = {target}\n"),
        RecordData::Ns(server) => format!("{name}\tnameserver = {server}\n"),
        RecordData::Ptr(target) => format!("{name}\tname = {target}\n"),
        RecordData::Mx { .. } => format!("{name}\tmail exchanger = {}\n", record.data),
        RecordData::Txt(_) => format!("{name}\ttext = {}\n", record.data),
        RecordData::Srv { .. } => format!("{name}\tservice = {}\n", record.data),
        RecordData::Soa(_) => format!("{name}\n\tSOA = {}\n", record.data),
    }
}
