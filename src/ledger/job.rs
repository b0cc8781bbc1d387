//! The job model: one job for each command that judges or writes. Names and values are
//! those of the AI job model (section 2.6.6.2.8 of its specification, version 02.100).

use serde::{Deserialize, Serialize};

use super::names::named_values;

named_values! {
    /// Kind of a job.
    JobKind, "kind of job", {
        /// A document is edited.
        DocEdit = "doc_edit",
        /// A document is rewritten.
        DocRewrite = "doc_rewrite",
        /// A document is summarized.
        DocSummarize = "doc_summarize",
        /// A sheet is transformed.
        SheetTransform = "sheet_transform",
        /// A canvas is clustered.
        CanvasCluster = "canvas_cluster",
        /// Speech is transcribed.
        AsrTranscribe = "asr_transcribe",
        /// A workflow runs: every gate.
        WorkflowRun = "workflow_run",
        /// A debug bundle is exported.
        DebugBundleExport = "debug_bundle_export",
        /// A command runs: evidence.
        TerminalExec = "terminal_exec" | "term_exec",
        /// A document is ingested.
        DocIngest = "doc_ingest",
        /// A distillation is evaluated.
        DistillationEval = "distillation_eval",
    }
}

named_values! {
    /// State of a job.
    JobState, "state of a job", {
        /// Created, not started.
        Queued = "queued",
        /// Runs.
        Running = "running",
        /// Its process ended without a result; found later.
        Stalled = "stalled",
        /// Its result is there, and its validation is not.
        AwaitingValidation = "awaiting_validation",
        /// A person must answer.
        AwaitingUser = "awaiting_user",
        /// Ended as wanted.
        Completed = "completed",
        /// Ended with waivers, warnings or degraded limits.
        CompletedWithIssues = "completed_with_issues",
        /// Ended with errors.
        Failed = "failed",
        /// Ended by its user.
        Cancelled = "cancelled",
        /// Its evidence cannot be trusted.
        Poisoned = "poisoned",
    }
}

impl JobState {
    /// The published transition table: `(from, to)`. Everything else is refused, here
    /// and by the database.
    pub(crate) const TRANSITIONS: &'static [(Self, Self)] = {
        use JobState::{
            AwaitingUser, AwaitingValidation, Cancelled, Completed, CompletedWithIssues, Failed, Poisoned,
            Queued, Running, Stalled,
        };
        &[
            (Queued, Running),
            (Queued, Cancelled),
            (Queued, Failed),
            (Queued, Poisoned),
            (Running, Stalled),
            (Running, AwaitingValidation),
            (Running, AwaitingUser),
            (Running, Completed),
            (Running, CompletedWithIssues),
            (Running, Failed),
            (Running, Cancelled),
            (Running, Poisoned),
            (Stalled, Failed),
            (Stalled, Cancelled),
            (Stalled, Poisoned),
            (AwaitingValidation, AwaitingUser),
            (AwaitingValidation, Completed),
            (AwaitingValidation, CompletedWithIssues),
            (AwaitingValidation, Failed),
            (AwaitingValidation, Poisoned),
            (AwaitingUser, Running),
            (AwaitingUser, Completed),
            (AwaitingUser, Cancelled),
            (AwaitingUser, Poisoned),
        ]
    };

    /// Returns whether a job may go from this state to `next`.
    #[cfg(test)]
    #[must_use]
    pub(crate) fn may_become(self, next: Self) -> bool {
        Self::TRANSITIONS.contains(&(self, next))
    }
}

named_values! {
    /// What a job may do to the repository.
    AccessMode, "access mode", {
        /// Reads only.
        AnalysisOnly = "analysis_only",
        /// Shows what it would write.
        PreviewOnly = "preview_only",
        /// Writes the listed documents.
        ApplyScoped = "apply_scoped",
    }
}

named_values! {
    /// How strictly a job is checked.
    SafetyMode, "safety mode", {
        /// All rules come from the base of a range.
        Strict = "strict",
        /// A local run.
        Normal = "normal",
        /// Unsafe fixes were asked for.
        Experimental = "experimental",
    }
}

/// Numbers of a job. All of them are there from its creation on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct JobMetrics {
    /// Duration in milliseconds.
    pub duration_ms: u64,
    /// Tokens of all calls to models.
    pub total_tokens: u64,
    /// Tokens that were sent.
    pub input_tokens: u64,
    /// Tokens that were received.
    pub output_tokens: u64,
    /// Tokens of planning.
    pub tokens_planner: u64,
    /// Tokens of carrying out.
    pub tokens_executor: u64,
    /// Files that were judged.
    pub entities_read: u64,
    /// Files that were written.
    pub entities_written: u64,
    /// Checks that ran.
    pub validators_run_count: u64,
}

/// A document or file that a job is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EntityRef {
    /// `packet`, `tree` or `file`.
    pub entity_kind: String,
    /// Id of the packet, id of the tree, or path.
    pub entity_id: String,
}

/// What a command is, as a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JobDescription {
    /// The command's name, such as `post-work`.
    pub command: String,
    /// Its kind.
    pub kind: JobKind,
    /// What it may do.
    pub access: AccessMode,
    /// How strictly it is checked.
    pub safety: SafetyMode,
    /// Id of its packet, if it has one.
    pub packet: Option<String>,
    /// What it looks at, if that is not everything: paths as given.
    pub subject: String,
}

impl JobDescription {
    /// The job of a gate or a check: it only reads.
    #[must_use]
    pub(crate) fn judging(command: &str) -> Self {
        Self {
            command: command.to_owned(),
            kind: JobKind::WorkflowRun,
            access: AccessMode::AnalysisOnly,
            safety: SafetyMode::Normal,
            packet: None,
            subject: String::new(),
        }
    }

    /// The job of a command that edits documents.
    #[must_use]
    pub(crate) fn editing(command: &str, writes: bool) -> Self {
        let access = if writes { AccessMode::ApplyScoped } else { AccessMode::PreviewOnly };
        Self { kind: JobKind::DocEdit, access, ..Self::judging(command) }
    }

    /// The job of a command that asks a model for advice: it only reads.
    #[cfg(all(feature = "ledger", feature = "ssh", any(test, feature = "llm")))]
    #[must_use]
    pub(crate) fn assisting(command: &str) -> Self {
        Self { kind: JobKind::DocSummarize, ..Self::judging(command) }
    }

    /// The job is about this packet.
    #[must_use]
    pub(crate) fn about(self, packet: Option<&str>) -> Self {
        Self { packet: packet.map(str::to_owned), ..self }
    }

    /// The job looks at these paths only.
    #[must_use]
    pub(crate) fn within(self, paths: impl IntoIterator<Item = String>) -> Self {
        Self { subject: paths.into_iter().collect::<Vec<_>>().join("\n"), ..self }
    }

    /// Returns what two runs have in common whose problems can be compared: the command, the
    /// packet and the paths.
    #[must_use]
    pub(crate) fn scope(&self, packet: Option<&str>) -> String {
        let packet = packet.or(self.packet.as_deref()).unwrap_or_default();
        let parts = [self.protocol_id(), packet.to_owned(), self.subject.clone()];
        crate::digest::sha256_hex(parts.join("\n").as_bytes())
    }

    /// The protocol of the job, such as `countersign.post-work@1`.
    #[must_use]
    pub(crate) fn protocol_id(&self) -> String {
        format!("countersign.{}@1", self.command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_strictly_and_written_in_one_spelling() {
        assert_eq!(JobKind::ALL.len(), 11);
        assert_eq!(JobState::ALL.len(), 10);
        for kind in JobKind::ALL {
            assert_eq!(kind.as_str().parse::<JobKind>(), Ok(*kind));
        }
        assert_eq!("term_exec".parse::<JobKind>().map(JobKind::as_str), Ok("terminal_exec"));
        for wrong in ["", "Workflow_run", "workflow_run ", "doc_test", "micro_task_execution"] {
            assert!(wrong.parse::<JobKind>().is_err(), "{wrong}");
        }
        assert!("done".parse::<JobState>().is_err() && "read".parse::<AccessMode>().is_err());
        assert!("loose".parse::<SafetyMode>().is_err());
    }

    #[test]
    fn an_ended_job_stays_ended() {
        use JobState::{Cancelled, Completed, CompletedWithIssues, Failed, Poisoned};
        for from in [Completed, CompletedWithIssues, Failed, Cancelled, Poisoned] {
            assert!(JobState::ALL.iter().all(|to| !from.may_become(*to)), "{from}");
        }
        let may_be_poisoned = |state: &&JobState| state.may_become(Poisoned);
        assert_eq!(JobState::ALL.iter().filter(may_be_poisoned).count(), 5);
        assert!(JobState::ALL.iter().all(|state| !state.may_become(*state)));
    }
}
