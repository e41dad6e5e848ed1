//! Ranks: processes that share a run, as MPI calls them. Each runs the events of one partition.
//!
//! Every rank reads the same files, has the same control plane and tables and takes the same decisions; no rank leads. What
//! only one can know – what became of a program on a guest of its partition, what was recorded there – it tells the others
//! where the decision is taken, so all ranks must come by the same places in the same order. Of the other partitions a rank
//! keeps no more than which guests are on. What a window ends with crosses in the same way: a rank is the second kind of
//! [`Boundary`].

mod crossing;
#[cfg(feature = "mpi")]
mod mpi;

use super::partition::{GuestIndex, Partition};
use super::windows::{Boundary, Report};
use crate::engine::SimTime;
use crate::flat::{Flat, flat};
use crate::host::ProcessId;
use crate::trace::Audience;

#[cfg(feature = "mpi")]
pub use mpi::Mpi;

/// Carries messages between the ranks of a run.
pub trait Transport {
    /// Which rank this is, from 0.
    fn rank(&self) -> usize;

    /// How many there are.
    fn ranks(&self) -> usize;

    /// Sends every other rank its message of `to` and puts what it sends into `from`; both have a place for each rank. Every
    /// rank calls this equally often.
    fn exchange(&mut self, to: &[Vec<u8>], from: &mut [Vec<u8>]);
}

/// The rank that writes captures.
const CAPTURES: usize = 0;

/// All ranks run one program on the same files, so what one writes the others can read.
const ONE_PROGRAM: &str = "every rank runs the same vpcsim on the same files";

/// This rank among the others.
pub(super) struct Ranks {
    transport: Box<dyn Transport>,
    /// Messages to each rank, and from each; kept for their memory.
    to: Vec<Vec<u8>>,
    from: Vec<Vec<u8>>,
}

/// What other ranks must know of a partition once its events have run.
pub(super) struct News {
    pub(super) now: SimTime,
    /// When its next event is due.
    pub(super) next: Option<SimTime>,
    pub(super) packet_hops: u64,
    /// Awaited programs that have ended.
    pub(super) ended: Vec<(GuestIndex, ProcessId)>,
    /// How many events were recorded, whether or not they are told.
    pub(super) recorded: u64,
}

flat!(struct News(now, next, packet_hops, ended, recorded));

impl Ranks {
    pub(super) fn new(transport: Box<dyn Transport>) -> Ranks {
        let buffers = || (0..transport.ranks()).map(|_| Vec::new()).collect();
        let (to, from) = (buffers(), buffers());
        Ranks { transport, to, from }
    }

    /// How many there are.
    pub(super) fn number(&self) -> usize {
        self.transport.ranks()
    }

    /// Which one this is, and which partition it runs.
    pub(super) fn here(&self) -> usize {
        self.transport.rank()
    }

    /// What the rank `owner` knows; it alone has a value to begin with.
    pub(super) fn share<T: Flat>(&mut self, owner: usize, value: Option<T>) -> T {
        self.send(|_, to| value.iter().for_each(|value| value.put(to)));
        let mut heard = value;
        self.hear(|peer, from| {
            if peer == owner {
                heard = Some(T::take(from)?);
            }
            Some(())
        });
        heard.expect(ONE_PROGRAM)
    }

    /// Whether it is so on any rank.
    pub(super) fn any(&mut self, here: bool) -> bool {
        let mut any = here;
        self.send(|_, to| here.put(to));
        self.hear(|_, from| {
            any |= bool::take(from)?;
            Some(())
        });
        any
    }

    /// Lets every rank have each one's items; `of` are those of a partition, of which only this rank's are true.
    pub(super) fn share_each<T: Flat>(
        &mut self,
        partitions: &mut [Partition],
        of: impl Fn(&mut Partition) -> &mut Vec<T>,
    ) {
        let own = &*of(&mut partitions[self.here()]);
        self.send(|_, to| own.put(to));
        self.hear(|peer, from| {
            *of(&mut partitions[peer]) = Vec::take(from)?;
            Some(())
        });
    }

    /// Tells how far this rank's partition has come and what was recorded there, and puts what the others recorded into the
    /// recordings of theirs. Answers their news.
    pub(super) fn catch_up(&mut self, partitions: &mut [Partition]) -> Vec<News> {
        let own = &mut partitions[self.here()];
        let news = News {
            now: own.now(),
            next: own.next_time(),
            packet_hops: own.packet_hops(),
            ended: own.ended().clone(),
            recorded: own.trace_len() as u64,
        };
        let recording = own.recording();
        self.send(|peer, to| {
            news.put(to);
            recording.put(if peer == CAPTURES { Audience::Captures } else { Audience::Verdicts }, to);
        });
        let mut heard = Vec::new();
        self.hear(|peer, from| {
            let news = News::take(from)?;
            let partition = &mut partitions[peer];
            partition.advance_to(news.now);
            partition.recording().take_from(from)?;
            // All that nobody has collected yet, as its own rank has it.
            partition.ended().clone_from(&news.ended);
            heard.push(news);
            Some(())
        });
        heard
    }

    /// Writes a message to every other rank and exchanges them for theirs.
    fn send(&mut self, mut write: impl FnMut(usize, &mut Vec<u8>)) {
        let here = self.here();
        for (peer, to) in self.to.iter_mut().enumerate().filter(|(peer, _)| *peer != here) {
            to.clear();
            write(peer, to);
        }
        self.transport.exchange(&self.to, &mut self.from);
    }

    /// Reads what every other rank has sent.
    fn hear(&mut self, mut read: impl FnMut(usize, &mut &[u8]) -> Option<()>) {
        let here = self.here();
        for (peer, from) in self.from.iter().enumerate().filter(|(peer, _)| *peer != here) {
            read(peer, &mut &from[..]).expect(ONE_PROGRAM);
        }
    }
}

impl Boundary for Ranks {
    fn exchange(&mut self, partition: &mut Partition, report: Report) -> Report {
        self.send(|peer, to| {
            report.put(to);
            crossing::put_all(partition, peer as u32, to);
        });
        let mut all = report;
        self.hear(|_, from| {
            all = all.and(Report::take(from)?);
            crossing::accept_all(partition, from)
        });
        all
    }
}
