//! What can be said about work: findings with an address, outcomes of checks,
//! and the report that holds them all.

mod approval;
mod place;
mod report;
mod wording;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

pub use approval::{ApprovalSummary, CodeCommits, KeySignature, SigningCommit, TimelineEvent};
pub use place::{Label, Place};
pub use report::{
    CheckOutcome, CheckStatus, DocumentsInfo, EvidenceClaim, PacketInfo, Report, RunInfo, ScanInfo,
    SelectionInfo, StepReport, StepRun, StepStatus, Tally,
};

pub use wording::Wording;

use crate::text::RepoPath;

/// A rule's id, `family/name` in kebab case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(Cow<'static, str>);

impl RuleId {
    /// An id that the program itself names.
    #[must_use]
    pub const fn from_static(id: &'static str) -> Self {
        Self(Cow::Borrowed(id))
    }

    /// An id from a file.
    #[must_use]
    pub fn new(id: String) -> Self {
        Self(Cow::Owned(id))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the slash.
    #[must_use]
    pub fn family(&self) -> &str {
        self.0.split('/').next().unwrap_or_default()
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Something worth knowing.
    Note,
    /// Should be looked at; does not fail a gate.
    Warning,
    /// Fails the gate.
    Error,
}

impl Level {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a finding is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A file of the repository.
    Path(RepoPath),
    /// A command of the test plan.
    Command(String),
}

/// Text that would mend a finding, by replacing one span of one document.
#[derive(Debug, Clone)]
pub struct Fix {
    /// What is replaced; always [`Place::Text`].
    pub place: Place,
    /// What stands there afterwards.
    pub replacement: String,
    /// What the replacement does, as a sentence without a full stop.
    pub message: String,
    /// Whether somebody should look at it: it may change what the document
    /// means, or choose one of several ways to mend it.
    pub is_unsafe: bool,
}

/// One thing that a check found, with an address and a way out.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The rule that was broken.
    pub rule: RuleId,
    /// How much it weighs.
    pub level: Level,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// Where.
    pub primary: Label,
    /// Other places that explain it.
    pub related: Vec<Label>,
    /// Facts that explain it.
    pub notes: Vec<String>,
    /// What to do, in sentences; the rule's remedy is added when shown.
    pub help: Vec<String>,
    /// A change that a machine can make.
    pub fix: Option<Fix>,
    /// What it is about, for waivers' scopes.
    pub subject: Option<Subject>,
    /// Id of the waiver that excuses it.
    pub waived_by: Option<String>,
    /// The packet it was found for, where several are judged together.
    pub packet: Option<String>,
    /// What its rule says of itself, if the registry does not know the rule.
    pub wording: Option<Arc<Wording>>,
    /// A name of what was found that outlives moves and other layout.
    pub fingerprint: Option<String>,
}

impl Finding {
    /// A finding at error level without related places, help or fix.
    #[must_use]
    pub fn new(rule: RuleId, message: impl Into<String>, primary: Label) -> Self {
        Self {
            rule,
            level: Level::Error,
            message: message.into(),
            primary,
            related: Vec::new(),
            notes: Vec::new(),
            help: Vec::new(),
            fix: None,
            subject: None,
            waived_by: None,
            packet: None,
            wording: None,
            fingerprint: None,
        }
    }

    /// Adds another place.
    #[must_use]
    pub fn related(mut self, label: Label) -> Self {
        self.related.push(label);
        self
    }

    /// Adds a fact.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Adds a sentence of help.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// Names the changed file that it is about.
    #[must_use]
    pub fn about_path(mut self, path: &RepoPath) -> Self {
        self.subject = Some(Subject::Path(path.clone()));
        self
    }

    /// Names the planned command that it is about.
    #[must_use]
    pub fn about_command(mut self, command: &str) -> Self {
        self.subject = Some(Subject::Command(command.to_owned()));
        self
    }

    /// Sets another level.
    #[must_use]
    pub fn with_level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    /// Adds a change that a machine can make.
    #[must_use]
    pub fn with_fix(
        mut self,
        place: Place,
        replacement: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        let (replacement, message) = (replacement.into(), message.into());
        self.fix = Some(Fix { place, replacement, message, is_unsafe: false });
        self
    }

    /// Adds a change that a machine can make, but somebody should look at.
    #[must_use]
    pub fn with_unsafe_fix(
        self,
        place: Place,
        replacement: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        let mut own = self.with_fix(place, replacement, message);
        own.fix.iter_mut().for_each(|fix| fix.is_unsafe = true);
        own
    }

    /// Whether it fails a gate: an error that no waiver excuses.
    #[must_use]
    pub fn fails_gate(&self) -> bool {
        self.level == Level::Error && self.waived_by.is_none()
    }
}
