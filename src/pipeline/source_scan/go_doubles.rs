//! Files of Go with test doubles whose names only tests use.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::bytes::Regex;

use crate::scan::lexer::tokenize;
use crate::scan::{AreaKind, Language, TokenKind, TokenKindSet};
use crate::text::RepoPath;

use super::files::ScanContext;
use super::go_files::{FILES_AT_ONCE, ReadFiles, is_go};
use super::go_names::{DeclaredNames, declared_names};

/// A call that ends the program outside of tests.
static ASSERTS_TEST: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"\b(?:testenv\.AssertInTest\(\)|if[ \t]+!testing\.Testing\(\)[ \t]*\{\s*(?:panic|log\.Fatalf?)\()",
    )
    .ok()
});

/// A function or a type that is named after a test double.
static DECLARES_DOUBLE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?m)^(?:func|type)[ \t]+(?:[Nn]ew)?(?:[Mm]ock|[Ff]ake|[Ss]tub|[Dd]ummy)(?:[A-Z_][A-Za-z0-9_]*)?[ \t(\[]",
    )
    .ok()
});

/// The receiver of a method.
static RECEIVERS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?m)^func[ \t]*\([^()\n]*\)").ok());

/// Returns whether a file of Go has a function that only runs in tests.
pub(super) fn asserts_test(text: &[u8]) -> bool {
    let mentions = |call: &[u8]| memchr::memmem::find(text, call).is_some();
    (mentions(b"AssertInTest") || mentions(b"testing.Testing")) && {
        let code = tokenize(Language::Go, text).masked_text(text, TokenKindSet::of(&[TokenKind::Code]));
        ASSERTS_TEST.as_ref().is_some_and(|pattern| pattern.is_match(&code))
    }
}

/// Returns whether a file of Go declares something that is named after a test double.
pub(super) fn declares_double(text: &[u8]) -> bool {
    DECLARES_DOUBLE.as_ref().is_some_and(|pattern| pattern.is_match(text))
}

/// A file that may have only code for tests.
#[derive(Debug, Clone)]
pub(super) struct DoubleCandidate {
    pub path: RepoPath,
    /// Whether its own name or a call in it says that it is for tests. Another file must have a use
    /// by a test, and no code that can be called without a name that it declares.
    pub says_so: bool,
}

/// Returns for each file whether no file of the product uses a name that it declares. A file
/// whose names cannot all be told, such as one with a list of variables, is used.
pub(super) fn find_unused(
    context: &ScanContext<'_>,
    paths: &[RepoPath],
    files: &[DoubleCandidate],
    read: &ReadFiles<'_>,
) -> Vec<bool> {
    let mut search = NameSearch { unused: vec![false; files.len()], ..NameSearch::default() };
    let own: Vec<RepoPath> = files.iter().map(|file| file.path.clone()).collect();
    let mut at = 0;
    for chunk in own.chunks(FILES_AT_ONCE) {
        read(chunk, &mut |path, text| {
            let says_so = files.get(at).is_some_and(|file| file.says_so);
            let may_be_called = |text: &[u8]| memchr::memmem::find(text, b"import \"C\"").is_some();
            let names = text.filter(|text| says_so || !may_be_called(text)).and_then(declared_names);
            if let Some(names) = names.filter(|names| says_so || names.of_others.is_empty()) {
                search.add_names(at, path, names);
                if !says_so {
                    search.needs_test.insert(at);
                }
            }
            at += 1;
        });
    }
    if search.owners.is_empty() {
        return search.unused;
    }
    let own: BTreeMap<&RepoPath, usize> = own.iter().enumerate().map(|(at, path)| (path, at)).collect();
    let sources: Vec<RepoPath> =
        paths.iter().filter(|path| is_go(path) || names_go_code(path)).cloned().collect();
    let mut is_known = true;
    let mut add = |path: &RepoPath, text: Option<&[u8]>| {
        if !is_go(path) {
            text.into_iter().for_each(|text| search.add_words(text));
            return;
        }
        let kind = context.areas.area(context.settings, path, Language::Go).kind;
        if kind == AreaKind::Tests {
            search.add_test(path, text.unwrap_or_default());
            return;
        }
        let Some(text) = text else {
            is_known = false;
            return;
        };
        // A helper that takes a test, in a package of the product.
        if context.areas.area_of_content(path, Language::Go, text) == Some(AreaKind::Tests) {
            search.folders_with_tests.insert(path.folder().to_vec());
            search.add_test(path, text);
            return;
        }
        search.add_uses(path, own.get(path).copied(), text);
    };
    for chunk in sources.chunks(FILES_AT_ONCE) {
        read(chunk, &mut add);
    }
    if is_known { search.finish() } else { vec![false; files.len()] }
}

/// A search for the names that some files declare.
#[derive(Default)]
struct NameSearch {
    /// For each name the files that declare it, by folder.
    owners: BTreeMap<Vec<u8>, BTreeMap<Vec<u8>, Vec<usize>>>,
    /// For each file whether no use of it is known.
    unused: Vec<bool>,
    /// Pairs of these files: the first one uses a name of the second one.
    between: BTreeSet<(usize, usize)>,
    /// The folders of packages that may be for tests, with the files whose names they use.
    from_tests: BTreeSet<(Vec<u8>, usize)>,
    /// Files that are used unless a test uses them.
    needs_test: BTreeSet<usize>,
    /// Files that tests use.
    by_tests: BTreeSet<usize>,
    /// Folders with a file that takes a test.
    folders_with_tests: BTreeSet<Vec<u8>>,
    /// The last names of paths in texts of the product, with the folders of the files.
    named_by: BTreeMap<Vec<u8>, BTreeSet<Vec<u8>>>,
}

impl NameSearch {
    fn add_names(&mut self, at: usize, path: &RepoPath, names: DeclaredNames) {
        if let Some(slot) = self.unused.get_mut(at) {
            *slot = true;
        }
        for name in names.own.into_iter().chain(names.of_others) {
            let folders = self.owners.entry(name.into_bytes()).or_default();
            folders.entry(path.folder().to_vec()).or_default().push(at);
        }
    }

    /// Adds the uses in a file of tests.
    fn add_test(&mut self, path: &RepoPath, text: &[u8]) {
        if !self.needs_test.is_empty() {
            let used = self.find_uses(path.folder(), text);
            self.by_tests.extend(used);
        }
    }

    /// Adds the uses in a file; `own` is its index if it is one of the files itself.
    fn add_uses(&mut self, path: &RepoPath, own: Option<usize>, text: &[u8]) {
        let folder: &[u8] = path.folder();
        let may_be_test = may_be_for_tests(folder);
        for quoted in text.split(|byte| matches!(byte, b'"' | b'`' | b'\n')) {
            let last = quoted.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
            if may_be_for_tests(last) && last.iter().all(|byte| is_word(*byte) || *byte == b'-') {
                self.named_by.entry(last.to_vec()).or_default().insert(folder.to_vec());
            }
        }
        for used in self.find_uses(folder, text) {
            match own {
                Some(own) => {
                    self.between.insert((own, used));
                }
                None if may_be_test => {
                    self.from_tests.insert((folder.to_vec(), used));
                }
                None => self.mark_used(used),
            }
        }
    }

    /// Adds all words of a file in another language, which may name what Go declares.
    fn add_words(&mut self, text: &[u8]) {
        let words = text.chunk_by(|a, b| is_word(*a) == is_word(*b));
        let used: BTreeSet<usize> = words
            .filter_map(|word| self.owners.get(word))
            .flat_map(BTreeMap::values)
            .flatten()
            .copied()
            .collect();
        used.into_iter().for_each(|at| self.mark_used(at));
    }

    fn mark_used(&mut self, at: usize) {
        if let Some(slot) = self.unused.get_mut(at) {
            *slot = false;
        }
    }

    /// Returns the files whose names a file uses in its code or in a text of it. The receiver of a
    /// method is no use of its type.
    fn find_uses(&self, folder: &[u8], text: &[u8]) -> BTreeSet<usize> {
        let mut out = BTreeSet::new();
        let words = |text: &[u8]| {
            text.chunk_by(|a, b| is_word(*a) == is_word(*b)).any(|word| self.owners.contains_key(word))
        };
        if !words(text) {
            return out;
        }
        if memchr::memmem::find(text, b"//go:linkname ").is_some() {
            let words = text.chunk_by(|a, b| is_word(*a) == is_word(*b));
            return words
                .filter_map(|word| self.owners.get(word))
                .flat_map(BTreeMap::values)
                .flatten()
                .copied()
                .collect();
        }
        let visible = TokenKindSet::of(&[TokenKind::Code, TokenKind::Str]);
        let mut code = tokenize(Language::Go, text).masked_text(text, visible);
        let receivers = RECEIVERS
            .as_ref()
            .map(|receivers| receivers.find_iter(&code).map(|one| one.range()).collect::<Vec<_>>());
        for range in receivers.into_iter().flatten() {
            code.get_mut(range).unwrap_or_default().fill(b';');
        }
        let has_dot_import = imports_with_dot(text);
        let mut before = None;
        for word in code.chunk_by(|a, b| is_word(*a) == is_word(*b)) {
            // The name may be on the next line, behind the dot.
            let separator = std::mem::replace(&mut before, word.trim_ascii_end().last().copied());
            let Some(folders) = self.owners.get(word) else { continue };
            // A name of another package has a capital, and a dot before it unless its import has one. In
            // a text, it is one that is searched for when the program runs.
            let is_exported = word.first().is_some_and(u8::is_ascii_uppercase);
            if is_exported && (has_dot_import || matches!(separator, Some(b'.' | b'"' | b'`'))) {
                out.extend(folders.values().flatten());
            } else {
                out.extend(folders.get(folder).into_iter().flatten());
            }
        }
        out.retain(|at| self.unused.get(*at) == Some(&true));
        out
    }

    /// Returns for each file whether it has no use.
    fn finish(mut self) -> Vec<bool> {
        for (folder, used) in std::mem::take(&mut self.from_tests) {
            // A package such as `contest` that the product imports.
            let last = folder.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
            let of_product = |user: &Vec<u8>| *user != folder && !may_be_for_tests(user);
            let is_imported = self.named_by.get(last).is_some_and(|users| users.iter().any(of_product));
            if is_imported || !self.folders_with_tests.contains(&folder) {
                self.mark_used(used);
            }
        }
        // Tests use a file directly, or by another one of these.
        let mut open: Vec<usize> = self.by_tests.iter().copied().collect();
        while let Some(user) = open.pop() {
            let uses = self.uses_of(user);
            open.extend(uses.into_iter().filter(|used| self.by_tests.insert(*used)));
        }
        for at in std::mem::take(&mut self.needs_test) {
            if !self.by_tests.contains(&at) {
                self.mark_used(at);
            }
        }
        // What a used file uses is used.
        let mut open: Vec<usize> =
            (0..self.unused.len()).filter(|at| self.unused.get(*at) == Some(&false)).collect();
        while let Some(user) = open.pop() {
            for used in self.uses_of(user) {
                if self.unused.get(used) == Some(&true) {
                    self.mark_used(used);
                    open.push(used);
                }
            }
        }
        self.unused
    }

    /// Returns those of the files whose names another one of them uses.
    fn uses_of(&self, user: usize) -> Vec<usize> {
        self.between.range((user, 0)..=(user, usize::MAX)).map(|(_, used)| *used).collect()
    }
}

/// Returns whether a file that is no source of Go calls its functions by name: a template, or code
/// in assembly.
fn names_go_code(path: &RepoPath) -> bool {
    let name = path.file_name().to_string();
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    matches!(ending, "s" | "S" | "html" | "htm" | "tmpl" | "gohtml" | "gotmpl" | "gotxt" | "tpl")
}

/// Returns whether the name of a folder ends as one for tests does.
fn may_be_for_tests(folder: &[u8]) -> bool {
    [&b"test"[..], b"tests", b"testing", b"testutil"].iter().any(|end| folder.ends_with(end))
}

/// Returns whether a byte belongs to a name.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Returns whether a file may take the names of another package without a prefix.
fn imports_with_dot(text: &[u8]) -> bool {
    memchr::memchr2_iter(b'"', b'`', text).any(|at| {
        let line = text.get(at.saturating_sub(40)..at).unwrap_or_default();
        line.trim_ascii_end().ends_with(b".")
    })
}
