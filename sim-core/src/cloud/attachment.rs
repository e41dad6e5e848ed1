//! Attaching network interfaces to instances that exist, and detaching them (L2-10).
//!
//! The primary interface, at device index 0, comes and goes with its instance. What a guest does with a new interface is not
//! known here.
//!
//! Differs from AWS: how many interfaces an instance type takes is not checked, and an interface of another VPC is refused,
//! which AWS has allowed since 2023.

use super::answer::{Answer, Object, nothing};
use super::error::permit;
use super::lookup::parse_id;
use super::network_interface::Attachment;
use super::request::requests;
use super::{ApiError, Caller, Cloud, Instance, InstanceState, NetworkInterface};
use crate::id::*;

requests! {
    /// Attaches an interface to an instance.
    AttachNetworkInterface {
        device_index: Option<u16>,
        instance_id: String,
        network_card_index: Option<u16>,
        network_interface_id: String,
    }
    /// Detaches an interface from its instance.
    DetachNetworkInterface { attachment_id: String, force: bool, }
}

impl Cloud {
    pub(crate) fn attach_network_interface(&mut self, caller: &Caller, request: AttachNetworkInterface) -> Answer {
        let interface = self.find::<NetworkInterface>(caller, &request.network_interface_id)?;
        let instance = self.find::<Instance>(caller, &request.instance_id)?;
        let Some(device_index) = request.device_index else { return Err(ApiError::missing("deviceIndex")) };
        if request.network_card_index.unwrap_or(0) != 0 {
            return Err(ApiError::not_simulated("A network card with another index than 0"));
        }
        if interface.attachment.is_some() || interface.requester.is_some() {
            return Err(ApiError::new(
                "InvalidNetworkInterface.InUse",
                format!("Interface: [{}] in use.", interface.id),
            ));
        }
        if !matches!(instance.state, InstanceState::Running | InstanceState::Stopped) {
            return Err(ApiError::new(
                "IncorrectState",
                format!("Instance '{}' is not 'running' or 'stopped'.", instance.id),
            ));
        }
        if self.subnets[&interface.subnet].zone != instance.zone {
            return Err(ApiError::new(
                "InvalidParameterCombination",
                "You may not attach a network interface to an instance if they are not in the same availability zone",
            ));
        }
        if interface.vpc != instance.vpc {
            return Err(ApiError::not_simulated("Attaching a network interface of another VPC"));
        }
        let index_of = |id: &NetworkInterfaceId| self.device_index(*id);
        let Err(at) = instance.interfaces.binary_search_by_key(&device_index, index_of) else {
            return Err(ApiError::invalid_value(format!(
                "Instance '{}' already has an interface attached at device index '{device_index}'.",
                instance.id
            )));
        };
        let (interface, instance) = (interface.id, instance.id);
        permit(request.dry_run)?;
        let id: EniAttachmentId = self.ids.next();
        let attachment = Attachment { id, instance, device_index, delete_on_termination: false };
        self.network_interfaces[&interface].attachment = Some(attachment);
        self.instances[&instance].interfaces.insert(at, interface);
        self.touch(interface);
        self.touch_interfaces(instance);
        self.changed_instances.push(instance);
        Ok(Object::new().text("AttachmentId", id).value("NetworkCardIndex", 0).into())
    }

    pub(crate) fn detach_network_interface(&mut self, caller: &Caller, request: DetachNetworkInterface) -> Answer {
        let id: EniAttachmentId = parse_id(&request.attachment_id)?;
        let mut attached = self.network_interfaces.values().filter_map(|eni| Some((eni, eni.attachment.as_ref()?)));
        let Some((interface, attachment)) = attached.find(|(_, attachment)| attachment.id == id) else {
            return Err(ApiError::not_found(ResourceKind::EniAttachment, id));
        };
        self.seen::<NetworkInterface>(caller, interface.id)
            .map_err(|_| ApiError::not_found(ResourceKind::EniAttachment, id))?;
        if attachment.device_index == 0 {
            return Err(ApiError::new(
                "OperationNotPermitted",
                "The network interface at device index 0 cannot be detached.",
            ));
        }
        let (interface, instance) = (interface.id, attachment.instance);
        permit(request.dry_run)?;
        self.network_interfaces[&interface].attachment = None;
        self.instances[&instance].interfaces.retain(|id| *id != interface);
        self.touch(interface);
        self.touch_interfaces(instance);
        self.changed_instances.push(instance);
        nothing()
    }

    /// The device index of an interface that is attached.
    fn device_index(&self, id: NetworkInterfaceId) -> u16 {
        self.network_interfaces[&id].attachment.as_ref().map_or(0, |attachment| attachment.device_index)
    }
}
