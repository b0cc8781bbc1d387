//! The names that a file of Go declares at its top level.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::bytes::Regex;

use crate::scan::lexer::tokenize;
use crate::scan::{Language, TokenKind, TokenKindSet};

/// Maximum number of names of one file that are looked for; a file with more is the product.
const MAX_NAMES: usize = 500;

/// Declarations at the top level: a function or a method with the type of its receiver, and
/// types, variables and constants, which may be a list.
static DECLARATIONS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?m)^func[ \t]+(?P<function>[A-Za-z_]\w*)",
        r"|^func[ \t]*\([ \t]*(?:\w+[ \t]+)?\*?[ \t]*(?P<receiver>[A-Za-z_]\w*)(?:\[[^\]\n]*\])?[ \t]*\)[ \t]*(?P<method>[A-Za-z_]\w*)",
        r"|^func[ \t]*(?P<other>\()",
        r"|^(?:type|(?P<variable>var)|const)[ \t]+(?P<name>[A-Za-z_]\w*)(?P<more>[ \t]*,)?",
        r"|^(?:type|var|const)[ \t]*(?P<list>\()",
    ))
    .ok()
});

/// A value of a variable that runs nothing when the program starts.
static RUNS_NOTHING: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"\A\s*(?:\([ \t]*\*[ \t]*[\w.\[\], ]+\)[ \t]*\([ \t]*nil[ \t]*\)|errors\.New\([^()]*\)|[^()]*)\s*\z",
    )
    .ok()
});

/// Marks of code that a linker finds by its name.
const FOR_LINKER: [&[u8]; 3] = [b"//export ", b"//go:linkname ", b"//go:wasmexport"];

/// The names that a file declares at its top level.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct DeclaredNames {
    pub own: Vec<String>,
    /// Methods of types of other files.
    pub of_others: Vec<String>,
}

/// Returns the names that a file declares at its top level; `None` if there may be others or the
/// file has another use: a list, `init`, a variable whose value is computed when the program starts,
/// a name for a linker, or a method that a library may call.
pub(super) fn declared_names(text: &[u8]) -> Option<DeclaredNames> {
    if FOR_LINKER.iter().any(|mark| memchr::memmem::find(text, mark).is_some()) {
        return None;
    }
    let code = tokenize(Language::Go, text).masked_text(text, TokenKindSet::of(&[TokenKind::Code]));
    let (mut names, mut methods) = (Vec::new(), Vec::new());
    for found in DECLARATIONS.as_ref()?.captures_iter(&code) {
        let text =
            |group: &str| found.name(group).map(|name| String::from_utf8_lossy(name.as_bytes()).into_owned());
        let name = text("function").or_else(|| text("name"));
        let is_open = found.name("list").is_some_and(|list| !has_blank_names_only(&code, list.end()));
        let may_have_more = is_open || ["more", "other"].iter().any(|group| found.name(group).is_some());
        let end = found.get(0).map_or(0, |found| found.end());
        let runs = || found.name("variable").is_some() && runs_at_start(code.get(end..).unwrap_or_default());
        if may_have_more || name.as_deref() == Some("init") || runs() {
            return None;
        }
        names.extend(name.filter(|name| name != "_"));
        methods.extend(text("receiver").zip(text("method")));
    }
    let known: BTreeSet<String> = names.iter().cloned().collect();
    let of_others = methods.into_iter().filter(|(receiver, _)| !known.contains(receiver));
    let of_others: Vec<String> = of_others.map(|(_, method)| method).collect();
    let is_complete = !of_others.iter().any(|name| may_be_called_by_library(name));
    let count = names.len() + of_others.len();
    (is_complete && count > 0 && count <= MAX_NAMES).then_some(DeclaredNames { own: names, of_others })
}

/// Returns whether a list of declarations only checks types, as `_ Reader = (*file)(nil)` does.
fn has_blank_names_only(code: &[u8], start: usize) -> bool {
    let lines = code.get(start..).unwrap_or_default().split(|byte| *byte == b'\n');
    let mut lines = lines.take_while(|line| !line.starts_with(b")")).map(<[u8]>::trim_ascii);
    lines.all(|line| line.is_empty() || (line.starts_with(b"_ ") && !runs_at_start(line)))
}

/// Returns whether the rest of the declaration of a variable has a value that is computed when the
/// program starts.
fn runs_at_start(rest: &[u8]) -> bool {
    // The declaration ends where the next one begins.
    let is_next = |line: &&[u8]| !line.first().is_some_and(u8::is_ascii_alphabetic);
    let first = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
    let (line, more) = rest.split_at(first);
    let length = first
        + more.split_inclusive(|byte| *byte == b'\n').take_while(is_next).map(<[u8]>::len).sum::<usize>();
    let whole = rest.get(..length).unwrap_or(line);
    let value = memchr::memchr(b'=', whole).and_then(|at| whole.get(at + 1..));
    value.is_some_and(|value| !RUNS_NOTHING.as_ref().is_some_and(|pattern| pattern.is_match(value)))
}

/// Returns whether code of another module may call a method of this name: it is exported, and the
/// name does not say that tests call it.
fn may_be_called_by_library(name: &str) -> bool {
    let is_of_tests = ["Test", "Mock", "Fake", "Stub", "Dummy"].iter().any(|word| name.contains(word));
    name.starts_with(|c: char| c.is_ascii_uppercase()) && !is_of_tests
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_top_level_are_read() {
        let text = b"package a\n\nimport (\n\t\"b\"\n)\n\n// type No struct{}\ntype Mock struct {\n\tfield int\n}\n\nfunc (m *Mock) Run() {}\nfunc New() *Mock { return nil }\nvar _ Runner = (*Mock)(nil)\n";
        let names = |own: &[&str], of_others: &[&str]| {
            let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
            Some(DeclaredNames { own: owned(own), of_others: owned(of_others) })
        };
        assert_eq!(declared_names(text), names(&["Mock", "New"], &[]));
        // A method of a type of another file, unless the standard library calls it.
        let method = b"package a\n\nfunc (s *Shop[T]) ForTest() {}\n";
        assert_eq!(declared_names(method), names(&[], &["ForTest"]));
        for text in ["func (s *Shop) String() string {}", "func (s *Shop) Reconcile() {}"] {
            assert_eq!(declared_names(format!("package a\n\n{text}\n").as_bytes()), None);
        }
        let own = b"package a\n\nfunc (s *Shop) fill() {}\nvar fakes = []int{\n\t1,\n}\n";
        assert_eq!(declared_names(own), names(&["fakes"], &["fill"]));
        let list =
            "package a\n\nvar (\n\t_ Reader = (*file)(nil) // one\n\n\t_ Writer = 1\n)\n\ntype file int\n";
        assert_eq!(declared_names(list.as_bytes()), names(&["file"], &[]));
        assert_eq!(declared_names(list.replace("\t_ Writer", "\tWriter").as_bytes()), None);
        assert_eq!(declared_names(list.replace("Writer = 1", "Writer = install()").as_bytes()), None);
        // What runs when the program starts, and names for a linker.
        for text in [
            "var a = install()",
            "var _ = func() int { panic(1) }()",
            "var a = Shop{\n\tB: install(),\n}",
            "//export mock\nfunc mock() {}",
        ] {
            let text = format!("package a\n\ntype Mock int\n\n{text}\n");
            assert_eq!(declared_names(text.as_bytes()), None, "{text}");
        }
        for text in
            ["package a\n\nvar (\n\tA = 1\n)\n", "package a\n\nfunc init() {}\ntype A int\n", "package a\n"]
        {
            assert_eq!(declared_names(text.as_bytes()), None, "{text}");
        }
    }
}
