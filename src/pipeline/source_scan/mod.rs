//! Scans of source files: of a whole tree, or of a change.
//!
//! Several threads read and match files; results do not depend on the number
//! of threads. In a scan of a change only new findings fail. A finding is new
//! if the changed files have more findings of its kind than before the change,
//! no matter whether its own line changed or only the lines around it.

mod baseline;
mod change;
mod debug_pages;
mod files;
mod go_doubles;
mod go_files;
mod go_names;
mod go_packages;
mod ignores;
mod layers;
mod lines;
mod looked_at;
mod moved_out;
mod new_hits;
mod package_subjects;
mod report;
mod request;
mod results;
mod rules;
mod run_names;
mod script_doubles;
mod script_imports;
mod script_runs;
mod script_tools;
mod test_module;
mod tool_names;
mod tree;
mod trusted_subjects;
mod vocabulary;

use crate::change::Repository;
use crate::finding::Report;
use crate::pipeline::error::PipelineError;

pub(crate) use change::{ChangeScan, run_gate_scans};
pub use request::{ScanProfile, ScanRequest};
pub(crate) use rules::{ActiveRules, load_active_rules};

/// Runs a scan: of the requested change, or else of the whole tree.
///
/// # Errors
/// The repository or the configuration cannot be read; a requested rule set
/// does not exist; there are no files to scan.
pub fn run_scan(repo: &dyn Repository, request: &ScanRequest) -> Result<Report, PipelineError> {
    match &request.change {
        Some(selection) => change::scan_change(repo, request, selection),
        None => tree::scan_tree(repo, request),
    }
}
