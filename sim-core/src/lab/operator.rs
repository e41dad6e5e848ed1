//! The operator's workstation: `aws` lines, carried out as the real CLI would, with the files beside the scenario.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::report::{Output, OutputStream};
use super::session::Session;
use super::stack_answers;
use crate::cloud::{ApiError, Caller};
use crate::frontend::aws_cli::{self, CliError, Command, Invocation, Next, Printed};
use crate::id::{AccountId, Origin, Region};

/// What came of a line.
pub(super) struct Typed {
    pub terminal: Vec<Output>,
    pub exit: i32,
    /// The AWS error code, if AWS refused.
    pub error: Option<&'static str>,
    /// What was typed and has no effect here.
    pub warnings: Vec<String>,
}

/// Where the operator works from.
#[derive(Clone, Copy)]
pub(super) struct Workplace<'w> {
    /// The folder in which files are looked for: the scenario's.
    pub folder: &'w Path,
    pub account: AccountId,
    pub region: Region,
    /// The step whose line this is.
    pub step: u32,
}

/// Types a line.
pub(super) fn type_line(session: &mut Session<'_>, place: Workplace<'_>, line: &str) -> Typed {
    let words = match aws_cli::split_line(line) {
        Ok(words) => words,
        Err(error) => return printed(CliError::general(format!("vpcsim: {}", error.message)).into(), None),
    };
    let words: Vec<String> = words.into_iter().map(|word| word.text).collect();
    match words.first().map(String::as_str) {
        None | Some("aws") => {}
        Some("chmod") if words.len() > 2 => {
            let note = "chmod has no effect on the workstation, which keeps no files of its own".to_owned();
            return Typed { warnings: vec![note], ..printed(Printed::default(), None) };
        }
        Some(other) => {
            let refusal = format!(
                "bash: {other}: command not found\nvpcsim: the workstation has `aws`; `on` says where else to run\n"
            );
            return printed(Printed { exit: 127, stderr: refusal, ..Printed::default() }, None);
        }
    }
    let command = Command::parse(&words, &|path| fs::read(place.folder.join(path)));
    if let Ok(Command::Call(invocation) | Command::Wait(_, invocation)) = &command
        && let Some(profile) = unknown_profile(session, invocation)
    {
        let stacks: Vec<&str> = session.stacks.iter().map(|stack| stack.name.as_str()).collect();
        let note = format!("the profiles are the stacks ({}) and account numbers", stacks.join(", "));
        let error = CliError::general(format!("The config profile ({profile}) could not be found")).note(note);
        return printed(error.into(), None);
    }
    match command {
        Ok(Command::Call(invocation)) => {
            let answer = call(session, place, &invocation);
            let typed = printed(invocation.print(&answer), answer.err().map(|error| error.code));
            Typed { warnings: invocation.warnings, ..typed }
        }
        Ok(Command::Wait(waiter, invocation)) => {
            let mut waiting = waiter.start();
            loop {
                let answer = call(session, place, &invocation);
                match waiting.judge(&answer) {
                    Next::Done => return printed(Printed::default(), None),
                    Next::Fail(error) => return printed(error.into(), None),
                    Next::RetryAfter(delay) => session.pass_until(session.world.now() + delay),
                }
            }
        }
        Ok(Command::Print(text)) => printed(Printed { stdout: text, ..Printed::default() }, None),
        Err(error) => printed(error.into(), None),
    }
}

/// The profile asked for, if it is none.
fn unknown_profile<'a>(session: &Session<'_>, invocation: &'a Invocation) -> Option<&'a str> {
    let profile = invocation.profile.as_deref()?;
    let known = profile == "default"
        || AccountId::parse(profile).is_some()
        || session.stacks.iter().any(|stack| stack.name == profile);
    (!known).then_some(profile)
}

/// Makes the call from the operator's place, or from where `--region` and `--profile` say: a profile is called like a stack
/// and means its account and Region, or is an account's number.
fn call(session: &mut Session<'_>, place: Workplace<'_>, invocation: &Invocation) -> Result<Value, ApiError> {
    let stack =
        invocation.profile.as_ref().and_then(|profile| session.stacks.iter().find(|stack| stack.name == *profile));
    let account = invocation.profile.as_deref().and_then(AccountId::parse);
    let caller = Caller {
        account: stack.map(|stack| stack.account).or(account).unwrap_or(place.account),
        region: invocation.region.or(stack.map(|stack| stack.region)).unwrap_or(place.region),
        now: session.world.now(),
        origin: Origin::Step(place.step),
    };
    if invocation.service == "cloudformation" {
        let answer = stack_answers::answer(&session.stacks, &caller, invocation.operation, &invocation.parameters);
        session.take_time_of_call();
        return answer;
    }
    session.call(&caller, invocation.operation, invocation.parameters.clone())
}

fn printed(printed: Printed, error: Option<&'static str>) -> Typed {
    let pieces = [(OutputStream::Stdout, printed.stdout), (OutputStream::Stderr, printed.stderr)];
    let terminal = pieces
        .into_iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(stream, text)| Output { stream, bytes: text.into_bytes() })
        .collect();
    Typed { terminal, exit: i32::from(printed.exit), error, warnings: Vec::new() }
}
