//! What stacks give each other: outputs with an `Export`, and `Fn::ImportValue`.
//!
//! Defined by "Exporting stack outputs" and "Fn::ImportValue" of the CloudFormation User Guide: names are unique within an account
//! and a Region. This file does not know in which order stacks are created, only what decides it.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use smol_str::SmolStr;

use super::StackConfig;
use super::deploy::environment;
use super::expression::{Expression, Name};
use super::functions::{Environment, Evaluator, NoResources};
use super::template::Template;
use crate::frontend::diagnostic::Span;
use crate::frontend::spelling::nearest;
use crate::id::{AccountId, Region};

/// What has been exported so far, in every account and Region.
#[derive(Clone, Debug, Default)]
pub(crate) struct Exports(BTreeMap<(AccountId, Region), IndexMap<String, Exported>>);

/// A value that other stacks may import.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Exported {
    /// The value.
    pub(crate) value: SmolStr,
    /// The stack whose output it is.
    pub(crate) stack: SmolStr,
    /// The resource not simulated that it was taken from.
    pub(crate) placeholder_for: Option<SmolStr>,
}

/// There is no export of a name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct NotExported {
    /// One that is spelt nearly the same.
    pub(crate) nearest: Option<String>,
}

impl Exports {
    /// What stacks of an account and a Region import under a name.
    pub(crate) fn find(&self, home: (AccountId, Region), name: &str) -> Result<Exported, NotExported> {
        let exports = self.0.get(&home);
        let found = exports.and_then(|exports| exports.get(name)).cloned();
        found.ok_or_else(|| {
            let names = exports.into_iter().flat_map(IndexMap::keys).map(String::as_str);
            NotExported { nearest: nearest(name, names).map(str::to_owned) }
        })
    }

    /// Adds one.
    ///
    /// # Errors
    /// The sentence of CloudFormation where the name is taken or is none.
    pub(crate) fn add(
        &mut self,
        home: (AccountId, Region),
        output: &str,
        name: &str,
        exported: Exported,
    ) -> Result<(), String> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'-');
        if name.is_empty() || !name.bytes().all(fits) {
            return Err(format!(
                "Template format error: Output {output} is malformed. The Name field of every Export member must be specified \
                 as part of the template and consist only of alphanumeric characters, colons, or hyphens."
            ));
        }
        let exports = self.0.entry(home).or_default();
        if let Some(taken) = exports.get(name) {
            return Err(format!("Export with name {name} is already exported by stack {}", taken.stack));
        }
        exports.insert(name.to_owned(), exported);
        Ok(())
    }
}

impl Template {
    /// The names of the exports that a stack of this template asks for, each with its place, as far as parameters tell them.
    pub(crate) fn imported_names(&self, config: &StackConfig) -> Vec<(SmolStr, Span)> {
        if self.imports.is_empty() {
            return Vec::new();
        }
        let environment = environment(self, config, "", &mut Vec::new());
        let names = self.imports.iter().filter_map(|name| Some((fixed(&environment, name)?, name.span)));
        names.collect()
    }

    /// The names that a stack of this template exports, as far as parameters tell them.
    pub(crate) fn exported_names(&self, config: &StackConfig) -> Vec<SmolStr> {
        if self.outputs.values().all(|output| output.export.is_none()) {
            return Vec::new();
        }
        let environment = environment(self, config, "", &mut Vec::new());
        let is_there = |condition: Option<&Name>| {
            condition.is_none_or(|name| environment.conditions.get(&name.text).copied().unwrap_or(false))
        };
        let outputs = self.outputs.values().filter(|output| is_there(output.condition.as_ref()));
        outputs.filter_map(|output| fixed(&environment, output.export.as_ref()?)).collect()
    }
}

/// The text of a name that depends on no resource.
fn fixed(environment: &Environment<'_>, name: &Expression) -> Option<SmolStr> {
    let value = Evaluator { environment, resources: &mut NoResources }.value(name).ok()?;
    value.as_text().filter(|_| value.placeholder().is_none()).map(SmolStr::new)
}
