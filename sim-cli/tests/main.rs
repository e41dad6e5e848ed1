//! The program as a user runs it: words in, standard output, standard error, captures and exit status out.

mod broken;
mod command_line;
mod determinism;
mod flow_logs;
mod generate;
mod golden;
mod interrupt;
mod program;
mod questions;
mod scenarios;
mod strangers;
mod templates;
mod transcripts;
mod verdicts;
