//! Files that a change keeps or takes out of the product: by their own text, or by a manifest or
//! an attribute of the change. The reviewer is told of them.

use crate::check::context::UnscannedFolder;
use crate::scan::{AreaBasis, Areas, Language, Treatment};
use crate::text::{RepoPath, format_count};

use super::files::ScanContext;
use super::new_hits::ScannedFile;

/// Maximum number of files that are read to see whether they were the product. Of further files,
/// the path decides.
const MAX_READ_FILES: usize = 1_000;

/// A reader of files of a tree.
type Read<'a> = dyn Fn(&RepoPath) -> Option<Vec<u8>> + 'a;

/// The trees before and after a change.
pub(super) struct MovedOut<'a> {
    pub after: &'a ScanContext<'a>,
    pub before: &'a ScanContext<'a>,
    /// The files of the tree after the change.
    pub paths: &'a [RepoPath],
    /// The areas before the change, if it can alter areas.
    pub areas_before: Option<&'a Areas>,
}

impl MovedOut<'_> {
    /// Returns the warnings about all kinds.
    pub(super) fn find(
        &self,
        scanned: &[ScannedFile<'_>],
        read: &Read<'_>,
        read_before: &Read<'_>,
    ) -> Vec<UnscannedFolder> {
        let mut out: Vec<UnscannedFolder> = scanned
            .iter()
            .filter_map(|file| self.find_by_text(file).or_else(|| self.find_new(file)))
            .collect();
        out.extend(self.find_by_manifest(read, read_before));
        out
    }

    /// Returns a warning about a file that its own text takes out of the product: a new one that
    /// is not scanned, or one of the product before.
    fn find_by_text(&self, scanned: &ScannedFile<'_>) -> Option<UnscannedFolder> {
        let area = scanned.file_scan.area.filter(|area| area.basis == AreaBasis::Content)?;
        let path = scanned.path;
        let kind = area.kind.as_str();
        let message = match &scanned.file.before {
            None if scanned.file_scan.is_looked_at(self.after.settings) => return None,
            None => {
                format!("{path} is new, and it was not scanned because its own text says that it is {kind}")
            }
            Some(before) => {
                let is_moved = self.before.treatment(path, &before.bytes) == Treatment::Product
                    && self.after.settings.treatment(area.kind) < Treatment::Product;
                if !is_moved {
                    return None;
                }
                format!(
                    "{path} was the product, and its own text says now that it is {kind}; later changes of it \
                     are not scanned as the product"
                )
            }
        };
        Some(UnscannedFolder { path: path.clone(), message })
    }

    /// Returns a warning about a new file in which rules of the product match, if it would be the
    /// product without a manifest or an attribute of the change. A package that is new as a whole
    /// says itself what it is.
    fn find_new(&self, scanned: &ScannedFile<'_>) -> Option<UnscannedFolder> {
        let (path, before) = (scanned.path, self.areas_before?);
        let area = scanned.file_scan.area.filter(|_| scanned.file.before.is_none())?;
        let treatment = self.after.settings.treatment(area.kind);
        if treatment == Treatment::Product || self.before.treatment_by_path(path) != Treatment::Product {
            return None;
        }
        let language = Language::from_path(path);
        if !language.is_code()
            || before.manifest_folder(path, language) != self.after.areas.manifest_folder(path, language)
        {
            return None;
        }
        let as_product = self.after.scan_bytes(path, scanned.bytes, Treatment::Product).ok()?;
        let has_more = as_product.matches.hits.len() > scanned.file_scan.matches.hits.len();
        has_more.then(|| UnscannedFolder {
            path: path.clone(),
            message: format!(
                "{path} is new, and a manifest or an attribute of this change says that it is {}, not the \
                 product; rules of the product match in it",
                area.kind.as_str()
            ),
        })
    }

    /// Returns a warning about the files that a manifest or an attribute of the change takes out of
    /// the product.
    fn find_by_manifest(&self, read: &Read<'_>, read_before: &Read<'_>) -> Option<UnscannedFolder> {
        self.areas_before?;
        let is_product = |context: &ScanContext<'_>, path: &RepoPath| {
            Language::from_path(path).is_code() && context.treatment_by_path(path) == Treatment::Product
        };
        let mut moved = self
            .paths
            .iter()
            .filter(|path| is_product(self.before, path) && !is_product(self.after, path))
            .enumerate()
            .filter(|(at, path)| {
                if *at >= MAX_READ_FILES {
                    return true;
                }
                let was = read_before(path).map(|bytes| self.before.treatment(path, &bytes));
                let is = read(path).map(|bytes| self.after.treatment(path, &bytes));
                was == Some(Treatment::Product) && is.is_some_and(|is| is < Treatment::Product)
            })
            .map(|(_, path)| path);
        let first = moved.next()?;
        let count = 1 + moved.count();
        let area = self.after.areas.area(self.after.settings, first, Language::from_path(first));
        let verb = if count == 1 { "is" } else { "are" };
        Some(UnscannedFolder {
            path: first.clone(),
            message: format!(
                "{} {verb} no longer the product by the manifests and attributes of this change, such as {first} \
                 ({}); later changes of them are not scanned as the product",
                format_count(count, "code file"),
                area.kind.as_str()
            ),
        })
    }
}
