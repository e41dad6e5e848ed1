//! What things are called: Name tag, logical id, physical id, and which of them a person would use.

use std::fmt::Write as _;

use rustc_hash::FxHashMap;
use serde_json::Value;

use super::report::{Component, SourceLine};
use crate::cloud::{ApiError, Caller, Cloud, InstanceState, RunInstances};
use crate::frontend::Api;
use crate::frontend::cloudformation::Stack;
use crate::frontend::diagnostic::Sources;
use crate::frontend::scenario::Passed;
use crate::id::{AccountId, InstanceId, NetworkInterfaceId, Origin, Region, ResourceId, ResourceKind};
use crate::sim::internet::InternetHost;
use crate::sim::world::World;
use crate::trace::{CapturePoint, CaptureWords, DropReason, TraceEvent};

/// The logical ids of everything that stacks made.
#[derive(Debug, Default)]
pub(super) struct LogicalIds {
    stacks: Vec<String>,
    /// The stack, by its place among them, and the logical id.
    by_id: FxHashMap<ResourceId, (usize, Box<str>)>,
}

impl LogicalIds {
    /// Learns the names of a stack's resources.
    pub(super) fn learn(&mut self, stack: &Stack) {
        self.by_id.reserve(stack.resources.len());
        for (logical_id, resource) in &stack.resources {
            // The `Ref` of an association is what it associates, which has a name of its own.
            if let Ok(id) = resource.id().parse::<ResourceId>() {
                self.by_id.insert(id, (self.stacks.len(), logical_id.as_str().into()));
            }
        }
        self.stacks.push(stack.name.clone());
    }

    /// The stack and the logical id that made a resource.
    pub(super) fn of(&self, id: ResourceId) -> Option<(&str, &str)> {
        self.by_id.get(&id).map(|(stack, logical_id)| (self.stacks[*stack].as_str(), &**logical_id))
    }
}

/// Knows every name.
#[derive(Clone, Copy)]
pub(super) struct Names<'a> {
    pub cloud: &'a Cloud,
    pub logical_ids: &'a LogicalIds,
    pub internet: &'a [InternetHost],
    pub sources: &'a Sources,
}

impl Names<'_> {
    /// The resource a person means by an interface: its instance, if it has one.
    pub(super) fn owner(&self, id: ResourceId) -> ResourceId {
        self.device(id).map_or(id, |(instance, _)| instance.into())
    }

    /// The instance that an interface is attached to, and as which device.
    fn device(&self, id: ResourceId) -> Option<(InstanceId, u16)> {
        let interface = self.cloud.network_interfaces.get(&NetworkInterfaceId::try_from(id).ok()?)?;
        interface.attachment.as_ref().map(|attachment| (attachment.instance, attachment.device_index))
    }

    /// The name to print: an instance's Name tag, otherwise the logical id, the Name tag or the id.
    pub(super) fn display(&self, id: ResourceId) -> String {
        let owner = self.owner(id);
        let component = self.component(owner);
        component.known_as().map_or_else(|| owner.to_string(), str::to_owned)
    }

    fn tag_name(&self, id: ResourceId) -> Option<&str> {
        self.cloud.tags(id).and_then(|tags| tags.name())
    }

    /// A resource with its names. An interface that has none is called after its instance.
    pub(super) fn component(&self, id: ResourceId) -> Component {
        let internet = self.internet.iter().find(|host| ResourceId::from(host.id) == id);
        let name = match internet {
            Some(host) => Some(host.name.clone()),
            None if id.kind() == ResourceKind::InternetHost => Some("the Internet".to_owned()),
            None => self
                .tag_name(id)
                .map(str::to_owned)
                .or_else(|| self.device(id).map(|(_, index)| format!("eth{index} of {}", self.display(id)))),
        };
        let logical_id = self.logical_ids.of(id).map(|(_, logical_id)| logical_id.to_owned());
        Component { id, name, logical_id, kind: kind_in_words(id.kind()).to_owned() }
    }

    /// A resource under all the names a scenario may call it by.
    pub(super) fn passed(&self, id: ResourceId) -> Passed {
        let mut names = vec![self.display(id)];
        for id in [self.owner(id), id] {
            if let Some((stack, logical_id)) = self.logical_ids.of(id) {
                names.extend([logical_id.to_owned(), format!("{stack}.{logical_id}")]);
            }
            names.extend(self.component(id).name);
            names.push(id.to_string());
        }
        names.dedup();
        Passed { names }
    }

    /// The host that a step's `on:` names: an instance by Name tag, logical id (with or without its stack) or id, or a host
    /// on the Internet.
    pub(super) fn host(&self, name: &str) -> Option<HostName> {
        let meant_id = name.parse::<InstanceId>().ok();
        let is_called = |id: InstanceId| {
            let by_logical_id = self.logical_ids.of(id.into()).is_some_and(|(stack, logical_id)| {
                logical_id == name || name.split_once('.') == Some((stack, logical_id))
            });
            by_logical_id || Some(id) == meant_id || self.tag_name(id.into()) == Some(name)
        };
        let mut living = self
            .cloud
            .instances
            .values()
            .filter(|instance| !matches!(instance.state, InstanceState::Terminated { .. }));
        let instance = living.find(|instance| is_called(instance.id)).map(|instance| HostName::Instance(instance.id));
        instance.or_else(|| self.internet.iter().position(|host| host.name == name).map(HostName::Internet))
    }

    /// The hosts that there are – instances that are not terminated, and the scenario's on the Internet – with what they are
    /// called.
    pub(super) fn hosts(&self) -> impl Iterator<Item = (HostName, String)> {
        let living = self.cloud.instances.values();
        let living = living.filter(|instance| !matches!(instance.state, InstanceState::Terminated { .. }));
        let mut instances: Vec<_> = living.map(|instance| (self.display(instance.id.into()), instance.id)).collect();
        instances.sort();
        let instances = instances.into_iter().map(|(name, id)| (HostName::Instance(id), name));
        let outside = self.internet.iter().enumerate().filter(|(_, host)| host.is_the_scenarios());
        let outside = outside.map(|(number, host)| (HostName::Internet(number), host.name.clone()));
        instances.chain(outside)
    }

    /// The line where something was written, if it was in a template.
    pub(super) fn source(&self, origin: Origin) -> Option<SourceLine> {
        match origin {
            Origin::Template { file, line } => Some(SourceLine { file: self.sources.file(file).path.clone(), line }),
            Origin::Aws | Origin::Step(_) => None,
        }
    }
}

impl CaptureWords for Names<'_> {
    fn point(&self, id: ResourceId) -> CapturePoint {
        let name = self.display(id);
        let (file, interface) = match self.device(id) {
            Some((_, index)) => (format!("{name}-eth{index}"), format!("{name}/eth{index}")),
            None => (name.clone(), name),
        };
        let mut description = id.to_string();
        if let Some(name) = self.tag_name(id).filter(|name| *name != interface) {
            let _ = write!(description, " {name}");
        }
        CapturePoint { file, interface, description }
    }

    fn drop_sentence(&self, event: &TraceEvent, reason: &DropReason) -> String {
        reason.sentence(&event.headers, &|id| self.display(id))
    }
}

/// What an id names, in a reader's words.
fn kind_in_words(kind: ResourceKind) -> &'static str {
    match kind {
        ResourceKind::Vpc => "VPC",
        ResourceKind::Subnet => "subnet",
        ResourceKind::RouteTable => "route table",
        ResourceKind::InternetGateway => "Internet gateway",
        ResourceKind::NatGateway => "NAT gateway",
        ResourceKind::EgressOnlyInternetGateway => "egress-only Internet gateway",
        ResourceKind::VpcPeeringConnection => "VPC peering connection",
        ResourceKind::SecurityGroup => "security group",
        ResourceKind::NetworkAcl => "network ACL",
        ResourceKind::NetworkInterface => "network interface",
        ResourceKind::Instance => "instance",
        ResourceKind::InternetHost => "Internet host",
        other => other.prefix(),
    }
}

/// How `on:` names a host.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum HostName {
    Instance(InstanceId),
    /// By its number on the Internet.
    Internet(usize),
}

/// The control plane for calls that take no time.
pub(super) struct Instantly<'a>(pub &'a mut World);

impl Api for Instantly<'_> {
    fn call(
        &mut self,
        account: AccountId,
        region: Region,
        origin: Origin,
        operation: &str,
        parameters: Value,
    ) -> Result<Value, ApiError> {
        self.0.call(&Caller { account, region, now: self.0.now(), origin }, operation, parameters)
    }

    fn launch(
        &mut self,
        account: AccountId,
        region: Region,
        origin: Origin,
        request: RunInstances,
    ) -> Result<String, ApiError> {
        let launched = self.0.launch(&Caller { account, region, now: self.0.now(), origin }, request)?;
        Ok(launched[0].to_string())
    }
}
