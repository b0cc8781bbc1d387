//! Rust files that no module declares: no build compiles them.

use std::collections::BTreeMap;

use crate::scan::{Area, AreaBasis, AreaKind, Language};
use crate::text::RepoPath;

use super::files::{FileScan, ScanContext};
use super::go_files::{FILES_AT_ONCE, ReadFiles};

/// Maximum number of parent modules that are followed.
const MAX_DEPTH: usize = 16;
/// Maximum number of files that are looked for in other files; further ones are the product.
const MAX_UNDECLARED: usize = 500;
/// Texts of files that can declare modules without their names.
const INCLUDING: [&[u8]; 3] = [b"automod", b"include!", b"mod $"];

/// Marks Rust files that no file declares as belonging to no target. A file counts as declared
/// if its name is anywhere in a file that could declare it, or its path in any text of a Rust
/// file: macros and attributes declare modules in many forms.
pub(super) fn mark_undeclared(
    context: &ScanContext<'_>,
    paths: &[RepoPath],
    (requested, file_scans): (&[RepoPath], &mut [FileScan]),
    read: &dyn Fn(&RepoPath) -> Option<Vec<u8>>,
    read_files: &ReadFiles<'_>,
) {
    let mut modules = RustModules { context, paths, read, texts: BTreeMap::new(), known: BTreeMap::new() };
    let mut found: Vec<(usize, Vec<RepoPath>)> = Vec::new();
    for (at, (path, file_scan)) in requested.iter().zip(&*file_scans).enumerate() {
        let is_product = file_scan.area.is_some_and(|area| area.kind == AreaKind::Product);
        let has_hits = !file_scan.matches.hits.is_empty();
        if file_scan.language == Some(Language::Rust) && is_product && has_hits {
            let chain = modules.undeclared(path, 0).filter(|_| found.len() < MAX_UNDECLARED);
            found.extend(chain.map(|chain| (at, chain)));
        }
    }
    if found.is_empty() {
        return;
    }
    let mut needles: BTreeMap<RepoPath, (Vec<u8>, bool)> = BTreeMap::new();
    for path in found.iter().flat_map(|(_, chain)| chain) {
        needles.entry(path.clone()).or_insert_with(|| (needle(path), false));
    }
    let rust: Vec<RepoPath> =
        paths.iter().filter(|path| Language::from_path(path) == Language::Rust).cloned().collect();
    for chunk in rust.chunks(FILES_AT_ONCE) {
        read_files(chunk, &mut |path, text| {
            let Some(text) = text else { return };
            for (own, (needle, is_named)) in &mut needles {
                *is_named = *is_named || (own != path && memchr::memmem::find(text, needle).is_some());
            }
        });
    }
    for (at, chain) in found {
        let is_named = |path: &RepoPath| needles.get(path).is_some_and(|(_, is_named)| *is_named);
        let (Some(path), Some(file_scan)) = (requested.get(at), file_scans.get_mut(at)) else { continue };
        if chain.iter().any(is_named) {
            continue;
        }
        file_scan.area = Some(Area::new(AreaKind::Unassigned, AreaBasis::Manifest));
        let treatment = context.settings.treatment(AreaKind::Unassigned);
        let rules = context.rule_set.rules();
        let path = path.to_text();
        file_scan
            .matches
            .hits
            .retain(|hit| rules.get(hit.rule).is_some_and(|rule| rule.applies_to_path(&path, treatment)));
    }
}

/// Returns the end of a text that names a file in an attribute or a macro.
fn needle(path: &RepoPath) -> Vec<u8> {
    let text = path.to_text();
    let mut names = text.rsplit('/');
    let (file, folder) = (names.next().unwrap_or_default(), names.next().unwrap_or_default());
    // Each module may have a file of this name.
    let whole = if file == "mod.rs" { format!("{folder}/{file}\"") } else { format!("{file}\"") };
    whole.into_bytes()
}

/// Looks for the declarations of modules.
struct RustModules<'a> {
    context: &'a ScanContext<'a>,
    /// All files of the tree, sorted.
    paths: &'a [RepoPath],
    read: &'a dyn Fn(&RepoPath) -> Option<Vec<u8>>,
    texts: BTreeMap<RepoPath, Option<Vec<u8>>>,
    /// For each file the undeclared files from it upwards; `None` if it is declared.
    known: BTreeMap<RepoPath, Option<Vec<RepoPath>>>,
}

impl RustModules<'_> {
    /// Returns a file and the modules around it up to the one that no file declares; `None`
    /// if the file may be declared.
    fn undeclared(&mut self, path: &RepoPath, depth: usize) -> Option<Vec<RepoPath>> {
        if let Some(known) = self.known.get(path) {
            return known.clone();
        }
        let out = self.find_undeclared(path, depth);
        self.known.insert(path.clone(), out.clone());
        out
    }

    fn find_undeclared(&mut self, path: &RepoPath, depth: usize) -> Option<Vec<RepoPath>> {
        let text = path.to_text().into_owned();
        let package = self.context.areas.manifest_folder(path, Language::Rust)?;
        let below = text.strip_prefix(package)?.trim_start_matches('/').strip_prefix("src/")?;
        let (folder, file) = text.rsplit_once('/')?;
        let stem = file.strip_suffix(".rs")?;
        let roots = self.context.areas.crate_roots(path);
        let is_root = matches!(stem, "lib" | "main") || below.starts_with("bin/") || roots.contains(path);
        if is_root || depth > MAX_DEPTH {
            return None;
        }
        let (around, name) = if stem == "mod" { folder.rsplit_once('/')? } else { (folder, stem) };
        let beside = ["lib.rs", "main.rs", "mod.rs"].map(|one| format!("{around}/{one}"));
        let usual =
            beside.into_iter().chain([format!("{around}.rs")]).map(|one| RepoPath::from(one.as_str()));
        let named = roots.into_iter().filter(|root| root.folder() == around.as_bytes());
        let parents: Vec<RepoPath> =
            usual.chain(named).filter(|one| one != path && self.exists(one)).collect();
        if parents.is_empty() {
            return None;
        }
        let mut chain = vec![path.clone()];
        for parent in parents {
            if self.mentions(&parent, name) {
                // What an undeclared module declares is as undeclared as it is.
                chain.extend(self.undeclared(&parent, depth + 1)?);
            }
        }
        Some(chain)
    }

    fn exists(&self, path: &RepoPath) -> bool {
        self.paths.binary_search(path).is_ok()
    }

    /// Returns whether a file contains a name as a word, outside of lines that are comments, or
    /// includes other files by a macro.
    fn mentions(&mut self, file: &RepoPath, name: &str) -> bool {
        let read = self.read;
        let text = self.texts.entry(file.clone()).or_insert_with(|| read(file));
        let Some(text) = text else { return true };
        let is_word =
            |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        let is_code = |at: usize| {
            let start =
                text.get(..at).and_then(|before| memchr::memrchr(b'\n', before)).map_or(0, |at| at + 1);
            !text.get(start..at).is_some_and(|line| line.trim_ascii_start().starts_with(b"//"))
        };
        let mut found = memchr::memmem::find_iter(text, name);
        found.any(|at| {
            let before = at.checked_sub(1).and_then(|at| text.get(at));
            !is_word(before) && !is_word(text.get(at + name.len())) && is_code(at)
        }) || INCLUDING.iter().any(|one| memchr::memmem::find(text, one).is_some())
    }
}
