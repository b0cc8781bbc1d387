//! Existing paths that look like a missing one.

use std::cell::Cell;
use std::collections::BTreeMap;

use crate::text::RepoPath;

/// Minimum similarity of the file names, from 0 to 1.
const MIN_NAME_SIMILARITY: f64 = 0.7;
/// Minimum sum of the similarities of file name and path, from 0 to 2.
const MIN_SIMILARITY: f64 = 1.1;
/// Maximum length of a file name that is compared, in characters.
const MAX_NAME_LENGTH: usize = 255;
/// Maximum number of paths with similar file names that are compared as a whole.
const MAX_COMPARED_PATHS: usize = 100;
/// Maximum number of file names that are compared by all calls. After that, only
/// paths with the same file name are found.
const MAX_COMPARED_NAMES: usize = 1_000_000;
/// Longer names count as several: the product of the lengths of two usual names.
const CELLS_OF_A_NAME: usize = 1_000;

/// Existing paths, grouped by the length and the text of their file names in lower
/// case.
pub(super) struct SimilarPaths {
    paths_by_name: BTreeMap<usize, BTreeMap<String, Vec<RepoPath>>>,
    /// Number of file names that may still be compared.
    remaining: Cell<usize>,
}

impl SimilarPaths {
    pub(super) fn new(paths: Vec<RepoPath>) -> Self {
        let mut paths_by_name: BTreeMap<usize, BTreeMap<String, Vec<RepoPath>>> = BTreeMap::new();
        for path in paths {
            let name = lower_name(&path);
            let names = paths_by_name.entry(name.chars().count()).or_default();
            names.entry(name).or_default().push(path);
        }
        Self { paths_by_name, remaining: Cell::new(MAX_COMPARED_NAMES) }
    }

    /// Returns the path that looks most like the wanted one: with the same file
    /// name, or with few letters changed. File names are compared first; whole
    /// paths are compared only for the most similar names.
    pub(super) fn nearest(&self, wanted: &RepoPath) -> Option<&RepoPath> {
        let name = lower_name(wanted);
        let length = name.chars().count();
        if length > MAX_NAME_LENGTH {
            return None;
        }
        // The similarity is at most the shorter length divided by the longer one.
        // Three of ten characters may differ: 7/10 of the length to 10/7 of it.
        let lengths = (length * 7).div_ceil(10)..=length * 10 / 7;
        // Comparing two names takes the product of their lengths.
        let cells = |(other, names): (&usize, &BTreeMap<String, Vec<RepoPath>>)| {
            names.len().saturating_mul((other * length / CELLS_OF_A_NAME).max(1))
        };
        let count: usize = self.paths_by_name.range(lengths.clone()).map(cells).sum();
        let mut similar: Vec<(f64, &Vec<RepoPath>)> = match self.remaining.get().checked_sub(count) {
            Some(remaining) => {
                self.remaining.set(remaining);
                let names = self.paths_by_name.range(lengths).flat_map(|(_, names)| names);
                names
                    .map(|(other, paths)| (strsim::normalized_levenshtein(other, &name), paths))
                    .filter(|(similarity, _)| *similarity >= MIN_NAME_SIMILARITY)
                    .collect()
            }
            None => {
                let names = self.paths_by_name.get(&length);
                names.and_then(|names| names.get(&name)).map(|paths| (1.0, paths)).into_iter().collect()
            }
        };
        similar.sort_by(|a, b| b.0.total_cmp(&a.0));
        let text = wanted.to_text().to_lowercase();
        let paths = similar.iter().flat_map(|(score, paths)| paths.iter().map(move |path| (*score, path)));
        let scored = paths.take(MAX_COMPARED_PATHS).map(|(score, path)| {
            (score + strsim::normalized_levenshtein(&path.to_text().to_lowercase(), &text), path)
        });
        let best = scored
            .filter(|(score, _)| *score > MIN_SIMILARITY)
            .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)));
        best.map(|(_, path)| path)
    }
}

fn lower_name(path: &RepoPath) -> String {
    path.file_name().to_string().to_lowercase()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn similar_paths(paths: &[&str]) -> SimilarPaths {
        SimilarPaths::new(paths.iter().map(|path| RepoPath::from(*path)).collect())
    }

    #[test]
    fn the_most_similar_path_has_a_similar_file_name() {
        let all = similar_paths(&["docs/Guide.md", "src/deep/runner.rs", "src/runner.rs", "src/x.rs"]);
        let nearest = |wanted: &str| all.nearest(&RepoPath::from(wanted)).map(ToString::to_string);
        assert_eq!(nearest("docs/guide.md").as_deref(), Some("docs/Guide.md"));
        assert_eq!(nearest("src/runer.rs").as_deref(), Some("src/runner.rs"));
        assert_eq!(nearest("lib/deep/runner.rs").as_deref(), Some("src/deep/runner.rs"));
        assert_eq!(nearest("src/something_else.rs"), None);
    }

    #[test]
    fn many_paths_are_compared_quickly() {
        let paths = (0..4_000).map(|n| format!("src/some/long/folder/name/of/a/module/{n}/file_{n}_name.rs"));
        let all = SimilarPaths::new(paths.map(|path| RepoPath::from(path.as_str())).collect());
        let start = Instant::now();
        for n in 0..10 {
            let wanted = format!("docs/some/long/folder/name/of/a/module/{n}/filo_{n}_name.rs");
            assert!(all.nearest(&RepoPath::from(wanted.as_str())).is_some());
        }
        for n in 0..2_000 {
            let wanted = format!(
                "docs/some/long/folder/name/of/a/module/{n}/missing_{n}_with_a_long_name_that_nothing_has.rs"
            );
            assert!(all.nearest(&RepoPath::from(wanted.as_str())).is_none());
        }
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
        all.remaining.set(0);
        let nearest = |wanted: &str| all.nearest(&RepoPath::from(wanted)).map(ToString::to_string);
        let same_name = "src/some/long/folder/name/of/a/module/7/file_7_name.rs";
        assert_eq!(nearest("lib/some/long/folder/name/file_7_name.rs").as_deref(), Some(same_name));
        assert_eq!(nearest("src/some/long/folder/name/of/a/module/7/filo_7_name.rs"), None);
    }
}
