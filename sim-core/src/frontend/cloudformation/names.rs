//! Whether every name that a template uses is declared, and by something that may be used there.
//!
//! This file knows what can be named, and not what the names stand for.

use smol_str::SmolStr;

use super::expression::{Expression, ExpressionKind, Name, Piece};
use super::functions::PSEUDO_PARAMETERS;
use super::template::Template;
use crate::frontend::diagnostic::{Diagnostic, Span};
use crate::frontend::spelling::did_you_mean;

/// What an expression may refer to where it stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// Parameters only: no resource exists yet when conditions are decided.
    Parameters,
    Everything,
}

/// Checks that every name in the template is declared.
pub(crate) fn check(template: &Template, problems: &mut Vec<Diagnostic>) {
    Names { template, problems }.check();
}

struct Names<'t, 'p> {
    template: &'t Template,
    problems: &'p mut Vec<Diagnostic>,
}

impl Names<'_, '_> {
    fn check(mut self) {
        let template = self.template;
        for condition in template.conditions.values() {
            self.expression(condition, Scope::Parameters);
        }
        for resource in template.resources.values() {
            self.condition(resource.condition.as_ref());
            for name in &resource.depends_on {
                if name.text == resource.key.text {
                    let message = format!("`{}` depends on itself", name.text);
                    self.problems.push(Diagnostic::error("VPC024", name.span, message));
                } else if !template.resources.contains_key(&name.text) {
                    let help = did_you_mean(&name.text, template.resources.keys().map(SmolStr::as_str));
                    let message = format!("no resource named `{}`", name.text);
                    self.problems.push(Diagnostic::error("VPC021", name.span, message).help_if(help));
                }
            }
            for (_, value) in &resource.properties {
                self.expression(value, Scope::Everything);
            }
        }
        for output in template.outputs.values() {
            self.condition(output.condition.as_ref());
            self.expression(&output.value, Scope::Everything);
            if let Some(name) = &output.export {
                self.expression(name, Scope::Everything);
                self.fixed(name, "the name of an export");
            }
        }
    }

    fn condition(&mut self, name: Option<&Name>) {
        let Some(name) = name.filter(|name| !self.template.conditions.contains_key(&name.text)) else { return };
        let help = did_you_mean(&name.text, self.template.conditions.keys().map(SmolStr::as_str));
        let message = format!("no condition named `{}`", name.text);
        self.problems.push(Diagnostic::error("VPC021", name.span, message).help_if(help));
    }

    fn expression(&mut self, expression: &Expression, scope: Scope) {
        expression.walk(&mut |part| self.part(part, scope));
    }

    /// The names by which stacks know each other are decided before anything is created.
    fn fixed(&mut self, expression: &Expression, what: &str) {
        let template = self.template;
        let (mut resources, mut imports) = (Vec::new(), Vec::new());
        expression.walk(&mut |part| {
            part.references(&mut |name| resources.push(name));
            if matches!(part.kind, ExpressionKind::ImportValue(_) | ExpressionKind::GetAzs(_)) {
                imports.push(part.span);
            }
        });
        let resources = resources.into_iter().filter(|name| template.resources.contains_key(&name.text));
        let places = resources.map(|name| name.span).chain(imports);
        let message = format!("{what} must not depend on any resources, imported values, or Fn::GetAZs");
        self.problems.extend(places.map(|place| Diagnostic::error("VPC022", place, message.as_str())));
    }

    fn part(&mut self, part: &Expression, scope: Scope) {
        match &part.kind {
            ExpressionKind::Ref(name) => self.reference(name, scope),
            ExpressionKind::GetAtt { resource, attribute } => {
                self.attribute(resource, attribute.as_text().map(|text| (text, attribute.span)), scope);
            }
            ExpressionKind::Sub { pieces, variables, .. } => {
                let given = |name: &str| variables.iter().any(|(key, _)| key.text == name);
                for piece in pieces {
                    match piece {
                        Piece::Ref(name) if !given(&name.text) => self.reference(name, scope),
                        Piece::GetAtt(name, attribute) if !given(&format!("{}.{attribute}", name.text)) => {
                            self.attribute(name, Some((attribute, name.span)), scope);
                        }
                        _ => {}
                    }
                }
            }
            ExpressionKind::If { condition, .. } => self.condition(Some(condition)),
            ExpressionKind::ImportValue(name) => self.fixed(name, "the name of an import"),
            ExpressionKind::Condition(name) => self.condition(Some(name)),
            ExpressionKind::FindInMap(lookup) => {
                if let Some(name) = lookup.map.as_text()
                    && lookup.default.is_none()
                    && !self.template.mappings.contains_key(name)
                {
                    let help = did_you_mean(name, self.template.mappings.keys().map(SmolStr::as_str));
                    let message = format!("no mapping named `{name}`");
                    self.problems.push(Diagnostic::error("VPC021", lookup.map.span, message).help_if(help));
                }
            }
            _ => {}
        }
    }

    fn reference(&mut self, name: &Name, scope: Scope) {
        let template = self.template;
        let text = name.text.as_str();
        let is_resource = template.resources.contains_key(text);
        if template.parameters.contains_key(text) || PSEUDO_PARAMETERS.contains(&text) {
            return;
        }
        if is_resource && scope == Scope::Everything {
            return;
        }
        let problem = if is_resource {
            let message = format!("`{text}` is a resource, and conditions can use only parameters");
            Diagnostic::error("VPC021", name.span, message)
        } else {
            let resources = template.resources.keys().filter(|_| scope == Scope::Everything);
            let candidates = template.parameters.keys().chain(resources).map(SmolStr::as_str);
            let help = did_you_mean(text, candidates.chain(PSEUDO_PARAMETERS.iter().copied()));
            let what = if text.starts_with("AWS::") { "pseudo parameter" } else { "parameter or resource" };
            Diagnostic::error("VPC021", name.span, format!("no {what} named `{text}`")).help_if(help)
        };
        self.problems.push(problem);
    }

    fn attribute(&mut self, name: &Name, attribute: Option<(&str, Span)>, scope: Scope) {
        let template = self.template;
        let Some(resource) = template.resources.get(&name.text) else {
            let help = did_you_mean(&name.text, template.resources.keys().map(SmolStr::as_str));
            let message = format!("no resource named `{}`", name.text);
            self.problems.push(Diagnostic::error("VPC021", name.span, message).help_if(help));
            return;
        };
        if scope == Scope::Parameters {
            let message = format!("`{}` is a resource, and conditions can use only parameters", name.text);
            self.problems.push(Diagnostic::error("VPC021", name.span, message));
        }
        let (Some(resource_type), Some((text, span))) = (resource.resource_type, attribute) else { return };
        if resource_type.attribute(text).is_none() {
            let help = did_you_mean(text, resource_type.attributes.iter().map(|attribute| attribute.name));
            let message = format!("{} has no attribute `{text}`", resource.type_name);
            self.problems.push(Diagnostic::error("VPC023", span, message).help_if(help));
        }
    }
}
