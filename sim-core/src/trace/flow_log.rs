//! The observer that writes VPC flow logs (FL-1 to FL-8): one file for each interface of each flow log, as AWS's log streams are.
//!
//! A packet counts where it passes an interface, under what the security groups and the network ACL said there (FL-3). Packets of
//! a flow, direction and action are one record for each window (FL-2), and records stand in the order of their first packets. An
//! interface's file begins with its first packet, as AWS's streams do; from then on a window in which nothing was logged is a
//! NODATA record.
//!
//! SIM: windows are whole minutes or ten minutes of Unix time, where AWS's begin anywhere, and the last one ends with the run. AWS
//! skips records beyond a capacity that it does not tell; here it is [`FLOWS`].
//!
//! What a file says must not depend on when somebody looks, which differs with the number of threads. Whatever is written comes
//! from events and their times, or from the control plane as it stands at the end of a pass of time ([`FlowLogs::settle`]).
//! A window is written when it is over, so memory holds no more than the flows of one window.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use super::capture_file::CaptureError;
use super::event::{Step, TraceEvent};
use super::flow_log_file::{FlowLogFile, remove_former};
use super::flow_log_record::{Counts, Flow, FlowLogStream, Record};
use crate::engine::SimTime;
use crate::id::{FlowLogId, NetworkInterfaceId};
use crate::net::IpHeader;

/// So many flows of an interface are kept in a window.
pub(super) const FLOWS: usize = 65_536;

/// What flow logs ask about the cloud.
pub(crate) trait FlowLogWords {
    /// The flow logs there are now, in a fixed order.
    fn flow_logs(&self) -> Vec<FlowLogId>;

    /// The streams of an interface: one for each flow log that covers it, none once it is gone.
    fn streams_of(&self, interface: NetworkInterfaceId) -> Vec<FlowLogStream>;
}

/// What was written: each file, with the number of its records.
pub(crate) type FlowLogSummary = Vec<(PathBuf, u64)>;

/// Writes flow logs, or nothing ([`FlowLogs::nowhere`]). Let go before [`FlowLogs::finish`], it leaves nothing behind.
#[derive(Debug)]
pub(crate) struct FlowLogs {
    folder: Option<PathBuf>,
    epoch_nanos: u64,
    /// The flow logs that were there when somebody last looked.
    known: Vec<FlowLogId>,
    /// By interface: those that have been seen to pass packets.
    open: BTreeMap<NetworkInterfaceId, Vec<Open>>,
    /// Streams that are over.
    closed: Vec<FlowLogFile>,
    /// Without a folder: the flow logs there were.
    unwritten: BTreeSet<FlowLogId>,
    /// The minute in which the control plane was last looked at.
    minute: u64,
    failure: Option<CaptureError>,
}

/// A stream with the window that is open.
#[derive(Debug)]
struct Open {
    stream: FlowLogStream,
    /// Made with the first packet.
    file: Option<FlowLogFile>,
    /// When the window begins and ends, in Unix seconds.
    begin: u64,
    end: u64,
    records: IndexMap<Flow, Counts, FxBuildHasher>,
    /// Whether there were more flows than are kept.
    skipped: bool,
}

impl FlowLogs {
    /// Flow logs in a folder that is there. Virtual time 0 is `epoch_nanos` after 1970-01-01 00:00:00 UTC.
    pub(crate) fn new(folder: &Path, epoch_nanos: u64) -> FlowLogs {
        FlowLogs::with(Some(folder.to_owned()), epoch_nanos)
    }

    /// No flow logs.
    pub(crate) fn nowhere() -> FlowLogs {
        FlowLogs::with(None, 0)
    }

    fn with(folder: Option<PathBuf>, epoch_nanos: u64) -> FlowLogs {
        let (known, open, closed, unwritten) = (Vec::new(), BTreeMap::new(), Vec::new(), BTreeSet::new());
        FlowLogs { folder, epoch_nanos, known, open, closed, unwritten, minute: 0, failure: None }
    }

    /// Looks which flow logs there are, before events are observed that have happened since they changed.
    pub(crate) fn follow(&mut self, words: &dyn FlowLogWords) {
        let now = words.flow_logs();
        if self.folder.is_none() {
            self.unwritten.extend(now);
            return;
        }
        if now != self.known {
            self.known = now;
            self.ask_again(words, None);
        }
    }

    /// How many flow logs there were that nothing was written of.
    pub(crate) fn unwritten(&self) -> usize {
        self.unwritten.len()
    }

    /// Takes the next event. What goes wrong is kept for [`FlowLogs::finish`].
    pub(crate) fn observe(&mut self, event: &TraceEvent, words: &dyn FlowLogWords) {
        let Step::FlowLogged { interface, own, direction, action } = event.step else { return };
        let (Some(folder), None, Some(ip)) = (&self.folder, &self.failure, &event.headers.ip) else { return };
        let second = unix_seconds(self.epoch_nanos, event.time);
        let streams = self.open.entry(interface).or_insert_with(|| {
            let streams = words.streams_of(interface);
            streams.into_iter().map(Open::new).collect()
        });
        let flow = Flow::of(ip, direction, action, own);
        for open in streams {
            if let Err(error) = open.count(folder, flow, ip, second) {
                self.failure = Some(error);
                return;
            }
        }
    }

    /// Closes the windows that are over, and looks how interfaces have changed. Called when time has passed, always at the same
    /// moments of a run.
    pub(crate) fn settle(&mut self, now: SimTime, words: &dyn FlowLogWords) {
        let second = unix_seconds(self.epoch_nanos, now);
        if self.open.is_empty() || self.failure.is_some() || second / 60 == self.minute {
            return;
        }
        self.minute = second / 60;
        self.ask_again(words, Some(second));
    }

    /// Writes what is left, removes what an earlier run has left, and gives the files their names.
    ///
    /// # Errors
    /// A file could not be written, or cannot be removed or renamed.
    pub(crate) fn finish(mut self) -> Result<FlowLogSummary, CaptureError> {
        let Some(folder) = self.folder.clone() else { return Ok(FlowLogSummary::default()) };
        for open in self.open.values_mut().flatten() {
            open.write_records()?;
        }
        if let Some(error) = self.failure.take() {
            return Err(error);
        }
        remove_former(&folder)?;
        // One that has only headings is left out: its interface has passed packets, and none of those that were asked for.
        let written = self.files().filter(|file| file.lines() > 0);
        let mut summary = written.map(FlowLogFile::publish).collect::<Result<FlowLogSummary, _>>()?;
        summary.sort();
        Ok(summary)
    }

    /// Learns the streams of the known interfaces anew: some are over, some have begun, some say something else from now on. Of
    /// those that go on, the windows that are over at a second are closed.
    fn ask_again(&mut self, words: &dyn FlowLogWords, over_at: Option<u64>) {
        let mut failure = None;
        self.open.retain(|interface, streams| {
            let mut now = words.streams_of(*interface);
            let before = std::mem::take(streams);
            for mut open in before {
                match now.iter().position(|stream| stream.log == open.stream.log) {
                    Some(at) => {
                        let closed = over_at.map_or(Ok(()), |second| open.close_until(second));
                        failure = failure.take().or(closed.err());
                        open.stream = now.remove(at);
                        streams.push(open);
                    }
                    None => {
                        failure = failure.take().or(open.write_records().err());
                        self.closed.extend(open.file);
                    }
                }
            }
            streams.extend(now.into_iter().map(Open::new));
            !streams.is_empty()
        });
        self.failure = self.failure.take().or(failure);
    }

    fn files(&self) -> impl Iterator<Item = &FlowLogFile> {
        self.open.values().flatten().filter_map(|open| open.file.as_ref()).chain(&self.closed)
    }
}

impl Drop for FlowLogs {
    fn drop(&mut self) {
        self.files().for_each(FlowLogFile::abandon); // Those that have their names are not there any more.
    }
}

impl Open {
    fn new(stream: FlowLogStream) -> Open {
        Open { stream, file: None, begin: 0, end: 0, records: IndexMap::default(), skipped: false }
    }

    fn count(&mut self, folder: &Path, flow: Flow, ip: &IpHeader, second: u64) -> Result<(), CaptureError> {
        if self.file.is_none() {
            let headings = self.stream.headings.as_deref();
            self.file = Some(FlowLogFile::create(folder, &self.stream.file, headings)?);
            self.open_window(second);
        }
        self.close_until(second)?;
        if self.stream.only.is_some_and(|only| only != flow.action) {
            return Ok(());
        }
        let is_full = self.records.len() >= FLOWS;
        match self.records.get_mut(&flow) {
            Some(counts) => counts.add(ip, second),
            None if is_full => self.skipped = true,
            None => {
                let mut counts = Counts::new(second);
                counts.add(ip, second);
                self.records.insert(flow, counts);
            }
        }
        Ok(())
    }

    /// Begins the window that a second lies in.
    fn open_window(&mut self, second: u64) {
        self.begin = second - second % self.stream.window_seconds;
        self.end = self.begin + self.stream.window_seconds;
    }

    /// Closes every window that is over at this second.
    fn close_until(&mut self, second: u64) -> Result<(), CaptureError> {
        let mut nothing = String::new();
        while self.file.is_some() && self.end <= second {
            if self.records.is_empty() {
                self.stream.write(&mut nothing, Record::NoData(self.begin, self.end - 1));
            } else {
                self.write_records()?;
            }
            self.open_window(self.end);
        }
        self.append(&nothing)
    }

    /// Writes the window's records.
    fn write_records(&mut self) -> Result<(), CaptureError> {
        let mut text = String::new();
        for (flow, counts) in self.records.drain(..) {
            self.stream.write(&mut text, Record::Ok(&flow, &counts));
        }
        if std::mem::take(&mut self.skipped) {
            self.stream.write(&mut text, Record::SkipData(self.begin, self.end - 1));
        }
        self.append(&text)
    }

    fn append(&mut self, text: &str) -> Result<(), CaptureError> {
        match &mut self.file {
            Some(file) if !text.is_empty() => file.append(text),
            _ => Ok(()),
        }
    }
}

fn unix_seconds(epoch_nanos: u64, time: SimTime) -> u64 {
    (epoch_nanos + time.as_nanos()) / 1_000_000_000
}

#[cfg(test)]
#[path = "flow_log_tests.rs"]
mod tests;
