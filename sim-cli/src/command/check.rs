//! `vpcsim check`: everything that is wrong with scenarios and their templates, without running them.

use std::io::{self, Write};

use sim_core::Severity;

use crate::args::CheckArgs;
use crate::exit::Status;
use crate::scenario_path;

pub(super) fn check(args: &CheckArgs) -> Status {
    let files = match scenario_path::resolve(&args.scenarios) {
        Ok(files) => files,
        Err(complaints) => {
            complaints.iter().for_each(|complaint| super::complain(complaint));
            return Status::Invalid;
        }
    };
    let mut status = Status::Ok;
    for file in files {
        let diagnostics = sim_core::lab::check(&file);
        super::show(&diagnostics);
        let errors = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count();
        let warnings = diagnostics.len() - errors;
        if errors > 0 || (warnings > 0 && args.deny.is_some()) {
            status = Status::Invalid;
        }
        let line = format!("{}: {}", file.display(), verdict(errors, warnings));
        if let Err(error) = writeln!(io::stdout(), "{line}") {
            return Status::after_write_error(&error);
        }
    }
    status
}

fn verdict(errors: usize, warnings: usize) -> String {
    let count = |number, word: &str| format!("{number} {word}{}", if number == 1 { "" } else { "s" });
    match (errors, warnings) {
        (0, 0) => "ok".to_owned(),
        (0, _) => format!("ok, {}", count(warnings, "warning")),
        (_, 0) => count(errors, "error"),
        (..) => format!("{}, {}", count(errors, "error"), count(warnings, "warning")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_alone_leave_a_scenario_ok() {
        assert_eq!(verdict(0, 0), "ok");
        assert_eq!(verdict(0, 1), "ok, 1 warning");
        assert_eq!(verdict(2, 0), "2 errors");
        assert_eq!(verdict(1, 3), "1 error, 3 warnings");
    }
}
