//! Instances: their states in virtual time, and how they are shown. Launching them is in `launch.rs`.
//!
//! A passing state lasts [`PASSING`]. SIM: on AWS it is some seconds to a minute, and not published.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value;
use smallvec::SmallVec;

use super::answer::{Answer, Object, just, nothing};
use super::describe::{Described, Filter, FilterTable, many, one};
use super::error::permit;
use super::instance_type::check_instance_type;
use super::lookup::Resource;
use super::private_dns_name::private_dns_name;
use super::records::Records;
use super::request::{BooleanValue, TextValue, requests};
use super::transition::Transition;
use super::{
    ApiError, Caller, Cloud, ImageFamily, Launch, MetadataOptions, NetworkInterface, PrivateDnsNameOptions,
    PublicAddress, Tags,
};
use crate::engine::{SimDuration, SimTime};
use crate::id::*;

/// How long an instance is pending, stopping or shutting down.
pub(super) const PASSING: SimDuration = SimDuration::from_secs(10);

/// From launch or start until both status checks have passed. A SIM value: AWS takes a minute or two, and the guest has booted
/// by then.
const CHECKING: SimDuration = SimDuration::from_secs(90);

/// How long Describe still shows a terminated instance: about an hour on AWS.
const TERMINATED_VISIBLE: SimDuration = SimDuration::from_secs(3_600);

/// An instance.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    pub(crate) id: InstanceId,
    pub(crate) launch: Arc<Launch>,
    /// Which instance of its launch it is.
    pub(crate) launch_index: u32,
    pub(crate) state: InstanceState,
    /// The zone outlives the subnet, which may be deleted when the instance is terminated.
    pub(crate) zone: AvailabilityZone,
    pub(crate) subnet: SubnetId,
    pub(crate) vpc: VpcId,
    /// By device index.
    pub(crate) interfaces: SmallVec<[NetworkInterfaceId; 2]>,
    pub(crate) launched: SimTime,
    pub(crate) metadata_options: MetadataOptions,
    pub(crate) name_options: PrivateDnsNameOptions,
    pub(crate) tags: Tags,
    pub(crate) origin: Origin,
}

/// The states of an instance; those that pass by themselves say when.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum InstanceState {
    Pending {
        until: SimTime,
    },
    Running,
    /// Shown as `running`, as on EC2; nobody is at home.
    Rebooting {
        until: SimTime,
    },
    Stopping {
        until: SimTime,
    },
    Stopped,
    ShuttingDown {
        until: SimTime,
    },
    Terminated {
        since: SimTime,
    },
}

requests! {
    /// Lists instances by launch.
    DescribeInstances {
        filters: Vec<Filter>,
        instance_ids: Vec<String>,
        max_results: Option<u32>,
        next_token: Option<String>,
    }
    /// Shows the status checks of running instances.
    DescribeInstanceStatus {
        filters: Vec<Filter>,
        instance_ids: Vec<String>,
        include_all_instances: bool,
        max_results: Option<u32>,
        next_token: Option<String>,
    }
    /// Starts stopped instances.
    StartInstances { instance_ids: Vec<String>, }
    /// Stops running instances.
    StopInstances { instance_ids: Vec<String>, force: bool, hibernate: bool, }
    /// Ends instances for good.
    TerminateInstances { instance_ids: Vec<String>, force: bool, }
    /// Lets running instances start anew.
    RebootInstances { instance_ids: Vec<String>, }
    /// Changes one thing about an instance.
    ModifyInstanceAttribute {
        instance_id: String,
        source_dest_check: Option<BooleanValue>,
        groups: Vec<String>,
        instance_type: Option<TextValue>,
    }
}

impl InstanceState {
    /// `{"Code": 16, "Name": "running"}`.
    fn describe(self) -> Object {
        Object::new().value("Code", self.code()).text("Name", self.name())
    }

    pub(crate) fn code(self) -> u8 {
        match self {
            InstanceState::Pending { .. } => 0,
            InstanceState::Running | InstanceState::Rebooting { .. } => 16,
            InstanceState::ShuttingDown { .. } => 32,
            InstanceState::Terminated { .. } => 48,
            InstanceState::Stopping { .. } => 64,
            InstanceState::Stopped => 80,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            InstanceState::Pending { .. } => "pending",
            InstanceState::Running | InstanceState::Rebooting { .. } => "running",
            InstanceState::ShuttingDown { .. } => "shutting-down",
            InstanceState::Terminated { .. } => "terminated",
            InstanceState::Stopping { .. } => "stopping",
            InstanceState::Stopped => "stopped",
        }
    }

    /// When the state passes by itself.
    pub(crate) fn passes(self) -> Option<SimTime> {
        match self {
            InstanceState::Pending { until }
            | InstanceState::Rebooting { until }
            | InstanceState::Stopping { until }
            | InstanceState::ShuttingDown { until } => Some(until),
            InstanceState::Running | InstanceState::Stopped | InstanceState::Terminated { .. } => None,
        }
    }

    /// Whether the instance is up or coming up.
    pub(crate) fn is_on(self) -> bool {
        matches!(self, InstanceState::Pending { .. } | InstanceState::Running | InstanceState::Rebooting { .. })
    }

    fn is_gone(self) -> bool {
        matches!(self, InstanceState::ShuttingDown { .. } | InstanceState::Terminated { .. })
    }
}

impl Resource for Instance {
    type Id = InstanceId;

    fn table(cloud: &Cloud) -> &Records<InstanceId, Instance> {
        &cloud.instances
    }

    fn home(&self, _: &Cloud) -> (AccountId, Region) {
        (self.launch.owner, self.zone.region())
    }

    fn tags<'a>(&'a self, _: &'a Cloud, _: &Caller) -> &'a Tags {
        &self.tags
    }

    fn visible(&self, cloud: &Cloud, caller: &Caller) -> bool {
        let forgotten = match self.state {
            InstanceState::Terminated { since } => caller.now.since(since) >= TERMINATED_VISIBLE,
            _ => false,
        };
        !forgotten && self.home(cloud) == (caller.account, caller.region)
    }
}

impl Instance {
    /// The interfaces there are.
    fn enis<'a>(&'a self, cloud: &'a Cloud) -> impl Iterator<Item = &'a NetworkInterface> + 'a {
        self.interfaces.iter().map(|id| &cloud.network_interfaces[id])
    }

    fn primary<'a>(&'a self, cloud: &'a Cloud) -> Option<&'a NetworkInterface> {
        self.enis(cloud).next()
    }

    fn public_address(&self, cloud: &Cloud) -> Option<std::net::Ipv4Addr> {
        self.primary(cloud)?.primary_public().map(PublicAddress::address)
    }
}

impl Described for Instance {
    const FILTERS: FilterTable<Instance> = &[
        ("availability-zone", |instance, _| one(instance.zone)),
        ("dns-name", |instance, cloud| {
            many(instance.public_address(cloud).map(|address| cloud.public_dns_name(instance.vpc, address)))
        }),
        ("image-id", |instance, _| one(instance.launch.image.id)),
        ("instance-id", |instance, _| one(instance.id)),
        ("instance-state-code", |instance, _| one(instance.state.code())),
        ("instance-state-name", |instance, _| one(instance.state.name())),
        ("instance-type", |instance, _| one(&instance.launch.instance_type)),
        ("instance.group-id", |instance, cloud| many(instance.enis(cloud).flat_map(|eni| &eni.groups))),
        ("instance.group-name", |instance, cloud| {
            many(instance.enis(cloud).flat_map(|eni| &eni.groups).map(|id| &cloud.security_groups[id].name))
        }),
        ("ip-address", |instance, cloud| many(instance.public_address(cloud))),
        ("key-name", |instance, _| many(&instance.launch.key_name)),
        ("network-interface.network-interface-id", |instance, _| many(&instance.interfaces)),
        ("network-interface.subnet-id", |instance, cloud| many(instance.enis(cloud).map(|eni| eni.subnet))),
        ("network-interface.vpc-id", |instance, cloud| many(instance.enis(cloud).map(|eni| eni.vpc))),
        ("network-interface.addresses.private-ip-address", |instance, cloud| {
            many(instance.enis(cloud).flat_map(|eni| &eni.ipv4).map(|private| private.address))
        }),
        ("owner-id", |instance, _| one(instance.launch.owner)),
        ("placement-group-name", |_, _| Vec::new()),
        ("private-dns-name", |instance, cloud| many(instance.private_dns_name(cloud))),
        ("private-dns-name-options.enable-resource-name-dns-a-record", |instance, _| {
            one(instance.name_options.a_record)
        }),
        ("private-dns-name-options.enable-resource-name-dns-aaaa-record", |instance, _| {
            one(instance.name_options.aaaa_record)
        }),
        ("private-dns-name-options.hostname-type", |instance, _| one(instance.name_options.hostname_type.name())),
        ("private-ip-address", |instance, cloud| {
            many(instance.primary(cloud).and_then(|eni| Some(eni.primary()?.address)))
        }),
        ("reservation-id", |instance, _| one(instance.launch.reservation)),
        ("source-dest-check", |instance, cloud| many(instance.primary(cloud).map(|eni| eni.source_dest_check))),
        ("subnet-id", |instance, _| if instance.state.is_gone() { Vec::new() } else { one(instance.subnet) }),
        ("vpc-id", |instance, _| if instance.state.is_gone() { Vec::new() } else { one(instance.vpc) }),
    ];

    fn describe(&self, cloud: &Cloud, _: &Caller) -> Value {
        let primary = self.primary(cloud);
        let public = self.public_address(cloud);
        let private = primary.and_then(|eni| Some(eni.primary()?.address));
        let reason = match self.state {
            InstanceState::Pending { .. } => Some(("pending", "pending")),
            InstanceState::Stopping { .. } | InstanceState::Stopped => {
                Some(("Client.UserInitiatedShutdown", "Client.UserInitiatedShutdown: User initiated shutdown"))
            }
            InstanceState::ShuttingDown { .. } | InstanceState::Terminated { .. } => {
                Some(("Client.UserInitiatedShutdown", "Client.UserInitiatedShutdown: User initiated shutdown"))
            }
            InstanceState::Running | InstanceState::Rebooting { .. } => None,
        };
        let gone = matches!(self.state, InstanceState::Terminated { .. });
        let groups = primary.map(|eni| cloud.describe_group_names(&eni.groups)).unwrap_or_default();
        let windows = self.launch.image.family == ImageFamily::Windows;
        let placement =
            Object::new().text("GroupName", "").text("Tenancy", "default").text("AvailabilityZone", self.zone);
        Object::new()
            .text("Architecture", "x86_64")
            .list("BlockDeviceMappings", [] as [Value; 0])
            .text("ClientToken", "")
            .value("EbsOptimized", false)
            .value("EnaSupport", true)
            .text("Hypervisor", "xen")
            .list("NetworkInterfaces", self.enis(cloud).map(|eni| cloud.describe_instance_interface(eni)))
            .text("RootDeviceName", if windows { "/dev/sda1" } else { "/dev/xvda" })
            .text("RootDeviceType", "ebs")
            .value("SecurityGroups", groups)
            .optional("SourceDestCheck", primary.map(|eni| eni.source_dest_check))
            .optional("StateReason", reason.map(|(code, text)| Object::new().text("Code", code).text("Message", text)))
            .optional_list("Tags", self.tags.describe())
            .text("VirtualizationType", "hvm")
            .value("MetadataOptions", self.metadata_options.describe("applied"))
            .text("PlatformDetails", if windows { "Windows" } else { "Linux/UNIX" })
            .value("PrivateDnsNameOptions", self.name_options.describe())
            .text("InstanceId", self.id)
            .text("ImageId", self.launch.image.id)
            .value("State", self.state.describe())
            .text("PrivateDnsName", self.private_dns_name(cloud).unwrap_or_default())
            .text("PublicDnsName", public.map(|it| cloud.public_dns_name(self.vpc, it)).unwrap_or_default())
            .text("StateTransitionReason", if self.state.is_on() { "" } else { "User initiated" })
            .optional_text("KeyName", self.launch.key_name.as_ref())
            .value("AmiLaunchIndex", self.launch_index)
            .list("ProductCodes", [] as [Value; 0])
            .text("InstanceType", &self.launch.instance_type)
            .text("LaunchTime", cloud.timestamp(self.launched))
            .value("Placement", placement)
            .optional_text("Platform", windows.then_some("windows"))
            .value("Monitoring", Object::new().text("State", "disabled"))
            .optional_text("SubnetId", (!gone).then_some(self.subnet))
            .optional_text("VpcId", (!gone).then_some(self.vpc))
            .optional_text("PrivateIpAddress", private)
            .optional_text("PublicIpAddress", public)
            .into()
    }
}

impl Cloud {
    pub(crate) fn describe_instances(&mut self, caller: &Caller, request: DescribeInstances) -> Answer {
        permit(request.dry_run)?;
        let mut launches: IndexMap<ReservationId, (AccountId, Vec<Value>)> = IndexMap::new();
        for instance in self.selected::<Instance>(caller, &request.instance_ids, &request.filters)? {
            let (_, instances) =
                launches.entry(instance.launch.reservation).or_insert_with(|| (instance.launch.owner, Vec::new()));
            instances.push(instance.describe(self, caller));
        }
        let shown: Vec<Value> =
            launches.into_iter().map(|(id, (owner, instances))| describe_reservation(id, owner, instances)).collect();
        just("Reservations", shown)
    }

    pub(crate) fn describe_instance_status(&mut self, caller: &Caller, request: DescribeInstanceStatus) -> Answer {
        permit(request.dry_run)?;
        let running = |instance: &&Instance| request.include_all_instances || instance.state == InstanceState::Running;
        let shown: Vec<Value> = self
            .selected::<Instance>(caller, &request.instance_ids, &request.filters)?
            .filter(running)
            .map(|instance| {
                let (status, reachability) = match instance.state {
                    InstanceState::Running if caller.now.since(instance.launched) < CHECKING => {
                        ("initializing", "initializing")
                    }
                    InstanceState::Running => ("ok", "passed"),
                    _ => ("not-applicable", "not-applicable"),
                };
                let summary = || {
                    let details = Object::new().text("Name", "reachability").text("Status", reachability);
                    Object::new().list("Details", [details]).text("Status", status)
                };
                Object::new()
                    .text("AvailabilityZone", instance.zone)
                    .text("InstanceId", instance.id)
                    .value("InstanceState", instance.state.describe())
                    .value("InstanceStatus", summary())
                    .value("SystemStatus", summary())
                    .into()
            })
            .collect();
        just("InstanceStatuses", shown)
    }

    pub(crate) fn start_instances(&mut self, caller: &Caller, request: StartInstances) -> Answer {
        let ids = self.instances_named(caller, &request.instance_ids)?;
        for id in &ids {
            if !matches!(self.instances[id].state, InstanceState::Stopped) && !self.instances[id].state.is_on() {
                return Err(wrong_state(*id, "started"));
            }
        }
        permit(request.dry_run)?;
        let changes = self.change_states(&ids, |cloud, id| {
            if cloud.instances[&id].state != InstanceState::Stopped {
                return;
            }
            let until = caller.now + PASSING;
            cloud.instances[&id].state = InstanceState::Pending { until };
            cloud.instances[&id].launched = caller.now;
            cloud.schedule.at(until, Transition::Instance(id));
            // IGW-9: a new automatic address, if it had one, has no Elastic one, and only one interface.
            if let [interface] = cloud.instances[&id].interfaces[..]
                && cloud.auto_assigned.contains(&interface)
                && cloud.network_interfaces[&interface].primary_public().is_none()
            {
                cloud.assign_auto_public_address(interface);
            }
        });
        just("StartingInstances", changes)
    }

    pub(crate) fn stop_instances(&mut self, caller: &Caller, request: StopInstances) -> Answer {
        let ids = self.instances_named(caller, &request.instance_ids)?;
        for id in &ids {
            if matches!(self.instances[id].state, InstanceState::Pending { .. }) || self.instances[id].state.is_gone() {
                return Err(wrong_state(*id, "stopped"));
            }
        }
        permit(request.dry_run)?;
        let changes = self.change_states(&ids, |cloud, id| {
            if !matches!(cloud.instances[&id].state, InstanceState::Running | InstanceState::Rebooting { .. }) {
                return;
            }
            let until = caller.now + PASSING;
            cloud.instances[&id].state = InstanceState::Stopping { until };
            cloud.schedule.at(until, Transition::Instance(id));
            cloud.release_public_addresses(id);
        });
        just("StoppingInstances", changes)
    }

    pub(crate) fn terminate_instances(&mut self, caller: &Caller, request: TerminateInstances) -> Answer {
        let ids = self.instances_named(caller, &request.instance_ids)?;
        permit(request.dry_run)?;
        let changes = self.change_states(&ids, |cloud, id| {
            if cloud.instances[&id].state.is_gone() {
                return;
            }
            let until = caller.now + PASSING;
            cloud.instances[&id].state = InstanceState::ShuttingDown { until };
            cloud.schedule.at(until, Transition::Instance(id));
            cloud.release_public_addresses(id);
        });
        just("TerminatingInstances", changes)
    }

    /// Nothing changes hands: addresses stay, the public one too (IGW-9).
    pub(crate) fn reboot_instances(&mut self, caller: &Caller, request: RebootInstances) -> Answer {
        let ids = self.instances_named(caller, &request.instance_ids)?;
        let is_up = |id: &InstanceId| {
            matches!(self.instances[id].state, InstanceState::Running | InstanceState::Rebooting { .. })
        };
        if let Some(id) = ids.iter().find(|id| !is_up(id)) {
            return Err(wrong_state(*id, "rebooted"));
        }
        permit(request.dry_run)?;
        let until = caller.now + PASSING;
        for id in ids {
            self.instances[&id].state = InstanceState::Rebooting { until };
            self.schedule.at(until, Transition::Instance(id));
            self.note_change(id);
        }
        nothing()
    }

    pub(crate) fn modify_instance_attribute(&mut self, caller: &Caller, request: ModifyInstanceAttribute) -> Answer {
        let instance = self.find::<Instance>(caller, &request.instance_id)?;
        let id = instance.id;
        if let Some(instance_type) = &request.instance_type {
            return self.modify_instance_type(id, &instance_type.value, &request);
        }
        let [interface] = instance.interfaces[..] else {
            return Err(ApiError::new(
                "InvalidInstanceID",
                format!(
                    "There are {} interfaces attached to instance '{id}'. Please specify an interface ID for the operation \
                     instead.",
                    instance.interfaces.len()
                ),
            ));
        };
        let groups = match &request.groups[..] {
            [] => None,
            groups => Some(self.interface_groups(caller, instance.vpc, groups)?),
        };
        match (&request.source_dest_check, &groups) {
            (None, None) => return Err(ApiError::missing("attribute")),
            (Some(_), Some(_)) => {
                return Err(ApiError::new(
                    "InvalidParameterCombination",
                    "Fields for multiple attribute types specified",
                ));
            }
            _ => {}
        }
        permit(request.dry_run)?;
        self.touch(interface);
        if let Some(check) = request.source_dest_check {
            self.network_interfaces[&interface].source_dest_check = check.value;
        }
        if let Some(groups) = groups {
            self.ungroup(interface);
            self.group(interface, groups);
        }
        nothing()
    }

    /// Gives an instance that is stopped another type.
    fn modify_instance_type(&mut self, id: InstanceId, to: &str, request: &ModifyInstanceAttribute) -> Answer {
        if request.source_dest_check.is_some() || !request.groups.is_empty() {
            return Err(ApiError::new("InvalidParameterCombination", "Fields for multiple attribute types specified"));
        }
        check_instance_type(to)?;
        if !matches!(self.instances[&id].state, InstanceState::Stopped) {
            let message = format!("The instance '{id}' is not in the 'stopped' state.");
            return Err(ApiError::new("IncorrectInstanceState", message));
        }
        permit(request.dry_run)?;
        // What a type decides, such as idle time-outs, is compiled with the interfaces.
        Arc::make_mut(&mut self.instances[&id].launch).instance_type = to.into();
        self.touch_interfaces(id);
        nothing()
    }

    /// A passing state passes.
    pub(crate) fn settle_instance(&mut self, id: InstanceId, now: SimTime) {
        let instance = &mut self.instances[&id];
        match instance.state {
            InstanceState::Pending { .. } | InstanceState::Rebooting { .. } => instance.state = InstanceState::Running,
            InstanceState::Stopping { .. } => instance.state = InstanceState::Stopped,
            InstanceState::ShuttingDown { .. } => {
                instance.state = InstanceState::Terminated { since: now };
                for interface in std::mem::take(&mut instance.interfaces) {
                    self.unplug(interface);
                }
            }
            InstanceState::Running | InstanceState::Stopped | InstanceState::Terminated { .. } => {}
        }
        self.note_change(id);
    }

    /// Notes that an instance's state changed: what its interfaces can reach did, too.
    fn note_change(&mut self, id: InstanceId) {
        self.touch_interfaces(id);
        self.changed_instances.push(id);
    }

    /// Notes that something changed that all interfaces of an instance share.
    pub(super) fn touch_interfaces(&mut self, id: InstanceId) {
        for interface in &self.instances[&id].interfaces {
            self.touched.insert((*interface).into());
        }
    }

    /// An interface whose instance is terminated goes with it, or is free again.
    fn unplug(&mut self, id: NetworkInterfaceId) {
        let attachment = self.network_interfaces[&id].attachment.take();
        if attachment.is_some_and(|attachment| attachment.delete_on_termination) {
            self.remove_interface(id);
        } else {
            self.touch(id);
        }
    }

    fn release_public_addresses(&mut self, id: InstanceId) {
        for interface in self.instances[&id].interfaces.clone() {
            self.release_auto_public_address(interface);
            self.touch(interface);
        }
    }

    fn instances_named(&self, caller: &Caller, ids: &[String]) -> Result<Vec<InstanceId>, ApiError> {
        if ids.is_empty() {
            return Err(ApiError::missing("InstanceId"));
        }
        ids.iter().map(|id| Ok(self.find::<Instance>(caller, id)?.id)).collect()
    }

    /// Changes instances one by one and tells what each was and is.
    fn change_states(&mut self, ids: &[InstanceId], mut change: impl FnMut(&mut Cloud, InstanceId)) -> Vec<Value> {
        ids.iter()
            .map(|&id| {
                let before = self.instances[&id].state;
                change(self, id);
                let after = self.instances[&id].state;
                if before != after {
                    self.note_change(id);
                }
                Object::new()
                    .text("InstanceId", id)
                    .value("CurrentState", after.describe())
                    .value("PreviousState", before.describe())
                    .into()
            })
            .collect()
    }

    fn describe_instance_interface(&self, eni: &NetworkInterface) -> Value {
        let region = self.subnets[&eni.subnet].zone.region();
        let association = |public: PublicAddress| {
            let owner = match public {
                PublicAddress::Auto(_) => "amazon".to_owned(),
                PublicAddress::Elastic { .. } => eni.owner.to_string(),
            };
            Object::new()
                .text("IpOwnerId", owner)
                .text("PublicDnsName", self.public_dns_name(eni.vpc, public.address()))
                .text("PublicIp", public.address())
        };
        let attachment = eni.attachment.as_ref().map(|attachment| {
            let launched = self.instances.get(&attachment.instance).map(|instance| instance.launched);
            Object::new()
                .optional_text("AttachTime", launched.map(|time| self.timestamp(time)))
                .text("AttachmentId", attachment.id)
                .value("DeleteOnTermination", attachment.delete_on_termination)
                .value("DeviceIndex", attachment.device_index)
                .text("Status", "attached")
                .value("NetworkCardIndex", 0)
        });
        let addresses = eni.ipv4.iter().enumerate().map(|(at, private)| {
            Object::new()
                .optional("Association", private.public.map(association))
                .value("Primary", at == 0)
                .text("PrivateDnsName", private_dns_name(region, private.address))
                .text("PrivateIpAddress", private.address)
        });
        Object::new()
            .optional("Association", eni.primary_public().map(association))
            .optional("Attachment", attachment)
            .text("Description", &eni.description)
            .value("Groups", self.describe_group_names(&eni.groups))
            .list("Ipv6Addresses", eni.ipv6.iter().map(|address| Object::new().text("Ipv6Address", address)))
            .text("MacAddress", eni.mac)
            .text("NetworkInterfaceId", eni.id)
            .text("OwnerId", eni.owner)
            .optional_text("PrivateDnsName", eni.private_dns_name(self))
            .optional_text("PrivateIpAddress", eni.primary().map(|own| own.address))
            .list("PrivateIpAddresses", addresses)
            .value("SourceDestCheck", eni.source_dest_check)
            .text("Status", eni.status())
            .text("SubnetId", eni.subnet)
            .text("VpcId", eni.vpc)
            .text("InterfaceType", "interface")
            .into()
    }
}

pub(super) fn describe_reservation(id: ReservationId, owner: AccountId, instances: Vec<Value>) -> Value {
    Object::new()
        .text("ReservationId", id)
        .text("OwnerId", owner)
        .list("Groups", [] as [Value; 0])
        .value("Instances", instances)
        .into()
}

pub(super) fn wrong_state(id: InstanceId, participle: &str) -> ApiError {
    ApiError::new(
        "IncorrectInstanceState",
        format!("The instance '{id}' is not in a state from which it can be {participle}."),
    )
}
