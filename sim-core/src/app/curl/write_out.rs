//! `-w`: what a transfer learnt, in the user's format.

use std::net::SocketAddr;

use crate::engine::SimDuration;

/// What a transfer learnt.
#[derive(Default)]
pub(super) struct Report {
    pub(super) status: u16,
    pub(super) method: String,
    pub(super) local: Option<SocketAddr>,
    pub(super) remote: Option<SocketAddr>,
    /// When the name was known, the connection open, the request sent, the first byte there: since the start.
    pub(super) resolved: SimDuration,
    pub(super) connected: SimDuration,
    pub(super) requested: SimDuration,
    pub(super) answered: SimDuration,
    /// What the redirects took before the last request.
    pub(super) redirected: SimDuration,
    pub(super) total: SimDuration,
    pub(super) connections: usize,
    pub(super) redirects: usize,
    pub(super) redirect_url: String,
    pub(super) content_type: String,
    pub(super) downloaded: usize,
    pub(super) head_len: usize,
    pub(super) request_len: usize,
    pub(super) uploaded: usize,
    pub(super) url: String,
    pub(super) failure: String,
    pub(super) exit: i32,
}

impl Report {
    /// A variable's value; `None` when there is no such variable.
    fn variable(&self, name: &str) -> Option<String> {
        let seconds = |length: SimDuration| format!("{}.{:06}", length.as_secs(), length.as_micros() % 1_000_000);
        let ip = |address: Option<SocketAddr>| address.map(|address| address.ip().to_string()).unwrap_or_default();
        let port = |address: Option<SocketAddr>| address.map_or(0, |address| address.port()).to_string();
        let speed = |bytes: usize| {
            let micros = u128::from(self.total.as_micros().max(1));
            (bytes as u128 * 1_000_000 / micros).to_string()
        };
        Some(match name {
            "http_code" | "response_code" => format!("{:03}", self.status),
            "method" => self.method.clone(),
            "scheme" => "http".to_owned(),
            "http_version" => if self.status == 0 { "0" } else { "1.1" }.to_owned(),
            "remote_ip" => ip(self.remote),
            "remote_port" => port(self.remote),
            "local_ip" => ip(self.local),
            "local_port" => port(self.local),
            "time_namelookup" => seconds(self.resolved),
            "time_connect" => seconds(self.connected),
            "time_appconnect" => seconds(SimDuration::default()),
            "time_pretransfer" => seconds(self.requested),
            "time_starttransfer" => seconds(self.answered),
            "time_redirect" => seconds(self.redirected),
            "time_total" => seconds(self.total),
            "size_download" => self.downloaded.to_string(),
            "size_upload" => self.uploaded.to_string(),
            "size_header" => self.head_len.to_string(),
            "size_request" => self.request_len.to_string(),
            "speed_download" => speed(self.downloaded),
            "speed_upload" => speed(self.uploaded),
            "num_connects" => self.connections.to_string(),
            "num_redirects" => self.redirects.to_string(),
            "redirect_url" => self.redirect_url.clone(),
            "content_type" => self.content_type.clone(),
            "url" | "url_effective" => self.url.clone(),
            "errormsg" => self.failure.clone(),
            "exitcode" => self.exit.to_string(),
            _ => return None,
        })
    }

    /// Fills a format in.
    pub(super) fn write_out(&self, format: &str) -> String {
        let format = crate::host::unescape(format);
        let mut result = String::new();
        let mut rest = format.as_str();
        while let Some(start) = rest.find("%{") {
            let Some(end) = rest[start..].find('}') else { break };
            result.push_str(&rest[..start]);
            let name = &rest[start + 2..start + end];
            match self.variable(name) {
                Some(value) => result.push_str(&value),
                None => result.push_str(&format!("curl: unknown --write-out variable: '{name}'\n")),
            }
            rest = &rest[start + end + 1..];
        }
        result.push_str(rest);
        result.replace("%%", "%")
    }
}
