//! `iperf3`: measures what a path carries, with iperf3's protocol, words and exit codes.
//!
//! A control connection (`control`) agrees on a test, data flows (`flow`) carry it, and both sides print what came of it
//! (`report`). `Differs from AWS:` there is no TCP_INFO, so the columns `Retr` and `Cwnd` are left out, as iperf3 does on systems
//! without; and the program is there before its package is installed.

mod control;
mod flow;
mod options;
mod report;

use std::future::{Future, poll_fn};
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use control::{Control, Cookie, Parameters, Results, State, StreamResult};
use flow::{Carrier, Flow, Pace};
use options::{Options, Role};
use report::{Report, Side};

use super::resolve::{Family, resolve};
use crate::engine::{SimDuration, SimTime};
use crate::host::{Errno, Listener, Sys, TcpBuffers};

/// Bytes a TCP test writes at once where `-l` says nothing.
const BLOCK_TCP: usize = 128 * 1024;
/// Headers of a full segment with timestamps: what iperf3 finds between the MTU and the MSS of its control connection.
const SEGMENT_HEADERS: usize = 52;
/// Bits a second of a UDP test where `-b` says nothing.
const RATE_UDP: u64 = 1 << 20;

/// Why a test ended early, in iperf3's words.
struct Failure(String);

impl From<Errno> for Failure {
    fn from(errno: Errno) -> Failure {
        Failure(format!("unable to read from stream socket: {errno}"))
    }
}

/// The program.
pub(crate) async fn main(sys: Sys, arguments: Vec<String>) -> i32 {
    let options = match options::parse(&sys, &arguments) {
        Ok(options) => options,
        Err(exit) => return exit,
    };
    match &options.role {
        Role::Server if options.daemon => {
            let task = sys.clone();
            sys.spawn(async move {
                // A daemon's output goes nowhere.
                let mut quiet = task;
                (quiet.stdout, quiet.stderr) = (crate::host::Sink::Null, crate::host::Sink::Null);
                serve(&quiet, &options).await;
            });
            0
        }
        Role::Server => serve(&sys, &options).await,
        Role::Client(host) => match call(&sys, &options, host).await {
            Ok(()) => 0,
            Err(Failure(reason)) => {
                sys.eprint(format!("iperf3: error - {reason}\n"));
                1
            }
        },
    }
}

async fn call(sys: &Sys, options: &Options, host: &str) -> Result<(), Failure> {
    let unable = |reason: &str| {
        Failure(format!(
            "unable to connect to server - server may have stopped running or use a different port, firewall issue, etc.: {reason}"
        ))
    };
    let address = resolve(sys, host, options.family).await;
    let address = address.map_err(|_| unable("Name or service not known"))?;
    let server = SocketAddr::new(address, options.port);
    let stream = sys.tcp_connect(server).await.map_err(|errno| unable(&errno.to_string()))?;
    let cookie = Cookie::draw(sys);
    let control = Control::new(stream);
    control.send_cookie(&cookie).await?;
    control.expect(State::ParamExchange).await?;
    let parameters = options.parameters(default_block(sys, options.udp, address));
    control.send_json(&parameters).await?;
    sys.print(format!("Connecting to host {host}, port {}\n", options.port));
    if parameters.reverse {
        sys.print(format!("Reverse mode, remote host {host} is sending\n"));
    }
    control.expect(State::CreateStreams).await?;
    let mut flows = Vec::new();
    for number in 0..parameters.parallel {
        let carrier = Carrier::open(sys, server, &parameters, &cookie)
            .await
            .map_err(|errno| Failure(format!("unable to connect stream: {errno}")))?;
        flows.push(Flow::new(5 + 2 * number, carrier));
    }
    control.expect(State::TestStart).await?;
    control.expect(State::TestRunning).await?;
    let side = if parameters.reverse { Side::Receiver } else { Side::Sender };
    let mut report = Report::new(sys, side, &parameters, options.interval);
    report.connected(&flows);
    let length = (parameters.num == 0).then(|| SimDuration::from_secs(parameters.time));
    let ended = transfer(sys, &control, &flows, &parameters, &mut report, length, None).await?;
    if ended != State::TestEnd {
        return Err(Failure("the server has terminated".to_owned()));
    }
    control.send(State::TestEnd).await?;
    control.expect(State::ExchangeResults).await?;
    let own = results(&flows, side, report.elapsed());
    control.send_json(&own).await?;
    let theirs: Results = control.read_json().await?;
    control.expect(State::DisplayResults).await?;
    report.summary(&own, Some(&theirs));
    control.send(State::IperfDone).await?;
    sys.print("\niperf Done.\n");
    Ok(())
}

async fn serve(sys: &Sys, options: &Options) -> i32 {
    let Ok(listener) = sys.tcp_listen(options.port) else {
        sys.eprint(
            "iperf3: error - unable to start listener for connections: Address already in use\n\
             iperf3: exiting\n",
        );
        return 1;
    };
    let rule = "-----------------------------------------------------------";
    for test in 1_u64.. {
        sys.print(format!("{rule}\nServer listening on {} (test #{test})\n{rule}\n", options.port));
        listener.set_buffers(TcpBuffers::default());
        let control = Control::new(listener.accept().await);
        if let Err(Failure(reason)) = serve_one(sys, options, &listener, &control).await {
            sys.eprint(format!("iperf3: error - {reason}\n"));
        }
        if options.one_off {
            break;
        }
    }
    0
}

async fn serve_one(sys: &Sys, options: &Options, listener: &Listener, control: &Control) -> Result<(), Failure> {
    let cookie = control.read_cookie().await?;
    if let Some((_, peer)) = control.addresses() {
        sys.print(format!("Accepted connection from {}, port {}\n", peer.ip(), peer.port()));
    }
    control.send(State::ParamExchange).await?;
    let mut parameters: Parameters = control.read_json().await?;
    parameters.make_sane(if parameters.udp { usize::from(u16::MAX) } else { BLOCK_TCP });
    listener.set_buffers(parameters.buffers());
    // UDP's first datagram must find its port open.
    let mut waiting = parameters.udp.then(|| sys.udp_bind(options.port)).transpose()?;
    control.send(State::CreateStreams).await?;
    let mut flows = Vec::new();
    while flows.len() < parameters.parallel as usize {
        let number = flows.len() as u32;
        let carrier = match waiting.take() {
            Some(socket) => {
                let carrier = Carrier::answer(socket).await?;
                if number + 1 < parameters.parallel {
                    waiting = Some(sys.udp_bind(options.port)?);
                }
                carrier
            }
            None => {
                let stream = Control::new(listener.accept().await);
                if stream.read_cookie().await? != cookie {
                    stream.send(State::AccessDenied).await?;
                    continue;
                }
                Carrier::Tcp(stream.into_stream())
            }
        };
        flows.push(Flow::new(if number == 0 { 5 } else { 6 + 2 * number }, carrier));
    }
    control.send(State::TestStart).await?;
    control.send(State::TestRunning).await?;
    let side = if parameters.reverse { Side::Sender } else { Side::Receiver };
    let mut report = Report::new(sys, side, &parameters, options.interval);
    report.connected(&flows);
    let ended = transfer(sys, control, &flows, &parameters, &mut report, None, Some(listener)).await?;
    if ended != State::TestEnd {
        return Err(Failure("the client has terminated".to_owned()));
    }
    control.send(State::ExchangeResults).await?;
    let _: Results = control.read_json().await?;
    let own = results(&flows, side, report.elapsed());
    control.send_json(&own).await?;
    control.send(State::DisplayResults).await?;
    report.summary(&own, None);
    control.expect(State::IperfDone).await
}

/// Lets the flows run: for `length`, or until they have carried what they should, or until the peer says what comes next.
/// Meanwhile others are told that the server is busy.
async fn transfer(
    sys: &Sys,
    control: &Control,
    flows: &[Flow],
    parameters: &Parameters,
    report: &mut Report<'_>,
    length: Option<SimDuration>,
    listener: Option<&Listener>,
) -> Result<State, Failure> {
    let end = length.map(|length| sys.now() + length);
    let pace = Pace::new(sys.now(), parameters);
    let sending = report.side() == Side::Sender;
    // Data wakes the task all the time, the control connection and strangers hardly ever: they are asked when they have rung.
    let mut bell: Option<(Arc<Bell>, Waker)> = None;
    let mut running: Vec<_> = flows.iter().map(|flow| Some(Box::pin(flow.run(sys, &pace, sending)))).collect();
    loop {
        let event = poll_fn(|cx| {
            for slot in &mut running {
                if let Some(Poll::Ready(outcome)) = slot.as_mut().map(|flow| flow.as_mut().poll(cx)) {
                    *slot = None;
                    if let Err(errno) = outcome {
                        return Poll::Ready(Err(Failure::from(errno)));
                    }
                }
            }
            // What a client was to send is sent; a server waits to be told.
            if sending && listener.is_none() && running.iter().all(Option::is_none) {
                return Poll::Ready(Ok(State::TestEnd));
            }
            let (bell, waker) = bell.get_or_insert_with(|| Bell::of(cx.waker()));
            if !bell.rung.swap(false, Ordering::Relaxed) {
                return Poll::Pending;
            }
            let cx = &mut Context::from_waker(waker);
            if let Some(Poll::Ready(stranger)) = listener.map(|listener| pin!(listener.accept()).poll(cx)) {
                let task = async move {
                    let _ = Control::new(stranger).send(State::AccessDenied).await;
                };
                sys.spawn(task);
                cx.waker().wake_by_ref();
            }
            // A byte is read whole or not at all, so nothing is lost with a wait that ends.
            pin!(control.read()).poll(cx)
        });
        let until = [report.next(), end].into_iter().flatten().min();
        let event = sys.before(until, event).await;
        if event.is_ok() || end.is_some_and(|end: SimTime| end <= sys.now()) {
            report.last_interval(flows);
            return event.unwrap_or(Ok(State::TestEnd));
        }
        report.interval(flows);
    }
}

/// Wakes a task and remembers that it did.
struct Bell {
    rung: AtomicBool,
    task: Waker,
}

impl Bell {
    /// One that has rung, since nobody has been asked yet, and the waker that rings it.
    fn of(task: &Waker) -> (Arc<Bell>, Waker) {
        let bell = Arc::new(Bell { rung: AtomicBool::new(true), task: task.clone() });
        (Arc::clone(&bell), Waker::from(bell))
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Bell>) {
        self.rung.store(true, Ordering::Relaxed);
        self.task.wake_by_ref();
    }
}

/// What one side knows about a test.
fn results(flows: &[Flow], side: Side, elapsed: SimDuration) -> Results {
    let end_time = elapsed.as_nanos() as f64 / 1e9;
    let stream = |flow: &Flow| {
        let count = flow.count();
        StreamResult {
            id: flow.number(),
            bytes: count.bytes,
            retransmits: -1,
            jitter: count.jitter.as_nanos() as f64 / 1e9,
            errors: count.lost,
            packets: count.packets,
            start_time: 0.0,
            end_time,
        }
    };
    Results {
        cpu_util_total: 0.0,
        cpu_util_user: 0.0,
        cpu_util_system: 0.0,
        // There is no TCP_INFO to count them.
        sender_has_retransmits: if side == Side::Sender { 0 } else { -1 },
        streams: flows.iter().map(stream).collect(),
    }
}

/// What is written at once where `-l` says nothing: a datagram of UDP fills a packet.
fn default_block(sys: &Sys, udp: bool, server: IpAddr) -> usize {
    match sys.path_mtu(server) {
        Some(mtu) if udp => usize::from(mtu).saturating_sub(SEGMENT_HEADERS).max(16),
        _ => BLOCK_TCP,
    }
}

/// Which addresses a server's name may have.
fn family(letter: char) -> Family {
    if letter == '6' { Family::V6 } else { Family::V4 }
}
