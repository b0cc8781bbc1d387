//! One name for one rule: the registry, the rule files and the fixtures name
//! the same rules.

use std::collections::BTreeSet;

use super::registered_rules;
use crate::rule::RuleText;
use crate::scan::embedded_ids;
use crate::test_support::{files_below, project};

/// Ids from the paths of all files below a folder with this extension.
fn names(folder: &str, extension: &str) -> BTreeSet<String> {
    let root = project().join(folder);
    let files = files_below(&root)
        .into_iter()
        .filter_map(|path| path.strip_prefix(&root).ok().map(|p| p.to_string_lossy().replace('\\', "/")));
    // A rule's id has a family; other files of `rules/` are in its root.
    let ids = files.filter(|name| name.contains('/'));
    ids.filter_map(|name| name.strip_suffix(extension).map(str::to_owned)).collect()
}

#[test]
fn list_files_and_fixtures_name_the_same_rules() {
    let list: BTreeSet<String> =
        registered_rules().iter().map(|entry| entry.rule.id.as_str().to_owned()).collect();
    assert_eq!(list.len(), registered_rules().len(), "a rule is listed twice");
    let (scans, rules): (BTreeSet<String>, BTreeSet<String>) =
        names("rules", ".yaml").into_iter().partition(|name| name.starts_with("scan/"));
    assert_eq!(rules, list, "rules/ and the registry");
    let embedded: BTreeSet<String> = embedded_ids().map(|(id, _, _)| id.to_owned()).collect();
    assert_eq!(scans, embedded, "rules/scan/ and the registry");
    assert_eq!(names("fixtures/rules", ".md"), list, "fixtures/rules/ and the registry");
}

#[test]
fn every_rule_file_reads_and_says_something() {
    for entry in registered_rules() {
        let text =
            RuleText::parse(entry.rule.id.as_str(), entry.rule.yaml()).unwrap_or_else(|bad| panic!("{bad}"));
        for (name, value) in
            [("summary", &text.wording.summary), ("why", &text.wording.why), ("remedy", &text.wording.remedy)]
        {
            assert!(value.len() > 15 && value.ends_with('.'), "{}: {name} is {value:?}", entry.rule.id);
        }
    }
}
