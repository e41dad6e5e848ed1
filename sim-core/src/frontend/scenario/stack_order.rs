//! In which order stacks are created: what another one's parameters name, or its template imports, comes first.
//!
//! Where nothing decides, the order written does. This file looks at names only; what they stand for is known once the stacks
//! they are in have been created.

use super::StackSpec;
use crate::frontend::cloudformation::{self, Edges, Template};
use crate::frontend::diagnostic::{Diagnostic, Span};
use crate::id::Region;

/// A stack whose turn it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Turn {
    /// Its place among the scenario's stacks.
    pub stack: usize,
    /// The stacks that it takes something from.
    pub needs: Vec<usize>,
}

/// The order for stacks and their templates; `ssm` gives the values of SSM parameters.
///
/// # Errors
/// Stacks that need each other in a circle, with their names.
pub(crate) fn order_stacks(
    stacks: &[StackSpec],
    templates: &[Template],
    ssm: fn(Region, &str) -> Option<String>,
) -> Result<Vec<Turn>, Vec<Diagnostic>> {
    let all = Stacks { stacks, templates };
    let exported: Vec<_> =
        stacks.iter().zip(templates).map(|(spec, template)| template.exported_names(&spec.as_written(ssm))).collect();
    let edges: Edges<'_> = stacks
        .iter()
        .enumerate()
        .map(|(index, spec)| {
            let mut needs: Vec<(usize, Span)> = Vec::new();
            let texts = spec.parameters.iter().flat_map(|parameter| &parameter.values);
            for (name, span) in texts.flat_map(|text| text.names()) {
                needs.extend(all.meant_by(name, index).into_iter().map(|need| (need, span)));
            }
            for (name, span) in templates[index].imported_names(&spec.as_written(ssm)) {
                let exports =
                    |&(other, names): &(usize, &Vec<_>)| all.share_exports(index, other) && names.contains(&name);
                needs.extend(exported.iter().enumerate().filter(exports).map(|(need, _)| (need, span)));
            }
            let mut once: Vec<(usize, Span)> = Vec::with_capacity(needs.len());
            for (need, span) in needs {
                if once.iter().all(|(other, _)| *other != need) {
                    once.push((need, span));
                }
            }
            (spec.name.as_str(), once)
        })
        .collect();
    let mut problems = Vec::new();
    match cloudformation::order(&edges, "stacks depend on each other in a circle", &mut problems) {
        Some(order) => Ok(order
            .into_iter()
            .map(|stack| Turn { stack, needs: edges[stack].1.iter().map(|(need, _)| *need).collect() })
            .collect()),
        None => Err(problems),
    }
}

struct Stacks<'s> {
    stacks: &'s [StackSpec],
    templates: &'s [Template],
}

impl Stacks<'_> {
    /// The stacks in which `${name}` may be, for a parameter of the stack `own`.
    fn meant_by(&self, name: &str, own: usize) -> Vec<usize> {
        let (first, rest) = name.split_once('.').unwrap_or((name, ""));
        let (within, _) = rest.split_once('.').unwrap_or((rest, ""));
        let called = self.stacks.iter().position(|spec| spec.name == first);
        if let Some(called) = called.filter(|&called| self.has(called, within)) {
            return vec![called];
        }
        let having = |but: Option<usize>| {
            (0..self.stacks.len()).filter(move |&other| Some(other) != but && self.has(other, first))
        };
        let mut others: Vec<usize> = having(Some(own)).collect();
        if others.is_empty() && !rest.is_empty() {
            // What a stack has not got is told beside what it has, once it is there.
            others.extend(called.filter(|&called| called != own));
        }
        // A name of its own alone cannot have been meant, and is told as the circle that it is.
        if others.is_empty() { having(None).collect() } else { others }
    }

    /// Whether a stack's template has a resource or an output of this name.
    fn has(&self, stack: usize, name: &str) -> bool {
        let template = &self.templates[stack];
        template.resources.contains_key(name) || template.outputs.contains_key(name)
    }

    /// Exports are those of an account and a Region.
    fn share_exports(&self, one: usize, other: usize) -> bool {
        let home = |index: usize| (self.stacks[index].account, self.stacks[index].region);
        home(one) == home(other)
    }
}
