//! One spelling for one rule: list, file, fixture and text belong together,
//! and every rule is shown to fail and to pass.

use std::collections::BTreeSet;

use countersign::check::registered_rules;
use countersign::rule::RuleText;
use countersign::scan::embedded_ids;

use crate::support::scenario::scenarios;
use crate::support::{files_below, project};
use crate::worlds;

fn names(folder: &str, end: &str) -> BTreeSet<String> {
    let root = project().join(folder);
    let files = files_below(&root)
        .into_iter()
        .filter_map(|path| path.strip_prefix(&root).ok().map(|p| p.to_string_lossy().replace('\\', "/")));
    files.filter_map(|name| name.strip_suffix(end).map(str::to_owned)).collect()
}

#[test]
fn list_files_and_fixtures_name_the_same_rules() {
    let list: BTreeSet<String> =
        registered_rules().iter().map(|entry| entry.rule.id.as_str().to_owned()).collect();
    assert_eq!(list.len(), registered_rules().len(), "a rule is listed twice");
    let (scans, rules): (BTreeSet<String>, BTreeSet<String>) =
        names("rules", ".yaml").into_iter().partition(|name| name.starts_with("scan/"));
    assert_eq!(rules, list, "rules/ against the list");
    let embedded: BTreeSet<String> = embedded_ids().map(|(id, _, _)| id.to_owned()).collect();
    assert_eq!(scans, embedded, "rules/scan/ against the list");
    assert_eq!(names("fixtures/rules", ".md"), list, "fixtures/rules/ against the list");
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

#[test]
fn every_rule_is_shown_to_fail_and_to_pass() {
    let worlds: Vec<String> = worlds::all().into_iter().flat_map(|(_, world)| world.finds).collect();
    for entry in registered_rules() {
        let id = entry.rule.id.as_str();
        let text =
            std::fs::read_to_string(project().join(format!("fixtures/rules/{id}.md"))).expect("fixture");
        let all = scenarios(&text);
        let fails = |found: &crate::support::scenario::Scenario| {
            found.expected.iter().any(|expected| expected.rule == id)
        };
        assert!(
            all.iter().any(fails) || worlds.iter().any(|found| found == id),
            "{id}: nothing shows it fail"
        );
        assert!(all.iter().any(|scenario| !fails(scenario)), "{id}: nothing shows it pass");
    }
}
