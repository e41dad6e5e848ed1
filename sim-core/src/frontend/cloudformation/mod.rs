//! CloudFormation: a template becomes a stack, by the requests that AWS's own handlers would make.
//!
//! Defined by the CloudFormation User Guide and its resource reference. [`Template::parse`] checks all that can be known
//! without values and collects every problem; [`deploy()`] evaluates and creates, resource by resource, through
//! [`Api`](super::Api). This room knows neither packets nor what EC2 allows: refusals come back from `cloud` and are shown
//! under the line that caused them.

mod advice;
mod deploy;
mod exports;
mod expression;
mod functions;
mod graph;
mod names;
mod parameters;
mod resources;
mod schema;
mod template;
mod value;

#[cfg(test)]
mod tests;

pub(crate) use deploy::{Stack, StackConfig, StackOutput, StackResource, deploy};
pub(crate) use exports::Exports;
pub(crate) use graph::{Edges, order};
pub(crate) use parameters::GivenParameter;
pub(crate) use template::Template;
