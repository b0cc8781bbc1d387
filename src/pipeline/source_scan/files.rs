//! Reads and matches files.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use crate::change::{FileContent, Repository, RepositoryError, TreeState};
use crate::pipeline::error::PipelineError;
use crate::scan::test_code::TestFacts;
use crate::scan::{
    Area, AreaBasis, AreaKind, Areas, FileMatches, Hit, Language, RuleArea, RuleSet, ScanSettings, Treatment,
    scan,
};
use crate::system::files;
use crate::system::parallel;
use crate::text::RepoPath;

use super::results::ScannedText;
use super::test_module::{PackageFacts, TestModules};

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
    /// What the file is for; `None` if its content was not read and its name says
    /// nothing.
    pub area: Option<Area>,
    /// The language; `None` if it is unknown.
    pub language: Option<Language>,
    /// The file's text; `None` if nothing was found in it.
    pub text: Option<Arc<ScannedText>>,
}

impl FileScan {
    fn skipped(reason: SkipReason, plan: &FilePlan) -> Self {
        Self { skip_reason: Some(reason), ..Self::of(plan) }
    }

    fn unread(reason: String, plan: &FilePlan) -> Self {
        Self { unread_reason: Some(reason), ..Self::of(plan) }
    }

    fn of(plan: &FilePlan) -> Self {
        Self { area: Some(plan.area), language: plan.language, ..Self::default() }
    }

    /// Returns the result for a file that exceeds [`MAX_SOURCE_BYTES`].
    fn oversized(plan: &FilePlan) -> Self {
        if plan.language.is_none_or(|language| language == Language::Plain) {
            return Self::skipped(SkipReason::Large, plan);
        }
        Self::unread(format!("it is longer than {MAX_SOURCE_BYTES} bytes, the maximum for a scan"), plan)
    }

    /// Returns true if the file was read and matched.
    pub(super) fn is_scanned(&self) -> bool {
        self.skip_reason.is_none() && self.unread_reason.is_none()
    }

    /// Returns true if the file is code of a known language.
    pub(super) fn is_code(&self) -> bool {
        self.language.is_some_and(Language::is_code)
    }

    /// Returns true if rules of the product or of tests looked at the file.
    pub(super) fn is_looked_at(&self, settings: &ScanSettings) -> bool {
        self.area.is_some_and(|area| settings.treatment(area.kind) >= Treatment::Tests)
    }

    /// Returns true if the area of the file has a treatment.
    pub(super) fn has_treatment(&self, settings: &ScanSettings, treatment: Treatment) -> bool {
        self.area.is_some_and(|area| settings.treatment(area.kind) == treatment)
    }

    /// Marks the file as test code and drops findings of rules that do not
    /// apply to test code.
    pub(super) fn mark_as_test_code(&mut self, rule_set: &RuleSet) {
        self.matches.hits.retain(|hit| rule_set.rules().get(hit.rule).is_some_and(|rule| rule.tests));
    }

    /// Marks the file as a tool and drops findings of rules that apply to the product only.
    pub(super) fn mark_as_tool(&mut self, rule_set: &RuleSet) {
        self.area = Some(Area { kind: AreaKind::Tools, basis: AreaBasis::Name });
        let applies =
            |hit: &Hit| rule_set.rules().get(hit.rule).is_some_and(|rule| rule.area == RuleArea::Everywhere);
        self.matches.hits.retain(applies);
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
#[derive(Clone, Copy)]
pub(super) struct ScanContext<'a> {
    pub rule_set: &'a RuleSet,
    pub settings: &'a ScanSettings,
    pub today: jiff::civil::Date,
    /// What the files of the scanned tree are for.
    pub areas: &'a Areas,
}

/// What is known of a file before it is read.
struct FilePlan {
    /// `None`: the language is unknown until the shebang line is read.
    language: Option<Language>,
    area: Area,
    treatment: Treatment,
    /// Indexes of the rules that apply.
    rules: Vec<usize>,
}

impl ScanContext<'_> {
    /// Determines the area of a file and the rules that apply to it. Rules are at least
    /// those of `floor`: a change cannot move its own code out of the product.
    fn plan(&self, path: &RepoPath, floor: Treatment) -> FilePlan {
        let language = Language::from_path(path);
        let has_no_extension = language == Language::Plain && !path.file_name().contains(&b'.');
        let language = (!has_no_extension).then_some(language);
        let area = self.areas.area(self.settings, path, language.unwrap_or(Language::Plain));
        let treatment = self.settings.treatment(area.kind).max(floor);
        let rules = self.rule_set.applicable(&path.to_text(), language, treatment);
        FilePlan { language, area, treatment, rules }
    }

    /// Returns the treatment of a file by its path.
    pub(super) fn treatment_by_path(&self, path: &RepoPath) -> Treatment {
        let area = self.areas.area(self.settings, path, Language::from_path(path));
        self.settings.treatment(area.kind)
    }

    /// Returns the treatment of a file by its path and content, without matching it.
    pub(super) fn treatment(&self, path: &RepoPath, bytes: &[u8]) -> Treatment {
        let mut plan = self.plan(path, Treatment::Skip);
        let language = plan.language.unwrap_or(Language::Plain);
        self.apply_content(path, language, bytes, Treatment::Skip, &mut plan);
        plan.treatment
    }

    /// Takes the area from the content of a file of the product, if the content says
    /// one.
    fn apply_content(
        &self,
        path: &RepoPath,
        language: Language,
        bytes: &[u8],
        floor: Treatment,
        plan: &mut FilePlan,
    ) {
        let is_by_configuration = plan.area.basis == AreaBasis::Configuration;
        if !matches!(plan.area.kind, AreaKind::Product | AreaKind::Tests) || !language.is_code() {
            return;
        }
        let Some(kind) = self.areas.area_of_content(path, language, bytes) else { return };
        // Of tests, only what a tool or another project wrote is something else.
        let is_only_generated = is_by_configuration || plan.area.kind == AreaKind::Tests;
        if is_only_generated && !matches!(kind, AreaKind::Generated | AreaKind::Vendored) {
            return;
        }
        plan.area = Area { kind, basis: AreaBasis::Content };
        plan.treatment = self.settings.treatment(kind).max(floor);
        plan.rules = self.rule_set.applicable(&path.to_text(), Some(language), plan.treatment);
    }

    /// Matches the bytes of one file, or rejects them as too long. The result
    /// keeps findings in test modules; see [`Self::finish_test_module`]. `floor` is the
    /// treatment of the file before a change.
    pub(super) fn scan_content(
        &self,
        path: &RepoPath,
        content: &FileContent,
        floor: Treatment,
    ) -> Result<FileScan, FileScanError> {
        if content.is_released() {
            return Ok(FileScan::oversized(&self.plan(path, floor)));
        }
        self.scan_bytes(path, &content.bytes, floor)
    }

    /// Matches bytes; see [`Self::scan_content`].
    pub(super) fn scan_bytes(
        &self,
        path: &RepoPath,
        bytes: &[u8],
        floor: Treatment,
    ) -> Result<FileScan, FileScanError> {
        let plan = self.plan(path, floor);
        if u64::try_from(bytes.len()).is_ok_and(|length| length > MAX_SOURCE_BYTES) {
            return Ok(FileScan::oversized(&plan));
        }
        if plan.rules.is_empty() {
            return Ok(FileScan::skipped(SkipReason::NoRule, &plan));
        }
        self.match_bytes(path, plan, bytes, floor)
    }

    fn match_bytes(
        &self,
        path: &RepoPath,
        mut plan: FilePlan,
        bytes: &[u8],
        floor: Treatment,
    ) -> Result<FileScan, FileScanError> {
        let by_name = plan.language.is_some();
        let language = plan.language.or_else(|| Language::from_shebang(bytes)).unwrap_or(Language::Plain);
        plan.language = Some(language);
        let head = bytes.get(..8000.min(bytes.len())).unwrap_or_default();
        if language == Language::Plain && memchr::memchr(0, head).is_some() {
            return Ok(FileScan::skipped(SkipReason::Binary, &plan));
        }
        if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
            let reason = "it is UTF-16, which no compiler of this language reads without conversion";
            return Ok(FileScan::unread(reason.to_owned(), &plan));
        }
        if !by_name {
            let all = self.rule_set.rules();
            plan.rules.retain(|index| all.get(*index).is_some_and(|rule| rule.supports_language(language)));
        }
        self.apply_content(path, language, bytes, floor, &mut plan);
        if plan.rules.is_empty() {
            return Ok(FileScan::skipped(SkipReason::NoRule, &plan));
        }
        let facts = TestFacts {
            is_test: plan.treatment == Treatment::Tests,
            enabled_features: self.enabled_features(path, language),
        };
        let matches = scan(self.rule_set, &plan.rules, language, bytes, facts, self.today)
            .map_err(|reason| FileScanError::RuleCannotRun { reason })?;
        Ok(FileScan { matches, bytes: bytes.len(), ..FileScan::of(&plan) })
    }

    fn enabled_features(&self, path: &RepoPath, language: Language) -> Option<&BTreeSet<String>> {
        if language == Language::Rust { self.areas.enabled_features(path) } else { None }
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
        if file_scan.matches.hits.is_empty() || Language::from_path(path) != Language::Rust {
            return;
        }
        let enabled = self.enabled_features(path, Language::Rust);
        let roots = self.areas.crate_roots(path);
        if test_modules.contains(path, PackageFacts { enabled, roots: &roots }, read) {
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
        let plan = self.plan(path, Treatment::Skip);
        if plan.rules.is_empty() {
            return Ok(FileScan::skipped(SkipReason::NoRule, &plan));
        }
        let file = files::join_repo_path(root, path);
        match files::read_if_within(&file, MAX_SOURCE_BYTES, &mut buffers.bytes) {
            Ok(true) => {
                let mut file_scan = self.match_bytes(path, plan, &buffers.bytes, Treatment::Skip)?;
                let read =
                    |path: &RepoPath| files::read(&files::join_repo_path(root, path), MAX_SOURCE_BYTES).ok();
                self.finish_test_module(path, &mut file_scan, &read, &mut buffers.test_modules);
                keep_text(path, &mut file_scan, &buffers.bytes);
                Ok(file_scan)
            }
            Ok(false) => Ok(FileScan::oversized(&plan)),
            Err(error) => Ok(FileScan::unread(error.to_string(), &plan)),
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
            let plan = context.plan(path, Treatment::Skip);
            let bytes = if plan.rules.is_empty() { None } else { repo.read(tree, path)? };
            contents.push((path, bytes));
        }
        let scanned = parallel::map(&contents, |(path, bytes)| match bytes {
            Some(bytes) => context.scan_bytes(path, bytes, Treatment::Skip),
            None => Ok(FileScan::skipped(SkipReason::NoRule, &context.plan(path, Treatment::Skip))),
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
