//! What is said when vpcsim itself is at fault: enough for a report that can be reproduced, without a backtrace in the way.

use std::io::{self, Write};
use std::panic;
use std::path::Path;
use std::sync::Mutex;

/// The scenario that runs and its seed, once they are known.
static RUNNING: Mutex<Option<Running>> = Mutex::new(None);

struct Running {
    file: String,
    seed: Option<u64>,
}

/// Notes what runs, for the message.
pub(crate) fn running(file: &Path, seed: Option<u64>) {
    let mut slot = RUNNING.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    *slot = Some(Running { file: file.display().to_string(), seed });
}

/// Makes every panic say so.
pub(crate) fn install() {
    panic::set_hook(Box::new(|panic| {
        let slot = RUNNING.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let message = message(&panic.to_string(), slot.as_ref());
        // If even this cannot be written there is nobody left to tell.
        let _ = io::stderr().write_all(message.as_bytes());
    }));
}

fn message(panic: &str, running: Option<&Running>) -> String {
    let mut message = format!(
        "vpcsim {}: internal error\n{panic}\n\nThis is a fault of vpcsim, not of your files. Please report it with the text above",
        env!("CARGO_PKG_VERSION")
    );
    match running {
        Some(Running { file, seed }) => {
            let seed = seed.map(|seed| format!(" --seed {seed}")).unwrap_or_default();
            message += &format!(
                ",\nthe scenario and its templates; this is how it is seen again:\n\n  vpcsim run {file}{seed}\n"
            );
        }
        None => message += " and the command line.\n",
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_asks_for_a_report_with_the_seed() {
        let running = Running { file: "scenarios/vpc-peering/scenario.yaml".to_owned(), seed: Some(7) };
        let text = message("panicked at src/x.rs:1:1:\nqueue is empty", Some(&running));
        assert!(text.contains("queue is empty"), "{text}");
        assert!(text.contains("Please report it"), "{text}");
        assert!(text.contains("vpcsim run scenarios/vpc-peering/scenario.yaml --seed 7\n"), "{text}");
        assert!(message("x", None).contains("command line"));
    }
}
