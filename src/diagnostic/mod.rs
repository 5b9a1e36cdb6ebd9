//! Findings as plain data: what, where, why, what to do, and the edits that do it.

use std::borrow::Cow;

use crate::i18n::{Lang, Text};
use crate::source::{FileId, Place};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; shown only on request.
    Advice,
    /// May break.
    Warning,
    /// Breaks.
    Error,
}

impl Severity {
    /// The word in reports and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Advice => "advice",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }

    /// The word for a person.
    pub fn word(self, lang: Lang) -> &'static str {
        match (lang, self) {
            (Lang::En, severity) => severity.as_str(),
            (Lang::Zh, Severity::Advice) => "建议",
            (Lang::Zh, Severity::Warning) => "警告",
            (Lang::Zh, Severity::Error) => "错误",
        }
    }
}

/// A group of rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Category {
    /// The WebSocket does not open.
    Handshake,
    /// It opens and does not stay.
    Lifetime,
    /// It opens too much.
    Security,
    /// nginx or wslint cannot read the configuration.
    Validity,
}

impl Category {
    /// All of them.
    pub const ALL: [Category; 4] = [Category::Handshake, Category::Lifetime, Category::Security, Category::Validity];

    /// The word in reports, JSON and `--select`.
    pub fn as_str(self) -> &'static str {
        match self {
            Category::Handshake => "handshake",
            Category::Lifetime => "lifetime",
            Category::Security => "security",
            Category::Validity => "validity",
        }
    }

    /// The word for a person.
    pub fn word(self, lang: Lang) -> &'static str {
        match (lang, self) {
            (Lang::En, category) => category.as_str(),
            (Lang::Zh, Category::Handshake) => "握手",
            (Lang::Zh, Category::Lifetime) => "连接保持",
            (Lang::Zh, Category::Security) => "安全",
            (Lang::Zh, Category::Validity) => "能否启动",
        }
    }
}

/// A place and what is to be said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub place: Place,
    /// What.
    pub text: Text,
}

/// Whether a fix keeps the promises of a safe one (`docs/fixes.md`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Applicability {
    /// The handshake then succeeds and ordinary requests stay as they are.
    Safe,
    /// It may change something else; the fix says what.
    Unsafe,
}

/// A line to write, without its line end. Most are the same few, and a report may have tens of thousands.
pub type Line = Cow<'static, str>;

/// An edit, by anchor: text and place are made concrete only when it is applied.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Edit {
    /// These bytes become that text.
    Replace(Place, String),
    /// The directive at this place goes, with its line if it stands alone on it.
    Delete(Place),
    /// Lines behind the directive at this place, indented as it is.
    InsertAfter(Place, Vec<Line>),
    /// Lines at the start of the block whose body this place is, indented as its content.
    StartOfBlock(Place, Vec<Line>),
}

impl Edit {
    /// The file that is edited.
    pub fn file(&self) -> FileId {
        match self {
            Edit::Replace(p, _) | Edit::Delete(p) | Edit::InsertAfter(p, _) | Edit::StartOfBlock(p, _) => p.file,
        }
    }
}

/// A set of edits over one or more files: all or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does, as an imperative without full stop.
    pub title: Text,
    /// Safe or not.
    pub applicability: Applicability,
    /// What is kept, or why it is unsafe.
    pub note: Option<Text>,
    /// The edits.
    pub edits: Vec<Edit>,
}

/// A finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The rule.
    pub rule: &'static str,
    /// Its group.
    pub category: Category,
    /// How bad.
    pub severity: Severity,
    /// What is wrong, one clause without full stop.
    pub message: Text,
    /// The place where a person would mend it. There is exactly one.
    pub primary: Label,
    /// Other places that explain it, in the order in which they are read.
    pub labels: Vec<Label>,
    /// Why it breaks, with its source.
    pub why: Text,
    /// What to do.
    pub help: Text,
    /// The edits, if wslint can make them.
    pub fix: Option<Fix>,
}

/// Where a finding is, and its rule.
pub type Key = (FileId, u32, u32, &'static str);

impl Diagnostic {
    /// The order of reports: by file, offset, rule.
    pub fn key(&self) -> Key {
        (self.primary.place.file, self.primary.place.span.start, self.primary.place.span.end, self.rule)
    }
}
