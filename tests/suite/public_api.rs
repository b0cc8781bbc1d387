//! The names that the library exports are the ones of this list.

use std::collections::BTreeSet;

use regex::Regex;

use crate::support::project;

/// All exported names, in the order of `src/lib.rs`.
const EXPORTED: &[&str] = &[
    // Repositories.
    "BranchTip",
    "Change",
    "ChangeSet",
    "ChangedFile",
    "Commit",
    "CommitInfo",
    "FileMode",
    "FoundVersion",
    "History",
    "ObjectStore",
    "Repository",
    "RepositoryError",
    "Selection",
    "SelectionMode",
    "SelectionRequest",
    "StoredFile",
    "TreeEntry",
    "TreeState",
    "VersionRequest",
    "VersionVisitor",
    "WorkingTree",
    "Worktree",
    "Hash20",
    "PlainFolder",
    "GitRepository",
    "RepositoryBuilder",
    "RepoPath",
    "Source",
    "Span",
    // Pipelines.
    "Gate",
    "DocumentCheckRequest",
    "DocumentQuery",
    "NamedDocument",
    "check_documents",
    "GateRequest",
    "PipelineError",
    "check_packet",
    "ScanProfile",
    "ScanRequest",
    "run_scan",
    "NoProgress",
    "Progress",
    "StepOptions",
    "StepsError",
    "run_gate",
    // Reports.
    "Finding",
    "Label",
    "Level",
    "Place",
    "Report",
    "RuleId",
    "Format",
    "HumanOptions",
    // The program and the demo.
    "run_command_line",
    "DemoRepository",
    "RecordedHashes",
];

/// `src/lib.rs` without comments.
fn library() -> String {
    let text = std::fs::read_to_string(project().join("src/lib.rs")).expect("lib.rs");
    let comment = Regex::new(r"(?m)//.*$").expect("pattern");
    comment.replace_all(&text, "").into_owned()
}

/// The name of one item of a `use` list: `a::b as c` exports `c`.
fn exported_name(item: &str) -> &str {
    let path = item.rsplit(" as ").next().unwrap_or(item);
    path.rsplit("::").next().unwrap_or(path).trim()
}

#[test]
fn the_exported_names_are_the_listed_ones() {
    let text = library();
    let uses = Regex::new(r"(?s)\bpub use ([^;]+);").expect("pattern");
    let mut found = Vec::new();
    for captures in uses.captures_iter(&text) {
        let tree = captures.get(1).expect("a path").as_str().trim_end();
        match tree.split_once('{') {
            Some((_, list)) => {
                let list = list.strip_suffix('}').expect("one list of names");
                assert!(!list.contains('{'), "a nested list of names: {tree}");
                found.extend(list.split(',').map(exported_name).filter(|name| !name.is_empty()));
            }
            None => found.push(exported_name(tree)),
        }
    }
    let (found_set, listed): (BTreeSet<&str>, BTreeSet<&str>) =
        (found.iter().copied().collect(), EXPORTED.iter().copied().collect());
    assert_eq!(found.len(), found_set.len(), "a name is exported twice");
    let missing: Vec<_> = listed.difference(&found_set).collect();
    let new: Vec<_> = found_set.difference(&listed).collect();
    assert!(missing.is_empty() && new.is_empty(), "no longer exported: {missing:?}; new: {new:?}");
}

#[test]
fn nothing_else_is_public_in_the_crate_root() {
    let text = library();
    assert!(!text.contains('*'), "src/lib.rs exports by a glob");
    assert!(!text.contains("doc(hidden)"), "src/lib.rs hides an exported name");
    let public = Regex::new(r"(?m)^\s*(?:#\[[^\n]*\]\n)?\s*pub(?:\([^)]*\))? (?:mod|fn|struct|enum|trait|type|const|static|macro)\b.*$")
        .expect("pattern");
    let others: Vec<&str> = public.find_iter(&text).map(|found| found.as_str().trim()).collect();
    assert_eq!(others, ["#[cfg(any(test, fuzzing))]\npub mod fuzzing;"], "public items of src/lib.rs");
}

#[test]
fn no_type_of_the_library_is_hidden_from_its_documentation() {
    let files = crate::support::files_below(&project().join("src"));
    for path in files.iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs")) {
        let text = std::fs::read_to_string(path).expect("source");
        assert!(!text.contains("#[doc(hidden)]"), "{} has doc(hidden)", path.display());
    }
}
