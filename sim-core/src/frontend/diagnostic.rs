//! What is wrong with a file the user wrote: code, place, caret, help; all problems at once.

use crate::id::{FileId, Origin};

/// The texts that were read. Diagnostics and origins point into them.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
}

/// A text and the name by which the user knows it.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// The path as the user would type it.
    pub path: String,
    /// The whole text.
    pub text: String,
}

impl Sources {
    /// Keeps a text and gives it a number.
    pub fn add(&mut self, path: impl Into<String>, text: impl Into<String>) -> FileId {
        let id = FileId(u16::try_from(self.files.len()).expect("fewer than 65,536 files make a scenario"));
        self.files.push(SourceFile { path: path.into(), text: text.into() });
        id
    }

    /// A text by its number.
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[usize::from(id.0)]
    }

    /// Line and column of a place, both counted from 1; the column counts characters.
    pub fn line_column(&self, span: Span) -> (u32, u32) {
        let before = &self.file(span.file).text[..span.start];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = before.bytes().filter(|&byte| byte == b'\n').count() + 1;
        (line as u32, before[line_start..].chars().count() as u32 + 1)
    }

    /// The origin of something written at this place of a template.
    pub fn origin(&self, span: Span) -> Origin {
        Origin::Template { file: span.file, line: self.line_column(span).0 }
    }
}

/// A place in a text: bytes `start..end` of a file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Severity {
    /// Nothing can be run.
    Error,
    /// Accepted, with this said about it.
    Warning,
}

/// One problem, ready to be shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostic {
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
    pub fn error(code: &'static str, span: Span, message: impl Into<String>) -> Diagnostic {
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
    pub fn warning(code: &'static str, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic { severity: Severity::Warning, ..Diagnostic::error(code, span, message) }
    }

    /// The same problem with words under the caret.
    pub fn label(mut self, label: impl Into<String>) -> Diagnostic {
        self.label = label.into();
        self
    }

    /// The same problem with advice.
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    /// The same problem with a second place.
    pub fn related(mut self, span: Span, label: impl Into<String>) -> Diagnostic {
        self.related.push((span, label.into()));
        self
    }
}
