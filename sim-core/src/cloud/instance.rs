//! Instances: launching, starting, stopping and terminating them, in virtual time.
//!
//! A passing state lasts [`PASSING`]. SIM: on AWS it is some seconds to a minute, and not published. What an instance is made
//! of besides its network (disks, processors, roles) is accepted where labs mention it and has no effect.

use indexmap::IndexMap;
use serde_json::Value;

use super::answer::{Answer, Object, just, nothing};
use super::base64;
use super::describe::{Described, Filter, FilterTable, many, one};
use super::error::permit;
use super::lookup::{Resource, parse_id};
use super::network_interface::{
    AddressRequest, Attachment, InstanceIpv6Address, InterfacePlan, PrivateIpAddressSpecification, private_dns_name,
};
use super::request::{BooleanValue, members, requests};
use super::security_group::no_default_vpc;
use super::tag::TagSpecification;
use super::transition::Transition;
use super::{ApiError, Caller, Cloud, Image, ImageFamily, NetworkInterface, PublicAddress, Subnet, Tags};
use crate::engine::{SimDuration, SimTime};
use crate::id::*;

/// How long an instance is pending, stopping or shutting down.
const PASSING: SimDuration = SimDuration::from_secs(10);

/// How long Describe still shows a terminated instance: about an hour on AWS.
const TERMINATED_VISIBLE: SimDuration = SimDuration::from_secs(3_600);

/// User data is at most this long once decoded.
const USER_DATA_BYTES: usize = 16 * 1024;

/// An instance.
#[derive(Clone, Debug)]
pub struct Instance {
    pub(crate) id: InstanceId,
    pub(crate) reservation: ReservationId,
    pub(crate) owner: AccountId,
    pub(crate) image: Image,
    pub(crate) instance_type: String,
    pub(crate) key_name: Option<String>,
    pub(crate) state: InstanceState,
    /// The zone outlives the subnet, which may be deleted when the instance is terminated.
    pub(crate) zone: AvailabilityZone,
    pub(crate) subnet: SubnetId,
    pub(crate) vpc: VpcId,
    /// By device index.
    pub(crate) interfaces: Vec<NetworkInterfaceId>,
    /// Decoded from Base64.
    pub(crate) user_data: Option<String>,
    pub(crate) launched: SimTime,
    pub(crate) tags: Tags,
    pub(crate) origin: Origin,
}

/// The states of an instance; those that pass by themselves say when.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InstanceState {
    Pending { until: SimTime },
    Running,
    Stopping { until: SimTime },
    Stopped,
    ShuttingDown { until: SimTime },
    Terminated { since: SimTime },
}

members! {
    /// An interface of a launch: a new one, or one there is.
    InterfaceSpecification {
        associate_public_ip_address: Option<bool>,
        delete_on_termination: Option<bool>,
        description: Option<String>,
        device_index: Option<u16>,
        groups: Vec<String>,
        ipv6_address_count: Option<u32>,
        ipv6_addresses: Vec<InstanceIpv6Address>,
        network_interface_id: Option<String>,
        private_ip_address: Option<String>,
        private_ip_addresses: Vec<PrivateIpAddressSpecification>,
        secondary_private_ip_address_count: Option<u32>,
        subnet_id: Option<String>,
        interface_type: Option<String>,
        network_card_index: Option<u16>,
    }
}

requests! {
    /// Launches instances.
    RunInstances {
        image_id: Option<String>,
        instance_type: Option<String>,
        key_name: Option<String>,
        min_count: Option<u32>,
        max_count: Option<u32>,
        subnet_id: Option<String>,
        private_ip_address: Option<String>,
        ipv6_address_count: Option<u32>,
        ipv6_addresses: Vec<InstanceIpv6Address>,
        security_group_ids: Vec<String>,
        security_groups: Vec<String>,
        network_interfaces: Vec<InterfaceSpecification>,
        user_data: Option<String>,
        tag_specifications: Vec<TagSpecification>,
        client_token: Option<String>,
        // Accepted without effect: nothing of the network depends on them.
        block_device_mappings: Option<Value>,
        capacity_reservation_specification: Option<Value>,
        cpu_options: Option<Value>,
        credit_specification: Option<Value>,
        disable_api_stop: Option<bool>,
        disable_api_termination: Option<bool>,
        ebs_optimized: Option<bool>,
        enclave_options: Option<Value>,
        hibernation_options: Option<Value>,
        iam_instance_profile: Option<Value>,
        instance_initiated_shutdown_behavior: Option<String>,
        instance_market_options: Option<Value>,
        maintenance_options: Option<Value>,
        metadata_options: Option<Value>,
        monitoring: Option<Value>,
        placement: Option<Value>,
        private_dns_name_options: Option<Value>,
    }
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
    /// Changes one thing about an instance.
    ModifyInstanceAttribute {
        instance_id: String,
        source_dest_check: Option<BooleanValue>,
        groups: Vec<String>,
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
            InstanceState::Running => 16,
            InstanceState::ShuttingDown { .. } => 32,
            InstanceState::Terminated { .. } => 48,
            InstanceState::Stopping { .. } => 64,
            InstanceState::Stopped => 80,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            InstanceState::Pending { .. } => "pending",
            InstanceState::Running => "running",
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
            | InstanceState::Stopping { until }
            | InstanceState::ShuttingDown { until } => Some(until),
            InstanceState::Running | InstanceState::Stopped | InstanceState::Terminated { .. } => None,
        }
    }

    /// Whether the instance is up or coming up.
    pub(crate) fn is_on(self) -> bool {
        matches!(self, InstanceState::Pending { .. } | InstanceState::Running)
    }

    fn is_gone(self) -> bool {
        matches!(self, InstanceState::ShuttingDown { .. } | InstanceState::Terminated { .. })
    }
}

impl Resource for Instance {
    type Id = InstanceId;

    fn table(cloud: &Cloud) -> &IndexMap<InstanceId, Instance> {
        &cloud.instances
    }

    fn home(&self, _: &Cloud) -> (AccountId, Region) {
        (self.owner, self.zone.region())
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
        self.primary(cloud)?.primary().public.map(PublicAddress::address)
    }

    /// Which instance of its launch it is; instances of a launch stand together in the table.
    fn launch_index(&self, cloud: &Cloud) -> usize {
        let at = cloud.instances.get_index_of(&self.id).unwrap_or(0);
        let before = (0..at).rev().map_while(|at| cloud.instances.get_index(at));
        before.take_while(|(_, other)| other.reservation == self.reservation).count()
    }
}

impl Described for Instance {
    const FILTERS: FilterTable<Instance> = &[
        ("availability-zone", |instance, _| one(instance.zone)),
        ("dns-name", |instance, cloud| {
            many(instance.public_address(cloud).map(|address| cloud.public_dns_name(instance.vpc, address)))
        }),
        ("image-id", |instance, _| one(instance.image.id)),
        ("instance-id", |instance, _| one(instance.id)),
        ("instance-state-code", |instance, _| one(instance.state.code())),
        ("instance-state-name", |instance, _| one(instance.state.name())),
        ("instance-type", |instance, _| one(&instance.instance_type)),
        ("instance.group-id", |instance, cloud| many(instance.enis(cloud).flat_map(|eni| &eni.groups))),
        ("instance.group-name", |instance, cloud| {
            many(instance.enis(cloud).flat_map(|eni| &eni.groups).map(|id| &cloud.security_groups[id].name))
        }),
        ("ip-address", |instance, cloud| many(instance.public_address(cloud))),
        ("key-name", |instance, _| many(&instance.key_name)),
        ("network-interface.network-interface-id", |instance, _| many(&instance.interfaces)),
        ("network-interface.subnet-id", |instance, cloud| many(instance.enis(cloud).map(|eni| eni.subnet))),
        ("network-interface.vpc-id", |instance, cloud| many(instance.enis(cloud).map(|eni| eni.vpc))),
        ("network-interface.addresses.private-ip-address", |instance, cloud| {
            many(instance.enis(cloud).flat_map(|eni| &eni.ipv4).map(|private| private.address))
        }),
        ("owner-id", |instance, _| one(instance.owner)),
        ("placement-group-name", |_, _| Vec::new()),
        ("private-dns-name", |instance, cloud| {
            let primary = instance.primary(cloud).map(|eni| eni.primary().address);
            many(primary.map(|address| private_dns_name(instance.zone.region(), address)))
        }),
        ("private-ip-address", |instance, cloud| many(instance.primary(cloud).map(|eni| eni.primary().address))),
        ("reservation-id", |instance, _| one(instance.reservation)),
        ("source-dest-check", |instance, cloud| many(instance.primary(cloud).map(|eni| eni.source_dest_check))),
        ("subnet-id", |instance, _| if instance.state.is_gone() { Vec::new() } else { one(instance.subnet) }),
        ("vpc-id", |instance, _| if instance.state.is_gone() { Vec::new() } else { one(instance.vpc) }),
    ];

    fn describe(&self, cloud: &Cloud, _: &Caller) -> Value {
        let primary = self.primary(cloud);
        let region = self.zone.region();
        let public = self.public_address(cloud);
        let private = primary.map(|eni| eni.primary().address);
        let reason = match self.state {
            InstanceState::Pending { .. } => Some(("pending", "pending")),
            InstanceState::Stopping { .. } | InstanceState::Stopped => {
                Some(("Client.UserInitiatedShutdown", "Client.UserInitiatedShutdown: User initiated shutdown"))
            }
            InstanceState::ShuttingDown { .. } | InstanceState::Terminated { .. } => {
                Some(("Client.UserInitiatedShutdown", "Client.UserInitiatedShutdown: User initiated shutdown"))
            }
            InstanceState::Running => None,
        };
        let gone = matches!(self.state, InstanceState::Terminated { .. });
        let groups = primary.map(|eni| cloud.describe_group_names(&eni.groups)).unwrap_or_default();
        let windows = self.image.family == ImageFamily::Windows;
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
            .text("PlatformDetails", if windows { "Windows" } else { "Linux/UNIX" })
            .text("InstanceId", self.id)
            .text("ImageId", self.image.id)
            .value("State", self.state.describe())
            .text("PrivateDnsName", private.map(|address| private_dns_name(region, address)).unwrap_or_default())
            .text("PublicDnsName", public.map(|it| cloud.public_dns_name(self.vpc, it)).unwrap_or_default())
            .text("StateTransitionReason", if self.state.is_on() { "" } else { "User initiated" })
            .optional_text("KeyName", self.key_name.as_ref())
            .value("AmiLaunchIndex", self.launch_index(cloud))
            .list("ProductCodes", [] as [Value; 0])
            .text("InstanceType", &self.instance_type)
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

/// An interface of a launch that has been checked.
enum PlannedInterface {
    Fresh { plan: InterfacePlan, delete_on_termination: bool },
    Existing { id: NetworkInterfaceId, delete_on_termination: bool },
}

impl Cloud {
    pub(crate) fn run_instances(&mut self, caller: &Caller, request: RunInstances) -> Answer {
        let Some(image) = &request.image_id else { return Err(ApiError::missing("ImageId")) };
        let image = Image::from_id(caller.region, parse_id(image)?);
        let count = request.max_count.unwrap_or(1);
        let least = request.min_count.unwrap_or(count);
        if least < 1 || least > count {
            return Err(ApiError::invalid_value(format!(
                "Value ({least}) for parameter minCount is invalid. It must be at least 1 and at most maxCount ({count})."
            )));
        }
        let count = count as usize;
        let user_data = request.user_data.as_deref().map(decode_user_data).transpose()?;
        let tags = Tags::requested(&request.tag_specifications, ResourceKind::Instance, LAUNCH_TAGS)?;
        let interface_tags = Tags::requested(&request.tag_specifications, ResourceKind::NetworkInterface, LAUNCH_TAGS)?;
        if !request.security_groups.is_empty() {
            // By name only in a default VPC, of which there is none.
            return Err(ApiError::new(
                "InvalidParameterCombination",
                "The parameter groupName cannot be used with the parameter subnet",
            ));
        }
        let mut planned = self.plan_launch(caller, &request)?;
        let mut fresh: Vec<InterfacePlan> = Vec::new();
        for interface in &mut planned {
            match interface {
                PlannedInterface::Fresh { plan, .. } => {
                    plan.tags = interface_tags.clone();
                    fresh.push(plan.clone());
                }
                PlannedInterface::Existing { .. } if count > 1 => {
                    return Err(ApiError::new(
                        "InvalidParameterCombination",
                        "Multiple instances cannot be launched with one network interface.",
                    ));
                }
                PlannedInterface::Existing { .. } => {}
            }
        }
        self.check_plans(caller, &fresh, count)?;
        permit(request.dry_run)?;

        let reservation: ReservationId = self.ids.next();
        let mut launched = Vec::with_capacity(count);
        for _ in 0..count {
            let mut made = self.add_interfaces(caller, &fresh).into_iter();
            let interfaces: Vec<(NetworkInterfaceId, bool)> = planned
                .iter()
                .map(|interface| match interface {
                    PlannedInterface::Fresh { delete_on_termination, .. } => {
                        (made.next().expect("one interface is made for every plan"), *delete_on_termination)
                    }
                    PlannedInterface::Existing { id, delete_on_termination } => (*id, *delete_on_termination),
                })
                .collect();
            let id: InstanceId = self.ids.next();
            for (device_index, &(interface, delete_on_termination)) in interfaces.iter().enumerate() {
                self.network_interfaces[&interface].attachment = Some(Attachment {
                    id: self.ids.next(),
                    instance: id,
                    device_index: device_index as u16,
                    delete_on_termination,
                });
                self.touch_interface(interface);
            }
            let primary = &self.network_interfaces[&interfaces[0].0];
            let until = caller.now + PASSING;
            let instance = Instance {
                id,
                reservation,
                owner: caller.account,
                image: image.clone(),
                instance_type: request.instance_type.clone().unwrap_or_else(|| "m1.small".to_owned()),
                key_name: request.key_name.clone(),
                state: InstanceState::Pending { until },
                zone: self.subnets[&primary.subnet].zone,
                subnet: primary.subnet,
                vpc: primary.vpc,
                interfaces: interfaces.iter().map(|(interface, _)| *interface).collect(),
                user_data: user_data.clone(),
                launched: caller.now,
                tags: tags.clone(),
                origin: caller.origin,
            };
            self.instances.insert(id, instance);
            self.schedule.at(until, Transition::Instance(id));
            launched.push(id);
        }
        let shown: Vec<Value> = launched.iter().map(|id| self.instances[id].describe(self, caller)).collect();
        Ok(describe_reservation(reservation, caller.account, shown))
    }

    /// The interfaces of one instance of a launch, by device index, checked.
    fn plan_launch(&self, caller: &Caller, request: &RunInstances) -> Result<Vec<PlannedInterface>, ApiError> {
        if request.network_interfaces.is_empty() {
            let Some(subnet) = &request.subnet_id else { return Err(no_default_vpc()) };
            let subnet = self.find::<Subnet>(caller, subnet)?;
            let addresses = AddressRequest {
                primary: request.private_ip_address.as_deref(),
                ipv6: &request.ipv6_addresses,
                ipv6_count: request.ipv6_address_count.unwrap_or(0),
                ..AddressRequest::default()
            };
            let mut plan = self.plan_interface(caller, subnet, &request.security_group_ids, addresses)?;
            plan.public = subnet.map_public_ip_on_launch; // IGW-8
            return Ok(vec![PlannedInterface::Fresh { plan, delete_on_termination: true }]);
        }
        if request.subnet_id.is_some() || !request.security_group_ids.is_empty() || request.private_ip_address.is_some()
        {
            return Err(ApiError::new(
                "InvalidParameterCombination",
                "Network interfaces and an instance-level subnet ID, security groups or private IP address may not be \
                 specified on the same request",
            ));
        }
        let mut specifications: Vec<(u16, &InterfaceSpecification)> = Vec::new();
        for specification in &request.network_interfaces {
            let index = specification.device_index.unwrap_or(specifications.len() as u16);
            specifications.push((index, specification));
        }
        specifications.sort_by_key(|(index, _)| *index);
        if specifications.iter().enumerate().any(|(at, (index, _))| at != usize::from(*index)) {
            return Err(ApiError::invalid_value(
                "Each network interface requires a device index, and together they must count up from 0.",
            ));
        }
        let alone = specifications.len() == 1;
        let planned: Vec<PlannedInterface> = specifications
            .into_iter()
            .map(|(_, specification)| self.plan_launched_interface(caller, specification, alone))
            .collect::<Result<_, _>>()?;
        let vpc = |interface: &PlannedInterface| match interface {
            PlannedInterface::Fresh { plan, .. } => (plan.vpc, self.subnets[&plan.subnet].zone),
            PlannedInterface::Existing { id, .. } => {
                let interface = &self.network_interfaces[id];
                (interface.vpc, self.subnets[&interface.subnet].zone)
            }
        };
        if planned.iter().any(|interface| vpc(interface) != vpc(&planned[0])) {
            return Err(ApiError::invalid_value(
                "All network interfaces of an instance must be in one VPC and one Availability Zone.",
            ));
        }
        Ok(planned)
    }

    fn plan_launched_interface(
        &self,
        caller: &Caller,
        specification: &InterfaceSpecification,
        alone: bool,
    ) -> Result<PlannedInterface, ApiError> {
        if let Some(id) = &specification.network_interface_id {
            let interface = self.find::<NetworkInterface>(caller, id)?;
            if interface.attachment.is_some() {
                return Err(ApiError::new(
                    "InvalidNetworkInterface.InUse",
                    format!("Interface: [{}] in use.", interface.id),
                ));
            }
            let delete_on_termination = specification.delete_on_termination.unwrap_or(false);
            return Ok(PlannedInterface::Existing { id: interface.id, delete_on_termination });
        }
        let Some(subnet) = &specification.subnet_id else { return Err(no_default_vpc()) };
        let subnet = self.find::<Subnet>(caller, subnet)?;
        if specification.associate_public_ip_address == Some(true) && !alone {
            return Err(ApiError::new(
                "InvalidParameterCombination",
                "The associatePublicIPAddress parameter cannot be specified when launching with multiple network interfaces.",
            ));
        }
        let addresses = AddressRequest {
            primary: specification.private_ip_address.as_deref(),
            list: &specification.private_ip_addresses,
            secondary_count: specification.secondary_private_ip_address_count.unwrap_or(0),
            ipv6: &specification.ipv6_addresses,
            ipv6_count: specification.ipv6_address_count.unwrap_or(0),
        };
        let mut plan = self.plan_interface(caller, subnet, &specification.groups, addresses)?;
        plan.public = alone && specification.associate_public_ip_address.unwrap_or(subnet.map_public_ip_on_launch);
        plan.description = specification.description.clone().unwrap_or_default();
        let delete_on_termination = specification.delete_on_termination.unwrap_or(true);
        Ok(PlannedInterface::Fresh { plan, delete_on_termination })
    }

    pub(crate) fn describe_instances(&mut self, caller: &Caller, request: DescribeInstances) -> Answer {
        permit(request.dry_run)?;
        let mut launches: IndexMap<ReservationId, (AccountId, Vec<Value>)> = IndexMap::new();
        for instance in self.selected::<Instance>(caller, &request.instance_ids, &request.filters)? {
            let (_, instances) = launches.entry(instance.reservation).or_insert_with(|| (instance.owner, Vec::new()));
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
                let on = instance.state == InstanceState::Running;
                let summary = || {
                    let details = Object::new()
                        .text("Name", "reachability")
                        .text("Status", if on { "passed" } else { "not-applicable" });
                    Object::new().list("Details", [details]).text("Status", if on { "ok" } else { "not-applicable" })
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
        let changes = self.change_states(caller, &ids, |cloud, id| {
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
                && cloud.network_interfaces[&interface].primary().public.is_none()
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
        let changes = self.change_states(caller, &ids, |cloud, id| {
            if cloud.instances[&id].state != InstanceState::Running {
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
        let changes = self.change_states(caller, &ids, |cloud, id| {
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

    pub(crate) fn modify_instance_attribute(&mut self, caller: &Caller, request: ModifyInstanceAttribute) -> Answer {
        let instance = self.find::<Instance>(caller, &request.instance_id)?;
        let id = instance.id;
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
        self.touch_interface(interface);
        if let Some(check) = request.source_dest_check {
            self.network_interfaces[&interface].source_dest_check = check.value;
        }
        if let Some(groups) = groups {
            self.network_interfaces[&interface].groups = groups;
            self.touch_interface(interface);
        }
        nothing()
    }

    /// A passing state passes.
    pub(crate) fn settle_instance(&mut self, id: InstanceId, now: SimTime) {
        let instance = &mut self.instances[&id];
        match instance.state {
            InstanceState::Pending { .. } => instance.state = InstanceState::Running,
            InstanceState::Stopping { .. } => instance.state = InstanceState::Stopped,
            InstanceState::ShuttingDown { .. } => {
                instance.state = InstanceState::Terminated { since: now };
                for interface in std::mem::take(&mut instance.interfaces) {
                    self.unplug(interface);
                }
            }
            InstanceState::Running | InstanceState::Stopped | InstanceState::Terminated { .. } => {}
        }
        let vpc = self.instances[&id].vpc;
        self.touch(vpc);
    }

    /// An interface whose instance is terminated goes with it, or is free again.
    fn unplug(&mut self, id: NetworkInterfaceId) {
        let attachment = self.network_interfaces[&id].attachment.take();
        if attachment.is_some_and(|attachment| attachment.delete_on_termination) {
            self.remove_interface(id);
        } else {
            self.touch_interface(id);
        }
    }

    fn release_public_addresses(&mut self, id: InstanceId) {
        for interface in self.instances[&id].interfaces.clone() {
            self.release_auto_public_address(interface);
            self.touch_interface(interface);
        }
    }

    fn instances_named(&self, caller: &Caller, ids: &[String]) -> Result<Vec<InstanceId>, ApiError> {
        if ids.is_empty() {
            return Err(ApiError::missing("InstanceId"));
        }
        ids.iter().map(|id| Ok(self.find::<Instance>(caller, id)?.id)).collect()
    }

    /// Changes instances one by one and tells what each was and is.
    fn change_states(
        &mut self,
        _: &Caller,
        ids: &[InstanceId],
        mut change: impl FnMut(&mut Cloud, InstanceId),
    ) -> Vec<Value> {
        ids.iter()
            .map(|&id| {
                let before = self.instances[&id].state;
                change(self, id);
                let (vpc, after) = (self.instances[&id].vpc, self.instances[&id].state);
                if before != after {
                    self.touch(vpc);
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
            .optional("Association", eni.primary().public.map(association))
            .optional("Attachment", attachment)
            .text("Description", &eni.description)
            .value("Groups", self.describe_group_names(&eni.groups))
            .list("Ipv6Addresses", eni.ipv6.iter().map(|address| Object::new().text("Ipv6Address", address)))
            .text("MacAddress", eni.mac)
            .text("NetworkInterfaceId", eni.id)
            .text("OwnerId", eni.owner)
            .text("PrivateDnsName", private_dns_name(region, eni.primary().address))
            .text("PrivateIpAddress", eni.primary().address)
            .list("PrivateIpAddresses", addresses)
            .value("SourceDestCheck", eni.source_dest_check)
            .text("Status", eni.status())
            .text("SubnetId", eni.subnet)
            .text("VpcId", eni.vpc)
            .text("InterfaceType", "interface")
            .into()
    }
}

/// What a launch may give tags to. Volumes are not simulated; their tags are taken and dropped with them.
const LAUNCH_TAGS: &[&str] = &["instance", "network-interface", "volume"];

fn describe_reservation(id: ReservationId, owner: AccountId, instances: Vec<Value>) -> Value {
    Object::new()
        .text("ReservationId", id)
        .text("OwnerId", owner)
        .list("Groups", [] as [Value; 0])
        .value("Instances", instances)
        .into()
}

fn decode_user_data(text: &str) -> Result<String, ApiError> {
    let bytes = base64::decode(text).ok_or_else(|| ApiError::invalid_value("Invalid BASE64 encoding of user data"))?;
    if bytes.len() > USER_DATA_BYTES {
        return Err(ApiError::invalid_value("User data is limited to 16384 bytes"));
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn wrong_state(id: InstanceId, participle: &str) -> ApiError {
    ApiError::new(
        "IncorrectInstanceState",
        format!("The instance '{id}' is not in a state from which it can be {participle}."),
    )
}
