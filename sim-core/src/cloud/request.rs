//! The shape of requests: structs with AWS's member names, and nothing about what they mean.
//!
//! A member that the struct does not have is an error that names it, so that nothing a user asks for is lost in silence.
//! Ids, addresses and blocks stay text here; the handler reads them, because EC2 has a code of its own for each wrong one.

use serde::Deserialize;

/// Declares request structs. Each gets `DryRun`, every member may be absent, and unknown members are refused.
macro_rules! requests {
    ($($(#[$doc:meta])* $name:ident { $($(#[$wire:meta])* $field:ident: $type:ty,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, Default, serde::Deserialize)]
            #[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
            pub(crate) struct $name {
                $($(#[$wire])* pub(crate) $field: $type,)*
                pub(crate) dry_run: bool,
            }
        )*
    };
}
pub(crate) use requests;

/// Declares structures inside requests: as [`requests`], without `DryRun`.
macro_rules! members {
    ($($(#[$doc:meta])* $name:ident { $($(#[$wire:meta])* $field:ident: $type:ty,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, Default, serde::Deserialize)]
            #[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
            pub(crate) struct $name {
                $($(#[$wire])* pub(crate) $field: $type,)*
            }
        )*
    };
}
pub(crate) use members;

/// `{"Value": true}`: how Modify operations take a boolean.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub(crate) struct BooleanValue {
    pub(crate) value: bool,
}

/// `{"Value": "text"}`: how Modify operations take text.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub(crate) struct TextValue {
    pub(crate) value: String,
}
