//! `countersign demo`: builds a small repository under governance and runs its
//! gates.
//!
//! Git objects, the Cargo project and `cargo test` are real. Dates and authors of
//! commits are fixed, so that commit ids are the same on every machine.

#[cfg(test)]
mod cost;
mod repository;

use std::path::Path;

use crate::change::{RepositoryError, SelectionRequest};
use crate::check::context::Gate;
use crate::finding::Report;
use crate::pipeline::packet_gate::GateRequest;
use crate::pipeline::steps::{Progress, StepOptions, StepsError};
use crate::system::clock;
use crate::system::git::{GitRepository, RepositoryBuilder};

pub(crate) use repository::WP_ID;
pub use repository::{DemoRepository, RecordedHashes};

/// One step of the demo.
pub(crate) struct DemoStep {
    /// The situation, in a few sentences.
    pub description: &'static str,
    /// The command that a user would type.
    pub command: &'static str,
    /// Whether the gate must pass.
    pub must_pass: bool,
    /// The rule that must fail, if the gate must not pass.
    pub expected_failure: Option<&'static str>,
    /// The report of the gate.
    pub report: Report,
}

/// Builds the repository in the empty folder `root` and runs the steps. Calls
/// `on_step` after each step.
///
/// # Errors
/// The folder cannot be written, or a gate cannot run.
pub(crate) fn run_demo(
    root: &Path,
    progress: &dyn Progress,
    mut on_step: impl FnMut(&DemoStep),
) -> Result<(), StepsError> {
    let build_error = |error: RepositoryError| StepsError::Gate(error.into());
    let builder = RepositoryBuilder::create(root).map_err(build_error)?;
    let mut demo = DemoRepository::default();
    demo.initialize(&builder).map_err(build_error)?;
    let run_gate = |gate: Gate| {
        let repo = GitRepository::discover(root).map_err(build_error)?;
        let request = GateRequest {
            task: None,
            other_packets: Vec::new(),
            gate,
            packet: WP_ID.into(),
            selection: SelectionRequest::Default,
            base: None,
            config: None,
            now: clock::now_civil(),
        };
        crate::pipeline::steps::run_gate(&repo, &request, &StepOptions::new(progress))
    };

    let report = run_gate(Gate::PreWork)?;
    on_step(&DemoStep {
        description: "The orchestrator has written a task packet, the operator has signed it, and the work is prepared on a branch. The gate checks whether the coder may start.",
        command: "countersign pre-work WP-1-Farewell",
        must_pass: true,
        expected_failure: None,
        report,
    });

    demo.write_work(&builder).map_err(build_error)?;
    demo.edit_invoices(&builder).map_err(build_error)?;
    demo.write_handover(&builder, RecordedHashes::Correct).map_err(build_error)?;
    let report = run_gate(Gate::PostWork)?;
    on_step(&DemoStep {
        description: "The coder has written src/farewell.rs, and has also changed how invoices are rounded. The packet does not ask for that.",
        command: "countersign post-work WP-1-Farewell",
        must_pass: false,
        expected_failure: Some("scope/outside"),
        report,
    });

    demo.restore_invoices(&builder).map_err(build_error)?;
    demo.write_handover(&builder, RecordedHashes::GitObjectIds).map_err(build_error)?;
    let report = run_gate(Gate::PostWork)?;
    on_step(&DemoStep {
        description: "The invoices are restored. But one hash in the manifest was copied from `git ls-files -s`: it is git's object id, not the SHA-1 of the file.",
        command: "countersign post-work WP-1-Farewell",
        must_pass: false,
        expected_failure: Some("manifest/post-sha1"),
        report,
    });

    demo.write_handover(&builder, RecordedHashes::Correct).map_err(build_error)?;
    demo.commit_work(&builder).map_err(build_error)?;
    let report = run_gate(Gate::PostWork)?;
    on_step(&DemoStep {
        description: "The hash is corrected and the work is committed. Now the gate runs the tests itself, because a pasted test result is only a claim.",
        command: "countersign post-work WP-1-Farewell",
        must_pass: true,
        expected_failure: None,
        report,
    });
    Ok(())
}
