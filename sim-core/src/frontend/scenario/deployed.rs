//! The names that deployed stacks give: from CloudFormation's stacks to what `${name}` and `on` are looked up in.
//!
//! Attributes are asked of the control plane each time, since `PublicIp` is what it is when the step runs.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::names::{Declared, DeclaredResource, DeclaredStack, Role};
use super::substitute::{Names, StackNames};
use super::{StackParameter, StackSpec, TemplateSource};
use crate::frontend::Api;
use crate::frontend::cloudformation::{GivenParameter, Stack, StackConfig, StackResource, Template};
use crate::frontend::diagnostic::{Diagnostic, Sources};
use crate::id::Region;

/// Stacks, with the control plane that knows their resources.
pub(crate) struct Deployed<'a> {
    /// The stacks.
    pub stacks: &'a [Stack],
    /// The control plane.
    pub api: &'a mut dyn Api,
}

impl Deployed<'_> {
    fn stack(&self, name: &str) -> Option<&Stack> {
        self.stacks.iter().find(|stack| stack.name == name)
    }
}

impl StackNames for Deployed<'_> {
    fn stacks(&self) -> Vec<String> {
        self.stacks.iter().map(|stack| stack.name.clone()).collect()
    }

    fn logical_ids(&self, stack: &str) -> Vec<String> {
        self.stack(stack).map_or_else(Vec::new, |stack| stack.resources.keys().map(SmolStr::to_string).collect())
    }

    fn physical_id(&self, stack: &str, logical_id: &str) -> Option<String> {
        Some(self.stack(stack)?.resources.get(logical_id)?.physical_id.to_string())
    }

    fn output(&self, stack: &str, name: &str) -> Option<String> {
        Some(self.stack(stack)?.outputs.get(name)?.value.clone())
    }

    fn outputs(&self, stack: &str) -> Vec<String> {
        self.stack(stack).map_or_else(Vec::new, |stack| stack.outputs.keys().cloned().collect())
    }

    fn attribute(&mut self, stack: &str, logical_id: &str, attribute: &str) -> Option<String> {
        let stack = self.stacks.iter().find(|found| found.name == stack)?;
        stack.attribute(self.api, logical_id, attribute)
    }

    fn attributes(&self, stack: &str, logical_id: &str) -> Vec<String> {
        let names =
            self.stack(stack).and_then(|stack| stack.resources.get(logical_id)).map(StackResource::attribute_names);
        names.into_iter().flatten().map(str::to_owned).collect()
    }

    fn left_out(&self, stack: &str, logical_id: &str) -> Option<String> {
        self.stack(stack)?.left_out.get(logical_id).cloned()
    }
}

impl DeclaredStack {
    /// What a stack declares; `name_tag` tells the Name tag of an instance by its physical id.
    pub(crate) fn of(stack: &Stack, name_tag: &mut dyn FnMut(&str) -> Option<String>) -> DeclaredStack {
        // Resources of one type have the same.
        let mut attributes: FxHashMap<&str, Arc<[&str]>> = FxHashMap::default();
        let resources = stack.resources.iter().map(|(logical_id, resource)| {
            let attributes =
                attributes.entry(resource.type_name()).or_insert_with(|| resource.attribute_names().into());
            let role = match resource.type_name() {
                "AWS::EC2::Instance" => Role::Instance { name_tag: name_tag(&resource.physical_id) },
                _ => Role::Other,
            };
            (logical_id.clone(), DeclaredResource { role, attributes: attributes.clone() })
        });
        DeclaredStack {
            name: stack.name.clone(),
            resources: resources.collect(),
            left_out: stack.left_out.clone(),
            outputs: stack.outputs.keys().cloned().collect(),
        }
    }
}

impl Declared {
    /// What some stacks declare; `name_tag` tells the Name tag of an instance by its physical id.
    pub(crate) fn of(stacks: &[Stack], name_tag: &mut dyn FnMut(&str) -> Option<String>) -> Declared {
        Declared { stacks: stacks.iter().map(|stack| DeclaredStack::of(stack, name_tag)).collect() }
    }
}

impl TemplateSource {
    /// Parses and checks the template, wherever it is written.
    pub(crate) fn parse(&self, sources: &Sources) -> (Option<Template>, Vec<Diagnostic>) {
        match self {
            TemplateSource::Inline(node) => Template::from_node(sources, node.clone()),
            TemplateSource::File { file, .. } => Template::parse(sources, *file),
        }
    }
}

impl StackSpec {
    /// What CloudFormation needs to know besides the template; `ssm` gives the values of SSM parameters, `names` what the
    /// parameters name.
    ///
    /// # Errors
    /// Every name in the parameters that nothing has, or several things have.
    pub(crate) fn config(
        &self,
        ssm: fn(Region, &str) -> Option<String>,
        names: &mut dyn Names,
    ) -> Result<StackConfig, Vec<Diagnostic>> {
        let (mut parameters, mut problems) = (Vec::new(), Vec::new());
        for parameter in &self.parameters {
            match parameter.values.iter().map(|text| text.fill(names)).collect::<Result<Vec<_>, _>>() {
                Ok(values) => parameters.push(parameter.given(&values)),
                Err(unknown) => problems.extend(unknown),
            }
        }
        if problems.is_empty() { Ok(self.with(parameters, ssm)) } else { Err(problems) }
    }

    /// The same before anything has been created: names in parameters stand for themselves.
    pub(crate) fn as_written(&self, ssm: fn(Region, &str) -> Option<String>) -> StackConfig {
        let written = |parameter: &StackParameter| {
            let values: Vec<String> = parameter.values.iter().map(|text| text.written().to_owned()).collect();
            parameter.given(&values)
        };
        self.with(self.parameters.iter().map(written).collect(), ssm)
    }

    fn with(&self, parameters: Vec<GivenParameter>, ssm: fn(Region, &str) -> Option<String>) -> StackConfig {
        StackConfig { name: self.name.clone(), region: self.region, account: self.account, parameters, ssm }
    }
}

impl StackParameter {
    /// The parameter with these values; a list is joined with commas, as CloudFormation takes lists.
    fn given(&self, values: &[String]) -> GivenParameter {
        GivenParameter {
            name: self.name.clone(),
            value: values.join(","),
            name_span: Some(self.name_span),
            value_span: Some(self.value_span),
        }
    }
}
