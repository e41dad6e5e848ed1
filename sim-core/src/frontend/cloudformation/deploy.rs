//! Creating a stack: resources in order, each by its requests; then the outputs.
//!
//! Defined by "How does CloudFormation work" of its User Guide. A refusal is shown under the property it is about, and takes
//! only the resources with it that depend on the refused one, so that all refusals are seen at once. (AWS would roll back
//! at the first; nothing runs here either when there is one.)

use std::mem;

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use smol_str::SmolStr;

use super::advice;
use super::exports::{Exported, Exports, NotExported};
use super::expression::Expression;
use super::functions::{Environment, Evaluator, Lookup, NoResources, NoValue, Resources};
use super::parameters::{self, GivenParameter};
use super::resources::{Creation, ResourceType, Source, read_attribute};
use super::schema::{Effect, Unfit, convert_fields};
use super::template::{Declaration, Named, Output, Template};
use super::value::{Value, ValueKind};
use crate::cloud::ApiError;
use crate::frontend::Api;
use crate::frontend::diagnostic::{Diagnostic, Sources, Span, any_error};
use crate::frontend::node::Key;
use crate::id::{AccountId, Region};

/// What a stack is made with, apart from its template.
#[derive(Clone, Debug)]
pub(crate) struct StackConfig {
    /// The stack's name.
    pub name: String,
    /// Where it is created.
    pub region: Region,
    /// Whose it is.
    pub account: AccountId,
    /// The values given for parameters.
    pub parameters: Vec<GivenParameter>,
    /// The value of an SSM parameter in a Region, as in `/aws/service/ami-amazon-linux-latest/…`.
    pub ssm: fn(Region, &str) -> Option<String>,
}

/// A stack.
#[derive(Clone, Debug)]
pub(crate) struct Stack {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub id: String,
    /// Where it is.
    pub region: Region,
    /// Whose it is.
    pub account: AccountId,
    /// By logical id, in the order of creation.
    pub resources: IndexMap<SmolStr, StackResource, FxBuildHasher>,
    /// The types of the resources that are not there because they are not simulated, or need one that is not, by logical id.
    pub left_out: IndexMap<String, String>,
    /// By name, in the order written.
    pub outputs: IndexMap<String, StackOutput>,
    /// What its template says it is for.
    pub description: Option<String>,
    /// The values of its parameters, as they were given or are by default.
    pub parameters: IndexMap<String, String>,
}

/// An output of a stack.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct StackOutput {
    /// Its value.
    pub value: String,
    /// What it is for, as the template says.
    pub description: Option<String>,
    /// The name under which other stacks may import it.
    pub export: Option<String>,
}

/// A resource of a stack.
#[derive(Clone, Debug)]
pub(crate) struct StackResource {
    /// What `Ref` gives.
    pub physical_id: SmolStr,
    /// The place of its user data, about which a guest may have something to say.
    pub user_data: Option<Span>,
    /// What EC2's own requests know it by, if that is something else.
    id: Option<SmolStr>,
    resource_type: &'static ResourceType,
}

impl StackResource {
    /// What EC2's own requests know it by.
    pub(crate) fn id(&self) -> &str {
        self.id.as_deref().unwrap_or(&self.physical_id)
    }

    /// The attributes that it has, for "did you mean".
    pub(crate) fn attribute_names(&self) -> Vec<&'static str> {
        self.resource_type.attributes.iter().map(|attribute| attribute.name).collect()
    }

    /// As in `AWS::EC2::VPC`.
    pub(crate) fn type_name(&self) -> &'static str {
        self.resource_type.name
    }
}

impl Stack {
    /// The value of an attribute as it is now: what `Fn::GetAtt` would give, lists with commas between.
    pub(crate) fn attribute(&self, api: &mut dyn Api, logical_id: &str, attribute: &str) -> Option<String> {
        let resource = self.resources.get(logical_id)?;
        let source = resource.resource_type.attribute(attribute)?.source;
        let found = read_attribute(api, self.account, self.region, source, resource.id()).ok()?;
        (!found.is_empty()).then(|| found.join(","))
    }
}

/// Creates a stack, and is done with its template. `exports` are those of the stacks there are, and its own are added to them.
/// Where a diagnostic is an error, the stack is not complete.
pub(crate) fn deploy(
    sources: &Sources,
    mut template: Template,
    config: &StackConfig,
    exports: &mut Exports,
    api: &mut dyn Api,
) -> (Stack, Vec<Diagnostic>) {
    let mut problems = Vec::new();
    let mut stack = Stack {
        name: config.name.clone(),
        id: stack_arn(config),
        region: config.region,
        account: config.account,
        resources: IndexMap::default(),
        left_out: IndexMap::new(),
        outputs: IndexMap::new(),
        description: template.description.clone(),
        parameters: parameters::texts(&template.parameters, config),
    };
    // Each resource's are gone once it is there: those of a large template take as much memory as what they make.
    let properties: Vec<_> = template.resources.values_mut().map(|found| mem::take(&mut found.properties)).collect();
    let environment = environment(&template, config, &stack.id, &mut problems);
    if any_error(&problems) {
        return (stack, problems);
    }
    let mut deployment = Deployment {
        sources,
        environment: &environment,
        api,
        exports,
        stack: &mut stack,
        failed: Vec::new(),
        problems,
    };
    deployment.api.begin_stack(template.resources.len());
    deployment.stack.resources.reserve(template.resources.len());
    for ((logical_id, declaration), properties) in template.resources.iter().zip(properties) {
        if holds(&environment, declaration.condition.as_ref().map(|name| name.text.as_str())) {
            deployment.create(logical_id, declaration, properties);
        }
    }
    for (name, output) in &template.outputs {
        if holds(&environment, output.condition.as_ref().map(|name| name.text.as_str())) {
            deployment.output(name, output);
        }
    }
    let problems = deployment.problems;
    (stack, problems)
}

fn holds(environment: &Environment<'_>, condition: Option<&str>) -> bool {
    condition.is_none_or(|name| environment.conditions.get(name).copied().unwrap_or(false))
}

/// Parameters and conditions; nothing can be created if one of them has no value.
pub(super) fn environment<'t>(
    template: &'t Template,
    config: &StackConfig,
    stack_id: &str,
    problems: &mut Vec<Diagnostic>,
) -> Environment<'t> {
    let parameters = parameters::resolve(&template.parameters, config, problems);
    let mut environment = Environment {
        template,
        region: config.region,
        account: config.account,
        stack_name: config.name.as_str().into(),
        stack_id: stack_id.into(),
        parameters,
        conditions: Named::default(),
    };
    if !problems.is_empty() {
        return environment;
    }
    for (name, condition) in &template.conditions {
        let mut evaluator = Evaluator { environment: &environment, resources: &mut NoResources };
        match evaluator.condition(condition) {
            Ok(holds) => {
                environment.conditions.insert(name.clone(), holds);
            }
            Err(NoValue::Problem(problem)) => problems.push(*problem),
            Err(NoValue::Reported) => {}
        }
    }
    environment
}

/// Differs from AWS: the UUID at the end is made from the name, so that it is the same in every run.
fn stack_arn(config: &StackConfig) -> String {
    let partition = if config.region.name().starts_with("cn-") { "aws-cn" } else { "aws" };
    // FNV-1a, 64 bits.
    let hash = config
        .name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    format!(
        "arn:{partition}:cloudformation:{}:{}:stack/{}/{:08x}-{:04x}-11ef-8000-{:012x}",
        config.region,
        config.account,
        config.name,
        hash >> 32,
        hash >> 16 & 0xffff,
        hash & 0xffff_ffff,
    )
}

struct Deployment<'d> {
    sources: &'d Sources,
    environment: &'d Environment<'d>,
    api: &'d mut dyn Api,
    exports: &'d mut Exports,
    stack: &'d mut Stack,
    /// What could not be created, which has been reported.
    failed: Vec<SmolStr>,
    problems: Vec<Diagnostic>,
}

/// Why a resource is not created.
enum Not {
    Failed(Option<Box<Diagnostic>>),
    LeftOut { property: Key, because_of: SmolStr },
}

impl Deployment<'_> {
    fn create(&mut self, logical_id: &SmolStr, declaration: &Declaration, properties: Vec<(Key, Expression)>) {
        let Some(resource_type) = declaration.resource_type else {
            self.stack.left_out.insert(logical_id.to_string(), declaration.type_name.clone().into_owned());
            return;
        };
        match self.try_create(logical_id, declaration, properties, resource_type) {
            Ok(resource) => {
                self.stack.resources.insert(logical_id.clone(), resource);
            }
            Err(Not::LeftOut { property, because_of }) => {
                // What is imported comes from another stack, which has said what it is.
                let cause = self.stack.left_out.get(because_of.as_str());
                let cause = cause.map(|cause| format!(" ({cause})")).unwrap_or_default();
                let message = format!(
                    "`{logical_id}` is not created: its `{}` comes from `{because_of}`{cause}, which is not simulated",
                    property.text
                );
                self.problems.push(
                    Diagnostic::warning("VPC104", property.span, message).related(declaration.key.span, "left out"),
                );
                self.stack.left_out.insert(logical_id.to_string(), declaration.type_name.clone().into_owned());
            }
            Err(Not::Failed(problem)) => {
                self.problems.extend(problem.map(|problem| *problem));
                self.failed.push(logical_id.clone());
            }
        }
    }

    fn try_create(
        &mut self,
        logical_id: &SmolStr,
        declaration: &Declaration,
        properties: Vec<(Key, Expression)>,
        resource_type: &'static ResourceType,
    ) -> Result<StackResource, Not> {
        if declaration.depends_on.iter().any(|name| self.failed.contains(&name.text)) {
            return Err(Not::Failed(None));
        }
        let mut values: Vec<(Key, Value)> = Vec::new();
        for (key, expression) in properties {
            let field = resource_type.properties.iter().find(|field| field.name == key.text);
            // What has no effect need not have a value either.
            if field.is_none_or(|field| field.effect != Effect::Simulated) {
                continue;
            }
            let value = self.value(&expression).map_err(Not::from)?;
            if !value.is_absent() {
                values.push((key, value));
            }
        }
        let owner = format_args!("the resource `{logical_id}`");
        let properties = convert_fields(resource_type.properties, &values, &owner, declaration.key.span);
        let properties = properties.map_err(|unfit| match unfit {
            Unfit::Problem(problem) => Not::Failed(Some(problem)),
            Unfit::Placeholder(because_of) => {
                let from = |(_, value): &&(Key, Value)| value.placeholder() == Some(because_of.as_str());
                let property = values.iter().find(from).map_or(&declaration.key, |(key, _)| key).clone();
                Not::LeftOut { property, because_of }
            }
        })?;
        let mut creation = Creation {
            api: &mut *self.api,
            sources: self.sources,
            account: self.environment.account,
            region: self.environment.region,
            stack_name: &self.environment.stack_name,
            stack_id: &self.environment.stack_id,
            logical_id,
            span: declaration.key.span,
            properties,
            values: &values,
            requested_at: declaration.key.span,
        };
        match (resource_type.create)(&mut creation) {
            Ok(created) => Ok(StackResource {
                physical_id: created.physical_id,
                user_data: values.iter().find(|(key, _)| key.text == "UserData").map(|(_, value)| value.span),
                id: created.id,
                resource_type,
            }),
            Err(error) => {
                let place = place_of(&error, creation.requested_at, &values, declaration);
                let message = format!("AWS refuses `{logical_id}` ({}): {}", declaration.type_name, error.message);
                let refusal = Diagnostic::error("VPC030", place, message).label(error.code);
                Err(Not::Failed(Some(Box::new(refusal.help_if(advice::on(error.code).map(str::to_owned))))))
            }
        }
    }

    fn output(&mut self, name: &str, declared: &Output) {
        match self.value(&declared.value) {
            Ok(value) => match &value.kind {
                ValueKind::Text(text) => {
                    let export = declared.export.as_ref().and_then(|export| self.export(name, export, &value));
                    let output =
                        StackOutput { value: text.to_string(), description: declared.description.clone(), export };
                    self.stack.outputs.insert(name.to_owned(), output);
                }
                ValueKind::Absent => {}
                _ => {
                    let message = format!("the output `{name}` must be a text, not {}", value.describe());
                    self.problems.push(Diagnostic::error("VPC012", declared.value.span, message));
                }
            },
            Err(NoValue::Problem(problem)) => self.problems.push(*problem),
            Err(NoValue::Reported) => {}
        }
    }

    /// Exports an output, and gives the name of the export.
    fn export(&mut self, output: &str, name: &Expression, value: &Value) -> Option<String> {
        let place = name.span;
        let name = match self.value(name) {
            Ok(name) => name.as_text().unwrap_or_default().to_owned(),
            Err(NoValue::Problem(problem)) => {
                self.problems.push(*problem);
                return None;
            }
            Err(NoValue::Reported) => return None,
        };
        let exported = Exported {
            value: value.as_text().unwrap_or_default().into(),
            stack: self.stack.name.as_str().into(),
            placeholder_for: value.placeholder().map(|resource| format!("{}.{resource}", self.stack.name).into()),
        };
        match self.exports.add((self.stack.account, self.stack.region), output, &name, exported) {
            Ok(()) => Some(name),
            Err(message) => {
                self.problems.push(Diagnostic::error("VPC030", place, message).label("ValidationError"));
                None
            }
        }
    }

    fn value(&mut self, expression: &Expression) -> Result<Value, NoValue> {
        let mut created =
            CreatedSoFar { api: &mut *self.api, exports: &*self.exports, stack: &*self.stack, failed: &self.failed };
        Evaluator { environment: self.environment, resources: &mut created }.value(expression)
    }
}

impl From<NoValue> for Not {
    fn from(cause: NoValue) -> Not {
        match cause {
            NoValue::Problem(problem) => Not::Failed(Some(problem)),
            NoValue::Reported => Not::Failed(None),
        }
    }
}

/// Where a refusal belongs: the rule or attribute that was being requested, else the property whose value AWS quotes, else
/// the resource.
fn place_of(error: &ApiError, requested_at: Span, values: &[(Key, Value)], declaration: &Declaration) -> Span {
    if requested_at != declaration.key.span {
        return requested_at;
    }
    values.iter().find_map(|(_, value)| value.quoted_in(&error.message)).unwrap_or(requested_at)
}

/// The resources of a stack while it is being created.
struct CreatedSoFar<'s> {
    api: &'s mut dyn Api,
    exports: &'s Exports,
    stack: &'s Stack,
    failed: &'s [SmolStr],
}

impl CreatedSoFar<'_> {
    fn missing(&self, logical_id: &str) -> Lookup {
        if self.failed.iter().any(|failed| failed == logical_id) { Lookup::Failed } else { Lookup::NotSimulated }
    }
}

impl Resources for CreatedSoFar<'_> {
    fn reference(&mut self, logical_id: &str) -> Lookup {
        match self.stack.resources.get(logical_id) {
            Some(resource) => Lookup::Text(resource.physical_id.clone()),
            None => self.missing(logical_id),
        }
    }

    fn attribute(&mut self, logical_id: &str, attribute: &str) -> Lookup {
        let Some(resource) = self.stack.resources.get(logical_id) else { return self.missing(logical_id) };
        let Some(found) = resource.resource_type.attribute(attribute) else { return Lookup::Empty };
        let answer = read_attribute(self.api, self.stack.account, self.stack.region, found.source, resource.id());
        match (answer, found.source) {
            (Ok(values), Source::DescribeList { .. }) => Lookup::List(values),
            (Ok(mut values), _) => values.pop().map_or(Lookup::Empty, |value| Lookup::Text(value.into())),
            (Err(error), _) => Lookup::Refused(error),
        }
    }

    fn import(&mut self, name: &str) -> Result<Exported, NotExported> {
        self.exports.find((self.stack.account, self.stack.region), name)
    }
}
