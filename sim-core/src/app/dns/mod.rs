//! Asking name servers: the exchange of one question and its answer, what `/etc/resolv.conf` says, and the programs that show
//! answers to people.

pub(super) mod dig;
pub(super) mod front;
pub(super) mod getent;
pub(super) mod host;
pub(super) mod nslookup;
mod stream;

use std::net::{IpAddr, SocketAddr};

use crate::engine::SimDuration;
use crate::host::{Elapsed, Errno, Sys};
use crate::net::dns::{DNS_PORT, DomainName, Message, RecordType};

/// The largest answer that is taken in a datagram.
const BUFFER: usize = 4096;
/// The largest message there is.
const BUFFER_WHOLE: usize = u16::MAX as usize;

/// What `/etc/resolv.conf` says (resolv.conf(5)).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct ResolvConf {
    pub(super) servers: Vec<SocketAddr>,
    pub(super) search: Vec<DomainName>,
    pub(super) timeout: SimDuration,
    pub(super) attempts: u32,
    /// A name with this many dots is first looked up as it stands.
    pub(super) ndots: usize,
}

impl ResolvConf {
    /// The host's.
    pub(super) fn of(sys: &Sys) -> ResolvConf {
        let file = sys.read_file("/etc/resolv.conf").unwrap_or_default();
        ResolvConf::parse(&String::from_utf8_lossy(&file))
    }

    fn parse(text: &str) -> ResolvConf {
        let mut conf = ResolvConf {
            servers: Vec::new(),
            search: Vec::new(),
            timeout: SimDuration::from_secs(5),
            attempts: 2,
            ndots: 1,
        };
        for line in text.lines().map(|line| line.split(['#', ';']).next().unwrap_or_default()) {
            let mut words = line.split_whitespace();
            match words.next() {
                Some("nameserver") => {
                    let server = words.next().and_then(|word| word.parse::<IpAddr>().ok());
                    conf.servers.extend(server.map(|server| SocketAddr::new(server, DNS_PORT)));
                }
                Some("search" | "domain") => conf.search = words.filter_map(|word| word.parse().ok()).collect(),
                Some("options") => words.for_each(|word| conf.set(word)),
                _ => {}
            }
        }
        if conf.servers.is_empty() {
            conf.servers.push(SocketAddr::new(IpAddr::from([127, 0, 0, 1]), DNS_PORT));
        }
        conf
    }

    fn set(&mut self, option: &str) {
        let Some((name, Ok(number))) = option.split_once(':').map(|(name, text)| (name, text.parse::<u32>())) else {
            return;
        };
        match name {
            "timeout" => self.timeout = SimDuration::from_secs(u64::from(number.clamp(1, 30))),
            "attempts" => self.attempts = number.clamp(1, 5),
            "ndots" => self.ndots = number.min(15) as usize,
            _ => {}
        }
    }

    /// The names under which a name is looked up, in order.
    pub(super) fn candidates(&self, text: &str) -> Vec<DomainName> {
        let Ok(name) = text.parse::<DomainName>() else { return Vec::new() };
        if text.ends_with('.') {
            return vec![name];
        }
        let searched =
            self.search.iter().filter_map(|domain| format!("{}.{}", name.as_str(), domain.as_str()).parse().ok());
        let mut candidates: Vec<DomainName> = searched.collect();
        let dots = name.as_str().matches('.').count();
        let at = if dots >= self.ndots { 0 } else { candidates.len() };
        candidates.insert(at, name);
        candidates
    }
}

/// A message that came back.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) message: Message,
    /// Its length in bytes.
    pub(super) len: usize,
    /// From the question to the answer.
    pub(super) took: SimDuration,
    pub(super) over: Over,
    /// Whether a datagram came first that had no room for the answer.
    pub(super) was_truncated: bool,
}

/// What carried a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Over {
    Udp,
    Tcp,
}

/// Why none came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum NoReply {
    TimedOut,
    Refused(Errno),
}

/// Sends questions to a server from one socket, and waits until each has its answer. One that found no room in a datagram is asked
/// again over TCP (RFC 7766 §5).
pub(super) async fn ask(
    sys: &Sys,
    server: SocketAddr,
    queries: &[Message],
    patience: SimDuration,
) -> Result<Vec<Reply>, NoReply> {
    let started = sys.now();
    let deadline = Some(started + patience);
    let socket = sys.udp_bind(0).map_err(NoReply::Refused)?;
    socket.connect(server).map_err(NoReply::Refused)?;
    for query in queries {
        socket.send(&query.to_bytes(None)).map_err(NoReply::Refused)?;
    }
    let mut replies: Vec<Option<Reply>> = vec![None; queries.len()];
    let mut buffer = vec![0; BUFFER];
    while replies.iter().any(Option::is_none) {
        let received = sys.before(deadline, socket.recv_from(&mut buffer)).await;
        let (len, _) = received.map_err(|Elapsed| NoReply::TimedOut)?.map_err(NoReply::Refused)?;
        let Some(message) = Message::parse(&buffer[..len]) else { continue };
        if let Some(place) = queries.iter().position(|query| message.answers_to(query)) {
            let took = sys.now().since(started);
            replies[place] = Some(Reply { message, len, took, over: Over::Udp, was_truncated: false });
        }
    }
    let mut replies: Vec<Reply> = replies.into_iter().flatten().collect();
    for (reply, query) in replies.iter_mut().zip(queries) {
        if reply.message.is_truncated {
            *reply = Reply { was_truncated: true, ..stream::ask(sys, server, query, patience).await? };
        }
    }
    Ok(replies)
}

/// A question with a number of its own.
pub(super) fn query(sys: &Sys, name: DomainName, record_type: RecordType) -> Message {
    Message::query(sys.random() as u16, name, record_type)
}

/// The server that a program was told to ask: an address, or a name.
pub(super) async fn named_server(sys: &Sys, name: &str, port: u16) -> Option<SocketAddr> {
    let address = super::resolve::resolve(sys, name, super::resolve::Family::Any).await.ok()?;
    Some(SocketAddr::new(address, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolv_conf_is_read_as_the_manual_page_has_it() {
        let conf = ResolvConf::parse(
            "options timeout:2 attempts:5\n; a remark\nsearch ap-northeast-2.compute.internal lab\nnameserver 10.0.0.2 # here\n",
        );
        assert_eq!(conf.servers, ["10.0.0.2:53".parse().expect("an address")]);
        assert_eq!((conf.timeout, conf.attempts), (SimDuration::from_secs(2), 5));
        let names = |text| conf.candidates(text).iter().map(|name| name.as_str().to_owned()).collect::<Vec<_>>();
        assert_eq!(names("web"), ["web.ap-northeast-2.compute.internal", "web.lab", "web"]);
        assert_eq!(names("web.x"), ["web.x", "web.x.ap-northeast-2.compute.internal", "web.x.lab"]);
        assert_eq!(names("web."), ["web"]);
        assert_eq!(names("a..b"), [""; 0]);
        assert_eq!(ResolvConf::parse("").servers, ["127.0.0.1:53".parse().expect("an address")]);
    }
}
