//! The instance metadata service: HTTP as EC2's own server speaks it (IMDS-2 to IMDS-5).
//!
//! It serves the files under [`ROOT`], which whoever runs the service writes, and knows nothing of what they say: a directory is a
//! list of names, and every version of the path leads to the same files. Each answer closes its connection.

mod http;
mod token;

use http::{Answer, Body, Request};
use token::Key;

use crate::engine::SimDuration;
use crate::host::{Sys, TcpStream};

/// Where the files are: `latest/meta-data/…`, and [`SETTINGS`].
pub(crate) const ROOT: &str = "/srv";
/// The service's own settings, a line each: `endpoint=`, `tokens=`, `hop-limit=`, `key=`.
pub(crate) const SETTINGS: &str = "settings";
/// A directory with this file in it is listed as `0=NAME`, as public keys are.
const LABEL: &str = ".label";

/// What `/` lists besides `latest`. A path that begins with one of them leads where `latest` does.
const VERSIONS: &[&str] = &[
    "1.0",
    "2007-01-19",
    "2007-03-01",
    "2007-08-29",
    "2007-10-10",
    "2007-12-15",
    "2008-02-01",
    "2008-09-01",
    "2009-04-04",
    "2011-01-01",
    "2011-05-01",
    "2012-01-12",
    "2014-02-25",
    "2014-11-05",
    "2015-10-20",
    "2016-04-19",
    "2016-06-30",
    "2016-09-02",
    "2018-03-28",
    "2018-08-17",
    "2018-09-24",
    "2019-10-01",
    "2020-10-27",
    "2021-01-03",
    "2021-03-23",
    "2021-07-15",
    "2022-09-24",
    "2024-04-11",
];

/// How long a token may live, in seconds (IMDS-2).
const TOKEN_LIFE: std::ops::RangeInclusive<u64> = 1..=21_600;

/// What SIM has for the TTL of answers that carry no token.
const HOP_LIMIT: u8 = 64;

/// The instance's metadata options as the service sees them.
#[derive(Default)]
struct Settings {
    enabled: bool,
    needs_token: bool,
    hop_limit: u8,
    key: Key,
}

/// Serves for as long as the host is up.
pub(crate) async fn main(sys: Sys, _arguments: Vec<String>) -> i32 {
    let Ok(listener) = sys.tcp_listen(80) else { return 1 };
    loop {
        let stream = listener.accept().await;
        let task = sys.clone();
        sys.spawn(async move { converse(&task, &stream).await });
    }
}

async fn converse(sys: &Sys, stream: &TcpStream) {
    let answer = match http::read(sys, stream).await {
        http::Heard::Nothing => return,
        http::Heard::Nonsense => Answer::page(400, "Bad Request"),
        http::Heard::Request(request) => answer(sys, &request),
    };
    stream.set_hop_limit(answer.hop_limit.unwrap_or(HOP_LIMIT));
    // A client that is gone does not hear it.
    let _ = stream.write_all(&answer.into_bytes(sys)).await;
}

fn answer(sys: &Sys, request: &Request) -> Answer {
    let settings = Settings::read(sys);
    if !settings.enabled {
        return Answer::page(403, "Forbidden");
    }
    let path: Vec<&str> = request.path.split('/').filter(|part| !part.is_empty()).collect();
    let answer = match (request.method.as_str(), &path[..]) {
        ("PUT", ["latest", "api", "token"]) => give_token(sys, request, &settings),
        // Tokens come from `latest` alone (IMDS-3).
        ("PUT", [version, ..]) if VERSIONS.contains(version) => Answer::page(403, "Forbidden"),
        (_, [_, "api", "token"]) => Answer::not_allowed("OPTIONS, PUT"),
        ("GET" | "HEAD", _) => match check_token(sys, request, &settings) {
            Ok(remaining) => Answer { token_ttl: remaining, ..get(sys, &path) },
            Err(refusal) => refusal,
        },
        _ => Answer::not_allowed("GET, HEAD"),
    };
    Answer { head_only: request.method == "HEAD", ..answer }
}

/// IMDS-2; a request that came through a proxy gets none (IMDS-3).
fn give_token(sys: &Sys, request: &Request, settings: &Settings) -> Answer {
    if request.field("x-forwarded-for").is_some() {
        return Answer::page(403, "Forbidden");
    }
    let seconds = request.field("x-aws-ec2-metadata-token-ttl-seconds").and_then(|text| text.trim().parse().ok());
    let Some(seconds) = seconds.filter(|seconds| TOKEN_LIFE.contains(seconds)) else {
        return Answer::page(400, "Bad Request");
    };
    let token = settings.key.token(sys.now() + SimDuration::from_secs(seconds), sys.random());
    let hop_limit = Some(settings.hop_limit); // IMDS-4
    Answer { token_ttl: Some(seconds), hop_limit, ..Answer::text(token.into_bytes()) }
}

/// For how many seconds the request's token is still good, if it has one; or why it is refused.
fn check_token(sys: &Sys, request: &Request, settings: &Settings) -> Result<Option<u64>, Answer> {
    match request.field("x-aws-ec2-metadata-token") {
        Some(token) => match settings.key.expiry(token.trim()).filter(|expiry| *expiry > sys.now()) {
            Some(expiry) => Ok(Some(expiry.since(sys.now()).as_nanos().div_ceil(1_000_000_000))),
            None => Err(Answer::page(401, "Unauthorized")),
        },
        None if settings.needs_token => Err(Answer::page(401, "Unauthorized")),
        None => Ok(None),
    }
}

fn get(sys: &Sys, path: &[&str]) -> Answer {
    let Some((version, rest)) = path.split_first() else {
        let names: Vec<&str> = VERSIONS.iter().copied().chain(["latest"]).collect();
        return Answer::text(names.join("\n").into_bytes());
    };
    let is_version = *version == "latest" || VERSIONS.contains(version);
    if !is_version || rest.iter().any(|part| part.starts_with('.')) {
        return Answer::page(404, "Not Found");
    }
    let name = std::iter::once(&ROOT).chain([&"latest"]).chain(rest).copied().collect::<Vec<_>>().join("/");
    if sys.files(|files| files.is_directory(&name)) {
        return Answer::text(list(sys, &name).into_bytes());
    }
    match sys.files(|files| files.open(&name)) {
        Some(body) if rest == ["user-data"] => Answer::found(Body::Data(body)),
        Some(body) => Answer::found(Body::Text(body)),
        None => Answer::page(404, "Not Found"),
    }
}

/// One name a line, directories with a slash, and no newline at the end (IMDS-5).
fn list(sys: &Sys, directory: &str) -> String {
    let is_root = directory.strip_prefix(ROOT) == Some("/latest");
    let names = sys.files(|files| {
        let entry = |name: String| {
            let path = format!("{directory}/{name}");
            match files.read(&format!("{path}/{LABEL}")) {
                Ok(label) => format!("{name}={}", String::from_utf8_lossy(label)),
                // The top shows its three without.
                Err(_) if files.is_directory(&path) && !is_root => format!("{name}/"),
                Err(_) => name,
            }
        };
        files.list(directory).into_iter().filter(|name| !name.starts_with('.')).map(entry).collect::<Vec<_>>()
    });
    names.join("\n")
}

impl Settings {
    fn read(sys: &Sys) -> Settings {
        let text = sys.read_file(&format!("{ROOT}/{SETTINGS}")).unwrap_or_default();
        let mut settings = Settings::default();
        for line in String::from_utf8_lossy(&text).lines() {
            match line.split_once('=') {
                Some(("endpoint", value)) => settings.enabled = value == "enabled",
                Some(("tokens", value)) => settings.needs_token = value == "required",
                Some(("hop-limit", value)) => settings.hop_limit = value.parse().unwrap_or(1),
                Some(("key", value)) => settings.key = Key::parse(value),
                _ => {}
            }
        }
        settings
    }
}
