//! The transport between processes on one machine or several: MPI, the Message Passing Interface (MPI 4.1).
//!
//! Messages are point to point (§3): every rank sends each of the others one and receives one from each. Two messages from the
//! same rank never overtake each other (§3.5), which is all the order that an exchange needs.

use std::env;
use std::thread;

use ::mpi::Threading;
use ::mpi::collective::SystemOperation;
use ::mpi::environment::Universe;
use ::mpi::request;
use ::mpi::topology::SimpleCommunicator;
use ::mpi::traits::*;

use super::Transport;

/// This process as one of several that an MPI launcher has started. Must be the last to go: then MPI ends.
pub struct Mpi {
    world: SimpleCommunicator,
    /// Lets MPI end when it goes.
    _universe: Universe,
}

/// What launchers tell the processes they start: those of Open MPI, PMIx and PMI.
const LAUNCHERS: [&str; 3] = ["OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"];

/// The exit status of a rank that panicked.
const PANICKED: i32 = 3;

impl Mpi {
    /// Joins the other ranks; `None` when this process is on its own.
    pub fn join() -> Option<Mpi> {
        if LAUNCHERS.iter().all(|name| env::var_os(name).is_none()) {
            return None;
        }
        // One thread calls MPI; others may write captures.
        let (universe, _) = ::mpi::initialize_with_threading(Threading::Funneled)?;
        let world = universe.world();
        (world.size() > 1).then_some(Mpi { world, _universe: universe })
    }

    /// Which rank this is, from 0.
    pub fn rank(&self) -> usize {
        self.world.rank() as usize
    }

    /// What carries the messages of a run.
    pub fn transport(&self) -> Box<dyn Transport> {
        Box::new(World(SimpleCommunicator::world()))
    }

    /// The largest of every rank's number (all-reduce).
    pub fn largest(&self, here: u8) -> u8 {
        let mut largest = here;
        self.world.all_reduce_into(&here, &mut largest, SystemOperation::max());
        largest
    }

    /// Ends all ranks, since this one cannot go on and they would wait for it.
    pub fn abort(&self, exit_status: u8) -> ! {
        self.world.abort(i32::from(exit_status))
    }
}

impl Drop for Mpi {
    fn drop(&mut self) {
        if thread::panicking() {
            self.world.abort(PANICKED);
        }
    }
}

/// All ranks.
struct World(SimpleCommunicator);

impl Transport for World {
    fn rank(&self) -> usize {
        self.0.rank() as usize
    }

    fn ranks(&self) -> usize {
        self.0.size() as usize
    }

    fn exchange(&mut self, to: &[Vec<u8>], from: &mut [Vec<u8>]) {
        let here = self.0.rank();
        let peers = || (0..self.0.size()).filter(|peer| *peer != here);
        request::scope(|scope| {
            let sending: Vec<_> = peers()
                .map(|peer| self.0.process_at_rank(peer).immediate_send(scope, &to[peer as usize][..]))
                .collect();
            for peer in peers() {
                let (message, status) = self.0.process_at_rank(peer).matched_probe();
                let into = &mut from[peer as usize];
                into.resize(status.count(u8::equivalent_datatype()) as usize, 0);
                message.matched_receive_into(&mut into[..]);
            }
            sending.into_iter().for_each(|sent| {
                sent.wait();
            });
        });
    }
}
