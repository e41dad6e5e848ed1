//! The other processes of a run that `mpirun` has started, if vpcsim was built to share one. The first rank talks and writes;
//! the others run along in silence.

use std::path::Path;

#[cfg(feature = "mpi")]
use sim_core::lab::Mpi;
use sim_core::lab::{Observer, RunError, RunOptions, RunSummary};

use crate::exit::Status;

/// This process among the others.
pub(crate) struct Ranks {
    #[cfg(feature = "mpi")]
    mpi: Option<Mpi>,
}

#[cfg(feature = "mpi")]
impl Ranks {
    /// Joins the others, if there are some.
    pub(crate) fn join() -> Ranks {
        Ranks { mpi: Mpi::join() }
    }

    /// Whether there are others.
    pub(crate) fn is_shared(&self) -> bool {
        self.mpi.is_some()
    }

    /// Whether this is the one that talks.
    pub(crate) fn is_first(&self) -> bool {
        self.mpi.as_ref().is_none_or(|mpi| mpi.rank() == 0)
    }

    /// Runs a scenario, together with the others.
    pub(crate) fn run(
        &self,
        file: &Path,
        options: &RunOptions,
        observer: &mut dyn Observer,
    ) -> Result<RunSummary, RunError> {
        match &self.mpi {
            Some(mpi) => sim_core::lab::run_on_ranks(file, options, mpi.transport(), observer),
            None => sim_core::lab::run(file, options, observer),
        }
    }

    /// The signal by which any was asked to stop. All must ask.
    pub(crate) fn signal(&self, here: Option<u8>) -> Option<u8> {
        match &self.mpi {
            Some(mpi) => Some(mpi.largest(here.unwrap_or_default())).filter(|signal| *signal != 0),
            None => here,
        }
    }

    /// The status when this process stops where the others go on: they end with it.
    pub(crate) fn give_up(&self, status: Status) -> Status {
        match &self.mpi {
            Some(mpi) => mpi.abort(status.code()),
            None => status,
        }
    }
}

#[cfg(not(feature = "mpi"))]
impl Ranks {
    /// There are no others.
    pub(crate) fn join() -> Ranks {
        Ranks {}
    }

    /// Whether there are others.
    pub(crate) fn is_shared(&self) -> bool {
        false
    }

    /// Whether this is the one that talks.
    pub(crate) fn is_first(&self) -> bool {
        true
    }

    /// Runs a scenario.
    pub(crate) fn run(
        &self,
        file: &Path,
        options: &RunOptions,
        observer: &mut dyn Observer,
    ) -> Result<RunSummary, RunError> {
        sim_core::lab::run(file, options, observer)
    }

    /// The signal by which it was asked to stop.
    pub(crate) fn signal(&self, here: Option<u8>) -> Option<u8> {
        here
    }

    /// The status when this process stops where others would go on.
    pub(crate) fn give_up(&self, status: Status) -> Status {
        status
    }
}
