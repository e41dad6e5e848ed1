//! What the scenario file can say, each in a scenario of its own below `tests/scenarios`: all of their steps hold.

use std::path::Path;

use crate::program::{files_of, stderr, stdout, vpcsim_in};

#[test]
fn every_step_of_every_scenario_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let files = files_of(&folder);
    let scenarios: Vec<_> = files
        .iter()
        .map(|(name, _)| name.as_str())
        .filter(|name| name.ends_with(".yaml") && !name.ends_with(".template.yaml"))
        .collect();
    assert!(scenarios.len() > 5, "{scenarios:?}");
    for scenario in scenarios {
        for seed in ["0", "5"] {
            let args = ["run", scenario, "--no-captures", "-q", "--seed", seed];
            let output = vpcsim_in(&folder, &args).output().expect("it starts");
            assert_eq!(
                output.status.code(),
                Some(0),
                "{scenario}, seed {seed}\n{}\n{}",
                stdout(&output),
                stderr(&output)
            );
        }
    }
}
