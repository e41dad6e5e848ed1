//! What `vpcsim run` takes.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args as ClapArgs, ValueEnum};
use sim_core::CaptureFormat;

/// `vpcsim run`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Example:
  vpcsim run vpc-peering --seed 7 --report junit=lab.xml
      runs scenarios/vpc-peering, prints the transcript, and writes JUnit XML besides")]
pub(crate) struct RunArgs {
    /// Scenario files, folders with a scenario.yaml (or with folders that have one), or names below ./scenarios.
    #[arg(value_name = "FILE|DIR|NAME")]
    pub scenarios: Vec<String>,
    /// Take this seed instead of the scenario's: other ids, ports and jitter, the same verdicts.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Write captures, and the records of flow logs, below this folder.
    #[arg(long, value_name = "DIR", default_value = "captures")]
    pub captures: PathBuf,
    /// Write no captures and no flow logs.
    #[arg(long, conflicts_with_all = ["captures", "capture_format", "snaplen"])]
    pub no_captures: bool,
    /// The captures' format; the classic `pcap` has no place for interface names and drop reasons.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "pcapng")]
    pub capture_format: CaptureFormatArg,
    /// Capture so many bytes of each frame, as tcpdump's -s does; 0 captures all of it.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=262_144))]
    pub snaplen: u32,
    /// Work on so many threads [default: one for each processor]. The results do not depend on it.
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
    /// The format of the results.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
    /// Write the results to this file instead of standard output.
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Write the results to a file as well, in a format of its own. May be given several times.
    #[arg(long = "report", value_name = "FORMAT=FILE")]
    pub reports: Vec<ReportArg>,
    /// Print one line for a step that held.
    #[arg(short, long, conflicts_with_all = ["verbose", "transcript_only"])]
    pub quiet: bool,
    /// Print expected drops, exit statuses and virtual times too.
    #[arg(short, long)]
    pub verbose: bool,
    /// Print only what a terminal would have shown.
    #[arg(long, conflicts_with = "verbose")]
    pub transcript_only: bool,
}

/// What `--format` takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Format {
    /// For people: the transcript and the verdicts.
    #[value(alias = "human")]
    Text,
    /// One object for each scenario, `"schema": "vpcsim.run/1"`; those of several follow each other, as `jq` reads them.
    Json,
    /// JUnit XML, for CI systems.
    Junit,
    /// GitHub workflow annotations.
    Github,
    /// TAP version 14.
    Tap,
}

/// What `--capture-format` takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum CaptureFormatArg {
    /// pcapng, with interface names and drop reasons.
    Pcapng,
    /// Classic pcap with nanoseconds.
    Pcap,
}

impl From<CaptureFormatArg> for CaptureFormat {
    fn from(format: CaptureFormatArg) -> CaptureFormat {
        match format {
            CaptureFormatArg::Pcapng => CaptureFormat::Pcapng,
            CaptureFormatArg::Pcap => CaptureFormat::Pcap,
        }
    }
}

/// What `--report` takes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct ReportArg {
    /// In which format.
    pub format: Format,
    /// Where to.
    pub file: PathBuf,
}

impl FromStr for ReportArg {
    type Err = String;

    fn from_str(text: &str) -> Result<ReportArg, String> {
        let Some((format, file)) = text.split_once('=').filter(|(_, file)| !file.is_empty()) else {
            return Err("a report is FORMAT=FILE, as in `junit=lab.xml`".to_owned());
        };
        let format = Format::from_str(format, false).map_err(|_| {
            let known: Vec<_> = Format::value_variants()
                .iter()
                .filter_map(|format| Some(format.to_possible_value()?.get_name().to_owned()))
                .collect();
            format!("`{format}` is not a format; there are {}", known.join(", "))
        })?;
        Ok(ReportArg { format, file: PathBuf::from(file) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_a_format_and_a_file() {
        let report = "junit=out/lab.xml".parse::<ReportArg>();
        assert_eq!(report, Ok(ReportArg { format: Format::Junit, file: PathBuf::from("out/lab.xml") }));
        assert_eq!("human=a=b".parse::<ReportArg>().map(|report| report.file), Ok(PathBuf::from("a=b")));
        for wrong in ["junit", "junit=", "=x", "xml=x"] {
            assert!(wrong.parse::<ReportArg>().is_err(), "{wrong}");
        }
    }
}
