//! `wget`: HTTP/1.1 into a file, with GNU wget's words, retries and exit codes.

use std::net::{IpAddr, SocketAddr};

use jiff::Timestamp;

use super::http::{Head, Incoming, ResponseError, Url, UrlError, in_the_clear};
use super::options::{Options, Parsed};
use super::resolve::{Family, resolve};
use crate::engine::SimDuration;
use crate::host::{Elapsed, Errno, Sys, TcpStream, duration, file_name};

/// wget's `--max-redirect`.
const REDIRECTS_MAX: u32 = 20;
/// wget's `--waitretry`: a second more after each try, up to so many.
const WAIT_MAX: u64 = 10;

/// What was asked for.
struct Request {
    urls: Vec<String>,
    output: Option<String>,
    directory: String,
    quiet: bool,
    brief: bool,
    show_head: bool,
    spider: bool,
    timeout: Option<SimDuration>,
    tries: u32,
    headers: Vec<String>,
    user_agent: Option<String>,
    post: Option<String>,
    family: Family,
}

/// How a try ended without a response.
enum Failure {
    /// It makes no sense to try again: the exit status.
    Final(i32),
    /// Time ran out, or the connection broke.
    Transient,
}

/// The program.
pub(crate) async fn main(sys: Sys, arguments: Vec<String>) -> i32 {
    let request = match parse(&sys, &arguments) {
        Ok(request) => request,
        Err(exit) => return exit,
    };
    if request.urls.is_empty() {
        sys.eprint("wget: missing URL\nUsage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options.\n");
        return 1;
    }
    let wget = Wget { sys, request };
    let mut exit = 0;
    for url in &wget.request.urls {
        exit = exit.max(wget.fetch(url).await);
    }
    exit
}

struct Wget {
    sys: Sys,
    request: Request,
}

impl Wget {
    async fn fetch(&self, url: &str) -> i32 {
        let mut url = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
        for _ in 0..=REDIRECTS_MAX {
            let parsed = match Url::parse(&url) {
                Ok(parsed) => parsed,
                Err(UrlError::Malformed) => {
                    self.sys.eprint(format!("{url}: Invalid host name.\n"));
                    return 1;
                }
                Err(UrlError::Scheme(scheme)) => {
                    self.sys.eprint(format!("{url}: Unsupported scheme ‘{scheme}’.\n"));
                    return 1;
                }
            };
            // A bare host is shown with its slash.
            let shown = if url.matches('/').count() < 3 { format!("{url}/") } else { url.clone() };
            match self.with_retries(&parsed, &shown).await {
                Ok(Some(next)) => url = next,
                Ok(None) => return 0,
                Err(exit) => return exit,
            }
        }
        self.talk(&format!("{REDIRECTS_MAX} redirections exceeded.\n"));
        8
    }

    /// Fetches one URL; gives where it leads on to.
    async fn with_retries(&self, url: &Url, shown: &str) -> Result<Option<String>, i32> {
        let tries = self.request.tries;
        let mut number = 1;
        loop {
            let count = if number > 1 { format!("(try:{number:2})  ") } else { String::new() };
            self.talk(&format!("--{}--  {count}{shown}\n", self.date()));
            match self.once(url, shown).await {
                Ok(next) => return Ok(next),
                Err(Failure::Final(exit)) => return Err(exit),
                Err(Failure::Transient) if tries != 0 && number >= tries => {
                    self.talk("Giving up.\n\n");
                    return Err(4);
                }
                Err(Failure::Transient) => self.talk("Retrying.\n\n"),
            }
            self.sys.sleep(SimDuration::from_secs(u64::from(number).min(WAIT_MAX))).await;
            number += 1;
        }
    }

    async fn once(&self, url: &Url, shown: &str) -> Result<Option<String>, Failure> {
        let stream = self.connect(url).await?;
        if let Some(text) = in_the_clear(url) {
            self.sys.note(text);
        } else if url.tls {
            self.sys.note("TLS is not simulated; wget connected and did no more");
            self.talk("Unable to establish SSL connection.\n");
            return Err(Failure::Final(4));
        }
        self.talk("HTTP request sent, awaiting response... ");
        let broken = |errno: Errno| {
            self.talk(&format!("Read error ({errno}) in headers.\n"));
            Failure::Transient
        };
        stream.write_all(self.head(url).as_bytes()).await.map_err(broken)?;
        let mut incoming = Incoming::new(&stream);
        let asks_for_body = !self.request.spider;
        let head = match self.limited(incoming.head(asks_for_body)).await {
            Ok(Ok(head)) => head,
            Ok(Err(ResponseError::Broken(errno))) => return Err(broken(errno)),
            Ok(Err(ResponseError::Empty)) => {
                self.talk("No data received.\n");
                return Err(Failure::Transient);
            }
            Ok(Err(ResponseError::NotHttp | ResponseError::TooLong)) => {
                self.talk("200 No headers, assuming HTTP/0.9\n");
                return Err(Failure::Final(8));
            }
            Err(Elapsed) => {
                self.talk("Read error (Connection timed out) in headers.\n");
                return Err(Failure::Transient);
            }
        };
        if self.request.show_head {
            let lines: String = head.lines().iter().map(|line| format!("  {line}\n")).collect();
            self.talk(&format!("\n{lines}"));
        } else {
            self.talk(&format!("{} {}\n", head.status, head.reason));
        }
        if let (301..=303 | 307 | 308, Some(location)) = (head.status, head.field("location")) {
            let next = url.join(location);
            self.talk(&format!("Location: {location} [following]\n"));
            return Ok(Some(next));
        }
        if head.status >= 400 {
            self.complain(&format!("{} ERROR {}: {}.\n", self.date(), head.status, head.reason));
            self.talk("\n");
            return Err(Failure::Final(8));
        }
        if self.request.spider {
            self.talk(&format!("{}\nRemote file exists.\n\n", length_line(&head)));
            return Ok(None);
        }
        self.save(url, shown, &head, &mut incoming).await.map(|()| None)
    }

    async fn connect(&self, url: &Url) -> Result<TcpStream, Failure> {
        let name = url.name();
        let literal = name.parse::<IpAddr>().is_ok();
        if !literal {
            self.talk(&format!("Resolving {name} ({name})... "));
        }
        let address = match self.limited(resolve(&self.sys, name, self.request.family)).await {
            Ok(Ok(address)) => address,
            outcome => {
                let reason = match outcome {
                    Ok(Err(error)) => error.to_string(),
                    _ => "Connection timed out".to_owned(),
                };
                self.talk(&format!("failed: {reason}.\n"));
                self.complain(&format!("wget: unable to resolve host address ‘{name}’\n"));
                return Err(Failure::Final(4));
            }
        };
        let port = url.port;
        if literal {
            self.talk(&format!("Connecting to {}:{port}... ", url.host));
        } else {
            self.talk(&format!("{address}\nConnecting to {name} ({name})|{address}|:{port}... "));
        }
        match self.limited(self.sys.tcp_connect(SocketAddr::new(address, port))).await {
            Ok(Ok(stream)) => {
                self.talk("connected.\n");
                Ok(stream)
            }
            Ok(Err(Errno::TimedOut)) | Err(Elapsed) => {
                self.talk("failed: Connection timed out.\n");
                Err(Failure::Transient)
            }
            // wget does not come back to a host that has refused.
            Ok(Err(errno)) => {
                self.talk(&format!("failed: {errno}.\n"));
                Err(Failure::Final(4))
            }
        }
    }

    fn head(&self, url: &Url) -> String {
        let Request { headers, user_agent, post, spider, .. } = &self.request;
        let method = match (spider, post) {
            (true, _) => "HEAD",
            (false, Some(_)) => "POST",
            (false, None) => "GET",
        };
        let agent = user_agent.clone().unwrap_or_else(|| format!("Wget/{}", self.sys.profile().wget_version()));
        let mut head = format!(
            "{method} {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: {agent}\r\nAccept: */*\r\nAccept-Encoding: identity\r\nConnection: Keep-Alive\r\n",
            url.path,
            url.authority()
        );
        for header in headers {
            head.push_str(&format!("{header}\r\n"));
        }
        match post {
            Some(data) => {
                let len = data.len();
                let kind = "application/x-www-form-urlencoded";
                format!("{head}Content-Type: {kind}\r\nContent-Length: {len}\r\n\r\n{data}")
            }
            None => head + "\r\n",
        }
    }

    async fn save(&self, url: &Url, shown: &str, head: &Head, incoming: &mut Incoming<'_>) -> Result<(), Failure> {
        let started = self.sys.now();
        let (name, path) = self.target(url);
        self.talk(&format!("{}\nSaving to: ‘{name}’\n\n", length_line(head)));
        if let Some(path) = &path
            && let Err(error) = self.sys.files(|files| files.create(path))
        {
            self.complain(&format!("{name}: {error}\n\nCannot write to ‘{name}’ ({error}).\n"));
            return Err(Failure::Final(3));
        }
        let mut len = 0;
        loop {
            match self.limited(incoming.body()).await {
                Ok(Ok(piece)) if piece.is_empty() => break,
                Ok(Ok(piece)) => {
                    len += piece.len();
                    match &path {
                        Some(path) => self.sys.files(|files| files.append(path, &piece)),
                        None => self.sys.print(&piece),
                    }
                }
                _ => {
                    self.talk(&format!(
                        "{} (0.00 B/s) - Read error at byte {len} (Connection timed out).",
                        self.date()
                    ));
                    return Err(Failure::Transient);
                }
            }
        }
        let micros = self.sys.now().since(started).as_micros();
        let rate = rate(len, micros);
        let of = head.content_length().map_or_else(|| len.to_string(), |total| format!("{len}/{total}"));
        let bar = match head.content_length() {
            Some(_) => "100%[===================>]",
            None => "    [ <=>               ]",
        };
        let short: String = file_name(&name).chars().take(20).collect();
        let seconds = if micros < 1_000_000 { "0s".to_owned() } else { format!("{}s", micros / 1_000_000) };
        self.talk(&format!("{short:<20}{bar} {:>7}  --.-KB/s    in {seconds:<6}\n\n", size(len)));
        self.talk(&format!("{} ({rate}) - ‘{name}’ saved [{of}]\n\n", self.date()));
        if self.request.brief && !self.request.quiet {
            self.sys.eprint(format!("{} URL:{shown} [{of}] -> \"{name}\" [1]\n", self.date()));
        }
        Ok(())
    }

    /// The file's name as it is shown, and its path unless the page goes to standard output.
    fn target(&self, url: &Url) -> (String, Option<String>) {
        match self.request.output.as_deref() {
            Some("-") => ("STDOUT".to_owned(), None),
            Some(name) => (name.to_owned(), Some(self.sys.path(name))),
            None => {
                let last = url.path.split('?').next().unwrap_or_default().rsplit('/').next().unwrap_or_default();
                let base = if last.is_empty() { "index.html" } else { last };
                let directory = self.request.directory.as_str();
                let prefix = if directory.is_empty() { String::new() } else { format!("{directory}/") };
                let names = std::iter::once(format!("{prefix}{base}"));
                let mut names = names.chain((1..).map(|number| format!("{prefix}{base}.{number}")));
                let free = |name: &String| {
                    let path = self.sys.path(name);
                    self.sys.files(|files| !files.exists(&path))
                };
                let name = names.find(free).unwrap_or_default();
                let path = self.sys.path(&name);
                if let Some((above, _)) = path.rsplit_once('/') {
                    self.sys.files(|files| files.make_directories(above));
                }
                (name, Some(path))
            }
        }
    }

    /// Waits, but not longer than `-T` says.
    async fn limited<T>(&self, future: impl Future<Output = T>) -> Result<T, Elapsed> {
        self.sys.before(self.request.timeout.map(|timeout| self.sys.now() + timeout), future).await
    }

    /// What wget tells beside its work.
    fn talk(&self, text: &str) {
        if !self.request.quiet && !self.request.brief {
            self.sys.eprint(text);
        }
    }

    /// An error, which `-nv` shows too.
    fn complain(&self, text: &str) {
        if !self.request.quiet {
            self.sys.eprint(text);
        }
    }

    fn date(&self) -> String {
        let now = Timestamp::from_nanosecond(self.sys.wall_clock()).unwrap_or_default();
        now.strftime("%Y-%m-%d %H:%M:%S").to_string()
    }
}

fn length_line(head: &Head) -> String {
    let kind = head.field("content-type").and_then(|kind| kind.split(';').next()).unwrap_or_default();
    let kind = if kind.is_empty() { String::new() } else { format!(" [{kind}]") };
    match head.content_length() {
        Some(len) if len >= 1024 => format!("Length: {len} ({}){kind}", size(len)),
        Some(len) => format!("Length: {len}{kind}"),
        None => format!("Length: unspecified{kind}"),
    }
}

/// A size in wget's units, 1024 of each to the next.
fn size(len: usize) -> String {
    const KIB: usize = 1024;
    match len / KIB {
        0 => len.to_string(),
        1..10 => format!("{}.{}K", len / KIB, len % KIB * 10 / KIB),
        10..KIB => format!("{}K", len / KIB),
        _ => format!("{}.{}M", len / (KIB * KIB), len % (KIB * KIB) * 10 / (KIB * KIB)),
    }
}

/// Three digits, as wget prints a rate.
fn rate(len: usize, micros: u64) -> String {
    let mut rate = len as f64 * 1e6 / micros.max(1) as f64;
    for unit in ["B/s", "KB/s", "MB/s"] {
        if rate < 1024.0 {
            let decimals = if rate < 9.995 { 2 } else { usize::from(rate < 99.95) };
            return format!("{rate:.decimals$} {unit}");
        }
        rate /= 1024.0;
    }
    format!("{rate:.0} GB/s")
}

fn parse(sys: &Sys, arguments: &[String]) -> Result<Request, i32> {
    let mut request = Request {
        urls: Vec::new(),
        output: None,
        directory: String::new(),
        quiet: false,
        brief: false,
        show_head: false,
        spider: false,
        timeout: None,
        tries: 20,
        headers: Vec::new(),
        user_agent: None,
        post: None,
        family: Family::Any,
    };
    let mut options = Options::new(arguments, "OPTtUn");
    while let Some(parsed) = options.next() {
        match parsed {
            Parsed::Operand(url) => request.urls.push(url.to_owned()),
            Parsed::Flag('q') => request.quiet = true,
            Parsed::Flag('S') => request.show_head = true,
            Parsed::Flag('4') => request.family = Family::V4,
            Parsed::Flag('6') => request.family = Family::V6,
            Parsed::Value('n', "v") => request.brief = true,
            Parsed::Value('O', value) => request.output = Some(value.to_owned()),
            Parsed::Value(letter, value) => set(sys, &mut request, letter, value)?,
            Parsed::Long(long) => {
                let (name, attached) = long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
                match name {
                    "quiet" => request.quiet = true,
                    "no-verbose" => request.brief = true,
                    "server-response" => request.show_head = true,
                    "spider" => request.spider = true,
                    "inet4-only" => request.family = Family::V4,
                    "inet6-only" => request.family = Family::V6,
                    "no-check-certificate" | "no-proxy" | "show-progress" | "no-cache" => {}
                    _ => {
                        let letter = match name {
                            "output-document" => 'O',
                            "timeout" | "connect-timeout" => 'T',
                            "tries" => 't',
                            "directory-prefix" => 'P',
                            "user-agent" => 'U',
                            "header" => 'H',
                            "post-data" => 'D',
                            _ => return Err(sys.not_simulated("wget", &format!("--{name}"))),
                        };
                        let Some(value) = attached.or_else(|| options.take_word()) else {
                            sys.eprint(format!("wget: option '--{name}' requires an argument\n"));
                            return Err(2);
                        };
                        set(sys, &mut request, letter, value)?;
                    }
                }
            }
            Parsed::Missing(letter) => {
                sys.eprint(format!("wget: option requires an argument -- '{letter}'\n"));
                return Err(2);
            }
            Parsed::Flag(letter) => return Err(sys.not_simulated("wget", &format!("-{letter}"))),
        }
    }
    Ok(request)
}

fn set(sys: &Sys, request: &mut Request, letter: char, value: &str) -> Result<(), i32> {
    match letter {
        'O' => request.output = Some(value.to_owned()),
        'P' => request.directory = value.trim_end_matches('/').to_owned(),
        'U' => request.user_agent = Some(value.to_owned()),
        'H' => request.headers.push(value.to_owned()),
        'D' => request.post = Some(value.to_owned()),
        'T' => {
            let length = duration(value).ok_or_else(|| {
                sys.eprint(format!("wget: timeout: Invalid time period ‘{value}’\n"));
                2
            })?;
            request.timeout = (length > SimDuration::default()).then_some(length);
        }
        't' => {
            request.tries = value.parse().or(if value == "inf" { Ok(0) } else { Err(()) }).map_err(|()| {
                sys.eprint(format!("wget: --tries: Invalid number ‘{value}’.\n"));
                2
            })?;
        }
        _ => return Err(sys.not_simulated("wget", &format!("-{letter}{value}"))),
    }
    Ok(())
}
