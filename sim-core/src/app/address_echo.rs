//! What answers on hosts like checkip.amazonaws.com: the address from which the request has come, which is how a lab sees whose
//! address a gateway has put into its packets.

use super::httpd::{Head, date, read_head};
use crate::host::{Sys, TcpStream};

/// Serves for as long as the host is up.
pub(crate) async fn main(sys: Sys, _arguments: Vec<String>) -> i32 {
    for port in [80, 443] {
        let task = sys.clone();
        sys.spawn(async move { serve(task, port).await });
    }
    0
}

async fn serve(sys: Sys, port: u16) {
    let Ok(listener) = sys.tcp_listen(port) else { return };
    loop {
        let stream = listener.accept().await;
        let task = sys.clone();
        sys.spawn(async move { converse(task, stream).await });
    }
}

async fn converse(sys: Sys, stream: TcpStream) {
    let Some((_, client)) = stream.addresses() else { return };
    let body = format!("{}\n", client.ip());
    let mut buffer = Vec::new();
    loop {
        let Some(Head { len, method, keep_alive, .. }) = read_head(&sys, &stream, &mut buffer).await else { return };
        buffer.drain(..len);
        let head = format!(
            "HTTP/1.1 200 OK\r\nDate: {}\r\nServer: nginx\r\nContent-Type: text/plain;charset=UTF-8\r\nContent-Length: {}\r\n\r\n",
            date(&sys),
            body.len()
        );
        let body = if method == "HEAD" { "" } else { &body };
        if stream.write_all(format!("{head}{body}").as_bytes()).await.is_err() || !keep_alive {
            return;
        }
    }
}
