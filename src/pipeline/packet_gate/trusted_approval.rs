//! Reads a packet's approval at trusted commits.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::change::{Commit, Repository, RepositoryError, TreeState};
use crate::check::context::{TrustedApproval, TrustedRecords, TrustedState};
use crate::document::Packet;
use crate::document::audit::Audit;
use crate::document::gate_log::GateLog;
use crate::pipeline::locate::{
    LocatedPacket, find_gone_records, is_same_record, read_document, read_record, read_second_form,
};
use crate::text::Source;

use super::request::GateContext;

/// Reads the approval of a packet at the commits of the trusted revision.
pub(crate) fn read_trusted_approval(
    context: &GateContext<'_>,
    located: &LocatedPacket,
) -> Result<TrustedApproval, RepositoryError> {
    let GateContext { repo, layout, tree, trusted, .. } = *context;
    let reader = RecordReader { repo, judged: tree, read: RefCell::default() };
    let mut states = Vec::new();
    let mut state_commits = trusted.state_commits.clone();
    if let TreeState::Commit(first) = trusted.tree {
        state_commits.sort_by_key(|commit| *commit != first);
    }
    for commit in state_commits {
        let at = TreeState::Commit(commit);
        let source = read_document(repo, at, &located.path)?;
        let mut packet = source.map(|source| Packet::read(&source.with_revision(commit.short())).value);
        if let Some(packet) = &mut packet {
            let names = (&located.id, &located.path);
            packet.second_form = read_second_form(repo, at, layout, names, Some(commit))?.contract();
        }
        states.push(TrustedState {
            revision: commit.short(),
            packet,
            audit: reader.read_if_different(commit, &layout.audit)?.map(|source| Audit::read(&source)),
        });
    }
    let mut records = Vec::new();
    for commit in &trusted.record_commits {
        records.push(TrustedRecords {
            revision: commit.short(),
            audit: reader.read_if_different(*commit, &layout.audit)?.map(|source| Audit::read(&source)),
            gate_log: reader
                .read_if_different(*commit, &layout.gate_log)?
                .map(|source| GateLog::read(&source)),
            gone: find_gone_records(repo, layout, *commit, tree)?,
        });
    }
    Ok(TrustedApproval { description: trusted.describe(), states, records })
}

/// A record of a trusted commit; `None` if it does not exist there or is the judged one.
type DifferentRecord = Option<Arc<Source>>;

struct RecordReader<'a> {
    repo: &'a dyn Repository,
    judged: TreeState,
    /// What was read: the same commit can be trusted for states and for records.
    read: RefCell<BTreeMap<(Commit, String), DifferentRecord>>,
}

impl RecordReader<'_> {
    /// Reads a record at a commit; `None` if it does not exist there or is the judged one.
    fn read_if_different(&self, commit: Commit, record: &str) -> Result<DifferentRecord, RepositoryError> {
        let key = (commit, record.to_owned());
        if let Some(known) = self.read.borrow().get(&key) {
            return Ok(known.clone());
        }
        let tree = TreeState::Commit(commit);
        let is_same = is_same_record(self.repo, tree, self.judged, record)?;
        let source = if is_same { None } else { read_record(self.repo, tree, record)? };
        let source = source.map(|source| source.with_revision(commit.short()));
        self.read.borrow_mut().insert(key, source.clone());
        Ok(source)
    }
}
