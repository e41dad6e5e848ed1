//! What answers on a host outside AWS: the page of `/` and the TCP ports that the scenario gives it.

use std::collections::BTreeSet;

use super::httpd::{self, Flavour, Site};
use crate::host::Sys;

/// Where the page lies.
pub(crate) const ROOT: &str = "/srv";

/// Serves the page, if there is one, and accepts on every port given, for as long as the host is up. What comes in on a port
/// is read and not answered, but on those of the web: TLS is not simulated, and whoever asks there does so in the clear.
pub(crate) async fn main(sys: Sys, arguments: Vec<String>) -> i32 {
    let has_page = sys.files(|files| files.read(&format!("{ROOT}/index.html")).is_ok());
    let mut ports: BTreeSet<u16> = arguments[1..].iter().filter_map(|port| port.parse().ok()).collect();
    if has_page {
        ports.insert(80);
    }
    for port in ports {
        let task = sys.clone();
        if matches!(port, 80 | 443) {
            let site = Site { flavour: Flavour::Nginx, root: ROOT.to_owned(), port, service: None };
            sys.spawn(async move { httpd::serve(task, site).await });
        } else {
            sys.spawn(async move { accept(task, port).await });
        }
    }
    0
}

async fn accept(sys: Sys, port: u16) {
    let Ok(listener) = sys.tcp_listen(port) else { return };
    loop {
        let stream = listener.accept().await;
        sys.spawn(async move {
            let mut buffer = [0; 1024];
            while let Ok(1..) = stream.read(&mut buffer).await {}
        });
    }
}
