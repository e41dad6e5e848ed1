//! Conservative windows: partitions run side by side for as long as none of them can feel what another does.
//!
//! A frame from one partition reaches another no sooner than the lookahead after it was sent. So when the earliest event of all
//! is due at T, every partition may run all events before T plus lookahead; then they hand over what has crossed, and say when
//! their next event is due (Chandy and Misra 1979; the windows are those of Steinman's YAWNS). Windows depend on events alone,
//! and within a partition events run in their total order: whoever runs the windows, and on how many threads, nobody can tell.

use std::hint;
use std::mem;
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::flight::Crossing;
use super::partition::{GuestIndex, Partition, Shared};
use crate::engine::{SimDuration, SimTime};
use crate::flat::flat;
use crate::host::ProcessId;

/// How long a run goes on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    /// Events of this moment still run.
    pub until: SimTime,
    /// The length of a window.
    pub window: SimDuration,
    /// What ends the run at the end of a window.
    pub wait_for: WaitFor,
    /// Whether partitions get threads of their own.
    pub threads: Threads,
}

/// The end of which program ends a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum WaitFor {
    Nobody,
    Anybody,
    Program(GuestIndex, ProcessId),
}

/// Whether partitions get threads of their own. It changes how long a run takes and nothing else.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Threads {
    /// Never: there is one partition, or one thread for all.
    Never,
    /// As long as windows hold enough events to be worth it.
    WhenBusy,
    /// Always, for tests.
    #[cfg(test)]
    Always,
}

/// A run also ends when the trace has this many events, so that they are read.
const TRACE_EVENTS: usize = 4_096;
/// And after this many events, so that whoever watches can see how far it has come.
const EVENTS: u64 = 1 << 20;
/// Threads are started when so many windows in a row hold this many events on average, and end when they hold a tenth. At the
/// end of each window they wait for each other, which costs as much as some hundred events when the machine is ours, and far
/// more when others use it too.
const BUSY_WINDOWS: u64 = 32;
const BUSY_EVENTS: u64 = 1_500;
/// So often a thread looks for the other's message before it lies down: about as long as one window is longer than another.
const LOOKS: u32 = 4_096;

/// What a partition says at the end of a window; and what all of them say together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Report {
    /// When the next event is due.
    next: SimTime,
    /// Whether the run ends here.
    stop: bool,
    /// How many events the window held.
    events: u64,
}

flat!(struct Report(next, stop, events));

impl Report {
    fn of(partition: &mut Partition, run: &Run, events: u64) -> Report {
        let next = [partition.next_time(), partition.next_outgoing()].into_iter().flatten().min();
        Report { next: next.unwrap_or(SimTime::MAX), stop: run.stops(partition), events }
    }

    /// What two partitions report together.
    pub(super) fn and(self, other: Report) -> Report {
        Report { next: self.next.min(other.next), stop: self.stop || other.stop, events: self.events + other.events }
    }
}

impl Run {
    /// The end of the window that begins with the event at `next`; `None` when the run is over.
    fn window_end(&self, next: SimTime) -> Option<SimTime> {
        let after = self.until + SimDuration::from_nanos(1);
        (next < after).then(|| after.min(next + self.window))
    }

    /// Whether what has happened in a partition ends the run.
    fn stops(&self, partition: &mut Partition) -> bool {
        let has_ended = match self.wait_for {
            WaitFor::Nobody => false,
            WaitFor::Anybody => !partition.ended().is_empty(),
            WaitFor::Program(guest, process) => partition.ended().contains(&(guest, process)),
        };
        has_ended || partition.trace_len() >= TRACE_EVENTS
    }
}

/// Counts a run's windows, and says what is best for the next ones. All who see the same reports say the same.
#[derive(Default)]
struct Course {
    events: u64,
    windows: u64,
    events_lately: u64,
}

impl Course {
    fn note(&mut self, all: Report) {
        self.events += all.events;
        if self.windows == BUSY_WINDOWS {
            (self.windows, self.events_lately) = (0, 0);
        }
        self.windows += 1;
        self.events_lately += all.events;
    }

    fn is_long(&self) -> bool {
        self.events >= EVENTS
    }

    fn is_busy(&self) -> bool {
        self.windows == BUSY_WINDOWS && self.events_lately >= BUSY_WINDOWS * BUSY_EVENTS
    }

    fn is_quiet(&self) -> bool {
        self.windows == BUSY_WINDOWS && self.events_lately < BUSY_WINDOWS * BUSY_EVENTS / 10
    }
}

/// Runs windows until nothing is due any more, or something ends the run. Answers how many events there were.
pub(super) fn run(partitions: &mut [Partition], shared: &Shared<'_>, run: &Run) -> u64 {
    if let [partition] = partitions {
        return run_alone(partition, shared, run);
    }
    let mut course = Course::default();
    let mut all = partitions.iter_mut().map(|partition| Report::of(partition, run, 0)).reduce(Report::and);
    while let Some(report) = all
        && !report.stop
        && !course.is_long()
        && let Some(end) = run.window_end(report.next)
    {
        let side_by_side = match run.threads {
            Threads::Never => false,
            Threads::WhenBusy => course.is_busy(),
            #[cfg(test)]
            Threads::Always => true,
        };
        if side_by_side {
            all = Some(run_side_by_side(partitions, shared, run, &mut course));
            continue;
        }
        let reports = partitions.iter_mut().map(|partition| {
            let events = partition.run_before(shared, end);
            Report::of(partition, run, events)
        });
        all = reports.reduce(Report::and);
        hand_over(partitions);
        all.iter().for_each(|all| course.note(*all));
    }
    course.events
}

/// As [`run`], when there is one partition: nobody reports to anybody.
fn run_alone(partition: &mut Partition, shared: &Shared<'_>, run: &Run) -> u64 {
    let mut events = 0;
    while !run.stops(partition)
        && events < EVENTS
        && let Some(end) = partition.next_time().and_then(|next| run.window_end(next))
    {
        events += partition.run_before(shared, end);
    }
    events
}

/// As [`run`], of one partition, while others are run elsewhere.
pub(super) fn run_one(partition: &mut Partition, shared: &Shared<'_>, run: &Run, boundary: &mut impl Boundary) -> u64 {
    let mut course = Course::default();
    run_together(partition, shared, run, boundary, &mut course);
    course.events
}

/// Hands every frame that has left its partition to the other, all on one thread.
fn hand_over(partitions: &mut [Partition]) {
    for to in 0..partitions.len() {
        for from in 0..partitions.len() {
            let mut crossings = mem::take(partitions[from].outgoing(to as u32));
            crossings.drain(..).for_each(|crossing| partitions[to].accept(crossing));
            *partitions[from].outgoing(to as u32) = crossings;
        }
    }
}

/// The edge of a partition: by whatever means, what has left is handed over and what arrives is taken.
pub(super) trait Boundary {
    /// Ends a window. Answers what all partitions report together.
    fn exchange(&mut self, partition: &mut Partition, report: Report) -> Report;
}

/// Runs one partition's windows together with those on the other side of its boundary. All come to the same end.
fn run_together(
    partition: &mut Partition,
    shared: &Shared<'_>,
    run: &Run,
    boundary: &mut impl Boundary,
    course: &mut Course,
) -> Report {
    let report = Report::of(partition, run, 0);
    let mut all = boundary.exchange(partition, report);
    while let Some(end) = run.window_end(all.next)
        && !all.stop
        && !course.is_long()
        && !(run.threads == Threads::WhenBusy && course.is_quiet())
    {
        let events = partition.run_before(shared, end);
        let report = Report::of(partition, run, events);
        all = boundary.exchange(partition, report);
        course.note(all);
    }
    all
}

fn run_side_by_side(partitions: &mut [Partition], shared: &Shared<'_>, run: &Run, course: &mut Course) -> Report {
    let edges = Channels::between(partitions.len());
    thread::scope(|scope| {
        let mut workers = partitions.iter_mut().zip(edges);
        let (first, mut first_edge) = workers.next().expect("there is a partition");
        for (partition, mut edge) in workers {
            scope.spawn(move || {
                run_together(partition, shared, run, &mut edge, &mut Course::default());
            });
        }
        let mut together = Course::default();
        let all = run_together(first, shared, run, &mut first_edge, &mut together);
        *course = Course { events: course.events + together.events, ..together };
        all
    })
}

/// What goes from one partition to another at the end of a window.
struct Message {
    report: Report,
    crossings: Vec<Crossing>,
    /// Buffers that go home: a frame that crosses takes its buffer along.
    buffers: Vec<Vec<u8>>,
}

/// The boundary between threads.
struct Channels {
    peers: Vec<Peer>,
}

struct Peer {
    partition: u32,
    to: Sender<Message>,
    from: Receiver<Message>,
    /// Memory of the last message from there.
    spare: (Vec<Crossing>, Vec<Vec<u8>>),
    /// The lengths of the frames that have come from there: as many buffers go home.
    came: Vec<usize>,
}

impl Channels {
    /// The edges of so many partitions, each with a channel to every other.
    fn between(partitions: usize) -> Vec<Channels> {
        let mut edges: Vec<Channels> = (0..partitions).map(|_| Channels { peers: Vec::new() }).collect();
        for a in 0..partitions {
            for b in a + 1..partitions {
                // A partition is never more than one window ahead of another.
                let (a_to_b, b_from_a) = bounded(1);
                let (b_to_a, a_from_b) = bounded(1);
                let peer = |partition: usize, to, from| Peer {
                    partition: partition as u32,
                    to,
                    from,
                    spare: Default::default(),
                    came: Vec::new(),
                };
                edges[a].peers.push(peer(b, a_to_b, a_from_b));
                edges[b].peers.push(peer(a, b_to_a, b_from_a));
            }
        }
        edges
    }
}

/// The other thread ends with this one: neither can go on alone.
const PEER_IS_GONE: &str = "the other partition's thread has ended early";

impl Boundary for Channels {
    fn exchange(&mut self, partition: &mut Partition, report: Report) -> Report {
        for Peer { partition: peer, to, spare: (crossings, buffers), came, .. } in &mut self.peers {
            let mut crossings = mem::take(crossings);
            mem::swap(&mut crossings, partition.outgoing(*peer));
            let mut buffers = mem::take(buffers);
            buffers.extend(came.drain(..).filter_map(|len| partition.pool().take_used(len)));
            to.send(Message { report, crossings, buffers }).expect(PEER_IS_GONE);
        }
        let mut all = report;
        for Peer { from, spare, came, .. } in &mut self.peers {
            let Message { report, mut crossings, mut buffers } = await_message(from);
            all = all.and(report);
            came.extend(crossings.iter().map(Crossing::frame_len));
            crossings.drain(..).for_each(|crossing| partition.accept(crossing));
            buffers.drain(..).for_each(|buffer| partition.pool().give(buffer));
            *spare = (crossings, buffers);
        }
        all
    }
}

fn await_message(from: &Receiver<Message>) -> Message {
    for _ in 0..LOOKS {
        match from.try_recv() {
            Ok(message) => return message,
            Err(_) => hint::spin_loop(),
        }
    }
    from.recv().expect(PEER_IS_GONE)
}
