//! `vpcsim schema`: the JSON Schema of the scenario file, for editors that complete and check YAML.

use crate::exit::Status;

pub(super) fn schema() -> Status {
    super::answer(&format!("{:#}\n", sim_core::lab::schema()))
}
