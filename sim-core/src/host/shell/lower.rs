//! From text to [`ast`](super::ast): the only file that knows `brush-parser`.
//!
//! A script that does not parse as a whole is read again command by command, as bash itself reads, so that one line that is
//! not understood costs that line and nothing else.

use std::sync::Arc;

use brush_parser::ast::{self as brush, SourceLocation};
use brush_parser::word::{self, ParameterExpr, ParameterTestType, SpecialParameter, WordPiece, WordPieceWithSource};
use brush_parser::{Parser, ParserOptions};

use super::ast::*;

/// Deeper nesting is not read: the parser below recurses, and no lab nests like that.
const DEPTH_MAX: usize = 24;
/// How many lines one command may have when the script is read piecewise.
const COMMAND_LINES_MAX: usize = 60;
/// How many words a brace range may make.
const BRACES_MAX: usize = 10_000;

/// A line that is not understood, counted from 1.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct NotUnderstood {
    pub(super) line: u32,
    pub(super) reason: String,
}

/// Reads a script.
pub(super) fn parse(text: &str) -> (Script, Vec<NotUnderstood>) {
    let text = text.replace("\r\n", "\n");
    if let Ok(script) = parse_guarded(&text, 0) {
        return (script, Vec::new());
    }
    let lines: Vec<&str> = text.split('\n').collect();
    let (mut script, mut problems) = (Script::default(), Vec::new());
    let mut start = 0;
    while start < lines.len() {
        let most = (start + COMMAND_LINES_MAX).min(lines.len());
        let mut reason = String::new();
        let read =
            (start + 1..=most).find_map(|end| match parse_guarded(&lines[start..end].join("\n"), start as u32) {
                Ok(command) => Some((command, end)),
                Err(error) => {
                    if reason.is_empty() {
                        reason = error;
                    }
                    None
                }
            });
        match read {
            Some((command, end)) => {
                script.0.extend(command.0);
                start = end;
            }
            None => {
                problems.push(NotUnderstood { line: start as u32 + 1, reason });
                start += 1;
            }
        }
    }
    (script, problems)
}

/// brush-parser 0.4 panics on some cut-off texts (an unclosed `$(` around a here-document, numbers beyond 64 bits in braces);
/// what the user wrote must never be able to do that to us.
fn parse_guarded(text: &str, lines_before: u32) -> Result<Script, String> {
    std::panic::catch_unwind(|| parse_exactly(text, lines_before, 0))
        .unwrap_or_else(|_| Err("the parser cannot read this".to_owned()))
}

fn parse_exactly(text: &str, lines_before: u32, depth: usize) -> Result<Script, String> {
    if depth > DEPTH_MAX || nesting(text) > DEPTH_MAX {
        return Err("nested too deeply".to_owned());
    }
    // An unterminated here-document ends with the script; the parser wants its newline at least.
    let text = if text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") };
    let program = Parser::new(text.as_bytes(), &options()).parse_program().map_err(|error| error.to_string())?;
    let lower = Lower { lines_before, depth };
    let mut script = Script::default();
    for list in &program.complete_commands {
        script.0.extend(lower.list(list)?.0);
    }
    Ok(script)
}

fn options() -> ParserOptions {
    ParserOptions::default()
}

/// An upper bound on how deep brackets and compound commands nest.
fn nesting(text: &str) -> usize {
    let brackets = |open: char, close: char| {
        let (mut depth, mut most) = (0usize, 0usize);
        for c in text.chars() {
            if c == open {
                depth += 1;
                most = most.max(depth);
            } else if c == close {
                depth = depth.saturating_sub(1);
            }
        }
        most
    };
    let (mut depth, mut words) = (0usize, 0usize);
    for word in text.split(|c: char| c.is_whitespace() || c == ';') {
        match word {
            "if" | "while" | "until" | "for" | "case" => {
                depth += 1;
                words = words.max(depth);
            }
            "fi" | "done" | "esac" => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    let backquotes = text.matches("\\`").count();
    brackets('(', ')').max(brackets('{', '}')).max(words).max(backquotes)
}

struct Lower {
    lines_before: u32,
    depth: usize,
}

type Lowered<T> = Result<T, String>;

impl Lower {
    fn list(&self, list: &brush::CompoundList) -> Lowered<Script> {
        let items = list.0.iter().map(|brush::CompoundListItem(item, separator)| {
            let rest = item.additional.iter().map(|next| match next {
                brush::AndOr::And(pipeline) => Ok((Join::And, self.pipeline(pipeline)?)),
                brush::AndOr::Or(pipeline) => Ok((Join::Or, self.pipeline(pipeline)?)),
            });
            Ok(Item {
                first: self.pipeline(&item.first)?,
                rest: rest.collect::<Lowered<_>>()?,
                background: matches!(separator, brush::SeparatorOperator::Async),
            })
        });
        Ok(Script(items.collect::<Lowered<_>>()?))
    }

    fn pipeline(&self, pipeline: &brush::Pipeline) -> Lowered<Pipeline> {
        let commands = pipeline.seq.iter().map(|command| {
            // What one command says beyond our language must not change what the commands around it do.
            self.command(command).unwrap_or_else(|what| Command {
                line: command.location().and_then(|span| self.at(&span)),
                kind: CommandKind::NotUnderstood { what },
                redirections: Vec::new(),
            })
        });
        Ok(Pipeline { negated: pipeline.bang, commands: commands.collect() })
    }

    fn command(&self, command: &brush::Command) -> Lowered<Command> {
        match command {
            brush::Command::Simple(simple) => self.simple(simple),
            brush::Command::Compound(compound, redirections) => self.compound(compound, redirections.as_ref()),
            brush::Command::Function(function) => {
                let brush::FunctionBody(body, redirections) = &function.body;
                let body = Arc::new(self.compound(body, redirections.as_ref())?);
                let kind = CommandKind::Function { name: function.fname.value.clone(), body };
                Ok(Command { line: self.line(&function.fname), kind, redirections: Vec::new() })
            }
            brush::Command::ExtendedTest(test, redirections) => Ok(Command {
                line: self.at(&test.loc),
                kind: CommandKind::Test(self.test(&test.expr)?),
                redirections: self.redirections(redirections.as_ref())?,
            }),
        }
    }

    fn simple(&self, simple: &brush::SimpleCommand) -> Lowered<Command> {
        let (mut assignments, mut words, mut redirections) = (Vec::new(), Vec::new(), Vec::new());
        let mut line = None;
        let prefix = simple.prefix.iter().flat_map(|prefix| &prefix.0);
        for item in prefix {
            match item {
                brush::CommandPrefixOrSuffixItem::AssignmentWord(assignment, word) => {
                    line = line.or(self.line(word));
                    assignments.push(self.assignment(assignment)?);
                }
                other => self.item(other, &mut words, &mut redirections)?,
            }
        }
        if let Some(word) = &simple.word_or_name {
            line = self.line(word).or(line);
            words.extend(self.words(word)?);
        }
        for item in simple.suffix.iter().flat_map(|suffix| &suffix.0) {
            self.item(item, &mut words, &mut redirections)?;
        }
        Ok(Command { line, kind: CommandKind::Simple { assignments, words }, redirections })
    }

    fn item(
        &self,
        item: &brush::CommandPrefixOrSuffixItem,
        words: &mut Vec<Word>,
        redirections: &mut Vec<Redirection>,
    ) -> Lowered<()> {
        match item {
            brush::CommandPrefixOrSuffixItem::IoRedirect(redirection) => {
                redirections.push(self.redirection(redirection)?);
            }
            // After the command's name an assignment is an argument like any other: `export A=1`, `dd if=…`.
            brush::CommandPrefixOrSuffixItem::Word(word)
            | brush::CommandPrefixOrSuffixItem::AssignmentWord(_, word) => {
                words.extend(self.words(word)?);
            }
            brush::CommandPrefixOrSuffixItem::ProcessSubstitution(..) => {
                return Err("process substitution is not simulated".to_owned());
            }
        }
        Ok(())
    }

    fn assignment(&self, assignment: &brush::Assignment) -> Lowered<Assignment> {
        match (&assignment.name, &assignment.value) {
            (brush::AssignmentName::VariableName(name), brush::AssignmentValue::Scalar(value)) => {
                Ok(Assignment { name: name.clone(), value: self.word(&value.value)?, append: assignment.append })
            }
            _ => Err("arrays are not simulated".to_owned()),
        }
    }

    fn compound(
        &self,
        compound: &brush::CompoundCommand,
        redirections: Option<&brush::RedirectList>,
    ) -> Lowered<Command> {
        let not_understood = |what: &str| CommandKind::NotUnderstood { what: what.to_owned() };
        let (line, kind) = match compound {
            brush::CompoundCommand::BraceGroup(group) => {
                (self.at(&group.loc), CommandKind::Group(self.list(&group.list)?))
            }
            brush::CompoundCommand::Subshell(shell) => {
                (self.at(&shell.loc), CommandKind::Subshell(self.list(&shell.list)?))
            }
            brush::CompoundCommand::ForClause(clause) => {
                let words = clause.values.as_ref().map(|values| {
                    values.iter().map(|word| self.words(word)).collect::<Lowered<Vec<_>>>().map(|words| words.concat())
                });
                let kind = CommandKind::For {
                    variable: clause.variable_name.clone(),
                    words: words.transpose()?,
                    body: self.list(&clause.body.list)?,
                };
                (self.at(&clause.loc), kind)
            }
            brush::CompoundCommand::WhileClause(clause) | brush::CompoundCommand::UntilClause(clause) => {
                let kind = CommandKind::While {
                    until: matches!(compound, brush::CompoundCommand::UntilClause(_)),
                    condition: self.list(&clause.0)?,
                    body: self.list(&clause.1.list)?,
                };
                (self.at(&clause.2), kind)
            }
            brush::CompoundCommand::IfClause(clause) => {
                let mut branches = vec![(self.list(&clause.condition)?, self.list(&clause.then)?)];
                let mut otherwise = None;
                for part in clause.elses.iter().flatten() {
                    match &part.condition {
                        Some(condition) => branches.push((self.list(condition)?, self.list(&part.body)?)),
                        None => otherwise = Some(self.list(&part.body)?),
                    }
                }
                (self.at(&clause.loc), CommandKind::If { branches, otherwise })
            }
            brush::CompoundCommand::CaseClause(clause) => {
                let arms = clause.cases.iter().map(|arm| {
                    let patterns =
                        arm.patterns.iter().map(|pattern| self.word(&pattern.value)).collect::<Lowered<_>>()?;
                    Ok((patterns, arm.cmd.as_ref().map(|body| self.list(body)).transpose()?.unwrap_or_default()))
                });
                let kind =
                    CommandKind::Case { value: self.word(&clause.value.value)?, arms: arms.collect::<Lowered<_>>()? };
                (self.at(&clause.loc), kind)
            }
            brush::CompoundCommand::Arithmetic(command) => (self.at(&command.loc), not_understood("(( … ))")),
            brush::CompoundCommand::ArithmeticForClause(clause) => {
                (self.at(&clause.loc), not_understood("for (( … ))"))
            }
            brush::CompoundCommand::Coprocess(command) => (self.at(&command.loc), not_understood("coproc")),
        };
        Ok(Command { line, kind, redirections: self.redirections(redirections)? })
    }

    fn redirections(&self, list: Option<&brush::RedirectList>) -> Lowered<Vec<Redirection>> {
        list.iter().flat_map(|list| &list.0).map(|redirection| self.redirection(redirection)).collect()
    }

    fn redirection(&self, redirection: &brush::IoRedirect) -> Lowered<Redirection> {
        use brush::{IoFileRedirectKind as Kind, IoFileRedirectTarget as Target};
        Ok(match redirection {
            brush::IoRedirect::File(descriptor, kind, target) => match (kind, target) {
                (Kind::Read | Kind::ReadAndWrite, Target::Filename(file)) => Redirection::Read(self.word(&file.value)?),
                (Kind::Write | Kind::Clobber, Target::Filename(file)) => Redirection::Write {
                    descriptor: descriptor.unwrap_or(1),
                    file: self.word(&file.value)?,
                    append: false,
                },
                (Kind::Append, Target::Filename(file)) => Redirection::Write {
                    descriptor: descriptor.unwrap_or(1),
                    file: self.word(&file.value)?,
                    append: true,
                },
                (Kind::DuplicateOutput, Target::Fd(of)) => {
                    Redirection::Duplicate { descriptor: descriptor.unwrap_or(1), of: *of }
                }
                (Kind::DuplicateOutput, Target::Duplicate(word)) => match word.value.parse() {
                    Ok(of) => Redirection::Duplicate { descriptor: descriptor.unwrap_or(1), of },
                    Err(_) if descriptor.is_none() => {
                        Redirection::Both { file: self.word(&word.value)?, append: false }
                    }
                    Err(_) => return Err(format!("redirection '{redirection}' is not simulated")),
                },
                _ => return Err(format!("redirection '{redirection}' is not simulated")),
            },
            brush::IoRedirect::OutputAndError(file, append) => {
                Redirection::Both { file: self.word(&file.value)?, append: *append }
            }
            brush::IoRedirect::HereString(_, word) => Redirection::HereString(self.word(&word.value)?),
            brush::IoRedirect::HereDocument(_, document) => {
                let body = &document.doc.value;
                Redirection::HereDocument(if document.requires_expansion {
                    let pieces = word::parse_heredoc(body, &options()).map_err(|error| error.to_string())?;
                    Word(self.pieces(&pieces, true)?)
                } else {
                    Word(vec![Piece::Quoted(body.clone())])
                })
            }
        })
    }

    fn test(&self, test: &brush::ExtendedTestExpr) -> Lowered<Test> {
        Ok(match test {
            brush::ExtendedTestExpr::And(a, b) => Test::And(Box::new(self.test(a)?), Box::new(self.test(b)?)),
            brush::ExtendedTestExpr::Or(a, b) => Test::Or(Box::new(self.test(a)?), Box::new(self.test(b)?)),
            brush::ExtendedTestExpr::Not(a) => Test::Not(Box::new(self.test(a)?)),
            brush::ExtendedTestExpr::Parenthesized(a) => self.test(a)?,
            brush::ExtendedTestExpr::UnaryTest(operator, word) => {
                Test::Unary(operator.to_string(), self.word(&word.value)?)
            }
            brush::ExtendedTestExpr::BinaryTest(operator, left, right) => {
                Test::Binary(self.word(&left.value)?, operator.to_string(), self.word(&right.value)?)
            }
        })
    }

    /// A word as written may stand for several: `{1..3}`, `a{b,c}`.
    fn words(&self, word: &brush::Word) -> Lowered<Vec<Word>> {
        let plain = word.value.contains('{') && !word.value.contains(['"', '\'', '$', '`', '\\']);
        if plain
            && let Ok(Some(parts)) = word::parse_brace_expansions(&word.value, &options())
            && let Some(texts) = expand_braces(&parts).filter(|texts| texts.len() > 1)
        {
            return texts.iter().map(|text| self.word(text)).collect();
        }
        Ok(vec![self.word(&word.value)?])
    }

    fn word(&self, text: &str) -> Lowered<Word> {
        let pieces = word::parse(text, &options()).map_err(|error| error.to_string())?;
        Ok(Word(self.pieces(&pieces, false)?))
    }

    fn pieces(&self, pieces: &[WordPieceWithSource], quoted: bool) -> Lowered<Vec<Piece>> {
        let mut lowered = Vec::new();
        for piece in pieces {
            match &piece.piece {
                WordPiece::Text(text) if quoted => lowered.push(Piece::Quoted(text.clone())),
                WordPiece::Text(text) => lowered.push(Piece::Text(text.clone())),
                WordPiece::SingleQuotedText(text) => lowered.push(Piece::Quoted(text.clone())),
                WordPiece::AnsiCQuotedText(text) => lowered.push(Piece::Quoted(super::expand::unescape(text))),
                WordPiece::EscapeSequence(text) => {
                    // In double quotes and here-documents a backslash before a newline joins the lines.
                    let text = text.strip_prefix('\\').unwrap_or(text);
                    lowered.push(Piece::Quoted(if text == "\n" { String::new() } else { text.to_owned() }));
                }
                WordPiece::DoubleQuotedSequence(inner) | WordPiece::GettextDoubleQuotedSequence(inner) => {
                    lowered.push(Piece::Quoted(String::new()));
                    lowered.extend(self.pieces(inner, true)?);
                }
                WordPiece::TildeExpansion(word::TildeExpr::Home) => lowered.push(Piece::Home),
                WordPiece::TildeExpansion(other) => return Err(format!("'{other:?}' is not simulated")),
                WordPiece::ParameterExpansion(expression) => lowered.push(self.parameter(expression, quoted)?),
                WordPiece::CommandSubstitution(text) | WordPiece::BackquotedCommandSubstitution(text) => {
                    let script = parse_exactly(text, self.lines_before, self.depth + 1)?;
                    lowered.push(Piece::Command { script, quoted });
                }
                WordPiece::ArithmeticExpression(expression) => {
                    lowered.push(Piece::Arithmetic { expression: expression.value.clone() });
                }
            }
        }
        Ok(lowered)
    }

    fn parameter(&self, expression: &ParameterExpr, quoted: bool) -> Lowered<Piece> {
        let optional = |text: &Option<String>| self.word(text.as_deref().unwrap_or_default());
        let colon = |test: &ParameterTestType| matches!(test, ParameterTestType::UnsetOrNull);
        let remove = |pattern: &Option<String>, end, longest| Otherwise::Remove {
            pattern: pattern.clone().unwrap_or_default(),
            end,
            longest,
        };
        let (parameter, otherwise) = match expression {
            ParameterExpr::Parameter { parameter, indirect: false } => (parameter, Otherwise::Value),
            ParameterExpr::UseDefaultValues { parameter, indirect: false, test_type, default_value } => {
                (parameter, Otherwise::Default { word: optional(default_value)?, also_if_empty: colon(test_type) })
            }
            ParameterExpr::AssignDefaultValues { parameter, indirect: false, test_type, default_value } => {
                (parameter, Otherwise::Assign { word: optional(default_value)?, also_if_empty: colon(test_type) })
            }
            ParameterExpr::UseAlternativeValue { parameter, indirect: false, test_type, alternative_value } => (
                parameter,
                Otherwise::Alternative { word: optional(alternative_value)?, also_if_empty: colon(test_type) },
            ),
            ParameterExpr::ParameterLength { parameter, indirect: false } => (parameter, Otherwise::Length),
            ParameterExpr::RemoveSmallestPrefixPattern { parameter, indirect: false, pattern } => {
                (parameter, remove(pattern, End::Prefix, false))
            }
            ParameterExpr::RemoveLargestPrefixPattern { parameter, indirect: false, pattern } => {
                (parameter, remove(pattern, End::Prefix, true))
            }
            ParameterExpr::RemoveSmallestSuffixPattern { parameter, indirect: false, pattern } => {
                (parameter, remove(pattern, End::Suffix, false))
            }
            ParameterExpr::RemoveLargestSuffixPattern { parameter, indirect: false, pattern } => {
                (parameter, remove(pattern, End::Suffix, true))
            }
            _ => return Err("this parameter expansion is not simulated".to_owned()),
        };
        let parameter = match parameter {
            word::Parameter::Named(name) => Parameter::Variable(name.clone()),
            word::Parameter::Positional(0) => Parameter::ShellName,
            word::Parameter::Positional(number) => Parameter::Positional(*number as usize),
            word::Parameter::Special(special) => match special {
                SpecialParameter::AllPositionalParameters { .. } => Parameter::All,
                SpecialParameter::PositionalParameterCount => Parameter::Count,
                SpecialParameter::LastExitStatus => Parameter::Status,
                SpecialParameter::ProcessId | SpecialParameter::LastBackgroundProcessId => Parameter::ProcessId,
                SpecialParameter::ShellName => Parameter::ShellName,
                SpecialParameter::CurrentOptionFlags => return Err("'$-' is not simulated".to_owned()),
            },
            other => return Err(format!("'{other}' is not simulated: arrays")),
        };
        Ok(Piece::Parameter { parameter, otherwise, quoted })
    }

    fn line(&self, word: &brush::Word) -> Option<u32> {
        word.loc.as_ref().and_then(|span| self.at(span))
    }

    fn at(&self, span: &brush_parser::SourceSpan) -> Option<u32> {
        // Inside a command substitution lines are counted from its own start: the command around it has the line.
        u32::try_from(span.start.line).ok().filter(|_| self.depth == 0).map(|line| line + self.lines_before)
    }
}

/// All texts a brace expression stands for; `None` when they are too many.
fn expand_braces(parts: &[word::BraceExpressionOrText]) -> Option<Vec<String>> {
    let mut texts = vec![String::new()];
    for part in parts {
        let alternatives = match part {
            word::BraceExpressionOrText::Text(text) => vec![text.clone()],
            word::BraceExpressionOrText::Expr(members) => {
                let mut alternatives = Vec::new();
                for member in members {
                    match member {
                        word::BraceExpressionMember::NumberSequence { start, end, increment } => {
                            alternatives.extend(sequence(*start, *end, *increment)?.map(|number| number.to_string()));
                        }
                        word::BraceExpressionMember::CharSequence { start, end, increment } => {
                            let numbers =
                                sequence(i64::from(u32::from(*start)), i64::from(u32::from(*end)), *increment)?;
                            let letters = numbers.filter_map(|number| char::from_u32(u32::try_from(number).ok()?));
                            alternatives.extend(letters.map(String::from));
                        }
                        word::BraceExpressionMember::Child(child) => alternatives.extend(expand_braces(child)?),
                    }
                }
                alternatives
            }
        };
        if texts.len().checked_mul(alternatives.len())? > BRACES_MAX {
            return None;
        }
        texts = texts.iter().flat_map(|text| alternatives.iter().map(move |tail| format!("{text}{tail}"))).collect();
    }
    Some(texts)
}

fn sequence(start: i64, end: i64, increment: i64) -> Option<impl Iterator<Item = i64>> {
    let step = increment.unsigned_abs().max(1);
    let count = (start.abs_diff(end) / step).saturating_add(1);
    if count > BRACES_MAX as u64 {
        return None;
    }
    let direction = if start <= end { 1 } else { -1 };
    Some((0..count as i64).map(move |index| start + direction * index * step as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bad_line_costs_that_line_only() {
        for (text, commands, bad) in [
            ("echo a\necho b\n", 2, vec![]),
            ("echo a\r\nif true; then\r\n  echo b\r\nfi\r\n", 2, vec![]),
            ("echo a\n)\necho b\n", 2, vec![2]),
            ("cat <<EOF\n$(x\nEOF\necho b\n", 2, vec![]),
            ("echo 'open\necho b\n", 1, vec![1]),
            ("fi\nfi\nfor i in 1 2; do\necho $i\ndone", 1, vec![1, 2]),
        ] {
            let (script, problems) = parse(text);
            assert_eq!(problems.iter().map(|problem| problem.line).collect::<Vec<_>>(), bad, "{text:?}: {script:?}");
            assert_eq!(script.0.len(), commands, "{text:?}: {script:?}");
        }
    }

    #[test]
    fn braces_make_words_within_reason() {
        let count = |text: &str| {
            let (script, _) = parse(text);
            let CommandKind::Simple { words, .. } = &script.0[0].first.commands[0].kind else { panic!("{script:?}") };
            words.len()
        };
        assert_eq!(count("echo {1..3} a{b,c}"), 6);
        assert_eq!(count("echo {3..1} x"), 5);
        assert_eq!(count("echo {1..10000000}"), 2, "too many words stay one");
        assert_eq!(count("echo '{1..3}'"), 2);
    }

    /// The parser backtracks; text that is nothing but nesting must not take it for ever or off the end of the stack.
    #[test]
    fn nesting_is_bounded() {
        for open in ["(", "((", "$(", "$((", "${x:-", "{ ", "if ", "`", "[[ ( ", "\"$(", "while if "] {
            for count in [3, 20, 5_000] {
                parse(&open.repeat(count));
            }
        }
    }
}
