//! A scan of a change: new findings fail, others are only counted.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::change::{ChangedFile, FileMode, Repository, SelectionRequest, TreeEntry, TreeState};
use crate::check::CheckResult;
use crate::check::context::{ChangedSource, SourcesCheckContext, SuppressionUse, UnreadFile, WaiverLookup};
use crate::config::{Config, load};
use crate::finding::{Finding, Report, ScanInfo};
use crate::pipeline::error::PipelineError;
use crate::pipeline::outcome::RuleRef;
use crate::pipeline::selected_change::{build_selection_info, load_changed_files};
use crate::pipeline::trusted_revision::{MainBranch, TrustedRevision};
use crate::scan::{Hit, MAX_HITS, RuleSet, ScanRule, Suppression};
use crate::text::RepoPath;

use super::baseline::read_changed_baseline;
use super::files::{FileScan, ScanContext};
use super::ignores::read_ignore_files;
use super::lines::{LineEnds, line_before_change};
use super::report::{build_report, reject_unknown_sets};
use super::request::{ScanProfile, ScanRequest};
use super::results::{ScannedText, build_finding, collect_suppressions, run_scan_rules};
use super::rules::{ActiveRules, load_active_rules};
use super::test_module::TestModules;

/// Families whose checks need the paths of the whole tree.
const WHOLE_TREE_FAMILIES: [&str; 3] = ["migration", "coverage", "hygiene"];
/// Files that declare the kind of the source files below their folder.
const MANIFEST_NAMES: [&str; 2] = ["Cargo.toml", "package.json"];

/// Results of a scan of a change.
pub(crate) struct ChangeScanResult {
    pub results: Vec<(RuleRef, CheckResult)>,
    pub info: ScanInfo,
}

/// A change to scan, with the trees before and after it.
pub(crate) struct ChangeScan<'a> {
    pub repo: &'a dyn Repository,
    /// The tree that rules are read from.
    pub policy_tree: TreeState,
    /// The tree after the change.
    pub tree: TreeState,
    /// The tree before the change.
    pub tree_before: TreeState,
    pub files: &'a [ChangedFile],
    pub config: &'a Config,
    /// Looks up waivers of the packet; `None` without a packet.
    pub waived: Option<WaiverLookup<'a>>,
    pub today: jiff::civil::Date,
}

/// Scans a change as a command of its own. Rules and configuration are read
/// from the base of the change: a change cannot edit the rules that judge it.
pub(super) fn scan_change(
    repo: &dyn Repository,
    request: &ScanRequest,
    selection_request: &SelectionRequest,
) -> Result<Report, PipelineError> {
    let main = MainBranch::find(repo, request.config.as_ref(), request.base.as_deref())?;
    let tip = match selection_request {
        SelectionRequest::Default => main.choose(repo, &|_| Ok(true))?,
        _ => None,
    };
    let selection = repo.select(selection_request, &|_| None, tip)?;
    let policy_tree = TrustedRevision::resolve(repo, &main, Some(&selection))?.tree;
    let loaded = load(repo, policy_tree, request.config.as_ref())?;
    let config = &loaded.config;
    let files = load_changed_files(repo, &selection)?;
    let requested: Vec<ChangedFile> =
        files.iter().filter(|file| request.includes_path(&file.change.path)).cloned().collect();
    let rules = load_active_rules(repo, policy_tree, config, &request.profile)?;
    reject_unknown_sets(request, &rules)?;
    let change_scan = ChangeScan {
        repo,
        policy_tree,
        tree: selection.judged_tree(),
        tree_before: selection.base.map_or(TreeState::Empty, TreeState::Commit),
        files: &requested,
        config,
        waived: None,
        today: request.now.date(),
    };
    let outcome = change_scan.run(&request.profile, &rules)?;
    let info = build_selection_info(&selection, files.len(), loaded.origin);
    Ok(build_report(request, config, outcome.info, Some(info), outcome.results))
}

/// Runs the scans that a configuration names for `post-work`.
///
/// # Errors
/// The repository cannot be read; the configuration names a rule set that
/// does not exist.
pub(crate) fn run_gate_scans(change_scan: &ChangeScan<'_>) -> Result<ChangeScanResult, PipelineError> {
    let gate_scans = &change_scan.config.scan.gate_scans;
    let profile = ScanProfile::from_gate_sets(gate_scans);
    let rules = load_active_rules(change_scan.repo, change_scan.policy_tree, change_scan.config, &profile)?;
    let is_known =
        |name: &String| rules.set_names.contains(name) || matches!(name.as_str(), "coverage" | "hygiene");
    if let Some(name) = gate_scans.iter().find(|name| !is_known(name)) {
        return Err(PipelineError::UnknownGateScan { name: name.clone(), known: rules.set_names });
    }
    change_scan.run(&profile, &rules)
}

/// A changed file with the scan result of its content before or after the
/// change.
struct ScannedFile<'a> {
    file: &'a ChangedFile,
    path: &'a RepoPath,
    bytes: &'a [u8],
    file_scan: FileScan,
}

/// Findings and counts of a scan of a change.
#[derive(Default)]
struct ChangeScanSummary {
    findings_by_rule: BTreeMap<usize, Vec<Finding>>,
    suppressions: Vec<SuppressionUse>,
    unread_files: Vec<UnreadFile>,
    info: ScanInfo,
}

/// A match after the change: true if its line is unchanged, the index of its
/// file, the match.
type HitCandidate<'a> = (bool, usize, &'a Hit);

impl ChangeScan<'_> {
    fn run(&self, profile: &ScanProfile, rules: &ActiveRules) -> Result<ChangeScanResult, PipelineError> {
        let manifests = self.find_manifests();
        let file_exists =
            |file: &str| manifests.binary_search_by(|manifest| manifest.as_str().cmp(file)).is_ok();
        let rule_set = RuleSet::new(rules.rules.clone());
        let context = ScanContext {
            rule_set: &rule_set,
            settings: &self.config.scan,
            today: self.today,
            file_exists: &file_exists,
        };
        let read = |path: &RepoPath| self.repo.read(self.tree, path).ok().flatten();
        let read_before = |path: &RepoPath| self.repo.read(self.tree_before, path).ok().flatten();
        let (mut modules, mut modules_before) = (TestModules::default(), TestModules::default());
        let (mut after, mut before) = (Vec::new(), Vec::new());
        for file in self.files {
            let path = &file.change.path;
            if let Some(content) = file.after.as_ref().filter(|_| is_regular_file(file.change.after)) {
                let mut file_scan = context.scan_bytes(path, &content.bytes)?;
                context.finish_test_module(path, &mut file_scan, &read, &mut modules);
                after.push(ScannedFile { file, path, bytes: &content.bytes, file_scan });
            }
            if let Some(content) = file.before.as_ref().filter(|_| is_regular_file(file.change.before)) {
                let mut file_scan = context.scan_bytes(path, &content.bytes)?;
                context.finish_test_module(path, &mut file_scan, &read_before, &mut modules_before);
                before.push(ScannedFile { file, path, bytes: &content.bytes, file_scan });
            }
        }
        let summary = self.summarize(rules, &rule_set, &after, &before);
        self.check_results(profile, rules, summary)
    }

    /// Returns the paths of existing manifests above the changed files, in
    /// order. They are looked up before threads start, because only one thread
    /// may read the repository.
    fn find_manifests(&self) -> Vec<String> {
        let mut manifests: Vec<String> = MANIFEST_NAMES.map(str::to_owned).to_vec();
        for file in self.files {
            let text = file.change.path.to_text().into_owned();
            let mut folder = text.as_str();
            while let Some((parent, _)) = folder.rsplit_once('/') {
                folder = parent;
                manifests.extend(MANIFEST_NAMES.map(|name| format!("{parent}/{name}")));
            }
        }
        manifests.sort();
        manifests.dedup();
        manifests.retain(|file| self.repo.exists(self.tree, &RepoPath::from(file.as_str())).unwrap_or(false));
        manifests
    }

    /// Reports new matches as findings and counts the others.
    fn summarize(
        &self,
        rules: &ActiveRules,
        rule_set: &RuleSet,
        after: &[ScannedFile<'_>],
        before: &[ScannedFile<'_>],
    ) -> ChangeScanSummary {
        let mut out = ChangeScanSummary {
            info: ScanInfo { rules: rule_set.rules().len(), ..ScanInfo::default() },
            ..ChangeScanSummary::default()
        };
        for scanned in after {
            self.count_file(scanned, &mut out);
        }
        let mut new_hits = self.find_new_hits(after, before, &mut out.info);
        for (index, scanned) in after.iter().enumerate() {
            let own = new_hits.remove(&index).unwrap_or_default();
            let matches = &scanned.file_scan.matches;
            if own.is_empty() && matches.suppressions.is_empty() && matches.long_lines.is_empty() {
                continue;
            }
            let text = ScannedText::new(scanned.path, scanned.bytes.to_vec());
            for (ordinal, hit) in own {
                if let Some(rule) = rule_set.rules().get(hit.rule) {
                    let finding = build_finding(rule, hit, &text, ordinal);
                    out.findings_by_rule.entry(hit.rule).or_default().push(finding);
                }
            }
            for line_start in matches.long_lines.keys() {
                let why = "a line is too long to scan, and rules match in it".to_owned();
                let offset = text.text_span(&(*line_start..*line_start)).start;
                let line = Some((Arc::clone(&text.source), offset));
                out.unread_files.push(UnreadFile { path: scanned.path.clone(), why, line });
            }
            let line_ends = LineEnds::new(scanned.bytes);
            // The suppressed line may be newer than the comment.
            let is_new = |suppression: &Suppression| {
                line_ends.is_changed(scanned.file, &suppression.span)
                    || line_ends.is_changed(scanned.file, &suppression.range)
            };
            out.suppressions.extend(collect_suppressions(
                rule_set,
                rules,
                &text,
                &matches.suppressions,
                &matches.hits,
                is_new,
            ));
        }
        out
    }

    /// Adds a file to the counts, and to the files that could not be read.
    fn count_file(&self, scanned: &ScannedFile<'_>, out: &mut ChangeScanSummary) {
        let file_scan = &scanned.file_scan;
        if let Some(reason) = &file_scan.unread_reason {
            let (path, why) = (scanned.path.clone(), reason.clone());
            out.unread_files.push(UnreadFile { path, why, line: None });
        }
        if file_scan.matches.truncated > 0 {
            let why = format!("rules match in it more than {MAX_HITS} times");
            out.unread_files.push(UnreadFile { path: scanned.path.clone(), why, line: None });
        }
        out.info.files += usize::from(file_scan.is_scanned());
        out.info.bytes += file_scan.bytes;
        out.info.suppressed += file_scan.matches.hits.len() - self.unsuppressed_hits(file_scan).count();
    }

    /// Returns new matches by the index of their file in `after`, each with
    /// its ordinal, and counts the preexisting ones.
    fn find_new_hits<'s>(
        &self,
        after: &'s [ScannedFile<'_>],
        before: &'s [ScannedFile<'_>],
        info: &mut ScanInfo,
    ) -> BTreeMap<usize, Vec<(usize, &'s Hit)>> {
        let mut counts_before: BTreeMap<(usize, &str), usize> = BTreeMap::new();
        let mut lines_before: BTreeMap<(&RepoPath, usize, usize), Vec<&str>> = BTreeMap::new();
        for scanned in before {
            let line_ends = LineEnds::new(scanned.bytes);
            for hit in self.unsuppressed_hits(&scanned.file_scan) {
                let fingerprint = hit.fingerprint.as_str();
                *counts_before.entry((hit.rule, fingerprint)).or_default() += 1;
                let line = hit.span.as_ref().map_or(0, |span| line_ends.line_at(span.start));
                lines_before.entry((scanned.path, hit.rule, line)).or_default().push(fingerprint);
            }
        }
        let mut candidates: BTreeMap<(usize, &str), Vec<HitCandidate<'_>>> = BTreeMap::new();
        for (index, scanned) in after.iter().enumerate() {
            let (file, line_ends) = (scanned.file, LineEnds::new(scanned.bytes));
            for hit in self.unsuppressed_hits(&scanned.file_scan) {
                let is_changed = hit.span.as_ref().is_none_or(|span| line_ends.is_changed(file, span));
                // A match of the same rule on the same unchanged line is the
                // same finding, even if its fingerprint depends on changed
                // lines around it.
                let line = hit
                    .span
                    .as_ref()
                    .filter(|_| !is_changed)
                    .map(|span| line_before_change(file, line_ends.line_at(span.start)));
                let same_line = line
                    .and_then(|line| lines_before.get_mut(&(scanned.path, hit.rule, line)))
                    .and_then(Vec::pop);
                if let Some(fingerprint) = same_line {
                    info.preexisting += 1;
                    counts_before
                        .entry((hit.rule, fingerprint))
                        .and_modify(|count| *count = count.saturating_sub(1));
                    continue;
                }
                let key = (hit.rule, hit.fingerprint.as_str());
                candidates.entry(key).or_default().push((!is_changed, index, hit));
            }
        }
        let mut new_hits: BTreeMap<usize, Vec<(usize, &Hit)>> = BTreeMap::new();
        for (key, mut hits) in candidates {
            let known = counts_before.get(&key).copied().unwrap_or_default();
            // Matches on changed lines are reported as new before matches on
            // unchanged lines.
            hits.sort_by_key(|(unchanged, index, hit)| {
                (*unchanged, *index, hit.span.as_ref().map(|span| span.start))
            });
            let surplus = hits.len().saturating_sub(known);
            info.preexisting += hits.len() - surplus;
            for (ordinal, (_, index, hit)) in hits.into_iter().take(surplus).enumerate() {
                new_hits.entry(index).or_default().push((known + ordinal + 1, hit));
            }
        }
        new_hits
    }

    /// Returns the matches that no effective comment suppresses.
    fn unsuppressed_hits<'s>(&self, file_scan: &'s FileScan) -> impl Iterator<Item = &'s Hit> + use<'s> {
        let today = self.today;
        let matches = &file_scan.matches;
        matches.hits.iter().filter(move |hit| {
            let suppression = hit.suppressed_by.and_then(|index| matches.suppressions.get(index));
            !suppression.is_some_and(|suppression| suppression.is_effective(today))
        })
    }

    fn check_results(
        &self,
        profile: &ScanProfile,
        rules: &ActiveRules,
        summary: ChangeScanSummary,
    ) -> Result<ChangeScanResult, PipelineError> {
        let needs_whole_tree = WHOLE_TREE_FAMILIES.iter().any(|family| profile.families.contains(family));
        let paths = if needs_whole_tree { self.repo.list_sources(self.tree)? } else { Vec::new() };
        let changed: Vec<ChangedSource> = self
            .files
            .iter()
            .map(|file| ChangedSource { path: file.change.path.clone(), kind: file.change.kind() })
            .collect();
        let read = |path: &RepoPath| self.repo.read(self.tree, path).ok().flatten();
        let ignore_rules = OnceCell::new();
        let is_ignored =
            |path: &RepoPath| ignore_rules.get_or_init(|| read_ignore_files(&paths, &read)).excludes(path);
        let baseline = read_changed_baseline(self.files, self.config.scan.baseline.as_ref());
        let input = SourcesCheckContext {
            paths: &paths,
            settings: &self.config.scan,
            changed: Some(&changed),
            faults: &rules.faults,
            unread: &summary.unread_files,
            suppressions: &summary.suppressions,
            baseline: baseline.as_ref(),
            read_file: &read,
            is_ignored: &is_ignored,
            untracked: None,
            has_waiver: self.waived,
            today: self.today,
            test_files: OnceCell::new(),
        };
        let governs_file =
            |rule: &ScanRule| changed.iter().any(|file| rule.include.matches(&file.path.to_text()));
        let governed: Vec<bool> = rules.rules.iter().map(governs_file).collect();
        let results =
            run_scan_rules(profile, rules, self.config, summary.findings_by_rule, &governed, &input);
        Ok(ChangeScanResult { results, info: summary.info })
    }
}

fn is_regular_file(entry: Option<TreeEntry>) -> bool {
    entry.is_some_and(|entry| matches!(entry.mode, FileMode::Regular | FileMode::Executable))
}
