//! What the exit status means: the same for every verb.

use std::io;
use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Status {
    /// Everything held.
    Ok,
    /// An expectation did not hold.
    Failed,
    /// The scenario, a template or the command line is wrong, or there is nothing to run.
    Invalid,
    /// vpcsim is at fault, or the machine (a full disk).
    InternalError,
    /// A signal asked it to stop, by the signal's number.
    Interrupted(u8),
}

impl Status {
    /// The status after an output could not be written. A reader that went away (`vpcsim run | head`) has what it wanted.
    pub fn after_write_error(error: &io::Error) -> Status {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Status::Ok,
            _ => Status::InternalError,
        }
    }

    /// As the process that started us sees it.
    pub fn code(self) -> u8 {
        match self {
            Status::Ok => 0,
            Status::Failed => 1,
            Status::Invalid => 2,
            Status::InternalError => 3,
            // As shells report a process that a signal ended: 130 for Ctrl-C.
            Status::Interrupted(signal) => 128 + signal,
        }
    }
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> ExitCode {
        ExitCode::from(status.code())
    }
}
