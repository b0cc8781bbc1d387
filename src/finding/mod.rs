//! Results of checks: findings with a location, outcomes of checks, and the
//! report that contains them.

mod approval;
mod area_info;
mod assist_info;
mod ledger_info;
mod place;
mod report;
mod run_info;
mod subject_info;
mod wording;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

pub(crate) use approval::{ApprovalSummary, CodeCommits, KeySignature, SigningCommit, TimelineEvent};
pub(crate) use area_info::AreaInfo;
pub(crate) use assist_info::AssistInfo;
#[cfg(all(feature = "ledger", feature = "ssh", any(test, feature = "llm")))]
pub(crate) use assist_info::AssistNote;
pub(crate) use ledger_info::LedgerInfo;
pub use place::{Label, Place};
pub use report::Report;
pub(crate) use report::{
    CheckOutcome, CheckStatus, DocumentsInfo, EvidenceClaim, PacketInfo, PolicyInfo, ScanInfo, SelectionInfo,
    StepReport, StepRun, StepStatus, Tally, Verdict,
};
pub(crate) use subject_info::SubjectInfo;

pub(crate) use wording::Wording;

use crate::text::RepoPath;

/// A rule's id, `family/name` in kebab case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(Cow<'static, str>);

impl RuleId {
    /// Creates the id of a built-in rule.
    #[must_use]
    pub const fn from_static(id: &'static str) -> Self {
        Self(Cow::Borrowed(id))
    }

    /// Creates an id that was read from a file.
    #[must_use]
    pub fn new(id: String) -> Self {
        Self(Cow::Owned(id))
    }

    /// Returns the id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the part before the slash.
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

/// Severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Information; does not fail a gate.
    Note,
    /// A possible problem; does not fail a gate.
    Warning,
    /// Fails the gate.
    Error,
}

impl Level {
    /// Returns the level in lower case.
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

/// The file or command that a finding is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A file of the repository.
    Path(RepoPath),
    /// A command of the test plan.
    Command(String),
}

/// A part of a document that a finding misses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MissingPart {
    /// Key of the section.
    pub section: String,
    /// Key of the field in it; `None` if the whole section is missing.
    pub field: Option<String>,
}

/// Whether a fix may be applied without a review by a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applicability {
    /// It keeps the meaning of the document.
    Safe,
    /// It may change the document's meaning, or it is one of several possible
    /// fixes.
    Unsafe,
}

/// An edit that fixes a finding: it replaces one span of one document.
#[derive(Debug, Clone)]
pub struct Fix {
    /// The replaced span; always [`Place::Text`].
    pub place: Place,
    /// The new text.
    pub replacement: String,
    /// Effect of the replacement, as a sentence without a full stop.
    pub message: String,
    /// Whether it may be applied without a review.
    pub applicability: Applicability,
}

/// One problem that a check found, with its location and help.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The rule that was broken.
    pub rule: RuleId,
    /// Severity.
    pub level: Level,
    /// The problem, in one sentence without a full stop.
    pub message: String,
    /// Location of the problem.
    pub primary: Label,
    /// Other locations that explain it.
    pub related: Vec<Label>,
    /// Facts that explain it.
    pub notes: Vec<String>,
    /// Instructions to the user, in sentences; renderers add the rule's remedy.
    pub help: Vec<String>,
    /// An edit that fixes the problem.
    pub fix: Option<Fix>,
    /// File or command that it is about; waivers are matched against it.
    pub subject: Option<Subject>,
    /// The part of a document that it misses.
    pub(crate) missing: Option<MissingPart>,
    /// A place whose own finding explains this one.
    pub(crate) because: Option<Place>,
    /// Fixes of the findings that it lists, each with its rule.
    pub(crate) further_fixes: Vec<(RuleId, Fix)>,
    /// Id of the waiver that covers it.
    pub waived_by: Option<String>,
    /// Id of its packet, if several packets are checked together.
    pub packet: Option<String>,
    /// Id of the packet whose gate found it; remedies name it in commands.
    pub wp_id: Option<String>,
    /// Texts of its rule, if the rule is not in the registry.
    pub wording: Option<Arc<Wording>>,
    /// Identifier of the matched code that does not depend on its location and
    /// formatting.
    pub fingerprint: Option<String>,
}

impl Fix {
    /// Returns whether a person must review the result.
    #[must_use]
    pub fn is_unsafe(&self) -> bool {
        self.applicability == Applicability::Unsafe
    }
}

impl Finding {
    /// Creates a finding at error level without related locations, help or fix.
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
            missing: None,
            because: None,
            further_fixes: Vec::new(),
            waived_by: None,
            packet: None,
            wp_id: None,
            wording: None,
            fingerprint: None,
        }
    }

    /// Adds a related location.
    #[must_use]
    pub fn related(mut self, label: Label) -> Self {
        self.related.push(label);
        self
    }

    /// Adds a fact that explains the finding.
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

    /// Sets the changed file that the finding is about.
    #[must_use]
    pub fn about_path(mut self, path: &RepoPath) -> Self {
        self.subject = Some(Subject::Path(path.clone()));
        self
    }

    /// Sets the planned command that the finding is about.
    #[must_use]
    pub fn about_command(mut self, command: &str) -> Self {
        self.subject = Some(Subject::Command(command.to_owned()));
        self
    }

    /// Sets the part of a document that it misses: a field, or a whole section.
    #[must_use]
    pub(crate) fn misses(mut self, section: &str, field: Option<&str>) -> Self {
        self.missing = Some(MissingPart { section: section.to_owned(), field: field.map(str::to_owned) });
        self
    }

    /// Sets the place whose own finding, if there is one, explains this one.
    #[must_use]
    pub(crate) fn because_of(mut self, place: Place) -> Self {
        self.because = Some(place);
        self
    }

    /// Sets another level.
    #[must_use]
    pub fn with_level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    /// Adds a safe fix: it can be applied without a review.
    #[must_use]
    pub fn with_fix(
        mut self,
        place: Place,
        replacement: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        let (replacement, message) = (replacement.into(), message.into());
        self.fix = Some(Fix { place, replacement, message, applicability: Applicability::Safe });
        self
    }

    /// Adds a fix that a person must review.
    #[must_use]
    pub fn with_unsafe_fix(
        self,
        place: Place,
        replacement: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        let mut finding = self.with_fix(place, replacement, message);
        finding.fix.iter_mut().for_each(|fix| fix.applicability = Applicability::Unsafe);
        finding
    }

    /// Returns whether it fails a gate: an error that no waiver covers.
    #[must_use]
    pub fn fails_gate(&self) -> bool {
        self.level == Level::Error && self.waived_by.is_none()
    }
}
