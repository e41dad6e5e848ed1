//! What the shell does itself, and the commands that run another command: `sudo`, `nohup`, `timeout`, `bash -c`…

use std::sync::Arc;

use super::ast::Test;
use super::interpret::{Flow, Shell, Step};
use crate::engine::SimDuration;
use crate::host::Sys;

impl Shell {
    /// Runs a builtin; `None` when the name is not one.
    pub(super) async fn builtin(&mut self, sys: &Sys, arguments: &[String]) -> Option<Flow> {
        let operands = &arguments[1..];
        let number = |index: usize| operands.get(index).and_then(|text| text.parse::<i32>().ok());
        self.status = match arguments[0].as_str() {
            ":" | "true" => 0,
            "false" => 1,
            "cd" => self.change_directory(sys, operands),
            "pwd" => {
                sys.print(format!("{}\n", self.directory));
                0
            }
            "exit" | "logout" => {
                self.exit = Some(number(0).map_or(self.status, |status| status & 0xff));
                return Some(Flow::Exit);
            }
            "return" => {
                self.status = number(0).map_or(self.status, |status| status & 0xff);
                return Some(Flow::Return);
            }
            "break" => return Some(Flow::Break(number(0).and_then(|levels| levels.try_into().ok()).unwrap_or(1))),
            "continue" => {
                return Some(Flow::Continue(number(0).and_then(|levels| levels.try_into().ok()).unwrap_or(1)));
            }
            "export" | "declare" | "local" | "readonly" | "typeset" => {
                for operand in operands.iter().filter(|operand| !operand.starts_with('-')) {
                    let (name, value) = operand.split_once('=').map_or((operand.as_str(), None), |(n, v)| (n, Some(v)));
                    if let Some(value) = value {
                        self.set_variable(name, value.to_owned());
                    }
                    if arguments[0] == "export" {
                        self.exported.insert(name.to_owned());
                    }
                }
                0
            }
            "unset" => {
                for name in operands {
                    self.variables.remove(name);
                    self.exported.remove(name);
                }
                0
            }
            "set" => self.set_options(sys, operands),
            "shift" => {
                let count = number(0).and_then(|count| usize::try_from(count).ok()).unwrap_or(1);
                if count > self.positional.len() {
                    1
                } else {
                    self.positional.drain(..count);
                    0
                }
            }
            "read" => self.read(sys, operands).await,
            "test" => self.test_words(sys, operands),
            "[" => match operands.split_last() {
                Some((last, inner)) if last == "]" => self.test_words(sys, inner),
                _ => {
                    self.complain(sys, "[: missing `]'");
                    2
                }
            },
            "wait" => self.wait(sys, operands).await,
            "kill" => self.kill(sys, operands),
            "killall" | "pkill" => self.kill_by_name(sys, &arguments[0], operands),
            "jobs" => self.list_jobs(sys),
            "trap" | "ulimit" | "umask" | "shopt" | "alias" | "hash" => 0,
            "eval" => {
                let text = operands.join(" ");
                return Some(self.deeper(sys, &text).await);
            }
            "source" | "." => {
                let Some(path) = operands.first() else { return Some(Flow::Next) };
                match sys.read_file(path) {
                    Ok(text) => return Some(self.deeper(sys, &String::from_utf8_lossy(&text)).await),
                    Err(error) => {
                        self.complain(sys, &format!("{path}: {error}"));
                        1
                    }
                }
            }
            "type" | "which" => self.which(sys, operands, &arguments[0]),
            "bash" | "sh" => return Some(self.shell(sys, operands).await),
            "command" if operands.first().is_some_and(|flag| flag == "-v") => self.which(sys, &operands[1..], "which"),
            "sudo" | "nohup" | "exec" | "command" | "env" | "time" | "nice" | "stdbuf" | "setsid" => {
                return Some(self.wrapped(sys, arguments).await);
            }
            "timeout" => return Some(self.timeout(sys, operands).await),
            _ => return None,
        };
        Some(Flow::Next)
    }

    async fn deeper(&mut self, sys: &Sys, text: &str) -> Flow {
        let numbered = std::mem::replace(&mut self.numbered, false);
        self.depth += 1;
        let flow = self.run_text(sys, text).await;
        self.depth -= 1;
        self.numbered = numbered;
        flow
    }

    fn change_directory(&mut self, sys: &Sys, operands: &[String]) -> i32 {
        let target = match operands.first().map(String::as_str) {
            None => self.variable("HOME").unwrap_or_else(|| "/".to_owned()),
            Some("-") => self.variable("OLDPWD").unwrap_or_else(|| self.directory.clone()),
            Some(path) => path.to_owned(),
        };
        let path = sys.path(&target);
        if !sys.files(|files| files.is_directory(&path)) {
            let error =
                if sys.files(|files| files.exists(&path)) { "Not a directory" } else { "No such file or directory" };
            self.complain(sys, &format!("cd: {target}: {error}"));
            return 1;
        }
        let before = std::mem::replace(&mut self.directory, path);
        self.set_variable("OLDPWD", before);
        0
    }

    fn set_options(&mut self, sys: &Sys, operands: &[String]) -> i32 {
        let mut words = operands.iter();
        while let Some(word) = words.next() {
            let on = word.starts_with('-');
            match word.as_str() {
                "--" => {
                    self.positional = words.cloned().collect();
                    return 0;
                }
                "-o" | "+o" => {
                    if let Some(option) = words.next() {
                        self.set_option(sys, word, option, on);
                    }
                }
                flags if flags.len() > 1 && (on || flags.starts_with('+')) => {
                    for flag in flags[1..].chars() {
                        match flag {
                            'e' => self.stop_on_error = on,
                            'x' => self.trace = on,
                            'o' => {
                                if let Some(option) = words.next() {
                                    self.set_option(sys, word, option, on);
                                }
                            }
                            // Unset variables expand to nothing either way.
                            'u' => {}
                            other => sys.note(format!("set -{other} is not simulated")),
                        }
                    }
                }
                _ => {
                    self.positional = std::iter::once(word).chain(words).cloned().collect();
                    return 0;
                }
            }
        }
        0
    }

    /// `set -o OPTION`.
    fn set_option(&mut self, sys: &Sys, word: &str, option: &str, on: bool) {
        match option {
            "errexit" => self.stop_on_error = on,
            "xtrace" => self.trace = on,
            "pipefail" => self.pipe_fail = on,
            // Unset variables expand to nothing either way.
            "nounset" => {}
            other => sys.note(format!("set {word} {other} is not simulated")),
        }
    }

    /// `read`: a line, and no more of the input. It fails at the end, and where the end of the line is missing.
    async fn read(&mut self, sys: &Sys, operands: &[String]) -> i32 {
        let names: Vec<&String> = operands.iter().filter(|word| !word.starts_with('-')).collect();
        let line = sys.read_line().await.unwrap_or_default();
        let text = String::from_utf8_lossy(&line).into_owned();
        let mut rest = text.trim();
        if names.is_empty() {
            self.set_variable("REPLY", text.trim_end_matches('\n').to_owned());
        }
        for (index, name) in names.iter().enumerate() {
            let (value, after) = match rest.split_once(char::is_whitespace) {
                Some((value, after)) if index + 1 < names.len() => (value, after.trim_start()),
                _ => (rest, ""),
            };
            self.set_variable(name, value.to_owned());
            rest = after;
        }
        i32::from(!text.ends_with('\n'))
    }

    fn which(&mut self, sys: &Sys, operands: &[String], who: &str) -> i32 {
        let mut status = 0;
        for name in operands {
            let known = sys.program(name).is_some() || matches!(name.as_str(), "bash" | "sh" | "sudo" | "timeout");
            if known {
                let text =
                    if who == "type" { format!("{name} is /usr/bin/{name}\n") } else { format!("/usr/bin/{name}\n") };
                sys.print(text);
            } else {
                if who == "type" {
                    self.complain(sys, &format!("type: {name}: not found"));
                }
                status = 1;
            }
        }
        status
    }

    async fn shell(&mut self, sys: &Sys, operands: &[String]) -> Flow {
        let mut words = operands.iter();
        while let Some(word) = words.next() {
            if word == "-c" || (word.starts_with('-') && !word.starts_with("--") && word.ends_with('c')) {
                let Some(text) = words.next() else { break };
                let mut shell = self.child();
                shell.numbered = false;
                shell.positional = words.skip(1).cloned().collect();
                shell.run_text(sys, text).await;
                self.rejoin(&shell);
                self.status = shell.final_status();
                return Flow::Next;
            }
            if !word.starts_with('-') {
                let arguments: Vec<String> = words.cloned().collect();
                return self.run_file(sys, word, &arguments).await;
            }
        }
        let text = String::from_utf8_lossy(&sys.read_all().await).into_owned();
        let mut shell = self.child();
        shell.numbered = false;
        shell.run_text(sys, &text).await;
        self.rejoin(&shell);
        self.status = shell.final_status();
        Flow::Next
    }

    /// Everybody is root enough here (see `files`), so `sudo` and its like only pass the command on.
    async fn wrapped(&mut self, sys: &Sys, arguments: &[String]) -> Flow {
        let mut sys = sys.clone();
        let mut environment = (*sys.environment).clone();
        let mut rest = arguments[1..].iter();
        let mut command = Vec::new();
        while let Some(word) = rest.next() {
            match word.as_str() {
                "-u" | "-g" | "-n" if arguments[0] != "env" => drop(rest.next()),
                "-i" | "-s" | "su" | "-" if arguments[0] == "sudo" => {}
                flag if flag.starts_with('-') => {}
                assignment if assignment.contains('=') && matches!(arguments[0].as_str(), "env" | "sudo") => {
                    if let Some((name, value)) = assignment.split_once('=') {
                        environment.insert(name.to_owned(), value.to_owned());
                    }
                }
                _ => {
                    command.push(word.clone());
                    command.extend(rest.by_ref().cloned());
                }
            }
        }
        sys.environment = Arc::new(environment);
        if command.is_empty() {
            if arguments[0] == "env" {
                let lines: String = sys.environment.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
                sys.print(lines);
            }
            self.status = 0;
            return Flow::Next;
        }
        self.depth += 1;
        let flow = self.call(&sys, command).await;
        self.depth -= 1;
        if arguments[0] == "exec" && flow == Flow::Next {
            self.exit = Some(self.status);
            return Flow::Exit;
        }
        flow
    }

    fn test_words(&self, sys: &Sys, words: &[String]) -> i32 {
        match test_or(self, sys, words) {
            Ok(holds) => i32::from(!holds),
            Err(what) => {
                self.complain(sys, &format!("[: {what}"));
                2
            }
        }
    }

    /// `[[ … ]]`.
    pub(super) fn test<'a>(&'a mut self, sys: &'a Sys, test: &'a Test) -> Step<'a, Result<bool, String>> {
        Box::pin(async move {
            Ok(match test {
                Test::And(left, right) => self.test(sys, left).await? && self.test(sys, right).await?,
                Test::Or(left, right) => self.test(sys, left).await? || self.test(sys, right).await?,
                Test::Not(inner) => !self.test(sys, inner).await?,
                Test::Unary(operator, word) => {
                    let value = self.text(sys, word).await;
                    unary(self, sys, operator, &value)?
                }
                Test::Binary(left, operator, right) => {
                    let value = self.text(sys, left).await;
                    match operator.as_str() {
                        "==" | "=" => super::expand::matches(&self.pattern(sys, right).await, &value),
                        "!=" => !super::expand::matches(&self.pattern(sys, right).await, &value),
                        "=~" => {
                            let pattern = self.text(sys, right).await;
                            regex_lite::Regex::new(&pattern).map_err(|_| pattern.clone())?.is_match(&value)
                        }
                        _ => {
                            let other = self.text(sys, right).await;
                            compare(&value, operator, &other)?
                        }
                    }
                }
            })
        })
    }
}

fn test_or(shell: &Shell, sys: &Sys, words: &[String]) -> Result<bool, String> {
    if let Some(at) = words.iter().position(|word| word == "-o") {
        return Ok(test_and(shell, sys, &words[..at])? || test_or(shell, sys, &words[at + 1..])?);
    }
    test_and(shell, sys, words)
}

fn test_and(shell: &Shell, sys: &Sys, words: &[String]) -> Result<bool, String> {
    if let Some(at) = words.iter().position(|word| word == "-a").filter(|&at| at > 0) {
        return Ok(test_one(shell, sys, &words[..at])? && test_and(shell, sys, &words[at + 1..])?);
    }
    test_one(shell, sys, words)
}

fn test_one(shell: &Shell, sys: &Sys, words: &[String]) -> Result<bool, String> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] => Ok(false),
        ["!", rest @ ..] => {
            let rest: Vec<String> = rest.iter().map(|word| (*word).to_owned()).collect();
            Ok(!test_one(shell, sys, &rest)?)
        }
        [word] => Ok(!word.is_empty()),
        [operator, word] => unary(shell, sys, operator, word),
        [left, operator, right] => compare(left, operator, right),
        _ => Err("too many arguments".to_owned()),
    }
}

fn unary(shell: &Shell, sys: &Sys, operator: &str, word: &str) -> Result<bool, String> {
    let path = sys.path(word);
    Ok(match operator {
        "-z" => word.is_empty(),
        "-n" => !word.is_empty(),
        "-e" | "-a" | "-r" | "-w" | "-x" => sys.files(|files| files.exists(&path)),
        "-f" => sys.files(|files| files.read(&path).is_ok()),
        "-d" => sys.files(|files| files.is_directory(&path)),
        "-s" => sys.files(|files| files.read(&path).is_ok_and(|bytes| !bytes.is_empty())),
        "-L" | "-h" | "-S" | "-p" | "-b" | "-c" | "-t" => false,
        "-v" => shell.variable(word).is_some(),
        _ => return Err(format!("{operator}: unary operator expected")),
    })
}

fn compare(left: &str, operator: &str, right: &str) -> Result<bool, String> {
    let number = |text: &str| text.trim().parse::<i64>().map_err(|_| format!("{text}: integer expression expected"));
    Ok(match operator {
        "=" | "==" => left == right,
        "!=" => left != right,
        "<" => left < right,
        ">" => left > right,
        "-eq" => number(left)? == number(right)?,
        "-ne" => number(left)? != number(right)?,
        "-lt" => number(left)? < number(right)?,
        "-le" => number(left)? <= number(right)?,
        "-gt" => number(left)? > number(right)?,
        "-ge" => number(left)? >= number(right)?,
        _ => return Err(format!("{operator}: binary operator expected")),
    })
}

/// `5`, `2.5s`, `3m`, `1h`, `1d` as sleep(1) and timeout(1) read them.
pub(crate) fn duration(text: &str) -> Option<SimDuration> {
    let (number, unit) = match text.strip_suffix(['s', 'm', 'h', 'd']) {
        Some(number) => (number, text.chars().next_back()?),
        None => (text, 's'),
    };
    let seconds = number.parse::<f64>().ok().filter(|seconds| seconds.is_finite() && (0.0..1e9).contains(seconds))?;
    let factor = match unit {
        'm' => 60.0,
        'h' => 3_600.0,
        'd' => 86_400.0,
        _ => 1.0,
    };
    Some(SimDuration::from_micros((seconds * factor * 1e6) as u64))
}
