//! What is wrong with a file the user wrote: code, place, caret, help; all problems at once.
//!
//! Rendered in the look of `rustc`, as text with or without colour, or as JSON. What a code means at length is in
//! [`codes`](super::codes). This file does not know what kinds of files there are.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::id::{FileId, Origin};

/// The texts that were read. Diagnostics and origins point into them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sources {
    files: Vec<SourceFile>,
}

/// A text and the name by which the user knows it.
#[derive(Clone, Debug)]
pub(crate) struct SourceFile {
    /// The path as the user would type it.
    pub path: String,
    /// The whole text.
    pub text: String,
    /// The first byte of each line: every request of a large template asks for its line.
    lines: Vec<usize>,
}

impl Sources {
    /// Keeps a text and gives it a number.
    pub(crate) fn add(&mut self, path: impl Into<String>, text: impl Into<String>) -> FileId {
        let id = FileId(u16::try_from(self.files.len()).expect("fewer than 65,536 files make a scenario"));
        let text = text.into();
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        self.files.push(SourceFile { path: path.into(), text, lines });
        id
    }

    /// A text by its number.
    pub(crate) fn file(&self, id: FileId) -> &SourceFile {
        &self.files[usize::from(id.0)]
    }

    /// Line and column of a place, both counted from 1; the column counts characters.
    pub(crate) fn line_column(&self, span: Span) -> (u32, u32) {
        let SourceFile { text, lines, .. } = self.file(span.file);
        let line = self.line(span);
        let before = &text[lines[line as usize - 1]..text.floor_char_boundary(span.start())];
        let characters = before.chars().filter(|&c| c != BYTE_ORDER_MARK).count();
        (line, characters as u32 + 1)
    }

    /// The line of a place, counted from 1.
    fn line(&self, span: Span) -> u32 {
        self.file(span.file).lines.partition_point(|&start| start <= span.start()) as u32
    }

    /// As much of a place as stands on its first line, so that a caret under a whole list stays one line.
    fn first_line(&self, span: Span) -> std::ops::Range<usize> {
        let text = &self.file(span.file).text;
        let start = text.floor_char_boundary(span.start());
        let end = text.floor_char_boundary(span.end()).max(start);
        let first = text[start..end].lines().next().unwrap_or_default().trim_end();
        start..start + first.len()
    }

    /// The origin of something written at this place of a template.
    pub(crate) fn origin(&self, span: Span) -> Origin {
        Origin::Template { file: span.file, line: self.line(span) }
    }
}

/// A place in a text: bytes `start..end` of a file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Span {
    /// The file.
    pub file: FileId,
    start: u32,
    end: u32,
}

impl Span {
    /// The place of bytes `start..end`. What lies beyond 4 GiB is taken to be there: a large template has millions of places.
    pub(crate) fn new(file: FileId, start: usize, end: usize) -> Span {
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Span { file, start: offset(start), end: offset(end) }
    }

    /// First byte.
    pub(crate) fn start(self) -> usize {
        self.start as usize
    }

    /// One past the last byte.
    pub(crate) fn end(self) -> usize {
        self.end as usize
    }

    /// The bytes.
    pub(crate) fn range(self) -> std::ops::Range<usize> {
        self.start()..self.end()
    }

    /// Another place of the same file.
    pub(crate) fn at(self, start: usize, end: usize) -> Span {
        Span::new(self.file, start, end)
    }
}

/// Written by some editors in front of a text; no column is counted for it.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Severity {
    /// Nothing can be run.
    Error,
    /// Accepted, with this said about it.
    Warning,
}

/// Whether a rendering carries ANSI colours.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Colour {
    /// Plain text.
    Never,
    /// With escape sequences.
    Always,
}

/// One problem, ready to be shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Diagnostic {
    /// The stable code, as in `VPC021`; `vpcsim errors CODE` explains it.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, with the values.
    pub message: String,
    /// Where, if the problem has a place.
    pub span: Option<Span>,
    /// What to say under the caret.
    pub label: String,
    /// Further places that matter, each with what to say there.
    pub related: Vec<(Span, String)>,
    /// What to do.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error at a place.
    pub(crate) fn error(code: &'static str, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code,
            severity: Severity::Error,
            message: message.into(),
            span: Some(span),
            label: String::new(),
            related: Vec::new(),
            help: None,
        }
    }

    /// A warning at a place.
    pub(crate) fn warning(code: &'static str, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic { severity: Severity::Warning, ..Diagnostic::error(code, span, message) }
    }

    /// The same problem with words under the caret.
    pub(crate) fn label(mut self, label: impl Into<String>) -> Diagnostic {
        self.label = label.into();
        self
    }

    /// The same problem with advice.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    /// The same problem with a second place.
    pub(crate) fn related(mut self, span: Span, label: impl Into<String>) -> Diagnostic {
        self.related.push((span, label.into()));
        self
    }

    /// The same problem with advice, where there is some.
    pub(crate) fn help_if(self, help: Option<String>) -> Diagnostic {
        match help {
            Some(help) => self.help(help),
            None => self,
        }
    }

    /// The problem as `rustc` would show it, without a final newline.
    pub(crate) fn render(&self, sources: &Sources, colour: Colour) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let title = level.primary_title(self.message.as_str()).id(self.code);
        let mut group = Group::with_title(title);
        for file in self.files() {
            let source = sources.file(file);
            let here = |span: &Span| span.file == file;
            // A byte order mark has no width on the screen; without it every offset moves by its length.
            let skipped = if source.text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len_utf8() } else { 0 };
            let place = |span: Span| {
                let range = sources.first_line(span);
                range.start.saturating_sub(skipped)..range.end.saturating_sub(skipped)
            };
            let mut snippet = Snippet::source(&source.text[skipped..]).path(source.path.as_str());
            if let Some(span) = self.span.filter(here) {
                let annotation = AnnotationKind::Primary.span(place(span));
                let label = (!self.label.is_empty()).then_some(self.label.as_str());
                snippet = snippet.annotation(annotation.label(label));
            }
            for (span, label) in self.related.iter().filter(|(span, _)| here(span)) {
                snippet = snippet.annotation(AnnotationKind::Context.span(place(*span)).label(label.as_str()));
            }
            group = group.element(snippet);
        }
        let help = self.help.as_ref().map(|help| Group::with_title(Level::HELP.secondary_title(help.as_str())));
        let renderer = match colour {
            Colour::Never => Renderer::plain(),
            Colour::Always => Renderer::styled(),
        };
        match help {
            None => renderer.render(&[group]),
            // Without a place there is no margin of line numbers that the help could hang from.
            Some(help) if self.span.is_none() => format!("{}\n{}", renderer.render(&[group]), renderer.render(&[help])),
            Some(help) => renderer.render(&[group, help]),
        }
    }

    /// The files that the problem has places in, its own first.
    fn files(&self) -> Vec<FileId> {
        let mut files: Vec<FileId> = Vec::new();
        for file in self.span.iter().chain(self.related.iter().map(|(span, _)| span)).map(|span| span.file) {
            if !files.contains(&file) {
                files.push(file);
            }
        }
        files
    }
}

/// Whether any of these is an error.
pub(crate) fn any_error(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template() -> (Sources, FileId) {
        let mut sources = Sources::default();
        let file = sources.add("lab/template.yaml", "Resources:\n  서브넷:\n    VpcId: !Ref VPC03\n  VPC01: {}\n");
        (sources, file)
    }

    fn place(sources: &Sources, file: FileId, words: &str) -> Span {
        let start = sources.file(file).text.find(words).expect("the words are in the text");
        Span::new(file, start, start + words.len())
    }

    #[test]
    fn a_problem_shows_code_place_caret_and_help() {
        let (sources, file) = template();
        let problem = Diagnostic::error("VPC021", place(&sources, file, "VPC03"), "no resource named `VPC03`")
            .label("not in this template")
            .related(place(&sources, file, "VPC01"), "this one is")
            .help("did you mean `VPC01`?");
        assert_eq!(
            problem.render(&sources, Colour::Never),
            "\
error[VPC021]: no resource named `VPC03`
 --> lab/template.yaml:3:17
  |
3 |     VpcId: !Ref VPC03
  |                 ^^^^^ not in this template
4 |   VPC01: {}
  |   ----- this one is
  |
help: did you mean `VPC01`?"
        );
        assert!(problem.render(&sources, Colour::Always).contains("\u{1b}["));
    }

    #[test]
    fn a_place_of_many_lines_is_underlined_on_its_first() {
        let (sources, file) = template();
        let whole = Span::new(file, 0, sources.file(file).text.len());
        let shown = Diagnostic::warning("VPC101", whole, "all of it").render(&sources, Colour::Never);
        assert!(shown.starts_with("warning[VPC101]: all of it\n --> lab/template.yaml:1:1\n"), "{shown}");
        assert!(shown.ends_with("1 | Resources:\n  | ^^^^^^^^^^"), "{shown}");
    }

    #[test]
    fn a_problem_without_a_place_is_one_line() {
        let (sources, file) = template();
        let problem =
            Diagnostic { span: None, ..Diagnostic::error("VPC015", place(&sources, file, "VPC"), "no value") };
        assert_eq!(problem.render(&sources, Colour::Never), "error[VPC015]: no value");
    }
}
