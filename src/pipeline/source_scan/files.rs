//! Reads and matches files.

use std::path::Path;
use std::sync::Arc;

use crate::change::{Repository, RepositoryError, TreeState};
use crate::pipeline::error::PipelineError;
use crate::scan::{FileMatches, Language, RuleSet, ScanSettings, scan};
use crate::system::files;
use crate::system::parallel;
use crate::text::RepoPath;

use super::results::ScannedText;
use super::test_module::TestModules;

/// Maximum size of a source file, in bytes; larger files are not scanned.
const MAX_SOURCE_BYTES: u64 = 16 * 1024 * 1024;
/// Number of files that are read before the threads match them.
const BATCH_FILES: usize = 256;

/// Reason why a file did not have to be scanned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum SkipReason {
    /// No rule applies to it.
    NoRule,
    /// Its bytes are not text, and its name belongs to no known language.
    Binary,
    /// It is larger than [`MAX_SOURCE_BYTES`], and its name belongs to no
    /// known language.
    Large,
}

/// Scan result of one file.
#[derive(Default)]
pub(super) struct FileScan {
    pub matches: FileMatches,
    /// Number of bytes that were matched.
    pub bytes: usize,
    pub skip_reason: Option<SkipReason>,
    /// Reason why a file that rules apply to could not be scanned.
    pub unread_reason: Option<String>,
    /// True if the whole file is test code.
    pub is_test: bool,
    /// The file's text; `None` if nothing was found in it.
    pub text: Option<Arc<ScannedText>>,
}

impl FileScan {
    fn skipped(reason: SkipReason) -> Self {
        Self { skip_reason: Some(reason), ..Self::default() }
    }

    fn unread(reason: String) -> Self {
        Self { unread_reason: Some(reason), ..Self::default() }
    }

    /// Returns the result for a file that exceeds [`MAX_SOURCE_BYTES`].
    fn oversized(language: Option<Language>) -> Self {
        if language.is_none_or(|language| language == Language::Plain) {
            return Self::skipped(SkipReason::Large);
        }
        Self::unread(format!("it is longer than {MAX_SOURCE_BYTES} bytes, the maximum for a scan"))
    }

    /// Returns true if the file was read and matched.
    pub(super) fn is_scanned(&self) -> bool {
        self.skip_reason.is_none() && self.unread_reason.is_none()
    }

    /// Marks the file as test code and drops findings of rules that do not
    /// apply to test code.
    fn mark_as_test_code(&mut self, rule_set: &RuleSet) {
        self.is_test = true;
        self.matches.hits.retain(|hit| rule_set.rules().get(hit.rule).is_some_and(|rule| rule.tests));
    }
}

/// Error that stops a scan.
#[derive(Debug, thiserror::Error)]
pub(super) enum FileScanError {
    /// A file could not be read.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    /// A pattern of a rule does not compile.
    #[error("a scan rule cannot run: {reason}")]
    RuleCannotRun {
        /// The rule's id and the fault of its pattern.
        reason: String,
    },
}

impl From<FileScanError> for PipelineError {
    fn from(error: FileScanError) -> Self {
        match error {
            FileScanError::Repository(error) => Self::Repository(error),
            FileScanError::RuleCannotRun { reason } => Self::ScanRuleCannotRun { reason },
        }
    }
}

/// Read-only context shared by all files of a scan.
pub(super) struct ScanContext<'a> {
    pub rule_set: &'a RuleSet,
    pub settings: &'a ScanSettings,
    pub today: jiff::civil::Date,
    /// Returns true if a file is in the scanned tree.
    pub file_exists: &'a (dyn Fn(&str) -> bool + Sync),
}

impl ScanContext<'_> {
    /// Returns the language of a file and the indexes of the rules that apply
    /// to it. `None`: the language is unknown until the shebang line is read.
    fn select_rules(&self, path: &RepoPath) -> (Option<Language>, Vec<usize>) {
        let language = Language::from_path(path);
        let has_no_extension = language == Language::Plain && !path.file_name().contains(&b'.');
        let language = (!has_no_extension).then_some(language);
        if self.settings.skips(path) {
            return (language, Vec::new());
        }
        let text = path.to_text();
        let is_product =
            self.settings.is_product(path, language.unwrap_or(Language::Plain), self.file_exists);
        (language, self.rule_set.applicable(&text, language, is_product))
    }

    /// Matches the bytes of one file, or rejects them as too long. The result
    /// keeps findings in test modules; see [`Self::finish_test_module`].
    pub(super) fn scan_bytes(&self, path: &RepoPath, bytes: &[u8]) -> Result<FileScan, FileScanError> {
        if u64::try_from(bytes.len()).is_ok_and(|length| length > MAX_SOURCE_BYTES) {
            return Ok(FileScan::oversized(Some(Language::from_path(path))));
        }
        let (language, rules) = self.select_rules(path);
        if rules.is_empty() {
            return Ok(FileScan::skipped(SkipReason::NoRule));
        }
        self.match_bytes(path, language, rules, bytes)
    }

    fn match_bytes(
        &self,
        path: &RepoPath,
        language_by_name: Option<Language>,
        rules: Vec<usize>,
        bytes: &[u8],
    ) -> Result<FileScan, FileScanError> {
        let language = language_by_name.or_else(|| Language::from_shebang(bytes)).unwrap_or(Language::Plain);
        let head = bytes.get(..8000.min(bytes.len())).unwrap_or_default();
        if language == Language::Plain && memchr::memchr(0, head).is_some() {
            return Ok(FileScan::skipped(SkipReason::Binary));
        }
        if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
            let reason = "it is UTF-16, which no compiler of this language reads without conversion";
            return Ok(FileScan::unread(reason.to_owned()));
        }
        let rules = if language_by_name.is_some() {
            rules
        } else {
            let all = self.rule_set.rules();
            rules
                .into_iter()
                .filter(|index| all.get(*index).is_some_and(|rule| rule.supports_language(language)))
                .collect()
        };
        let is_test = self.settings.is_test(path, language);
        let matches = scan(self.rule_set, &rules, language, bytes, is_test, self.today)
            .map_err(|reason| FileScanError::RuleCannotRun { reason })?;
        Ok(FileScan { matches, bytes: bytes.len(), is_test, ..FileScan::default() })
    }

    /// Drops findings of rules that do not apply to test modules, if the file
    /// is one.
    pub(super) fn finish_test_module(
        &self,
        path: &RepoPath,
        file_scan: &mut FileScan,
        read: &dyn Fn(&RepoPath) -> Option<Vec<u8>>,
        test_modules: &mut TestModules,
    ) {
        if !file_scan.matches.hits.is_empty() && test_modules.contains(path, read) {
            file_scan.mark_as_test_code(self.rule_set);
        }
    }

    /// Reads and scans a file of a folder on disk; a file without applicable
    /// rules is not read.
    fn scan_from_disk(
        &self,
        root: &Path,
        path: &RepoPath,
        buffers: &mut ThreadBuffers,
    ) -> Result<FileScan, FileScanError> {
        let (language, rules) = self.select_rules(path);
        if rules.is_empty() {
            return Ok(FileScan::skipped(SkipReason::NoRule));
        }
        let file = files::join_repo_path(root, path);
        match files::read_if_within(&file, MAX_SOURCE_BYTES, &mut buffers.bytes) {
            Ok(true) => {
                let mut file_scan = self.match_bytes(path, language, rules, &buffers.bytes)?;
                let read =
                    |path: &RepoPath| files::read(&files::join_repo_path(root, path), MAX_SOURCE_BYTES).ok();
                self.finish_test_module(path, &mut file_scan, &read, &mut buffers.test_modules);
                keep_text(path, &mut file_scan, &buffers.bytes);
                Ok(file_scan)
            }
            Ok(false) => Ok(FileScan::oversized(language)),
            Err(error) => Ok(FileScan::unread(error.to_string())),
        }
    }
}

/// Keeps the text of a file in which something was found.
fn keep_text(path: &RepoPath, file_scan: &mut FileScan, bytes: &[u8]) {
    let matches = &file_scan.matches;
    if !(matches.hits.is_empty() && matches.suppressions.is_empty() && matches.long_lines.is_empty()) {
        file_scan.text = Some(Arc::new(ScannedText::new(path, bytes.to_vec())));
    }
}

/// Per-thread buffers.
#[derive(Default)]
struct ThreadBuffers {
    bytes: Vec<u8>,
    test_modules: TestModules,
}

/// Scans files of a tree. The results are in the order of `paths`.
pub(super) fn scan_files(
    repo: &dyn Repository,
    tree: TreeState,
    context: &ScanContext<'_>,
    paths: &[RepoPath],
) -> Result<Vec<FileScan>, FileScanError> {
    if let (TreeState::Worktree, Some(root)) = (tree, repo.disk_root()) {
        let scan = |path: &RepoPath, buffers: &mut ThreadBuffers| context.scan_from_disk(root, path, buffers);
        return parallel::map_with(paths, ThreadBuffers::default, scan).into_iter().collect();
    }
    // Only this thread may read the repository; other threads match.
    let read = |path: &RepoPath| repo.read(tree, path).ok().flatten();
    let mut out = Vec::with_capacity(paths.len());
    let mut test_modules = TestModules::default();
    for batch in paths.chunks(BATCH_FILES) {
        let mut contents: Vec<(&RepoPath, Option<Vec<u8>>)> = Vec::with_capacity(batch.len());
        for path in batch {
            let (_, rules) = context.select_rules(path);
            let bytes = if rules.is_empty() { None } else { repo.read(tree, path)? };
            contents.push((path, bytes));
        }
        let scanned = parallel::map(&contents, |(path, bytes)| match bytes {
            Some(bytes) => context.scan_bytes(path, bytes),
            None => Ok(FileScan::skipped(SkipReason::NoRule)),
        });
        for ((path, bytes), file_scan) in contents.iter().zip(scanned) {
            let mut file_scan = file_scan?;
            if let Some(bytes) = bytes {
                context.finish_test_module(path, &mut file_scan, &read, &mut test_modules);
                keep_text(path, &mut file_scan, bytes);
            }
            out.push(file_scan);
        }
    }
    Ok(out)
}
