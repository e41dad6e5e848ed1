//! The SSH server: it says its version, lets in whom the image lets in, and runs what it is told.
//!
//! The image's own user may log in, and `root` where `sshd_config` says so; AMIs let root in only to be told who to be instead.

use std::future::{Future, pending, poll_fn};
use std::net::SocketAddr;
use std::pin::pin;
use std::task::Poll;

use super::super::resolve::{Family, resolve};
use super::wire::{Message, Wire};
use crate::engine::SimDuration;
use crate::host::{Sys, TcpStream};

/// sshd's `LoginGraceTime`.
const LOGIN_GRACE: SimDuration = SimDuration::from_secs(120);
/// What cloud-init makes of a login as root (`disable_root_opts`): a sentence, a while, and this exit status.
const ROOT_REFUSED: i32 = 142;
const ROOT_WAIT: SimDuration = SimDuration::from_secs(10);

/// Serves port 22 for as long as the host is up.
pub(crate) async fn main(sys: Sys, _arguments: Vec<String>) -> i32 {
    let Ok(listener) = sys.tcp_listen(22) else {
        sys.eprint("error: Bind to port 22 on 0.0.0.0 failed: Address already in use.\n");
        return 255;
    };
    loop {
        let stream = listener.accept().await;
        let task = sys.clone();
        sys.spawn(async move { serve(task, stream).await });
    }
}

async fn serve(sys: Sys, stream: TcpStream) {
    let mut wire = Wire::new(stream);
    if wire.send_banner(sys.profile().ssh_banner()).await.is_err() {
        return;
    }
    let deadline = sys.now() + LOGIN_GRACE;
    let Ok(Some(user)) = sys.before(Some(deadline), log_in(&sys, &mut wire)).await else { return };
    let command = match wire.receive().await {
        Some(Message::Exec { command }) => command,
        Some(Message::Open { host, port }) => return forward(&sys, wire, &host, port).await,
        _ => return,
    };
    let mut input = Vec::new();
    while let Some(Message::Data(bytes)) = wire.receive().await {
        input.extend_from_slice(&bytes);
    }
    if user == "root" && !root_may_log_in(&sys) {
        let name = sys.profile().login_user();
        let text = format!("Please login as the user \"{name}\" rather than the user \"root\".\n\n");
        let _ = wire.send(&Message::Data(text.into_bytes())).await;
        sys.sleep(ROOT_WAIT).await;
        let _ = wire.send(&Message::ExitStatus(ROOT_REFUSED)).await;
        return;
    }
    let run = sys.run_as(&user, &command, &input);
    let First::Left(ran) = first(run, answer_for_ever(&mut wire)).await else { return };
    for message in [Message::Data(ran.stdout), Message::ErrorData(ran.stderr), Message::ExitStatus(ran.exit)] {
        let empty = matches!(&message, Message::Data(bytes) | Message::ErrorData(bytes) if bytes.is_empty());
        if !empty && wire.send(&message).await.is_err() {
            return;
        }
    }
}

/// Says that it is there as often as it is asked, while a command runs. The command outlives a client that has gone.
async fn answer_for_ever(wire: &mut Wire) {
    while let Some(message) = wire.receive().await {
        if message == Message::KeepAlive && wire.send(&Message::RequestFailed).await.is_err() {
            break;
        }
    }
    pending::<()>().await;
}

/// Connects a client on to another host, until one of them has had enough.
async fn forward(sys: &Sys, mut wire: Wire, host: &str, port: u16) {
    let connected = match resolve(sys, host, Family::Any).await {
        Ok(address) => sys.tcp_connect(SocketAddr::new(address, port)).await.map_err(|errno| errno.to_string()),
        Err(error) => Err(error.to_string()),
    };
    let stream = match connected {
        Ok(stream) => stream,
        Err(reason) => {
            let _ = wire.send(&Message::OpenFailed { reason }).await;
            return;
        }
    };
    if wire.send(&Message::Opened).await.is_err() {
        return;
    }
    let mut buffer = [0; 16 * 1024];
    loop {
        let sent = match first(wire.receive(), stream.read(&mut buffer)).await {
            First::Left(Some(Message::Data(bytes))) => stream.write_all(&bytes).await,
            First::Left(Some(Message::KeepAlive)) => wire.send(&Message::RequestFailed).await,
            First::Right(Ok(len @ 1..)) => wire.send(&Message::Data(buffer[..len].to_vec())).await,
            _ => return,
        };
        if sent.is_err() {
            return;
        }
    }
}

/// Which of two came first.
enum First<L, R> {
    Left(L),
    Right(R),
}

/// Waits for two things at once; what the other has begun is let go of.
async fn first<L, R>(left: impl Future<Output = L>, right: impl Future<Output = R>) -> First<L, R> {
    let (mut left, mut right) = (pin!(left), pin!(right));
    poll_fn(|cx| match left.as_mut().poll(cx) {
        Poll::Ready(left) => Poll::Ready(First::Left(left)),
        Poll::Pending => right.as_mut().poll(cx).map(First::Right),
    })
    .await
}

/// Who comes in; `None` when the connection is over or nobody may.
async fn log_in(sys: &Sys, wire: &mut Wire) -> Option<String> {
    wire.banner().await?;
    let Some(Message::Login { user }) = wire.receive().await else { return None };
    let known = user == "root" || user == sys.profile().login_user();
    let answer = if known { Message::LoginDone } else { Message::LoginFailed };
    wire.send(&answer).await.ok()?;
    known.then_some(user)
}

fn root_may_log_in(sys: &Sys) -> bool {
    let config = sys.read_file("/etc/ssh/sshd_config").unwrap_or_default();
    let text = String::from_utf8_lossy(&config);
    text.lines().any(|line| line.split_whitespace().eq(["PermitRootLogin", "yes"]))
}
