//! A template: its sections, and every check that needs no values.
//!
//! Defined by "Template anatomy" of the CloudFormation User Guide. All problems are collected. This file does not know what
//! resources are made of (see [`super::resources`]), nor how they are created.

use std::borrow::Cow;
use std::mem;

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use smol_str::SmolStr;

use super::expression::{Expression, ExpressionKind, Name, Place, Reader};
use super::graph;
use super::names;
use super::parameters::Parameter;
use super::resources::{self, ResourceType};
use super::schema::check_fields;
use super::value::Value;
use crate::frontend::diagnostic::{Diagnostic, Sources, any_error};
use crate::frontend::node::{self, Key, Node, NodeKind};
use crate::frontend::spelling::did_you_mean;
use crate::id::FileId;

/// Things by the author's own names, in the order written.
pub(crate) type Named<T> = IndexMap<SmolStr, T, FxBuildHasher>;

/// A template without errors, ready to be deployed any number of times.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    pub(crate) description: Option<String>,
    pub(crate) parameters: Named<Parameter>,
    pub(crate) mappings: Named<Named<Named<Value>>>,
    /// In an order in which each needs only earlier ones.
    pub(crate) conditions: Named<Expression>,
    /// In the order of creation.
    pub(crate) resources: Named<Declaration>,
    pub(crate) outputs: Named<Output>,
    /// The names of the exports that it takes values from.
    pub(crate) imports: Vec<Expression>,
}

/// A resource as declared.
#[derive(Clone, Debug)]
pub(crate) struct Declaration {
    pub(crate) key: Key,
    pub(crate) type_name: Cow<'static, str>,
    /// `None`: not simulated.
    pub(crate) resource_type: Option<&'static ResourceType>,
    pub(crate) properties: Vec<(Key, Expression)>,
    pub(crate) condition: Option<Name>,
    pub(crate) depends_on: Vec<Name>,
}

/// An output as declared.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    pub(crate) value: Expression,
    pub(crate) condition: Option<Name>,
    pub(crate) description: Option<String>,
    /// The name under which other stacks import it.
    pub(crate) export: Option<Expression>,
}

const SECTIONS: &[&str] = &[
    "AWSTemplateFormatVersion",
    "Description",
    "Metadata",
    "Parameters",
    "Rules",
    "Mappings",
    "Conditions",
    "Transform",
    "Resources",
    "Outputs",
];

const RESOURCE_KEYS: &[&str] = &[
    "Type",
    "Properties",
    "DependsOn",
    "Condition",
    "Metadata",
    "DeletionPolicy",
    "UpdateReplacePolicy",
    "CreationPolicy",
    "UpdatePolicy",
];

impl Template {
    /// Reads and checks the template in a file. There is a template exactly when no diagnostic is an error.
    pub(crate) fn parse(sources: &Sources, file: FileId) -> (Option<Template>, Vec<Diagnostic>) {
        let mut reader = Reader::new(sources);
        let mut declared = Declared::default();
        let mut add = |name: Key, node: Node| declared.add(name, &node, &mut reader);
        if let Some(root) = node::read_apart(sources, file, "Resources", &mut add) {
            return Template::from_parts(root, declared, reader);
        }
        match node::read(sources, file) {
            Ok(root) => Template::from_node(sources, root),
            Err(problems) => (None, problems),
        }
    }

    /// Checks a template that is written inside another file.
    pub(crate) fn from_node(sources: &Sources, root: Node) -> (Option<Template>, Vec<Diagnostic>) {
        Template::from_parts(root, Declared::default(), Reader::new(sources))
    }

    /// Checks a template of which some resources have been read.
    fn from_parts(root: Node, declared: Declared, mut reader: Reader<'_>) -> (Option<Template>, Vec<Diagnostic>) {
        let mut template = sections(root, declared, &mut reader);
        if let Some(template) = &mut template {
            names::check(template, &mut reader.problems);
            graph::order_conditions(&mut template.conditions, &mut reader.problems);
            graph::order_resources(&mut template.resources, &mut reader.problems);
        }
        let mut problems = reader.problems;
        problems.sort_by_key(|problem| problem.span);
        let template = template.filter(|_| !any_error(&problems));
        (template, problems)
    }
}

/// Resources as they are read. They may be hundreds of thousands: what each was read from is gone once it is.
#[derive(Default)]
struct Declared {
    resources: Named<Declaration>,
    /// How many were read, those that are too wrong to go on with among them.
    count: usize,
}

impl Declared {
    fn add(&mut self, name: Key, node: &Node, reader: &mut Reader<'_>) {
        self.count += 1;
        if let Some(resource) = declaration(&name, node, reader) {
            self.resources.insert(name.text, resource);
        }
    }
}

fn sections(root: Node, mut declared: Declared, reader: &mut Reader<'_>) -> Option<Template> {
    if root.as_mapping().is_none() {
        let message = format!("a template is a map with the section `Resources`, not {}", root.describe());
        reader.report(Diagnostic::error("VPC010", root.whole_span(), message));
    }
    let (NodeKind::Mapping(entries), None) = (root.kind, root.tag) else { return None };
    let mut template = Template {
        description: None,
        parameters: Named::default(),
        mappings: Named::default(),
        conditions: Named::default(),
        resources: Named::default(),
        outputs: Named::default(),
        imports: Vec::new(),
    };
    let first = entries.first().map_or(root.span, |(key, _)| key.span);
    let has_resources = entries.iter().any(|(key, _)| key.text == "Resources");
    for (key, section) in entries {
        match key.text.as_str() {
            "AWSTemplateFormatVersion" if section.as_str() != Some("2010-09-09") => {
                let message = format!("`AWSTemplateFormatVersion` is `2010-09-09`, not {}", section.describe());
                reader.report(Diagnostic::error("VPC012", section.whole_span(), message));
            }
            "AWSTemplateFormatVersion" | "Metadata" => {}
            "Description" => match section.as_str() {
                Some(text) => template.description = Some(text.to_owned()),
                None => {
                    let message = format!("`Description` is a text, not {}", section.describe());
                    reader.report(Diagnostic::error("VPC012", section.whole_span(), message));
                }
            },
            "Parameters" => {
                for (name, node) in named(&section, "Parameters", reader) {
                    if let Some(parameter) = Parameter::read(name, node, reader) {
                        template.parameters.insert(name.text.clone(), parameter);
                    }
                }
            }
            "Rules" => {
                let message = "`Rules` are accepted and not checked";
                reader.report(Diagnostic::warning("VPC105", key.span, message));
            }
            "Mappings" => {
                for (name, node) in named(&section, "Mappings", reader) {
                    let mapping = mapping(name, node, reader);
                    template.mappings.insert(name.text.clone(), mapping);
                }
            }
            "Conditions" => {
                for (name, node) in named(&section, "Conditions", reader) {
                    let condition = reader.expression(node, Place::Condition);
                    check_condition(&condition, reader);
                    template.conditions.insert(name.text.clone(), condition);
                }
            }
            "Transform" => {
                reader.report(
                    Diagnostic::error("VPC013", key.span, "`Transform` is not supported: macros run at AWS")
                        .help("write out what the transform makes of the template"),
                );
            }
            "Resources" => {
                let is_empty = named(&section, "Resources", reader).is_empty() && declared.count == 0;
                if is_empty && section.as_mapping().is_some() {
                    reader.report(Diagnostic::error("VPC010", key.span, "`Resources` declares no resource"));
                }
                let NodeKind::Mapping(entries) = section.kind else { continue };
                entries.into_iter().for_each(|(name, node)| declared.add(name, &node, reader));
            }
            "Outputs" => {
                for (name, node) in named(&section, "Outputs", reader) {
                    if let Some(output) = output(name, node, reader) {
                        template.outputs.insert(name.text.clone(), output);
                    }
                }
            }
            other => {
                let help = did_you_mean(other, SECTIONS.iter().copied());
                let message = format!("a template has no section `{other}`");
                reader.report(Diagnostic::error("VPC011", key.span, message).help_if(help));
            }
        }
    }
    if !has_resources {
        reader.report(Diagnostic::error("VPC010", first, "the template has no section `Resources`"));
    }
    template.resources = declared.resources;
    template.imports = mem::take(&mut reader.imports);
    Some(template)
}

/// The entries of a section whose keys are the author's own names.
fn named<'n>(section: &'n Node, name: &str, reader: &mut Reader<'_>) -> &'n [(Key, Node)] {
    match section.as_mapping() {
        Some(entries) => entries,
        None => {
            let message = format!("`{name}` is a map, not {}", section.describe());
            reader.report(Diagnostic::error("VPC012", section.whole_span(), message));
            &[]
        }
    }
}

fn mapping(name: &Key, node: &Node, reader: &mut Reader<'_>) -> Named<Named<Value>> {
    let mut found = Named::default();
    for (top, values) in named(node, &name.text, reader) {
        let mut second_level = Named::default();
        for (second, value) in named(values, &top.text, reader) {
            match literal(value) {
                Some(literal) => {
                    second_level.insert(second.text.clone(), literal);
                }
                None => {
                    let message = format!("a mapping's value is a text or a list of texts, not {}", value.describe());
                    reader.report(Diagnostic::error("VPC012", value.whole_span(), message));
                }
            }
        }
        found.insert(top.text.clone(), second_level);
    }
    found
}

fn literal(node: &Node) -> Option<Value> {
    match &node.kind {
        _ if node.tag.is_some() => None,
        NodeKind::Scalar { text, .. } => Some(Value::text(text.clone(), node.span)),
        NodeKind::Sequence(items) => {
            Some(Value::list(items.iter().map(literal).collect::<Option<Vec<_>>>()?, node.span))
        }
        NodeKind::Null | NodeKind::Mapping(_) => None,
    }
}

fn check_condition(condition: &Expression, reader: &mut Reader<'_>) {
    use ExpressionKind::*;
    match &condition.kind {
        Equals(..) | Condition(_) | Invalid => {}
        And(items) | Or(items) => items.iter().for_each(|item| check_condition(item, reader)),
        Not(item) => check_condition(item, reader),
        _ => {
            let message = "a condition is made of `Equals`, `And`, `Or`, `Not` and `Condition`";
            reader.report(Diagnostic::error("VPC022", condition.span, message));
        }
    }
}

fn declaration(key: &Key, node: &Node, reader: &mut Reader<'_>) -> Option<Declaration> {
    let owner = format_args!("the resource `{}`", key.text);
    if !key.text.chars().all(|c| c.is_ascii_alphanumeric()) {
        let message = format!("the logical id `{}` must be letters and digits only", key.text);
        reader.report(Diagnostic::error("VPC026", key.span, message));
    }
    let Some(entries) = node.as_mapping() else {
        let message = format!("{owner} is declared by a map with a `Type`, not {}", node.describe());
        reader.report(Diagnostic::error("VPC026", node.whole_span(), message).related(key.span, "declared here"));
        return None;
    };
    for (entry, _) in entries.iter().filter(|(entry, _)| !RESOURCE_KEYS.contains(&entry.text.as_str())) {
        let message = format!("a resource has no `{}`", entry.text);
        let help = did_you_mean(&entry.text, RESOURCE_KEYS.iter().copied())
            .unwrap_or_else(|| "a property of the resource belongs under `Properties`".to_owned());
        reader.report(Diagnostic::error("VPC026", entry.span, message).help(help));
    }
    if let Some((entry, _)) = node.entry("CreationPolicy") {
        let message = format!("{owner} is ready without the signals of its `CreationPolicy`");
        reader.report(Diagnostic::warning("VPC105", entry.span, message));
    }
    let properties = match node.get("Properties") {
        None => Vec::new(),
        Some(properties) => match reader.expression(properties, Place::Value).kind {
            ExpressionKind::Map(entries) => entries,
            ExpressionKind::Invalid => Vec::new(),
            _ => {
                let message = format!("`Properties` is a map, not {}", properties.describe());
                reader.report(Diagnostic::error("VPC012", properties.whole_span(), message));
                Vec::new()
            }
        },
    };
    let condition = match node.get("Condition") {
        None => None,
        Some(condition) => match condition.as_str() {
            Some(text) => Some(Name { text: text.into(), span: condition.span }),
            None => {
                let message = format!("`Condition` is the name of a condition, not {}", condition.describe());
                reader.report(Diagnostic::error("VPC026", condition.whole_span(), message));
                None
            }
        },
    };
    let depends_on = node.get("DependsOn").map(|node| depends_on(node, reader)).unwrap_or_default();
    let type_node = match node.entry("Type") {
        Some((_, type_node)) => type_node,
        None => {
            reader.report(Diagnostic::error("VPC026", key.span, format!("{owner} has no `Type`")));
            return None;
        }
    };
    let Some(type_name) = type_node.as_str() else {
        let message = format!("`Type` is a text such as `AWS::EC2::VPC`, not {}", type_node.describe());
        reader.report(Diagnostic::error("VPC026", type_node.whole_span(), message));
        return None;
    };
    let literal = |name: &str| {
        let (_, value) = properties.iter().find(|(key, _)| key.text == name)?;
        if let ExpressionKind::Text(text) = &value.kind { Some(text.as_str()) } else { None }
    };
    let known = resources::find(type_name);
    let unsimulated_kind = known.and_then(|known| resources::unsimulated_kind(known, &literal));
    let resource_type = known.filter(|_| unsimulated_kind.is_none());
    match resource_type {
        Some(found) => check_fields(found.properties, &properties, &owner, key.span, &mut reader.problems),
        None => {
            let kind = unsimulated_kind.map(|kind| format!(" of the type {kind}")).unwrap_or_default();
            let message = format!("{type_name}{kind} is not simulated; `{}` is accepted and does nothing", key.text);
            let help = resources::misspelt(type_name).map(|name| format!("did you mean `{name}`?"));
            reader.report(Diagnostic::warning("VPC101", type_node.span, message).help_if(help));
        }
    }
    Some(Declaration {
        key: key.clone(),
        type_name: resource_type.map_or_else(|| type_name.to_owned().into(), |found| found.name.into()),
        resource_type,
        properties,
        condition,
        depends_on,
    })
}

/// The names under `DependsOn`: one, or a list.
fn depends_on(node: &Node, reader: &mut Reader<'_>) -> Vec<Name> {
    let items = node.as_sequence().unwrap_or(std::slice::from_ref(node));
    let mut names = Vec::new();
    for item in items {
        match item.as_str() {
            Some(text) => names.push(Name { text: text.into(), span: item.span }),
            None => {
                let message = format!("`DependsOn` names resources by their logical ids, not by {}", item.describe());
                reader.report(Diagnostic::error("VPC026", item.whole_span(), message));
            }
        }
    }
    names
}

fn output(key: &Key, node: &Node, reader: &mut Reader<'_>) -> Option<Output> {
    let mut export = None;
    for (entry, value) in named(node, &key.text, reader) {
        match entry.text.as_str() {
            "Value" | "Condition" | "Description" => {}
            "Export" => match value.get("Name") {
                Some(name) => export = Some(reader.expression(name, Place::Value)),
                None => {
                    let message = format!("the `Export` of the output `{}` has no `Name`", key.text);
                    reader.report(Diagnostic::error("VPC012", entry.span, message));
                }
            },
            other => {
                let help = did_you_mean(other, ["Value", "Description", "Export", "Condition"]);
                let message = format!("an output has no `{other}`");
                reader.report(Diagnostic::error("VPC012", entry.span, message).help_if(help));
            }
        }
    }
    let Some(value) = node.get("Value") else {
        if node.as_mapping().is_some() {
            let message = format!("the output `{}` has no `Value`", key.text);
            reader.report(Diagnostic::error("VPC012", key.span, message));
        }
        return None;
    };
    let condition = node
        .get("Condition")
        .and_then(|condition| Some(Name { text: condition.as_str()?.into(), span: condition.span }));
    let description = node.get("Description").and_then(Node::as_str).map(str::to_owned);
    Some(Output { value: reader.expression(value, Place::Value), condition, description, export })
}

impl Declaration {
    /// Calls `visit` with every resource this one refers to; other names are passed too.
    pub(crate) fn references<'d>(&'d self, visit: &mut dyn FnMut(&'d Name)) {
        self.depends_on.iter().for_each(&mut *visit);
        for (_, value) in &self.properties {
            value.walk(&mut |part| part.references(visit));
        }
    }
}
