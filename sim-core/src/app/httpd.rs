//! A web server: HTTP/1.1 over real TCP (RFC 9112), files from a document root.
//!
//! It serves as Apache (`httpd`, `apache2`), as nginx and as `python3 -m http.server`: what differs is the root, the name in the
//! `Server` field and the pages for "nothing there yet" and "not found". It knows GET and HEAD; anything else is 501.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::host::{Sys, TcpStream};

/// A request head longer than this is refused (RFC 6585 §5), as Apache's and nginx's 8 KiB lines are.
const HEAD_MAX: usize = 16 * 1024;
/// A connection that says nothing is closed (Apache's `KeepAliveTimeout`, 5 s; nginx keeps 75 s).
const IDLE: crate::engine::SimDuration = crate::engine::SimDuration::from_secs(60);

/// Which server answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Flavour {
    Apache,
    Nginx,
    Python,
}

/// A server's settings.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) flavour: Flavour,
    pub(crate) root: String,
    pub(crate) port: u16,
    /// The service whose generation keeps the server alive.
    pub(crate) service: Option<(String, u32)>,
}

/// The head of a request.
pub(super) struct Head {
    /// In the buffer, with the body that follows it.
    pub(super) len: usize,
    pub(super) method: String,
    /// As it was sent, with the query.
    pub(super) path: String,
    /// Without the port; empty if there was none.
    pub(super) host: String,
    pub(super) keep_alive: bool,
}

struct Response {
    status: u16,
    reason: &'static str,
    content_type: &'static str,
    body: Arc<Vec<u8>>,
}

/// Serves until the service is stopped.
pub(crate) async fn serve(sys: Sys, site: Site) {
    let Ok(listener) = sys.tcp_listen(site.port) else { return };
    loop {
        let Some(stream) = sys.accept_while(&listener, || is_current(&sys, &site)).await else { return };
        let (task, site) = (sys.clone(), site.clone());
        sys.spawn(async move { converse(task, site, stream).await });
    }
}

fn is_current(sys: &Sys, site: &Site) -> bool {
    site.service.as_ref().is_none_or(|(name, generation)| {
        let service = sys.service(name);
        service.running && service.generation == *generation
    })
}

async fn converse(sys: Sys, site: Site, stream: TcpStream) {
    let mut buffer = Vec::new();
    loop {
        let Some(request) = read_head(&sys, &stream, &mut buffer).await else { return };
        let Head { len, method, path, keep_alive, .. } = request;
        buffer.drain(..len);
        let response = match method.as_str() {
            "GET" | "HEAD" => find(&sys, &site, &path),
            _ => page(501, "Not Implemented", &site),
        };
        let head = head(&sys, &site, &response, keep_alive);
        let body: &[u8] = if method == "HEAD" { &[] } else { &response.body };
        let written = async {
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(body).await
        };
        if written.await.is_err() || !keep_alive {
            return;
        }
    }
}

/// Reads the next request's head into the buffer, and its body, which is let go of. `None` when there is no more.
pub(super) async fn read_head(sys: &Sys, stream: &TcpStream, buffer: &mut Vec<u8>) -> Option<Head> {
    let mut chunk = [0; 4096];
    loop {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut request = httparse::Request::new(&mut headers);
        match request.parse(buffer) {
            Ok(httparse::Status::Complete(len)) => {
                let field = |name: &str| {
                    let found = request.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
                    found.map(|header| String::from_utf8_lossy(header.value).to_ascii_lowercase())
                };
                let keep_alive = match (field("connection").as_deref(), request.version) {
                    (Some("close"), _) => false,
                    (Some("keep-alive"), _) => true,
                    (_, version) => version == Some(1),
                };
                let host = field("host").unwrap_or_default();
                let host = host.split(':').next().unwrap_or_default().to_owned();
                let body = field("content-length").and_then(|len| len.parse::<usize>().ok()).unwrap_or(0);
                let (method, path) = (request.method?.to_owned(), request.path?.to_owned());
                let len = skip_body(stream, buffer.len(), len, body).await?;
                return Some(Head { len, method, path, host, keep_alive });
            }
            Ok(httparse::Status::Partial) if buffer.len() < HEAD_MAX => {}
            _ => {
                let _ = stream
                    .write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                    .await;
                return None;
            }
        }
        let deadline = sys.now() + IDLE;
        match sys.before(Some(deadline), stream.read(&mut chunk)).await {
            Ok(Ok(len)) if len > 0 => buffer.extend_from_slice(&chunk[..len]),
            _ => return None,
        }
    }
}

/// A request's body is read and let go of.
async fn skip_body(stream: &TcpStream, buffered: usize, head: usize, body: usize) -> Option<usize> {
    let mut chunk = [0; 4096];
    let mut missing = body.saturating_sub(buffered - head);
    let there = body - missing;
    while missing > 0 {
        let most = missing.min(chunk.len());
        match stream.read(&mut chunk[..most]).await {
            Ok(len) if len > 0 => missing -= len,
            _ => return None,
        }
    }
    Some(head + there)
}

fn find(sys: &Sys, site: &Site, path: &str) -> Response {
    let path = path.split(['?', '#']).next().unwrap_or("/");
    if path.split('/').any(|part| part == "..") {
        return page(400, "Bad Request", site);
    }
    let file = format!("{}/{}", site.root, path.trim_matches('/'));
    let file = file.trim_end_matches('/');
    let name = sys.files(|files| match files.is_directory(file) {
        // Debian's nginx brings a page of its own name and tries it last.
        true => ["index.html", "index.nginx-debian.html"]
            .map(|index| format!("{file}/{index}"))
            .into_iter()
            .find(|name| files.exists(name))
            .unwrap_or_else(|| format!("{file}/index.html")),
        false => file.to_owned(),
    });
    match sys.files(|files| files.open(&name)) {
        Some(body) => Response { status: 200, reason: "OK", content_type: content_type(&name), body },
        // Apache's package shows its test page, with status 403, until there is an index.
        None if path == "/" && site.flavour == Flavour::Apache => Response {
            status: 403,
            reason: "Forbidden",
            content_type: "text/html; charset=UTF-8",
            body: Arc::new(
                b"<!DOCTYPE html>\n<html><head><title>Test Page for the Apache HTTP Server</title></head>\n\
                    <body><h1>Test Page</h1></body></html>\n"
                    .to_vec(),
            ),
        },
        None if site.flavour == Flavour::Python && sys.files(|files| files.is_directory(file)) => {
            listing(sys, file, path)
        }
        None => page(404, "Not Found", site),
    }
}

/// What Python's server shows of a directory without an index (`http.server`, `list_directory`).
fn listing(sys: &Sys, directory: &str, path: &str) -> Response {
    let shown = path.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let title = format!("Directory listing for {shown}");
    let mut names = sys.files(|files| files.list(directory));
    names.sort_by_key(|name| name.to_lowercase());
    let entry = |name: String| {
        let slash = if sys.files(|files| files.is_directory(&format!("{directory}/{name}"))) { "/" } else { "" };
        format!("<li><a href=\"{name}{slash}\">{name}{slash}</a></li>\n")
    };
    let list: String = names.into_iter().map(entry).collect();
    let body = format!(
        "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\" \"http://www.w3.org/TR/html4/strict.dtd\">\n<html>\n<head>\n\
         <meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\">\n<title>{title}</title>\n</head>\n<body>\n\
         <h1>{title}</h1>\n<hr>\n<ul>\n{list}</ul>\n<hr>\n</body>\n</html>\n"
    );
    Response { status: 200, reason: "OK", content_type: "text/html; charset=utf-8", body: Arc::new(body.into_bytes()) }
}

fn page(status: u16, reason: &'static str, site: &Site) -> Response {
    let body = match site.flavour {
        Flavour::Nginx => format!(
            "<html>\r\n<head><title>{status} {reason}</title></head>\r\n<body>\r\n<center><h1>{status} {reason}</h1></center>\r\n</body>\r\n</html>\r\n"
        ),
        _ => format!(
            "<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\n<html><head>\n<title>{status} {reason}</title>\n</head><body>\n<h1>{reason}</h1>\n</body></html>\n"
        ),
    };
    Response { status, reason, content_type: "text/html; charset=iso-8859-1", body: Arc::new(body.into_bytes()) }
}

fn head(sys: &Sys, site: &Site, response: &Response, keep_alive: bool) -> String {
    let date = date(sys);
    let server = match site.flavour {
        Flavour::Apache => sys.profile().apache_version(),
        Flavour::Nginx => sys.profile().nginx_version(),
        Flavour::Python => "SimpleHTTP/0.6 Python/3.9",
    };
    let Response { status, reason, content_type, body } = response;
    let connection = if keep_alive { "" } else { "Connection: close\r\n" };
    format!(
        "HTTP/1.1 {status} {reason}\r\nDate: {date}\r\nServer: {server}\r\nContent-Length: {}\r\n{connection}Content-Type: {content_type}\r\n\r\n",
        body.len()
    )
}

/// The host's clock as the `Date` field has it.
pub(super) fn date(sys: &Sys) -> String {
    let seconds = u64::try_from(sys.wall_clock().div_euclid(1_000_000_000)).unwrap_or(0);
    httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.min(253_402_300_799)))
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" | "htm" => "text/html; charset=UTF-8",
        "txt" => "text/plain; charset=UTF-8",
        "css" => "text/css",
        "js" => "text/javascript",
        "json" => "application/json",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        _ => "application/octet-stream",
    }
}
