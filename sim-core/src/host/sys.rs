//! The system calls: all that a program sees of the world.
//!
//! A [`Sys`] is one program's view of its host: the clock, sockets, files, its standard streams and environment. It is cheap
//! to clone, and the clone given to a child may have other streams. Every call borrows the kernel for a moment and none
//! holds it across an `await`.

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use super::errno::Errno;
use super::executor::Desk;
use super::files::{FileError, FileSystem};
use super::job::JobId;
use super::kernel::{Kernel, Service};
use super::lease::Lease;
use super::neighbour::NeighbourState;
use super::netfilter::Netfilter;
use super::network::Route;
use super::routes::{RouteChange, StaticRoute};
use super::shell::Shell;
use super::socket::{EchoEvent, EchoRequest, SocketId, TcpBuffers};
use super::timers::TimerId;
use super::{Input, InterfaceConfig, Note, Output, ProcessId, Profile, Program, ResolverConfig};
use crate::engine::{SimDuration, SimTime};

/// Where a stream of a program goes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Sink {
    /// The process's terminal, as one of its two streams.
    Terminal(Output),
    /// The end of a file.
    File(String),
    /// A pipe.
    Pipe(u32),
    /// Several at once, as `tee` writes.
    Several(Arc<[Sink]>),
    /// `/dev/null`.
    Null,
}

/// A program's view of its host.
#[derive(Clone)]
pub(crate) struct Sys {
    pub(super) desk: Desk,
    pub(super) process: ProcessId,
    /// Standard input.
    pub(crate) stdin: Input,
    /// Standard output.
    pub(crate) stdout: Sink,
    /// Standard error.
    pub(crate) stderr: Sink,
    /// The working directory.
    pub(crate) directory: String,
    /// Exported variables.
    pub(crate) environment: Arc<BTreeMap<String, String>>,
    /// The line of the script that runs, for notes.
    pub(crate) line: Option<u32>,
    /// The job it runs in.
    pub(super) job: JobId,
    /// Whether it is a shell whose task waits for nothing else while a program runs: no time limit, nobody who could send it a
    /// signal on its own.
    pub(super) is_alone: bool,
}

/// Time ran out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Elapsed;

impl Sys {
    pub(super) fn new(
        desk: Desk,
        process: ProcessId,
        directory: &str,
        environment: BTreeMap<String, String>,
        job: JobId,
    ) -> Sys {
        Sys {
            desk,
            process,
            stdin: Input::of([]),
            stdout: Sink::Terminal(Output::Stdout),
            stderr: Sink::Terminal(Output::Stderr),
            directory: directory.to_owned(),
            environment: Arc::new(environment),
            line: None,
            job,
            is_alone: false,
        }
    }

    pub(super) fn kernel<R>(&self, f: impl FnOnce(&mut Kernel) -> R) -> R {
        self.desk.with(f)
    }

    pub(super) fn end_process(&self, exit: i32) {
        self.kernel(|kernel| {
            kernel.remove_job(self.job);
            kernel.end_process(self.process, exit);
        });
    }

    /// A terminal's text so far.
    pub(super) fn terminal_text(&self) -> Vec<u8> {
        self.kernel(|kernel| {
            let process = kernel.processes.get(&self.process);
            process
                .map(|process| process.terminal.iter().flat_map(|(_, text)| text.clone()).collect())
                .unwrap_or_default()
        })
    }
}

/// Streams, notes and surroundings.
impl Sys {
    /// Writes to standard output.
    pub(crate) fn print(&self, text: impl AsRef<[u8]>) {
        self.write(&self.stdout, text.as_ref());
    }

    /// Writes to standard error.
    pub(crate) fn eprint(&self, text: impl AsRef<[u8]>) {
        self.write(&self.stderr, text.as_ref());
    }

    /// Whether standard output is the terminal somebody looks at.
    pub(crate) fn stdout_is_terminal(&self) -> bool {
        matches!(self.stdout, Sink::Terminal(_))
    }

    fn write(&self, sink: &Sink, bytes: &[u8]) {
        if let Sink::Several(sinks) = sink {
            return sinks.iter().for_each(|sink| self.write(sink, bytes));
        }
        self.kernel(|kernel| match sink {
            Sink::Terminal(output) => kernel.print(self.process, *output, bytes),
            Sink::File(path) => kernel.change_files(|files| files.append(path, bytes)),
            Sink::Pipe(id) => kernel.write_pipe(*id, bytes, self.job),
            Sink::Several(_) | Sink::Null => {}
        });
    }

    /// Says something in vpcsim's own voice.
    pub(crate) fn note(&self, text: impl Into<String>) {
        let note = Note { text: text.into(), line: self.line };
        self.kernel(|kernel| {
            // A loop says it once.
            if !kernel.notes.contains(&note) {
                kernel.notes.push(note);
            }
        });
    }

    /// Refuses an option that the real program knows and this one does not: exit status 2 and a note.
    pub(crate) fn not_simulated(&self, program: &str, option: &str) -> i32 {
        self.eprint(format!("vpcsim: {program}: option '{option}' is not simulated\n"));
        self.note(format!("{program}: option '{option}' is not simulated; the command did nothing"));
        2
    }

    /// How the image looks.
    pub(crate) fn profile(&self) -> Profile {
        self.kernel(|kernel| kernel.profile)
    }

    /// A program by its name.
    pub(crate) fn program(&self, name: &str) -> Option<Program> {
        self.kernel(|kernel| kernel.programs.find(name))
    }

    /// Lets an interface send at most `mtu` bytes from now on.
    pub(crate) fn set_link_mtu(&self, interface: usize, mtu: u16) {
        self.kernel(|kernel| kernel.set_link_mtu(interface, mtu));
    }

    /// The host's name.
    pub(crate) fn hostname(&self) -> String {
        self.kernel(|kernel| kernel.hostname.clone())
    }

    /// Renames the host.
    pub(crate) fn set_hostname(&self, name: &str) {
        self.kernel(|kernel| {
            kernel.hostname = name.to_owned();
            kernel.is_renamed = true;
            kernel.volume.files().write("/etc/hostname", format!("{name}\n").as_bytes());
        });
    }

    /// The shell that the user has left at the terminal.
    pub(super) fn login(&self) -> Option<Shell> {
        self.kernel(|kernel| kernel.login.clone())
    }

    /// Leaves a shell at the terminal for the user's next line.
    pub(super) fn set_login(&self, shell: Option<Shell>) {
        self.kernel(|kernel| kernel.login = shell);
    }

    /// Writes `/etc/resolv.conf` as the image's DHCP client does.
    pub(crate) fn set_resolver(&self, resolver: &ResolverConfig) {
        self.kernel(|kernel| kernel.volume.set_resolver(resolver.file(kernel.profile)));
    }

    /// The host holds a lease from now on, and asks again when so long has passed.
    pub(crate) fn hold_lease(&self, renewal: SimDuration) {
        self.kernel(|kernel| kernel.lease = Some(Lease::new(kernel.now, renewal)));
    }

    /// The host that package managers ask, unless everything can be installed without asking.
    pub(crate) fn package_mirror(&self) -> Option<String> {
        self.kernel(|kernel| kernel.package_mirror.clone())
    }

    /// Whether a package is installed whose name `is` takes.
    pub(crate) fn has_package(&self, is: impl Fn(&str) -> bool) -> bool {
        self.kernel(|kernel| kernel.packages.iter().any(|name| is(name)))
    }

    /// Whether a package is installed.
    pub(crate) fn is_installed(&self, package: &str) -> bool {
        self.kernel(|kernel| kernel.packages.contains(package))
    }

    /// Installs a package; false when it was there.
    pub(crate) fn install(&self, package: &str) -> bool {
        self.kernel(|kernel| kernel.packages.insert(package.to_owned()))
    }

    /// A service's state.
    pub(crate) fn service(&self, name: &str) -> Service {
        self.kernel(|kernel| kernel.services.get(name).copied().unwrap_or_default())
    }

    /// Changes a service's state.
    pub(crate) fn set_service(&self, name: &str, service: Service) {
        self.kernel(|kernel| {
            kernel.services.insert(name.to_owned(), service);
            kernel.service_watchers.drain(..).for_each(std::task::Waker::wake);
        });
    }

    /// Reads or changes the packet filter.
    pub(crate) fn netfilter<R>(&self, f: impl FnOnce(&mut Netfilter) -> R) -> R {
        self.kernel(|kernel| f(&mut kernel.netfilter))
    }

    /// Reads or changes files.
    pub(crate) fn files<R>(&self, f: impl FnOnce(&mut FileSystem) -> R) -> R {
        self.kernel(|kernel| kernel.change_files(f))
    }

    /// How often files have changed: what [`file_change_or_closed`](Self::file_change_or_closed) begins with.
    pub(crate) fn file_changes(&self) -> u64 {
        self.files(|files| files.changes())
    }

    /// Waits until a file changes, or nobody reads standard output any longer: `false`.
    pub(crate) async fn file_change_or_closed(&self, seen: &mut u64) -> bool {
        let mut closed = pin!(self.stdout_closed());
        poll_fn(|cx| {
            let changes = self.kernel(|kernel| {
                if !kernel.file_watchers.iter().any(|watcher| watcher.will_wake(cx.waker())) {
                    kernel.file_watchers.push(cx.waker().clone());
                }
                kernel.volume.files().changes()
            });
            match closed.as_mut().poll(cx) {
                Poll::Ready(()) => Poll::Ready(false),
                Poll::Pending if changes == *seen => Poll::Pending,
                Poll::Pending => {
                    *seen = changes;
                    Poll::Ready(true)
                }
            }
        })
        .await
    }

    /// A path as seen from the working directory.
    pub(crate) fn path(&self, path: &str) -> String {
        super::files::resolve(&self.directory, path)
    }

    /// A file's contents.
    pub(crate) fn read_file(&self, path: &str) -> Result<Vec<u8>, FileError> {
        let path = self.path(path);
        self.files(|files| files.read(&path).map(<[u8]>::to_vec))
    }
}

/// Time and chance.
impl Sys {
    /// Virtual time.
    pub(crate) fn now(&self) -> SimTime {
        self.kernel(|kernel| kernel.now)
    }

    /// Nanoseconds since 1970 by the host's clock.
    pub(crate) fn wall_clock(&self) -> i128 {
        self.kernel(|kernel| kernel.wall_clock())
    }

    /// Waits until a moment.
    pub(crate) fn sleep_until(&self, at: SimTime) -> Sleep {
        Sleep { desk: self.desk, at, timer: None }
    }

    /// Waits.
    pub(crate) fn sleep(&self, length: SimDuration) -> Sleep {
        self.sleep_until(self.now() + length)
    }

    /// Waits for `future`, but not past `deadline`.
    pub(crate) async fn before<T>(
        &self,
        deadline: Option<SimTime>,
        future: impl Future<Output = T>,
    ) -> Result<T, Elapsed> {
        let Some(deadline) = deadline else { return Ok(future.await) };
        let mut sleep = self.sleep_until(deadline);
        let mut future = pin!(future);
        poll_fn(|cx| match future.as_mut().poll(cx) {
            Poll::Ready(value) => Poll::Ready(Ok(value)),
            Poll::Pending => Pin::new(&mut sleep).poll(cx).map(|()| Err(Elapsed)),
        })
        .await
    }

    /// Sixty-four random bits of this host's.
    pub(crate) fn random(&self) -> u64 {
        self.kernel(|kernel| kernel.random.next_u64())
    }

    /// Starts something that runs beside the caller.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.kernel(|kernel| kernel.spawned.push(Box::pin(task)));
    }
}

/// The network.
impl Sys {
    /// Opens a TCP connection, as long as the image's kernel tries.
    pub(crate) async fn tcp_connect(&self, to: SocketAddr) -> Result<TcpStream, Errno> {
        self.tcp_connect_with(to, TcpBuffers::default()).await
    }

    /// As [`tcp_connect`](Self::tcp_connect), with buffers of other sizes.
    pub(crate) async fn tcp_connect_with(&self, to: SocketAddr, buffers: TcpBuffers) -> Result<TcpStream, Errno> {
        let id = self.kernel(|kernel| kernel.tcp_connect(to, buffers))?;
        let stream = TcpStream { desk: self.desk, id };
        let deadline = self.now() + self.profile().connect_timeout();
        let opened =
            self.before(Some(deadline), poll_fn(|cx| self.kernel(|kernel| kernel.poll_connected(id, cx)))).await;
        opened.map_err(|Elapsed| Errno::TimedOut)??;
        Ok(stream)
    }

    /// Listens on a port of every address.
    pub(crate) fn tcp_listen(&self, port: u16) -> Result<Listener, Errno> {
        let token = self.kernel(|kernel| kernel.tcp_listen(port))?;
        Ok(Listener { desk: self.desk, port, token })
    }

    /// A UDP socket on a port of every address, or on a free one when `port` is 0.
    pub(crate) fn udp_bind(&self, port: u16) -> Result<UdpSocket, Errno> {
        let id = self.kernel(|kernel| kernel.udp_bind(port))?;
        Ok(UdpSocket { desk: self.desk, id })
    }

    /// A socket for echo requests.
    pub(crate) fn echo_open(&self) -> EchoSocket {
        EchoSocket { desk: self.desk, id: self.kernel(Kernel::echo_open) }
    }

    /// The next connection, or `None` as soon as `lives` no longer holds; it is asked whenever a service changes.
    pub(crate) async fn accept_while(&self, listener: &Listener, lives: impl Fn() -> bool) -> Option<TcpStream> {
        let id = poll_fn(|cx| {
            if !lives() {
                return Poll::Ready(None);
            }
            self.kernel(|kernel| {
                if !kernel.service_watchers.iter().any(|watcher| watcher.will_wake(cx.waker())) {
                    kernel.service_watchers.push(cx.waker().clone());
                }
                kernel.poll_accept(listener.port, cx).map(Some)
            })
        });
        id.await.map(|id| TcpStream { desk: self.desk, id })
    }

    /// Which way a packet goes.
    pub(crate) fn route(&self, destination: IpAddr) -> Option<Route> {
        self.kernel(|kernel| kernel.route(destination))
    }

    /// Routes that were set by hand.
    pub(crate) fn static_routes(&self) -> Vec<StaticRoute> {
        self.kernel(|kernel| kernel.routes.clone())
    }

    /// Changes the routes.
    pub(crate) fn change_route(&self, change: RouteChange, route: StaticRoute) -> Result<(), Errno> {
        self.kernel(|kernel| kernel.change_route(change, route))
    }

    /// Gives an interface other addresses.
    pub(crate) fn configure_interface(&self, number: usize, config: InterfaceConfig) {
        self.kernel(|kernel| kernel.configure(number, config));
    }

    /// The interfaces with all their addresses (loopback and link-local ones too).
    pub(crate) fn interfaces(&self) -> Vec<(InterfaceConfig, Vec<(IpAddr, u8)>)> {
        self.kernel(|kernel| kernel.nics.iter().map(|nic| (nic.config.clone(), nic.addresses.clone())).collect())
    }

    /// An interface's neighbour table.
    pub(crate) fn neighbours(&self, interface: usize) -> Vec<(IpAddr, NeighbourState)> {
        self.kernel(|kernel| {
            let now = kernel.now;
            kernel.nics.get(interface).map(|nic| nic.link.neighbours(now)).unwrap_or_default()
        })
    }

    /// The path MTU that was learnt for a destination, and until when it is believed.
    pub(crate) fn learnt_mtu(&self, destination: IpAddr) -> Option<(u16, SimTime)> {
        self.kernel(|kernel| kernel.path_mtu.get(&destination).copied().filter(|&(_, until)| until > kernel.now))
    }

    /// The largest packet that is known to reach a destination.
    pub(crate) fn path_mtu(&self, destination: IpAddr) -> Option<u16> {
        self.kernel(|kernel| kernel.path_mtu(destination))
    }

    /// Frees a port that a program of another task listens on, as ending that program would.
    pub(crate) fn stop_listening(&self, port: u16) {
        self.kernel(|kernel| kernel.tcp_unlisten(port, None));
    }

    /// Ports that are listened on.
    pub(crate) fn listening_ports(&self) -> Vec<u16> {
        self.kernel(|kernel| kernel.listening_ports())
    }
}

/// A wait for a moment; its timer goes with it.
pub(crate) struct Sleep {
    desk: Desk,
    at: SimTime,
    timer: Option<TimerId>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Sleep>, cx: &mut Context<'_>) -> Poll<()> {
        let Sleep { desk, at, timer } = &mut *self;
        desk.with(|kernel| {
            if kernel.now >= *at {
                if let Some(timer) = timer.take() {
                    kernel.timers.cancel(timer);
                }
                return Poll::Ready(());
            }
            match timer.and_then(|timer| kernel.timers.waker(timer)) {
                // Woken for something else: the timer stands.
                Some(waker) => waker.clone_from(cx.waker()),
                None => *timer = Some(kernel.timers.set(*at, cx.waker().clone())),
            }
            Poll::Pending
        })
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(timer) = self.timer {
            self.desk.with_if_laid(|kernel| kernel.timers.cancel(timer));
        }
    }
}

/// An open TCP connection; letting go of it closes it.
pub(crate) struct TcpStream {
    desk: Desk,
    id: SocketId,
}

impl TcpStream {
    /// Reads what has arrived; 0 at the end of the stream.
    pub(crate) async fn read(&self, buffer: &mut [u8]) -> Result<usize, Errno> {
        poll_fn(|cx| self.desk.with(|kernel| kernel.poll_read(self.id, cx, buffer))).await
    }

    /// Hands as much to the kernel as it has room for.
    pub(crate) async fn write(&self, bytes: &[u8]) -> Result<usize, Errno> {
        poll_fn(|cx| self.desk.with(|kernel| kernel.poll_write(self.id, cx, bytes))).await
    }

    /// Hands everything to the kernel.
    pub(crate) async fn write_all(&self, mut bytes: &[u8]) -> Result<(), Errno> {
        while !bytes.is_empty() {
            let sent = self.write(bytes).await?;
            bytes = &bytes[sent..];
        }
        Ok(())
    }

    /// Says that nothing more will be sent; what the peer sends can still be read.
    pub(crate) fn shutdown(&self) {
        self.desk.with(|kernel| kernel.tcp_shutdown(self.id));
    }

    /// Lets what is sent from now on begin with this TTL or hop limit (the socket options IP_TTL and IPV6_UNICAST_HOPS).
    pub(crate) fn set_hop_limit(&self, hop_limit: u8) {
        self.desk.with(|kernel| kernel.set_tcp_hop_limit(self.id, hop_limit));
    }

    /// Our address and port, and the peer's.
    pub(crate) fn addresses(&self) -> Option<(SocketAddr, SocketAddr)> {
        self.desk.with(|kernel| kernel.tcp_addresses(self.id))
    }
}

impl Drop for TcpStream {
    fn drop(&mut self) {
        self.desk.with_if_laid(|kernel| kernel.tcp_close(self.id));
    }
}

/// A listening port.
pub(crate) struct Listener {
    desk: Desk,
    port: u16,
    token: u32,
}

impl Listener {
    /// The next connection.
    pub(crate) async fn accept(&self) -> TcpStream {
        let id = poll_fn(|cx| self.desk.with(|kernel| kernel.poll_accept(self.port, cx))).await;
        TcpStream { desk: self.desk, id }
    }

    /// Gives the connections that arrive from now on buffers of other sizes.
    pub(crate) fn set_buffers(&self, buffers: TcpBuffers) {
        self.desk.with(|kernel| kernel.set_listener_buffers(self.port, buffers));
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.desk.with_if_laid(|kernel| kernel.tcp_unlisten(self.port, Some(self.token)));
    }
}

/// A UDP socket; letting go of it closes it.
pub(crate) struct UdpSocket {
    desk: Desk,
    id: SocketId,
}

impl UdpSocket {
    /// Hears and sends to one peer from now on, and answers the address and port it is sent to from.
    pub(crate) fn connect(&self, peer: SocketAddr) -> Result<SocketAddr, Errno> {
        self.desk.with(|kernel| kernel.udp_connect(self.id, peer))
    }

    /// Sends a datagram to the peer it is connected to.
    pub(crate) fn send(&self, data: &[u8]) -> Result<(), Errno> {
        self.desk.with(|kernel| kernel.udp_send(self.id, None, data))
    }

    /// Sends a datagram.
    pub(crate) fn send_to(&self, data: &[u8], to: SocketAddr) -> Result<(), Errno> {
        self.desk.with(|kernel| kernel.udp_send(self.id, Some(to), data))
    }

    /// Sends a datagram to everybody on an interface's link, from no address: as a host does that has none yet (RFC 2131 §4.1).
    pub(crate) fn broadcast(&self, interface: usize, port: u16, data: &[u8]) {
        self.desk.with(|kernel| kernel.udp_broadcast(self.id, interface, port, data));
    }

    /// The next datagram, cut to the buffer, and who sent it; or an error that an earlier one met.
    pub(crate) async fn recv_from(&self, buffer: &mut [u8]) -> Result<(usize, SocketAddr), Errno> {
        poll_fn(|cx| self.desk.with(|kernel| kernel.poll_udp_receive(self.id, cx, buffer))).await
    }
}

impl Drop for UdpSocket {
    fn drop(&mut self) {
        self.desk.with_if_laid(|kernel| kernel.udp_close(self.id));
    }
}

/// A socket for echo requests.
pub(crate) struct EchoSocket {
    desk: Desk,
    id: SocketId,
}

impl EchoSocket {
    /// Sends a request.
    pub(crate) fn send(&self, request: EchoRequest<'_>) -> Result<(), Errno> {
        self.desk.with(|kernel| kernel.echo_send(self.id, request))
    }

    /// The next reply or error.
    pub(crate) async fn recv(&self) -> EchoEvent {
        poll_fn(|cx| self.desk.with(|kernel| kernel.poll_echo(self.id, cx))).await
    }
}

impl Drop for EchoSocket {
    fn drop(&mut self) {
        self.desk.with_if_laid(|kernel| kernel.echo_close(self.id));
    }
}
