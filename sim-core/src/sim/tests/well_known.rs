//! Hosts on the Internet that are there without being named by the scenario.

use super::*;

#[test]
fn everybody_reaches_the_hosts_that_everybody_knows() {
    let mut lab = Lab::new();
    let site = lab.site("10.1.0.0/16", "10.1.1.0/24");
    let near = lab.instance(&site.subnet, &site.group, json!({}));
    let hidden = lab.site("10.2.0.0/16", "10.2.1.0/24");
    lab.nat_gateway(&hidden, "10.2.2.0/24");
    let far = lab.instance(&hidden.subnet, &hidden.group, json!({}));
    lab.boot();
    assert_eq!(lab.ping(&near, "8.8.8.8"), "pong");
    assert_eq!(lab.ping(&far, "8.8.4.4"), "pong");
    // Each sees the address that its gateway has given it (IGW-2, NAT-1).
    let public = lab.public(&near);
    assert_eq!(lab.run(&near, "curl -s checkip.amazonaws.com"), (format!("{public}\n"), 0));
    assert_eq!(lab.run(&near, "curl -s https://checkip.amazonaws.com"), (format!("{public}\n"), 0));
    let (gateway, exit) = lab.run(&far, "wget -qO- http://ifconfig.me");
    assert_eq!(exit, 0);
    let elastic = lab.get("DescribeNatGateways", json!({}), "/NatGateways/0/NatGatewayAddresses/0/PublicIp");
    assert_eq!(gateway.trim_end(), elastic);
    // And so does an office.
    assert_eq!(lab.outside("curl -s icanhazip.com"), ("198.51.100.9\n".to_owned(), 0));
}

#[test]
fn a_host_of_the_scenario_takes_the_place_of_one_that_everybody_knows() {
    let mut lab = Lab::with(|config| {
        config.internet.push(InternetHostConfig {
            name: "resolver".to_owned(),
            address: IpAddr::from([8, 8, 8, 8]),
            names: vec!["checkip.amazonaws.com".parse().expect("a name")],
            http: Some("mine\n".to_owned()),
            ports: vec![443],
        });
    });
    for url in ["http://8.8.8.8", "http://checkip.amazonaws.com", "https://8.8.8.8"] {
        assert_eq!(lab.outside(&format!("curl -s {url}")), ("mine\n".to_owned(), 0), "{url}");
    }
    assert_eq!(lab.outside("ping -c 1 -W 1 8.8.4.4").1, 0, "its other address is where it was");
}

#[test]
fn who_asks_for_a_name_that_nobody_has_is_told_where_names_come_from() {
    let mut lab = Lab::new();
    let site = lab.site("10.1.0.0/16", "10.1.1.0/24");
    let instance = lab.instance(&site.subnet, &site.group, json!({}));
    lab.boot();
    for (name, notes) in [("www.somewhere.com", 1), ("printer.local", 0), ("ip-10-9-9-9.ec2.internal", 0)] {
        assert_eq!(lab.run(&instance, &format!("curl -s http://{name}")).1, 6, "{name}");
        let told = lab.world.take_notes();
        assert_eq!(told.iter().filter(|(_, note)| note.text.contains(name)).count(), notes, "{told:?}");
    }
}

#[test]
fn a_public_resolver_listens_on_both_of_its_ports_and_on_no_other() {
    let mut lab = Lab::new();
    let site = lab.site("10.1.0.0/16", "10.1.1.0/24");
    let instance = lab.instance(&site.subnet, &site.group, json!({}));
    lab.boot();
    for resolver in ["1.1.1.1", "8.8.8.8", "8.8.4.4", "9.9.9.9"] {
        for protocol in ["", "+tcp"] {
            let (answer, exit) =
                lab.run(&instance, &format!("dig +short {protocol} @{resolver} checkip.amazonaws.com"));
            assert_eq!((answer.as_str(), exit), ("34.192.84.239\n", 0), "{resolver} {protocol}");
        }
        assert_eq!(lab.run(&instance, &format!("nc -zv -w 2 {resolver} 53")).1, 0, "{resolver}");
        assert_eq!(lab.run(&instance, &format!("nc -zvu -w 2 {resolver} 53")).1, 0, "{resolver}");
        assert_eq!(lab.run(&instance, &format!("nc -zv -w 2 {resolver} 54")).1, 1, "{resolver}");
        assert_eq!(lab.run(&instance, &format!("nc -zvu -w 2 {resolver} 54")).1, 1, "{resolver}");
    }
}
