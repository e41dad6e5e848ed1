//! The SSH server, as far as a port probe sees it: it accepts, says its version (RFC 4253 §4.2), and listens to no more.
//!
//! `Differs from AWS:` nobody can log in; commands are run on an instance by naming it.

use crate::engine::SimDuration;
use crate::host::Sys;

/// sshd's `LoginGraceTime`.
const LOGIN_GRACE: SimDuration = SimDuration::from_secs(120);

/// Serves port 22 for as long as the host is up.
pub(crate) async fn main(sys: Sys, _arguments: Vec<String>) -> i32 {
    let Ok(listener) = sys.tcp_listen(22) else {
        sys.eprint("error: Bind to port 22 on 0.0.0.0 failed: Address already in use.\n");
        return 255;
    };
    loop {
        let stream = listener.accept().await;
        let task = sys.clone();
        sys.spawn(async move {
            let banner = format!("{}\r\n", task.profile().ssh_banner());
            if stream.write_all(banner.as_bytes()).await.is_err() {
                return;
            }
            let deadline = task.now() + LOGIN_GRACE;
            let mut buffer = [0; 1024];
            while let Ok(Ok(1..)) = task.before(Some(deadline), stream.read(&mut buffer)).await {}
        });
    }
}
