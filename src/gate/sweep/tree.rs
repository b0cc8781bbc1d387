//! A scan as a command: of a whole tree, or of what is new in a change.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::files::{Looked, Passed, Scene, look};
use super::rules::{Rulebook, rulebook};
use super::verdicts::{finding, used, verdicts};
use super::{SweepRequest, change};
use crate::change::{Repository, RepositoryError, Side};
use crate::check::Verdict;
use crate::check::input::{BaselineUse, SourcesInput, UnreadFile, UsedSuppression};
use crate::config::{Config, FILE_NAME};
use crate::finding::{CheckOutcome, Finding, Report, ScanInfo, SelectionInfo};
use crate::gate::GateError;
use crate::gate::request::GateError as Error;
use crate::gate::search::document;
use crate::gate::settle::{Asked, settled};
use crate::scan::{Baseline, RuleSet};
use crate::system::{files, ignores::Ignores};
use crate::text::RepoPath;

/// The most findings that are told; more are counted.
const MOST_FINDINGS: usize = 25_000;

/// Makes a scan.
///
/// # Errors
/// The repository or the configuration cannot be read, or there is nothing of
/// the sort: nothing was judged.
pub fn sweep(repo: &dyn Repository, request: &SweepRequest) -> Result<Report, GateError> {
    if let Some(asked) = &request.change {
        return change::report(repo, request, asked);
    }
    let side = request.side;
    let config = configuration(repo, request, side)?;
    let book = rulebook(repo, side, &config, &request.scan)?;
    unknown_set(request, &book)?;
    let paths = repo.sources(side)?;
    let has = |file: &str| paths.binary_search_by(|own| own.as_bytes().cmp(file.as_bytes())).is_ok();
    let wanted = |path: &&RepoPath| {
        request.named.is_empty()
            || request.named.iter().any(|named| *path == named || path.is_below(named.as_bytes()))
    };
    let named: Vec<RepoPath> = paths.iter().filter(wanted).cloned().collect();
    let told_where = !config.scan.product.is_empty();
    if told_where && !named.iter().any(|path| config.scan.product.has(&path.to_text())) {
        return Err(Error::Nothing(
            "`scan: product` of the configuration names no file that is there".to_owned(),
        ));
    }
    if named.is_empty() {
        return Err(Error::Nothing("there is no file to scan".to_owned()));
    }
    let set = RuleSet::new(book.rules.clone());
    let scene = Scene { set: &set, settings: &config.scan, today: request.now.date(), has: &has };
    let looked = look(repo, side, &scene, &named).map_err(change::refused)?;
    let baseline = baseline(repo, side, &config, request)?;
    let tree = Tree { request, config: &config, book: &book, set: &set };
    let told = tree.told(&named, &looked, baseline)?;
    let read = |path: &RepoPath| repo.read(side, path).ok().flatten();
    let ignores = OnceCell::new();
    let ignored = |path: &RepoPath| ignores.get_or_init(|| ignore_files(&paths, &read)).hides(path);
    let untracked =
        if request.scan.families.contains(&"hygiene") { untracked(repo, side, &paths)? } else { None };
    let input = SourcesInput {
        paths: &paths,
        settings: &config.scan,
        changed: None,
        faults: &book.faults,
        unread: &told.unread,
        suppressions: &told.suppressions,
        baseline: told.baseline.as_ref(),
        read: &read,
        ignored: &ignored,
        untracked: untracked.as_ref(),
        waived: None,
        today: request.now.date(),
        tests: OnceCell::new(),
    };
    let governed: Vec<bool> =
        book.rules.iter().map(|rule| paths.iter().any(|path| rule.include.has(&path.to_text()))).collect();
    let verdicts = verdicts(&request.scan, &book, &config, told.found, &governed, &input);
    Ok(report(request, &config, told.info, None, verdicts))
}

/// A set that is nobody's is a mistake of the caller.
pub(super) fn unknown_set(request: &SweepRequest, book: &Rulebook) -> Result<(), GateError> {
    match request.scan.sets.iter().find(|set| !set.is_empty() && !book.sets.contains(set)) {
        None => Ok(()),
        Some(set) => {
            let set = crate::text::one_line(set, 60);
            Err(Error::Nothing(format!(
                "there is no set of rules `{set}`; known are {}",
                book.sets.join(", ")
            )))
        }
    }
}

/// The report of a scan.
pub(super) fn report(
    request: &SweepRequest,
    config: &Config,
    info: ScanInfo,
    selection: Option<SelectionInfo>,
    verdicts: Vec<(Asked, Verdict)>,
) -> Report {
    let (mut findings, mut outcomes) = (Vec::new(), Vec::new());
    for (asked, verdict) in verdicts {
        let (status, own) = settled(config, &asked, verdict);
        findings.extend(own);
        outcomes.push(CheckOutcome { rule: asked.id().clone(), packet: None, status });
    }
    let mut report =
        Report { selection, scan: Some(info), outcomes, findings, ..Report::new(request.scan.name) };
    report.sort();
    report
}

/// The configuration of a side, or the one that the caller names.
pub(super) fn configuration(
    repo: &dyn Repository,
    request: &SweepRequest,
    side: Side,
) -> Result<Config, GateError> {
    let source = match &request.config {
        Some(source) => Some(Arc::clone(source)),
        None => document(repo, side, &RepoPath::from(FILE_NAME))?,
    };
    match source {
        Some(source) => Config::read(&source).map_err(GateError::Config),
        None => Ok(Config::defaults()),
    }
}

/// The file of known findings, read as far as it can be.
fn baseline(
    repo: &dyn Repository,
    side: Side,
    config: &Config,
    request: &SweepRequest,
) -> Result<Option<BaselineUse>, RepositoryError> {
    let Some(path) = request.baseline.as_ref().or(config.scan.baseline.as_ref()) else { return Ok(None) };
    let mut out = BaselineUse::default();
    if let Some(source) = document(repo, side, &RepoPath::from(path.as_str()))? {
        match Baseline::read(&source) {
            Ok(baseline) => out.known = Some(baseline),
            Err(fault) => out.fault = Some(fault),
        }
    }
    Ok(Some(out))
}

fn ignore_files(paths: &[RepoPath], read: &dyn Fn(&RepoPath) -> Option<Vec<u8>>) -> Ignores {
    let all = paths.iter().filter(|path| path.file_name() == ".gitignore");
    Ignores::of(all.filter_map(|path| Some((path.clone(), read(path)?))))
}

/// Untracked files and how long they are; `None` where nothing is untracked.
fn untracked(
    repo: &dyn Repository,
    side: Side,
    paths: &[RepoPath],
) -> Result<Option<BTreeMap<RepoPath, u64>>, RepositoryError> {
    let (Side::Worktree, Some(root)) = (side, repo.disk_root()) else { return Ok(None) };
    let tracked = repo.list_below(Side::Index, "")?;
    let own = paths.iter().filter(|path| tracked.binary_search(path).is_err());
    let sized = own.filter_map(|path| {
        let metadata = files::metadata(&files::below(root, path)).ok().flatten()?;
        Some((path.clone(), metadata.len()))
    });
    Ok(Some(sized.collect()))
}

/// What is known of a scan of a whole tree.
struct Tree<'a> {
    request: &'a SweepRequest,
    config: &'a Config,
    book: &'a Rulebook,
    set: &'a RuleSet,
}

/// What is told of it.
struct Told {
    found: BTreeMap<usize, Vec<Finding>>,
    suppressions: Vec<UsedSuppression>,
    unread: Vec<UnreadFile>,
    baseline: Option<BaselineUse>,
    info: ScanInfo,
}

impl Tree<'_> {
    fn told(
        &self,
        paths: &[RepoPath],
        looked: &[Looked],
        mut baseline: Option<BaselineUse>,
    ) -> Result<Told, RepositoryError> {
        let mut info = self.info(looked);
        let mut told = Told {
            found: BTreeMap::new(),
            suppressions: Vec::new(),
            unread: Vec::new(),
            baseline: None,
            info: ScanInfo::default(),
        };
        let today = self.request.now.date();
        let mut counts: BTreeMap<(usize, &str), usize> = BTreeMap::new();
        let mut matched = std::collections::BTreeSet::new();
        let mut total = 0;
        for (path, looked) in paths.iter().zip(looked) {
            if let Some(why) = &looked.unread {
                told.unread.push(UnreadFile { path: path.clone(), why: why.clone(), line: None });
            }
            let scanned = &looked.scanned;
            if scanned.more > 0 {
                let why = format!("rules match in it more than {} times", crate::scan::MOST_HITS);
                told.unread.push(UnreadFile { path: path.clone(), why, line: None });
            }
            if scanned.hits.is_empty() && scanned.suppressions.is_empty() && scanned.long_lines.is_empty() {
                continue;
            }
            let Some(text) = &looked.text else { continue };
            for (line, count) in &scanned.long_lines {
                let why = format!(
                    "a line is longer than {} bytes, and {} in it {} not judged",
                    crate::scan::LONGEST_LINE,
                    crate::text::counted(*count, "match").replace("matchs", "matches"),
                    if *count == 1 { "is" } else { "are" }
                );
                let at = text.span(&(*line..*line)).start;
                told.unread.push(UnreadFile {
                    path: path.clone(),
                    why,
                    line: Some((Arc::clone(&text.source), at)),
                });
            }
            if !scanned.suppressions.is_empty() {
                told.suppressions.extend(used(
                    self.set,
                    self.book,
                    text,
                    &scanned.suppressions,
                    &scanned.hits,
                    |_| false,
                ));
            }
            for hit in &scanned.hits {
                let Some(rule) = self.set.rules().get(hit.rule) else { continue };
                let excuse = hit.excused_by.and_then(|at| scanned.suppressions.get(at));
                if excuse.is_some_and(|suppression| suppression.counts(today)) {
                    info.excused += 1;
                    continue;
                }
                // The same statement again is another finding.
                let ordinal = counts.entry((hit.rule, hit.fingerprint.as_str())).or_default();
                *ordinal += 1;
                let print = format!("{}-{ordinal}", hit.fingerprint);
                let known = baseline.as_ref().and_then(|baseline| baseline.known.as_ref());
                if known.is_some_and(|known| known.has(rule.id.as_str(), &print)) {
                    info.known += 1;
                    matched.insert((rule.id.as_str().to_owned(), print));
                    if !self.request.tell_known {
                        continue;
                    }
                }
                total += 1;
                if total > MOST_FINDINGS {
                    info.more += 1;
                    continue;
                }
                told.found.entry(hit.rule).or_default().push(finding(rule, hit, text, *ordinal));
            }
        }
        if let Some(baseline) = &mut baseline {
            // Entries of rules that were not asked say nothing.
            let asked = |id: &str| self.set.rules().iter().any(|rule| rule.id.as_str() == id);
            let entries = baseline.known.iter().flat_map(Baseline::entries);
            let whole = self.request.named.is_empty();
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

    fn info(&self, looked: &[Looked]) -> ScanInfo {
        let passed = |why: Passed| looked.iter().filter(|one| one.passed == Some(why)).count();
        ScanInfo {
            rules: self.set.rules().len(),
            files: looked.iter().filter(|one| one.passed.is_none() && one.unread.is_none()).count(),
            bytes: looked.iter().map(|one| one.bytes).sum(),
            unasked: passed(Passed::Unasked),
            binary: passed(Passed::Binary),
            large: passed(Passed::Large),
            baseline: self.request.baseline.clone().or_else(|| self.config.scan.baseline.clone()),
            ..ScanInfo::default()
        }
    }
}
