//! A scan of a change: new findings fail, others are only counted.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::change::{ChangedFile, FileMode, Repository, SelectionRequest, TreeEntry, TreeState};
use crate::check::CheckResult;
use crate::check::context::{
    ChangedSource, SourcesCheckContext, SuppressionUse, UnreadFile, UnscannedFolder, WaiverLookup,
};
use crate::config::{Config, load};
use crate::finding::{Finding, Report, ScanInfo};
use crate::pipeline::error::PipelineError;
use crate::pipeline::outcome::RuleRef;
use crate::pipeline::selected_change::{build_selection_info, load_changed_files};
use crate::pipeline::trusted_revision::{MainBranch, TrustedRevision};
use crate::scan::{Areas, Hit, MAX_HITS, MatchMode, RuleSet, ScanRule, Suppression, Treatment};
use crate::text::RepoPath;

use super::baseline::read_changed_baseline;
use super::files::ScanContext;
use super::ignores::read_ignore_files;
use super::layers::LayerPremises;
use super::lines::LineEnds;
use super::looked_at::{ScanReaders, read_areas_before};
use super::moved_out::MovedOut;
use super::new_hits::{ScannedFile, find_new_hits, unsuppressed_hits};
use super::report::{build_report, reject_unknown_sets};
use super::request::{ScanProfile, ScanRequest};
use super::results::{build_finding, collect_suppressions, run_scan_rules};
use super::rules::{ActiveRules, load_active_rules};
use super::test_module::TestModules;
use super::trusted_subjects::read_subjects;
use super::vocabulary::Vocabularies;

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
    let selection = main.select(repo, selection_request, &|_| None, tip)?;
    let policy_tree = TrustedRevision::resolve(repo, &main, Some(&selection))?.tree;
    let loaded = load(repo, policy_tree, request.config.as_ref())?;
    let config = &loaded.config;
    let change = load_changed_files(repo, &selection)?;
    let requested: Vec<ChangedFile> =
        change.files.iter().filter(|file| request.includes_path(&file.change.path)).cloned().collect();
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
    let info = build_selection_info(&selection, &change, loaded.origin);
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

/// Findings and counts of a scan of a change.
#[derive(Default)]
struct ChangeScanSummary {
    findings_by_rule: BTreeMap<usize, Vec<Finding>>,
    suppressions: Vec<SuppressionUse>,
    unread_files: Vec<UnreadFile>,
    info: ScanInfo,
}

/// Facts of the tree after the change that checks need.
struct ChangeScanInputs<'a> {
    paths: &'a [RepoPath],
    areas: &'a Areas,
    layers: &'a LayerPremises,
    unscanned: &'a [UnscannedFolder],
}

impl ChangeScan<'_> {
    fn run(&self, profile: &ScanProfile, rules: &ActiveRules) -> Result<ChangeScanResult, PipelineError> {
        let read = |path: &RepoPath| self.repo.read(self.tree, path).ok().flatten();
        let read_before = |path: &RepoPath| self.repo.read(self.tree_before, path).ok().flatten();
        let paths = self.repo.list_sources(self.tree)?;
        let areas = Areas::read(&paths, &read);
        let areas_before = read_areas_before(self.repo, self.tree_before, self.files, &read_before)?;
        let rule_set = RuleSet::new(rules.rules.clone());
        let (settings, today) = (&self.config.scan, self.today);
        let context = ScanContext { rule_set: &rule_set, settings, today, areas: &areas };
        let context_before = ScanContext { areas: areas_before.as_ref().unwrap_or(&areas), ..context };
        let (mut modules, mut modules_before) = (TestModules::default(), TestModules::default());
        let (mut after, mut before) = (Vec::new(), Vec::new());
        for file in self.files {
            let path = &file.change.path;
            let content_before = file.before.as_ref().filter(|_| is_regular_file(file.change.before));
            // A change cannot move its own code out of the product.
            let floor = content_before.map(|content| context_before.treatment(path, &content.bytes));
            if let Some(content) = file.after.as_ref().filter(|_| is_regular_file(file.change.after)) {
                let floor = floor.unwrap_or(Treatment::Skip);
                let mut file_scan = context.scan_content(path, content, floor)?;
                context.finish_test_module(path, &mut file_scan, &read, &mut modules);
                after.push(ScannedFile {
                    file,
                    path,
                    bytes: &content.bytes,
                    file_scan,
                    text: OnceCell::new(),
                });
            }
            if let Some(content) = content_before {
                let mut file_scan = context_before.scan_content(path, content, Treatment::Skip)?;
                context_before.finish_test_module(path, &mut file_scan, &read_before, &mut modules_before);
                before.push(ScannedFile {
                    file,
                    path,
                    bytes: &content.bytes,
                    file_scan,
                    text: OnceCell::new(),
                });
            }
        }
        let layers = {
            let scanned =
                after.iter().chain(&before).map(|scanned| (scanned.path, &scanned.file_scan.matches));
            LayerPremises::read(&context, &paths, scanned, &read)
        };
        for scanned in after.iter_mut().chain(&mut before) {
            scanned.retain_hits(&|_| true, &|hit, path, text| layers.keeps(hit, path, Some(text)));
        }
        let vocabularies = self.leave_out_subjects(&context, &mut after, &mut before)?;
        let mut summary = self.summarize(rules, &rule_set, &layers, &after, &before);
        summary.info.subjects = vocabularies.left_out();
        let moved_out = MovedOut {
            after: &context,
            before: &context_before,
            paths: &paths,
            areas_before: areas_before.as_ref(),
        };
        let mut unscanned = moved_out.find(&after, &read, &read_before);
        unscanned
            .extend(self.find_unread_change(&ScanReaders { rule_set: &rule_set, profile, settings }, &after));
        self.check_results(
            profile,
            rules,
            summary,
            &ChangeScanInputs { paths: &paths, areas: &areas, layers: &layers, unscanned: &unscanned },
        )
    }

    /// Drops matches that are about subjects of the product, as the trusted tree shows them.
    fn leave_out_subjects<'f>(
        &self,
        context: &ScanContext<'_>,
        after: &mut [ScannedFile<'f>],
        before: &mut [ScannedFile<'f>],
    ) -> Result<Vocabularies, PipelineError> {
        let rules = context.rule_set.rules();
        let has_vocabulary = |hit: &Hit| rules.get(hit.rule).is_some_and(|rule| rule.vocabulary.is_some());
        let is_about_words =
            |scanned: &&ScannedFile<'f>| scanned.file_scan.matches.hits.iter().any(has_vocabulary);
        let mut scanned = after.iter().chain(&*before).filter(is_about_words).peekable();
        if scanned.peek().is_none() {
            return Ok(Vocabularies::default());
        }
        let scanned = scanned.map(|scanned| (scanned.path, &scanned.file_scan.matches, scanned.text()));
        let out = read_subjects(self.repo, self.policy_tree, context, scanned)?;
        for scanned in after.iter_mut().chain(before) {
            scanned.retain_hits(&has_vocabulary, &|hit, path, text| out.keeps(hit, path, text));
        }
        Ok(out)
    }

    /// Returns a warning if the change has code of the product, but none in a language that the
    /// scan reads. A change of documents or tests alone has no code of the product.
    fn find_unread_change(
        &self,
        readers: &ScanReaders<'_>,
        after: &[ScannedFile<'_>],
    ) -> Option<UnscannedFolder> {
        let is_changed = |scanned: &&ScannedFile<'_>| {
            scanned.file.before.as_ref().is_none_or(|before| before.bytes != scanned.bytes)
        };
        let changed = || after.iter().filter(is_changed).map(|scanned| (scanned.path, &scanned.file_scan));
        let files = readers.find_unread(changed()).filter(|_| readers.reads_code())?;
        let first = changed().find(|(_, file)| file.has_treatment(&self.config.scan, Treatment::Product));
        Some(UnscannedFolder {
            path: first.map(|(path, _)| path.clone()).unwrap_or_default(),
            message: format!("no rule of this scan reads the language of the changed product code: {files}"),
        })
    }

    /// Reports new matches as findings and counts the others.
    fn summarize(
        &self,
        rules: &ActiveRules,
        rule_set: &RuleSet,
        layers: &LayerPremises,
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
        let mut new_hits = find_new_hits(after, before, self.today, &mut out.info);
        for (index, scanned) in after.iter().enumerate() {
            let own = new_hits.remove(&index).unwrap_or_default();
            let matches = &scanned.file_scan.matches;
            if own.is_empty() && matches.suppressions.is_empty() && matches.long_lines.is_empty() {
                continue;
            }
            let text = scanned.text();
            for (ordinal, hit) in own {
                if let Some(rule) = rule_set.rules().get(hit.rule) {
                    let mut finding = build_finding(rule, hit, text, ordinal);
                    if let Some(help) = layers.explain(hit.rule, scanned.path) {
                        finding = finding.help(help);
                    }
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
                text,
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
        out.info.suppressed +=
            file_scan.matches.hits.len() - unsuppressed_hits(file_scan, self.today).count();
    }

    fn check_results(
        &self,
        profile: &ScanProfile,
        rules: &ActiveRules,
        summary: ChangeScanSummary,
        inputs: &ChangeScanInputs<'_>,
    ) -> Result<ChangeScanResult, PipelineError> {
        let paths = inputs.paths;
        let changed: Vec<ChangedSource> = self
            .files
            .iter()
            .map(|file| ChangedSource { path: file.change.path.clone(), kind: file.change.kind() })
            .collect();
        let read = |path: &RepoPath| self.repo.read(self.tree, path).ok().flatten();
        let ignore_rules = OnceCell::new();
        let is_ignored =
            |path: &RepoPath| ignore_rules.get_or_init(|| read_ignore_files(paths, &read)).excludes(path);
        let baseline = read_changed_baseline(self.files, self.config.scan.baseline.as_ref());
        let input = SourcesCheckContext {
            paths,
            settings: &self.config.scan,
            areas: inputs.areas,
            unscanned: inputs.unscanned,
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
        let governs_file = |rule: &ScanRule| {
            rule.mode != MatchMode::Require
                || changed.iter().any(|file| rule.include.matches(&file.path.to_text()))
        };
        let governed: Vec<bool> = rules.rules.iter().map(governs_file).collect();
        let findings = summary.findings_by_rule;
        let results = run_scan_rules(
            profile,
            rules,
            self.config,
            findings,
            &governed,
            &|rule| inputs.layers.skip_reason(rule),
            &input,
        );
        Ok(ChangeScanResult { results, info: summary.info })
    }
}

fn is_regular_file(entry: Option<TreeEntry>) -> bool {
    entry.is_some_and(|entry| matches!(entry.mode, FileMode::Regular | FileMode::Executable))
}
