//! stub
use crate::host::Sys;

/// The number of an interface by its name.
pub(crate) fn interface_number(sys: &Sys, name: &str) -> Option<usize> {
    (0..sys.interfaces().len()).find(|&number| interface_name(sys, number) == name)
}

/// The name of an interface.
pub(crate) fn interface_name(sys: &Sys, number: usize) -> String {
    let (prefix, first) = sys.profile().interface_prefix();
    format!("{prefix}{}", first as usize + number)
}
