//! Scan rules that are embedded in the program, by set.

use std::sync::OnceLock;

use crate::text::{RepoPath, Source};

use super::ScanRule;

/// An embedded rule's file.
struct Embedded {
    set: &'static str,
    id: &'static str,
    yaml: &'static str,
    rule: OnceLock<Option<ScanRule>>,
}

macro_rules! library {
    ($($set:literal: $($name:literal)*;)*) => {
        static SETS: &[&str] = &[$($set),*];
        const COUNT: usize = [$($($name,)*)*].len();
        static FILES: [Embedded; COUNT] = [$($(Embedded {
            set: $set,
            id: concat!("scan/", $name),
            yaml: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/rules/scan/", $name, ".yaml")),
            rule: OnceLock::new(),
        },)*)*];
    };
}

library! {
    "product":
        "rust-split-whitespace" "rust-unwrap" "rust-expect" "rust-todo" "rust-dbg" "rust-print" "rust-panic"
        "placeholder-name" "placeholder-comment" "script-debugger" "script-console" "script-focused-test"
        "python-debugger" "go-panic";
    "errors":
        "rust-string-error" "script-string-error" "rust-clock" "rust-random" "script-clock" "python-broad-except";
    "dal":
        "dal-boundary" "dal-trait-boundary" "sql-placeholder" "sql-dialect" "sql-dialect-text";
    "traceability":
        "traceability-fields";
    "guards":
        "fetch-outside-client" "untagged-todo";
}

impl Embedded {
    fn read(&self) -> Option<&ScanRule> {
        let read = || {
            let path = RepoPath::from(format!("rules/{}.yaml", self.id).as_str());
            let rule = ScanRule::read_embedded(&Source::from_text(path, self.yaml)).ok()?;
            Some(ScanRule { has_ascii_boundaries: true, ..rule })
        };
        self.rule.get_or_init(read).as_ref()
    }
}

/// Returns the embedded rules of some sets; of all sets if `sets` is empty.
pub(crate) fn embedded(sets: &[String]) -> impl Iterator<Item = &'static ScanRule> + use<'_> {
    let wanted = move |file: &&Embedded| sets.is_empty() || sets.iter().any(|set| set == file.set);
    FILES.iter().filter(wanted).filter_map(Embedded::read)
}

/// Finds an embedded rule by its id.
#[must_use]
pub(crate) fn find_embedded(id: &str) -> Option<&'static ScanRule> {
    FILES.iter().find(|file| file.id == id).and_then(Embedded::read)
}

/// Returns the id, the set and the file's text of every embedded rule.
pub(crate) fn embedded_ids() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    FILES.iter().map(|file| (file.id, file.set, file.yaml))
}

/// Returns the names of the embedded sets.
#[must_use]
pub(crate) fn embedded_sets() -> &'static [&'static str] {
    SETS
}
