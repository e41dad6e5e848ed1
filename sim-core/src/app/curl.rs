//! `curl`: HTTP/1.1 over real TCP, with curl's messages and exit codes.
//!
//! Words follow the image's curl (see [`Profile`](crate::host::Profile)); exit codes are the same everywhere. TLS is not
//! simulated, and says so.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::options::{Options, Parsed};
use super::resolve::{Family, resolve};
use crate::engine::{SimDuration, SimTime};
use crate::host::{CurlConnectError, Elapsed, Errno, Sys, TcpStream};

/// Redirects followed with `-L` (curl's `--max-redirs`).
const REDIRECTS_MAX: usize = 50;
/// The most of a response that is kept in memory, for the terminal or a pipe.
const BODY_MAX: usize = 64 << 20;

/// What was asked for.
#[derive(Default)]
struct Request {
    urls: Vec<String>,
    silent: bool,
    show_error: bool,
    output: Option<String>,
    remote_name: bool,
    head_only: bool,
    include_head: bool,
    verbose: bool,
    fail: bool,
    follow: bool,
    method: Option<String>,
    data: Option<Vec<u8>>,
    headers: Vec<String>,
    user_agent: Option<String>,
    write_out: Option<String>,
    max_time: Option<SimDuration>,
    connect_timeout: Option<SimDuration>,
    family: Option<Family>,
}

/// Why a transfer failed: curl's number and words.
struct Failure {
    code: i32,
    message: String,
}

/// What a transfer learnt, for `-w`.
#[derive(Default)]
struct Report {
    status: u16,
    remote: Option<SocketAddr>,
    connected: Option<SimDuration>,
    total: SimDuration,
    downloaded: usize,
    url: String,
    failure: String,
    exit: i32,
}

struct Url {
    host: String,
    port: u16,
    path: String,
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
    /// To the end of a file.
    File(String),
    /// To a file that could not be made.
    NoFile,
    Nowhere,
}

/// The program.
pub(crate) async fn main(sys: Sys, arguments: Vec<String>) -> i32 {
    let request = match parse(&sys, &arguments) {
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
    if let Ok(response) = &outcome
        && let Err(failure) = transfer.deliver(response)
    {
        report.exit = failure.code;
        sys.eprint(format!("curl: ({}) {}\n", failure.code, failure.message));
    }
    if let Some(format) = &request.write_out {
        sys.print(write_out(format, &report));
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
            let parsed = parse_url(self.sys, &url)?;
            let response = self.exchange(&parsed, report).await?;
            report.status = response.status;
            report.downloaded = response.body.len;
            match &response.location {
                Some(location) if self.follows(response.status) => {
                    url = if location.contains("://") {
                        location.clone()
                    } else {
                        format!("http://{}:{}/{}", parsed.host, parsed.port, location.trim_start_matches('/'))
                    };
                }
                _ if self.fails(response.status) => {
                    return Err(Failure {
                        code: 22,
                        message: format!("The requested URL returned error: {}", response.status),
                    });
                }
                _ => return Ok(response),
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
        let head = self.request_head(url);
        for line in head.split("\r\n").take_while(|line| !line.is_empty()) {
            self.talk(&format!("> {line}"));
        }
        self.talk("> ");
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(self.request.data.as_deref().unwrap_or_default());
        let receive = async {
            stream.write_all(&bytes).await.map_err(|errno| broken("Send failure", errno))?;
            self.receive(&stream).await
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
            self.talk(&format!("{{ [{} bytes data]", response.body.len));
            self.talk(&format!("* Connection #0 to host {} left intact", url.host));
        }
        outcome
    }

    async fn connect(&mut self, url: &Url, report: &mut Report) -> Result<TcpStream, Failure> {
        let family = self.request.family.unwrap_or(Family::Any);
        let started = self.sys.now();
        let patience = self.request.connect_timeout.map(|time| started + time);
        let limit = [self.deadline, patience].into_iter().flatten().min();
        let name = url.host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let address = match self.sys.before(limit, resolve(self.sys, &name, family)).await {
            Ok(Ok(address)) => address,
            Ok(Err(_)) => {
                return Err(Failure { code: 6, message: format!("Could not resolve host: {name}") });
            }
            Err(Elapsed) => {
                let message = format!("Resolving timed out after {} milliseconds", self.elapsed_millis());
                return Err(Failure { code: 28, message });
            }
        };
        let to = SocketAddr::new(address, url.port);
        let shown = match address {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => format!("[{address}]"),
        };
        self.talk(&format!("*   Trying {shown}:{}...", url.port));
        match self.sys.before(limit, self.sys.tcp_connect(to)).await {
            Ok(Ok(stream)) => {
                report.remote = Some(to);
                report.connected = Some(self.sys.now().since(started));
                self.talk(&format!("* Connected to {} ({address}) port {}", url.host, url.port));
                Ok(stream)
            }
            Ok(Err(errno)) => {
                let code = if errno == Errno::TimedOut { 28 } else { 7 };
                self.talk(&format!("* connect to {address} port {} failed: {errno}", url.port));
                Err(Failure { code, message: self.cannot_connect(url, started, &errno.to_string()) })
            }
            Err(Elapsed) if self.deadline.is_some_and(|deadline| deadline <= self.sys.now()) => Err(Failure {
                code: 28,
                message: format!("Connection timed out after {} milliseconds", self.elapsed_millis()),
            }),
            Err(Elapsed) => {
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

    fn cannot_connect(&self, url: &Url, started: SimTime, _system: &str) -> String {
        let reason = match self.sys.profile().curl_connect_error() {
            CurlConnectError::CouldNt => "Couldn't connect to server",
            CurlConnectError::CouldNot => "Could not connect to server",
        };
        let millis = self.sys.now().since(started).as_millis();
        let text = format!("Failed to connect to {} port {} after {millis} ms: {reason}", url.host, url.port);
        self.talk(&format!("* {text}"));
        text
    }

    fn request_head(&self, url: &Url) -> String {
        let Request { data, headers, user_agent, head_only, .. } = self.request;
        let default = if *head_only {
            "HEAD"
        } else if data.is_some() {
            "POST"
        } else {
            "GET"
        };
        let method = self.request.method.as_deref().unwrap_or(default);
        let given = |name: &str| {
            headers.iter().any(|header| header.split(':').next().is_some_and(|field| field.eq_ignore_ascii_case(name)))
        };
        let host = if url.port == 80 { url.host.clone() } else { format!("{}:{}", url.host, url.port) };
        let agent = user_agent.clone().unwrap_or_else(|| format!("curl/{}", self.sys.profile().curl_version()));
        let mut head = format!("{method} {} HTTP/1.1\r\n", url.path);
        for (name, value) in [("Host", host), ("User-Agent", agent), ("Accept", "*/*".to_owned())] {
            if !given(name) {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
        }
        for header in headers {
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

    async fn receive(&self, stream: &TcpStream) -> Result<Response, Failure> {
        let mut bytes = Vec::new();
        let mut chunk = vec![0; 16 * 1024];
        let mut ended = false;
        let head_len = loop {
            let mut headers = [httparse::EMPTY_HEADER; 64];
            match httparse::Response::new(&mut headers).parse(&bytes) {
                Ok(httparse::Status::Complete(len)) => break len,
                Ok(httparse::Status::Partial) if !ended => {}
                Ok(httparse::Status::Partial) => {
                    return Err(Failure { code: 52, message: "Empty reply from server".to_owned() });
                }
                Err(_) => {
                    return Err(Failure { code: 1, message: "Received HTTP/0.9 when not allowed".to_owned() });
                }
            }
            let len = stream.read(&mut chunk).await.map_err(|errno| broken("Recv failure", errno))?;
            ended = len == 0;
            bytes.extend_from_slice(&chunk[..len]);
            if bytes.len() > BODY_MAX {
                return Err(Failure { code: 56, message: "Too large response headers".to_owned() });
            }
        };
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut parsed = httparse::Response::new(&mut headers);
        let _ = parsed.parse(&bytes);
        let field = |name: &str| {
            let found = parsed.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
            found.map(|header| String::from_utf8_lossy(header.value).into_owned())
        };
        let (status, location) = (parsed.code.unwrap_or(0), field("location"));
        let expected = field("content-length").and_then(|len| len.parse::<usize>().ok());
        let head = bytes[..head_len].to_vec();
        for line in String::from_utf8_lossy(&head).split("\r\n").take_while(|line| !line.is_empty()) {
            self.talk(&format!("< {line}"));
        }
        self.talk("< ");
        let no_body = self.request.head_only || matches!(status, 100..=199 | 204 | 304);
        let leads_on = location.is_some() && self.follows(status) || self.fails(status);
        let mut body = Body { len: 0, to: if leads_on { Destination::Nowhere } else { self.destination(&head) } };
        let mut most = match (no_body, expected) {
            (true, _) => 0,
            (false, Some(expected)) => expected,
            (false, None) => usize::MAX,
        };
        if matches!(body.to, Destination::Memory(_)) {
            most = most.min(BODY_MAX);
        }
        let first = &bytes[head_len..];
        self.keep(&mut body, &first[..first.len().min(most)]);
        while body.len < most {
            let len = stream.read(&mut chunk).await.map_err(|errno| broken("Recv failure", errno))?;
            if len == 0 {
                break;
            }
            let wanted = len.min(most - body.len);
            self.keep(&mut body, &chunk[..wanted]);
        }
        match expected {
            Some(expected) if !no_body && body.len < expected => {
                let missing = expected - body.len;
                Err(Failure { code: 18, message: format!("transfer closed with {missing} bytes remaining to read") })
            }
            _ => Ok(Response { status, body, location }),
        }
    }

    /// Where a body goes; a file begins here, with the response's head if that was asked for.
    fn destination(&self, head: &[u8]) -> Destination {
        let with_head = self.request.include_head || self.request.head_only;
        let head = if with_head { head } else { &[] };
        match self.output {
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
            Destination::File(path) => self.sys.files(|files| files.append(path, bytes)),
            Destination::NoFile | Destination::Nowhere => {}
        }
    }

    /// Hands over what was kept for the end.
    fn deliver(&self, response: &Response) -> Result<(), Failure> {
        match &response.body.to {
            Destination::Memory(bytes) => self.sys.print(bytes),
            Destination::File(_) | Destination::Nowhere => {}
            Destination::NoFile => {
                return Err(Failure { code: 23, message: "Failure writing output to destination".to_owned() });
            }
        }
        Ok(())
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

fn parse_url(sys: &Sys, text: &str) -> Result<Url, Failure> {
    let malformed = || Failure { code: 3, message: "URL using bad/illegal format or missing URL".to_owned() };
    let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
    match scheme.to_ascii_lowercase().as_str() {
        "http" => {}
        "https" => {
            sys.note("TLS is not simulated; curl did not connect");
            return Err(Failure { code: 35, message: "TLS is not simulated by vpcsim".to_owned() });
        }
        other => {
            let message = format!("Protocol \"{other}\" not supported or disabled in libcurl");
            return Err(Failure { code: 1, message });
        }
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let path = path.split('#').next().unwrap_or_default();
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    let authority = authority.rsplit('@').next().unwrap_or_default();
    let colon = authority.rfind(':').filter(|&at| !authority[at..].contains(']'));
    let (host, port) = match colon {
        Some(at) if at + 1 == authority.len() => (&authority[..at], 80),
        Some(at) => (&authority[..at], authority[at + 1..].parse().map_err(|_| malformed())?),
        None => (authority, 80),
    };
    if host.is_empty() || host.contains(char::is_whitespace) || path.contains(char::is_whitespace) {
        return Err(malformed());
    }
    Ok(Url { host: host.to_owned(), port, path })
}

fn parse(sys: &Sys, arguments: &[String]) -> Result<Request, i32> {
    const KNOWN_ELSEWHERE: &str = "aBcCDEFGhjJKlMnNpPqQrRStTuUxyYzZ#";
    let mut request = Request::default();
    let mut options = Options::new(arguments, "owmXdHAbceFKTuUxYyrQ");
    while let Some(parsed) = options.next() {
        match parsed {
            Parsed::Operand(url) => request.urls.push(url.to_owned()),
            Parsed::Flag('s') => request.silent = true,
            Parsed::Flag('S') => request.show_error = true,
            Parsed::Flag('O') => request.remote_name = true,
            Parsed::Flag('I') => request.head_only = true,
            Parsed::Flag('i') => request.include_head = true,
            Parsed::Flag('v') => request.verbose = true,
            Parsed::Flag('f') => request.fail = true,
            Parsed::Flag('L') => request.follow = true,
            // Nothing is encrypted, nothing is shown as it comes in: these change nothing here.
            Parsed::Flag('k' | 'N' | '#') => {}
            Parsed::Flag('4') => request.family = Some(Family::V4),
            Parsed::Flag('6') => request.family = Some(Family::V6),
            Parsed::Value(letter, value) => set(sys, &mut request, letter, value)?,
            Parsed::Long(long) => {
                let (name, attached) = long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
                let letter = match name {
                    "silent" => 's',
                    "show-error" => 'S',
                    "remote-name" => 'O',
                    "head" => 'I',
                    "include" => 'i',
                    "verbose" => 'v',
                    "fail" => 'f',
                    "location" => 'L',
                    "insecure" | "no-buffer" | "no-progress-meter" | "http1.1" => 'k',
                    "ipv4" => '4',
                    "ipv6" => '6',
                    "output" => 'o',
                    "write-out" => 'w',
                    "max-time" => 'm',
                    "request" => 'X',
                    "data" | "data-raw" | "data-binary" => 'd',
                    "header" => 'H',
                    "user-agent" => 'A',
                    "connect-timeout" => 'C',
                    _ => return Err(sys.not_simulated("curl", &format!("--{name}"))),
                };
                match letter {
                    's' => request.silent = true,
                    'S' => request.show_error = true,
                    'O' => request.remote_name = true,
                    'I' => request.head_only = true,
                    'i' => request.include_head = true,
                    'v' => request.verbose = true,
                    'f' => request.fail = true,
                    'L' => request.follow = true,
                    'k' => {}
                    '4' => request.family = Some(Family::V4),
                    '6' => request.family = Some(Family::V6),
                    letter => {
                        let Some(value) = attached.or_else(|| options.take_word()) else {
                            return Err(missing(sys, &format!("--{name}")));
                        };
                        if letter == 'C' {
                            request.connect_timeout = Some(seconds(sys, "--connect-timeout", value)?);
                        } else {
                            set(sys, &mut request, letter, value)?;
                        }
                    }
                }
            }
            Parsed::Missing(letter) => return Err(missing(sys, &format!("-{letter}"))),
            Parsed::Flag(letter) if KNOWN_ELSEWHERE.contains(letter) => {
                return Err(sys.not_simulated("curl", &format!("-{letter}")));
            }
            Parsed::Flag(letter) => {
                sys.eprint(format!("curl: option -{letter}: is unknown\ncurl: try 'curl --help' or 'curl --manual' for more information\n"));
                return Err(2);
            }
        }
    }
    Ok(request)
}

fn set(sys: &Sys, request: &mut Request, letter: char, value: &str) -> Result<(), i32> {
    match letter {
        'o' => request.output = Some(value.to_owned()),
        'w' => request.write_out = Some(value.to_owned()),
        'm' => request.max_time = Some(seconds(sys, "-m", value)?),
        'X' => request.method = Some(value.to_owned()),
        'd' => {
            let data = request.data.get_or_insert_default();
            if !data.is_empty() {
                data.push(b'&');
            }
            data.extend_from_slice(value.as_bytes());
        }
        'H' => request.headers.push(value.to_owned()),
        'A' => request.user_agent = Some(value.to_owned()),
        letter => return Err(sys.not_simulated("curl", &format!("-{letter}"))),
    }
    Ok(())
}

fn missing(sys: &Sys, option: &str) -> i32 {
    sys.eprint(format!(
        "curl: option {option}: requires parameter\ncurl: try 'curl --help' or 'curl --manual' for more information\n"
    ));
    2
}

fn seconds(sys: &Sys, option: &str, value: &str) -> Result<SimDuration, i32> {
    match value.parse::<f64>() {
        // curl takes 0 for "no limit"; so long is as good.
        Ok(0.0) => Ok(SimDuration::from_secs(1_000_000_000)),
        Ok(seconds) if seconds.is_finite() && (0.0..1e9).contains(&seconds) => {
            Ok(SimDuration::from_millis((seconds * 1e3) as u64))
        }
        _ => {
            sys.eprint(format!("curl: option {option}: expected a proper numerical parameter\ncurl: try 'curl --help' or 'curl --manual' for more information\n"));
            Err(2)
        }
    }
}

fn write_out(format: &str, report: &Report) -> String {
    let seconds = |length: SimDuration| format!("{}.{:06}", length.as_secs(), length.as_micros() % 1_000_000);
    let format = crate::host::unescape(format);
    let mut result = String::new();
    let mut rest = format.as_str();
    while let Some(start) = rest.find("%{") {
        let Some(end) = rest[start..].find('}') else { break };
        result.push_str(&rest[..start]);
        match &rest[start + 2..start + end] {
            "http_code" | "response_code" => result.push_str(&format!("{:03}", report.status)),
            "remote_ip" => result.push_str(&report.remote.map(|remote| remote.ip().to_string()).unwrap_or_default()),
            "remote_port" => result.push_str(&report.remote.map(|remote| remote.port()).unwrap_or(0).to_string()),
            "time_connect" => result.push_str(&seconds(report.connected.unwrap_or_default())),
            "time_total" => result.push_str(&seconds(report.total)),
            "size_download" => result.push_str(&report.downloaded.to_string()),
            "url" | "url_effective" => result.push_str(&report.url),
            "errormsg" => result.push_str(&report.failure),
            "exitcode" => result.push_str(&report.exit.to_string()),
            unknown => result.push_str(&format!("curl: unknown --write-out variable: '{unknown}'\n")),
        }
        rest = &rest[start + end + 1..];
    }
    result.push_str(rest);
    result.replace("%%", "%")
}
