//! Reading and matching files.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::change::{Repository, RepositoryError, TreeState};
use crate::pipeline::parallel;
use crate::scan::{FileMatches, Language, RuleSet, ScanSettings, scan, test_code};
use crate::system::files;
use crate::text::RepoPath;

use super::results::ScannedText;

/// The most bytes of a source file that are read.
pub(crate) const MAX_SOURCE_BYTES: u64 = 16 * 1024 * 1024;

/// Why a file was passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SkipReason {
    /// No rule looks at it.
    NoRule,
    /// Its bytes are no text, and its name is that of no language.
    Binary,
    /// Longer than [`LARGEST`], and its name is that of no language.
    Large,
}

/// What came of one file.
#[derive(Default)]
pub(crate) struct FileScan {
    pub scanned: FileMatches,
    /// Bytes that were matched.
    pub bytes: usize,
    pub skip_reason: Option<SkipReason>,
    /// Why it could not be judged, although it should.
    pub unread_reason: Option<String>,
    /// Whether all of it is test code.
    pub is_test: bool,
    /// Its text, if something was found in it.
    pub text: Option<Arc<ScannedText>>,
}

/// What is known of all files while one is matched.
pub(crate) struct ScanContext<'a> {
    pub set: &'a RuleSet,
    pub settings: &'a ScanSettings,
    pub today: jiff::civil::Date,
    /// Whether a file is in the tree.
    pub file_exists: &'a (dyn Fn(&str) -> bool + Sync),
}

impl ScanContext<'_> {
    /// The language of a file, and the rules that look at it. No language
    /// means that the first line will tell.
    fn select_rules(&self, path: &RepoPath) -> (Option<Language>, Vec<usize>) {
        let language = Language::from_path(path);
        let nameless = language == Language::Plain && !path.file_name().contains(&b'.');
        let language = (!nameless).then_some(language);
        if self.settings.skips(path) {
            return (language, Vec::new());
        }
        let text = path.to_text();
        let is_product =
            self.settings.is_product(path, language.unwrap_or(Language::Plain), self.file_exists);
        (language, self.set.applicable(&text, language, is_product))
    }

    /// Matches one file's bytes.
    pub(crate) fn scan_file(&self, path: &RepoPath, bytes: &[u8]) -> Result<FileScan, String> {
        let (named, rules) = self.select_rules(path);
        if rules.is_empty() {
            return Ok(FileScan { skip_reason: Some(SkipReason::NoRule), ..FileScan::default() });
        }
        self.match_bytes(path, named, rules, bytes)
    }

    fn match_bytes(
        &self,
        path: &RepoPath,
        named: Option<Language>,
        rules: Vec<usize>,
        bytes: &[u8],
    ) -> Result<FileScan, String> {
        let language = named.or_else(|| Language::from_shebang(bytes)).unwrap_or(Language::Plain);
        let head = bytes.get(..8000.min(bytes.len())).unwrap_or_default();
        if language == Language::Plain && memchr::memchr(0, head).is_some() {
            return Ok(FileScan { skip_reason: Some(SkipReason::Binary), ..FileScan::default() });
        }
        if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
            let why = "it is UTF-16, which no compiler of this language reads by itself".to_owned();
            return Ok(FileScan { unread_reason: Some(why), ..FileScan::default() });
        }
        let rules = if named.is_some() {
            rules
        } else {
            let all = self.set.rules();
            rules
                .into_iter()
                .filter(|index| all.get(*index).is_some_and(|rule| rule.supports_language(language)))
                .collect()
        };
        let is_test = self.settings.is_test(path, language);
        let scanned = scan(self.set, &rules, language, bytes, is_test, self.today)?;
        Ok(FileScan { scanned, bytes: bytes.len(), is_test, ..FileScan::default() })
    }

    /// Leaves out what does not count in a module of tests, and keeps the text
    /// of what is left.
    fn apply_test_module_rules(
        &self,
        path: &RepoPath,
        looked: &mut FileScan,
        bytes: &[u8],
        read: &dyn Fn(&RepoPath) -> Option<Vec<u8>>,
        known: &mut BTreeMap<RepoPath, bool>,
    ) {
        if !looked.scanned.hits.is_empty() && is_test_module(path, read, known, 0) {
            drop_non_test_findings(self.set, looked);
        }
        let scanned = &looked.scanned;
        if !(scanned.hits.is_empty() && scanned.suppressions.is_empty() && scanned.long_lines.is_empty()) {
            looked.text = Some(Arc::new(ScannedText::new(path, bytes.to_vec())));
        }
    }

    /// A file of a folder on disk, read only if a rule looks at it.
    fn scan_from_disk(
        &self,
        root: &std::path::Path,
        path: &RepoPath,
        own: &mut ThreadBuffers,
    ) -> Result<FileScan, String> {
        let (named, rules) = self.select_rules(path);
        if rules.is_empty() {
            return Ok(FileScan { skip_reason: Some(SkipReason::NoRule), ..FileScan::default() });
        }
        match files::read_if_within(&files::join_repo_path(root, path), MAX_SOURCE_BYTES, &mut own.buffer) {
            Ok(true) => {
                let mut looked = self.match_bytes(path, named, rules, &own.buffer)?;
                let read =
                    |path: &RepoPath| files::read(&files::join_repo_path(root, path), MAX_SOURCE_BYTES).ok();
                self.apply_test_module_rules(path, &mut looked, &own.buffer, &read, &mut own.test_modules);
                Ok(looked)
            }
            Ok(false) => Ok(oversized_scan(named)),
            Err(error) => Ok(FileScan { unread_reason: Some(error.to_string()), ..FileScan::default() }),
        }
    }
}

pub(crate) fn oversized_scan(language: Option<Language>) -> FileScan {
    if language.is_none_or(|language| language == Language::Plain) {
        return FileScan { skip_reason: Some(SkipReason::Large), ..FileScan::default() };
    }
    let why = format!("it is longer than {MAX_SOURCE_BYTES} bytes, the most that is scanned");
    FileScan { unread_reason: Some(why), ..FileScan::default() }
}

/// Why a scan could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileScanError {
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    #[error("{0}")]
    Rule(String),
}

/// What a thread works with.
#[derive(Default)]
struct ThreadBuffers {
    buffer: Vec<u8>,
    test_modules: BTreeMap<RepoPath, bool>,
}

/// Matches files of a side, in their order.
pub(crate) fn scan_files(
    repo: &dyn Repository,
    side: TreeState,
    scene: &ScanContext<'_>,
    paths: &[RepoPath],
) -> Result<Vec<FileScan>, FileScanError> {
    let mut out = Vec::with_capacity(paths.len());
    if let (TreeState::Worktree, Some(root)) = (side, repo.disk_root()) {
        for looked in parallel::map_with(paths, ThreadBuffers::default, |path, own| {
            scene.scan_from_disk(root, path, own)
        }) {
            out.push(looked.map_err(FileScanError::Rule)?);
        }
    } else {
        // A repository is read by one thread; matching waits for no other.
        let parent = |path: &RepoPath| repo.read(side, path).ok().flatten();
        let mut known = BTreeMap::new();
        for part in paths.chunks(256) {
            let mut read = Vec::new();
            for path in part {
                let (_, rules) = scene.select_rules(path);
                let bytes = if rules.is_empty() { None } else { repo.read(side, path)? };
                read.push((path, bytes));
            }
            let matched = parallel::map(&read, |(path, bytes)| match bytes {
                Some(bytes) if u64::try_from(bytes.len()).is_ok_and(|length| length > MAX_SOURCE_BYTES) => {
                    Ok(oversized_scan(Some(Language::from_path(path))))
                }
                Some(bytes) => scene.scan_file(path, bytes),
                None => Ok(FileScan { skip_reason: Some(SkipReason::NoRule), ..FileScan::default() }),
            });
            for ((path, bytes), looked) in read.iter().zip(matched) {
                let mut looked = looked.map_err(FileScanError::Rule)?;
                if let Some(bytes) = bytes {
                    scene.apply_test_module_rules(path, &mut looked, bytes, &parent, &mut known);
                }
                out.push(looked);
            }
        }
    }
    Ok(out)
}

/// A file that turns out to be test code loses what does not count there.
pub(crate) fn drop_non_test_findings(set: &RuleSet, looked: &mut FileScan) {
    looked.is_test = true;
    looked.scanned.hits.retain(|hit| set.rules().get(hit.rule).is_some_and(|rule| rule.tests));
}

/// The most files that are followed upwards.
const MAX_MODULE_DEPTH: usize = 8;

/// Whether a Rust file is the body of a module that is declared for tests
/// only (`#[cfg(test)] mod name;`), there or further up.
pub(crate) fn is_test_module(
    path: &RepoPath,
    read: &dyn Fn(&RepoPath) -> Option<Vec<u8>>,
    known: &mut BTreeMap<RepoPath, bool>,
    depth: usize,
) -> bool {
    if Language::from_path(path) != Language::Rust || depth > MAX_MODULE_DEPTH {
        return false;
    }
    if let Some(answer) = known.get(path) {
        return *answer;
    }
    let text = path.to_text().into_owned();
    let (folder, file) = text.rsplit_once('/').unwrap_or(("", &text));
    let stem = file.strip_suffix(".rs").unwrap_or(file);
    let (home, name) =
        if stem == "mod" { folder.rsplit_once('/').unwrap_or(("", folder)) } else { (folder, stem) };
    if matches!(stem, "lib" | "main") {
        return false;
    }
    let at = |name: &str| RepoPath::from(format!("{home}/{name}.rs").trim_start_matches('/'));
    let own = |name: &str| {
        let parent = at(name);
        if parent == *path { None } else { read(&parent).map(|bytes| (parent, bytes)) }
    };
    // A `mod.rs` beside the root of a crate is nobody's parent.
    let roots: Vec<_> = [own("lib"), own("main")].into_iter().flatten().collect();
    let mut parents = if roots.is_empty() { own("mod").into_iter().collect() } else { roots };
    let folder_file = RepoPath::from(format!("{home}.rs").as_str());
    if !home.is_empty() && folder_file != *path {
        parents.extend(read(&folder_file).map(|bytes| (folder_file.clone(), bytes)));
    }
    // `#[path = "orders_tests.rs"]` stands in `orders.rs`.
    let beside = ["_tests", "_test"].into_iter().find_map(|end| name.strip_suffix(end));
    parents.extend(beside.and_then(own));
    let (mut answer, mut product) = (false, false);
    for (parent, bytes) in parents {
        match test_code::declared_for_tests(&bytes, name, file) {
            None => {}
            Some(true) => answer = true,
            Some(false) if is_test_module(&parent, read, known, depth + 1) => answer = true,
            Some(false) => product = true,
        }
    }
    // Whoever declares it as product makes it product.
    let answer = answer && !product;
    known.insert(path.clone(), answer);
    answer
}
