//! The demo: a small governed repository, and its gates shown at work.
//!
//! Everything is real: git objects, a Cargo project, `cargo test`. Dates and
//! authors of commits are fixed, so that commit ids are the same everywhere.

mod repository;

use std::path::Path;

use crate::change::{RepositoryError, SelectionRequest};
use crate::check::context::Gate;
use crate::finding::Report;
use crate::pipeline::packet_gate::GateRequest;
use crate::pipeline::steps::{EngineError, Progress, StepOptions};
use crate::system::clock;
use crate::system::git::{GitRepository, RepositoryBuilder};

pub use repository::{DemoRepository, RecordedHashes, WP_ID};

/// One scene of the demo.
pub struct DemoStep {
    /// What happens, in a few sentences.
    pub description: &'static str,
    /// The command that a user would type.
    pub command: &'static str,
    /// Whether the gate must pass.
    pub must_pass: bool,
    /// A rule that must have failed, if it must not.
    pub expected_failure: Option<&'static str>,
    /// What the gate said.
    pub report: Report,
}

/// Builds the repository in an empty folder and plays the scenes, telling
/// each as it ends.
///
/// # Errors
/// The folder cannot be written, or a gate could not run.
pub fn run_demo(
    root: &Path,
    progress: &dyn Progress,
    mut tell: impl FnMut(&DemoStep),
) -> Result<(), EngineError> {
    let build = |error: RepositoryError| EngineError::Gate(error.into());
    let builder = RepositoryBuilder::create(root).map_err(build)?;
    let mut world = DemoRepository::default();
    world.initialize(&builder).map_err(build)?;
    let ask = |gate: Gate| {
        let repo = GitRepository::discover(root).map_err(build)?;
        let request = GateRequest {
            other_packets: Vec::new(),
            gate,
            packet: WP_ID.into(),
            selection: SelectionRequest::Default,
            config: None,
            now: clock::now_civil(),
        };
        crate::pipeline::steps::run_gate(&repo, &request, &StepOptions { skip: None, progress })
    };

    let report = ask(Gate::PreWork)?;
    tell(&DemoStep {
        description: "An orchestrator has written a task packet, an operator has signed it, and the work is prepared on a branch. May the coder start?",
        command: "countersign pre-work WP-1-Farewell",
        must_pass: true,
        expected_failure: None,
        report,
    });

    world.write_work(&builder).map_err(build)?;
    world.edit_invoices(&builder).map_err(build)?;
    world.write_handover(&builder, RecordedHashes::Correct).map_err(build)?;
    let report = ask(Gate::PostWork)?;
    tell(&DemoStep {
        description: "The coder has written src/farewell.rs, and while at it has also changed how invoices are rounded. Nobody asked for that.",
        command: "countersign post-work WP-1-Farewell",
        must_pass: false,
        expected_failure: Some("scope/outside"),
        report,
    });

    world.restore_invoices(&builder).map_err(build)?;
    world.write_handover(&builder, RecordedHashes::GitObjectIds).map_err(build)?;
    let report = ask(Gate::PostWork)?;
    tell(&DemoStep {
        description: "The invoices are restored. But a hash in the manifest was copied from `git ls-files -s`: it is git's object id, not the SHA-1 of the file.",
        command: "countersign post-work WP-1-Farewell",
        must_pass: false,
        expected_failure: Some("manifest/post-sha1"),
        report,
    });

    world.write_handover(&builder, RecordedHashes::Correct).map_err(build)?;
    world.commit_work(&builder).map_err(build)?;
    let report = ask(Gate::PostWork)?;
    tell(&DemoStep {
        description: "The hash is repaired and the work is committed. Now the gate runs the tests themselves, because a pasted test result is only a claim.",
        command: "countersign post-work WP-1-Farewell",
        must_pass: true,
        expected_failure: None,
        report,
    });
    Ok(())
}
