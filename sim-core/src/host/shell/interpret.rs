//! Running a script: lists, pipelines, compound commands, redirections, and finding what a name stands for.
//!
//! Loops are bounded, so that a script that never ends cannot hang the simulator.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::Mode;
use super::ast::*;
use super::parser::{Parser, SyntaxError};
use super::streams::Streams;
use crate::host::files::{FileError, file_name};
use crate::host::{DEV_TCP, Input, JobId, Output, Signal, Sink, Sys};

/// Commands a script may run before it is stopped.
const STEPS_MAX: u32 = 10_000;
/// After so many commands a shell that writes into a pipe lets those have their turn who read from it.
const TURN: u32 = 16;
/// How deep functions, subshells and scripts may call each other.
const DEPTH_MAX: u32 = 24;
/// How deep commands may run inside each other in all, calls and compound commands together: each takes its part of the
/// simulator's own stack.
const NESTING_MAX: u32 = 80;

/// The future of a step that may contain itself.
pub(super) type Step<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Where control goes after a command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Flow {
    Next,
    Break(u32),
    Continue(u32),
    Return,
    Exit,
}

/// A shell's own state.
#[derive(Clone)]
pub(in crate::host) struct Shell {
    pub(super) mode: Mode,
    pub(super) variables: BTreeMap<String, String>,
    pub(super) exported: BTreeSet<String>,
    pub(super) functions: BTreeMap<String, Arc<Command>>,
    pub(super) positional: Vec<String>,
    /// What it has left in the background, in the order of `%1`, `%2`…
    pub(super) jobs: Vec<JobId>,
    pub(super) status: i32,
    pub(super) exit: Option<i32>,
    pub(super) directory: String,
    pub(super) streams: Streams,
    /// `set -e`.
    pub(super) stop_on_error: bool,
    /// `set -o pipefail`.
    pub(super) pipe_fail: bool,
    /// `set -x`.
    pub(super) trace: bool,
    /// Whether line numbers are those of the user's own text.
    pub(super) numbered: bool,
    pub(super) steps: u32,
    pub(super) depth: u32,
    nesting: u32,
}

impl Shell {
    pub(super) fn new(sys: &Sys, mode: Mode) -> Shell {
        let mut variables = (*sys.environment).clone();
        // What bash sets by itself, and does not export (bash(1), Shell Variables).
        let user_id = if variables.get("USER").is_some_and(|user| user == "root") { "0" } else { "1000" };
        for (name, value) in [("HOSTNAME", sys.hostname()), ("UID", user_id.to_owned()), ("EUID", user_id.to_owned())] {
            variables.entry(name.to_owned()).or_insert(value);
        }
        Shell {
            mode,
            variables,
            streams: Streams::default(),
            exported: sys.environment.keys().cloned().collect(),
            functions: BTreeMap::new(),
            positional: Vec::new(),
            jobs: Vec::new(),
            status: 0,
            exit: None,
            directory: sys.directory.clone(),
            stop_on_error: false,
            pipe_fail: false,
            trace: false,
            numbered: true,
            steps: 0,
            depth: 0,
            nesting: 0,
        }
    }

    /// A subshell.
    pub(super) fn child(&self) -> Shell {
        let mut child = self.clone();
        child.depth += 1;
        child.exit = None;
        child
    }

    /// What a subshell has used up counts for the whole script.
    pub(super) fn rejoin(&mut self, child: &Shell) {
        self.steps = child.steps;
    }

    /// The user types another line.
    pub(super) fn begin_line(&mut self) {
        self.steps = 0;
        self.exit = None;
    }

    pub(super) fn final_status(&self) -> i32 {
        self.exit.unwrap_or(self.status)
    }

    pub(super) fn variable(&self, name: &str) -> Option<String> {
        match name {
            "PWD" => Some(self.directory.clone()),
            _ => self.variables.get(name).cloned(),
        }
    }

    pub(super) fn set_variable(&mut self, name: &str, value: String) {
        self.variables.insert(name.to_owned(), value);
    }

    /// Runs commands in order.
    pub(super) fn run<'a>(&'a mut self, sys: &'a Sys, script: &'a Script) -> Step<'a, Flow> {
        Box::pin(async move {
            for item in &script.0 {
                if item.background {
                    self.start_in_background(sys, item);
                    continue;
                }
                let flow = self.run_item(sys, item).await;
                if flow != Flow::Next {
                    return flow;
                }
            }
            Flow::Next
        })
    }

    fn start_in_background(&mut self, sys: &Sys, item: &Item) {
        let (mut shell, item) = (self.child(), item.clone());
        shell.jobs.clear();
        let job = sys.start_job("bash", move |sys| async move {
            shell.run_item(&sys, &item).await;
            sys.forget_jobs(&shell.jobs);
            shell.final_status()
        });
        self.jobs.push(job);
        self.status = 0;
    }

    fn run_item<'a>(&'a mut self, sys: &'a Sys, item: &'a Item) -> Step<'a, Flow> {
        Box::pin(async move {
            let tested = |index: usize| index < item.rest.len();
            let mut flow = self.run_pipeline(sys, &item.first, tested(0)).await;
            for (index, (join, pipeline)) in item.rest.iter().enumerate() {
                if flow != Flow::Next {
                    return flow;
                }
                if (*join == Join::And) == (self.status == 0) {
                    flow = self.run_pipeline(sys, pipeline, tested(index + 1)).await;
                }
            }
            flow
        })
    }

    /// `tested` says that somebody looks at the status, so that `set -e` does not.
    async fn run_pipeline(&mut self, sys: &Sys, pipeline: &Pipeline, tested: bool) -> Flow {
        let flow = match pipeline.commands.as_slice() {
            [command] => self.run_command(sys, command).await,
            commands => self.run_stages(sys, commands).await,
        };
        if pipeline.negated {
            self.status = i32::from(self.status == 0);
        }
        if flow == Flow::Next && self.stop_on_error && self.status != 0 && !tested && !pipeline.negated {
            self.exit = Some(self.status);
            return Flow::Exit;
        }
        flow
    }

    pub(super) fn run_command<'a>(&'a mut self, sys: &'a Sys, command: &'a Command) -> Step<'a, Flow> {
        Box::pin(async move {
            let mut sys = Sys { directory: self.directory.clone(), ..sys.clone() };
            if self.mode == Mode::Script && command.line.is_some() && self.numbered {
                sys.line = command.line;
            }
            self.steps += 1;
            if self.steps > STEPS_MAX {
                sys.note(format!("the script was stopped after {STEPS_MAX} commands; the rest of it did not run"));
                self.exit = Some(1);
                return Flow::Exit;
            }
            if self.depth > DEPTH_MAX || self.nesting > NESTING_MAX {
                sys.note("the script calls itself too deeply and was stopped");
                self.exit = Some(1);
                return Flow::Exit;
            }
            if sys.stdout_is_pipe() && self.steps.is_multiple_of(TURN) {
                sys.give_way().await;
            }
            self.streams.apply(&mut sys);
            let before = (sys.stdout.clone(), sys.stderr.clone());
            for redirection in &command.redirections {
                if !self.redirect(&mut sys, redirection).await {
                    // What is not simulated costs its command and is no failure.
                    self.status = i32::from(!matches!(redirection, Redirection::WriteToCommand { .. }));
                    return self.end_by_signal(&sys);
                }
            }
            if command.is_exec_alone() {
                self.streams.replace(before, &sys);
                self.status = 0;
                return Flow::Next;
            }
            self.nesting += 1;
            let flow = self.run_kind(&sys, &command.kind).await;
            self.nesting -= 1;
            flow
        })
    }

    async fn run_kind(&mut self, sys: &Sys, kind: &CommandKind) -> Flow {
        match kind {
            CommandKind::Simple { assignments, words } => self.simple(sys, assignments, words).await,
            CommandKind::Group(script) => self.run(sys, script).await,
            CommandKind::Subshell(script) => {
                let mut shell = self.child();
                shell.run(sys, script).await;
                self.rejoin(&shell);
                self.status = shell.final_status();
                self.end_by_signal(sys)
            }
            CommandKind::If { branches, otherwise } => {
                for (condition, body) in branches {
                    let flow = self.condition(sys, condition).await;
                    if flow != Flow::Next {
                        return flow;
                    }
                    if self.status == 0 {
                        return self.run(sys, body).await;
                    }
                }
                self.status = 0;
                match otherwise {
                    Some(body) => self.run(sys, body).await,
                    None => Flow::Next,
                }
            }
            CommandKind::For { variable, words, body } => {
                let values = match words {
                    Some(words) => self.fields(sys, words).await,
                    None => self.positional.clone(),
                };
                self.status = 0;
                for value in values {
                    self.set_variable(variable, value);
                    if let Some(flow) = after_round(self.run(sys, body).await) {
                        return flow;
                    }
                    if self.exhausted(sys) {
                        return Flow::Exit;
                    }
                }
                Flow::Next
            }
            CommandKind::While { until, condition, body } => {
                let mut status = 0;
                loop {
                    let flow = self.condition(sys, condition).await;
                    if flow != Flow::Next {
                        return flow;
                    }
                    if (self.status == 0) == *until {
                        break;
                    }
                    let round = self.run(sys, body).await;
                    status = self.status;
                    if let Some(flow) = after_round(round) {
                        return flow;
                    }
                    if self.exhausted(sys) {
                        return Flow::Exit;
                    }
                }
                self.status = status;
                Flow::Next
            }
            CommandKind::Case { value, arms } => {
                let value = self.text(sys, value).await;
                self.status = 0;
                for (patterns, body) in arms {
                    for pattern in patterns {
                        let pattern = self.pattern(sys, pattern).await;
                        if super::expand::matches(&pattern, &value) {
                            return self.run(sys, body).await;
                        }
                    }
                }
                Flow::Next
            }
            CommandKind::Test(test) => {
                self.status = match self.test(sys, test).await {
                    Ok(holds) => i32::from(!holds),
                    Err(what) => {
                        sys.note(format!("'{what}' in [[ … ]] is not simulated; it counts as false"));
                        1
                    }
                };
                Flow::Next
            }
            CommandKind::Arithmetic { expression } => {
                // True when it is not zero, the other way round than an exit status.
                self.status = i32::from(self.arithmetic(sys, expression).await.unwrap_or_default() == 0);
                Flow::Next
            }
            CommandKind::ForArithmetic { start, condition, step, body } => {
                self.arithmetic(sys, start).await;
                let mut status = 0;
                while condition.0.is_empty() || self.arithmetic(sys, condition).await.is_some_and(|value| value != 0) {
                    let round = self.run(sys, body).await;
                    status = self.status;
                    if let Some(flow) = after_round(round) {
                        return flow;
                    }
                    if self.exhausted(sys) {
                        return Flow::Exit;
                    }
                    self.arithmetic(sys, step).await;
                }
                self.status = status;
                Flow::Next
            }
            CommandKind::Function { name, body } => {
                self.functions.insert(name.clone(), Arc::clone(body));
                self.status = 0;
                Flow::Next
            }
            CommandKind::NotUnderstood { what } => {
                sys.note(format!("not understood and not run: {what}"));
                self.status = 0;
                Flow::Next
            }
            CommandKind::Broken { error } => {
                let sys = &Sys { line: self.line_for_notes(sys, error.line), ..sys.clone() };
                self.complain_of_syntax(sys, ": command substitution", error);
                if self.mode == Mode::Script {
                    sys.note(format!("in a substitution: {error}"));
                }
                self.status = 2;
                Flow::Next
            }
        }
    }

    /// A list whose status is looked at: `set -e` sleeps.
    async fn condition(&mut self, sys: &Sys, script: &Script) -> Flow {
        let stop = std::mem::take(&mut self.stop_on_error);
        let flow = self.run(sys, script).await;
        self.stop_on_error = stop;
        flow
    }

    fn exhausted(&mut self, sys: &Sys) -> bool {
        self.steps += 1;
        if self.steps <= STEPS_MAX {
            return false;
        }
        sys.note(format!("the script was stopped after {STEPS_MAX} commands; the rest of it did not run"));
        self.exit = Some(1);
        true
    }

    async fn simple(&mut self, sys: &Sys, assignments: &[Assignment], words: &[Word]) -> Flow {
        self.status = if words.is_empty() { 0 } else { self.status };
        let arguments = self.fields(sys, words).await;
        let mut values = Vec::new();
        for Assignment { name, value, append } in assignments {
            let text = self.text(sys, value).await;
            let before = if *append { self.variable(name).unwrap_or_default() } else { String::new() };
            values.push((name.clone(), before + &text));
        }
        if arguments.is_empty() {
            self.variables.extend(values);
            return Flow::Next;
        }
        if self.trace {
            sys.eprint(format!("+ {}\n", arguments.join(" ")));
        }
        let mut environment: BTreeMap<String, String> =
            self.exported.iter().filter_map(|name| Some((name.clone(), self.variable(name)?))).collect();
        environment.extend(values);
        let sys = Sys { environment: Arc::new(environment), ..sys.clone() };
        self.call(&sys, arguments).await
    }

    /// Runs what a name stands for: a function, a builtin, a program, a script.
    pub(super) fn call<'a>(&'a mut self, sys: &'a Sys, arguments: Vec<String>) -> Step<'a, Flow> {
        Box::pin(async move {
            let name = arguments[0].clone();
            if let Some(body) = self.functions.get(&name).cloned() {
                return self.call_function(sys, &body, &arguments[1..]).await;
            }
            if let Some(flow) = self.builtin(sys, &arguments).await {
                return flow;
            }
            if let Some(program) = sys.program(&name) {
                let short = file_name(&name);
                self.status = sys.run_program(short, program, arguments).await;
                if self.status == Signal::Pipe.exit() && is_builtin_of_bash(short) && sys.stdout_is_pipe() {
                    self.exit = Some(self.status); // It was the shell itself that wrote.
                    return Flow::Exit;
                }
                return self.after_program(sys);
            }
            if name.contains('/') {
                return self.run_file(sys, &name, &arguments[1..]).await;
            }
            self.not_found(sys, &name);
            Flow::Next
        })
    }

    /// A shell waits for what runs in the foreground before it minds a signal that both have got. A program that heard Ctrl-C
    /// and ended by itself has dealt with it; one that was ended by it takes the whole line along, as bash has it.
    pub(super) fn after_program(&mut self, sys: &Sys) -> Flow {
        match sys.signal() {
            None => Flow::Next,
            Some(Signal::Interrupt) if self.status != Signal::Interrupt.exit() => {
                sys.forget_interrupt();
                Flow::Next
            }
            Some(_) => self.end_by_signal(sys),
        }
    }

    /// The end of the line, if this shell's job has been sent a signal that is still to be minded.
    pub(super) fn end_by_signal(&mut self, sys: &Sys) -> Flow {
        if sys.signal().is_none() {
            return Flow::Next;
        }
        self.exit = Some(self.status);
        Flow::Exit
    }

    async fn call_function(&mut self, sys: &Sys, body: &Command, arguments: &[String]) -> Flow {
        let before = std::mem::replace(&mut self.positional, arguments.to_vec());
        self.depth += 1;
        let flow = self.run_command(sys, body).await;
        self.depth -= 1;
        self.positional = before;
        if flow == Flow::Return { Flow::Next } else { flow }
    }

    /// Runs a script file in a subshell.
    pub(super) async fn run_file(&mut self, sys: &Sys, path: &str, arguments: &[String]) -> Flow {
        match sys.read_file(path) {
            Ok(text) => {
                let mut shell = self.child();
                shell.positional = arguments.to_vec();
                shell.numbered = false;
                shell.run_text(sys, &String::from_utf8_lossy(&text)).await;
                self.rejoin(&shell);
                self.status = shell.final_status();
            }
            Err(error) => {
                self.complain(sys, &format!("{path}: {error}"));
                self.status = if error == FileError::NotFound { 127 } else { 126 };
            }
        }
        Flow::Next
    }

    /// Reads and runs a text command by command, as bash does. A syntax error ends a script with status 2; at the prompt it
    /// costs its line.
    pub(super) async fn run_text(&mut self, sys: &Sys, text: &str) -> Flow {
        let mut parser = Parser::new(text);
        loop {
            let command = parser.next_command();
            for warning in parser.take_warnings() {
                let sys = Sys { line: self.line_for_notes(sys, warning.line), ..sys.clone() };
                self.complain(&sys, &format!("warning: {}", warning.text));
                sys.note(format!("warning: {}", warning.text));
            }
            match command {
                Ok(None) => return Flow::Next,
                Ok(Some(commands)) => {
                    let flow = self.run(sys, &commands).await;
                    if flow != Flow::Next {
                        return flow;
                    }
                }
                Err(error) => {
                    let sys = Sys { line: self.line_for_notes(sys, error.line), ..sys.clone() };
                    self.complain_of_syntax(&sys, "", &error);
                    if self.mode == Mode::Script {
                        sys.note(format!("{error}; the script stops here"));
                    }
                    self.status = 2;
                    if self.mode == Mode::Script || !self.numbered {
                        return Flow::Next;
                    }
                    parser.forget_line();
                }
            }
        }
    }

    /// The line to name: that of the user's own text, or where that text calls what runs now.
    fn line_for_notes(&self, sys: &Sys, line: u32) -> Option<u32> {
        if self.numbered { Some(line) } else { sys.line }
    }

    /// `within` is what of the script bash names before the line.
    fn complain_of_syntax(&self, sys: &Sys, within: &str, error: &SyntaxError) {
        let voice = self.voice(sys, within);
        sys.eprint(format!("{voice}: {error}\n"));
        if self.mode == Mode::Script && error.repeats_source() {
            sys.eprint(format!("{voice}: `{}'\n", error.source));
        }
    }

    fn not_found(&mut self, sys: &Sys, name: &str) {
        self.complain(sys, &format!("{name}: command not found"));
        sys.note(format!("'{name}' is not simulated; the command did nothing"));
        self.status = 127;
    }

    /// An error in the shell's own voice.
    pub(super) fn complain(&self, sys: &Sys, text: &str) {
        sys.eprint(format!("{}: {text}\n", self.voice(sys, "")));
    }

    fn voice(&self, sys: &Sys, within: &str) -> String {
        match self.mode {
            Mode::Interactive => format!("{}{within}", sys.profile().shell_name()),
            Mode::Script => {
                let line = sys.line.map_or_else(String::new, |line| format!(": line {line}"));
                format!("/var/lib/cloud/instance/scripts/part-001{within}{line}")
            }
        }
    }

    async fn redirect(&mut self, sys: &mut Sys, redirection: &Redirection) -> bool {
        match redirection {
            Redirection::Read(file) => {
                let name = self.text(sys, file).await;
                if let Some((host, port)) = dev_tcp(&name) {
                    return self.connect(sys, host, port).await;
                }
                if name == "/dev/null" {
                    sys.stdin = Input::of([]);
                    return true;
                }
                match sys.read_file(&name) {
                    Ok(bytes) => sys.stdin = Input::of(bytes),
                    Err(error) => {
                        self.complain(sys, &format!("{name}: {error}"));
                        return false;
                    }
                }
            }
            Redirection::HereDocument(body) => {
                let word = body.get().expect("the parser reads every body before it gives its command away");
                sys.stdin = Input::of(self.text(sys, word).await.into_bytes());
            }
            Redirection::HereString(word) => {
                sys.stdin = Input::of(format!("{}\n", self.text(sys, word).await).into_bytes());
            }
            Redirection::Write { descriptor, file, append } => {
                let name = self.text(sys, file).await;
                if let Some((host, port)) = dev_tcp(&name) {
                    return self.connect(sys, host, port).await;
                }
                let Some(sink) = self.open(sys, &name, *append) else { return false };
                match descriptor {
                    1 => sys.stdout = sink,
                    2 => sys.stderr = sink,
                    other => sys.note(format!("descriptor {other} is not simulated; '{name}' stays empty")),
                }
            }
            Redirection::WriteToCommand { descriptor, script } => {
                let Some(sink) = self.command_sink(sys, script).await else {
                    sys.note("not understood and not run: process substitution is not simulated but for `>(tee FILE)`");
                    return false;
                };
                if *descriptor != Some(2) {
                    sys.stdout = sink.clone();
                }
                if *descriptor != Some(1) {
                    sys.stderr = sink;
                }
            }
            Redirection::Both { file, append } => {
                let name = self.text(sys, file).await;
                let Some(sink) = self.open(sys, &name, *append) else { return false };
                sys.stdout = sink.clone();
                sys.stderr = sink;
            }
            Redirection::Duplicate { descriptor, of } => match (descriptor, of) {
                (2, 1) => sys.stderr = sys.stdout.clone(),
                (1, 2) => sys.stdout = sys.stderr.clone(),
                (a, b) if a == b => {}
                (descriptor, of) => sys.note(format!("the redirection {descriptor}>&{of} is not simulated")),
            },
        }
        true
    }

    /// Opens `/dev/tcp/HOST/PORT`.
    async fn connect(&mut self, sys: &Sys, host: &str, port: &str) -> bool {
        let Some(program) = sys.program(DEV_TCP) else { return false };
        let arguments = [DEV_TCP, host, port].map(str::to_owned).to_vec();
        sys.run_job(DEV_TCP, |sys| program(sys, arguments)).await == 0
    }

    pub(super) fn open(&self, sys: &Sys, name: &str, append: bool) -> Option<Sink> {
        match name {
            "/dev/null" => return Some(Sink::Null),
            "/dev/stdout" | "/dev/tty" | "/dev/console" => return Some(Sink::Terminal(Output::Stdout)),
            "/dev/stderr" => return Some(Sink::Terminal(Output::Stderr)),
            _ => {}
        }
        let path = sys.path(name);
        let opened = sys.files(|files| if append { files.open_for_append(&path) } else { files.create(&path) });
        match opened {
            Ok(()) => Some(Sink::File(path)),
            Err(error) => {
                self.complain(sys, &format!("{name}: {error}"));
                None
            }
        }
    }
}

/// Whether bash does without a process what is a program here.
fn is_builtin_of_bash(program: &str) -> bool {
    matches!(program, "echo" | "printf")
}

/// Host and port of bash's `/dev/tcp/HOST/PORT`.
fn dev_tcp(name: &str) -> Option<(&str, &str)> {
    name.strip_prefix("/dev/tcp/")?.split_once('/')
}

/// How a loop goes on after a round: `None` for the next one.
fn after_round(flow: Flow) -> Option<Flow> {
    match flow {
        Flow::Next | Flow::Continue(0 | 1) => None,
        Flow::Continue(levels) => Some(Flow::Continue(levels - 1)),
        Flow::Break(0 | 1) => Some(Flow::Next),
        Flow::Break(levels) => Some(Flow::Break(levels - 1)),
        leaving => Some(leaving),
    }
}
