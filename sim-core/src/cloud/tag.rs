//! Tags.

use indexmap::IndexMap;

/// A resource's tags in the order they were given.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tags(pub IndexMap<String, String>);

impl Tags {
    /// The value of the `Name` tag, if there is one and it is not empty.
    pub fn name(&self) -> Option<&str> {
        self.0.get("Name").map(String::as_str).filter(|name| !name.is_empty())
    }
}
