#![doc = include_str!("../README.md")]

mod bus;
mod change;
mod check;
mod cli;
mod config;
mod digest;
mod document;
mod finding;
mod ledger;
mod pipeline;
#[cfg(all(feature = "ledger", feature = "ssh", any(test, feature = "llm")))]
mod provider;
mod render;
mod rule;
mod scan;
mod system;
mod text;
#[cfg(feature = "ledger")]
mod usage;
mod workflow;

#[cfg(any(test, fuzzing))]
pub mod fuzzing;
#[cfg(test)]
mod test_support;

// Repositories: what a pipeline reads, and the two implementations.
pub use change::{
    BranchTip, Change, ChangeSet, ChangedFile, Commit, CommitInfo, FileMode, FoundVersion, History,
    ObjectStore, Repository, RepositoryError, Selection, SelectionMode, SelectionRequest, StoredFile,
    TreeEntry, TreeState, VersionRequest, VersionVisitor, WorkingTree, Worktree,
};
pub use digest::Hash20;
pub use system::folder::PlainFolder;
pub use system::git::{GitRepository, RepositoryBuilder};
pub use text::{RepoPath, Source, Span};

// Pipelines: a request goes in, a report comes out.
pub use check::context::Gate;
pub use pipeline::document_check::{DocumentCheckRequest, DocumentQuery, NamedDocument, check_documents};
pub use pipeline::packet_gate::{GateRequest, PipelineError, check_packet};
pub use pipeline::source_scan::{ScanProfile, ScanRequest, run_scan};
pub use pipeline::steps::{NoProgress, Progress, StepOptions, StepsError, run_gate};

// Reports and their formats.
pub use finding::{Finding, Label, Level, Place, Report, RuleId};
pub use render::Format;
pub use render::human::HumanOptions;

// The program, and a repository to try it on.
pub use cli::run as run_command_line;
pub use workflow::demo::{DemoRepository, RecordedHashes};
