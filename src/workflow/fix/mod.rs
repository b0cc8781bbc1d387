//! Applying the changes that findings say a machine can make.
//!
//! Documents are judged, mended in memory and judged again until nothing more
//! can be mended; only then is anything written, all of it at once. A change
//! touches its own span and nothing else.

mod safety;

use crate::change::{History as _, ObjectStore as _};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::DateTime;

use crate::change::{Overlay, Repository, SelectionRequest, TreeState};
use crate::check::context::Gate;
use crate::document::PacketStatus;
use crate::finding::{Finding, Fix, Level, Place};
use crate::pipeline::document_check::{
    DocumentCheckRequest, DocumentQuery, NamedDocument, check_documents, list_packets,
};
use crate::pipeline::packet_gate::{GateRequest, PipelineError, run_gate_checks};
use crate::text::{Edit, RepoPath, Source, Span, apply_edits};

/// The most rounds; every round mends what the one before made visible.
const MAX_ROUNDS: usize = 20;

/// What is to be mended.
#[derive(Debug, Clone)]
pub struct FixRequest {
    /// Documents to mend; all of the repository if none is named.
    pub named: Vec<RepoPath>,
    /// Whether changes are made, too, that need somebody to look at them.
    pub include_unsafe: bool,
    /// A configuration file that the caller names.
    pub config: Option<Arc<Source>>,
    /// Now, UTC.
    pub now: DateTime,
}

/// One document, mended.
#[derive(Debug)]
pub struct FixedDocument {
    /// Its path.
    pub path: RepoPath,
    /// Its bytes on disk before.
    pub before: Vec<u8>,
    /// Its text afterwards.
    pub after: String,
    /// What was mended: the rule, and what was done.
    pub applied: Vec<(String, String)>,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct FixOutcome {
    /// The documents that change, in order of path.
    pub documents: Vec<FixedDocument>,
    /// How many more changes could be made that need somebody to look.
    pub remaining_unsafe: usize,
    /// Errors that are left afterwards, those behind such changes included.
    pub remaining_errors: usize,
    /// What could not be looked at.
    pub notes: Vec<String>,
}

/// Mends documents in memory. `raw` reads a file as it lies on disk.
///
/// # Errors
/// The repository or the configuration cannot be read.
pub fn fix_documents(
    repo: &dyn Repository,
    raw: &dyn Fn(&RepoPath) -> Option<Vec<u8>>,
    request: &FixRequest,
) -> Result<FixOutcome, PipelineError> {
    let mut overlay = Overlay::new(repo);
    let mut before: BTreeMap<RepoPath, Vec<u8>> = BTreeMap::new();
    let mut done: BTreeMap<RepoPath, Vec<(String, String)>> = BTreeMap::new();
    let mut seen: BTreeSet<(RepoPath, String)> = BTreeSet::new();
    let mut out = FixOutcome::default();
    let mut useless: BTreeSet<FixKey> = BTreeSet::new();
    let mut last: BTreeMap<RepoPath, (String, BTreeSet<FixKey>, usize)> = BTreeMap::new();
    for round in 0..MAX_ROUNDS {
        let mut found = collect_fixes(&overlay, request, &mut out)?;
        // What was put in and is offered again did not help: it is taken back.
        let again: BTreeSet<FixKey> = found.iter().map(PendingFix::key).collect();
        let mut undone = false;
        for (path, (text, keys, count)) in std::mem::take(&mut last) {
            let back: Vec<FixKey> = keys.intersection(&again).cloned().collect();
            if !back.is_empty() {
                useless.extend(back);
                overlay.insert(path.clone(), text.into_bytes());
                done.entry(path).or_default().truncate(count);
                undone = true;
            }
        }
        if undone {
            seen.clear();
            found = collect_fixes(&overlay, request, &mut out)?;
        }
        found.retain(|found| !useless.contains(&found.key()));
        // Spans are those of the bytes on disk, not of what git would store.
        let mut loaded = false;
        for path in found.iter().map(|found| &found.path) {
            if before.contains_key(path) {
                continue;
            }
            let Some(bytes) = raw(path) else { continue };
            if std::str::from_utf8(&bytes).is_ok() {
                loaded |= overlay.read(TreeState::Worktree, path)?.as_deref() != Some(bytes.as_slice());
                overlay.insert(path.clone(), bytes.clone());
            }
            before.insert(path.clone(), bytes);
        }
        if loaded {
            found = collect_fixes(&overlay, request, &mut out)?;
            found.retain(|found| !useless.contains(&found.key()));
        }
        found.retain(|found| overlay.get(&found.path) == Some(found.source.text().as_bytes()));
        safety::mark_unsafe(&mut found);
        out.remaining_unsafe =
            found.iter().filter(|found| found.fix.is_unsafe && !request.include_unsafe).count();
        found.retain(|found| request.include_unsafe || !found.fix.is_unsafe);
        let mut mended = false;
        let mut by_path: BTreeMap<RepoPath, Vec<PendingFix>> = BTreeMap::new();
        for found in found {
            by_path.entry(found.path.clone()).or_default().push(found);
        }
        for (path, wanted) in by_path {
            let Some(text) = wanted.first().map(|wanted| wanted.source.text().to_owned()) else { continue };
            let edits: Vec<Edit> = wanted.iter().map(PendingFix::edit).collect();
            let (after, left) = apply_edits(&text, &edits);
            // What was there before would come back for ever.
            if after == text || !seen.insert((path.clone(), after.clone())) {
                continue;
            }
            let inserted = wanted.iter().filter(|wanted| wanted.edit().span.is_empty()).map(PendingFix::key);
            let count = done.get(&path).map_or(0, Vec::len);
            last.insert(path.clone(), (text.clone(), inserted.collect(), count));
            let told = wanted.iter().enumerate().filter(|(index, _)| !left.contains(index));
            let told = told.map(|(_, wanted)| (wanted.rule.clone(), wanted.fix.message.clone()));
            done.entry(path.clone()).or_default().extend(told);
            overlay.insert(path, after.into_bytes());
            mended = true;
        }
        if !mended || round + 1 == MAX_ROUNDS {
            break;
        }
    }
    out.notes.sort();
    out.notes.dedup();
    for (path, done) in done {
        let (Some(before), Some(after)) = (before.get(&path), overlay.get(&path)) else { continue };
        if before.as_slice() != after {
            let after = String::from_utf8_lossy(after).into_owned();
            out.documents.push(FixedDocument { path, before: before.clone(), after, applied: done });
        }
    }
    Ok(out)
}

/// A change that a finding says can be made.
struct PendingFix {
    path: RepoPath,
    source: Arc<Source>,
    rule: String,
    fix: Fix,
}

/// What tells an offered change from others, wherever its document is by then.
type FixKey = (RepoPath, String, String, String);

impl PendingFix {
    fn key(&self) -> FixKey {
        (self.path.clone(), self.rule.clone(), self.fix.message.clone(), self.fix.replacement.clone())
    }

    fn from_finding(finding: &Finding) -> Option<Self> {
        let fix = finding.fix.clone()?;
        let Place::Text { source, .. } = &fix.place else { return None };
        let (source, path) = (Arc::clone(source), source.name().clone());
        // Older versions of a document are not mended.
        source.revision().is_none().then(|| Self { path, source, rule: finding.rule.to_string(), fix })
    }

    fn edit(&self) -> Edit {
        let span = if let Place::Text { span, .. } = self.fix.place { span } else { Span::default() };
        Edit::replace(span, self.fix.replacement.clone())
    }
}

/// All changes that documents need, and those that the manifests of packets in
/// progress need.
fn collect_fixes(
    repo: &Overlay<'_>,
    request: &FixRequest,
    out: &mut FixOutcome,
) -> Result<Vec<PendingFix>, PipelineError> {
    let named = request.named.iter().map(|path| NamedDocument { path: path.clone(), bytes: None });
    let asked = DocumentCheckRequest {
        query: DocumentQuery::Check,
        tree: TreeState::Worktree,
        named_documents: named.collect(),
        config: request.config.clone(),
        now: request.now,
    };
    let mut findings = check_documents(repo, &asked)?.findings;
    if !request.named.is_empty() {
        // A change of a named document may be offered by a finding elsewhere.
        let whole = DocumentCheckRequest { named_documents: Vec::new(), ..asked.clone() };
        let others = check_documents(repo, &whole)?.findings.into_iter();
        findings.extend(others.filter(|finding| {
            let mended = finding.fix.as_ref().and_then(|fix| fix.place.path());
            mended.is_some() && finding.primary.place.path() != mended
        }));
    }
    let about = |path: &RepoPath| request.named.is_empty() || request.named.contains(path);
    if repo.head()?.is_some() {
        let progressing = PacketStatus::InProgress.to_string();
        let listing = list_packets(repo, &asked)?;
        let open = |status: &Option<String>| status.as_deref() == Some(progressing.as_str());
        for entry in listing.entries.iter().filter(|entry| open(&entry.status) && about(&entry.path)) {
            let gate = GateRequest {
                gate: Gate::PostWork,
                packet: entry.wp_id.clone(),
                other_packets: Vec::new(),
                selection: SelectionRequest::Default,
                config: request.config.clone(),
                now: request.now,
            };
            match run_gate_checks(repo, &gate) {
                Ok(judged) => {
                    let of_change = |finding: &Finding| finding.rule.family() == "manifest";
                    findings.extend(judged.report.findings.into_iter().filter(of_change));
                }
                Err(why) => {
                    out.notes.push(format!("the manifests of {} were not looked at: {why}", entry.wp_id));
                }
            }
        }
    }
    let own = |finding: &&Finding| finding.primary.place.path().is_some_and(about);
    out.remaining_errors =
        findings.iter().filter(own).filter(|finding| finding.level == Level::Error).count();
    // A gate that does not hold may hold once values are right.
    let is_value = |finding: &Finding| {
        let of_gates = ["manifest/false-claim", "manifest/unticked"];
        finding.rule.family() == "manifest"
            && finding.fix.is_some()
            && !of_gates.contains(&finding.rule.as_str())
    };
    let unsettled: BTreeSet<RepoPath> =
        findings.iter().filter(|f| is_value(f)).filter_map(|f| f.primary.place.path().cloned()).collect();
    findings.retain(|finding| {
        let waits = finding.rule.as_str() == "manifest/false-claim";
        !waits || !finding.primary.place.path().is_some_and(|path| unsettled.contains(path))
    });
    Ok(findings.iter().filter_map(PendingFix::from_finding).filter(|wanted| about(&wanted.path)).collect())
}
