//! Requests and answers of the metadata service as they are on the wire (RFC 9112), with EC2's fields and pages.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::engine::SimDuration;
use crate::host::{Sys, TcpStream};

/// A longer request head is refused.
const HEAD_MAX: usize = 16 * 1024;
/// SIM: a connection that says nothing for so long is closed.
const IDLE: SimDuration = SimDuration::from_secs(60);

/// A request's head.
pub(super) struct Request {
    pub(super) method: String,
    /// Without the query.
    pub(super) path: String,
    fields: Vec<(String, String)>,
}

/// What came over a connection.
pub(super) enum Heard {
    /// It closed, or was silent too long.
    Nothing,
    /// No HTTP, or too much of it.
    Nonsense,
    Request(Request),
}

/// An answer in the making.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) reason: &'static str,
    pub(super) body: Body,
    /// What methods there are, where the one that was used is not.
    pub(super) allow: Option<&'static str>,
    /// For how many seconds the token is good.
    pub(super) token_ttl: Option<u64>,
    /// The TTL of the packets that carry it, if it is not the usual one.
    pub(super) hop_limit: Option<u8>,
    pub(super) head_only: bool,
}

/// The body of an answer, by its type.
pub(super) enum Body {
    Text(Arc<Vec<u8>>),
    Data(Arc<Vec<u8>>),
    /// A page for people.
    Page(String),
    None,
}

impl Request {
    /// A header field's value.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

impl Answer {
    /// What was asked for.
    pub(super) fn found(body: Body) -> Answer {
        Answer { status: 200, reason: "OK", body, allow: None, token_ttl: None, hop_limit: None, head_only: false }
    }

    /// The same, of text.
    pub(super) fn text(text: Vec<u8>) -> Answer {
        Answer::found(Body::Text(Arc::new(text)))
    }

    /// A refusal, with EC2's page.
    pub(super) fn page(status: u16, reason: &'static str) -> Answer {
        let page = format!(
            "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>\n\
             <!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\"\n\
             \t\"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd\">\n\
             <html xmlns=\"http://www.w3.org/1999/xhtml\" xml:lang=\"en\" lang=\"en\">\n \
             <head>\n  <title>{status} - {reason}</title>\n </head>\n \
             <body>\n  <h1>{status} - {reason}</h1>\n </body>\n</html>\n"
        );
        Answer { status, reason, ..Answer::found(Body::Page(page)) }
    }

    /// The path is not used in this way.
    pub(super) fn not_allowed(allow: &'static str) -> Answer {
        Answer { status: 405, reason: "Not Allowed", allow: Some(allow), ..Answer::found(Body::None) }
    }

    /// The answer as it is sent.
    pub(super) fn into_bytes(self, sys: &Sys) -> Vec<u8> {
        let (content_type, body): (&str, &[u8]) = match &self.body {
            Body::Text(text) => ("text/plain", text),
            Body::Data(data) => ("application/octet-stream", data),
            Body::Page(page) => ("text/html", page.as_bytes()),
            Body::None => ("text/plain", &[]),
        };
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, self.reason);
        let mut field = |name: &str, value: &str| head.push_str(&format!("{name}: {value}\r\n"));
        if let Some(seconds) = self.token_ttl {
            field("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", &seconds.to_string());
        }
        if let Some(methods) = self.allow {
            field("Allow", methods);
        }
        field("Content-Type", content_type);
        field("Accept-Ranges", "none");
        field("Content-Length", &body.len().to_string());
        field("Date", &date(sys));
        field("Server", "EC2ws");
        field("Connection", "close");
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        if !self.head_only {
            bytes.extend_from_slice(body);
        }
        bytes
    }
}

/// Reads the head of the request that a connection carries.
pub(super) async fn read(sys: &Sys, stream: &TcpStream) -> Heard {
    let mut buffer = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut request = httparse::Request::new(&mut headers);
        match request.parse(&buffer) {
            Ok(httparse::Status::Complete(_)) => {
                let (Some(method), Some(target)) = (request.method, request.path) else { return Heard::Nonsense };
                let path = target.split(['?', '#']).next().unwrap_or_default();
                let field = |field: &httparse::Header<'_>| {
                    (field.name.to_owned(), String::from_utf8_lossy(field.value).into_owned())
                };
                let fields = request.headers.iter().map(field).collect();
                return Heard::Request(Request { method: method.to_owned(), path: path.to_owned(), fields });
            }
            Ok(httparse::Status::Partial) if buffer.len() < HEAD_MAX => {}
            _ => return Heard::Nonsense,
        }
        let deadline = sys.now() + IDLE;
        match sys.before(Some(deadline), stream.read(&mut chunk)).await {
            Ok(Ok(len)) if len > 0 => buffer.extend_from_slice(&chunk[..len]),
            _ => return Heard::Nothing,
        }
    }
}

fn date(sys: &Sys) -> String {
    let seconds = u64::try_from(sys.wall_clock().div_euclid(1_000_000_000)).unwrap_or(0);
    httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.min(253_402_300_799)))
}
