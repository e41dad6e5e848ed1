//! What `curl` and `wget` share of HTTP/1.1 (RFC 9112): URLs, a response's head, and a body by its length, in chunks, or up to
//! the end of the connection.

use crate::host::{Errno, TcpStream};

/// A response's head longer than this is refused (curl's own limit is 300 KiB).
const HEAD_MAX: usize = 300 * 1024;

/// Where something is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Url {
    pub(super) tls: bool,
    /// As written, IPv6 in brackets.
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) path: String,
}

/// Why a text is no URL.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum UrlError {
    Malformed,
    /// A scheme that nobody here speaks.
    Scheme(String),
}

impl Url {
    pub(super) fn parse(text: &str) -> Result<Url, UrlError> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let (tls, default_port) = match scheme.to_ascii_lowercase().as_str() {
            "http" => (false, 80),
            "https" => (true, 443),
            other => return Err(UrlError::Scheme(other.to_owned())),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let path = path.split('#').next().unwrap_or_default();
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        let authority = authority.rsplit('@').next().unwrap_or_default();
        let colon = authority.rfind(':').filter(|&at| !authority[at..].contains(']'));
        let (host, port) = match colon {
            Some(at) if at + 1 == authority.len() => (&authority[..at], default_port),
            Some(at) => (&authority[..at], authority[at + 1..].parse().map_err(|_| UrlError::Malformed)?),
            None => (authority, default_port),
        };
        if host.is_empty() || host.contains(char::is_whitespace) || path.contains(char::is_whitespace) {
            return Err(UrlError::Malformed);
        }
        Ok(Url { tls, host: host.to_owned(), port, path })
    }

    /// The host's name or address, without brackets.
    pub(super) fn name(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }

    /// What stands in the `Host` field.
    pub(super) fn authority(&self) -> String {
        let default_port = if self.tls { 443 } else { 80 };
        if self.port == default_port { self.host.clone() } else { format!("{}:{}", self.host, self.port) }
    }

    /// Where a `Location` field leads from here.
    pub(super) fn join(&self, location: &str) -> String {
        if location.contains("://") {
            return location.to_owned();
        }
        let scheme = if self.tls { "https" } else { "http" };
        format!("{scheme}://{}:{}/{}", self.host, self.port, location.trim_start_matches('/'))
    }
}

/// What has to be said before an `https:` URL is fetched, if it can be.
pub(super) fn in_the_clear(url: &Url) -> Option<String> {
    let text = "TLS is not simulated; the request goes to port 443 in the clear, without certificates";
    (url.tls && url.port == 443).then(|| text.to_owned())
}

/// Why no response came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ResponseError {
    /// The peer closed without a word, or in the middle of the head.
    Empty,
    /// Something else than HTTP/1.
    NotHttp,
    TooLong,
    Broken(Errno),
}

/// A response's head.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) reason: String,
    /// Its bytes as they came, with the empty line.
    pub(super) bytes: Vec<u8>,
    fields: Vec<(String, String)>,
}

impl Head {
    /// A field's value.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Its lines, without the empty one.
    pub(super) fn lines(&self) -> Vec<String> {
        let text = String::from_utf8_lossy(&self.bytes);
        text.split("\r\n").take_while(|line| !line.is_empty()).map(str::to_owned).collect()
    }

    /// How long the body is, if it says.
    pub(super) fn content_length(&self) -> Option<usize> {
        self.field("content-length").and_then(|len| len.trim().parse().ok())
    }
}

/// How much of a body is still to come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Rest {
    Bytes(usize),
    UntilClosed,
    /// Bytes of the chunk under way, if one is.
    Chunks(Option<usize>),
    Nothing,
}

/// A response as it comes in.
pub(super) struct Incoming<'a> {
    stream: &'a TcpStream,
    /// Read and not used yet.
    buffer: Vec<u8>,
    chunk: Vec<u8>,
    rest: Rest,
}

impl<'a> Incoming<'a> {
    pub(super) fn new(stream: &'a TcpStream) -> Incoming<'a> {
        Incoming { stream, buffer: Vec::new(), chunk: vec![0; 16 * 1024], rest: Rest::Nothing }
    }

    /// Reads the head of a response to a request that asks for a body, or does not.
    pub(super) async fn head(&mut self, asks_for_body: bool) -> Result<Head, ResponseError> {
        let mut ended = false;
        loop {
            let mut headers = [httparse::EMPTY_HEADER; 64];
            let mut response = httparse::Response::new(&mut headers);
            match response.parse(&self.buffer) {
                Ok(httparse::Status::Complete(len)) => {
                    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                    let head = Head {
                        status: response.code.unwrap_or(0),
                        reason: response.reason.unwrap_or_default().to_owned(),
                        bytes: self.buffer[..len].to_vec(),
                        fields: response.headers.iter().map(|h| (h.name.to_owned(), text(h.value))).collect(),
                    };
                    self.buffer.drain(..len);
                    let chunked = head.field("transfer-encoding").is_some_and(|coding| coding.contains("chunked"));
                    self.rest = match head.content_length() {
                        _ if !asks_for_body || matches!(head.status, 100..=199 | 204 | 304) => Rest::Nothing,
                        _ if chunked => Rest::Chunks(None),
                        Some(len) => Rest::Bytes(len),
                        None => Rest::UntilClosed,
                    };
                    return Ok(head);
                }
                Ok(httparse::Status::Partial) if ended => return Err(ResponseError::Empty),
                Ok(httparse::Status::Partial) if self.buffer.len() > HEAD_MAX => return Err(ResponseError::TooLong),
                Ok(httparse::Status::Partial) => {}
                Err(_) => return Err(ResponseError::NotHttp),
            }
            ended = !self.read().await.map_err(ResponseError::Broken)?;
        }
    }

    /// The next piece of the body; empty at its end.
    pub(super) async fn body(&mut self) -> Result<Vec<u8>, Errno> {
        loop {
            let most = match self.rest {
                Rest::Nothing | Rest::Bytes(0) => return Ok(Vec::new()),
                Rest::Bytes(len) | Rest::Chunks(Some(len)) => len,
                Rest::UntilClosed => usize::MAX,
                Rest::Chunks(None) => match httparse::parse_chunk_size(&self.buffer) {
                    Ok(httparse::Status::Complete((line, size))) => {
                        self.buffer.drain(..line);
                        // The last chunk is empty; trailers are of no interest.
                        let size = usize::try_from(size).unwrap_or(usize::MAX);
                        self.rest = if size == 0 { Rest::Nothing } else { Rest::Chunks(Some(size)) };
                        continue;
                    }
                    Ok(httparse::Status::Partial) if self.read().await? => continue,
                    _ => return Ok(Vec::new()),
                },
            };
            if most == 0 {
                // A chunk ends with an empty line.
                while self.buffer.len() < 2 {
                    if !self.read().await? {
                        return Ok(Vec::new());
                    }
                }
                self.buffer.drain(..2);
                self.rest = Rest::Chunks(None);
                continue;
            }
            if self.buffer.is_empty() && !self.read().await? {
                return Ok(Vec::new());
            }
            let piece: Vec<u8> = self.buffer.drain(..self.buffer.len().min(most)).collect();
            match &mut self.rest {
                Rest::Bytes(len) | Rest::Chunks(Some(len)) => *len -= piece.len(),
                _ => {}
            }
            return Ok(piece);
        }
    }

    /// Bytes that were promised and have not come.
    pub(super) fn missing(&self) -> usize {
        match self.rest {
            Rest::Bytes(len) | Rest::Chunks(Some(len)) => len,
            _ => 0,
        }
    }

    /// Reads on; false at the end of the connection.
    async fn read(&mut self) -> Result<bool, Errno> {
        let len = self.stream.read(&mut self.chunk).await?;
        self.buffer.extend_from_slice(&self.chunk[..len]);
        Ok(len > 0)
    }
}
