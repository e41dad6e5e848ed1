//! `curl`: HTTP/1.1 over real TCP, with curl's messages and exit codes.
//!
//! Words follow the image's curl (see [`Profile`](crate::host::Profile)); exit codes are the same everywhere. TLS is not
//! simulated: what an `https:` URL asks for goes to port 443 in the clear, with a note.

mod options;
mod write_out;

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::http::{Head, Incoming, ResponseError, Url, UrlError, in_the_clear};
use super::resolve::{Family, resolve};
use crate::engine::SimTime;
use crate::host::{CurlConnectError, Elapsed, Errno, Sys, TcpStream};
use options::Request;
use write_out::Report;

/// Redirects followed with `-L` (curl's `--max-redirs`).
const REDIRECTS_MAX: usize = 50;
/// The most of a response that is kept in memory, for the terminal or a pipe.
const BODY_MAX: usize = 64 << 20;

/// Why a transfer failed: curl's number and words.
struct Failure {
    code: i32,
    message: String,
}

struct Response {
    status: u16,
    body: Body,
    location: Option<String>,
}

/// A response's body: how long it was, and where it went as it came in.
struct Body {
    len: usize,
    to: Destination,
}

/// Where a body goes.
enum Destination {
    /// To standard output, when all of it is there.
    Memory(Vec<u8>),
    /// To standard output as it comes, for whoever reads the pipe.
    Pipe,
    /// To the end of a file.
    File(String),
    /// To a file that could not be made.
    NoFile,
    Nowhere,
}

/// The program.
pub(crate) async fn main(sys: Sys, arguments: Vec<String>) -> i32 {
    let request = match options::parse(&sys, &arguments) {
        Ok(request) => request,
        Err(exit) => return exit,
    };
    if request.urls.is_empty() {
        sys.eprint("curl: try 'curl --help' or 'curl --manual' for more information\n");
        return 2;
    }
    let mut exit = 0;
    for url in &request.urls {
        exit = fetch(&sys, &request, url).await;
    }
    exit
}

async fn fetch(sys: &Sys, request: &Request, url: &str) -> i32 {
    let started = sys.now();
    let mut report = Report { url: url.to_owned(), ..Report::default() };
    let mut transfer = Transfer {
        sys,
        request,
        started,
        deadline: request.max_time.map(|time| started + time),
        received: AtomicUsize::new(0),
        output: match (&request.output, request.remote_name) {
            (Some(name), _) => Some(name.as_str()),
            (None, true) => url.rsplit('/').next().filter(|name| !name.is_empty()),
            (None, false) => None,
        },
    };
    let outcome = transfer.follow(url, &mut report).await;
    report.total = sys.now().since(started);
    if let Err(failure) = &outcome {
        report.exit = failure.code;
        report.failure.clone_from(&failure.message);
        if !request.silent || request.show_error {
            sys.eprint(format!("curl: ({}) {}\n", failure.code, failure.message));
        }
    }
    if let Ok(response) = &outcome {
        if let Err(failure) = transfer.deliver(response) {
            report.exit = failure.code;
            sys.eprint(format!("curl: ({}) {}\n", failure.code, failure.message));
        } else if let Ok(url) = Url::parse(&report.url) {
            transfer.leave(&url);
        }
    }
    if let Some(format) = &request.write_out {
        sys.print(report.write_out(format));
    }
    report.exit
}

struct Transfer<'a> {
    sys: &'a Sys,
    request: &'a Request,
    started: SimTime,
    deadline: Option<SimTime>,
    /// Bytes of the body so far, for the message when time runs out.
    received: AtomicUsize,
    /// The file that was asked for.
    output: Option<&'a str>,
}

impl Transfer<'_> {
    async fn follow(&mut self, url: &str, report: &mut Report) -> Result<Response, Failure> {
        let mut url = url.to_owned();
        for _ in 0..=REDIRECTS_MAX {
            let parsed = Url::parse(&url).map_err(|error| match error {
                UrlError::Malformed => {
                    Failure { code: 3, message: "URL using bad/illegal format or missing URL".to_owned() }
                }
                UrlError::Scheme(scheme) => {
                    Failure { code: 1, message: format!("Protocol \"{scheme}\" not supported or disabled in libcurl") }
                }
            })?;
            report.url.clone_from(&url);
            let response = self.exchange(&parsed, report).await?;
            report.status = response.status;
            report.downloaded = response.body.len;
            match &response.location {
                Some(location) if self.follows(response.status) => {
                    url = parsed.join(location);
                    report.redirects += 1;
                    report.redirected = self.sys.now().since(self.started);
                    self.leave(&parsed);
                    self.talk(&format!("* Issue another request to this URL: '{url}'"));
                }
                _ if self.fails(response.status) => {
                    return Err(Failure {
                        code: 22,
                        message: format!("The requested URL returned error: {}", response.status),
                    });
                }
                location => {
                    report.redirect_url = location.as_ref().map(|location| parsed.join(location)).unwrap_or_default();
                    return Ok(response);
                }
            }
        }
        Err(Failure { code: 47, message: format!("Maximum ({REDIRECTS_MAX}) redirects followed") })
    }

    /// Whether a status with a location leads on.
    fn follows(&self, status: u16) -> bool {
        self.request.follow && (300..400).contains(&status)
    }

    /// Whether a status is a failure.
    fn fails(&self, status: u16) -> bool {
        self.request.fail && status >= 400
    }

    async fn exchange(&mut self, url: &Url, report: &mut Report) -> Result<Response, Failure> {
        let stream = self.connect(url, report).await?;
        if let Some(text) = in_the_clear(url) {
            self.sys.note(text);
        } else if url.tls {
            self.sys.note("TLS is not simulated; curl connected and did no more");
            return Err(Failure { code: 35, message: "TLS is not simulated by vpcsim".to_owned() });
        }
        report.method = self.method().to_owned();
        let head = self.request_head(url);
        for line in head.split("\r\n").take_while(|line| !line.is_empty()) {
            self.talk(&format!("> {line}"));
        }
        self.talk("> ");
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(self.request.data.as_deref().unwrap_or_default());
        report.request_len += bytes.len();
        report.uploaded = self.request.data.as_ref().map_or(0, Vec::len);
        report.requested = self.sys.now().since(self.started);
        let receive = async {
            stream.write_all(&bytes).await.map_err(|errno| broken("Send failure", errno))?;
            self.receive(&stream, report).await
        };
        let outcome = match self.sys.before(self.deadline, receive).await {
            Ok(outcome) => outcome,
            Err(Elapsed) => Err(Failure {
                code: 28,
                message: format!(
                    "Operation timed out after {} milliseconds with {} bytes received",
                    self.elapsed_millis(),
                    self.received.load(Ordering::Relaxed)
                ),
            }),
        };
        if let Ok(response) = &outcome {
            // Whoever sees the body need not be told of it.
            if !matches!(response.body.to, Destination::Memory(_)) || !self.sys.stdout_is_terminal() {
                self.talk(&format!("{{ [{} bytes data]", response.body.len));
            }
        }
        outcome
    }

    async fn connect(&mut self, url: &Url, report: &mut Report) -> Result<TcpStream, Failure> {
        let family = self.request.family.unwrap_or(Family::Any);
        report.connections += 1;
        let started = self.sys.now();
        let patience = self.request.connect_timeout.map(|time| started + time);
        let limit = [self.deadline, patience].into_iter().flatten().min();
        let name = url.name().to_owned();
        let given = self.request.resolve.iter().rev().find(|(host, port, _)| *host == name && *port == url.port);
        let found = async {
            match given {
                Some(&(.., address)) => Ok(address),
                None => resolve(self.sys, &name, family).await,
            }
        };
        let address = match self.sys.before(limit, found).await {
            Ok(Ok(address)) => address,
            Ok(Err(_)) => {
                return Err(Failure { code: 6, message: format!("Could not resolve host: {name}") });
            }
            Err(Elapsed) => {
                let message = format!("Resolving timed out after {} milliseconds", self.elapsed_millis());
                return Err(Failure { code: 28, message });
            }
        };
        report.resolved = self.sys.now().since(self.started);
        let to = SocketAddr::new(address, url.port);
        let shown = match address {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => format!("[{address}]"),
        };
        self.talk(&format!("*   Trying {shown}:{}...", url.port));
        match self.sys.before(limit, self.sys.tcp_connect(to)).await {
            Ok(Ok(stream)) => {
                report.remote = Some(to);
                report.local = stream.addresses().map(|(local, _)| local);
                report.connected = self.sys.now().since(self.started);
                self.talk(&format!("* Connected to {} ({address}) port {}", url.host, url.port));
                Ok(stream)
            }
            Ok(Err(errno)) => {
                let code = if errno == Errno::TimedOut { 28 } else { 7 };
                if self.sys.now() == started {
                    self.talk(&format!("* Immediate connect fail for {address}: {errno}"));
                } else {
                    self.talk(&format!("* connect to {address} port {} failed: {errno}", url.port));
                }
                Err(Failure { code, message: self.cannot_connect(url, started) })
            }
            Err(Elapsed) if self.deadline.is_some_and(|deadline| deadline <= self.sys.now()) => Err(Failure {
                code: 28,
                message: format!("Connection timed out after {} milliseconds", self.elapsed_millis()),
            }),
            Err(Elapsed) => {
                let version = if address.is_ipv4() { 4 } else { 6 };
                let patience = self.request.connect_timeout.unwrap_or_default().as_millis();
                self.talk(&format!("* ipv{version} connect timeout after {patience}ms, move on!"));
                let message = format!(
                    "Failed to connect to {} port {} after {} ms: Timeout was reached",
                    url.host,
                    url.port,
                    self.sys.now().since(started).as_millis()
                );
                Err(Failure { code: 28, message })
            }
        }
    }

    fn cannot_connect(&self, url: &Url, started: SimTime) -> String {
        let reason = match self.sys.profile().curl_connect_error() {
            CurlConnectError::CouldNt => "Couldn't connect to server",
            CurlConnectError::CouldNot => "Could not connect to server",
        };
        let millis = self.sys.now().since(started).as_millis();
        let text = format!("Failed to connect to {} port {} after {millis} ms: {reason}", url.host, url.port);
        self.talk(&format!("* {text}"));
        text
    }

    fn method(&self) -> &str {
        let Request { method, head_only, data, .. } = self.request;
        let default = match (head_only, data) {
            (true, _) => "HEAD",
            (false, Some(_)) => "POST",
            (false, None) => "GET",
        };
        method.as_deref().unwrap_or(default)
    }

    fn request_head(&self, url: &Url) -> String {
        let Request { data, headers, user_agent, .. } = self.request;
        let method = self.method();
        let given = |name: &str| {
            headers.iter().any(|header| header.split(':').next().is_some_and(|field| field.eq_ignore_ascii_case(name)))
        };
        let agent = user_agent.clone().unwrap_or_else(|| format!("curl/{}", self.sys.profile().curl_version()));
        let mut head = format!("{method} {} HTTP/1.1\r\n", url.path);
        for (name, value) in [("Host", url.authority()), ("User-Agent", agent), ("Accept", "*/*".to_owned())] {
            if !given(name) {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
        }
        // `Name:` alone takes a field out; `Name;` sends it empty.
        for header in headers.iter().filter(|header| !header.trim_end().ends_with(':')) {
            head.push_str(&format!("{header}\r\n"));
        }
        if let Some(data) = data {
            head.push_str(&format!("Content-Length: {}\r\n", data.len()));
            if !given("Content-Type") {
                head.push_str("Content-Type: application/x-www-form-urlencoded\r\n");
            }
        }
        head + "\r\n"
    }

    async fn receive(&self, stream: &TcpStream, report: &mut Report) -> Result<Response, Failure> {
        let mut incoming = Incoming::new(stream);
        let head = incoming.head(!self.request.head_only).await.map_err(|error| match error {
            ResponseError::Empty => Failure { code: 52, message: "Empty reply from server".to_owned() },
            ResponseError::NotHttp => Failure { code: 1, message: "Received HTTP/0.9 when not allowed".to_owned() },
            ResponseError::TooLong => Failure { code: 56, message: "Too large response headers".to_owned() },
            ResponseError::Broken(errno) => broken("Recv failure", errno),
        })?;
        report.answered = self.sys.now().since(self.started);
        report.head_len += head.bytes.len();
        report.content_type = head.field("content-type").unwrap_or_default().to_owned();
        for line in head.lines() {
            self.talk(&format!("< {line}"));
        }
        self.talk("< ");
        self.dump(&head);
        let location = head.field("location").map(str::to_owned);
        let leads_on = location.is_some() && self.follows(head.status) || self.fails(head.status);
        let to = if leads_on { Destination::Nowhere } else { self.destination(&head.bytes) };
        let mut body = Body { len: 0, to };
        loop {
            let piece = incoming.body().await.map_err(|errno| broken("Recv failure", errno))?;
            if piece.is_empty() || matches!(body.to, Destination::Memory(_)) && body.len > BODY_MAX {
                break;
            }
            self.keep(&mut body, &piece);
        }
        match incoming.missing() {
            0 => Ok(Response { status: head.status, body, location }),
            missing => {
                Err(Failure { code: 18, message: format!("transfer closed with {missing} bytes remaining to read") })
            }
        }
    }

    /// `-D`.
    fn dump(&self, head: &Head) {
        match self.request.dump_head.as_deref() {
            None => {}
            Some("-") => self.sys.print(&head.bytes),
            Some(name) => {
                let path = self.sys.path(name);
                self.sys.files(|files| files.append(&path, &head.bytes));
            }
        }
    }

    /// Where a body goes; a file begins here, with the response's head if that was asked for.
    fn destination(&self, head: &[u8]) -> Destination {
        let with_head = self.request.include_head || self.request.head_only;
        let head = if with_head { head } else { &[] };
        match self.output {
            None | Some("-") if self.sys.stdout_is_pipe() => {
                self.sys.print(head);
                Destination::Pipe
            }
            None | Some("-") => Destination::Memory(head.to_vec()),
            Some("/dev/null") => Destination::Nowhere,
            Some(name) => {
                let path = self.sys.path(name);
                let created = self.sys.files(|files| files.create(&path).map(|()| files.append(&path, head)));
                if created.is_ok() { Destination::File(path) } else { Destination::NoFile }
            }
        }
    }

    fn keep(&self, body: &mut Body, bytes: &[u8]) {
        body.len += bytes.len();
        self.received.store(body.len, Ordering::Relaxed);
        match &mut body.to {
            Destination::Memory(kept) => kept.extend_from_slice(bytes),
            Destination::Pipe => self.sys.print(bytes),
            Destination::File(path) => self.sys.files(|files| files.append(path, bytes)),
            Destination::NoFile | Destination::Nowhere => {}
        }
    }

    /// Hands over what was kept for the end.
    fn deliver(&self, response: &Response) -> Result<(), Failure> {
        match &response.body.to {
            Destination::Memory(bytes) => self.sys.print(bytes),
            Destination::File(_) | Destination::Pipe | Destination::Nowhere => {}
            Destination::NoFile => {
                return Err(Failure { code: 23, message: "Failure writing output to destination".to_owned() });
            }
        }
        Ok(())
    }

    /// A response is complete, and its connection could be used again.
    fn leave(&self, url: &Url) {
        self.talk(&format!("* Connection #0 to host {} left intact", url.host));
    }

    /// A line of `-v`.
    fn talk(&self, line: &str) {
        if self.request.verbose {
            self.sys.eprint(format!("{line}\n"));
        }
    }

    fn elapsed_millis(&self) -> u64 {
        self.sys.now().since(self.started).as_millis()
    }
}

fn broken(what: &str, errno: Errno) -> Failure {
    let code = if what.starts_with("Send") { 55 } else { 56 };
    Failure { code, message: format!("{what}: {errno}") }
}
