//! Cases of the table of trusted revisions: the rules were made stricter, and the work
//! needs the earlier ones.

use std::path::Path;

use crate::change::SelectionRequest;
use crate::finding::Report;
use crate::pipeline::trusted_revision::TrustRow;
use crate::system::git::{Identity, RepositoryBuilder};
use crate::workflow::demo::{DemoRepository, RecordedHashes};

use super::{SelfTestError, run_case_post_work, run_case_verify};

/// A fence that allows `deploy.sh`.
const LAX: &str = "version: 1\nprofile: fence\nscope: [src/, deploy.sh]\nsteps: []\n";
/// The fence after it was made stricter.
const STRICT: &str = "version: 1\nprofile: fence\nscope: [src/]\nsteps: []\n";

const AUTHOR: Identity = Identity { name: "Ada", email: "ada@example.org" };
/// Time of the first commit, in seconds since 1970; each commit is a minute later.
const START_TIME: i64 = 1_771_056_000;

/// Builds the repository of a row at `root`, and judges work in it. The bypass needs the
/// earlier rules.
pub(super) fn run_row(root: &Path, row: TrustRow, is_bypass: bool) -> Result<Report, SelfTestError> {
    let builder = RepositoryBuilder::create(root)?;
    if row == TrustRow::WorkStart {
        return run_work_start(root, &builder, is_bypass);
    }
    let commit = |message: &str, minute: i64| builder.commit_all(message, AUTHOR, START_TIME + minute * 60);
    builder.write("src/a.txt", "one\n")?;
    builder.write("countersign.yaml", LAX)?;
    let lax = commit("The first rules", 0)?;
    builder.write("countersign.yaml", STRICT)?;
    let strict = commit("Stricter rules", 1)?;
    let is_old_branch = matches!(row, TrustRow::RangeMain | TrustRow::LeftEnd | TrustRow::Branch);
    match row {
        TrustRow::RangeStart => builder.create_branch("work")?,
        TrustRow::RemoteMain => builder.set_reference("refs/remotes/origin/main", strict)?,
        TrustRow::UnknownMain => {
            builder.create_branch("work")?;
            builder.remove_reference("refs/heads/main")?;
        }
        _ if is_old_branch => {
            builder.set_reference("refs/heads/work", lax)?;
            builder.switch("work")?;
        }
        _ => {}
    }
    builder.write(if is_bypass { "deploy.sh" } else { "src/b.txt" }, "work\n")?;
    if is_bypass && !is_old_branch {
        builder.write("countersign.yaml", LAX)?;
    }
    let selection = match row {
        TrustRow::RangeStart => {
            let head = commit("Work", 2)?;
            SelectionRequest::Range(format!("{}..{}", strict.0, head.0))
        }
        TrustRow::RangeMain => {
            let head = commit("Work", 2)?;
            SelectionRequest::Range(format!("{}..{}", lax.0, head.0))
        }
        TrustRow::LeftEnd => {
            let head = commit("Work", 2)?;
            SelectionRequest::Range(format!("{}...{}", strict.0, head.0))
        }
        _ => SelectionRequest::Worktree,
    };
    run_case_verify(root, selection)
}

/// Judges work on the main branch, whose rules were relaxed after the work began.
fn run_work_start(
    root: &Path,
    builder: &RepositoryBuilder,
    is_bypass: bool,
) -> Result<Report, SelfTestError> {
    let mut demo = DemoRepository::default();
    demo.initialize(builder)?;
    if is_bypass {
        let rules = builder.read("countersign.yaml")?;
        builder.write("countersign.yaml", &format!("{rules}rules: {{scope/outside: off}}\n"))?;
    }
    builder.write("notes.txt", "after the start\n")?;
    let head = builder.commit_all("Later on main", AUTHOR, START_TIME + 6_000)?;
    builder.set_reference("refs/heads/main", head)?;
    builder.switch("main")?;
    demo.write_work(builder)?;
    if is_bypass {
        demo.edit_invoices(builder)?;
    }
    demo.write_handover(builder, RecordedHashes::Correct)?;
    run_case_post_work(root, SelectionRequest::Worktree)
}
