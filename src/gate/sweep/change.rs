//! A scan of a change: what is new in it fails, the rest is counted.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::files::{LARGEST, LookError, Looked, Scene, is_test_module, leave_to_tests, too_large};
use super::rules::{Rulebook, rulebook};
use super::tree::{self, configuration};
use super::verdicts::{Text, finding, used, verdicts};
use super::{Scan, SweepRequest};
use crate::change::{ChangedFile, FileMode, Repository, RepositoryError, SelectionRequest, Side};
use crate::check::Verdict;
use crate::check::input::{BaselineUse, ChangedSource, SourcesInput, UnreadFile, UsedSuppression, Waived};
use crate::config::Config;
use crate::finding::{Finding, Report, ScanInfo};
use crate::gate::facts;
use crate::gate::judge::selection_info;
use crate::gate::request::GateError;
use crate::gate::settle::Asked;
use crate::scan::{Baseline, Hit, Language, MOST_HITS, RuleSet, Suppression};
use crate::system::ignores::Ignores;
use crate::text::{RepoPath, Source};

pub(super) fn refused(error: LookError) -> GateError {
    match error {
        LookError::Repository(error) => GateError::Repository(error),
        LookError::Rule(why) => GateError::Nothing(why),
    }
}

/// What a scan of a change gives to the gate that asked for it.
pub(in crate::gate) struct Outcome {
    pub verdicts: Vec<(Asked, Verdict)>,
    pub info: ScanInfo,
}

/// A change and where it is judged from.
pub(in crate::gate) struct Judged<'a> {
    pub repo: &'a dyn Repository,
    /// Where rules come from.
    pub trusted: Side,
    /// The side that holds the judged state.
    pub side: Side,
    /// The side before the change.
    pub before: Side,
    pub files: &'a [ChangedFile],
    pub config: &'a Config,
    pub waived: Option<Waived<'a>>,
    pub today: jiff::civil::Date,
}

/// A scan of a change as a command. Rules and configuration are those of its
/// base: a change cannot edit its own judge.
pub(super) fn report(
    repo: &dyn Repository,
    request: &SweepRequest,
    asked: &SelectionRequest,
) -> Result<Report, GateError> {
    // Names of the main branch are needed before there is a base.
    let head = repo.head()?.map_or(Side::Empty, Side::Commit);
    let main = configuration(repo, request, head)?.main;
    let selection = repo.select(asked, &|_| None, &main)?;
    let side = facts::judged_side(&selection);
    let trusted = selection.base.map_or(Side::Empty, Side::Commit);
    let config = &configuration(repo, request, trusted)?;
    let files = facts::files(repo, &selection)?;
    let wanted = |file: &&ChangedFile| {
        let path = &file.change.path;
        request.named.is_empty()
            || request.named.iter().any(|named| path == named || path.is_below(named.as_bytes()))
    };
    let named: Vec<ChangedFile> = files.iter().filter(wanted).cloned().collect();
    let book = rulebook(repo, trusted, config, &request.scan)?;
    tree::unknown_set(request, &book)?;
    let judged = Judged {
        repo,
        trusted,
        side,
        before: trusted,
        files: &named,
        config,
        waived: None,
        today: request.now.date(),
    };
    let outcome = judged.scan(&request.scan, &book)?;
    let info = selection_info(
        &selection,
        files.len(),
        match (&request.config, selection.base) {
            (Some(source), _) => format!("{} (named by the caller)", source.name()),
            (None, Some(base)) => {
                format!("of commit {}", base.0.to_string().chars().take(12).collect::<String>())
            }
            (None, None) => "defaults (there is no commit before)".to_owned(),
        },
    );
    Ok(tree::report(request, config, outcome.info, Some(info), outcome.verdicts))
}

/// The scans that a configuration names for `post-work`.
///
/// # Errors
/// The repository cannot be read; a name that is no set of rules.
pub(in crate::gate) fn of_change(judged: &Judged<'_>) -> Result<Outcome, GateError> {
    let scan = Scan::of_gate(&judged.config.scan.gate);
    let book = rulebook(judged.repo, judged.trusted, judged.config, &scan)?;
    let known = |name: &String| book.sets.contains(name) || matches!(name.as_str(), "coverage" | "hygiene");
    if let Some(name) = judged.config.scan.gate.iter().find(|name| !known(name)) {
        let name = crate::text::one_line(name, 60);
        return Err(GateError::Nothing(format!(
            "the configuration names `{name}` in `scan: gate`, which is no set of rules; known are {}, coverage, hygiene",
            book.sets.join(", ")
        )));
    }
    judged.scan(&scan, &book)
}

/// One side of a changed file, matched.
struct Side2<'a> {
    path: &'a RepoPath,
    bytes: &'a [u8],
    looked: Looked,
}

impl Judged<'_> {
    fn scan(&self, scan: &Scan, book: &Rulebook) -> Result<Outcome, GateError> {
        let exists: std::cell::RefCell<BTreeMap<String, bool>> = std::cell::RefCell::default();
        let has = |file: &str| {
            let known = exists.borrow().get(file).copied();
            known.unwrap_or_else(|| {
                let answer = self.repo.exists(self.side, &RepoPath::from(file)).unwrap_or(false);
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
        let scene = Scene { set: &set, settings: &self.config.scan, today: self.today, has: &in_tree };
        let read = |path: &RepoPath| self.repo.read(self.side, path).ok().flatten();
        let read_before = |path: &RepoPath| self.repo.read(self.before, path).ok().flatten();
        let (mut known, mut known_before) = (BTreeMap::new(), BTreeMap::new());
        let (mut post, mut pre) = (Vec::new(), Vec::new());
        for file in self.files {
            let is_file = |entry: Option<crate::change::Entry>| {
                entry.is_some_and(|entry| matches!(entry.mode, FileMode::Regular | FileMode::Executable))
            };
            let path = &file.change.path;
            if let Some(image) = file.post.as_ref().filter(|_| is_file(file.change.post)) {
                let mut looked = side(&scene, path, &image.bytes).map_err(refused)?;
                if !looked.scanned.hits.is_empty() && is_test_module(path, &read, &mut known, 0) {
                    leave_to_tests(&set, &mut looked);
                }
                post.push((file, Side2 { path, bytes: &image.bytes, looked }));
            }
            if let Some(image) = file.pre.as_ref().filter(|_| is_file(file.change.pre)) {
                let mut looked = side(&scene, path, &image.bytes).map_err(refused)?;
                if !looked.scanned.hits.is_empty() && is_test_module(path, &read_before, &mut known_before, 0)
                {
                    leave_to_tests(&set, &mut looked);
                }
                pre.push(Side2 { path, bytes: &image.bytes, looked });
            }
        }
        let told = self.told(book, &set, &post, &pre);
        self.verdicts(scan, book, told)
    }

    /// Which matches are new, as findings; the rest is counted.
    fn told(
        &self,
        book: &Rulebook,
        set: &RuleSet,
        post: &[(&ChangedFile, Side2<'_>)],
        pre: &[Side2<'_>],
    ) -> Told {
        let mut out =
            Told { info: ScanInfo { rules: set.rules().len(), ..ScanInfo::default() }, ..Told::default() };
        let mut before: BTreeMap<(usize, &str), usize> = BTreeMap::new();
        let mut places: BTreeMap<(&RepoPath, usize, usize), Vec<&str>> = BTreeMap::new();
        for one in pre {
            let lines = Lines::of(one.bytes);
            for hit in self.open(&one.looked) {
                let print = hit.fingerprint.as_str();
                *before.entry((hit.rule, print)).or_default() += 1;
                let line = hit.span.as_ref().map_or(0, |span| lines.line(span.start));
                places.entry((one.path, hit.rule, line)).or_default().push(print);
            }
        }
        // What stands on changed lines takes the blame before what does not.
        let mut after: BTreeMap<(usize, &str), Vec<Candidate<'_>>> = BTreeMap::new();
        for (index, (file, one)) in post.iter().enumerate() {
            if let Some(why) = &one.looked.unread {
                out.unread.push(UnreadFile { path: one.path.clone(), why: why.clone(), line: None });
            }
            if one.looked.scanned.more > 0 {
                let why = format!("rules match in it more than {MOST_HITS} times");
                out.unread.push(UnreadFile { path: one.path.clone(), why, line: None });
            }
            out.info.files += usize::from(one.looked.passed.is_none() && one.looked.unread.is_none());
            out.info.bytes += one.looked.bytes;
            out.info.excused += one.looked.scanned.hits.len() - self.open(&one.looked).count();
            let lines = Lines::of(one.bytes);
            for hit in self.open(&one.looked) {
                let changed = hit.span.as_ref().is_none_or(|span| lines.is_changed(file, span));
                // On an old line where the rule matched before, it is the same
                // finding, whatever was changed around it.
                let line = hit
                    .span
                    .as_ref()
                    .filter(|_| !changed)
                    .map(|span| before_line(file, lines.line(span.start)));
                let same =
                    line.and_then(|line| places.get_mut(&(one.path, hit.rule, line))).and_then(Vec::pop);
                if let Some(print) = same {
                    out.info.old += 1;
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
            out.info.old += hits.len() - surplus;
            for (ordinal, (_, index, hit)) in hits.into_iter().take(surplus).enumerate() {
                new.entry(index).or_default().push((known + ordinal + 1, hit));
            }
        }
        for (index, (file, one)) in post.iter().enumerate() {
            let own = new.remove(&index).unwrap_or_default();
            let scanned = &one.looked.scanned;
            if own.is_empty() && scanned.suppressions.is_empty() && scanned.long_lines.is_empty() {
                continue;
            }
            let text = Text::new(one.path, one.bytes.to_vec());
            for (ordinal, hit) in own {
                if let Some(rule) = set.rules().get(hit.rule) {
                    out.found.entry(hit.rule).or_default().push(finding(rule, hit, &text, ordinal));
                }
            }
            for line in scanned.long_lines.keys() {
                let why = "a line is too long to judge, and rules match in it".to_owned();
                let at = text.span(&(*line..*line)).start;
                out.unread.push(UnreadFile {
                    path: one.path.clone(),
                    why,
                    line: Some((Arc::clone(&text.source), at)),
                });
            }
            let lines = Lines::of(one.bytes);
            // What it excuses may have come after it.
            let is_new = |suppression: &Suppression| {
                lines.is_changed(file, &suppression.span) || lines.is_changed(file, &suppression.covers)
            };
            out.suppressions.extend(used(set, book, &text, &scanned.suppressions, &scanned.hits, is_new));
        }
        out
    }

    /// The matches that no comment excuses.
    fn open<'l>(&self, looked: &'l Looked) -> impl Iterator<Item = &'l Hit> {
        let today = self.today;
        let scanned = &looked.scanned;
        scanned.hits.iter().filter(move |hit| {
            let excuse = hit.excused_by.and_then(|at| scanned.suppressions.get(at));
            !excuse.is_some_and(|suppression| suppression.counts(today))
        })
    }

    fn verdicts(&self, scan: &Scan, book: &Rulebook, told: Told) -> Result<Outcome, GateError> {
        // Only what looks at the tree around the change needs all of it.
        let whole = ["migration", "coverage", "hygiene"].iter().any(|family| scan.families.contains(family));
        let paths = if whole { self.repo.sources(self.side)? } else { Vec::new() };
        let changed: Vec<ChangedSource> = self
            .files
            .iter()
            .map(|file| ChangedSource { path: file.change.path.clone(), kind: file.change.kind() })
            .collect();
        let read = |path: &RepoPath| self.repo.read(self.side, path).ok().flatten();
        let ignores = OnceCell::new();
        let ignored = |path: &RepoPath| {
            let files = || {
                let all = paths.iter().filter(|path| path.file_name() == ".gitignore");
                Ignores::of(all.filter_map(|path| Some((path.clone(), read(path)?))))
            };
            ignores.get_or_init(files).hides(path)
        };
        let baseline = self.baseline()?;
        let input = SourcesInput {
            paths: &paths,
            settings: &self.config.scan,
            changed: Some(&changed),
            faults: &book.faults,
            unread: &told.unread,
            suppressions: &told.suppressions,
            baseline: baseline.as_ref(),
            read: &read,
            ignored: &ignored,
            untracked: None,
            waived: self.waived,
            today: self.today,
            tests: OnceCell::new(),
        };
        let governed: Vec<bool> = book
            .rules
            .iter()
            .map(|rule| changed.iter().any(|file| rule.include.has(&file.path.to_text())))
            .collect();
        let verdicts = verdicts(scan, book, self.config, told.found, &governed, &input);
        Ok(Outcome { verdicts, info: told.info })
    }

    /// The file of known findings on both sides, if the change touches it.
    fn baseline(&self) -> Result<Option<BaselineUse>, RepositoryError> {
        let Some(path) = &self.config.scan.baseline else { return Ok(None) };
        let mut out = BaselineUse::default();
        let changed = self.files.iter().find(|file| file.change.path.as_bytes() == path.as_bytes());
        let Some(file) = changed else { return Ok(Some(out)) };
        let source = |bytes: &[u8]| Source::from_bytes(file.change.path.clone(), bytes.to_vec());
        out.before = file.pre.as_ref().and_then(|image| Baseline::read(&source(&image.bytes)).ok());
        match file.post.as_ref().map(|image| Baseline::read(&source(&image.bytes))) {
            Some(Ok(baseline)) => out.known = Some(baseline),
            Some(Err(fault)) => out.fault = Some(fault),
            None => {}
        }
        Ok(Some(out))
    }
}

/// What is told of a change.
#[derive(Default)]
struct Told {
    found: BTreeMap<usize, Vec<Finding>>,
    suppressions: Vec<UsedSuppression>,
    unread: Vec<UnreadFile>,
    info: ScanInfo,
}

/// A match of the judged side: whether its line is an old one, the index of
/// its file, the match.
type Candidate<'a> = (bool, usize, &'a Hit);

fn side(scene: &Scene<'_>, path: &RepoPath, bytes: &[u8]) -> Result<Looked, LookError> {
    if u64::try_from(bytes.len()).is_ok_and(|length| length > LARGEST) {
        return Ok(too_large(Some(Language::of(path))));
    }
    scene.look(path, bytes).map_err(LookError::Rule)
}

/// Where the lines of a text end.
struct Lines(Vec<usize>);

impl Lines {
    fn of(bytes: &[u8]) -> Self {
        Self(memchr::memchr_iter(b'\n', bytes).collect())
    }

    /// The line of an offset, from 0.
    fn line(&self, at: usize) -> usize {
        self.0.partition_point(|end| *end < at)
    }

    /// Whether a place lies on lines that the change brought.
    fn is_changed(&self, file: &ChangedFile, span: &std::ops::Range<usize>) -> bool {
        let (first, last) = (self.line(span.start), self.line(span.end.saturating_sub(1).max(span.start)));
        file.hunks().iter().any(|hunk| hunk.post.start <= last && first < hunk.post.end)
    }
}

/// Where an unchanged line stood before the change; both count from 0.
fn before_line(file: &ChangedFile, line: usize) -> usize {
    let above = file.hunks().iter().take_while(|hunk| hunk.post.end <= line && hunk.post.start <= line);
    above.fold(line, |line, hunk| (line + hunk.pre.len()).saturating_sub(hunk.post.len()))
}
