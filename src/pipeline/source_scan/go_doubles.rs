//! Files of Go with test doubles whose names only tests use.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::bytes::Regex;

use crate::scan::lexer::tokenize;
use crate::scan::{AreaKind, Language, TokenKind, TokenKindSet};
use crate::text::RepoPath;

use super::files::ScanContext;
use super::go_files::{FILES_AT_ONCE, ReadFiles, is_go};

/// Maximum number of names of one file that are looked for; a file with more is the product.
const MAX_NAMES: usize = 500;

/// Declarations at the top level: a function or a method with the type of its receiver, and
/// types, variables and constants, which may be a list.
static DECLARATIONS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?m)^func[ \t]+(?P<function>[A-Za-z_]\w*)",
        r"|^func[ \t]*\([ \t]*(?:\w+[ \t]+)?\*?[ \t]*(?P<receiver>[A-Za-z_]\w*)",
        r"|^(?:type|var|const)[ \t]+(?P<name>[A-Za-z_]\w*)(?P<more>[ \t]*,)?",
        r"|^(?:type|var|const)[ \t]*(?P<list>\()",
    ))
    .ok()
});

/// Returns for each file whether no file of the product uses a name that it declares. A file
/// whose names cannot all be told, such as one with a list of variables, is used.
pub(super) fn find_unused(
    context: &ScanContext<'_>,
    paths: &[RepoPath],
    files: &[&RepoPath],
    read: &ReadFiles<'_>,
) -> Vec<bool> {
    let mut unused = vec![false; files.len()];
    // For each name the files that declare it and are not known as used, by folder.
    let mut owners: BTreeMap<Vec<u8>, BTreeMap<Vec<u8>, Vec<usize>>> = BTreeMap::new();
    let own: Vec<RepoPath> = files.iter().map(|path| (*path).clone()).collect();
    let mut at = 0;
    for chunk in own.chunks(FILES_AT_ONCE) {
        read(chunk, &mut |path, text| {
            if let Some(names) = text.and_then(declared_names) {
                if let Some(slot) = unused.get_mut(at) {
                    *slot = true;
                }
                for name in names {
                    let folders = owners.entry(name.into_bytes()).or_default();
                    folders.entry(path.folder().to_vec()).or_default().push(at);
                }
            }
            at += 1;
        });
    }
    if owners.is_empty() {
        return unused;
    }
    let own: BTreeSet<&RepoPath> = own.iter().collect();
    let sources: Vec<RepoPath> = paths.iter().filter(|path| is_go(path)).cloned().collect();
    let mut is_known = true;
    let mut add = |path: &RepoPath, text: Option<&[u8]>| {
        let kind = context.areas.area(context.settings, path, Language::Go).kind;
        if kind == AreaKind::Tests || own.contains(path) {
            return;
        }
        let Some(text) = text else {
            is_known = false;
            return;
        };
        let has_dot_import = imports_with_dot(text);
        let mut before = None;
        for word in text.chunk_by(|a, b| is_word(*a) == is_word(*b)) {
            let separator = std::mem::replace(&mut before, word.last().copied());
            let Some(folders) = owners.get_mut(word) else { continue };
            // A name of another package has a dot before it, unless its import has one.
            let is_qualified = separator.is_none_or(|byte| matches!(byte, b'.' | b' ' | b'\t' | b'\n'));
            let used: Vec<usize> = if is_qualified && (separator == Some(b'.') || has_dot_import) {
                std::mem::take(folders).into_values().flatten().collect()
            } else {
                folders.remove::<[u8]>(path.folder()).unwrap_or_default()
            };
            for at in used {
                if let Some(slot) = unused.get_mut(at) {
                    *slot = false;
                }
            }
        }
    };
    for chunk in sources.chunks(FILES_AT_ONCE) {
        read(chunk, &mut add);
    }
    if is_known { unused } else { vec![false; files.len()] }
}

/// Returns whether a byte belongs to a name.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Returns whether a file may take the names of another package without a prefix.
fn imports_with_dot(text: &[u8]) -> bool {
    memchr::memmem::find(text, b". \"").is_some() || memchr::memmem::find(text, b". `").is_some()
}

/// Returns the names that a file declares at its top level; `None` if there may be others: a
/// list, `init`, or a method of a type of another file.
fn declared_names(text: &[u8]) -> Option<Vec<String>> {
    let code = tokenize(Language::Go, text).masked_text(text, TokenKindSet::of(&[TokenKind::Code]));
    let (mut names, mut receivers) = (Vec::new(), Vec::new());
    for found in DECLARATIONS.as_ref()?.captures_iter(&code) {
        let text =
            |group: &str| found.name(group).map(|name| String::from_utf8_lossy(name.as_bytes()).into_owned());
        let name = text("function").or_else(|| text("name"));
        if found.name("list").or(found.name("more")).is_some() || name.as_deref() == Some("init") {
            return None;
        }
        names.extend(name.filter(|name| name != "_"));
        receivers.extend(text("receiver"));
    }
    let is_complete = receivers.iter().all(|receiver| names.contains(receiver));
    (is_complete && !names.is_empty() && names.len() <= MAX_NAMES).then_some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_top_level_are_read() {
        let text = b"package a\n\nimport (\n\t\"b\"\n)\n\n// type No struct{}\ntype Mock struct {\n\tfield int\n}\n\nfunc (m *Mock) Run() {}\nfunc New() *Mock { return nil }\nvar _ Runner = (*Mock)(nil)\n";
        assert_eq!(declared_names(text), Some(vec!["Mock".to_owned(), "New".to_owned()]));
        for text in
            ["package a\n\nvar (\n\tA = 1\n)\n", "package a\n\nfunc init() {}\ntype A int\n", "package a\n"]
        {
            assert_eq!(declared_names(text.as_bytes()), None, "{text}");
        }
    }
}
