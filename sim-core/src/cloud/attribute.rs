//! Single attributes of instances and network interfaces, as labs look at them.

use serde_json::Value;

use super::answer::{Answer, Object, nothing};
use super::error::permit;
use super::request::requests;
use super::{ApiError, Caller, Cloud, Instance, NetworkInterface};

requests! {
    /// Shows one attribute of an instance.
    DescribeInstanceAttribute { instance_id: String, attribute: String, }
    /// Shows one attribute of an interface.
    DescribeNetworkInterfaceAttribute { network_interface_id: String, attribute: Option<String>, }
    /// Sets the source/destination check back to on (L2-9).
    ResetNetworkInterfaceAttribute { network_interface_id: String, source_dest_check: Option<String>, }
}

impl Cloud {
    pub(crate) fn describe_instance_attribute(
        &mut self,
        caller: &Caller,
        request: DescribeInstanceAttribute,
    ) -> Answer {
        let instance = self.find::<Instance>(caller, &request.instance_id)?;
        let primary = instance.interfaces.first().map(|id| &self.network_interfaces[id]);
        let text = |value: &str| Value::from(Object::new().text("Value", value));
        let (name, value) = match request.attribute.as_str() {
            "groupSet" => {
                ("Groups", primary.map_or(Value::Array(Vec::new()), |it| self.describe_group_names(&it.groups).into()))
            }
            "instanceType" => ("InstanceType", text(&instance.launch.instance_type)),
            "sourceDestCheck" => {
                let check = primary.is_none_or(|interface| interface.source_dest_check);
                ("SourceDestCheck", Object::new().value("Value", check).into())
            }
            "" => return Err(ApiError::missing("attribute")),
            "blockDeviceMapping"
            | "disableApiStop"
            | "disableApiTermination"
            | "ebsOptimized"
            | "enaSupport"
            | "enclaveOptions"
            | "instanceInitiatedShutdownBehavior"
            | "kernel"
            | "productCodes"
            | "ramdisk"
            | "rootDeviceName"
            | "sriovNetSupport"
            | "userData" => {
                return Err(ApiError::not_simulated(&format!("The instance attribute {}", request.attribute)));
            }
            other => return Err(unknown(other)),
        };
        permit(request.dry_run)?;
        Ok(Object::new().text("InstanceId", instance.id).value(name, value).into())
    }

    pub(crate) fn describe_network_interface_attribute(
        &mut self,
        caller: &Caller,
        request: DescribeNetworkInterfaceAttribute,
    ) -> Answer {
        let interface = self.find::<NetworkInterface>(caller, &request.network_interface_id)?;
        let Some(attribute) = &request.attribute else { return Err(ApiError::missing("attribute")) };
        let object = Object::new();
        let object = match attribute.as_str() {
            "attachment" => object.optional(
                "Attachment",
                interface.attachment.as_ref().map(|attachment| {
                    Object::new()
                        .text("AttachmentId", attachment.id)
                        .value("DeleteOnTermination", attachment.delete_on_termination)
                        .value("DeviceIndex", attachment.device_index)
                        .text("InstanceId", attachment.instance)
                        .text("InstanceOwnerId", interface.owner)
                        .text("Status", "attached")
                }),
            ),
            "description" => object.value("Description", Object::new().text("Value", &interface.description)),
            "groupSet" => object.value("Groups", self.describe_group_names(&interface.groups)),
            "sourceDestCheck" => {
                object.value("SourceDestCheck", Object::new().value("Value", interface.source_dest_check))
            }
            other => return Err(unknown(other)),
        };
        permit(request.dry_run)?;
        Ok(object.text("NetworkInterfaceId", interface.id).into())
    }

    pub(crate) fn reset_network_interface_attribute(
        &mut self,
        caller: &Caller,
        request: ResetNetworkInterfaceAttribute,
    ) -> Answer {
        let id = self.find::<NetworkInterface>(caller, &request.network_interface_id)?.id;
        if request.source_dest_check.is_none() {
            return Err(ApiError::missing("sourceDestCheck"));
        }
        permit(request.dry_run)?;
        self.network_interfaces[&id].source_dest_check = true;
        self.touch(id);
        nothing()
    }
}

fn unknown(attribute: &str) -> ApiError {
    ApiError::invalid_value(format!("Value ({attribute}) for parameter attribute is invalid. Unknown attribute."))
}
