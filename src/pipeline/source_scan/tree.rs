//! A scan as a command: of a whole tree, or of what is new in a change.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::change::{Repository, RepositoryError, TreeState};
use crate::check::CheckResult;
use crate::check::context::{BaselineState, SourcesCheckContext, SuppressionUse, UnreadFile};
use crate::config::Config;
use crate::config::load;
use crate::finding::{CheckOutcome, Finding, Report, ScanInfo, SelectionInfo};
use crate::pipeline::error::PipelineError;
use crate::pipeline::locate::read_document;
use crate::pipeline::outcome::{RuleRef, resolve_outcome};
use crate::scan::{Baseline, RuleSet};
use crate::system::files;
use crate::system::ignores::IgnoreRules;
use crate::text::RepoPath;

use super::files::{FileScan, ScanContext, SkipReason, scan_files};
use super::results::{build_finding, collect_suppressions, run_scan_rules};
use super::rules::{ActiveRules, load_active_rules};
use super::{ScanRequest, change};

/// The most findings that are told; more are counted.
const MAX_FINDINGS: usize = 25_000;

/// Makes a scan.
///
/// # Errors
/// The repository or the configuration cannot be read, or there is nothing of
/// the sort: nothing was judged.
pub fn run_scan(repo: &dyn Repository, request: &ScanRequest) -> Result<Report, PipelineError> {
    if let Some(asked) = &request.change {
        return change::scan_change(repo, request, asked);
    }
    let side = request.tree;
    let config = load(repo, side, request.config.as_ref())?.config;
    let book = load_active_rules(repo, side, &config, &request.profile)?;
    reject_unknown_sets(request, &book)?;
    let paths = repo.list_sources(side)?;
    let has = |file: &str| paths.binary_search_by(|own| own.as_bytes().cmp(file.as_bytes())).is_ok();
    let wanted = |path: &&RepoPath| {
        request.paths.is_empty()
            || request.paths.iter().any(|named| *path == named || path.is_below(named.as_bytes()))
    };
    let named: Vec<RepoPath> = paths.iter().filter(wanted).cloned().collect();
    let told_where = !config.scan.product.is_empty();
    if told_where && !named.iter().any(|path| config.scan.product.matches(&path.to_text())) {
        return Err(PipelineError::NoProductFiles);
    }
    if named.is_empty() {
        return Err(PipelineError::NoFiles);
    }
    let set = RuleSet::new(book.rules.clone());
    let scene =
        ScanContext { set: &set, settings: &config.scan, today: request.now.date(), file_exists: &has };
    let looked = scan_files(repo, side, &scene, &named).map_err(change::to_gate_error)?;
    let baseline = read_baseline(repo, side, &config, request)?;
    let tree = TreeScan { request, config: &config, active_rules: &book, rule_set: &set };
    let told = tree.summarize(&named, &looked, baseline)?;
    let read = |path: &RepoPath| repo.read(side, path).ok().flatten();
    let ignores = OnceCell::new();
    let ignored = |path: &RepoPath| ignores.get_or_init(|| read_ignore_files(&paths, &read)).excludes(path);
    let untracked = if request.profile.families.contains(&"hygiene") {
        list_untracked(repo, side, &paths)?
    } else {
        None
    };
    let input = SourcesCheckContext {
        paths: &paths,
        settings: &config.scan,
        changed: None,
        faults: &book.faults,
        unread: &told.unread_files,
        suppressions: &told.suppressions,
        baseline: told.baseline.as_ref(),
        read_file: &read,
        is_ignored: &ignored,
        untracked: untracked.as_ref(),
        has_waiver: None,
        today: request.now.date(),
        test_files: OnceCell::new(),
    };
    let governed: Vec<bool> = book
        .rules
        .iter()
        .map(|rule| paths.iter().any(|path| rule.include.matches(&path.to_text())))
        .collect();
    let verdicts = run_scan_rules(&request.profile, &book, &config, told.findings_by_rule, &governed, &input);
    Ok(build_report(request, &config, told.info, None, verdicts))
}

/// A set that is nobody's is a mistake of the caller.
pub(crate) fn reject_unknown_sets(request: &ScanRequest, book: &ActiveRules) -> Result<(), PipelineError> {
    match request.profile.sets.iter().find(|set| !set.is_empty() && !book.set_names.contains(set)) {
        None => Ok(()),
        Some(set) => Err(PipelineError::UnknownRuleSet { name: set.clone(), known: book.set_names.clone() }),
    }
}

/// The report of a scan.
pub(crate) fn build_report(
    request: &ScanRequest,
    config: &Config,
    info: ScanInfo,
    selection: Option<SelectionInfo>,
    verdicts: Vec<(RuleRef, CheckResult)>,
) -> Report {
    let (mut findings, mut outcomes) = (Vec::new(), Vec::new());
    for (asked, verdict) in verdicts {
        let (status, own) = resolve_outcome(config, &asked, verdict);
        findings.extend(own);
        outcomes.push(CheckOutcome { rule: asked.id().clone(), packet: None, status });
    }
    let mut report =
        Report { selection, scan: Some(info), outcomes, findings, ..Report::new(request.profile.name) };
    report.sort();
    report
}

/// The file of known findings, read as far as it can be.
fn read_baseline(
    repo: &dyn Repository,
    side: TreeState,
    config: &Config,
    request: &ScanRequest,
) -> Result<Option<BaselineState>, RepositoryError> {
    let Some(path) = request.baseline.as_ref().or(config.scan.baseline.as_ref()) else { return Ok(None) };
    let mut out = BaselineState::default();
    if let Some(source) = read_document(repo, side, &RepoPath::from(path.as_str()))? {
        match Baseline::read(&source) {
            Ok(baseline) => out.baseline = Some(baseline),
            Err(fault) => out.fault = Some(fault),
        }
    }
    Ok(Some(out))
}

fn read_ignore_files(paths: &[RepoPath], read: &dyn Fn(&RepoPath) -> Option<Vec<u8>>) -> IgnoreRules {
    let all = paths.iter().filter(|path| path.file_name() == ".gitignore");
    IgnoreRules::from_files(all.filter_map(|path| Some((path.clone(), read(path)?))))
}

/// Untracked files and how long they are; `None` where nothing is untracked.
fn list_untracked(
    repo: &dyn Repository,
    side: TreeState,
    paths: &[RepoPath],
) -> Result<Option<BTreeMap<RepoPath, u64>>, RepositoryError> {
    let (TreeState::Worktree, Some(root)) = (side, repo.disk_root()) else { return Ok(None) };
    let tracked = repo.list_below(TreeState::Index, "")?;
    let own = paths.iter().filter(|path| tracked.binary_search(path).is_err());
    let sized = own.filter_map(|path| {
        let metadata = files::find_metadata(&files::join_repo_path(root, path)).ok().flatten()?;
        Some((path.clone(), metadata.len()))
    });
    Ok(Some(sized.collect()))
}

/// What is known of a scan of a whole tree.
struct TreeScan<'a> {
    request: &'a ScanRequest,
    config: &'a Config,
    active_rules: &'a ActiveRules,
    rule_set: &'a RuleSet,
}

/// What is told of it.
struct ScanSummary {
    findings_by_rule: BTreeMap<usize, Vec<Finding>>,
    suppressions: Vec<SuppressionUse>,
    unread_files: Vec<UnreadFile>,
    baseline: Option<BaselineState>,
    info: ScanInfo,
}

impl TreeScan<'_> {
    fn summarize(
        &self,
        paths: &[RepoPath],
        looked: &[FileScan],
        mut baseline: Option<BaselineState>,
    ) -> Result<ScanSummary, RepositoryError> {
        let mut info = self.build_info(looked);
        let mut told = ScanSummary {
            findings_by_rule: BTreeMap::new(),
            suppressions: Vec::new(),
            unread_files: Vec::new(),
            baseline: None,
            info: ScanInfo::default(),
        };
        let today = self.request.now.date();
        let mut counts: BTreeMap<(usize, &str), usize> = BTreeMap::new();
        let mut matched = std::collections::BTreeSet::new();
        let mut total = 0;
        for (path, looked) in paths.iter().zip(looked) {
            if let Some(why) = &looked.unread_reason {
                told.unread_files.push(UnreadFile { path: path.clone(), why: why.clone(), line: None });
            }
            let scanned = &looked.scanned;
            if scanned.truncated > 0 {
                let why = format!("rules match in it more than {} times", crate::scan::MAX_HITS);
                told.unread_files.push(UnreadFile { path: path.clone(), why, line: None });
            }
            if scanned.hits.is_empty() && scanned.suppressions.is_empty() && scanned.long_lines.is_empty() {
                continue;
            }
            let Some(text) = &looked.text else { continue };
            for (line, count) in &scanned.long_lines {
                let why = format!(
                    "a line is longer than {} bytes, and {} in it {} not judged",
                    crate::scan::MAX_LINE_BYTES,
                    crate::text::format_count(*count, "match").replace("matchs", "matches"),
                    if *count == 1 { "is" } else { "are" }
                );
                let at = text.text_span(&(*line..*line)).start;
                told.unread_files.push(UnreadFile {
                    path: path.clone(),
                    why,
                    line: Some((Arc::clone(&text.source), at)),
                });
            }
            if !scanned.suppressions.is_empty() {
                told.suppressions.extend(collect_suppressions(
                    self.rule_set,
                    self.active_rules,
                    text,
                    &scanned.suppressions,
                    &scanned.hits,
                    |_| false,
                ));
            }
            for hit in &scanned.hits {
                let Some(rule) = self.rule_set.rules().get(hit.rule) else { continue };
                let excuse = hit.suppressed_by.and_then(|at| scanned.suppressions.get(at));
                if excuse.is_some_and(|suppression| suppression.is_effective(today)) {
                    info.suppressed += 1;
                    continue;
                }
                // The same statement again is another finding.
                let ordinal = counts.entry((hit.rule, hit.fingerprint.as_str())).or_default();
                *ordinal += 1;
                let print = format!("{}-{ordinal}", hit.fingerprint);
                let known = baseline.as_ref().and_then(|baseline| baseline.baseline.as_ref());
                if known.is_some_and(|known| known.contains(rule.id.as_str(), &print)) {
                    info.baselined += 1;
                    matched.insert((rule.id.as_str().to_owned(), print));
                    if !self.request.show_baselined {
                        continue;
                    }
                }
                total += 1;
                if total > MAX_FINDINGS {
                    info.truncated += 1;
                    continue;
                }
                told.findings_by_rule
                    .entry(hit.rule)
                    .or_default()
                    .push(build_finding(rule, hit, text, *ordinal));
            }
        }
        if let Some(baseline) = &mut baseline {
            // Entries of rules that were not asked say nothing.
            let asked = |id: &str| self.rule_set.rules().iter().any(|rule| rule.id.as_str() == id);
            let entries = baseline.baseline.iter().flat_map(Baseline::entries);
            let whole = self.request.paths.is_empty();
            let stale = entries
                .filter(|(id, _, _)| whole && asked(id))
                .map(|(id, print, _)| (id.to_owned(), print.to_owned()))
                .filter(|entry| !matched.contains(entry));
            baseline.stale = stale.collect();
        }
        told.baseline = baseline;
        told.info = info;
        Ok(told)
    }

    fn build_info(&self, looked: &[FileScan]) -> ScanInfo {
        let passed = |why: SkipReason| looked.iter().filter(|one| one.skip_reason == Some(why)).count();
        ScanInfo {
            rules: self.rule_set.rules().len(),
            files: looked
                .iter()
                .filter(|one| one.skip_reason.is_none() && one.unread_reason.is_none())
                .count(),
            bytes: looked.iter().map(|one| one.bytes).sum(),
            skipped: passed(SkipReason::NoRule),
            binary: passed(SkipReason::Binary),
            large: passed(SkipReason::Large),
            baseline: self.request.baseline.clone().or_else(|| self.config.scan.baseline.clone()),
            ..ScanInfo::default()
        }
    }
}
