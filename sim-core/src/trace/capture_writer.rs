//! Who writes the captures: the simulation's own thread while there is little to write, a thread of their own from the first
//! large batch on.
//!
//! A small lab is over in the time that a thread and its wake-ups would cost it. In a long run the simulation goes on while the
//! frames go to disk; it waits only if the disk falls behind by more than a few batches, which bounds the memory.

use std::mem;
use std::panic;
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Receiver, Sender, bounded};

use super::capture_batch::Batch;
use super::capture_file::CaptureError;
use super::capture_folder::CaptureFolder;

/// So many frames in a batch are worth a thread.
pub(super) const LARGE_BATCH: usize = 512;

/// How many batches may wait to be written. With one that is being written and one that is being filled the disk always has
/// work.
const WAITING: usize = 2;

/// Writes batches to a folder. Let go before [`CaptureWriter::finish`], it leaves nothing behind.
#[derive(Debug)]
pub(super) enum CaptureWriter {
    /// On the caller's thread.
    Here(Box<CaptureFolder>),
    /// On a thread of its own.
    There {
        work: Sender<Batch>,
        /// Batches whose memory can be used again.
        written: Receiver<Batch>,
        /// Gives the folder back once `work` is closed.
        thread: JoinHandle<Result<CaptureFolder, CaptureError>>,
    },
}

impl CaptureWriter {
    /// Has a batch written, now or soon. Leaves memory in its place for the next one, which the caller clears.
    ///
    /// # Errors
    /// This batch or an earlier one cannot be written.
    pub(super) fn write(self, batch: &mut Batch) -> Result<CaptureWriter, CaptureError> {
        match self {
            CaptureWriter::Here(mut folder) if batch.frames.len() < LARGE_BATCH => {
                folder.write(batch)?;
                Ok(CaptureWriter::Here(folder))
            }
            CaptureWriter::Here(folder) => CaptureWriter::on_a_thread(*folder)?.write(batch),
            CaptureWriter::There { work, written, thread } => {
                let spare = written.try_recv().unwrap_or_default();
                match work.send(mem::replace(batch, spare)) {
                    Ok(()) => Ok(CaptureWriter::There { work, written, thread }),
                    // It takes no more work after an error only.
                    Err(_) => Err(join(thread).expect_err("the thread ends before its work only with an error")),
                }
            }
        }
    }

    fn on_a_thread(mut folder: CaptureFolder) -> Result<CaptureWriter, CaptureError> {
        let path = folder.path().to_owned();
        let (work, waiting) = bounded::<Batch>(WAITING);
        // Room for every batch there can be, so that giving one back never waits.
        let (back, written) = bounded(WAITING + 2);
        let write_all = move || {
            for mut batch in waiting {
                folder.write(&batch)?;
                batch.clear();
                // Nobody wants it if the simulation has ended meanwhile.
                let _ = back.send(batch);
            }
            Ok(folder)
        };
        let thread = thread::Builder::new().name("captures".to_owned()).spawn(write_all);
        let thread = thread.map_err(|error| CaptureError::new(&path, &error))?;
        Ok(CaptureWriter::There { work, written, thread })
    }

    /// Waits until everything is written.
    ///
    /// # Errors
    /// Something could not be.
    pub(super) fn finish(self) -> Result<CaptureFolder, CaptureError> {
        match self {
            CaptureWriter::Here(folder) => Ok(*folder),
            CaptureWriter::There { work, written, thread } => {
                drop((work, written));
                join(thread)
            }
        }
    }
}

fn join(thread: JoinHandle<Result<CaptureFolder, CaptureError>>) -> Result<CaptureFolder, CaptureError> {
    thread.join().unwrap_or_else(|fault| panic::resume_unwind(fault))
}
