//! `mtr`.

use super::*;

#[test]
fn a_report_names_the_hops_and_what_was_lost() {
    let mut lab = Lab::new(Wire::Hop, AL2);
    let run = lab.typed(0, "mtr -n --report -c 2 10.0.2.101");
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(lines[0], "Start: 2024-01-01T00:00:00+0000");
    assert_eq!(lines[1], "HOST: ip-10-0-1-100               Loss%   Snt   Last   Avg  Best  Wrst StDev");
    assert!(lines[2].starts_with("  1.|-- 10.0.9.2                   0.0%     2    0."), "{}", run.stdout);
    assert!(lines[3].starts_with("  2.|-- 10.0.2.101                 0.0%     2    0."), "{}", run.stdout);
    assert_eq!((lines.len(), run.exit), (4, 0), "{}", run.stdout);
}

#[test]
fn a_path_that_answers_nothing_is_a_row_of_loss_and_other_uses_are_refused() {
    let run = Lab::new(Wire::BlackHole, AL2).typed(0, "mtr -n -r -c 2 10.0.2.101");
    let row = run.stdout.lines().nth(2).unwrap_or_default();
    assert_eq!(row, "  1.|-- ???                       100.0     2    0.0   0.0   0.0   0.0   0.0");
    let run = Lab::new(Wire::Hop, AL2).typed(0, "mtr 10.0.2.101");
    assert_eq!((run.exit, run.notes.len()), (2, 1), "nobody looks at its screen");
}
