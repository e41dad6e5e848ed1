//! Launching instances: the request, its interfaces, and what comes of it.
//!
//! What an instance is made of besides its network (disks, processors, roles) is accepted where labs mention it and has no
//! effect.

use std::sync::Arc;

use serde_json::Value;
use smallvec::SmallVec;
use smol_str::SmolStr;

use super::answer::Answer;
use super::base64;
use super::connection_tracking::{ConnectionTracking, ConnectionTrackingSpecification};
use super::describe::Described;
use super::error::permit;
use super::instance::{PASSING, describe_reservation};
use super::instance_type::check_instance_type;
use super::interface_plan::{AddressRequest, InterfacePlan};
use super::lookup::parse_id;
use super::metadata_options::{MetadataOptions, MetadataOptionsRequest};
use super::network_interface::{Attachment, InstanceIpv6Address, PrivateIpAddressSpecification};
use super::private_dns_name::PrivateDnsNameOptionsRequest;
use super::request::{members, requests};
use super::tag::TagSpecification;
use super::transition::Transition;
use super::{ApiError, Caller, Cloud, Image, Instance, InstanceState, NetworkInterface, Subnet, Tags};
use crate::id::*;

/// User data is at most this long once decoded.
const USER_DATA_BYTES: usize = 16 * 1024;

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
        connection_tracking_specification: Option<ConnectionTrackingSpecification>,
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
        metadata_options: Option<MetadataOptionsRequest>,
        private_dns_name_options: Option<PrivateDnsNameOptionsRequest>,
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
        monitoring: Option<Value>,
        placement: Option<Value>,
    }
}

/// What the instances of a launch have in common for good.
#[derive(Clone, Debug)]
pub(crate) struct Launch {
    pub(crate) reservation: ReservationId,
    pub(crate) owner: AccountId,
    pub(crate) image: Image,
    pub(crate) instance_type: SmolStr,
    pub(crate) key_name: Option<String>,
    /// Decoded from Base64.
    pub(crate) user_data: Option<String>,
}

/// An interface of a launch that has been checked.
enum PlannedInterface {
    Fresh { plan: InterfacePlan, delete_on_termination: bool },
    Existing { id: NetworkInterfaceId, delete_on_termination: bool },
}

impl Cloud {
    pub(crate) fn run_instances(&mut self, caller: &Caller, request: RunInstances) -> Answer {
        let launched = self.launch(caller, request)?;
        let launch = &self.instances[&launched[0]].launch;
        let (reservation, owner) = (launch.reservation, launch.owner);
        let shown: Vec<Value> = launched.iter().map(|id| self.instances[id].describe(self, caller)).collect();
        Ok(describe_reservation(reservation, owner, shown))
    }

    /// Launches instances and answers with their ids. To describe one of them costs many times what making it does, which is
    /// for who wants to read it.
    pub(crate) fn launch(&mut self, caller: &Caller, request: RunInstances) -> Result<Vec<InstanceId>, ApiError> {
        let Some(image) = &request.image_id else { return Err(ApiError::missing("ImageId")) };
        let image = match image.strip_prefix("resolve:ssm:") {
            Some(parameter) => Image::from_ssm_parameter(caller.region, parameter).ok_or_else(|| {
                ApiError::invalid_value(format!("The parameter '{parameter}' could not be resolved to an image"))
            })?,
            None => self.image(caller.region, parse_id(image)?),
        };
        let count = request.max_count.unwrap_or(1);
        let least = request.min_count.unwrap_or(count);
        if least < 1 || least > count {
            return Err(ApiError::invalid_value(format!(
                "Value ({least}) for parameter minCount is invalid. It must be at least 1 and at most maxCount ({count})."
            )));
        }
        if let Some(instance_type) = &request.instance_type {
            check_instance_type(instance_type)?;
        }
        let count = count as usize;
        let user_data = request.user_data.as_deref().map(decode_user_data).transpose()?;
        let asked = request.metadata_options.clone().unwrap_or_default();
        let metadata_options = MetadataOptions::of_image(image.family).with(&asked)?;
        let tags = Tags::requested(&request.tag_specifications, ResourceKind::Instance, LAUNCH_TAGS)?;
        let interface_tags = Tags::requested(&request.tag_specifications, ResourceKind::NetworkInterface, LAUNCH_TAGS)?;
        if !request.security_groups.is_empty()
            && (request.subnet_id.is_some() || !request.network_interfaces.is_empty())
        {
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
        let (subnet, vpc) = match &planned[0] {
            PlannedInterface::Fresh { plan, .. } => (plan.subnet, plan.vpc),
            PlannedInterface::Existing { id, .. } => {
                let primary = &self.network_interfaces[id];
                (primary.subnet, primary.vpc)
            }
        };
        let home = &self.subnets[&subnet];
        let zone = home.zone;
        let asked = request.private_dns_name_options.clone().unwrap_or_default();
        let name_options = home.name_options_on_launch.with(&asked, home)?;
        permit(request.dry_run)?;

        let launch = Arc::new(Launch {
            reservation: self.ids.next(),
            owner: caller.account,
            image,
            instance_type: request.instance_type.map_or(SmolStr::new_static("m1.small"), SmolStr::from),
            key_name: request.key_name,
            user_data,
        });
        let until = caller.now + PASSING;
        self.take_explicit_addresses(&fresh);
        let mut launched = Vec::with_capacity(count);
        for launch_index in 0..count as u32 {
            let id: InstanceId = self.ids.next();
            let mut interfaces = SmallVec::new();
            let mut plans = fresh.iter();
            for (interface, device_index) in planned.iter().zip(0..) {
                let attachment_id = self.ids.next();
                let attachment = |delete_on_termination| {
                    Some(Attachment { id: attachment_id, instance: id, device_index, delete_on_termination })
                };
                interfaces.push(match *interface {
                    PlannedInterface::Fresh { delete_on_termination, .. } => {
                        let plan = plans.next().expect("every fresh interface has its plan");
                        self.add_interface(caller, plan, attachment(delete_on_termination))
                    }
                    PlannedInterface::Existing { id, delete_on_termination } => {
                        self.network_interfaces[&id].attachment = attachment(delete_on_termination);
                        self.touch(id);
                        id
                    }
                });
            }
            let instance = Instance {
                id,
                launch: launch.clone(),
                launch_index,
                state: InstanceState::Pending { until },
                zone,
                subnet,
                vpc,
                interfaces,
                launched: caller.now,
                metadata_options,
                name_options,
                tags: tags.clone(),
                origin: caller.origin,
            };
            self.instances.insert(id, instance);
            self.schedule.at(until, Transition::Instance(id));
            launched.push(id);
        }
        Ok(launched)
    }

    /// An image by its id. Which public parameter it is behind takes a while to find out, and labs launch many of one image.
    fn image(&mut self, region: Region, id: ImageId) -> Image {
        self.images.entry((region, id)).or_insert_with(|| Image::from_id(region, id)).clone()
    }

    /// The interfaces of one instance of a launch, by device index, checked.
    fn plan_launch(&self, caller: &Caller, request: &RunInstances) -> Result<Vec<PlannedInterface>, ApiError> {
        if request.network_interfaces.is_empty() {
            let subnet = match &request.subnet_id {
                Some(subnet) => self.find::<Subnet>(caller, subnet)?,
                None => self.implied_subnet(caller, zone_of(request))?,
            };
            let mut groups = request.security_group_ids.clone();
            for name in &request.security_groups {
                groups.push(self.group_named(caller, name)?.id.to_string());
            }
            let addresses = AddressRequest {
                primary: request.private_ip_address.as_deref(),
                ipv6: &request.ipv6_addresses,
                ipv6_count: request.ipv6_address_count.unwrap_or(0),
                ..AddressRequest::default()
            };
            let mut plan = self.plan_interface(caller, subnet, &groups, addresses)?;
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
            .map(|(_, specification)| self.plan_launched_interface(caller, specification, zone_of(request), alone))
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
        zone: Option<&str>,
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
        let subnet = match &specification.subnet_id {
            Some(subnet) => self.find::<Subnet>(caller, subnet)?,
            None => self.implied_subnet(caller, zone)?,
        };
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
        if specification.associate_public_ip_address == Some(true) {
            subnet.check_ipv4("public IPv4 addresses")?;
        }
        plan.public = alone && specification.associate_public_ip_address.unwrap_or(subnet.map_public_ip_on_launch);
        plan.connection_tracking =
            ConnectionTracking::requested(specification.connection_tracking_specification.as_ref())?;
        plan.description = specification.description.as_deref().unwrap_or_default().into();
        let delete_on_termination = specification.delete_on_termination.unwrap_or(true);
        Ok(PlannedInterface::Fresh { plan, delete_on_termination })
    }
}

/// What a launch may give tags to. Volumes are not simulated; their tags are taken and dropped with them.
const LAUNCH_TAGS: &[&str] = &["instance", "network-interface", "volume"];

/// The zone a launch asks for. It only matters where no subnet does.
fn zone_of(request: &RunInstances) -> Option<&str> {
    request.placement.as_ref()?.get("AvailabilityZone")?.as_str()
}

fn decode_user_data(text: &str) -> Result<String, ApiError> {
    let bytes = base64::decode(text).ok_or_else(|| ApiError::invalid_value("Invalid BASE64 encoding of user data"))?;
    if bytes.len() > USER_DATA_BYTES {
        return Err(ApiError::invalid_value("User data is limited to 16384 bytes"));
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
