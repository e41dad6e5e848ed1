//! An answer as `aws` prints it: `--query` first, then JSON, YAML, text or a table.

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{PrettyFormatter, Serializer};

use super::error::{CliError, invalid_choice};
use super::parse::Invocation;
use super::{table, text, yaml};
use crate::cloud::ApiError;

/// `--output`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum OutputFormat {
    Json,
    Text,
    Table,
    Yaml,
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
            "yaml" => Ok(OutputFormat::Yaml),
            "yaml-stream" => {
                Err(CliError::not_simulated("--output yaml-stream is not written here; use yaml, json, text or table"))
            }
            _ => {
                let choices = ["json", "text", "table", "yaml", "yaml-stream", "off"].map(str::to_owned);
                Err(invalid_choice("--output", name, &choices))
            }
        }
    }
}

/// What a finished command leaves on the terminal.
#[derive(Default, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Printed {
    /// The exit status.
    pub(crate) exit: u8,
    /// The text on stdout.
    pub(crate) stdout: String,
    /// The text on stderr.
    pub(crate) stderr: String,
}

impl From<CliError> for Printed {
    fn from(error: CliError) -> Printed {
        Printed { exit: error.exit, stdout: String::new(), stderr: error.stderr }
    }
}

impl Invocation {
    /// What the command prints once the service has answered.
    pub(crate) fn print(&self, answer: &Result<Value, ApiError>) -> Printed {
        let printed = match answer {
            Ok(answer) => render(answer, self).map(|stdout| Printed { exit: 0, stdout, stderr: String::new() }),
            Err(error) => Err(CliError::service(self.operation, error)),
        };
        let mut printed = printed.unwrap_or_else(Printed::from);
        let warnings: String = self.warnings.iter().map(|warning| format!("vpcsim: {warning}\n")).collect();
        printed.stderr.insert_str(0, &warnings);
        printed
    }
}

/// What the command prints on stdout, final newline included; nothing for an empty answer.
///
/// # Errors
/// When the query's functions cannot take the answer, or a table's rows differ in length.
pub(crate) fn render(answer: &Value, invocation: &Invocation) -> Result<String, CliError> {
    let found = match &invocation.query {
        Some(query) => &query.search(answer).map_err(|error| CliError::general(error.to_string()))?,
        None => answer,
    };
    match invocation.output {
        OutputFormat::Json => Ok(json(found)),
        OutputFormat::Text => Ok(text::format(found)),
        OutputFormat::Table => table::format(invocation.operation, found),
        OutputFormat::Yaml => Ok(yaml::format(found)),
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
