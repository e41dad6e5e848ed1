//! Wall time, processor time and resident memory of this process.

use std::hint::black_box;
use std::time::{Duration, Instant};
use std::{fs, thread};

/// Runs from a moment on.
pub(super) struct Stopwatch {
    wall: Instant,
    processor: Option<Duration>,
}

/// What something took.
#[derive(Clone, Copy, Debug)]
pub(super) struct Took {
    pub(super) wall: Duration,
    /// Of all threads together; `None` where the system does not tell.
    processor: Option<Duration>,
}

impl Stopwatch {
    pub(super) fn start() -> Stopwatch {
        Stopwatch { wall: Instant::now(), processor: processor_time() }
    }

    pub(super) fn stop(self) -> Took {
        let processor = processor_time().zip(self.processor).map(|(now, then)| now.saturating_sub(then));
        Took { wall: self.wall.elapsed(), processor }
    }
}

impl Took {
    /// Seconds of processor time, or of wall time where that is all there is.
    pub(super) fn processor_seconds(self) -> f64 {
        self.processor.unwrap_or(self.wall).as_secs_f64()
    }
}

/// What this process has had of the processors.
#[cfg(unix)]
fn processor_time() -> Option<Duration> {
    use rustix::time::{ClockId, clock_gettime};
    Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).ok()
}

#[cfg(not(unix))]
fn processor_time() -> Option<Duration> {
    None
}

/// Resident memory of this process, where the system is Linux (proc_pid_status(5), `VmRSS`).
pub(super) fn resident_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1_024)
}

/// The same once the allocator has given back what was freed before. It waits a second for more, and looks when it is next asked.
pub(super) fn settled_resident_bytes() -> Option<u64> {
    thread::sleep(Duration::from_millis(1_200));
    drop(black_box(vec![1_u8; 4 << 20]));
    resident_bytes()
}

/// The value in the middle; the mean of the two of an even number.
///
/// # Panics
/// When there are none.
pub(super) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len().is_multiple_of(2) { (values[middle - 1] + values[middle]) / 2.0 } else { values[middle] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!((median([3.0, 1.0, 2.0]), median([4.0, 1.0])), (2.0, 2.5));
    }
}
