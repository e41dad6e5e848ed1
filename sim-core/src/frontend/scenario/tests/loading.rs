//! What a right scenario means.

use std::path::Path;

use super::*;
use crate::engine::SimDuration;
use crate::frontend::node::NodeKind;
use crate::trace::{DropCode, DropFamily};

fn words(commands: &[Command]) -> Vec<&str> {
    commands.iter().map(|command| command.text.written()).collect()
}

fn commands(step: &Step) -> Vec<&str> {
    match &step.action {
        Action::Run { commands, .. } => words(commands),
        other => panic!("{other:?} runs nothing"),
    }
}

#[test]
fn the_formats_example_means_what_its_page_says() {
    let scenario = scenario(EXAMPLE);
    assert_eq!(scenario.name, "VPC peering");
    assert_eq!(scenario.region.name(), "ap-northeast-2");
    assert_eq!(scenario.warnings, []);

    let [lab] = scenario.stacks.as_slice() else { panic!("one stack") };
    assert_eq!((lab.name.as_str(), lab.account.to_string().as_str()), ("lab", "111111111111"));
    assert!(
        matches!(&lab.template, TemplateSource::File { path, .. } if path.as_path() == Path::new("lab/template.yaml"))
    );
    assert_eq!((lab.parameters[0].name.as_str(), lab.parameters[0].values[0].written()), ("KeyName", "lab"));

    let [laptop, example] = scenario.internet.as_slice() else { panic!("two hosts") };
    assert_eq!((laptop.ip.to_string().as_str(), &laptop.http), ("198.51.100.10", &None));
    assert_eq!(example.names, ["www.example.com"]);
    assert_eq!(example.http.as_deref(), Some("<h1>example</h1>"));

    assert_eq!(scenario.settings.seed, Some(7));
    assert_eq!(scenario.settings.start, Some(1_704_067_200_000_000_000));

    assert_eq!(scenario.steps.iter().map(|step| step.number).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    let first = &scenario.steps[0];
    assert_eq!(first.on.as_ref().map(Text::written), Some("ljhVPC1-EC2"));
    assert_eq!(commands(first), ["ping -c 1 10.42.1.100"]);
    assert_eq!(
        first.expect.summary(&mut Fixed(&[("pcx", "pcx-0c")])),
        "exit 1, 100% packet loss, dropped IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS"
    );
    let second = &scenario.steps[1];
    assert_eq!(second.on, None);
    assert_eq!(second.save[0].name, "pcx");
    assert_eq!(second.expect.summary(&mut Fixed(&[])), "VpcPeeringConnection.Status.Code initiating-request");
    assert_eq!(scenario.steps[2].expect, Expect::default());
    let routes = commands(&scenario.steps[3]);
    assert_eq!(routes.len(), 2);
    assert!(routes[0].starts_with("aws ec2 create-route --route-table-id ${PublicRouteTable0101}"));
    assert!(routes[1].ends_with("--vpc-peering-connection-id ${pcx}"));
    assert_eq!(
        scenario.steps[4].expect.summary(&mut Fixed(&[("pcx", "pcx-0c")])),
        "1 received, ttl=255, path ljhVPC1-EC2 → VPC01 → pcx-0c → VPC02 → ljhVPC2-EC2"
    );
    assert!(matches!(scenario.steps[5].action, Action::Wait(length) if length == SimDuration::from_secs(604_800)));
    assert_eq!(scenario.steps[2].title(), "aws ec2 accept-vpc-peering-connection --vpc-peering-connection-id ${pcx}");
}

#[test]
fn the_least_scenario_is_a_template() {
    let scenario = scenario("template: template.yaml\n");
    assert_eq!(scenario.name, "lab", "called like its folder");
    assert_eq!(scenario.region, Region::DEFAULT);
    assert_eq!((scenario.stacks[0].name.as_str(), scenario.stacks[0].account), ("main", AccountId::DEFAULT));
    assert!(scenario.steps.is_empty());
}

#[test]
fn a_stack_takes_the_scenarios_region_unless_it_has_its_own() {
    let scenario = scenario(
        "region: us-east-1\nstacks:\n  a: {template: template.yaml}\n  b: {template: nets/other.yaml, region: \
         eu-west-1}\n  \
         c: {template: template.yaml}\n",
    );
    let regions: Vec<&str> = scenario.stacks.iter().map(|stack| stack.region.name()).collect();
    assert_eq!(regions, ["us-east-1", "eu-west-1", "us-east-1"]);
    assert_eq!(scenario.stacks[0].template, scenario.stacks[2].template, "one file is read once");
}

#[test]
fn a_template_may_be_written_inline_as_a_map_or_as_text() {
    let text = "\
name: 서울
template:
  Resources:
    V: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: !Ref Block}}
";
    let (_, map) = load_text(text);
    let block = text.replace("template:", "template: |  # the template");
    let (sources, block) = load_text(&block);
    let source = |loaded: Result<Scenario, _>| loaded.expect("it is right").stacks.remove(0).template;
    let (TemplateSource::Inline(map), TemplateSource::Inline(block)) = (source(map), source(block)) else {
        panic!("both are inline")
    };
    let block_property = |node: &Node| {
        let property = node.get("Resources")?.get("V")?.get("Properties")?.get("CidrBlock")?.clone();
        Some(property)
    };
    let (map, block) = (block_property(&map).expect("it is there"), block_property(&block).expect("it is there"));
    assert_eq!(map.tag.map(|tag| tag.name).as_deref(), Some("Ref"));
    assert_eq!(map.kind, block.kind);
    assert_eq!(sources.file(block.span.file).path, "lab/scenario.yaml");
    assert_eq!(sources.line_column(block.span), (4, 61), "places are those of the scenario");
    assert!(matches!(block.kind, NodeKind::Scalar { .. }));
}

#[test]
fn parameters_are_texts_and_lists_are_joined_as_cloudformation_takes_them() {
    let scenario = scenario("template: template.yaml\nparameters: {Port: 80, Zones: [a, b], Flag: true, Q: '007'}\n");
    let config = scenario.stacks[0].as_written(|_, _| None);
    let given: Vec<(&str, &str)> =
        config.parameters.iter().map(|each| (each.name.as_str(), each.value.as_str())).collect();
    assert_eq!(given, [("Port", "80"), ("Zones", "a,b"), ("Flag", "true"), ("Q", "007")]);
}

#[test]
fn settings_change_links_quotas_and_packages() {
    let settings = scenario(
        "template: template.yaml\nsettings:\n  packages: preinstalled\n  quotas: {vpcs_per_region: 10}\n  links:\n    \
         bandwidth: 5Gbps\n    cross_az: {latency: 1.5ms, jitter: 100us, loss: 0.1%}\n",
    )
    .settings;
    assert_eq!(settings.packages, Packages::Preinstalled);
    assert_eq!((settings.quotas[0].name.as_str(), settings.quotas[0].limit), ("vpcs_per_region", 10));
    assert_eq!(settings.bandwidth_bps, Some(5_000_000_000));
    let expected = LinkOverride {
        latency: Some(SimDuration::from_micros(1_500)),
        jitter: Some(SimDuration::from_micros(100)),
        loss_per_million: Some(1_000),
    };
    assert_eq!(settings.links.get(&LinkClass::CrossZone), Some(&expected));
    assert_eq!(settings.links.len(), 1);
}

#[test]
fn a_background_step_is_collected_by_the_step_that_waits_for_it() {
    let scenario = scenario(&with_steps(
        "  - {name: long ping, on: a, run: ping -c 100 10.0.0.1, background: true}\n  - {wait: 10s}\n  - {wait_for: \
         long ping, \
         expect: {stdout: 100 received}}\n",
    ));
    assert!(matches!(scenario.steps[0].action, Action::Run { mode: RunMode::Background, .. }));
    assert!(matches!(scenario.steps[2].action, Action::WaitFor { step: 1 }));
    assert_eq!(scenario.steps[2].title(), "wait for step 1");
}

#[test]
fn drops_are_codes_families_or_none_with_the_resource_if_it_matters() {
    let dropped = |text: &str| {
        let steps = with_steps(&format!("  - {{run: a, expect: {{dropped: {text}}}}}\n"));
        scenario(&steps).steps.remove(0).expect.dropped.expect("it is given")
    };
    let reasons = |expect| match expect {
        DroppedExpect::Each(drops) => drops.into_iter().map(|drop| drop.reason).collect::<Vec<_>>(),
        DroppedExpect::Nothing(_) => Vec::new(),
    };
    assert!(matches!(dropped("none"), DroppedExpect::Nothing(_)));
    assert_eq!(reasons(dropped("NACL")), [DropWord::Family(DropFamily::Nacl)]);
    let code = DropWord::Code(DropCode::NoRouteToDestination);
    assert_eq!(reasons(dropped("NO_ROUTE_TO_DESTINATION")), [code]);
    assert_eq!(reasons(dropped("{reason: NO_ROUTE_TO_DESTINATION, by: '${Rtb}'}")), [code]);
    assert_eq!(reasons(dropped("[ROUTE, {reason: GATEWAY, by: igw}]")).len(), 2);
}

#[test]
fn commands_know_their_lines() {
    let text = with_steps("  - run: |\n      # first\n      ping a\n      cat <<E\n        x\n      E\n      ping a\n");
    let (sources, loaded) = load_text(&text);
    let scenario = loaded.expect("it is right");
    let Action::Run { commands, .. } = &scenario.steps[0].action else { panic!("it runs") };
    assert_eq!(words(commands), ["ping a", "cat <<E\n  x\nE", "ping a"]);
    let lines: Vec<(u32, u32)> = commands.iter().map(|command| sources.line_column(command.span)).collect();
    assert_eq!(lines, [(5, 7), (6, 7), (9, 7)]);
}
