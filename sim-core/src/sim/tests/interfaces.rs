//! Interfaces and addresses come and go while instances run.

use super::*;

#[test]
fn an_attached_interface_is_used_at_once_and_a_detached_one_is_dead_at_once() {
    // L2-10, RT-15.
    let mut lab = Lab::new();
    let site = lab.site("10.1.0.0/16", "10.1.1.0/24");
    let a = lab.instance(&site.subnet, &site.group, json!({}));
    let b = lab.instance(&site.subnet, &site.group, json!({}));
    lab.boot();
    let request = json!({"SubnetId": site.subnet, "PrivateIpAddress": "10.1.1.77", "Groups": [site.group]});
    let eni = lab.get("CreateNetworkInterface", request, "/NetworkInterface/NetworkInterfaceId");
    assert_eq!(lab.ping(&a, "10.1.1.77"), "BAD_STATE");
    let first = lab.private(&b);
    let near = lab.private(&a);
    assert_eq!(lab.ping(&b, &near), "pong", "it is awake before it gets another interface");
    let attach = json!({"NetworkInterfaceId": eni, "InstanceId": b, "DeviceIndex": 1});
    let attachment = lab.get("AttachNetworkInterface", attach.clone(), "/AttachmentId");
    assert_eq!(
        lab.call("AttachNetworkInterface", attach).expect_err("it is in use").code,
        "InvalidNetworkInterface.InUse"
    );
    assert_eq!(lab.ping(&a, "10.1.1.77"), "pong");
    assert_eq!(names(&mut lab, &b), ["lo", "ens5", "ens6"]);
    lab.ok("DetachNetworkInterface", json!({"AttachmentId": attachment}));
    assert_eq!(lab.ping(&a, "10.1.1.77"), "BAD_STATE");
    assert_eq!(names(&mut lab, &b), ["lo", "ens5"]);
    let again = json!({"NetworkInterfaceId": eni, "InstanceId": b, "DeviceIndex": 1});
    let attachment = lab.get("AttachNetworkInterface", again, "/AttachmentId");
    assert_eq!(lab.ping(&a, "10.1.1.77"), "pong");
    lab.stop(&b);
    lab.start(&b);
    assert_eq!(lab.ping(&a, "10.1.1.77"), "pong");
    lab.ok("DetachNetworkInterface", json!({"AttachmentId": attachment}));
    assert_eq!(lab.ping(&a, "10.1.1.77"), "BAD_STATE");
    assert_eq!(lab.ping(&a, &first), "pong", "the other interface goes on");
    lab.ok("DeleteNetworkInterface", json!({"NetworkInterfaceId": eni}));
    assert_ne!(lab.ping(&a, "10.1.1.77"), "pong");
    let primary = lab.of(&b, "/NetworkInterfaces/0/Attachment/AttachmentId");
    for (request, code) in [
        (json!({"AttachmentId": primary}), "OperationNotPermitted"),
        (json!({"AttachmentId": attachment}), "InvalidAttachmentID.NotFound"),
    ] {
        assert_eq!(lab.call("DetachNetworkInterface", request).expect_err("it cannot be").code, code);
    }
}

#[test]
fn addresses_are_set_up_while_the_instance_runs() {
    let mut lab = Lab::new();
    let site = lab.site("10.1.0.0/16", "10.1.1.0/24");
    let a = lab.instance(&site.subnet, &site.group, json!({}));
    let awake = lab.instance(&site.subnet, &site.group, json!({}));
    let asleep = lab.instance(&site.subnet, &site.group, json!({}));
    lab.boot();
    assert_eq!(lab.run(&awake, "true").1, 0);
    for (instance, address) in [(&awake, "10.1.1.201"), (&asleep, "10.1.1.202")] {
        let eni = lab.of(instance, "/NetworkInterfaces/0/NetworkInterfaceId");
        let addresses = json!({"NetworkInterfaceId": eni, "PrivateIpAddresses": [address]});
        assert_ne!(lab.ping(&a, address), "pong");
        lab.pass(SimDuration::from_secs(4)); // Until it has given up to ask for the address.
        lab.ok("AssignPrivateIpAddresses", addresses.clone());
        assert_eq!(lab.ping(&a, address), "pong");
        assert!(lab.run(instance, "ip -4 addr show").0.contains(&format!("inet {address}/24")));
        lab.ok("UnassignPrivateIpAddresses", addresses);
        assert_ne!(lab.ping(&a, address), "pong");
        assert!(!lab.run(instance, "ip -4 addr show").0.contains(address));
        let primary = lab.private(instance);
        assert_eq!(lab.ping(&a, &primary), "pong", "its other address stays");
    }
}

#[test]
fn a_connection_outlives_other_addresses_of_its_interface() {
    let mut lab = Lab::new();
    let site = lab.site("10.1.0.0/16", "10.1.1.0/24");
    let server = lab.instance(&site.subnet, &site.group, json!({}));
    let client = lab.instance(&site.subnet, &site.group, json!({}));
    lab.boot();
    lab.run(&server, "iperf3 -s -D");
    let address = lab.private(&server);
    let transfer = lab.type_on(&client, &format!("iperf3 -c {address} -t 4 -w 64K"));
    lab.pass(SimDuration::from_secs(1));
    let eni = lab.of(&server, "/NetworkInterfaces/0/NetworkInterfaceId");
    lab.ok("AssignPrivateIpAddresses", json!({"NetworkInterfaceId": eni, "SecondaryPrivateIpAddressCount": 1}));
    let finished = lab.drain(|world| world.wait_for(transfer, SimTime::MAX)).expect("it ends");
    assert_eq!(printed(finished).1, 0);
}

/// The names of an instance's interfaces.
fn names(lab: &mut Lab, instance: &str) -> Vec<String> {
    let (text, _) = lab.run(instance, "ip -br link");
    text.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}
