//! A scan of a change: what is new in it fails, the rest is counted.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::change::{ChangedFile, FileMode, Repository, RepositoryError, SelectionRequest, TreeState};
use crate::check::CheckResult;
use crate::check::context::{
    BaselineState, ChangedSource, SourcesCheckContext, SuppressionUse, UnreadFile, WaiverLookup,
};
use crate::config::Config;
use crate::config::load;
use crate::finding::{Finding, Report, ScanInfo};
use crate::pipeline::error::PipelineError;
use crate::pipeline::outcome::RuleRef;
use crate::pipeline::selected_change::{build_selection_info, load_changed_files};
use crate::scan::{Baseline, Hit, Language, MAX_HITS, RuleSet, Suppression};
use crate::system::ignores::IgnoreRules;
use crate::text::{RepoPath, Source};

use super::files::{
    FileScan, FileScanError, MAX_SOURCE_BYTES, ScanContext, drop_non_test_findings, is_test_module,
    oversized_scan,
};
use super::results::{ScannedText, build_finding, collect_suppressions, run_scan_rules};
use super::rules::{ActiveRules, load_active_rules};
use super::{ScanProfile, ScanRequest, tree};

pub(crate) fn to_gate_error(error: FileScanError) -> PipelineError {
    match error {
        FileScanError::Repository(error) => PipelineError::Repository(error),
        FileScanError::Rule(why) => PipelineError::ScanRule(why),
    }
}

/// What a scan of a change gives to the gate that asked for it.
pub(crate) struct ChangeScanResult {
    pub results: Vec<(RuleRef, CheckResult)>,
    pub info: ScanInfo,
}

/// A change and where it is judged from.
pub(crate) struct ChangeScan<'a> {
    pub repo: &'a dyn Repository,
    /// Where rules come from.
    pub policy_tree: TreeState,
    /// The side that holds the judged state.
    pub tree: TreeState,
    /// The side before the change.
    pub tree_before: TreeState,
    pub files: &'a [ChangedFile],
    pub config: &'a Config,
    pub waived: Option<WaiverLookup<'a>>,
    pub today: jiff::civil::Date,
}

/// A scan of a change as a command. Rules and configuration are those of its
/// base: a change cannot edit its own judge.
pub(crate) fn scan_change(
    repo: &dyn Repository,
    request: &ScanRequest,
    asked: &SelectionRequest,
) -> Result<Report, PipelineError> {
    // Names of the main branch are needed before there is a base.
    let head = repo.head()?.map_or(TreeState::Empty, TreeState::Commit);
    let main = load(repo, head, request.config.as_ref())?.config.main_branches;
    let selection = repo.select(asked, &|_| None, &main)?;
    let side = selection.judged_tree();
    let trusted = selection.base.map_or(TreeState::Empty, TreeState::Commit);
    let loaded = load(repo, trusted, request.config.as_ref())?;
    let config = &loaded.config;
    let files = load_changed_files(repo, &selection)?;
    let wanted = |file: &&ChangedFile| {
        let path = &file.change.path;
        request.paths.is_empty()
            || request.paths.iter().any(|named| path == named || path.is_below(named.as_bytes()))
    };
    let named: Vec<ChangedFile> = files.iter().filter(wanted).cloned().collect();
    let book = load_active_rules(repo, trusted, config, &request.profile)?;
    tree::reject_unknown_sets(request, &book)?;
    let judged = ChangeScan {
        repo,
        policy_tree: trusted,
        tree: side,
        tree_before: trusted,
        files: &named,
        config,
        waived: None,
        today: request.now.date(),
    };
    let outcome = judged.run(&request.profile, &book)?;
    let info = build_selection_info(&selection, files.len(), loaded.origin);
    Ok(tree::build_report(request, config, outcome.info, Some(info), outcome.results))
}

/// The scans that a configuration names for `post-work`.
///
/// # Errors
/// The repository cannot be read; a name that is no set of rules.
pub(crate) fn run_gate_scans(judged: &ChangeScan<'_>) -> Result<ChangeScanResult, PipelineError> {
    let scan = ScanProfile::from_gate_sets(&judged.config.scan.gate_scans);
    let book = load_active_rules(judged.repo, judged.policy_tree, judged.config, &scan)?;
    let known =
        |name: &String| book.set_names.contains(name) || matches!(name.as_str(), "coverage" | "hygiene");
    if let Some(name) = judged.config.scan.gate_scans.iter().find(|name| !known(name)) {
        return Err(PipelineError::UnknownGateScan { name: name.clone(), known: book.set_names.clone() });
    }
    judged.run(&scan, &book)
}

/// One side of a changed file, matched.
struct ScannedSide<'a> {
    path: &'a RepoPath,
    bytes: &'a [u8],
    file_scan: FileScan,
}

impl ChangeScan<'_> {
    fn run(&self, scan: &ScanProfile, book: &ActiveRules) -> Result<ChangeScanResult, PipelineError> {
        let exists: std::cell::RefCell<BTreeMap<String, bool>> = std::cell::RefCell::default();
        let has = |file: &str| {
            let known = exists.borrow().get(file).copied();
            known.unwrap_or_else(|| {
                let answer = self.repo.exists(self.tree, &RepoPath::from(file)).unwrap_or(false);
                exists.borrow_mut().insert(file.to_owned(), answer);
                answer
            })
        };
        // Manifests are asked for before threads start: a repository is read
        // by one.
        let mut manifests: Vec<String> = Vec::new();
        for file in self.files {
            let text = file.change.path.to_text().into_owned();
            let mut folder = text.as_str();
            while let Some((above, _)) = folder.rsplit_once('/') {
                folder = above;
                manifests.extend(["Cargo.toml", "package.json"].map(|name| format!("{above}/{name}")));
            }
            manifests.extend(["Cargo.toml", "package.json"].map(str::to_owned));
        }
        manifests.retain(|file| has(file));
        manifests.sort();
        let in_tree = |file: &str| manifests.binary_search_by(|own| own.as_str().cmp(file)).is_ok();
        let set = RuleSet::new(book.rules.clone());
        let scene =
            ScanContext { set: &set, settings: &self.config.scan, today: self.today, file_exists: &in_tree };
        let read = |path: &RepoPath| self.repo.read(self.tree, path).ok().flatten();
        let read_before = |path: &RepoPath| self.repo.read(self.tree_before, path).ok().flatten();
        let (mut known, mut known_before) = (BTreeMap::new(), BTreeMap::new());
        let (mut post, mut pre) = (Vec::new(), Vec::new());
        for file in self.files {
            let is_file = |entry: Option<crate::change::TreeEntry>| {
                entry.is_some_and(|entry| matches!(entry.mode, FileMode::Regular | FileMode::Executable))
            };
            let path = &file.change.path;
            if let Some(image) = file.after.as_ref().filter(|_| is_file(file.change.after)) {
                let mut looked = scan_bytes(&scene, path, &image.bytes).map_err(to_gate_error)?;
                if !looked.scanned.hits.is_empty() && is_test_module(path, &read, &mut known, 0) {
                    drop_non_test_findings(&set, &mut looked);
                }
                post.push((file, ScannedSide { path, bytes: &image.bytes, file_scan: looked }));
            }
            if let Some(image) = file.before.as_ref().filter(|_| is_file(file.change.before)) {
                let mut looked = scan_bytes(&scene, path, &image.bytes).map_err(to_gate_error)?;
                if !looked.scanned.hits.is_empty() && is_test_module(path, &read_before, &mut known_before, 0)
                {
                    drop_non_test_findings(&set, &mut looked);
                }
                pre.push(ScannedSide { path, bytes: &image.bytes, file_scan: looked });
            }
        }
        let told = self.find_new_matches(book, &set, &post, &pre);
        self.check_results(scan, book, told)
    }

    /// Which matches are new, as findings; the rest is counted.
    fn find_new_matches(
        &self,
        book: &ActiveRules,
        set: &RuleSet,
        post: &[(&ChangedFile, ScannedSide<'_>)],
        pre: &[ScannedSide<'_>],
    ) -> ChangeScanSummary {
        let mut out = ChangeScanSummary {
            info: ScanInfo { rules: set.rules().len(), ..ScanInfo::default() },
            ..ChangeScanSummary::default()
        };
        let mut before: BTreeMap<(usize, &str), usize> = BTreeMap::new();
        let mut places: BTreeMap<(&RepoPath, usize, usize), Vec<&str>> = BTreeMap::new();
        for one in pre {
            let lines = LineEnds::new(one.bytes);
            for hit in self.unsuppressed_hits(&one.file_scan) {
                let print = hit.fingerprint.as_str();
                *before.entry((hit.rule, print)).or_default() += 1;
                let line = hit.span.as_ref().map_or(0, |span| lines.line_at(span.start));
                places.entry((one.path, hit.rule, line)).or_default().push(print);
            }
        }
        // What stands on changed lines takes the blame before what does not.
        let mut after: BTreeMap<(usize, &str), Vec<HitCandidate<'_>>> = BTreeMap::new();
        for (index, (file, one)) in post.iter().enumerate() {
            if let Some(why) = &one.file_scan.unread_reason {
                out.unread_files.push(UnreadFile { path: one.path.clone(), why: why.clone(), line: None });
            }
            if one.file_scan.scanned.truncated > 0 {
                let why = format!("rules match in it more than {MAX_HITS} times");
                out.unread_files.push(UnreadFile { path: one.path.clone(), why, line: None });
            }
            out.info.files +=
                usize::from(one.file_scan.skip_reason.is_none() && one.file_scan.unread_reason.is_none());
            out.info.bytes += one.file_scan.bytes;
            out.info.suppressed +=
                one.file_scan.scanned.hits.len() - self.unsuppressed_hits(&one.file_scan).count();
            let lines = LineEnds::new(one.bytes);
            for hit in self.unsuppressed_hits(&one.file_scan) {
                let changed = hit.span.as_ref().is_none_or(|span| lines.is_changed(file, span));
                // On an old line where the rule matched before, it is the same
                // finding, whatever was changed around it.
                let line = hit
                    .span
                    .as_ref()
                    .filter(|_| !changed)
                    .map(|span| line_before_change(file, lines.line_at(span.start)));
                let same =
                    line.and_then(|line| places.get_mut(&(one.path, hit.rule, line))).and_then(Vec::pop);
                if let Some(print) = same {
                    out.info.preexisting += 1;
                    before.entry((hit.rule, print)).and_modify(|count| *count = count.saturating_sub(1));
                    continue;
                }
                after.entry((hit.rule, hit.fingerprint.as_str())).or_default().push((!changed, index, hit));
            }
        }
        let mut new: BTreeMap<usize, Vec<(usize, &Hit)>> = BTreeMap::new();
        for (key, mut hits) in after {
            let known = before.get(&key).copied().unwrap_or_default();
            hits.sort_by_key(|(old, index, hit)| (*old, *index, hit.span.as_ref().map(|span| span.start)));
            let surplus = hits.len().saturating_sub(known);
            out.info.preexisting += hits.len() - surplus;
            for (ordinal, (_, index, hit)) in hits.into_iter().take(surplus).enumerate() {
                new.entry(index).or_default().push((known + ordinal + 1, hit));
            }
        }
        for (index, (file, one)) in post.iter().enumerate() {
            let own = new.remove(&index).unwrap_or_default();
            let scanned = &one.file_scan.scanned;
            if own.is_empty() && scanned.suppressions.is_empty() && scanned.long_lines.is_empty() {
                continue;
            }
            let text = ScannedText::new(one.path, one.bytes.to_vec());
            for (ordinal, hit) in own {
                if let Some(rule) = set.rules().get(hit.rule) {
                    out.findings_by_rule
                        .entry(hit.rule)
                        .or_default()
                        .push(build_finding(rule, hit, &text, ordinal));
                }
            }
            for line in scanned.long_lines.keys() {
                let why = "a line is too long to judge, and rules match in it".to_owned();
                let at = text.text_span(&(*line..*line)).start;
                out.unread_files.push(UnreadFile {
                    path: one.path.clone(),
                    why,
                    line: Some((Arc::clone(&text.source), at)),
                });
            }
            let lines = LineEnds::new(one.bytes);
            // What it excuses may have come after it.
            let is_new = |suppression: &Suppression| {
                lines.is_changed(file, &suppression.span) || lines.is_changed(file, &suppression.range)
            };
            out.suppressions.extend(collect_suppressions(
                set,
                book,
                &text,
                &scanned.suppressions,
                &scanned.hits,
                is_new,
            ));
        }
        out
    }

    /// The matches that no comment excuses.
    fn unsuppressed_hits<'l>(&self, looked: &'l FileScan) -> impl Iterator<Item = &'l Hit> {
        let today = self.today;
        let scanned = &looked.scanned;
        scanned.hits.iter().filter(move |hit| {
            let excuse = hit.suppressed_by.and_then(|at| scanned.suppressions.get(at));
            !excuse.is_some_and(|suppression| suppression.is_effective(today))
        })
    }

    fn check_results(
        &self,
        scan: &ScanProfile,
        book: &ActiveRules,
        told: ChangeScanSummary,
    ) -> Result<ChangeScanResult, PipelineError> {
        // Only what looks at the tree around the change needs all of it.
        let whole = ["migration", "coverage", "hygiene"].iter().any(|family| scan.families.contains(family));
        let paths = if whole { self.repo.list_sources(self.tree)? } else { Vec::new() };
        let changed: Vec<ChangedSource> = self
            .files
            .iter()
            .map(|file| ChangedSource { path: file.change.path.clone(), kind: file.change.kind() })
            .collect();
        let read = |path: &RepoPath| self.repo.read(self.tree, path).ok().flatten();
        let ignores = OnceCell::new();
        let ignored = |path: &RepoPath| {
            let files = || {
                let all = paths.iter().filter(|path| path.file_name() == ".gitignore");
                IgnoreRules::from_files(all.filter_map(|path| Some((path.clone(), read(path)?))))
            };
            ignores.get_or_init(files).excludes(path)
        };
        let baseline = self.load_baseline()?;
        let input = SourcesCheckContext {
            paths: &paths,
            settings: &self.config.scan,
            changed: Some(&changed),
            faults: &book.faults,
            unread: &told.unread_files,
            suppressions: &told.suppressions,
            baseline: baseline.as_ref(),
            read_file: &read,
            is_ignored: &ignored,
            untracked: None,
            has_waiver: self.waived,
            today: self.today,
            test_files: OnceCell::new(),
        };
        let governed: Vec<bool> = book
            .rules
            .iter()
            .map(|rule| changed.iter().any(|file| rule.include.matches(&file.path.to_text())))
            .collect();
        let verdicts = run_scan_rules(scan, book, self.config, told.findings_by_rule, &governed, &input);
        Ok(ChangeScanResult { results: verdicts, info: told.info })
    }

    /// The file of known findings on both sides, if the change touches it.
    fn load_baseline(&self) -> Result<Option<BaselineState>, RepositoryError> {
        let Some(path) = &self.config.scan.baseline else { return Ok(None) };
        let mut out = BaselineState::default();
        let changed = self.files.iter().find(|file| file.change.path.as_bytes() == path.as_bytes());
        let Some(file) = changed else { return Ok(Some(out)) };
        let source = |bytes: &[u8]| Source::from_bytes(file.change.path.clone(), bytes.to_vec());
        out.before = file.before.as_ref().and_then(|image| Baseline::read(&source(&image.bytes)).ok());
        match file.after.as_ref().map(|image| Baseline::read(&source(&image.bytes))) {
            Some(Ok(baseline)) => out.baseline = Some(baseline),
            Some(Err(fault)) => out.fault = Some(fault),
            None => {}
        }
        Ok(Some(out))
    }
}

/// What is told of a change.
#[derive(Default)]
struct ChangeScanSummary {
    findings_by_rule: BTreeMap<usize, Vec<Finding>>,
    suppressions: Vec<SuppressionUse>,
    unread_files: Vec<UnreadFile>,
    info: ScanInfo,
}

/// A match of the judged side: whether its line is an old one, the index of
/// its file, the match.
type HitCandidate<'a> = (bool, usize, &'a Hit);

fn scan_bytes(scene: &ScanContext<'_>, path: &RepoPath, bytes: &[u8]) -> Result<FileScan, FileScanError> {
    if u64::try_from(bytes.len()).is_ok_and(|length| length > MAX_SOURCE_BYTES) {
        return Ok(oversized_scan(Some(Language::from_path(path))));
    }
    scene.scan_file(path, bytes).map_err(FileScanError::Rule)
}

/// Where the lines of a text end.
struct LineEnds(Vec<usize>);

impl LineEnds {
    fn new(bytes: &[u8]) -> Self {
        Self(memchr::memchr_iter(b'\n', bytes).collect())
    }

    /// The line of an offset, from 0.
    fn line_at(&self, at: usize) -> usize {
        self.0.partition_point(|end| *end < at)
    }

    /// Whether a place lies on lines that the change brought.
    fn is_changed(&self, file: &ChangedFile, span: &std::ops::Range<usize>) -> bool {
        let (first, last) =
            (self.line_at(span.start), self.line_at(span.end.saturating_sub(1).max(span.start)));
        file.hunks().iter().any(|hunk| hunk.after.start <= last && first < hunk.after.end)
    }
}

/// Where an unchanged line stood before the change; both count from 0.
fn line_before_change(file: &ChangedFile, line: usize) -> usize {
    let above = file.hunks().iter().take_while(|hunk| hunk.after.end <= line && hunk.after.start <= line);
    above.fold(line, |line, hunk| (line + hunk.before.len()).saturating_sub(hunk.after.len()))
}
