//! Generated scenarios are ordinary ones: they load, they run, and what they expect holds.

use std::collections::BTreeSet;
use std::fs;
use std::io;

use super::*;
use crate::engine::SimTime;
use crate::lab::{self, DiagnosticReport, Observer, RunHeader, RunOptions, RunSummary, StepReport};

const SHAPES: [Shape; 4] = [Shape::Star, Shape::Mesh, Shape::Chain, Shape::Random];

fn layout(shape: Shape, vpcs: u32, instances: u32, flows: u32) -> Layout {
    Layout { vpcs, instances, shape, flows, seed: 7 }
}

/// Keeps what failed or was warned about, and when the stacks were up.
#[derive(Default)]
struct Failures(Vec<String>, SimTime);

impl Observer for Failures {
    fn header(&mut self, header: &RunHeader) -> io::Result<()> {
        self.1 = header.stacks[0].up_at;
        Ok(())
    }

    fn warning(&mut self, diagnostic: &DiagnosticReport) -> io::Result<()> {
        self.0.push(diagnostic.plain.clone());
        Ok(())
    }

    fn summary(&mut self, _: &RunSummary) -> io::Result<()> {
        Ok(())
    }

    fn step(&mut self, step: &StepReport) -> io::Result<()> {
        if !step.is_ok() {
            self.0.push(format!("{}: {:?} {:?}", step.title, step.failures, step.notes));
        }
        Ok(())
    }
}

/// Writes a scenario, runs it, and answers how many steps it has and when its stack was up.
fn run(layout: &Layout) -> (usize, SimTime) {
    let folder = std::env::temp_dir().join(format!("vpcsim-generate-{}-{}", std::process::id(), layout.name()));
    let generated = layout.generate().expect("the layout fits");
    fs::create_dir_all(&folder).expect("writable");
    fs::write(folder.join("scenario.yaml"), &generated.scenario).expect("writable");
    fs::write(folder.join("template.json"), &generated.template).expect("writable");
    let mut failures = Failures::default();
    let summary = lab::run(&folder, &RunOptions::default(), &mut failures);
    let _ = fs::remove_dir_all(&folder);
    let summary = summary.unwrap_or_else(|error| panic!("{layout}: {error}\n{}", generated.scenario));
    assert_eq!(failures.0, Vec::<String>::new(), "{layout}\n{}", generated.scenario);
    (summary.steps, failures.1)
}

#[test]
fn more_resources_than_a_stack_may_have_are_created_side_by_side() {
    // With one instance more it would take two stacks on AWS, each with half as much to do.
    let (fits, larger) = (layout(Shape::Star, 1, 495, 0), layout(Shape::Star, 1, 496, 0));
    assert_eq!(fits.generate().expect("it fits").resources, RESOURCES_PER_TEMPLATE);
    let ((_, one_by_one), (_, side_by_side)) = (run(&fits), run(&larger));
    assert!(side_by_side < one_by_one, "{side_by_side:?} and {one_by_one:?}");
}

#[test]
fn every_shape_runs_and_every_step_holds() {
    // The first step, the strays that the shape has, the flows and the wait for them.
    for (shape, strays) in [(Shape::Star, 4), (Shape::Mesh, 0), (Shape::Chain, 4), (Shape::Random, 4)] {
        assert_eq!(run(&layout(shape, 6, 2, 5)).0, 1 + strays + 5 + 1, "{shape}");
    }
}

#[test]
fn the_smallest_layouts_run() {
    assert_eq!(run(&layout(Shape::Star, 1, 1, 0)).0, 1);
    assert_eq!(run(&layout(Shape::Chain, 1, 2, 2)).0, 4);
    assert_eq!(run(&layout(Shape::Mesh, 2, 1, 2)).0, 4);
}

#[test]
fn a_scenario_raises_the_quotas_that_it_needs_and_no_others() {
    let scenario = |shape, vpcs| layout(shape, vpcs, 1, 0).generate().expect("it fits").scenario;
    assert!(!scenario(Shape::Star, 5).contains("quotas:"));
    assert!(scenario(Shape::Star, 6).contains("  quotas:\n    vpcs-per-region: 6\nsteps:"));
    let hub = scenario(Shape::Star, 600);
    assert!(
        hub.contains("    routes-per-route-table: 600\n    active-vpc-peering-connections-per-vpc: 599\n"),
        "{hub}"
    );
    run(&layout(Shape::Star, 52, 1, 1));
}

#[test]
fn the_same_layout_gives_the_same_bytes_and_another_seed_other_flows() {
    for shape in SHAPES {
        let layout = layout(shape, 8, 3, 10);
        assert_eq!(layout.generate(), layout.generate());
        let other = Layout { seed: 8, ..layout.clone() };
        let (one, other) = (layout.generate().expect("it fits"), other.generate().expect("it fits"));
        assert_ne!(one.scenario, other.scenario, "{shape}");
    }
}

#[test]
fn the_files_say_which_command_made_them() {
    let generated = layout(Shape::Random, 3, 2, 1).generate().expect("it fits");
    let command = "vpcsim generate --vpcs 3 --instances 2 --shape random --flows 1 --seed 7";
    assert!(generated.scenario.starts_with(&format!("# Made by `{command}`.\n")), "{}", generated.scenario);
    assert!(generated.template.contains(command), "{}", generated.template);
}

#[test]
fn shapes_have_the_pairs_of_their_name() {
    let pairs = |shape| Peerings::new(&layout(shape, 4, 1, 0)).pairs;
    assert_eq!(pairs(Shape::Star), [(0, 1), (0, 2), (0, 3)]);
    assert_eq!(pairs(Shape::Mesh), [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]);
    assert_eq!(pairs(Shape::Chain), [(0, 1), (1, 2), (2, 3)]);
    // Connected: whatever can be reached from the first is everything.
    let random = Peerings::new(&layout(Shape::Random, 200, 1, 0));
    let mut reached = BTreeSet::from([0]);
    let mut todo = vec![0];
    while let Some(vpc) = todo.pop() {
        todo.extend(random.peers[vpc as usize].iter().filter(|peer| reached.insert(**peer)));
    }
    assert_eq!(reached.len(), 200);
    assert!(random.pairs.len() > 250, "circles too: {}", random.pairs.len());
}

#[test]
fn blocks_never_overlap_and_shrink_only_when_they_must() {
    for (vpcs, instances, prefix) in
        [(1, 1, 16), (256, 65_531, 16), (257, 50, 17), (5_000, 50, 21), (300_000, 11, 27), (1_200_000, 11, 28)]
    {
        let blocks = Blocks::new(vpcs, instances).expect("they fit");
        assert_eq!(blocks.vpc(0).prefix_len(), prefix, "{vpcs}");
        for vpc in (1..vpcs).filter(|vpc| *vpc < 1_000 || vpc % 997 < 2 || *vpc == vpcs - 1) {
            let (before, block, subnet) = (blocks.vpc(vpc - 1), blocks.vpc(vpc), blocks.subnet(vpc));
            assert!(before.broadcast() < block.network(), "{before} {block}");
            assert!(block.contains(&subnet) && subnet.hosts().count() + 2 >= instances as usize + 5, "{subnet}");
            assert!(blocks.ranges().iter().any(|range| range.contains(&block)), "{block}");
        }
    }
}

#[test]
fn what_does_not_fit_is_refused_in_words() {
    let refusal = |vpcs, instances, flows| layout(Shape::Star, vpcs, instances, flows).generate().expect_err("refused");
    assert_eq!(refusal(0, 5, 0), LayoutError::Empty);
    assert_eq!(refusal(5, 0, 0), LayoutError::Empty);
    assert_eq!(refusal(1, 1, 1), LayoutError::Alone);
    assert_eq!(refusal(1, 65_532, 0), LayoutError::TooManyInstances { asked: 65_532, most: 65_531 });
    let error = refusal(321, 65_531, 0);
    assert_eq!(error, LayoutError::TooManyVpcs { vpcs: 321, prefix: 16, most: 320 });
    assert_eq!(
        error.to_string(),
        "321 VPCs as large as /16 do not fit into 10.0.0.0/8 and 100.64.0.0/10, which have 320 such blocks"
    );
}
