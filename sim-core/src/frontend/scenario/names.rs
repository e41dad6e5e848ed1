//! What can be said about names before the run: `on:` and `${…}` against the templates and the earlier steps.
//!
//! A command may make things under any name, so a name that an earlier command mentions is given the benefit of the
//! doubt; all others are looked up in what the templates declare.

use std::sync::Arc;

use indexmap::{IndexMap, IndexSet};
use rustc_hash::{FxBuildHasher, FxHashMap};
use smallvec::SmallVec;
use smol_str::SmolStr;

use super::substitute::{Names, Scope, StackNames, Text, unresolved};
use super::{Action, Query, RunMode, Scenario, Step};
use crate::frontend::diagnostic::Diagnostic;
use crate::frontend::spelling::did_you_mean;
use crate::id::InstanceId;

/// What the templates declare, as far as names go.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Declared {
    /// The stacks.
    pub stacks: Vec<DeclaredStack>,
}

/// What one template declares.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct DeclaredStack {
    /// The stack's name.
    pub name: String,
    /// Its resources, by logical id.
    pub resources: IndexMap<SmolStr, DeclaredResource, FxBuildHasher>,
    /// The types of the resources that are left out because they are not simulated, by logical id.
    pub left_out: IndexMap<String, String>,
    /// The names of its outputs.
    pub outputs: Vec<String>,
}

/// A resource that a template declares.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct DeclaredResource {
    /// Whether commands can run on it.
    pub role: Role,
    /// What `Fn::GetAtt` knows of it.
    pub attributes: Arc<[&'static str]>,
}

/// Whether commands can run on a resource.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Role {
    /// It is an instance, with its Name tag if it has one.
    Instance {
        /// The Name tag.
        name_tag: Option<String>,
    },
    /// It is something else.
    Other,
}

/// The problems with names that can be told before the run.
pub(crate) fn check_names(scenario: &Scenario, declared: &Declared) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let mut saved: IndexMap<String, String> = IndexMap::new();
    let instances = Instances::of(declared);
    for (index, step) in scenario.steps.iter().enumerate() {
        let earlier = &scenario.steps[..index];
        check_texts(&commands_and_place(step), &saved, declared, &mut problems);
        if let Some(on) = &step.on
            && on.names().next().is_none()
        {
            problems.extend(check_on(on, scenario, declared, &instances, earlier));
        }
        match &step.action {
            // What a background step saves is known once it is collected; until then only its own `expect` sees it.
            Action::Run { mode: RunMode::Background, .. } => {
                let mut own = saved.clone();
                save(&mut own, step);
                check_texts(&expectations(step), &own, declared, &mut problems);
            }
            Action::WaitFor { step: number } => {
                if let Some(collected) = earlier.iter().find(|earlier| earlier.number == *number) {
                    save(&mut saved, collected);
                }
                save(&mut saved, step);
                check_texts(&expectations(step), &saved, declared, &mut problems);
            }
            Action::Run { mode: RunMode::Foreground, .. } => {
                save(&mut saved, step);
                check_texts(&expectations(step), &saved, declared, &mut problems);
            }
            Action::Wait(_) => check_texts(&expectations(step), &saved, declared, &mut problems),
        }
    }
    problems
}

fn save(saved: &mut IndexMap<String, String>, step: &Step) {
    saved.extend(step.save.iter().map(|save| (save.name.clone(), String::new())));
}

/// The texts that are filled before the step runs.
fn commands_and_place(step: &Step) -> Vec<&Text> {
    let commands = match &step.action {
        Action::Run { commands, .. } => commands.as_slice(),
        Action::Wait(_) | Action::WaitFor { .. } => &[],
    };
    step.on.iter().chain(commands.iter().map(|command| &command.text)).collect()
}

/// The texts that are filled after the step has run.
fn expectations(step: &Step) -> Vec<&Text> {
    let queries = step.save.iter().map(|save| &save.query).map(|Query { expression }| expression);
    queries.chain(step.expect.texts()).collect()
}

fn check_texts(texts: &[&Text], saved: &IndexMap<String, String>, declared: &Declared, problems: &mut Vec<Diagnostic>) {
    let mut declared = declared;
    let mut scope = Scope { saved, stacks: &mut declared };
    for (name, span) in texts.iter().flat_map(|text| text.names()) {
        if let Err(problem) = scope.resolve(name) {
            problems.push(unresolved(name, span, &problem, &scope.known()));
        }
    }
}

/// What is wrong with the place where a step's commands should run.
fn check_on(
    on: &Text,
    scenario: &Scenario,
    declared: &Declared,
    instances: &Instances<'_>,
    earlier: &[Step],
) -> Option<Diagnostic> {
    // Filling is needed for `$$` only.
    let name = on.fill(&mut super::substitute::AnyName).ok()?;
    let name = name.as_str();
    let meant = instances.called(name);
    if meant.len() > 1 {
        let ways: Vec<String> = meant.iter().map(|(stack, logical_id)| format!("`{stack}.{logical_id}`")).collect();
        return Some(
            Diagnostic::error("VPC062", on.span(), format!("more than one instance is called `{name}`"))
                .help(format!("say which is meant: {}", ways.join(" or "))),
        );
    }
    let known = !meant.is_empty()
        || name.split_once('.').is_some_and(|(stack, logical_id)| instances.has(stack, logical_id))
        || scenario.internet.iter().any(|host| host.name == name)
        || name.parse::<InstanceId>().is_ok()
        || earlier.iter().any(|step| mentions(step, name));
    if known {
        return None;
    }
    if let Some(site) = scenario.on_premises.iter().find(|site| site.hosts.iter().any(|host| host == name)) {
        return Some(
            Diagnostic::error("VPC063", on.span(), format!("`{name}` is on the site `{}`", site.name))
                .label("on-premises sites are not simulated yet")
                .help("put the host under `internet` if a public address will do"),
        );
    }
    let resources = declared.stacks.iter().flat_map(|stack| &stack.resources);
    let names = resources.filter_map(|(logical_id, resource)| match &resource.role {
        Role::Instance { name_tag } => Some(name_tag.as_deref().into_iter().chain([logical_id.as_str()])),
        Role::Other => None,
    });
    let callable: IndexSet<&str> =
        names.flatten().chain(scenario.internet.iter().map(|host| host.name.as_str())).collect();
    let is_other = declared.stacks.iter().any(|stack| stack.resources.contains_key(name));
    let diagnostic = if is_other {
        Diagnostic::error("VPC059", on.span(), format!("`{name}` is not an instance: commands cannot run on it"))
    } else {
        Diagnostic::error("VPC059", on.span(), format!("no instance or host is called `{name}`"))
    };
    let all = || {
        let all: Vec<String> = callable.iter().map(|name| format!("`{name}`")).collect();
        (!all.is_empty()).then(|| format!("commands can run on {}", all.join(", ")))
    };
    Some(diagnostic.help_if(did_you_mean(name, callable.iter().copied()).or_else(all)))
}

/// The instances that commands can run on, by what they may be called.
struct Instances<'d> {
    /// Stack and logical id, by Name tag.
    by_tag: FxHashMap<&'d str, Called<'d>>,
    /// The same, by logical id.
    by_logical_id: FxHashMap<&'d str, Called<'d>>,
}

/// What has one name, by stack and logical id: nearly always one instance.
type Called<'d> = SmallVec<[(&'d str, &'d str); 1]>;

impl<'d> Instances<'d> {
    fn of(declared: &'d Declared) -> Instances<'d> {
        let mut instances = Instances { by_tag: FxHashMap::default(), by_logical_id: FxHashMap::default() };
        for stack in &declared.stacks {
            for (logical_id, resource) in &stack.resources {
                let Role::Instance { name_tag } = &resource.role else { continue };
                let instance = (stack.name.as_str(), logical_id.as_str());
                instances.by_logical_id.entry(logical_id.as_str()).or_default().push(instance);
                if let Some(tag) = name_tag {
                    instances.by_tag.entry(tag.as_str()).or_default().push(instance);
                }
            }
        }
        instances
    }

    /// The instances of a name. A Name tag comes before a logical id.
    fn called(&self, name: &str) -> &[(&'d str, &'d str)] {
        self.by_tag.get(name).or_else(|| self.by_logical_id.get(name)).map_or(&[], SmallVec::as_slice)
    }

    /// Whether a stack has an instance of this logical id.
    fn has(&self, stack: &str, logical_id: &str) -> bool {
        self.by_logical_id.get(logical_id).is_some_and(|found| found.iter().any(|(of, _)| *of == stack))
    }
}

/// Whether a step's `aws` commands mention a name as a word, and so may give it to something.
fn mentions(step: &Step, name: &str) -> bool {
    let Action::Run { commands, .. } = &step.action else { return false };
    if name.is_empty() {
        return false;
    }
    let is_edge = |c: char| !c.is_alphanumeric() && !matches!(c, '-' | '_' | '.');
    commands.iter().map(|command| command.text.written()).filter(|text| text.starts_with("aws ")).any(|text| {
        text.match_indices(name)
            .any(|(at, _)| text[..at].ends_with(is_edge) && !text[at + name.len()..].starts_with(|c| !is_edge(c)))
    })
}

impl Declared {
    fn resource(&self, stack: &str, logical_id: &str) -> Option<&DeclaredResource> {
        let stack = self.stacks.iter().find(|found| found.name == stack)?;
        stack.resources.get(logical_id)
    }
}

impl StackNames for &Declared {
    fn stacks(&self) -> Vec<String> {
        self.stacks.iter().map(|stack| stack.name.clone()).collect()
    }

    fn logical_ids(&self, stack: &str) -> Vec<String> {
        let stack = self.stacks.iter().find(|found| found.name == stack);
        stack.map_or_else(Vec::new, |stack| stack.resources.keys().map(SmolStr::to_string).collect())
    }

    fn physical_id(&self, stack: &str, logical_id: &str) -> Option<String> {
        self.resource(stack, logical_id).map(|_| String::new())
    }

    fn output(&self, stack: &str, name: &str) -> Option<String> {
        let stack = self.stacks.iter().find(|found| found.name == stack)?;
        stack.outputs.iter().any(|output| output == name).then(String::new)
    }

    fn outputs(&self, stack: &str) -> Vec<String> {
        let stack = self.stacks.iter().find(|found| found.name == stack);
        stack.map_or_else(Vec::new, |stack| stack.outputs.clone())
    }

    fn attribute(&mut self, stack: &str, logical_id: &str, attribute: &str) -> Option<String> {
        let resource = self.resource(stack, logical_id)?;
        resource.attributes.contains(&attribute).then(String::new)
    }

    fn attributes(&self, stack: &str, logical_id: &str) -> Vec<String> {
        let attributes = self.resource(stack, logical_id).map_or(&[][..], |resource| &resource.attributes);
        attributes.iter().map(|attribute| (*attribute).to_owned()).collect()
    }

    fn left_out(&self, stack: &str, logical_id: &str) -> Option<String> {
        self.stacks.iter().find(|found| found.name == stack)?.left_out.get(logical_id).cloned()
    }
}
