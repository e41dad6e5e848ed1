//! The SSH server: it says its version, lets in whom the image lets in, and runs what it is told.
//!
//! The image's own user may log in, and `root` where `sshd_config` says so; AMIs let root in only to be told who to be instead.

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
    let Some(Message::Exec { command }) = wire.receive().await else { return };
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
    let ran = sys.run_as(&user, &command, &input).await;
    for message in [Message::Data(ran.stdout), Message::ErrorData(ran.stderr), Message::ExitStatus(ran.exit)] {
        let empty = matches!(&message, Message::Data(bytes) | Message::ErrorData(bytes) if bytes.is_empty());
        if !empty && wire.send(&message).await.is_err() {
            return;
        }
    }
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
