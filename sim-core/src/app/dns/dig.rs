//! `dig`, as BIND prints it (dig(1)): 9.11 on Amazon Linux 2, 9.18 elsewhere.

use std::net::SocketAddr;

use jiff::Timestamp;

use super::{NoReply, Over, Reply, ResolvConf, ask, named_server, query, stream};
use crate::engine::SimDuration;
use crate::host::{Errno, Profile, Sys};
use crate::net::dns::{DNS_PORT, DomainName, Message, Record, RecordType};

/// What the question offers to take.
const UDP_SIZE: u16 = 1232;

/// Said before the answer that did not fit into a datagram.
pub(super) const TRUNCATED: &str = ";; Truncated, retrying in TCP mode.\n";

/// What was asked for.
struct Request {
    server: Option<String>,
    port: u16,
    name: DomainName,
    record_type: RecordType,
    tries: u32,
    patience: SimDuration,
    recursion: bool,
    edns: bool,
    over: Over,
    show: Show,
}

/// What is shown of the answer.
struct Show {
    short: bool,
    command: bool,
    comments: bool,
    question: bool,
    answer: bool,
    authority: bool,
    statistics: bool,
}

/// The program.
pub(crate) async fn main(sys: Sys, arguments: Vec<String>) -> i32 {
    let request = match parse(&sys, &arguments) {
        Ok(request) => request,
        Err(exit) => return exit,
    };
    let servers = match &request.server {
        None => ResolvConf::of(&sys).servers,
        Some(name) => match named_server(&sys, name, request.port).await {
            Some(server) => vec![server],
            None => {
                sys.eprint(format!("dig: couldn't get address for '{name}': not found\n"));
                return 1;
            }
        },
    };
    let mut message = query(&sys, request.name.clone(), request.record_type);
    message.recursion_desired = request.recursion;
    message.udp_size = request.edns.then_some(UDP_SIZE);
    for _ in 0..request.tries {
        for server in &servers {
            let replies = match request.over {
                Over::Udp => ask(&sys, *server, std::slice::from_ref(&message), request.patience).await,
                Over::Tcp => stream::ask(&sys, *server, &message, request.patience).await.map(|reply| vec![reply]),
            };
            match replies {
                Ok(replies) => {
                    for reply in replies {
                        if reply.was_truncated {
                            sys.print(TRUNCATED);
                        }
                        print(&sys, &request, &arguments, *server, &reply);
                    }
                    return 0;
                }
                Err(_) if is_old(&sys) && request.over == Over::Udp => {}
                Err(error) => {
                    let text = match error {
                        NoReply::TimedOut => "timed out",
                        NoReply::Refused(Errno::ConnectionRefused) => "connection refused",
                        NoReply::Refused(Errno::NetworkUnreachable) => "network unreachable",
                        NoReply::Refused(_) => "host unreachable",
                    };
                    sys.print(match request.over {
                        Over::Udp => format!(";; communications error to {}: {text}\n", server_text(*server)),
                        Over::Tcp => {
                            let (at, name) = (server_text(*server), request.name.as_str());
                            format!(";; Connection to {at}({}) for {name} failed: {text}.\n", server.ip())
                        }
                    });
                }
            }
        }
    }
    if request.show.command {
        print_banner(&sys, &request, &arguments);
    }
    sys.print(if is_old(&sys) {
        ";; connection timed out; no servers could be reached\n"
    } else {
        ";; no servers could be reached\n"
    });
    9
}

fn is_old(sys: &Sys) -> bool {
    sys.profile() == Profile::AmazonLinux2
}

fn server_text(server: SocketAddr) -> String {
    format!("{}#{}", server.ip(), server.port())
}

fn parse(sys: &Sys, arguments: &[String]) -> Result<Request, i32> {
    let mut request = Request {
        server: None,
        port: DNS_PORT,
        name: DomainName::default(),
        record_type: RecordType::Ns,
        tries: 3,
        patience: SimDuration::from_secs(5),
        recursion: true,
        edns: true,
        over: Over::Udp,
        show: Show {
            short: false,
            command: true,
            comments: true,
            question: true,
            answer: true,
            authority: true,
            statistics: true,
        },
    };
    let mut name = None;
    let mut record_type = None;
    let mut words = arguments.iter().skip(1).map(String::as_str);
    let value = |words: &mut dyn Iterator<Item = &str>, attached: &str| match attached {
        "" => words.next().map(str::to_owned),
        attached => Some(attached.to_owned()),
    };
    while let Some(word) = words.next() {
        if let Some(server) = word.strip_prefix('@') {
            request.server = Some(server.to_owned());
        } else if let Some(option) = word.strip_prefix('+') {
            set(sys, &mut request, option)?;
        } else if let Some(attached) = word.strip_prefix("-x") {
            let text = value(&mut words, attached).unwrap_or_default();
            let Ok(address) = text.parse() else {
                sys.eprint(format!("dig: Invalid IP address {text}\n"));
                return Err(1);
            };
            name = Some(DomainName::reverse_of(address));
            record_type.get_or_insert(RecordType::Ptr);
        } else if let Some(attached) = word.strip_prefix("-t") {
            let text = value(&mut words, attached).unwrap_or_default();
            let Some(kind) = RecordType::parse(&text) else {
                sys.print(format!(";; Warning, ignoring invalid type {text}\n"));
                continue;
            };
            record_type = Some(kind);
        } else if let Some(attached) = word.strip_prefix("-q") {
            name = value(&mut words, attached).and_then(|text| text.parse().ok());
        } else if let Some(attached) = word.strip_prefix("-p") {
            request.port = value(&mut words, attached).and_then(|text| text.parse().ok()).unwrap_or(DNS_PORT);
        } else if matches!(word, "-4" | "IN" | "in") {
            // What is asked anyway.
        } else if word.starts_with('-') {
            return Err(sys.not_simulated("dig", word));
        } else if let Some(kind) = RecordType::parse(word).filter(|_| name.is_some() || record_type.is_none()) {
            record_type = Some(kind);
        } else if name.is_some() {
            sys.note("dig: one question a command is simulated; the others were not asked");
            sys.eprint(format!("vpcsim: dig: '{word}' is one question too many\n"));
            return Err(2);
        } else {
            let Ok(parsed) = word.parse::<DomainName>() else {
                sys.eprint(format!("dig: '{word}' is not a legal name (empty label)\n"));
                return Err(10);
            };
            name = Some(parsed);
        }
    }
    request.record_type = record_type.unwrap_or(if name.is_some() { RecordType::A } else { RecordType::Ns });
    request.name = name.unwrap_or_default();
    Ok(request)
}

/// One `+option`.
fn set(sys: &Sys, request: &mut Request, option: &str) -> Result<(), i32> {
    let (option, is_on) = option.strip_prefix("no").map_or((option, true), |option| (option, false));
    let (name, number) = option.split_once('=').map_or((option, None), |(name, text)| (name, text.parse::<u32>().ok()));
    let show = &mut request.show;
    match (name, number) {
        ("short", _) => show.short = is_on,
        ("all", _) => {
            (show.command, show.comments, show.question) = (is_on, is_on, is_on);
            (show.answer, show.authority, show.statistics) = (is_on, is_on, is_on);
        }
        ("cmd", _) => show.command = is_on,
        ("comments", _) => show.comments = is_on,
        ("question", _) => show.question = is_on,
        ("answer", _) => show.answer = is_on,
        ("authority", _) => show.authority = is_on,
        ("stats", _) => show.statistics = is_on,
        ("recurse" | "rec" | "rdflag", _) => request.recursion = is_on,
        ("edns", _) => request.edns = is_on,
        ("tcp" | "vc", _) => request.over = if is_on { Over::Tcp } else { Over::Udp },
        // There are no additional records here, and questions go without a cookie or a search list anyway.
        ("additional" | "cookie", _) => {}
        ("search" | "dnssec" | "ignore", _) if !is_on => {}
        ("time" | "timeout", Some(seconds)) => request.patience = SimDuration::from_secs(u64::from(seconds.max(1))),
        ("tries", Some(tries)) => request.tries = tries.max(1),
        ("retry", Some(more)) => request.tries = more + 1,
        ("trace" | "dnssec" | "search" | "multiline" | "identify" | "ttlid" | "bufsize" | "nssearch" | "ignore", _) => {
            let option = if is_on { format!("+{option}") } else { format!("+no{option}") };
            return Err(sys.not_simulated("dig", &option));
        }
        _ => {
            let option = if is_on { format!("+{option}") } else { format!("+no{option}") };
            sys.eprint(format!(
                "Invalid option: {option}\n\
                 Usage:  dig [@global-server] [domain] [q-type] [q-class] {{q-opt}}\n\
                 \x20           {{global-d-opt}} host [@local-server] {{local-d-opt}}\n\
                 \x20           [ host [@local-server] {{local-d-opt}} [...]]\n\n\
                 Use \"dig -h\" (or \"dig -h | more\") for complete list of options\n"
            ));
            return Err(1);
        }
    }
    Ok(())
}

fn print_banner(sys: &Sys, request: &Request, arguments: &[String]) {
    let version = match sys.profile() {
        Profile::AmazonLinux2 => "9.11.4-P2-RedHat-9.11.4-26.P2.amzn2.13",
        Profile::Ubuntu => "9.18.28-0ubuntu0.24.04.1-Ubuntu",
        Profile::AmazonLinux2023 | Profile::Windows => "9.18.28",
    };
    sys.print(format!("\n; <<>> DiG {version} <<>> {}\n", arguments[1..].join(" ")));
    if request.server.is_some() {
        sys.print("; (1 server found)\n");
    }
    sys.print(";; global options: +cmd\n");
}

fn print(sys: &Sys, request: &Request, arguments: &[String], server: SocketAddr, reply: &Reply) {
    let Request { show, .. } = request;
    let Message { id, code, question, answers, authority, udp_size, .. } = &reply.message;
    if show.short {
        answers.iter().for_each(|record| sys.print(format!("{}\n", record.data)));
        return;
    }
    if show.command {
        print_banner(sys, request, arguments);
    }
    if show.comments {
        let flags = [
            ("qr", reply.message.is_response),
            ("tc", reply.message.is_truncated),
            ("rd", reply.message.recursion_desired),
            ("ra", reply.message.recursion_available),
        ];
        let flags: String = flags.iter().filter(|(_, is_set)| *is_set).map(|(flag, _)| format!(" {flag}")).collect();
        sys.print(format!(
            ";; Got answer:\n;; ->>HEADER<<- opcode: QUERY, status: {}, id: {id}\n;; flags:{flags}; QUERY: {}, ANSWER: {}, \
             AUTHORITY: {}, ADDITIONAL: {}\n\n",
            code.as_str(),
            question.iter().len(),
            answers.len(),
            authority.len(),
            udp_size.iter().len(),
        ));
        if let Some(size) = udp_size {
            sys.print(format!(";; OPT PSEUDOSECTION:\n; EDNS: version: 0, flags:; udp: {size}\n"));
        }
    }
    if let Some(question) = question.as_ref().filter(|_| show.question) {
        if show.comments {
            sys.print(";; QUESTION SECTION:\n");
        }
        let name = padded(&padded(&format!(";{}", question.name), 24), 32);
        sys.print(format!("{name}IN\t{}\n", question.record_type.as_str()));
        if show.comments {
            sys.print("\n");
        }
    }
    for (is_shown, title, records) in [(show.answer, "ANSWER", answers), (show.authority, "AUTHORITY", authority)] {
        if !is_shown || records.is_empty() {
            continue;
        }
        if show.comments {
            sys.print(format!(";; {title} SECTION:\n"));
        }
        records.iter().for_each(|record| sys.print(line(record)));
        if show.comments {
            sys.print("\n");
        }
    }
    if show.statistics {
        print_statistics(sys, server, reply);
    }
}

fn print_statistics(sys: &Sys, server: SocketAddr, reply: &Reply) {
    let transport = match reply.over {
        _ if is_old(sys) => "",
        Over::Udp => " (UDP)",
        Over::Tcp => " (TCP)",
    };
    let when = Timestamp::from_nanosecond(sys.wall_clock()).unwrap_or_default();
    sys.print(format!(
        ";; Query time: {} msec\n;; SERVER: {}({}){transport}\n;; WHEN: {}\n;; MSG SIZE  rcvd: {}\n\n",
        reply.took.as_micros() / 1_000,
        server_text(server),
        server.ip(),
        when.strftime("%a %b %d %H:%M:%S UTC %Y"),
        reply.len
    ));
}

/// A record as zone files and `dig` have it.
fn line(record: &Record) -> String {
    let start = padded(&record.name.to_string(), 24);
    let start = padded(&format!("{start}{}", record.ttl), 32);
    let start = padded(&format!("{start}IN"), 40);
    format!("{}{}\n", padded(&format!("{start}{}", record.data.record_type().as_str()), 48), record.data)
}

/// A text with tabs behind it up to a column, or with a space where it is beyond.
fn padded(text: &str, column: usize) -> String {
    let width = text.chars().fold(0, |at, character| if character == '\t' { at / 8 * 8 + 8 } else { at + 1 });
    match column.checked_sub(width) {
        Some(0) if text.ends_with('\t') => text.to_owned(),
        None | Some(0) => format!("{text} "),
        Some(missing) => text.to_owned() + &"\t".repeat(missing.div_ceil(8)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::dns::RecordData;

    #[test]
    fn records_stand_in_columns() {
        let line_of = |name: &str, data| line(&Record { name: name.parse().expect("a name"), ttl: 60, data });
        let a = RecordData::A([10, 0, 2, 20].into());
        assert_eq!(line_of("web.lab.internal", a.clone()), "web.lab.internal.\t60\tIN\tA\t10.0.2.20\n");
        assert_eq!(
            line_of("ip-10-0-2-20.ec2.internal", a.clone()),
            "ip-10-0-2-20.ec2.internal. 60\tIN\tA\t10.0.2.20\n"
        );
        assert_eq!(line_of("a.b", a), "a.b.\t\t\t60\tIN\tA\t10.0.2.20\n");
        assert_eq!(padded(&padded(";web.lab.internal.", 24), 32), ";web.lab.internal.\t\t");
    }
}
