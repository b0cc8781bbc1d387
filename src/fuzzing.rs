//! Fuzz targets, one function for each reader of untrusted bytes.
//!
//! A target demands that a reader does not panic, that its spans are inside the
//! text and on character boundaries, and that the checks over what it read, and
//! their report, do not panic either. `tests/fuzz` runs the functions with
//! libFuzzer; a unit test runs them over `fixtures/fuzz/`, which holds inputs
//! that once broke something.
#![allow(clippy::missing_panics_doc, clippy::expect_used, reason = "a target panics to report a defect")]

#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::change::{
    BranchTip, ChangeSet, Commit, CommitInfo, FileMode, FoundVersion, History, ObjectStore, Repository,
    RepositoryError, Selection, SelectionRequest, TreeEntry, TreeState, VersionRequest, WorkingTree,
    Worktree,
};
use crate::config::Config;
use crate::digest::git_blob_id;
use crate::digest::sshsig::verify;
use crate::document::allowed_signers::AllowedSigners;
use crate::document::audit::Audit;
use crate::document::board::Board;
use crate::document::contract::Contract;
use crate::document::gate_log::GateLog;
use crate::document::link::{destination_path, find_links, join_relative};
use crate::document::registry::Registry;
use crate::document::{Document, DocumentKind, Packet, Refinement};
use crate::finding::{Finding, Place};
use crate::pipeline::document_check::{DocumentCheckRequest, DocumentQuery, check_documents};
use crate::render::{human, json, show};
use crate::text::{RepoPath, Source, Span, apply_edits};

/// A function that takes any bytes and must not panic.
pub type FuzzTarget = fn(&[u8]);

/// All targets by name.
pub const TARGETS: [(&str, FuzzTarget); 16] = [
    ("packet", packet),
    ("stub", stub),
    ("refinement", refinement),
    ("contract", contract),
    ("board", board),
    ("registry", registry),
    ("audit", audit),
    ("gate_log", gate_log),
    ("validator_state", validator_state),
    ("spec_pointer", spec_pointer),
    ("document", document),
    ("config", config),
    ("link", link),
    ("signers", signers),
    ("signature", signature),
    ("edits", edits),
];

/// A repository of documents with one file.
struct OneFile {
    path: RepoPath,
    bytes: Vec<u8>,
}

impl OneFile {
    fn has(&self, side: TreeState, path: &RepoPath) -> bool {
        side == TreeState::Worktree && *path == self.path
    }
}

impl ObjectStore for OneFile {
    fn entry(&self, side: TreeState, path: &RepoPath) -> Result<Option<TreeEntry>, RepositoryError> {
        let entry = || TreeEntry { mode: FileMode::Regular, id: git_blob_id(&self.bytes) };
        Ok(self.has(side, path).then(entry))
    }

    fn read(&self, side: TreeState, path: &RepoPath) -> Result<Option<Vec<u8>>, RepositoryError> {
        Ok(self.has(side, path).then(|| self.bytes.clone()))
    }

    fn read_entry(&self, side: TreeState, path: &RepoPath, _: TreeEntry) -> Result<Vec<u8>, RepositoryError> {
        Ok(self.read(side, path)?.unwrap_or_default())
    }

    fn list(&self, side: TreeState, folder: &str) -> Result<Vec<RepoPath>, RepositoryError> {
        let all = self.list_below(side, folder)?;
        Ok(all.into_iter().filter(|path| path.folder() == folder.trim_end_matches('/').as_bytes()).collect())
    }

    fn list_below(&self, side: TreeState, folder: &str) -> Result<Vec<RepoPath>, RepositoryError> {
        let here = side == TreeState::Worktree && self.path.is_below(folder.as_bytes());
        Ok(here.then(|| self.path.clone()).into_iter().collect())
    }

    fn exists(&self, side: TreeState, path: &RepoPath) -> Result<bool, RepositoryError> {
        Ok(self.has(side, path) || self.path.is_below(path.as_bytes()))
    }
}

impl History for OneFile {
    fn find_versions(
        &self,
        _: Commit,
        wanted: &[VersionRequest],
    ) -> Result<Vec<Option<FoundVersion>>, RepositoryError> {
        Ok(vec![None; wanted.len()])
    }

    fn head(&self) -> Result<Option<Commit>, RepositoryError> {
        Ok(None)
    }

    fn find_commit(&self, _: &str) -> Result<Option<Commit>, RepositoryError> {
        Ok(None)
    }

    fn is_ancestor(&self, _: Commit, _: Commit) -> Result<bool, RepositoryError> {
        Ok(false)
    }

    fn commits_between(&self, _: Option<Commit>, _: Commit) -> Result<Vec<CommitInfo>, RepositoryError> {
        Ok(Vec::new())
    }

    fn find_introductions(
        &self,
        _: &RepoPath,
        _: Commit,
        _: Option<Commit>,
        _: &dyn Fn(&[u8]) -> bool,
    ) -> Result<Vec<CommitInfo>, RepositoryError> {
        Ok(Vec::new())
    }
}

impl WorkingTree for OneFile {
    fn worktrees(&self) -> Result<Option<Vec<Worktree>>, RepositoryError> {
        Ok(None)
    }

    fn current_branch(&self) -> Result<Option<String>, RepositoryError> {
        Ok(None)
    }

    fn worktree_name(&self) -> Option<String> {
        None
    }
}

impl Repository for OneFile {
    fn select(
        &self,
        _: &SelectionRequest,
        _: &dyn Fn(Commit) -> Option<String>,
        _: Option<&BranchTip>,
    ) -> Result<Selection, RepositoryError> {
        Err(RepositoryError::Bare)
    }

    fn changes(&self, _: &Selection) -> Result<ChangeSet, RepositoryError> {
        Err(RepositoryError::Bare)
    }
}

fn assert_span_fits(source: &Source, span: Span) {
    assert!(source.text().get(span.start..span.end).is_some(), "{span:?} in {} bytes", source.text().len());
}

fn assert_locations_fit(findings: &[Finding]) {
    for finding in findings {
        let places = finding.related.iter().map(|label| &label.place).chain([&finding.primary.place]);
        for place in places.chain(finding.fix.iter().map(|fix| &fix.place)) {
            if let Place::Text { source, span } = place {
                assert_span_fits(source, *span);
            }
        }
    }
}

/// Checks the bytes as the only document of a repository, at a path where its
/// kind is expected.
fn check_one_file(path: &str, bytes: &[u8]) {
    let repo = OneFile { path: RepoPath::from(path), bytes: bytes.to_vec() };
    let request = DocumentCheckRequest {
        query: DocumentQuery::Governance,
        tree: TreeState::Worktree,
        named_documents: Vec::new(),
        config: None,
        now: "2026-03-01T12:00:00".parse().expect("a time"),
    };
    let report = check_documents(&repo, &request).expect("one file can be checked");
    assert_locations_fit(&report.findings);
    let look = human::HumanOptions { color: false, verbose: true, quiet: false };
    let text = human::render(&report, look);
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "a control character reaches the terminal");
    let _ = json::render(&report);
}

fn source(bytes: &[u8]) -> Arc<Source> {
    Source::from_bytes(RepoPath::from("x.md"), bytes.to_vec())
}

/// A task packet.
pub fn packet(bytes: &[u8]) {
    let parsed = Packet::read(&source(bytes));
    let _ = show::render_human(&show::to_document(&parsed));
    check_one_file(".GOV/task_packets/WP-1-A-v2.md", bytes);
}

/// A stub.
pub fn stub(bytes: &[u8]) {
    check_one_file(".GOV/task_packets/stubs/WP-1-A.md", bytes);
}

/// A refinement.
pub fn refinement(bytes: &[u8]) {
    let source = source(bytes);
    for anchor in Refinement::read(&source).anchors {
        assert_span_fits(&source, anchor.heading);
    }
    check_one_file(".GOV/refinements/WP-1-A.md", bytes);
}

/// A contract, with its title before the bytes.
pub fn contract(bytes: &[u8]) {
    let text = [b"# Contract: a\n\n", bytes].concat();
    let source = source(&text);
    let contract = Contract::read(&source);
    contract.tasks.iter().for_each(|task| assert_span_fits(&source, task.text.span));
    contract.notes.iter().for_each(|note| assert_span_fits(&source, note.span));
    let _ = show::contract::render_human(&show::contract::to_document(&contract));
    check_one_file("contracts/active/a.md", &text);
}

/// A task board.
pub fn board(bytes: &[u8]) {
    check_one_file(".GOV/roles_shared/TASK_BOARD.md", bytes);
}

/// A traceability registry.
pub fn registry(bytes: &[u8]) {
    check_one_file(".GOV/roles_shared/WP_TRACEABILITY_REGISTRY.md", bytes);
}

/// A signature audit.
pub fn audit(bytes: &[u8]) {
    check_one_file(".GOV/roles_shared/SIGNATURE_AUDIT.md", bytes);
}

/// A gate log.
pub fn gate_log(bytes: &[u8]) {
    check_one_file(".GOV/roles/orchestrator/ORCHESTRATOR_GATES.json", bytes);
}

/// A validator state.
pub fn validator_state(bytes: &[u8]) {
    check_one_file(".GOV/validator_gates/WP-1-A.json", bytes);
}

/// A pointer to the specification.
pub fn spec_pointer(bytes: &[u8]) {
    check_one_file(".GOV/roles_shared/SPEC_CURRENT.md", bytes);
}

/// Any document, with its own kind and with every other kind.
pub fn document(bytes: &[u8]) {
    let source = source(bytes);
    for expected in DocumentKind::ALL.into_iter().map(Some).chain([None]) {
        let document = Document::read(&source, expected);
        assert_span_fits(&source, document.head_span());
        document.faults.iter().for_each(|fault| assert_span_fits(&source, fault.span));
        let _ = (document.id(), document.kind);
    }
}

/// A configuration.
pub fn config(bytes: &[u8]) {
    let source = source(bytes);
    if let Err(fault) = Config::read(&source) {
        assert_span_fits(&source, fault.span);
    }
}

/// Links and their destinations.
pub fn link(bytes: &[u8]) {
    let source = source(bytes);
    for link in find_links(source.text()) {
        assert_span_fits(&source, link.span);
        if let Some(path) = destination_path(&link.value).and_then(|path| join_relative("a/b", &path)) {
            assert!(!path.split('/').any(|name| matches!(name, "." | "..")), "{path} leaves");
        }
    }
}

/// A file of allowed signers.
pub fn signers(bytes: &[u8]) {
    let source = Source::from_bytes(RepoPath::from("allowed_signers"), bytes.to_vec());
    let read = AllowedSigners::read(&source);
    for signer in &read.signers {
        let _ = signer.is_principal("mira") || signer.allows_namespace("countersign");
        assert!(source.text().get(signer.span.start..signer.span.end).is_some());
    }
}

/// Signatures by keys: none of them is valid.
pub fn signature(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    assert!(verify(&text, b"a text without a signature").is_err());
}

/// Entries that are added to records: each edit applies and makes the text longer.
pub fn edits(bytes: &[u8]) {
    let source = Source::from_bytes(RepoPath::from("record"), bytes.to_vec());
    let all = [
        Board::read(&source).insert_entry_edit("WP-9-New", "READY_FOR_DEV"),
        Registry::read(&source).append_row_edit("WP-9-New", "x/WP-9-New.md", "Ready", ""),
        Audit::read(&source).append_row_edit(&|head| head.to_owned()),
        GateLog::read(&source).append_entry_edit(&[("wpId", "WP-9-New"), ("type", "PREPARE")]),
    ];
    for edit in all.into_iter().flatten() {
        let (text, left) = apply_edits(source.text(), &[edit]);
        assert!(left.is_empty() && text.len() > source.text().len());
    }
}
