//! Every rule has a scenario in which it finds something and one in which it
//! finds nothing. (`src/check/tests.rs` compares the names of rules.)

use std::path::Path;

use crate::support::scenario::{Scenario, scenarios};
use crate::support::world::all_worlds;
use crate::support::{files_below, project};

/// Every rule fixture: the rule's id and its scenarios.
fn all_fixtures() -> Vec<(String, Vec<Scenario>)> {
    let root = project().join("fixtures/rules");
    let id = |path: &Path| {
        path.strip_prefix(&root).expect("below").with_extension("").to_string_lossy().replace('\\', "/")
    };
    let text = |path: &Path| std::fs::read_to_string(path).expect("fixture");
    files_below(&root).iter().map(|path| (id(path), scenarios(&text(path)))).collect()
}

#[test]
fn every_rule_is_shown_to_fail_and_to_pass() {
    let found_by_worlds: Vec<String> = all_worlds().into_iter().flat_map(|(_, world)| world.finds).collect();
    for (id, scenarios) in all_fixtures() {
        let fails = |scenario: &&Scenario| scenario.expected.iter().any(|expected| expected.rule == id);
        assert!(
            scenarios.iter().any(|scenario| fails(&scenario)) || found_by_worlds.contains(&id),
            "{id}: no scenario and no world in which it finds something"
        );
        assert!(
            scenarios.iter().any(|scenario| !fails(&scenario)),
            "{id}: no scenario in which it finds nothing"
        );
    }
}

#[test]
fn no_fixture_is_lost() {
    let (rules, worlds) = (all_fixtures().len(), all_worlds().len());
    assert!(rules >= 152, "{rules} rule fixtures; at least 152 are expected");
    assert!(worlds >= 201, "{worlds} worlds; at least 201 are expected");
}
