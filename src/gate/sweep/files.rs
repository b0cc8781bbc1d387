//! Reading and matching files.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::change::{Repository, RepositoryError, Side};
use crate::gate::parallel;
use crate::scan::{Language, RuleSet, Scanned, Settings, scan, test_code};
use crate::system::files;
use crate::text::RepoPath;

use super::verdicts::Text;

/// The most bytes of a source file that are read.
pub(super) const LARGEST: u64 = 16 * 1024 * 1024;

/// Why a file was passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Passed {
    /// No rule looks at it.
    Unasked,
    /// Its bytes are no text, and its name is that of no language.
    Binary,
    /// Longer than [`LARGEST`], and its name is that of no language.
    Large,
}

/// What came of one file.
#[derive(Default)]
pub(super) struct Looked {
    pub scanned: Scanned,
    /// Bytes that were matched.
    pub bytes: usize,
    pub passed: Option<Passed>,
    /// Why it could not be judged, although it should.
    pub unread: Option<String>,
    /// Whether all of it is test code.
    pub is_test: bool,
    /// Its text, if something was found in it.
    pub text: Option<Arc<Text>>,
}

/// What is known of all files while one is matched.
pub(super) struct Scene<'a> {
    pub set: &'a RuleSet,
    pub settings: &'a Settings,
    pub today: jiff::civil::Date,
    /// Whether a file is in the tree.
    pub has: &'a (dyn Fn(&str) -> bool + Sync),
}

impl Scene<'_> {
    /// The language of a file, and the rules that look at it. No language
    /// means that the first line will tell.
    fn asked(&self, path: &RepoPath) -> (Option<Language>, Vec<usize>) {
        let language = Language::of(path);
        let nameless = language == Language::Plain && !path.file_name().contains(&b'.');
        let language = (!nameless).then_some(language);
        if self.settings.skips(path) {
            return (language, Vec::new());
        }
        let text = path.to_text();
        let is_product = self.settings.is_product(path, language.unwrap_or(Language::Plain), self.has);
        (language, self.set.applicable(&text, language, is_product))
    }

    /// Matches one file's bytes.
    pub(super) fn look(&self, path: &RepoPath, bytes: &[u8]) -> Result<Looked, String> {
        let (named, rules) = self.asked(path);
        if rules.is_empty() {
            return Ok(Looked { passed: Some(Passed::Unasked), ..Looked::default() });
        }
        self.matched(path, named, rules, bytes)
    }

    fn matched(
        &self,
        path: &RepoPath,
        named: Option<Language>,
        rules: Vec<usize>,
        bytes: &[u8],
    ) -> Result<Looked, String> {
        let language = named.or_else(|| Language::of_first_line(bytes)).unwrap_or(Language::Plain);
        let head = bytes.get(..8000.min(bytes.len())).unwrap_or_default();
        if language == Language::Plain && memchr::memchr(0, head).is_some() {
            return Ok(Looked { passed: Some(Passed::Binary), ..Looked::default() });
        }
        if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
            let why = "it is UTF-16, which no compiler of this language reads by itself".to_owned();
            return Ok(Looked { unread: Some(why), ..Looked::default() });
        }
        let rules = if named.is_some() {
            rules
        } else {
            let all = self.set.rules();
            rules
                .into_iter()
                .filter(|index| all.get(*index).is_some_and(|rule| rule.reads(language)))
                .collect()
        };
        let is_test = self.settings.is_test(path, language);
        let scanned = scan(self.set, &rules, language, bytes, is_test, self.today)?;
        Ok(Looked { scanned, bytes: bytes.len(), is_test, ..Looked::default() })
    }

    /// Leaves out what does not count in a module of tests, and keeps the text
    /// of what is left.
    fn finish(
        &self,
        path: &RepoPath,
        looked: &mut Looked,
        bytes: &[u8],
        read: &dyn Fn(&RepoPath) -> Option<Vec<u8>>,
        known: &mut BTreeMap<RepoPath, bool>,
    ) {
        if !looked.scanned.hits.is_empty() && is_test_module(path, read, known, 0) {
            leave_to_tests(self.set, looked);
        }
        let scanned = &looked.scanned;
        if !(scanned.hits.is_empty() && scanned.suppressions.is_empty() && scanned.long_lines.is_empty()) {
            looked.text = Some(Arc::new(Text::new(path, bytes.to_vec())));
        }
    }

    /// A file of a folder on disk, read only if a rule looks at it.
    fn on_disk(&self, root: &std::path::Path, path: &RepoPath, own: &mut Own) -> Result<Looked, String> {
        let (named, rules) = self.asked(path);
        if rules.is_empty() {
            return Ok(Looked { passed: Some(Passed::Unasked), ..Looked::default() });
        }
        match files::read_short(&files::below(root, path), LARGEST, &mut own.buffer) {
            Ok(true) => {
                let mut looked = self.matched(path, named, rules, &own.buffer)?;
                let read = |path: &RepoPath| files::read(&files::below(root, path), LARGEST).ok();
                self.finish(path, &mut looked, &own.buffer, &read, &mut own.modules);
                Ok(looked)
            }
            Ok(false) => Ok(too_large(named)),
            Err(error) => Ok(Looked { unread: Some(error.to_string()), ..Looked::default() }),
        }
    }
}

pub(super) fn too_large(language: Option<Language>) -> Looked {
    if language.is_none_or(|language| language == Language::Plain) {
        return Looked { passed: Some(Passed::Large), ..Looked::default() };
    }
    let why = format!("it is longer than {LARGEST} bytes, the most that is scanned");
    Looked { unread: Some(why), ..Looked::default() }
}

/// Why a scan could not be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum LookError {
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    #[error("{0}")]
    Rule(String),
}

/// What a thread works with.
#[derive(Default)]
struct Own {
    buffer: Vec<u8>,
    modules: BTreeMap<RepoPath, bool>,
}

/// Matches files of a side, in their order.
pub(super) fn look(
    repo: &dyn Repository,
    side: Side,
    scene: &Scene<'_>,
    paths: &[RepoPath],
) -> Result<Vec<Looked>, LookError> {
    let mut out = Vec::with_capacity(paths.len());
    if let (Side::Worktree, Some(root)) = (side, repo.disk_root()) {
        for looked in parallel::map_with(paths, Own::default, |path, own| scene.on_disk(root, path, own)) {
            out.push(looked.map_err(LookError::Rule)?);
        }
    } else {
        // A repository is read by one thread; matching waits for no other.
        let parent = |path: &RepoPath| repo.read(side, path).ok().flatten();
        let mut known = BTreeMap::new();
        for part in paths.chunks(256) {
            let mut read = Vec::new();
            for path in part {
                let (_, rules) = scene.asked(path);
                let bytes = if rules.is_empty() { None } else { repo.read(side, path)? };
                read.push((path, bytes));
            }
            let matched = parallel::map(&read, |(path, bytes)| match bytes {
                Some(bytes) if u64::try_from(bytes.len()).is_ok_and(|length| length > LARGEST) => {
                    Ok(too_large(Some(Language::of(path))))
                }
                Some(bytes) => scene.look(path, bytes),
                None => Ok(Looked { passed: Some(Passed::Unasked), ..Looked::default() }),
            });
            for ((path, bytes), looked) in read.iter().zip(matched) {
                let mut looked = looked.map_err(LookError::Rule)?;
                if let Some(bytes) = bytes {
                    scene.finish(path, &mut looked, bytes, &parent, &mut known);
                }
                out.push(looked);
            }
        }
    }
    Ok(out)
}

/// A file that turns out to be test code loses what does not count there.
pub(super) fn leave_to_tests(set: &RuleSet, looked: &mut Looked) {
    looked.is_test = true;
    looked.scanned.hits.retain(|hit| set.rules().get(hit.rule).is_some_and(|rule| rule.tests));
}

/// The most files that are followed upwards.
const DEEPEST: usize = 8;

/// Whether a Rust file is the body of a module that is declared for tests
/// only (`#[cfg(test)] mod name;`), there or further up.
pub(super) fn is_test_module(
    path: &RepoPath,
    read: &dyn Fn(&RepoPath) -> Option<Vec<u8>>,
    known: &mut BTreeMap<RepoPath, bool>,
    depth: usize,
) -> bool {
    if Language::of(path) != Language::Rust || depth > DEEPEST {
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
        match test_code::declared(&bytes, name, file) {
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
