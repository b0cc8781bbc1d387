//! A scan of a whole tree.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::change::Repository;
use crate::check::context::{BaselineState, SourcesCheckContext, SuppressionUse, UnreadFile};
use crate::config::{Config, load};
use crate::finding::{Finding, Report, ScanInfo};
use crate::pipeline::error::PipelineError;
use crate::scan::{Areas, Baseline, MAX_HITS, MAX_LINE_BYTES, MatchMode, RuleSet, ScanRule};
use crate::text::RepoPath;

use super::baseline::read_baseline;
use super::files::{FileScan, ScanContext, SkipReason, scan_files};
use super::go_files::ReadFiles;
use super::go_packages::mark_test_packages;
use super::ignores::{list_untracked, read_ignore_files};
use super::layers::LayerPremises;
use super::looked_at::{count_areas, find_unscanned};
use super::report::{build_report, reject_unknown_sets};
use super::request::ScanRequest;
use super::results::{ScannedText, build_finding, collect_suppressions, run_scan_rules};
use super::rules::{ActiveRules, load_active_rules};
use super::script_doubles::mark_script_doubles;
use super::script_tools::mark_script_tools;
use super::trusted_subjects::{read_subjects, trusted_tree};
use super::vocabulary::Vocabularies;

/// Maximum number of findings in a report; more are only counted.
const MAX_FINDINGS: usize = 25_000;

/// Scans all files of a tree, or those below the requested paths.
///
/// # Errors
/// The repository or the configuration cannot be read; a requested rule set
/// does not exist; there are no files to scan.
pub(super) fn scan_tree(repo: &dyn Repository, request: &ScanRequest) -> Result<Report, PipelineError> {
    let tree = request.tree;
    let config = load(repo, tree, request.config.as_ref())?.config;
    let rules = load_active_rules(repo, tree, &config, &request.profile)?;
    reject_unknown_sets(request, &rules)?;
    let paths = repo.list_sources(tree)?;
    let read = |path: &RepoPath| repo.read(tree, path).ok().flatten();
    let areas = Areas::read(&paths, &read);
    let requested: Vec<RepoPath> = paths.iter().filter(|path| request.includes_path(path)).cloned().collect();
    let product = &config.scan.product;
    if !product.is_empty() && !requested.iter().any(|path| product.matches(&path.to_text())) {
        return Err(PipelineError::NoProductFiles);
    }
    if requested.is_empty() {
        return Err(PipelineError::NoFiles);
    }
    let baseline_path = request.baseline.as_ref().or(config.scan.baseline.as_ref());
    let baseline = read_baseline(repo, tree, baseline_path)?;
    let known = baseline.as_ref().and_then(|state| state.baseline.as_ref());
    let rule_set =
        RuleSet::new(rules.rules.clone()).with_old_fingerprints(known.is_some_and(Baseline::has_old_entries));
    let context =
        ScanContext { rule_set: &rule_set, settings: &config.scan, today: request.now.date(), areas: &areas };
    let mut file_scans = scan_files(repo, tree, &context, &requested)?;
    let read_files = |chunk: &[RepoPath], job: &mut dyn FnMut(&RepoPath, Option<&[u8]>)| {
        let small = repo.read_small_files(tree, chunk).unwrap_or_default();
        let mut small = small.into_iter().map(|file| file.and_then(|file| file.content.ok()));
        for path in chunk {
            let text = small.next().flatten().or_else(|| read(path));
            job(path, text.as_deref());
        }
    };
    mark_test_packages(&context, &paths, (&requested, &mut file_scans), &read_files);
    mark_script_doubles(&context, &paths, (&requested, &mut file_scans), &read_files);
    mark_script_tools(&context, &paths, (&requested, &mut file_scans), &read_files);
    let layers = {
        let scanned = requested.iter().zip(&file_scans);
        LayerPremises::read(&context, &paths, scanned.map(|(path, file)| (path, &file.matches)), &read)
    };
    for (path, file_scan) in requested.iter().zip(&mut file_scans) {
        let text = file_scan.text.clone();
        file_scan.matches.hits.retain(|hit| layers.keeps(hit, path, text.as_deref()));
    }
    let vocabularies =
        leave_out_subjects((repo, request), &context, &paths, (&requested, &mut file_scans), &read_files)?;
    let unscanned = find_unscanned(request, &config.scan, &rule_set, &requested, &file_scans);
    let tree_scan =
        TreeScan { request, config: &config, active_rules: &rules, rule_set: &rule_set, layers: &layers };
    let mut summary = tree_scan.summarize(&requested, &file_scans, baseline);
    summary.info.subjects = vocabularies.left_out();
    let ignore_rules = OnceCell::new();
    let is_ignored =
        |path: &RepoPath| ignore_rules.get_or_init(|| read_ignore_files(&paths, &read)).excludes(path);
    let untracked = if request.profile.families.contains(&"hygiene") {
        list_untracked(repo, tree, &paths)?
    } else {
        None
    };
    let input = SourcesCheckContext {
        paths: &paths,
        settings: &config.scan,
        areas: &areas,
        unscanned: &unscanned,
        changed: None,
        faults: &rules.faults,
        unread: &summary.unread_files,
        suppressions: &summary.suppressions,
        baseline: summary.baseline.as_ref(),
        read_file: &read,
        is_ignored: &is_ignored,
        untracked: untracked.as_ref(),
        has_waiver: None,
        today: request.now.date(),
        test_files: OnceCell::new(),
    };
    let governs_file = |rule: &ScanRule| {
        rule.mode != MatchMode::Require || paths.iter().any(|path| rule.include.matches(&path.to_text()))
    };
    let governed: Vec<bool> = rules.rules.iter().map(governs_file).collect();
    let results = run_scan_rules(
        &request.profile,
        &rules,
        &config,
        summary.findings_by_rule,
        &governed,
        &|rule| layers.skip_reason(rule),
        &input,
    );
    Ok(build_report(request, &config, summary.info, None, results))
}

/// Drops matches that are about subjects of the product, as both the scanned and the trusted
/// tree show them.
fn leave_out_subjects(
    (repo, request): (&dyn Repository, &ScanRequest),
    context: &ScanContext<'_>,
    paths: &[RepoPath],
    (requested, file_scans): (&[RepoPath], &mut [FileScan]),
    read: &ReadFiles<'_>,
) -> Result<Vocabularies, PipelineError> {
    let scanned = || {
        let scanned = requested.iter().zip(&*file_scans);
        scanned.filter_map(|(path, file)| Some((path, &file.matches, file.text.as_deref()?)))
    };
    let mut out = Vocabularies::read(context, paths, scanned(), read);
    if out.has_inferred()
        && let Some(trusted) = trusted_tree(repo, request)?
    {
        out.retain_shared(&read_subjects(repo, trusted, context, scanned())?);
    }
    for (path, file_scan) in requested.iter().zip(file_scans) {
        let Some(text) = file_scan.text.clone() else { continue };
        file_scan.matches.hits.retain(|hit| out.keeps(hit, path, &text));
    }
    Ok(out)
}

/// Read-only context of a scan of a whole tree.
struct TreeScan<'a> {
    request: &'a ScanRequest,
    config: &'a Config,
    active_rules: &'a ActiveRules,
    rule_set: &'a RuleSet,
    layers: &'a LayerPremises,
}

/// Findings and counts of a scan of a whole tree.
struct ScanSummary {
    findings_by_rule: BTreeMap<usize, Vec<Finding>>,
    suppressions: Vec<SuppressionUse>,
    unread_files: Vec<UnreadFile>,
    baseline: Option<BaselineState>,
    info: ScanInfo,
}

/// State of a comparison with the baseline.
#[derive(Default)]
struct FindingCounts<'a> {
    /// Number of matches by rule and fingerprint.
    ordinals: BTreeMap<(usize, &'a str), usize>,
    /// The same for fingerprints of version 1.
    old_ordinals: BTreeMap<(usize, &'a str), usize>,
    /// Baseline entries that match a finding, by rule id and fingerprint.
    matched: BTreeSet<(String, String)>,
    /// Number of findings for the report.
    total: usize,
}

impl TreeScan<'_> {
    fn summarize(
        &self,
        paths: &[RepoPath],
        file_scans: &[FileScan],
        baseline: Option<BaselineState>,
    ) -> ScanSummary {
        let mut summary = ScanSummary {
            findings_by_rule: BTreeMap::new(),
            suppressions: Vec::new(),
            unread_files: Vec::new(),
            baseline,
            info: self.build_info(file_scans),
        };
        let mut counts = FindingCounts::default();
        for (path, file_scan) in paths.iter().zip(file_scans) {
            add_unread_files(path, file_scan, &mut summary.unread_files);
            let Some(text) = &file_scan.text else { continue };
            let matches = &file_scan.matches;
            if !matches.suppressions.is_empty() {
                summary.suppressions.extend(collect_suppressions(
                    self.rule_set,
                    self.active_rules,
                    text,
                    &matches.suppressions,
                    &matches.hits,
                    |_| false,
                ));
            }
            self.add_findings(file_scan, text, &mut counts, &mut summary);
        }
        if let Some(baseline) = &mut summary.baseline {
            self.find_stale_entries(baseline, &counts.matched);
        }
        summary
    }

    /// Adds findings of a file that are neither suppressed nor in the
    /// baseline, and counts the others.
    fn add_findings<'a>(
        &self,
        file_scan: &'a FileScan,
        text: &ScannedText,
        counts: &mut FindingCounts<'a>,
        summary: &mut ScanSummary,
    ) {
        let today = self.request.now.date();
        let baseline = summary.baseline.as_ref().and_then(|state| state.baseline.as_ref());
        let info = &mut summary.info;
        for hit in &file_scan.matches.hits {
            let Some(rule) = self.rule_set.rules().get(hit.rule) else { continue };
            let suppression = hit.suppressed_by.and_then(|index| file_scan.matches.suppressions.get(index));
            if suppression.is_some_and(|suppression| suppression.is_effective(today)) {
                info.suppressed += 1;
                continue;
            }
            // Equal statements are different findings.
            let ordinal = counts.ordinals.entry((hit.rule, hit.fingerprint.as_str())).or_default();
            *ordinal += 1;
            let fingerprint = format!("{}-{ordinal}", hit.fingerprint);
            let old_ordinal =
                counts.old_ordinals.entry((hit.rule, hit.old_fingerprint.as_str())).or_default();
            *old_ordinal += 1;
            let old = format!("{}-{old_ordinal}", hit.old_fingerprint);
            let entry = baseline.and_then(|baseline| baseline.find(rule.id.as_str(), &fingerprint, &old));
            if let Some(entry) = entry {
                info.baselined += 1;
                counts.matched.insert((rule.id.as_str().to_owned(), entry.to_owned()));
                if !self.request.show_baselined {
                    continue;
                }
            }
            counts.total += 1;
            if counts.total > MAX_FINDINGS {
                info.truncated += 1;
                continue;
            }
            let mut finding = build_finding(rule, hit, text, *ordinal);
            if let Some(help) = self.layers.explain(hit.rule, text.source.name()) {
                finding = finding.help(help);
            }
            summary.findings_by_rule.entry(hit.rule).or_default().push(finding);
        }
    }

    /// Lists baseline entries that match no finding. Entries of rules that
    /// did not run, and of a scan of named paths only, are not stale.
    fn find_stale_entries(&self, baseline: &mut BaselineState, matched: &BTreeSet<(String, String)>) {
        if !self.request.paths.is_empty() {
            return;
        }
        let has_run = |id: &str| self.rule_set.rules().iter().any(|rule| rule.id.as_str() == id);
        let entries = baseline.baseline.iter().flat_map(Baseline::entries);
        let stale = entries
            .filter(|(id, _, _)| has_run(id))
            .map(|(id, fingerprint, _)| (id.to_owned(), fingerprint.to_owned()))
            .filter(|entry| !matched.contains(entry));
        baseline.stale = stale.collect();
    }

    fn build_info(&self, file_scans: &[FileScan]) -> ScanInfo {
        let count_skipped = |reason: SkipReason| {
            file_scans.iter().filter(|file_scan| file_scan.skip_reason == Some(reason)).count()
        };
        ScanInfo {
            rules: self.rule_set.rules().len(),
            files: file_scans.iter().filter(|file_scan| file_scan.is_scanned()).count(),
            bytes: file_scans.iter().map(|file_scan| file_scan.bytes).sum(),
            areas: if self.rule_set.rules().is_empty() {
                Vec::new()
            } else {
                count_areas(&self.config.scan, file_scans)
            },
            skipped: count_skipped(SkipReason::NoRule),
            binary: count_skipped(SkipReason::Binary),
            large: count_skipped(SkipReason::Large),
            baseline: self.request.baseline.clone().or_else(|| self.config.scan.baseline.clone()),
            ..ScanInfo::default()
        }
    }
}

/// Adds what could not be scanned of a file: the whole file, matches beyond a
/// limit, or long lines.
fn add_unread_files(path: &RepoPath, file_scan: &FileScan, unread_files: &mut Vec<UnreadFile>) {
    if let Some(reason) = &file_scan.unread_reason {
        unread_files.push(UnreadFile { path: path.clone(), why: reason.clone(), line: None });
    }
    if file_scan.matches.truncated > 0 {
        let why = format!("rules match in it more than {MAX_HITS} times");
        unread_files.push(UnreadFile { path: path.clone(), why, line: None });
    }
    let Some(text) = &file_scan.text else { return };
    for (line_start, count) in &file_scan.matches.long_lines {
        let unreported =
            if *count == 1 { "1 match in it is".to_owned() } else { format!("{count} matches in it are") };
        let why = format!("a line is longer than {MAX_LINE_BYTES} bytes, and {unreported} not reported");
        let offset = text.text_span(&(*line_start..*line_start)).start;
        unread_files.push(UnreadFile {
            path: path.clone(),
            why,
            line: Some((Arc::clone(&text.source), offset)),
        });
    }
}
