//! `vpcsim explain`: a packet, or a step, hop by hop.

use std::net::IpAddr;

use sim_core::lab::{self, Question, Service};

use super::asking::ask;
use crate::args::{AnswerFormat, ExplainArgs};
use crate::exit::Status;
use crate::output::{explanation_text, explanation_value, step_explanation_text, step_explanation_value};

pub(super) fn explain(args: &ExplainArgs) -> Status {
    let question = match question(args) {
        Ok(question) => question,
        Err(complaint) => {
            super::complain(&complaint);
            return Status::Invalid;
        }
    };
    let (text, status) = match question {
        Some(question) => {
            let answer = ask(&args.asked, |file, moment, observer| lab::explain(file, moment, &question, observer));
            let explanation = match answer {
                Ok(explanation) => explanation,
                Err(status) => return status,
            };
            let status = if explanation.outcome.is_delivered() { Status::Ok } else { Status::Failed };
            let text = match args.asked.format {
                AnswerFormat::Text => explanation_text(&explanation),
                AnswerFormat::Json => format!("{:#}\n", explanation_value(&explanation)),
            };
            (text, status)
        }
        None => {
            let answer = ask(&args.asked, |file, moment, observer| lab::explain_step(file, moment, observer));
            let explanation = match answer {
                Ok(explanation) => explanation,
                Err(status) => return status,
            };
            let status = if explanation.step.drops.is_empty() { Status::Ok } else { Status::Failed };
            let text = match args.asked.format {
                AnswerFormat::Text => step_explanation_text(&explanation),
                AnswerFormat::Json => format!("{:#}\n", step_explanation_value(&explanation)),
            };
            (text, status)
        }
    };
    match super::answer(&text) {
        Status::Ok => status,
        failed => failed,
    }
}

/// The packet that is asked about; none if it is a step.
///
/// # Errors
/// What is wrong with the words.
fn question(args: &ExplainArgs) -> Result<Option<Question>, String> {
    let (from, to, protocol) = match (&args.flow[..], &args.from, &args.to) {
        ([], Some(from), Some(to)) => (from, to, args.proto.as_deref()),
        ([], ..) => return Ok(None),
        ([from, to], ..) => (from, to, None),
        ([from, to, protocol], ..) => (from, to, Some(protocol.as_str())),
        _ => return Err("after the scenario come FROM and TO, as in `web1 db1 tcp/5432`".to_owned()),
    };
    let (to, port) = target(to);
    let service = service(protocol, port)?;
    Ok(Some(Question { from: from.clone(), to, service }))
}

/// A host or address, and the port behind it: `db1:80`, `10.0.0.1:80`, `[2001:db8::1]:80`.
fn target(text: &str) -> (String, Option<&str>) {
    if text.parse::<IpAddr>().is_ok() {
        return (text.to_owned(), None);
    }
    match text.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => {
            let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
            (host.to_owned(), Some(port))
        }
        _ => (text.trim_start_matches('[').trim_end_matches(']').to_owned(), None),
    }
}

/// What to send, from the protocol and the port behind the target.
fn service(protocol: Option<&str>, port: Option<&str>) -> Result<Service, String> {
    match (protocol, port) {
        (None, None) => Ok(Service::Icmp),
        (None, Some(port)) => format!("tcp/{port}").parse(),
        (Some(protocol @ ("tcp" | "udp")), Some(port)) => format!("{protocol}/{port}").parse(),
        (Some(protocol @ ("tcp" | "udp")), None) => Err(format!("{protocol} needs a port, as in `--to db1:80`")),
        (Some(protocol), None) => protocol.parse(),
        (Some(protocol), Some(port)) => Err(format!("`{protocol}` does not go with the port {port} of the target")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_may_have_a_port() {
        for (text, host, port) in [
            ("db1", "db1", None),
            ("db1:80", "db1", Some("80")),
            ("lab.db1", "lab.db1", None),
            ("10.0.0.1:443", "10.0.0.1", Some("443")),
            ("2001:db8::1", "2001:db8::1", None),
            ("[2001:db8::1]:443", "2001:db8::1", Some("443")),
            ("[2001:db8::1]", "2001:db8::1", None),
        ] {
            assert_eq!(target(text), (host.to_owned(), port), "{text}");
        }
    }

    #[test]
    fn a_port_asks_for_tcp_unless_something_else_is_said() {
        assert_eq!(service(None, None), Ok(Service::Icmp));
        assert_eq!(service(None, Some("80")), Ok(Service::Tcp(80)));
        assert_eq!(service(Some("udp"), Some("53")), Ok(Service::Udp(53)));
        assert_eq!(service(Some("tcp/22"), None), Ok(Service::Tcp(22)));
        for (protocol, port) in [("tcp", None), ("icmp", Some("80")), ("tcp/22", Some("80")), ("gre", None)] {
            assert!(service(Some(protocol), port).is_err(), "{protocol} {port:?}");
        }
    }
}
