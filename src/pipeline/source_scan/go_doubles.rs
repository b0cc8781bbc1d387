//! Files of Go with test doubles whose names only tests use.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
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
    let mut owners: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let own: Vec<RepoPath> = files.iter().map(|path| (*path).clone()).collect();
    let mut at = 0;
    for chunk in own.chunks(FILES_AT_ONCE) {
        read(chunk, &mut |_, text| {
            if let Some(names) = text.and_then(declared_names) {
                if let Some(slot) = unused.get_mut(at) {
                    *slot = true;
                }
                names.into_iter().for_each(|name| owners.entry(name).or_default().push(at));
            }
            at += 1;
        });
    }
    if owners.is_empty() {
        return unused;
    }
    let names: Vec<&String> = owners.keys().collect();
    let Ok(search) = AhoCorasick::new(&names) else { return vec![false; files.len()] };
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
        for found in search.find_overlapping_iter(text) {
            let is_word =
                |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
            let before = found.start().checked_sub(1).and_then(|at| text.get(at));
            if is_word(before) || is_word(text.get(found.end())) {
                continue;
            }
            // A name of another package has a dot before it, unless its import has one.
            let is_qualified = before.is_none_or(|byte| matches!(byte, b'.' | b' ' | b'\t' | b'\n'));
            let users = names.get(found.pattern().as_usize()).and_then(|name| owners.get(*name));
            for at in users.into_iter().flatten() {
                let is_beside = own.get(*at).is_some_and(|file| file.folder() == path.folder());
                let is_dotted = before == Some(&b'.') || imports_with_dot(text);
                if let Some(slot) = unused.get_mut(*at).filter(|_| is_beside || (is_qualified && is_dotted)) {
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
