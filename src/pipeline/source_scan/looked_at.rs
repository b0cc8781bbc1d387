//! What a scan looked at: files by area, and warnings where it looked at almost nothing.

use std::collections::BTreeMap;

use crate::change::{ChangedFile, Repository, RepositoryError, TreeState};
use crate::check::context::UnscannedFolder;
use crate::finding::AreaInfo;
use crate::scan::{AreaKind, Areas, Language, RuleArea, RuleSet, ScanSettings, Treatment, decides_areas};
use crate::text::{RepoPath, format_count};

use super::files::FileScan;
use super::request::{ScanProfile, ScanRequest};

/// A named folder is reported if fewer than one in so many of its code files was scanned.
const MIN_SCANNED_SHARE: usize = 10;
/// Maximum number of code files that belong to no target before they are reported.
const MAX_UNASSIGNED_FILES: usize = 4;

/// Reads the areas of the tree before a change, if the change can alter areas; `None` if
/// they are those of the tree after it.
pub(super) fn read_areas_before(
    repo: &dyn Repository,
    tree_before: TreeState,
    files: &[ChangedFile],
    read_before: &dyn Fn(&RepoPath) -> Option<Vec<u8>>,
) -> Result<Option<Areas>, RepositoryError> {
    let decides = |file: &ChangedFile| decides_areas(&file.change.path.file_name().to_string());
    if !files.iter().any(decides) {
        return Ok(None);
    }
    let paths = repo.list_sources(tree_before)?;
    Ok(Some(Areas::read(&paths, read_before)))
}

/// Counts the code files of a scan by area, in the order of the areas.
pub(super) fn count_areas(settings: &ScanSettings, file_scans: &[FileScan]) -> Vec<AreaInfo> {
    let mut out: BTreeMap<AreaKind, AreaInfo> = BTreeMap::new();
    let empty = |kind: AreaKind| AreaInfo {
        area: kind.as_str(),
        treatment: settings.treatment(kind).as_str(),
        ..AreaInfo::default()
    };
    out.insert(AreaKind::Product, empty(AreaKind::Product));
    for area in
        file_scans.iter().filter(|file_scan| file_scan.is_code()).filter_map(|file_scan| file_scan.area)
    {
        let info = out.entry(area.kind).or_insert_with(|| empty(area.kind));
        info.files += 1;
        *info.decided_by.entry(area.basis.as_str()).or_default() += 1;
    }
    out.into_values().collect()
}

/// Returns warnings about a scan of a whole tree: no product at all, a named path of
/// which almost nothing was scanned, and code that belongs to no target of its manifest.
pub(super) fn find_unscanned(
    request: &ScanRequest,
    settings: &ScanSettings,
    rule_set: &RuleSet,
    paths: &[RepoPath],
    file_scans: &[FileScan],
) -> Vec<UnscannedFolder> {
    if !rule_set.rules().iter().any(|rule| rule.area == RuleArea::Product) {
        return Vec::new();
    }
    let readers = ScanReaders { rule_set, profile: &request.profile, settings };
    let all = || paths.iter().zip(file_scans);
    let mut out = Vec::new();
    let mut add = |path: &RepoPath, message: String| {
        out.push(UnscannedFolder { path: path.clone(), message });
    };
    for named in &request.paths {
        let below = |path: &RepoPath| path == named || path.is_below(named.as_bytes());
        let own: Vec<&FileScan> =
            all().filter(|(path, _)| below(path)).map(|(_, file_scan)| file_scan).collect();
        let code: Vec<&FileScan> = own.iter().copied().filter(|file_scan| file_scan.is_code()).collect();
        let scanned = code.iter().filter(|file_scan| file_scan.is_looked_at(settings)).count();
        if code.is_empty() && !own.iter().any(|file_scan| file_scan.is_scanned()) {
            add(named, format!("{named} has no file that a rule applies to"));
        } else if scanned * MIN_SCANNED_SHARE < code.len() {
            let files = format_count(code.len(), "code file");
            add(
                named,
                format!("{scanned} of {files} in {named} were scanned; the others are {}", list_areas(&code)),
            );
        }
    }
    if request.paths.is_empty() {
        let code: Vec<&FileScan> = file_scans.iter().filter(|file_scan| file_scan.is_code()).collect();
        let count = |wanted: AreaKind| {
            code.iter().filter(|file_scan| file_scan.area.is_some_and(|area| area.kind == wanted)).count()
        };
        let (product, unassigned) = (count(AreaKind::Product), count(AreaKind::Unassigned));
        let root = RepoPath::default();
        if code.is_empty() {
            add(
                &root,
                "no code file of a known language was found, so no product code was scanned".to_owned(),
            );
        } else if !code.iter().any(|file_scan| file_scan.has_treatment(settings, Treatment::Product)) {
            let files = format_count(code.len(), "code file");
            add(&root, format!("no product code was scanned; {files}: {}", list_areas(&code)));
        } else if let Some(files) = readers.find_unread(all()) {
            add(&root, format!("no rule of this scan reads the language of the product: {files}"));
        } else if unassigned > MAX_UNASSIGNED_FILES && unassigned * 5 > product + unassigned {
            let files = format_count(unassigned, "code file");
            add(&root, format!("{files} belong to no target of a manifest, or are outside `scan: product`"));
        }
    }
    out
}

/// What reads the files of a scan.
#[derive(Clone, Copy)]
pub(super) struct ScanReaders<'a> {
    pub rule_set: &'a RuleSet,
    pub profile: &'a ScanProfile,
    pub settings: &'a ScanSettings,
}

impl ScanReaders<'_> {
    /// Returns the number of code files of the product by language if nothing in the scan reads
    /// any of these languages; `None` if something does, or if there is no such file. Whether a
    /// rule applies to some paths only makes no difference.
    pub(super) fn find_unread<'f>(
        &self,
        files: impl Iterator<Item = (&'f RepoPath, &'f FileScan)>,
    ) -> Option<String> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for (path, file_scan) in
            files.filter(|(_, file)| file.has_treatment(self.settings, Treatment::Product))
        {
            let language = file_scan.language.filter(|language| language.is_code());
            let name = match language {
                Some(language) if self.reads(language) => return None,
                Some(language) => language.as_str(),
                None => match Language::unknown_code(path) {
                    Some(name) => name,
                    None => continue,
                },
            };
            *counts.entry(name).or_default() += 1;
        }
        let all: Vec<String> = counts.iter().map(|(name, count)| format!("{name} {count}")).collect();
        (!all.is_empty()).then(|| all.join(", "))
    }

    fn reads(&self, language: Language) -> bool {
        (self.profile.families.contains(&"coverage") && language.is_testable())
            || self.rule_set.rules().iter().any(|rule| rule.supports_language(language))
    }

    /// Returns whether the scan reads code at all: hygiene looks at names and sizes.
    pub(super) fn reads_code(&self) -> bool {
        self.profile.families.contains(&"coverage") || !self.rule_set.rules().is_empty()
    }
}

/// Lists the areas of files with their counts.
fn list_areas(file_scans: &[&FileScan]) -> String {
    let mut counts: BTreeMap<AreaKind, usize> = BTreeMap::new();
    for area in file_scans.iter().filter_map(|file_scan| file_scan.area) {
        *counts.entry(area.kind).or_default() += 1;
    }
    let all: Vec<String> = counts.iter().map(|(kind, count)| format!("{} {count}", kind.as_str())).collect();
    all.join(", ")
}
