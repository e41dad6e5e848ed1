//! What the metadata service tells an instance about itself, from the control plane's state at the moment (IMDS-6 to IMDS-9, IMDS-11).
//!
//! Differs from AWS: there are no credentials, no signatures of the identity document, no signer certificate of EC2 Instance Connect
//! and no placement groups; what would be there is 404 or an empty directory. A key pair's material is a placeholder.

use std::net::Ipv4Addr;

use serde_json::{Value, json};

use crate::app::METADATA_SETTINGS;
use crate::cloud::{Cloud, HttpTokens, ImageFamily, Instance, NetworkInterface, PublicAddress, Switch};
use crate::engine::mix;
use crate::id::InstanceId;

/// Files by path, a directory with a slash at the end.
type Files = Vec<(String, Vec<u8>)>;

/// All files of an instance's metadata service; none when the instance is gone.
pub(super) fn of(cloud: &Cloud, id: InstanceId, seed: u64) -> Files {
    let Some(instance) = cloud.instances.get(&id) else { return Vec::new() };
    let mut tree = Tree { files: vec![(METADATA_SETTINGS.to_owned(), settings(instance, seed).into_bytes())] };
    let interfaces: Vec<&NetworkInterface> =
        instance.interfaces.iter().filter_map(|eni| cloud.network_interfaces.get(eni)).collect();
    let Some(primary) = interfaces.first() else { return tree.files };
    tell_instance(&mut tree, cloud, instance, primary);
    for eni in &interfaces {
        tell_interface(&mut tree, cloud, eni);
    }
    if let Some(script) = &instance.launch.user_data {
        tree.add("user-data", script);
    }
    tree.add("dynamic/instance-identity/document", identity(cloud, instance, primary));
    tree.files
}

/// The tree in the making.
struct Tree {
    files: Files,
}

impl Tree {
    fn add(&mut self, path: &str, content: impl ToString) {
        self.files.push((format!("latest/{path}"), content.to_string().into_bytes()));
    }

    /// Adds a file under `meta-data/`.
    fn tell(&mut self, path: &str, content: impl ToString) {
        self.add(&format!("meta-data/{path}"), content);
    }

    /// The same, if there is anything to tell (IMDS-9).
    fn tell_any(&mut self, path: &str, content: Option<impl ToString>) {
        if let Some(content) = content.map(|content| content.to_string()).filter(|content| !content.is_empty()) {
            self.tell(path, content);
        }
    }
}

/// What the server is told about itself.
fn settings(instance: &Instance, seed: u64) -> String {
    let options = instance.metadata_options;
    let endpoint = match options.endpoint {
        Switch::Enabled => "enabled",
        Switch::Disabled => "disabled",
    };
    let tokens = match options.tokens {
        HttpTokens::Optional => "optional",
        HttpTokens::Required => "required",
    };
    // FNV-1a over the id: a token works on its own instance only (IMDS-2).
    let id = instance.id.to_string();
    let name = id
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |state, byte| (state ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    format!("endpoint={endpoint}\ntokens={tokens}\nhop-limit={}\nkey={:016x}\n", options.hop_limit, mix(seed ^ name))
}

/// IMDS-6 and IMDS-8.
fn tell_instance(tree: &mut Tree, cloud: &Cloud, instance: &Instance, primary: &NetworkInterface) {
    let launch = &instance.launch;
    let zone = instance.zone;
    let private = primary.primary().map(|own| own.address);
    let name = instance.private_dns_name(cloud).unwrap_or_default();
    let public = primary.primary_public().map(PublicAddress::address);
    let root = if launch.image.family == ImageFamily::Windows { "/dev/sda1" } else { "/dev/xvda" };
    tree.tell("ami-id", launch.image.id);
    tree.tell("ami-launch-index", instance.launch_index);
    tree.tell("ami-manifest-path", "(unknown)");
    tree.tell("block-device-mapping/ami", root);
    tree.tell("block-device-mapping/root", root);
    tree.tell("events/maintenance/history", "[]");
    tree.tell("events/maintenance/scheduled", "[]");
    tree.tell("hostname", &name);
    tree.tell("identity-credentials/ec2/info", credentials_info(cloud, instance));
    tree.tell("instance-action", "none");
    tree.tell("instance-id", instance.id);
    tree.tell("instance-life-cycle", "on-demand");
    tree.tell("instance-type", &launch.instance_type);
    tree.tell_any("ipv6", primary.ipv6.first());
    tree.tell("local-hostname", &name);
    tree.tell_any("local-ipv4", private);
    tree.tell("mac", primary.mac);
    tree.tell("managed-ssh-keys/", "");
    tree.tell("metrics/vhostmd", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    tree.tell("placement/availability-zone", zone);
    tree.tell("placement/availability-zone-id", zone.zone_id());
    tree.tell("placement/region", zone.region());
    tree.tell("profile", "default-hvm");
    tree.tell_any("public-hostname", public.map(|public| cloud.public_dns_name(primary.vpc, public)));
    tree.tell_any("public-ipv4", public);
    if let Some(key) = &launch.key_name {
        tree.tell("public-keys/0/.label", key);
        tree.tell("public-keys/0/openssh-key", format!("ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ== {key}\n"));
    }
    tree.tell("reservation-id", launch.reservation);
    tree.tell("security-groups", group_names(cloud, primary));
    tree.tell("services/domain", "amazonaws.com");
    tree.tell("services/partition", "aws");
    if instance.metadata_options.tags == Switch::Enabled {
        for (key, value) in instance.tags.iter().filter(|(key, _)| is_path_part(key)) {
            tree.tell(&format!("tags/instance/{key}"), value);
        }
    }
}

/// IMDS-7.
fn tell_interface(tree: &mut Tree, cloud: &Cloud, eni: &NetworkInterface) {
    let (Some(subnet), Some(vpc)) = (cloud.subnets.get(&eni.subnet), cloud.vpcs.get(&eni.vpc)) else { return };
    let mut tell = |name: &str, content: String| {
        let path = format!("network/interfaces/macs/{}/{name}", eni.mac);
        tree.tell_any(&path, Some(content));
    };
    let device = eni.attachment.as_ref().map_or(0, |attachment| attachment.device_index);
    let publics: Vec<(Ipv4Addr, Ipv4Addr)> =
        eni.ipv4.iter().filter_map(|private| Some((private.public?.address(), private.address))).collect();
    let first_public = publics.first().map(|(public, _)| cloud.public_dns_name(eni.vpc, *public));
    tell("device-number", device.to_string());
    tell("interface-id", eni.id.to_string());
    for (public, private) in &publics {
        tell(&format!("ipv4-associations/{public}"), private.to_string());
    }
    tell("ipv6s", lines(&eni.ipv6));
    tell("local-hostname", eni.private_dns_name(cloud).unwrap_or_default());
    if !eni.ipv4.is_empty() {
        tell("local-ipv4s", lines(eni.ipv4.iter().map(|private| private.address)));
    }
    tell("mac", eni.mac.to_string());
    tell("owner-id", eni.owner.to_string());
    tell("public-hostname", first_public.unwrap_or_default());
    tell("public-ipv4s", lines(publics.iter().map(|(public, _)| public)));
    tell("security-group-ids", lines(&eni.groups));
    tell("security-groups", group_names(cloud, eni));
    tell("subnet-id", eni.subnet.to_string());
    if let Some(block) = subnet.ipv4_block {
        tell("subnet-ipv4-cidr-block", block.to_string());
    }
    tell("subnet-ipv6-cidr-blocks", lines(subnet.ipv6_block.iter().map(|(_, block)| block)));
    tell("vpc-id", eni.vpc.to_string());
    tell("vpc-ipv4-cidr-block", vpc.primary_block().to_string());
    tell("vpc-ipv4-cidr-blocks", lines(vpc.ipv4_blocks.iter().map(|(_, block)| block)));
    tell("vpc-ipv6-cidr-blocks", lines(vpc.ipv6_blocks.iter().map(|(_, block)| block)));
}

/// `/latest/dynamic/instance-identity/document` (IMDS-11), its members in AWS's order.
fn identity(cloud: &Cloud, instance: &Instance, primary: &NetworkInterface) -> String {
    pretty(&[
        ("accountId", json!(instance.launch.owner.to_string())),
        ("architecture", json!("x86_64")),
        ("availabilityZone", json!(instance.zone.to_string())),
        ("billingProducts", Value::Null),
        ("devpayProductCodes", Value::Null),
        ("marketplaceProductCodes", Value::Null),
        ("imageId", json!(instance.launch.image.id.to_string())),
        ("instanceId", json!(instance.id.to_string())),
        ("instanceType", json!(instance.launch.instance_type)),
        ("kernelId", Value::Null),
        ("pendingTime", json!(zulu(cloud, instance))),
        ("privateIp", json!(primary.primary().map(|own| own.address.to_string()))),
        ("ramdiskId", Value::Null),
        ("region", json!(instance.zone.region().to_string())),
        ("version", json!("2017-09-30")),
    ])
}

fn credentials_info(cloud: &Cloud, instance: &Instance) -> String {
    pretty(&[
        ("Code", json!("Success")),
        ("LastUpdated", json!(zulu(cloud, instance))),
        ("AccountId", json!(instance.launch.owner.to_string())),
    ])
}

/// A JSON object with a space on both sides of its colons, as the service writes them.
fn pretty(members: &[(&str, Value)]) -> String {
    let lines: Vec<String> = members.iter().map(|(name, value)| format!("  \"{name}\" : {value}")).collect();
    format!("{{\n{}\n}}", lines.join(",\n"))
}

/// When the instance was last launched or started, as `2024-01-01T00:00:00Z`.
fn zulu(cloud: &Cloud, instance: &Instance) -> String {
    cloud.timestamp(instance.launched).replace("+00:00", "Z")
}

fn group_names(cloud: &Cloud, eni: &NetworkInterface) -> String {
    lines(eni.groups.iter().filter_map(|group| cloud.security_groups.get(group)).map(|group| &group.name))
}

fn lines<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join("\n")
}

/// Whether a tag's key can be part of a path. SIM: one that cannot is not shown; AWS refuses to switch the tags on.
fn is_path_part(key: &str) -> bool {
    let takes = |letter: char| letter.is_ascii_alphanumeric() || "+-=.,_:@".contains(letter);
    !key.is_empty() && !matches!(key, "." | ".." | "_index") && !key.starts_with('.') && key.chars().all(takes)
}
