//! How far a long run is: one line on standard error that is written over and over, for a person at a terminal. Whoever prints
//! anything else clears it first.

use std::env;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use sim_core::lab::Progress;

use super::human::{clock, printable};

/// A run that is over sooner shows nothing.
const PATIENCE: Duration = Duration::from_millis(500);

/// Time between two lines.
const INTERVAL: Duration = Duration::from_millis(200);

/// Returns to the line's beginning and erases it (ECMA-48: CR, EL).
const ERASE: &str = "\r\x1b[K";

/// The terminal cuts the line at its edge instead of going on below (DECAWM), and wraps again afterwards.
const NO_WRAP: &str = "\x1b[?7l";
const WRAP: &str = "\x1b[?7h";

/// The line.
pub(crate) struct ProgressLine {
    wanted: bool,
    shown: bool,
    /// When the next line is due.
    due: Instant,
    /// When the last line was due to be written, and the packet-hops it told.
    last: (Instant, u64),
}

impl ProgressLine {
    /// A line that is never shown.
    pub(crate) fn hidden() -> ProgressLine {
        let now = Instant::now();
        ProgressLine { wanted: false, shown: false, due: now, last: (now, 0) }
    }

    /// A line on standard error, if that is a terminal that can erase a line.
    pub(crate) fn on_terminal() -> ProgressLine {
        let dumb = env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
        ProgressLine { wanted: io::stderr().is_terminal() && !dumb, ..ProgressLine::hidden() }
    }

    /// A run begins.
    pub(crate) fn begin(&mut self) {
        let now = Instant::now();
        (self.due, self.last) = (now + PATIENCE, (now, 0));
    }

    /// Shows how far the run is, if it is time to.
    pub(crate) fn show(&mut self, progress: &Progress<'_>) {
        if !self.wanted {
            return;
        }
        let now = Instant::now();
        if now < self.due {
            return;
        }
        let (then, hops) = self.last;
        let rate = (progress.packet_hops - hops) as f64 / now.duration_since(then).as_secs_f64();
        (self.due, self.last) = (now + INTERVAL, (now, progress.packet_hops));
        self.shown = true;
        write(&format!("{ERASE}{NO_WRAP}{}{WRAP}", line(progress, rate)));
    }

    /// Makes room for something else.
    pub(crate) fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            write(ERASE);
        }
    }
}

/// In one piece, so that nothing comes in between. If nobody sees it, nothing is lost.
fn write(text: &str) {
    let mut err = io::stderr().lock();
    let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
}

fn line(progress: &Progress<'_>, rate: f64) -> String {
    let (at, hops, rate) = (clock(progress.now), metric(progress.packet_hops as f64), metric(rate));
    let what = match progress.step {
        Some((number, title)) => {
            format!("step {number}: {}", printable(title.trim().lines().next().unwrap_or_default()))
        }
        None => "creating the stacks".to_owned(),
    };
    format!("{at} virtual   {hops} packet-hops   {rate}/s   {what}")
}

/// A number in three or four digits: `812`, `51.3 k`, `4.0 M`.
fn metric(number: f64) -> String {
    match number {
        _ if number < 1e3 => format!("{number:.0}"),
        _ if number < 1e6 => format!("{:.1} k", number / 1e3),
        _ if number < 1e9 => format!("{:.1} M", number / 1e6),
        _ => format!("{:.1} G", number / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use sim_core::SimTime;

    use super::*;

    #[test]
    fn the_line_has_the_virtual_time_the_packets_the_rate_and_the_step() {
        let step = Some((4, "a large file\x1b[2J\nand another"));
        let progress = Progress { now: SimTime::from_nanos(83_250_000_000), packet_hops: 12_345_678, step };
        assert_eq!(
            line(&progress, 3_210_000.0),
            "00:01:23 virtual   12.3 M packet-hops   3.2 M/s   step 4: a large file^[[2J"
        );
        let progress = Progress { packet_hops: 812, step: None, ..progress };
        assert_eq!(line(&progress, 51_300.0), "00:01:23 virtual   812 packet-hops   51.3 k/s   creating the stacks");
    }
}
