//! Instances stop and start.

use super::*;

#[test]
fn a_stopped_instance_keeps_its_disk_and_its_enabled_services_and_gets_another_public_address() {
    // IGW-9, ADDR-15, L2-10.
    let mut lab = Lab::new();
    let site = lab.site("10.0.0.0/16", "10.0.1.0/24");
    let client = lab.instance(&site.subnet, &site.group, json!({}));
    let server = lab.instance(&site.subnet, &site.group, json!({}));
    lab.boot();
    let (private, public) = (lab.private(&server), lab.public(&server));
    lab.run(&server, "sudo yum -y install httpd");
    lab.run(&server, "sudo systemctl start httpd");
    lab.run(&server, "echo kept > /var/www/html/index.html");
    assert_eq!(lab.run(&client, &format!("curl -s {private}")), ("kept\n".to_owned(), 0));

    lab.stop(&server);
    assert_eq!(lab.ping(&client, &private), "BAD_STATE");
    lab.start(&server);
    assert_eq!(lab.private(&server), private);
    assert_ne!(lab.public(&server), public);
    // The service was started by hand only: the machine answers, and nobody listens.
    assert_eq!(lab.ping(&client, &private), "pong");
    assert_eq!(lab.run(&client, &format!("curl -s {private}")).1, 7);

    lab.run(&server, "sudo systemctl enable --now httpd");
    lab.stop(&server);
    lab.start(&server);
    assert_eq!(lab.run(&client, &format!("curl -s {private}")), ("kept\n".to_owned(), 0));
}

#[test]
fn an_instance_stopped_before_it_is_up_runs_its_user_data_at_the_next_boot() {
    let mut lab = Lab::new();
    let site = lab.site("10.0.0.0/16", "10.0.1.0/24");
    // echo done > /tmp/mark
    let request = json!({
        "ImageId": IMAGE, "MinCount": 1, "MaxCount": 1, "SubnetId": site.subnet,
        "UserData": "IyEvYmluL2Jhc2gKZWNobyBkb25lID4+IC90bXAvbWFyawo=",
    });
    let id = lab.get("RunInstances", request, "/Instances/0/InstanceId");
    lab.pass(SimDuration::from_secs(15));
    lab.stop(&id);
    for boot in ["first", "second"] {
        lab.start(&id);
        assert_eq!(lab.run(&id, "cat /tmp/mark"), ("done\n".to_owned(), 0), "once only, seen after the {boot} boot");
        lab.stop(&id);
    }
}

#[test]
fn a_program_ends_with_its_instance_and_leaves_what_it_had_printed() {
    for operation in ["StopInstances", "RebootInstances", "TerminateInstances"] {
        let mut lab = Lab::new();
        let site = lab.site("10.1.0.0/16", "10.1.1.0/24");
        let a = lab.instance(&site.subnet, &site.group, json!({}));
        lab.boot();
        let ended = lab.type_on(&a, "echo done");
        let running = lab.type_on(&a, "echo begun; sleep 1000");
        lab.pass(SimDuration::from_secs(1));
        lab.ok(operation, json!({"InstanceIds": [a]}));
        lab.pass(SimDuration::from_secs(60));
        let before = lab.world.now();
        let mut wait_for = |running| lab.drain(|world| world.wait_for(running, SimTime::MAX)).map(printed);
        assert_eq!(wait_for(ended), Some(("done\n".to_owned(), 0)), "{operation}");
        assert_eq!(wait_for(running), Some(("begun\n".to_owned(), 143)), "{operation}: SIGTERM");
        assert_eq!(wait_for(running), None, "{operation}: what it left is taken once");
        assert!(lab.world.interrupt(running).is_none(), "{operation}");
        assert_eq!(lab.world.now(), before);
        match operation {
            "StopInstances" => lab.start(&a),
            "TerminateInstances" => continue,
            _ => {}
        }
        assert_eq!(lab.run(&a, "echo up"), ("up\n".to_owned(), 0), "{operation}");
    }
}

#[test]
fn a_drop_at_an_instance_that_boots_says_so_and_at_one_that_is_stopped_it_does_not() {
    let mut lab = Lab::new();
    let site = lab.site("10.1.0.0/16", "10.1.1.0/24");
    let server = lab.instance(&site.subnet, &site.group, json!({}));
    let client = lab.instance(&site.subnet, &site.group, json!({}));
    lab.boot();
    let address = lab.private(&server);
    let reason = |lab: &mut Lab| {
        lab.reasons.clear();
        lab.run(&client, &format!("ping -c 1 -W 1 {address}"));
        lab.reasons.pop().unwrap_or_default()
    };
    lab.stop(&server);
    assert_eq!(reason(&mut lab), "no running instance is behind it");
    lab.ok("StartInstances", json!({"InstanceIds": [server]}));
    while lab.of(&server, "/State/Name") != "running" {
        lab.pass(SimDuration::from_secs(1));
    }
    assert!(reason(&mut lab).starts_with("its instance is still booting"));
    lab.boot();
    assert_eq!(reason(&mut lab), "");
}

#[test]
fn iperf3_fills_a_flow_between_zones_without_being_told_a_window_bw_1() {
    let mut lab = Lab::new();
    let site = lab.site("10.1.0.0/16", "10.1.1.0/24");
    let zone = json!({"VpcId": site.vpc, "CidrBlock": "10.1.2.0/24", "AvailabilityZone": "ap-northeast-2b"});
    let other = lab.get("CreateSubnet", zone, "/Subnet/SubnetId");
    let server = lab.instance(&site.subnet, &site.group, json!({}));
    let client = lab.instance(&other, &site.group, json!({"Ipv6AddressCount": 0}));
    lab.boot();
    lab.run(&server, "iperf3 -s -D");
    let address = lab.private(&server);
    let rate = |lab: &mut Lab, options: &str| {
        let (text, exit) = lab.run(&client, &format!("iperf3 -c {address} -n 60M -i 0 {options}"));
        assert_eq!(exit, 0, "{text}");
        let line = text.lines().find(|line| line.ends_with("receiver")).expect("a summary").to_owned();
        let words: Vec<&str> = line.split_whitespace().collect();
        let at = words.iter().position(|word| word.ends_with("bits/sec")).expect("a rate");
        let factor = if words[at] == "Gbits/sec" { 1_000.0 } else { 1.0 };
        words[at - 1].parse::<f64>().expect("a number") * factor
    };
    // BW-1: 5 Gbit/s for a flow, less headers and the way there.
    let tuned = rate(&mut lab, "");
    assert!((4_000.0..5_000.0).contains(&tuned), "{tuned} Mbit/s");
    let held = rate(&mut lab, "-w 64K");
    assert!(held < 1_000.0, "a window that is told holds it back: {held} Mbit/s");
}
