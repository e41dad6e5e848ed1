//! In which order things are made: what is referred to comes first.
//!
//! Where nothing decides, the template's own order does, so that the same template always gives the same ids. A circle is
//! reported with its whole path. This file knows names and references only.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use super::expression::{Expression, ExpressionKind, Name};
use super::template::{Declaration, Named};
use crate::frontend::diagnostic::{Diagnostic, Span};

/// Puts resources in the order of creation, by `Ref`, `Fn::GetAtt`, `Fn::Sub` and `DependsOn`.
pub(crate) fn order_resources(resources: &mut Named<Declaration>, problems: &mut Vec<Diagnostic>) {
    let references = |declaration: &Declaration, visit: &mut dyn FnMut(&Name)| declaration.references(visit);
    if is_in_order(resources, references) {
        return; // As generated templates are, which may be large.
    }
    let edges = edges(resources, references);
    if let Some(order) = order(&edges, "resources depend on each other in a circle", problems) {
        reorder(resources, &order);
    }
}

/// Puts conditions in an order in which each needs only earlier ones.
pub(crate) fn order_conditions(conditions: &mut Named<Expression>, problems: &mut Vec<Diagnostic>) {
    let edges = edges(conditions, |condition, visit| {
        condition.walk(&mut |part| {
            if let ExpressionKind::Condition(name) | ExpressionKind::If { condition: name, .. } = &part.kind {
                visit(name);
            }
        });
    });
    if let Some(order) = order(&edges, "conditions depend on each other in a circle", problems) {
        reorder(conditions, &order);
    }
}

/// Whether each thing refers to earlier ones only.
fn is_in_order<T>(things: &Named<T>, references: impl Fn(&T, &mut dyn FnMut(&Name))) -> bool {
    things.values().enumerate().all(|(index, thing)| {
        let mut is_later = true;
        references(thing, &mut |name| is_later &= things.get_index_of(&name.text).is_none_or(|need| need < index));
        is_later
    })
}

/// For each thing, by its name: what it refers to and where.
pub(crate) type Edges<'t> = Vec<(&'t str, Vec<(usize, Span)>)>;

fn edges<T>(things: &Named<T>, references: impl Fn(&T, &mut dyn FnMut(&Name))) -> Edges<'_> {
    things
        .iter()
        .map(|(name, thing)| {
            let mut found: Vec<(usize, Span)> = Vec::new();
            references(thing, &mut |name| {
                if let Some(index) = things.get_index_of(&name.text)
                    && !found.iter().any(|(other, _)| *other == index)
                {
                    found.push((index, name.span));
                }
            });
            (name.as_str(), found)
        })
        .collect()
}

/// An order in which everything comes after what it refers to, taking the earliest written that is free each time; none if
/// there is a circle, which is reported.
pub(crate) fn order(edges: &Edges<'_>, message: &str, problems: &mut Vec<Diagnostic>) -> Option<Vec<usize>> {
    let mut order: Vec<usize> = Vec::with_capacity(edges.len());
    let mut waiting_for: Vec<usize> = edges.iter().map(|(_, needs)| needs.len()).collect();
    let mut needed_by: Vec<Vec<usize>> = vec![Vec::new(); edges.len()];
    for (index, (_, needs)) in edges.iter().enumerate() {
        needs.iter().for_each(|&(need, _)| needed_by[need].push(index));
    }
    let mut free: BTreeSet<usize> = (0..edges.len()).filter(|&index| waiting_for[index] == 0).collect();
    while let Some(index) = free.pop_first() {
        order.push(index);
        for &dependent in &needed_by[index] {
            waiting_for[dependent] -= 1;
            if waiting_for[dependent] == 0 {
                free.insert(dependent);
            }
        }
    }
    if order.len() == edges.len() {
        return Some(order);
    }
    problems.push(circle(edges, &waiting_for, message));
    None
}

/// The first circle among the things still waiting. Each of them waits for another of them, so following the first need
/// must come back to a thing already seen.
fn circle(edges: &Edges<'_>, waiting_for: &[usize], message: &str) -> Diagnostic {
    let mut path: Vec<(usize, Span)> = Vec::new();
    let mut at = waiting_for.iter().position(|&count| count > 0).expect("something is left when the order is short");
    let start = loop {
        if let Some(position) = path.iter().position(|&(seen, _)| seen == at) {
            break position;
        }
        let (need, span) = edges[at]
            .1
            .iter()
            .copied()
            .find(|&(need, _)| waiting_for[need] > 0)
            .expect("a thing that waits, waits for one that waits");
        path.push((at, span));
        at = need;
    };
    let path = &path[start..];
    let name = |index: usize| edges[index].0;
    let mut names: Vec<&str> = path.iter().map(|&(index, _)| name(index)).collect();
    names.push(name(path[0].0));
    let says = |position: usize| {
        let needs = path.get(position + 1).unwrap_or(&path[0]).0;
        format!("`{}` needs `{}`", name(path[position].0), name(needs))
    };
    let mut problem =
        Diagnostic::error("VPC024", path[0].1, format!("{message}: {}", names.join(" → "))).label(says(0));
    for (position, &(_, span)) in path.iter().enumerate().skip(1) {
        problem = problem.related(span, says(position));
    }
    problem
}

fn reorder<T>(things: &mut Named<T>, order: &[usize]) {
    if order.is_sorted() {
        return;
    }
    let mut rank = vec![0; order.len()];
    order.iter().enumerate().for_each(|(position, &index)| rank[index] = position);
    let mut entries: Vec<(usize, (SmolStr, T))> = rank.into_iter().zip(std::mem::take(things)).collect();
    entries.sort_by_key(|(rank, _)| *rank);
    things.extend(entries.into_iter().map(|(_, entry)| entry));
}
