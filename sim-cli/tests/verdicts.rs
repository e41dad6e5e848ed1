//! What is said of steps that do not hold, and of commands that cannot be carried out.

use crate::golden;
use crate::program::{Folder, stdout};

/// Every kind of expectation fails, with what was seen instead; commands that need a shell, a profile or a Region that is not
/// there say so.
#[test]
fn failures_say_what_was_expected_and_what_was_seen() {
    let folder = Folder::new("verdicts");
    folder.write("web.template.yaml", include_str!("scenarios/web.template.yaml"));
    folder.write("scenario.yaml", include_str!("verdicts.yaml"));
    let output = folder.vpcsim(&["run", "scenario.yaml", "--no-captures"]);
    assert_eq!(output.status.code(), Some(1));
    golden::compare("verdicts.txt", &stdout(&output));
}
