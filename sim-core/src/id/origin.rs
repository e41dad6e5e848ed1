//! Where something was written: a line of a template, or the step whose command made it.
//!
//! A drop can point at the line because every rule and route carries one of these through compilation.

use crate::flat::flat;

/// A text file that was read: an index into the front end's `Sources`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct FileId(pub u16);

flat!(struct FileId(0));

/// Where a resource, rule or route was written.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) enum Origin {
    /// Nobody wrote it: AWS makes it by default (a local route, a default group's rules).
    #[default]
    Aws,
    /// A template, with the line counted from 1.
    Template {
        /// The template's file.
        file: FileId,
        /// The line, counted from 1.
        line: u32,
    },
    /// An `aws` command of a scenario's step, counted from 1.
    Step(u32),
}

flat!(enum Origin { 0 => Aws, 1 => Template { file, line }, 2 => Step(number) });
