//! Entries of `IN_SCOPE_PATHS` that are similar to a path, for hints.

use std::collections::{BTreeMap, HashMap};

use unicode_normalization::UnicodeNormalization as _;

use crate::document::scope_entry::{ScopeEntry, ScopePattern};
use crate::text::RepoPath;

/// Minimum similarity of an entry that is named as similar, from 0 to 1.
const MIN_SIMILARITY: f64 = 0.75;
/// Maximum number of pairs of a path and an entry that are compared by letters.
const MAX_COMPARISONS: usize = 10_000;
/// Maximum length of a path that is compared by letters, in bytes.
const MAX_COMPARED_LENGTH: usize = 512;
/// Maximum number of explanations for one path.
const MAX_EXPLANATIONS: usize = 5;

const NAMES_A_FILE: &str = "names a file; write a folder and everything below it with a trailing `/`";
const DIFFERS_IN_CASE: &str = "differs only in case";
const LOOKS_THE_SAME: &str = "looks the same, but uses different Unicode characters (such as NFC and NFD)";

/// The valid entries of a scope, indexed by their paths.
pub(super) struct SimilarEntries<'a> {
    entries: &'a [ScopeEntry],
    /// Indices and paths of entries that are a file or a folder.
    paths: Vec<(usize, String)>,
    /// Indices of the entries that are a file.
    by_path: HashMap<String, Vec<usize>>,
    by_lower_case: HashMap<String, Vec<usize>>,
    by_composition: HashMap<String, Vec<usize>>,
    /// Indices of invalid entries by the paths that they seem to name.
    invalid: HashMap<String, usize>,
}

impl<'a> SimilarEntries<'a> {
    pub(super) fn new(entries: &'a [ScopeEntry]) -> Self {
        let mut out = Self {
            entries,
            paths: Vec::new(),
            by_path: HashMap::new(),
            by_lower_case: HashMap::new(),
            by_composition: HashMap::new(),
            invalid: HashMap::new(),
        };
        for (index, entry) in entries.iter().enumerate() {
            if entry.pattern.is_err() {
                for path in paths_in(&entry.raw.value) {
                    out.invalid.entry(path).or_insert(index);
                }
            }
            if let Ok(ScopePattern::File(path) | ScopePattern::Folder(path)) = &entry.pattern {
                out.paths.push((index, path.to_text().into_owned()));
            }
            if let Ok(ScopePattern::File(path)) = &entry.pattern {
                let text = path.to_text();
                out.by_lower_case.entry(text.to_lowercase()).or_default().push(index);
                out.by_composition.entry(text.nfkc().collect()).or_default().push(index);
                out.by_path.entry(text.into_owned()).or_default().push(index);
            }
        }
        out
    }

    /// Returns the invalid entry that seems to name a path, or a folder above it.
    pub(super) fn meant_for(&self, path: &RepoPath) -> Option<&'a ScopeEntry> {
        if self.invalid.is_empty() {
            return None;
        }
        let text = path.to_text();
        let folders = text.rmatch_indices('/').filter_map(|(at, _)| text.get(..at));
        std::iter::once(text.as_ref())
            .chain(folders)
            .filter_map(|name| self.invalid.get(name))
            .find_map(|index| self.entries.get(*index))
    }

    /// Returns the entry whose letters are most similar to those of a path. `at`
    /// counts the paths from 0: only the first paths are compared, so that the
    /// product of paths and entries is limited.
    pub(super) fn nearest(&self, path: &RepoPath, at: usize) -> Option<&'a ScopeEntry> {
        let text = path.to_text();
        if at.saturating_add(1).saturating_mul(self.paths.len()) > MAX_COMPARISONS
            || text.len() > MAX_COMPARED_LENGTH
        {
            return None;
        }
        // A text with more than 4/3 of the characters is not similar enough.
        let length = text.chars().count();
        let is_close = |other: &str| {
            let other = other.chars().count();
            length.max(other) * 3 < length.min(other) * 4
        };
        let close = self.paths.iter().filter(|(_, other)| is_close(other));
        let scored = close.map(|(index, other)| (*index, strsim::normalized_levenshtein(other, &text)));
        let best = scored.filter(|(_, score)| *score > MIN_SIMILARITY).max_by(|a, b| a.1.total_cmp(&b.1));
        best.and_then(|(index, _)| self.entries.get(index))
    }

    /// Returns entries that a person could take for an entry of this path, each
    /// with the difference as a clause.
    pub(super) fn explanations(&self, path: &RepoPath) -> Vec<(&'a ScopeEntry, &'static str)> {
        let text = path.to_text();
        let mut found: BTreeMap<usize, &'static str> = BTreeMap::new();
        let mut add = |indices: Option<&Vec<usize>>, how: &'static str| {
            // The first difference that is found explains an entry.
            for index in indices.into_iter().flatten().take(MAX_EXPLANATIONS) {
                found.entry(*index).or_insert(how);
            }
        };
        for (at, _) in text.match_indices('/') {
            add(text.get(..at).and_then(|folder| self.by_path.get(folder)), NAMES_A_FILE);
        }
        add(self.by_lower_case.get(&text.to_lowercase()), DIFFERS_IN_CASE);
        add(self.by_composition.get(&text.nfkc().collect::<String>()), LOOKS_THE_SAME);
        let found = found.into_iter().take(MAX_EXPLANATIONS);
        found.filter_map(|(index, how)| Some((self.entries.get(index)?, how))).collect()
    }
}

/// Maximum number of paths that an invalid entry is taken to name.
const MAX_NAMED_PATHS: usize = 200;

/// Returns the paths that an invalid entry seems to name: its words without quotes, with `/`
/// between folders. Of an absolute path, every end counts.
fn paths_in(raw: &str) -> Vec<String> {
    let mut out = Vec::new();
    for word in raw.replace("\\n", " ").split_whitespace() {
        let plain = word.trim_matches(['`', '"', '\'', ',', '*']).replace('\\', "/");
        let plain = plain.trim_end_matches('/');
        if !plain.contains(['/', '.']) || plain.len() > MAX_COMPARED_LENGTH {
            continue;
        }
        let absolute = plain.starts_with('/') || plain.get(1..3) == Some(":/");
        let ends = plain.match_indices('/').filter_map(|(at, _)| plain.get(at + 1..));
        out.extend(ends.filter(|end| absolute && end.contains(['/', '.'])).map(str::to_owned));
        out.push(plain.trim_start_matches("./").to_owned());
        if out.len() > MAX_NAMED_PATHS {
            break;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::document::Packet;
    use crate::text::Source;

    fn packet(entries: &str) -> Packet {
        let text = format!("# Task Packet: WP-1-A\n\n## SCOPE\n- IN_SCOPE_PATHS:\n{entries}");
        Packet::read(&Source::from_text(RepoPath::from("packet.md"), &text)).value
    }

    #[test]
    fn similar_entries_are_explained() {
        let packet = packet("  - src/lib\n  - src/Main.rs\n  - src/caf\u{e9}.rs\n  - src/runner.rs\n");
        let entries = &packet.scope.in_scope;
        let similar = SimilarEntries::new(entries);
        let explain = |path: &str| {
            let found = similar.explanations(&RepoPath::from(path));
            found.iter().map(|(entry, how)| (entry.raw.value.clone(), *how)).collect::<Vec<_>>()
        };
        assert_eq!(explain("src/lib/a/b.rs"), [("src/lib".to_owned(), NAMES_A_FILE)]);
        assert_eq!(explain("SRC/main.rs"), [("src/Main.rs".to_owned(), DIFFERS_IN_CASE)]);
        assert_eq!(explain("src/cafe\u{301}.rs"), [("src/caf\u{e9}.rs".to_owned(), LOOKS_THE_SAME)]);
        assert!(explain("src/other.rs").is_empty());
        let nearest =
            |path: &str, at| similar.nearest(&RepoPath::from(path), at).map(|e| e.raw.value.clone());
        assert_eq!(nearest("src/runer.rs", 0).as_deref(), Some("src/runner.rs"));
        assert_eq!(nearest("docs/unlike", 0), None);
        assert_eq!(nearest("src/runer.rs", MAX_COMPARISONS), None, "too many paths");
    }

    #[test]
    fn many_paths_and_entries_are_compared_quickly() {
        let lines: String =
            (0..1_000).map(|n| format!("  - src/a/long/folder/name/entry_{n}_file.rs\n")).collect();
        let packet = packet(&lines);
        assert_eq!(packet.scope.in_scope.len(), 1_000);
        let start = Instant::now();
        let similar = SimilarEntries::new(&packet.scope.in_scope);
        let mut hints = 0;
        for n in 0..10_000 {
            let path = RepoPath::from(format!("src/a/long/folder/name/entri_{n}_file.rs").as_str());
            hints += usize::from(similar.nearest(&path, n).is_some());
            assert!(similar.explanations(&path).is_empty());
        }
        assert_eq!(hints, 10);
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    }
}
