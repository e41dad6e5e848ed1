//! `aws …` command lines, as the real AWS CLI (version 2) takes and answers them.
//!
//! [`words`] splits what was typed, [`parse`] makes a [`Command`] of the words, whoever owns the cloud carries it out,
//! and [`output`] prints the answer. [`model`] says which operations there are and what their inputs look like; to serve
//! one more, add its name to `operations.py`. [`wait`] says when `aws ec2 wait` is content.
//!
//! This room translates text and nothing more: it knows no resource, no default and no rule of EC2. All its errors are
//! what the AWS CLI prints before it sends a request ([`CliError`]); what EC2 refuses comes from `cloud`.
//!
//! Files (`file://`) are read by whoever hands a reader in. Differs from AWS: no `ClientToken` is made up (it would be random and
//! nobody sees it), an answer is one page, and `--output yaml-stream` is refused.

mod arguments;
mod ec2;
mod error;
mod help;
mod model;
mod output;
mod parse;
mod python;
mod shorthand;
mod table;
mod text;
mod unpack;
mod validate;
mod wait;
mod words;
mod yaml;

#[cfg(test)]
mod tests;

pub(crate) use error::CliError;
#[cfg(test)]
pub(crate) use output::OutputFormat;
pub(crate) use output::Printed;
pub(crate) use parse::{Command, Invocation};
pub(crate) use wait::Next;
pub(crate) use words::split_line;

/// Every operation that can be typed, as `(service, operation)`: `("ec2", "CreateVpc")`.
#[cfg(test)]
pub(crate) fn operations() -> impl Iterator<Item = (&'static str, &'static str)> {
    let model = model::Model::get();
    model
        .services()
        .into_iter()
        .flat_map(|service| model.operations(service))
        .map(|served| (served.service, served.name))
}
