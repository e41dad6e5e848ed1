//! An answer as `aws` prints it: `--query` first, then JSON, text or a table.

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{PrettyFormatter, Serializer};

use super::error::{CliError, invalid_choice};
use super::parse::Invocation;
pub(crate) use super::query::Query;
use super::{table, text};

/// `--output`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum OutputFormat {
    Json,
    Text,
    Table,
    /// Nothing is printed.
    Off,
}

impl OutputFormat {
    /// The format as typed.
    ///
    /// # Errors
    /// When there is no such format, or vpcsim does not write it.
    pub(crate) fn named(name: &str) -> Result<OutputFormat, CliError> {
        match name {
            "json" => Ok(OutputFormat::Json),
            "text" => Ok(OutputFormat::Text),
            "table" => Ok(OutputFormat::Table),
            "off" => Ok(OutputFormat::Off),
            "yaml" | "yaml-stream" => {
                Err(CliError::not_simulated(format!("--output {name} is not written here; use json, text or table")))
            }
            _ => {
                let choices = ["json", "text", "table", "yaml", "yaml-stream", "off"].map(str::to_owned);
                Err(invalid_choice("--output", name, &choices))
            }
        }
    }
}

/// What the command prints on stdout, final newline included; nothing for an empty answer.
///
/// # Errors
/// When the query's functions cannot take the answer, or a table's rows differ in length.
pub(crate) fn render(answer: &Value, invocation: &Invocation) -> Result<String, CliError> {
    let found = match &invocation.query {
        Some(query) => &query.search(answer)?,
        None => answer,
    };
    match invocation.output {
        OutputFormat::Json => Ok(json(found)),
        OutputFormat::Text => Ok(text::format(found)),
        OutputFormat::Table => table::format(invocation.operation, found),
        OutputFormat::Off => Ok(String::new()),
    }
}

/// JSON with four spaces of indent and letters as they are, as the CLI has it.
fn json(value: &Value) -> String {
    if value.as_object().is_some_and(serde_json::Map::is_empty) {
        return String::new();
    }
    let mut bytes = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut bytes, PrettyFormatter::with_indent(b"    "));
    value.serialize(&mut serializer).expect("a JSON value is written to memory without fail");
    let mut json = String::from_utf8(bytes).expect("serde_json writes UTF-8");
    json.push('\n');
    json
}
