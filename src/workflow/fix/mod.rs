//! Applies the fixes that findings offer.
//!
//! Documents are checked, fixed in memory and checked again until no fix is left.
//! Only then are all documents written together. A fix changes only its own span.

mod safety;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::DateTime;

use crate::change::{History as _, ObjectStore as _, Overlay, Repository, SelectionRequest, TreeState};
use crate::check::context::Gate;
use crate::document::PacketStatus;
use crate::finding::{Finding, Fix, Level, Place, RuleId};
use crate::pipeline::document_check::{
    DocumentCheckRequest, DocumentQuery, NamedDocument, check_documents, list_packets,
};
use crate::pipeline::packet_gate::{GateRequest, PipelineError, run_gate_checks};
use crate::text::{Edit, RepoPath, Source, Span, apply_edits};

/// Maximum number of rounds; a round can apply fixes that the round before
/// revealed.
const MAX_ROUNDS: usize = 20;

/// The documents to fix, and the options.
#[derive(Debug, Clone)]
pub(crate) struct FixRequest {
    /// The documents to fix; empty for all documents of the repository.
    pub named: Vec<RepoPath>,
    /// Whether unsafe fixes are applied too.
    pub include_unsafe: bool,
    /// The configuration file that the caller names, if any.
    pub config: Option<Arc<Source>>,
    /// The current time in UTC.
    pub now: DateTime,
}

/// One document with applied fixes.
#[derive(Debug)]
pub(crate) struct FixedDocument {
    /// The path of the document.
    pub path: RepoPath,
    /// The bytes on disk before.
    pub before: Vec<u8>,
    /// The text after all fixes.
    pub after: String,
    /// The applied fixes: rule id and message.
    pub applied: Vec<(String, String)>,
}

/// The result of fixing documents.
#[derive(Debug, Default)]
pub(crate) struct FixOutcome {
    /// The documents that change, sorted by path.
    pub documents: Vec<FixedDocument>,
    /// The number of unsafe fixes that were not applied.
    pub remaining_unsafe: usize,
    /// The number of errors that remain, including those with an unsafe fix.
    pub remaining_errors: usize,
    /// Remarks about packets that could not be checked.
    pub notes: Vec<String>,
}

/// Fixes documents in memory. `raw` returns the bytes of a file on disk; `None` if
/// it cannot be read.
///
/// # Errors
/// The repository or the configuration cannot be read.
pub(crate) fn fix_documents(
    repo: &dyn Repository,
    raw: &dyn Fn(&RepoPath) -> Option<Vec<u8>>,
    request: &FixRequest,
) -> Result<FixOutcome, PipelineError> {
    let mut overlay = Overlay::new(repo);
    let mut before: BTreeMap<RepoPath, Vec<u8>> = BTreeMap::new();
    let mut applied: BTreeMap<RepoPath, Vec<(String, String)>> = BTreeMap::new();
    let mut seen: BTreeSet<(RepoPath, String)> = BTreeSet::new();
    let mut out = FixOutcome::default();
    let mut ineffective: BTreeSet<FixKey> = BTreeSet::new();
    let mut last_round: BTreeMap<RepoPath, (String, BTreeSet<FixKey>, usize)> = BTreeMap::new();
    for round in 0..MAX_ROUNDS {
        let mut found = collect_fixes(&overlay, request, &mut out)?;
        // A fix that is offered again after it was applied had no effect: undo it.
        let offered: BTreeSet<FixKey> = found.iter().map(PendingFix::key).collect();
        let mut was_undone = false;
        for (path, (text, keys, count)) in std::mem::take(&mut last_round) {
            let repeated: Vec<FixKey> = keys.intersection(&offered).cloned().collect();
            if !repeated.is_empty() {
                ineffective.extend(repeated);
                overlay.insert(path.clone(), text.into_bytes());
                applied.entry(path).or_default().truncate(count);
                was_undone = true;
            }
        }
        if was_undone {
            seen.clear();
            found = collect_fixes(&overlay, request, &mut out)?;
        }
        found.retain(|found| !ineffective.contains(&found.key()));
        // Spans must refer to the bytes on disk, not to the bytes that git would store.
        let mut is_reloaded = false;
        for path in found.iter().map(|found| &found.path) {
            if before.contains_key(path) {
                continue;
            }
            let Some(bytes) = raw(path) else { continue };
            if std::str::from_utf8(&bytes).is_ok() {
                is_reloaded |= overlay.read(TreeState::Worktree, path)?.as_deref() != Some(bytes.as_slice());
                overlay.insert(path.clone(), bytes.clone());
            } else if let Some(conversion) = found.iter().find(|other| is_conversion(other, path))
                && request.include_unsafe
            {
                // All other fixes refer to the decoded text.
                overlay.insert(path.clone(), conversion.source.text().as_bytes().to_vec());
                let did = (conversion.rule.clone(), conversion.fix.message.clone());
                applied.entry(path.clone()).or_default().push(did);
                is_reloaded = true;
            }
            before.insert(path.clone(), bytes);
        }
        if is_reloaded {
            found = collect_fixes(&overlay, request, &mut out)?;
            found.retain(|found| !ineffective.contains(&found.key()));
        }
        let is_on_disk = |found: &PendingFix| {
            overlay.get(&found.path) == Some(found.source.text().as_bytes())
                || (!request.include_unsafe && is_conversion(found, &found.path))
        };
        found.retain(is_on_disk);
        safety::mark_unsafe(&mut found);
        out.remaining_unsafe =
            found.iter().filter(|found| found.fix.is_unsafe() && !request.include_unsafe).count();
        found.retain(|found| request.include_unsafe || !found.fix.is_unsafe());
        let mut is_changed = false;
        let mut by_path: BTreeMap<RepoPath, Vec<PendingFix>> = BTreeMap::new();
        for found in found {
            by_path.entry(found.path.clone()).or_default().push(found);
        }
        for (path, pending) in by_path {
            let Some(text) = pending.first().map(|pending| pending.source.text().to_owned()) else {
                continue;
            };
            let edits: Vec<Edit> = pending.iter().map(PendingFix::edit).collect();
            let (after, left) = apply_edits(&text, &edits);
            // Repeating an earlier text would lead to an endless cycle.
            if after == text || !seen.insert((path.clone(), after.clone())) {
                continue;
            }
            let inserted =
                pending.iter().filter(|pending| pending.edit().span.is_empty()).map(PendingFix::key);
            let count = applied.get(&path).map_or(0, Vec::len);
            last_round.insert(path.clone(), (text.clone(), inserted.collect(), count));
            let made = pending.iter().enumerate().filter(|(index, _)| !left.contains(index));
            let made = made.map(|(_, pending)| (pending.rule.clone(), pending.fix.message.clone()));
            applied.entry(path.clone()).or_default().extend(made);
            overlay.insert(path, after.into_bytes());
            is_changed = true;
        }
        if !is_changed || round + 1 == MAX_ROUNDS {
            break;
        }
    }
    out.notes.sort();
    out.notes.dedup();
    for (path, applied) in applied {
        let (Some(before), Some(after)) = (before.get(&path), overlay.get(&path)) else { continue };
        if before.as_slice() != after {
            let after = String::from_utf8_lossy(after).into_owned();
            out.documents.push(FixedDocument { path, before: before.clone(), after, applied });
        }
    }
    Ok(out)
}

/// Returns whether a fix converts the document at a path to UTF-8.
fn is_conversion(pending: &PendingFix, path: &RepoPath) -> bool {
    pending.path == *path && pending.rule == "text/readable" && pending.source.not_utf8_at().is_some()
}

/// A fix that a finding offers.
struct PendingFix {
    path: RepoPath,
    source: Arc<Source>,
    rule: String,
    fix: Fix,
}

/// Identity of a fix across rounds, independent of its position: path, rule,
/// message and replacement.
type FixKey = (RepoPath, String, String, String);

impl PendingFix {
    fn key(&self) -> FixKey {
        (self.path.clone(), self.rule.clone(), self.fix.message.clone(), self.fix.replacement.clone())
    }

    /// Returns the fixes of a finding, and of those that it lists, in documents on disk.
    fn all_of(finding: &Finding) -> impl Iterator<Item = Self> {
        fixes_of(finding).filter_map(|(rule, fix)| {
            let Place::Text { source, .. } = &fix.place else { return None };
            let (source, path) = (Arc::clone(source), source.name().clone());
            // Versions of a document in git history cannot be fixed.
            source.revision().is_none().then(|| Self {
                path,
                source,
                rule: rule.to_string(),
                fix: fix.clone(),
            })
        })
    }

    fn edit(&self) -> Edit {
        let span = if let Place::Text { span, .. } = self.fix.place { span } else { Span::default() };
        Edit::replace(span, self.fix.replacement.clone())
    }
}

/// Returns the fix of a finding and of those that it lists, each with its rule.
fn fixes_of(finding: &Finding) -> impl Iterator<Item = (&RuleId, &Fix)> {
    let own = finding.fix.iter().map(|fix| (&finding.rule, fix));
    own.chain(finding.further_fixes.iter().map(|(rule, fix)| (rule, fix)))
}

/// Returns the fixes of all document checks, and the fixes of manifests of packets
/// that are in progress. Sets the remaining errors and adds notes to `out`.
fn collect_fixes(
    repo: &Overlay<'_>,
    request: &FixRequest,
    out: &mut FixOutcome,
) -> Result<Vec<PendingFix>, PipelineError> {
    let named = request.named.iter().map(|path| NamedDocument { path: path.clone(), bytes: None });
    let query = DocumentCheckRequest {
        query: DocumentQuery::Check,
        tree: TreeState::Worktree,
        named_documents: named.collect(),
        config: request.config.clone(),
        now: request.now,
    };
    let mut findings = check_documents(repo, &query)?.findings;
    if !request.named.is_empty() {
        // A finding in another document can offer a fix of a named document.
        let whole = DocumentCheckRequest { named_documents: Vec::new(), ..query.clone() };
        let others = check_documents(repo, &whole)?.findings.into_iter();
        findings.extend(others.filter(|finding| {
            let target = finding.fix.as_ref().and_then(|fix| fix.place.path());
            target.is_some() && finding.primary.place.path() != target
        }));
    }
    let is_selected = |path: &RepoPath| request.named.is_empty() || request.named.contains(path);
    if repo.head()?.is_some() {
        let in_progress = PacketStatus::InProgress.to_string();
        let listing = list_packets(repo, &query)?;
        let is_open = |status: &Option<String>| status.as_deref() == Some(in_progress.as_str());
        let entries = listing.entries.iter();
        for entry in entries.filter(|entry| is_open(&entry.status) && is_selected(&entry.path)) {
            let gate = GateRequest {
                task: None,
                gate: Gate::PostWork,
                packet: entry.wp_id.clone(),
                other_packets: Vec::new(),
                selection: SelectionRequest::Default,
                base: None,
                config: request.config.clone(),
                now: request.now,
            };
            match run_gate_checks(repo, &gate) {
                Ok(outcome) => {
                    let is_manifest = |finding: &Finding| finding.rule.family() == "manifest";
                    findings.extend(outcome.report.findings.into_iter().filter(is_manifest));
                }
                Err(why) => {
                    out.notes.push(format!("the manifests of {} were not checked: {why}", entry.wp_id));
                }
            }
        }
    }
    let own = |finding: &&Finding| finding.primary.place.path().is_some_and(is_selected);
    out.remaining_errors =
        findings.iter().filter(own).filter(|finding| finding.level == Level::Error).count();
    // A gate claim that is false now can become true when the values are fixed.
    let is_value = |finding: &Finding| {
        let gate_rules = ["manifest/false-claim", "manifest/unticked"];
        fixes_of(finding).any(|(rule, _)| rule.family() == "manifest" && !gate_rules.contains(&rule.as_str()))
    };
    let with_value_fixes: BTreeSet<RepoPath> =
        findings.iter().filter(|f| is_value(f)).filter_map(|f| f.primary.place.path().cloned()).collect();
    findings.retain(|finding| {
        let is_gate_claim = finding.rule.as_str() == "manifest/false-claim";
        !is_gate_claim || !finding.primary.place.path().is_some_and(|path| with_value_fixes.contains(path))
    });
    Ok(findings.iter().flat_map(PendingFix::all_of).filter(|pending| is_selected(&pending.path)).collect())
}
