//! A deterministic, single-threaded executor for the programs of one host.
//!
//! A program is a future. It reaches its host through a [`Desk`]: the host lays its kernel there before it polls a program and
//! takes it back afterwards, so that there is one owner at any moment and nothing is shared while the host sleeps. Ready
//! programs run in the order in which they were started, never in the order in which they were woken.
//!
//! A shell that only waits for a program lets the executor run it: whatever wakes the task polls that program alone, not the
//! nested futures of the shell around it, which goes on when the program has ended.
//!
//! All this happens for every packet, so it takes no lock: the desk's top is a place of the thread that runs the host, and a
//! program that is woken only has a flag set. Nor does it touch programs that sleep: the host knows between which ones all lie
//! that are ready, and most often that is one.

use std::cell::RefCell;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use super::kernel::Kernel;

/// A program on its way.
pub(super) type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A program that a task waits for, to its exit status.
type Waited = Pin<Box<dyn Future<Output = i32> + Send>>;

/// How a task tells its executor what to run in its place, and is told the end.
#[derive(Default)]
pub(super) enum Foreground {
    #[default]
    Empty,
    Begins(Waited),
    Ended(i32),
}

impl Foreground {
    /// How the program has ended, once it has.
    pub(super) fn take_exit(&mut self) -> Poll<i32> {
        let Foreground::Ended(exit) = *self else { return Poll::Pending };
        *self = Foreground::Empty;
        Poll::Ready(exit)
    }

    fn take_beginning(&mut self) -> Option<Waited> {
        match mem::take(self) {
            Foreground::Begins(program) => Some(program),
            Foreground::Empty => None,
            Foreground::Ended(_) => unreachable!("a task that waits for its foreground is told the end"),
        }
    }
}

thread_local! {
    /// The kernel of the host that this thread runs now, and whose desk it lies on.
    static TOP: RefCell<Option<(Desk, Box<Kernel>)>> = const { RefCell::new(None) };
}

/// Where the kernel lies while programs run. Every host has one of its own; the number tells them apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Desk(u64);

impl Desk {
    fn new() -> Desk {
        static DESKS: AtomicU64 = AtomicU64::new(0);
        Desk(DESKS.fetch_add(1, Ordering::Relaxed))
    }

    fn lay(self, kernel: Box<Kernel>) {
        TOP.set(Some((self, kernel)));
    }

    fn take(self) -> Box<Kernel> {
        let (desk, kernel) = TOP.take().expect("the kernel was laid, and programs cannot take it");
        debug_assert_eq!(desk, self, "a host runs to its end before another one runs");
        kernel
    }

    /// Uses the kernel for a moment.
    ///
    /// # Panics
    /// When the host is not running: a program is polled by its host and by nobody else.
    pub(super) fn with<R>(self, f: impl FnOnce(&mut Kernel) -> R) -> R {
        TOP.with_borrow_mut(|top| match top {
            Some((desk, kernel)) if *desk == self => f(kernel),
            _ => panic!("a program is polled only while its host has laid its kernel on the desk"),
        })
    }

    /// As [`with`](Self::with), for what is let go of when the whole host is: then there is nothing left to tell.
    pub(super) fn with_if_laid(self, f: impl FnOnce(&mut Kernel)) {
        TOP.with_borrow_mut(|top| match top {
            Some((desk, kernel)) if *desk == self => f(kernel),
            _ => {}
        });
    }
}

/// Which programs of a host can be ready: those from the first number to the last. Only the thread that runs the host rings, so that
/// it can be read and written one after the other.
struct Ready {
    first: AtomicU64,
    last: AtomicU64,
}

impl Ready {
    /// Comes after all programs.
    const NONE: u64 = u64::MAX;

    fn add(&self, id: u64) {
        self.first.store(self.first().min(id), Ordering::Relaxed);
        self.last.store(self.last().max(id), Ordering::Relaxed);
    }

    fn clear(&self) {
        self.first.store(Self::NONE, Ordering::Relaxed);
        self.last.store(0, Ordering::Relaxed);
    }

    fn first(&self) -> u64 {
        self.first.load(Ordering::Relaxed)
    }

    fn last(&self) -> u64 {
        self.last.load(Ordering::Relaxed)
    }
}

/// Notes that its program is ready.
struct Bell {
    program: u64,
    rung: AtomicBool,
    ready: Arc<Ready>,
}

impl Wake for Bell {
    fn wake(self: Arc<Bell>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Bell>) {
        self.rung.store(true, Ordering::Relaxed);
        self.ready.add(self.program);
    }
}

struct Running {
    id: u64,
    /// What the task waits for; let go of before the task is.
    foreground: Option<Waited>,
    task: Task,
    bell: Arc<Bell>,
    waker: Waker,
}

impl Running {
    /// Polls the program in the foreground; and the task itself where there is none, or no longer.
    fn poll(&mut self, desk: Desk) -> Poll<()> {
        let cx = &mut Context::from_waker(&self.waker);
        loop {
            if let Some(program) = &mut self.foreground {
                let Poll::Ready(exit) = program.as_mut().poll(cx) else { return Poll::Pending };
                self.foreground = None;
                desk.with(|kernel| kernel.foreground = Foreground::Ended(exit));
            }
            if self.task.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            self.foreground = desk.with(|kernel| kernel.foreground.take_beginning());
            if self.foreground.is_none() {
                return Poll::Pending;
            }
        }
    }
}

/// The programs of one host.
pub(super) struct Executor {
    pub(super) desk: Desk,
    next: u64,
    /// In the order in which they were started.
    tasks: Vec<Running>,
    ready: Arc<Ready>,
}

impl Default for Executor {
    fn default() -> Executor {
        let ready = Arc::new(Ready { first: AtomicU64::new(Ready::NONE), last: AtomicU64::new(0) });
        Executor { desk: Desk::new(), next: 0, tasks: Vec::new(), ready }
    }
}

impl Executor {
    pub(super) fn spawn(&mut self, task: Task) -> u64 {
        self.next += 1;
        let ready = Arc::clone(&self.ready);
        let bell = Arc::new(Bell { program: self.next, rung: AtomicBool::new(true), ready });
        let waker = Waker::from(Arc::clone(&bell));
        self.tasks.push(Running { id: self.next, foreground: None, task, bell, waker });
        self.ready.add(self.next);
        self.next
    }

    /// Ends a task where it stands; what it holds (sockets, pipes) is let go with the kernel at hand.
    pub(super) fn end(&mut self, id: u64, kernel: Box<Kernel>) -> Box<Kernel> {
        self.desk.lay(kernel);
        self.tasks.retain(|running| running.id != id);
        self.desk.take()
    }

    /// Ends all tasks where they stand, likewise.
    pub(super) fn end_all(&mut self, kernel: Box<Kernel>) -> Box<Kernel> {
        self.desk.lay(kernel);
        self.tasks.clear();
        self.ready.clear();
        let mut kernel = self.desk.take();
        kernel.spawned.clear();
        kernel
    }

    /// Whether a program waits to be polled.
    pub(super) fn has_ready(&self) -> bool {
        self.ready.first() != Ready::NONE
    }

    /// Polls every program that is ready, once, and those they start.
    pub(super) fn poll(&mut self, kernel: Box<Kernel>) -> Box<Kernel> {
        if !self.has_ready() {
            return kernel;
        }
        self.desk.lay(kernel);
        let first = self.ready.first();
        let mut place = self.tasks.partition_point(|running| running.id < first);
        // What a program wakes from now on has its turn at once when it was started later, else in the next round.
        self.ready.first.store(Ready::NONE, Ordering::Relaxed);
        loop {
            while let Some(running) = self.tasks.get_mut(place).filter(|running| running.id <= self.ready.last()) {
                let is_ready = running.bell.rung.load(Ordering::Relaxed);
                if is_ready {
                    running.bell.rung.store(false, Ordering::Relaxed);
                }
                if is_ready && running.poll(self.desk).is_ready() {
                    self.tasks.remove(place);
                } else {
                    place += 1;
                }
            }
            let mut kernel = self.desk.take();
            if kernel.spawned.is_empty() {
                self.note_ready();
                return kernel;
            }
            for task in mem::take(&mut kernel.spawned) {
                self.spawn(task);
            }
            self.desk.lay(kernel);
        }
    }

    /// After a round: which programs were woken and have not had their turn.
    fn note_ready(&mut self) {
        let woken = self.ready.first()..=self.ready.last();
        self.ready.clear();
        if woken.is_empty() {
            return;
        }
        let rung = |running: &&Running| woken.contains(&running.id) && running.bell.rung.load(Ordering::Relaxed);
        self.tasks.iter().filter(rung).for_each(|running| self.ready.add(running.id));
    }
}
