//! What the AWS CLI prints on stderr when it does not send a request, and the status it exits with.
//!
//! Layout and statuses are those of AWS CLI version 2: 252 for a command line or parameters that are wrong, 254 for an
//! error the service answered with, 255 for all else. Its newest releases print `aws: [ERROR]:` where the older ones, and
//! this room, print an empty line. Lines that begin with `vpcsim:` are ours and can never be taken for the CLI's.

use crate::cloud::ApiError;

/// The command line, or the parameters, are wrong.
pub(crate) const EXIT_USAGE: u8 = 252;
/// The service answered with an error.
pub(crate) const EXIT_SERVICE: u8 = 254;
/// Anything else went wrong.
pub(crate) const EXIT_GENERAL: u8 = 255;

const USAGE: &str = "usage: aws [options] <command> <subcommand> [<subcommand> ...] [parameters]
To see help text, you can run:

  aws help
  aws <command> help
  aws <command> <subcommand> help
";

/// A failed `aws` command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct CliError {
    /// The status the command exits with.
    pub(crate) exit: u8,
    /// The text on stderr, final newline included.
    pub(crate) stderr: String,
}

impl CliError {
    /// The words do not make a command line: usage, then `aws: error: …`.
    pub(crate) fn usage(message: impl AsRef<str>) -> CliError {
        CliError::with_exit(EXIT_USAGE, format!("\n{USAGE}\naws: error: {}\n", message.as_ref()))
    }

    /// Words are left over.
    pub(crate) fn unknown_options(words: &[String]) -> CliError {
        CliError::with_exit(EXIT_USAGE, format!("\n{USAGE}\nUnknown options: {}\n\n", words.join(", ")))
    }

    /// An option's value cannot be read.
    pub(crate) fn parameter(option: &str, message: impl AsRef<str>) -> CliError {
        CliError::invalid(format!("Error parsing parameter '--{option}': {}", message.as_ref()))
    }

    /// The parameters do not have the operation's shape; one line for each problem.
    pub(crate) fn validation(problems: &[String]) -> CliError {
        CliError::invalid(format!("Parameter validation failed:\n{}", problems.join("\n")))
    }

    /// A wrong value, in the CLI's own words.
    pub(crate) fn invalid(message: impl AsRef<str>) -> CliError {
        CliError::with_exit(EXIT_USAGE, format!("\n{}\n", message.as_ref()))
    }

    /// A failure that the CLI has no status of its own for.
    pub(crate) fn general(message: impl AsRef<str>) -> CliError {
        CliError::with_exit(EXIT_GENERAL, format!("\n{}\n", message.as_ref()))
    }

    /// Something the AWS CLI does and vpcsim does not.
    pub(crate) fn not_simulated(what: impl AsRef<str>) -> CliError {
        CliError::with_exit(EXIT_USAGE, format!("\nvpcsim: {}\n", what.as_ref()))
    }

    /// The service refused the request.
    pub(crate) fn service(operation: &str, error: &ApiError) -> CliError {
        let ApiError { code, message } = error;
        CliError::with_exit(
            EXIT_SERVICE,
            format!("\nAn error occurred ({code}) when calling the {operation} operation: {message}\n"),
        )
    }

    /// The same error with a line of ours below it.
    pub(crate) fn note(mut self, note: impl AsRef<str>) -> CliError {
        self.stderr.push_str(&format!("vpcsim: {}\n", note.as_ref()));
        self
    }

    fn with_exit(exit: u8, stderr: String) -> CliError {
        CliError { exit, stderr }
    }
}

/// A name that is not among `choices`, in argparse's words, with the names that come close (`difflib` at 0.8, as the CLI).
pub(crate) fn invalid_choice(argument: &str, given: &str, choices: &[String]) -> CliError {
    let mut close: Vec<(f64, &String)> =
        choices.iter().map(|choice| (similarity(choice, given), choice)).filter(|(ratio, _)| *ratio >= 0.8).collect();
    close.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.cmp(a.1)));
    let mut message = format!("argument {argument}: Found invalid choice '{given}'\n");
    if !close.is_empty() {
        message.push_str("\n\n\nMaybe you meant:\n");
        for (_, choice) in close.iter().take(3) {
            message.push_str(&format!("\n  * {choice}"));
        }
    }
    CliError::usage(message)
}

/// How alike two texts are, 0 to 1: Ratcliff and Obershelp's measure, which Python's `difflib` uses.
fn similarity(a: &str, b: &str) -> f64 {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len() + b.len() == 0 || a.len() + b.len() > 120 {
        return 0.0; // Nobody mistypes a name of this length; the measure is cubic.
    }
    2.0 * matching(&a, &b) as f64 / (a.len() + b.len()) as f64
}

fn matching(a: &[char], b: &[char]) -> usize {
    let mut longest = (0, 0, 0);
    for start_a in 0..a.len() {
        for start_b in 0..b.len() {
            let length = a[start_a..].iter().zip(&b[start_b..]).take_while(|(x, y)| x == y).count();
            if length > longest.2 {
                longest = (start_a, start_b, length);
            }
        }
    }
    let (start_a, start_b, length) = longest;
    if length == 0 {
        return 0;
    }
    matching(&a[..start_a], &b[..start_b]) + length + matching(&a[start_a + length..], &b[start_b + length..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_miss_is_suggested_and_a_far_one_is_not() {
        let choices = ["create-vpc", "delete-vpc", "describe-vpcs"].map(String::from);
        let error = invalid_choice("operation", "creat-vpc", &choices);
        assert_eq!(error.exit, 252);
        assert!(error.stderr.ends_with(
            "aws: error: argument operation: Found invalid choice 'creat-vpc'\n\n\n\nMaybe you meant:\n\n  * create-vpc\n"
        ));
        assert!(!invalid_choice("operation", "fly", &choices).stderr.contains("Maybe"));
    }

    #[test]
    fn the_measure_is_difflibs() {
        // python3 -c "import difflib; print(difflib.SequenceMatcher(None, 'describe-vpcs', 'discribe-vpc').ratio())"
        assert!((similarity("describe-vpcs", "discribe-vpc") - 0.88).abs() < 1e-9);
    }

    #[test]
    fn a_refused_request_reads_as_the_cli_prints_it() {
        let error = ApiError::new("InvalidVpcID.NotFound", "The vpc ID 'vpc-1' does not exist");
        assert_eq!(
            CliError::service("DescribeVpcs", &error),
            CliError {
                exit: 254,
                stderr: "\nAn error occurred (InvalidVpcID.NotFound) when calling the DescribeVpcs operation: \
                         The vpc ID 'vpc-1' does not exist\n"
                    .into()
            }
        );
    }
}
