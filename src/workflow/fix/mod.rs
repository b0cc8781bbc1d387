//! Applying the changes that findings say a machine can make.
//!
//! Documents are judged, mended in memory and judged again until nothing more
//! can be mended; only then is anything written, all of it at once. A change
//! touches its own span and nothing else.

mod caution;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::DateTime;

use crate::change::{Overlay, Repository, SelectionRequest, Side};
use crate::check::input::Gate;
use crate::document::PacketStatus;
use crate::finding::{Finding, Fix, Level, Place};
use crate::gate::survey::{Inquiry, NamedDocument, SurveyRequest, list, survey};
use crate::gate::{GateError, GateRequest, judge};
use crate::text::{Edit, RepoPath, Source, Span, apply};

/// The most rounds; every round mends what the one before made visible.
const MOST_ROUNDS: usize = 20;

/// What is to be mended.
#[derive(Debug, Clone)]
pub struct FixRequest {
    /// Documents to mend; all of the repository if none is named.
    pub named: Vec<RepoPath>,
    /// Whether changes are made, too, that need somebody to look at them.
    pub with_unsafe: bool,
    /// A configuration file that the caller names.
    pub config: Option<Arc<Source>>,
    /// Now, UTC.
    pub now: DateTime,
}

/// One document, mended.
#[derive(Debug)]
pub struct Mended {
    /// Its path.
    pub path: RepoPath,
    /// Its bytes on disk before.
    pub before: Vec<u8>,
    /// Its text afterwards.
    pub after: String,
    /// What was mended: the rule, and what was done.
    pub done: Vec<(String, String)>,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Mending {
    /// The documents that change, in order of path.
    pub documents: Vec<Mended>,
    /// How many more changes could be made that need somebody to look.
    pub left_unsafe: usize,
    /// Errors that are left afterwards, those behind such changes included.
    pub errors_left: usize,
    /// What could not be looked at.
    pub notes: Vec<String>,
}

/// Mends documents in memory. `raw` reads a file as it lies on disk.
///
/// # Errors
/// The repository or the configuration cannot be read.
pub fn fix(
    repo: &dyn Repository,
    raw: &dyn Fn(&RepoPath) -> Option<Vec<u8>>,
    request: &FixRequest,
) -> Result<Mending, GateError> {
    let mut overlay = Overlay::over(repo);
    let mut before: BTreeMap<RepoPath, Vec<u8>> = BTreeMap::new();
    let mut done: BTreeMap<RepoPath, Vec<(String, String)>> = BTreeMap::new();
    let mut seen: BTreeSet<(RepoPath, String)> = BTreeSet::new();
    let mut out = Mending::default();
    let mut useless: BTreeSet<Key> = BTreeSet::new();
    let mut last: BTreeMap<RepoPath, (String, BTreeSet<Key>, usize)> = BTreeMap::new();
    for round in 0..MOST_ROUNDS {
        let mut found = fixes(&overlay, request, &mut out)?;
        // What was put in and is offered again did not help: it is taken back.
        let again: BTreeSet<Key> = found.iter().map(Wanted::key).collect();
        let mut undone = false;
        for (path, (text, keys, count)) in std::mem::take(&mut last) {
            let back: Vec<Key> = keys.intersection(&again).cloned().collect();
            if !back.is_empty() {
                useless.extend(back);
                overlay.put(path.clone(), text.into_bytes());
                done.entry(path).or_default().truncate(count);
                undone = true;
            }
        }
        if undone {
            seen.clear();
            found = fixes(&overlay, request, &mut out)?;
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
                loaded |= overlay.read(Side::Worktree, path)?.as_deref() != Some(bytes.as_slice());
                overlay.put(path.clone(), bytes.clone());
            }
            before.insert(path.clone(), bytes);
        }
        if loaded {
            found = fixes(&overlay, request, &mut out)?;
            found.retain(|found| !useless.contains(&found.key()));
        }
        found.retain(|found| overlay.get(&found.path) == Some(found.source.text().as_bytes()));
        caution::mark(&mut found);
        out.left_unsafe = found.iter().filter(|found| found.fix.is_unsafe && !request.with_unsafe).count();
        found.retain(|found| request.with_unsafe || !found.fix.is_unsafe);
        let mut mended = false;
        let mut by_path: BTreeMap<RepoPath, Vec<Wanted>> = BTreeMap::new();
        for found in found {
            by_path.entry(found.path.clone()).or_default().push(found);
        }
        for (path, wanted) in by_path {
            let Some(text) = wanted.first().map(|wanted| wanted.source.text().to_owned()) else { continue };
            let edits: Vec<Edit> = wanted.iter().map(Wanted::edit).collect();
            let (after, left) = apply(&text, &edits);
            // What was there before would come back for ever.
            if after == text || !seen.insert((path.clone(), after.clone())) {
                continue;
            }
            let inserted = wanted.iter().filter(|wanted| wanted.edit().span.is_empty()).map(Wanted::key);
            let count = done.get(&path).map_or(0, Vec::len);
            last.insert(path.clone(), (text.clone(), inserted.collect(), count));
            let told = wanted.iter().enumerate().filter(|(index, _)| !left.contains(index));
            let told = told.map(|(_, wanted)| (wanted.rule.clone(), wanted.fix.message.clone()));
            done.entry(path.clone()).or_default().extend(told);
            overlay.put(path, after.into_bytes());
            mended = true;
        }
        if !mended || round + 1 == MOST_ROUNDS {
            break;
        }
    }
    out.notes.sort();
    out.notes.dedup();
    for (path, done) in done {
        let (Some(before), Some(after)) = (before.get(&path), overlay.get(&path)) else { continue };
        if before.as_slice() != after {
            let after = String::from_utf8_lossy(after).into_owned();
            out.documents.push(Mended { path, before: before.clone(), after, done });
        }
    }
    Ok(out)
}

/// A change that a finding says can be made.
struct Wanted {
    path: RepoPath,
    source: Arc<Source>,
    rule: String,
    fix: Fix,
}

/// What tells an offered change from others, wherever its document is by then.
type Key = (RepoPath, String, String, String);

impl Wanted {
    fn key(&self) -> Key {
        (self.path.clone(), self.rule.clone(), self.fix.message.clone(), self.fix.replacement.clone())
    }

    fn of(finding: &Finding) -> Option<Self> {
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
fn fixes(repo: &Overlay<'_>, request: &FixRequest, out: &mut Mending) -> Result<Vec<Wanted>, GateError> {
    let named = request.named.iter().map(|path| NamedDocument { path: path.clone(), bytes: None });
    let asked = SurveyRequest {
        inquiry: Inquiry::Check,
        side: Side::Worktree,
        named: named.collect(),
        config: request.config.clone(),
        now: request.now,
    };
    let mut findings = survey(repo, &asked)?.findings;
    if !request.named.is_empty() {
        // A change of a named document may be offered by a finding elsewhere.
        let whole = SurveyRequest { named: Vec::new(), ..asked.clone() };
        let others = survey(repo, &whole)?.findings.into_iter();
        findings.extend(others.filter(|finding| {
            let mended = finding.fix.as_ref().and_then(|fix| fix.place.path());
            mended.is_some() && finding.primary.place.path() != mended
        }));
    }
    let about = |path: &RepoPath| request.named.is_empty() || request.named.contains(path);
    if repo.head()?.is_some() {
        let progressing = PacketStatus::InProgress.to_string();
        let listing = list(repo, &asked)?;
        let open = |status: &Option<String>| status.as_deref() == Some(progressing.as_str());
        for entry in listing.entries.iter().filter(|entry| open(&entry.status) && about(&entry.path)) {
            let gate = GateRequest {
                gate: Gate::PostWork,
                packet: entry.wp_id.clone(),
                also: Vec::new(),
                selection: SelectionRequest::Default,
                config: request.config.clone(),
                now: request.now,
            };
            match judge(repo, &gate) {
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
    out.errors_left = findings.iter().filter(own).filter(|finding| finding.level == Level::Error).count();
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
    Ok(findings.iter().filter_map(Wanted::of).filter(|wanted| about(&wanted.path)).collect())
}
