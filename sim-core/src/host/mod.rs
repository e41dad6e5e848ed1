//! Guests: the inside of an instance. One smoltcp stack per network interface, processes, a shell, files.
//!
//! A host is sans-I/O: it is given frames and the time, and gives back frames and the time when it wants to be called again.
//! It knows neither AWS nor the fabric. It is `Send`, so that a partition can run on any thread.

//!
//! From the wire up: [`neighbour`] frames packets and resolves addresses, [`stack`] is smoltcp, [`network`] routes and looks at
//! ICMP, [`forward`] passes on what is for others, [`netfilter`] filters and translates, [`socket`] and [`udp`] keep sockets, [`kernel`] owns it all, [`sys`] is what programs see of it, [`executor`] runs them, and
//! [`shell`] reads what people type. The programs themselves are in `app`.

mod disk;
mod errno;
mod executor;
mod files;
mod forward;
mod fragment;
mod header;
mod job;
mod kernel;
mod lease;
mod neighbour;
pub(crate) mod netfilter;
mod network;
mod nic;
mod parameters;
mod pipe;
mod probe;
mod profile;
mod resolver;
mod routes;
mod shell;
mod socket;
mod socket_table;
mod stack;
mod sys;
mod tap;
mod timers;
mod transfer;
mod udp;

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::iter;
use std::mem;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::pin::Pin;

use ipnet::{Ipv4Net, Ipv6Net};

use crate::engine::{SimDuration, SimTime};
use crate::flat::flat;
use crate::net::{BufferPool, MacAddr};

pub(crate) use disk::Disk;
pub(crate) use errno::{Errno, IcmpError};
use executor::Executor;
pub(crate) use files::file_name;
pub(crate) use job::{JobId, Signal};
use kernel::Kernel;
pub(crate) use kernel::Service;
pub(crate) use lease::{LEASE_RENEWAL, Lease};
pub(crate) use neighbour::NeighbourState;
pub(crate) use parameters::{UnknownParameter, assign_parameter, load_parameters, read_parameter};
pub(crate) use pipe::Input;
pub(crate) use probe::{Probe, ProbeEvent, ProbeKind, ProbeSocket};
pub(crate) use profile::Profile;
pub(crate) use profile::{CurlConnectError, PingStyle};
pub(crate) use resolver::ResolverConfig;
pub(crate) use routes::{RouteChange, StaticRoute};
pub(crate) use shell::{duration, unescape};
pub(crate) use socket::{EchoEvent, EchoRequest, PathMtuDiscovery, TcpBuffers};
pub(crate) use socket_table::{SocketLine, SocketProtocol, SocketState};
pub(crate) use sys::{EchoSocket, Elapsed, Listener, Sink, Sys, TcpStream, UdpSocket};
pub(crate) use tap::TappedFrame;
pub(crate) use transfer::{Obstacle, Ticket, Transfer};

/// A program: arguments with its own name first, to an exit status.
pub(crate) type Program = fn(Sys, Vec<String>) -> Pin<Box<dyn Future<Output = i32> + Send>>;

/// Where the instance's shell looks names up. A host knows no program by itself; `app::programs()` is the full table.
#[derive(Clone, Copy)]
pub(crate) struct Programs(pub(crate) fn(&str) -> Option<Program>);

impl Programs {
    /// A program by its name.
    pub(crate) fn find(self, name: &str) -> Option<Program> {
        (self.0)(name)
    }
}

impl fmt::Debug for Programs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Programs")
    }
}

/// The program that opens bash's `/dev/tcp/HOST/PORT`; no shell can type this name.
pub(crate) const DEV_TCP: &str = "(dev tcp)";

/// What a host is made from.
#[derive(Clone, Debug)]
pub(crate) struct HostConfig {
    /// How its tools and its kernel look.
    pub profile: Profile,
    /// The host name at first boot, as in `ip-10-41-1-100`.
    pub hostname: String,
    /// eth0, eth1…
    pub interfaces: Vec<InterfaceConfig>,
    /// Seed of everything random inside: ISNs, ports, ICMP ids.
    pub seed: u64,
    /// Wall-clock time at virtual time 0, in nanoseconds since 1970.
    pub epoch_nanos: i128,
    /// Static names, as `/etc/hosts` has them.
    pub hosts_file: Vec<(IpAddr, String)>,
    /// The host that package managers ask; `None` where everything can be installed without asking.
    pub package_mirror: Option<String>,
    /// Its name servers.
    pub resolver: ResolverConfig,
    /// The programs it has.
    pub programs: Programs,
}

/// A network interface as the guest's DHCP client would have set it up; without any address it is not there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct InterfaceConfig {
    /// Its hardware address.
    pub mac: MacAddr,
    /// Largest IP packet, in bytes.
    pub mtu: u16,
    /// Addresses with their subnet's prefix.
    pub ipv4: Vec<(Ipv4Addr, Ipv4Net)>,
    /// Addresses with their subnet's prefix.
    pub ipv6: Vec<(Ipv6Addr, Ipv6Net)>,
    /// The default router (ADDR-12).
    pub ipv4_gateway: Option<Ipv4Addr>,
    /// The IPv6 default router.
    pub ipv6_gateway: Option<Ipv6Addr>,
}

/// A program started on a host.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct ProcessId(pub u32);

flat!(struct ProcessId(0));

/// Where a piece of output went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Output {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

flat!(enum Output { 0 => Stdout, 1 => Stderr });

/// A program that has ended.
#[derive(Clone, Debug)]
pub(crate) struct Finished {
    /// Its exit status.
    pub exit: i32,
    /// What it printed, in order, as a terminal would have shown it.
    pub terminal: Vec<(Output, Vec<u8>)>,
    /// When it started.
    pub started: SimTime,
    /// When it ended.
    pub ended: SimTime,
}

flat!(struct Finished(exit, terminal, started, ended));

/// Something vpcsim has to say about a guest, never mistaken for a tool's own output: a user-data line that was not
/// understood, a command or option that is not simulated.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Note {
    /// What is not simulated and what will not happen.
    pub text: String,
    /// The line of the script, counted from 1, when it was a script.
    pub line: Option<u32>,
}

flat!(struct Note(text, line));

/// A host that is awake.
pub(crate) struct Host {
    /// Always there between calls; away only while programs run.
    kernel: Option<Box<Kernel>>,
    executor: Executor,
    /// The shell of each process that was started from outside, as a task and as a job.
    shells: BTreeMap<ProcessId, (u64, JobId)>,
}

/// How often [`Host::run`] goes around at one moment before it stops until the next microsecond: a bound on a program or
/// a stack that never comes to rest.
const ROUNDS_MAX: usize = 100_000;

impl Host {
    /// Boots a host: interfaces are up, it asks for its gateway, and the SSH server listens.
    pub(crate) fn new(config: HostConfig, now: SimTime) -> Host {
        let mut host = Host {
            kernel: Some(Box::new(Kernel::new(config, now))),
            executor: Executor::default(),
            shells: BTreeMap::new(),
        };
        let kernel = host.kernel();
        if kernel.profile != Profile::Windows {
            kernel.services.insert("sshd".to_owned(), Service { generation: 0, running: true, enabled: true });
            host.start_service("sshd", &[]);
        }
        host
    }

    /// Boots a host from the disk it had: no user data, which is for the first boot only, but what was enabled starts.
    pub(crate) fn from_disk(config: HostConfig, disk: Disk, now: SimTime) -> Host {
        let resolver = config.resolver.file(config.profile);
        let mut host = Host::new(config, now);
        let services = disk.insert_into(host.kernel());
        parameters::boot(host.kernel().volume.files());
        host.kernel().volume.set_resolver(resolver); // The DHCP client writes it anew.
        for service in services {
            host.start_service("systemctl", &["start".to_owned(), service]);
        }
        host.settle();
        host
    }

    /// Switches a host off: its memory is gone, its disk stays.
    pub(crate) fn into_disk(mut self) -> Disk {
        Disk::of(self.kernel())
    }

    /// Ends every command line as the machine goes down, and takes what they printed, by process. What has ended before keeps its
    /// exit status.
    pub(crate) fn hang_up(&mut self, now: SimTime) -> Vec<(ProcessId, Finished)> {
        let shells = mem::take(&mut self.shells);
        let kernel = self.kernel();
        kernel.now = kernel.now.max(now);
        let taken = shells.into_keys().filter_map(|process| {
            kernel.end_process(process, Signal::Terminate.exit());
            Some((process, kernel.take_finished(process)?))
        });
        taken.collect()
    }

    /// Brings the machine down in order, as systemd does: everybody gets SIGTERM and ends, and connections are closed as they go. The
    /// kernel goes on until [`into_disk`](Self::into_disk), and says so to peers. Gives what [`hang_up`](Self::hang_up) gives.
    pub(crate) fn shut_down(&mut self, now: SimTime) -> Vec<(ProcessId, Finished)> {
        let left = self.hang_up(now);
        if let Some(kernel) = self.kernel.take() {
            self.kernel = Some(self.executor.end_all(kernel));
        }
        left
    }

    /// Starts a command line, as the image's user types it after logging in. Several lines are run one after the other.
    pub(crate) fn start(&mut self, now: SimTime, command_line: &str) -> ProcessId {
        let user = self.kernel().profile.login_user();
        let home = if user == "ec2-user" { "/home/ec2-user".to_owned() } else { format!("/home/{user}") };
        let (process, sys) = self.begin(now, user, &home);
        let text = command_line.to_owned();
        let job = sys.job;
        let shell = self.executor.spawn(Box::pin(async move {
            let exit = shell::run_typed(&sys, &text).await;
            sys.end_process(exit);
        }));
        self.shells.insert(process, (shell, job));
        process
    }

    /// Starts the user data as cloud-init does at first boot: as root, output to `/var/log/cloud-init-output.log`.
    pub(crate) fn start_user_data(&mut self, now: SimTime, script: &str) -> ProcessId {
        let (process, sys) = self.begin(now, "root", "/root");
        let text = script.to_owned();
        self.executor.spawn(Box::pin(async move {
            let exit = shell::run_user_data(&sys, &text).await;
            let log = sys.terminal_text();
            sys.files(|files| files.write("/var/log/cloud-init-output.log", &log));
            sys.end_process(exit);
        }));
        process
    }

    /// Sets up an interface that was attached while the host runs, or other addresses of one it has; with none it is gone.
    pub(crate) fn configure(&mut self, now: SimTime, interface: usize, config: InterfaceConfig) {
        let kernel = self.kernel();
        kernel.now = kernel.now.max(now);
        kernel.configure(interface, config);
    }

    /// A frame arrives at an interface; with a ticket, what becomes of a packet that is for somebody else is told. Call
    /// [`run`](Self::run) afterwards.
    pub(crate) fn receive(&mut self, now: SimTime, interface: usize, frame: Vec<u8>, ticket: Option<Ticket>) {
        let kernel = self.kernel();
        kernel.now = kernel.now.max(now);
        kernel.arrived.push_back((interface, frame, ticket));
    }

    /// What became of packets that were for somebody else, since the last call.
    pub(crate) fn take_transfers(&mut self) -> Vec<Transfer> {
        mem::take(&mut self.kernel().transfers)
    }

    /// Whether frames have arrived since it last ran.
    pub(crate) fn has_arrived(&mut self) -> bool {
        !self.kernel().arrived.is_empty()
    }

    /// Lets the stacks and programs run until nothing more happens at `now`; frames to send are handed to `send` with their
    /// interface's number, in order. Buffers of frames come from `pool` and go back to it.
    pub(crate) fn run(&mut self, now: SimTime, pool: &mut BufferPool, send: &mut dyn FnMut(usize, Vec<u8>)) {
        mem::swap(&mut self.kernel().pool, pool);
        self.run_until_idle(now, send);
        mem::swap(&mut self.kernel().pool, pool);
    }

    fn run_until_idle(&mut self, now: SimTime, send: &mut dyn FnMut(usize, Vec<u8>)) {
        self.kernel().take_arrived();
        if self.kernel().lease.as_mut().is_some_and(|lease| lease.take_due(now)) {
            self.start_service(LEASE_RENEWAL, &[]);
        }
        for _ in 0..ROUNDS_MAX {
            let Some(mut kernel) = self.kernel.take() else { return };
            kernel.now = kernel.now.max(now);
            kernel.timers.fire(now);
            // Programs go first, so that one whose patience has just ended speaks before the stack retries for it.
            let mut kernel = self.executor.poll(kernel);
            let unfinished = kernel.work();
            kernel.send_frames(send);
            self.kernel = Some(kernel);
            if !unfinished && !self.executor.has_ready() {
                return;
            }
        }
    }

    /// When [`run`](Self::run) wants to be called again if no frame arrives before; always later than the last call.
    pub(crate) fn next_wake(&mut self) -> Option<SimTime> {
        let kernel = self.kernel();
        let timer = kernel.timers.next().unwrap_or(SimTime::MAX);
        let renewal = kernel.lease.and_then(|lease| lease.due()).unwrap_or(SimTime::MAX);
        let wake = timer.min(kernel.network_wake()).min(renewal);
        (wake < SimTime::MAX).then(|| wake.max(kernel.now + SimDuration::from_micros(1)))
    }

    /// Ends a command line as Ctrl-C does: exit status 130. Programs that hear the signal speak once more; what was left in the
    /// background runs on.
    pub(crate) fn interrupt(&mut self, now: SimTime, process: ProcessId) {
        if let Some((shell, job)) = self.shells.remove(&process)
            && let Some(mut kernel) = self.kernel.take()
        {
            kernel.now = kernel.now.max(now);
            kernel.signal_job(job, Signal::Interrupt);
            let kernel = self.executor.poll(kernel);
            let mut kernel = self.executor.end(shell, kernel);
            kernel.remove_job(job);
            kernel.end_process(process, Signal::Interrupt.exit());
            self.kernel = Some(kernel);
        }
    }

    /// The host holds a lease from now on.
    pub(crate) fn hold_lease(&mut self, lease: Lease) {
        self.kernel().lease = Some(lease);
    }

    /// What the host's lease says is no longer so: its client hears of it at the next renewal.
    pub(crate) fn outdate_lease(&mut self, now: SimTime) {
        if let Some(lease) = &mut self.kernel().lease {
            lease.outdate(now);
        }
    }

    /// Starts a program that belongs to nobody's terminal, as a service does at boot.
    pub(crate) fn start_service(&mut self, program: &str, arguments: &[String]) {
        let kernel = self.kernel();
        let Some(main) = kernel.programs.find(program) else { return };
        let process = kernel.begin_process();
        let job = kernel.begin_job(program, None);
        let sys = Sys::new(self.executor.desk, process, "/", BTreeMap::new(), job);
        let arguments: Vec<String> = iter::once(program.to_owned()).chain(arguments.iter().cloned()).collect();
        self.executor.spawn(Box::pin(async move {
            main(sys, arguments).await;
        }));
    }

    /// Writes a file, as an image brings it along.
    pub(crate) fn write_file(&mut self, path: &str, content: &[u8]) {
        self.kernel().volume.files().write(path, content);
    }

    /// Puts files under a directory in place of all that was there; a path that ends with a slash is an empty directory.
    pub(crate) fn replace_files(&mut self, directory: &str, contents: Vec<(String, Vec<u8>)>) {
        let files = self.kernel().volume.files();
        if files.is_directory(directory) {
            files.remove(directory, true).expect("a directory that is there can be removed");
        }
        for (path, bytes) in contents {
            let path = format!("{directory}/{path}");
            match path.strip_suffix('/') {
                Some(empty) => files.make_directories(empty),
                None => files.write(&path, &bytes),
            }
        }
    }

    /// Tells the host who has an address on an interface's link, so that it need not ask.
    pub(crate) fn know_neighbour(&mut self, interface: usize, address: IpAddr, mac: MacAddr) {
        if let Some(nic) = self.kernel().nics.get_mut(interface) {
            nic.link.know(address, mac);
        }
    }

    /// Takes what a program left, once it has ended.
    pub(crate) fn take_finished(&mut self, process: ProcessId) -> Option<Finished> {
        let finished = self.kernel().take_finished(process)?;
        self.shells.remove(&process);
        Some(finished)
    }

    /// Whether any process has come to its end since this was asked last.
    pub(crate) fn take_has_ended(&mut self) -> bool {
        mem::take(&mut self.kernel().has_ended)
    }

    /// Whether a process has come to its end.
    pub(crate) fn has_ended(&mut self, process: ProcessId) -> bool {
        self.kernel().processes.get(&process).is_none_or(|process| process.finished.is_some())
    }

    /// Whether a process runs, or has left something to take.
    pub(crate) fn knows(&mut self, process: ProcessId) -> bool {
        self.kernel().processes.contains_key(&process)
    }

    /// Whether anything has to be said about the guest.
    pub(crate) fn has_notes(&mut self) -> bool {
        !self.kernel().notes.is_empty()
    }

    /// Takes what has to be said about the guest since the last call.
    pub(crate) fn take_notes(&mut self) -> Vec<Note> {
        mem::take(&mut self.kernel().notes)
    }

    /// Lets programs run until all of them wait. A guest that sleeps has booted long before the frame that wakes it arrives, so
    /// its servers listen already.
    pub(crate) fn settle(&mut self) {
        for _ in 0..ROUNDS_MAX {
            let Some(kernel) = self.kernel.take() else { return };
            self.kernel = Some(self.executor.poll(kernel));
            if !self.executor.has_ready() {
                return;
            }
        }
    }

    fn begin(&mut self, now: SimTime, user: &str, home: &str) -> (ProcessId, Sys) {
        let kernel = self.kernel();
        kernel.now = kernel.now.max(now);
        kernel.volume.files().make_directories(home);
        let process = kernel.begin_process();
        let job = kernel.begin_job("bash", None);
        let environment =
            [("HOME", home), ("USER", user), ("PATH", "/usr/local/bin:/usr/bin:/usr/sbin"), ("PWD", home)];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let sys = Sys::new(self.executor.desk, process, home, environment, job);
        (process, Sys { is_alone: true, ..sys })
    }

    fn kernel(&mut self) -> &mut Kernel {
        self.kernel.as_mut().expect("the kernel is away only inside `run`, which programs cannot call")
    }
}
