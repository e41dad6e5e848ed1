//! What flow logs ask about the cloud: which of them cover an interface, and what their records say of it (FL-1).

use super::names::Names;
use crate::cloud::{FlowLog, NetworkInterface, TrafficType};
use crate::id::{FlowLogId, NetworkInterfaceId};
use crate::trace::{FlowAction, FlowLogField, FlowLogStream, FlowLogWords, RecordField};

impl FlowLogWords for Names<'_> {
    fn flow_logs(&self) -> Vec<FlowLogId> {
        self.cloud.flow_logs.values().map(|log| log.id).collect()
    }

    fn streams_of(&self, interface: NetworkInterfaceId) -> Vec<FlowLogStream> {
        let Some(interface) = self.cloud.network_interfaces.get(&interface) else { return Vec::new() };
        let covering = self.cloud.flow_logs.values().filter(|log| log.covers(interface));
        covering.map(|log| self.stream(log, interface)).collect()
    }
}

impl Names<'_> {
    fn stream(&self, log: &FlowLog, interface: &NetworkInterface) -> FlowLogStream {
        let only = match log.traffic {
            TrafficType::Accept => Some(FlowAction::Accept),
            TrafficType::Reject => Some(FlowAction::Reject),
            TrafficType::All => None,
        };
        let fields = log.format.fields();
        FlowLogStream {
            log: log.id,
            // AWS calls the stream `eni-…-all`; two flow logs may have the same interface.
            file: format!("{}_{}-{}", log.id, interface.id, log.traffic.as_str().to_lowercase()),
            only,
            window_seconds: log.window_seconds(self.cloud, interface).into(),
            headings: log.has_headings().then(|| fields.join(" ")),
            fields: fields.iter().map(|name| self.field(name, log, interface)).collect(),
        }
    }

    /// A field of an interface's records. What is not known here – the path that traffic takes, which of AWS's services has an
    /// address – is `-`, and so is what an interface has not, as AWS writes it.
    fn field(&self, name: &str, log: &FlowLog, interface: &NetworkInterface) -> FlowLogField {
        if let Some(recorded) = RecordField::of_name(name) {
            return FlowLogField::Recorded(recorded);
        }
        let zone = self.cloud.subnets.get(&interface.subnet).map(|subnet| subnet.zone);
        let instance = interface.attachment.as_ref().map(|attachment| attachment.instance);
        let constant = match name {
            "version" => Some(log.format.version().to_string()),
            "account-id" => Some(interface.owner.to_string()),
            "interface-id" => Some(interface.id.to_string()),
            "vpc-id" => Some(interface.vpc.to_string()),
            "subnet-id" => Some(interface.subnet.to_string()),
            "instance-id" => instance.map(|instance| instance.to_string()),
            "region" => zone.map(|zone| zone.region().to_string()),
            "az-id" => zone.map(|zone| zone.zone_id().to_string()),
            _ => None,
        };
        FlowLogField::Constant(constant.unwrap_or_else(|| "-".to_owned()))
    }
}
