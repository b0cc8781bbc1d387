//! `docs/guarantees.md` names the tests of each guarantee: all of them exist.

use regex::Regex;

use crate::support::{files_below, project};

#[test]
fn every_named_test_of_a_guarantee_exists() {
    let page = std::fs::read_to_string(project().join("docs/guarantees.md")).expect("page");
    let files = [files_below(&project().join("tests")), files_below(&project().join("src"))];
    let tests: String =
        files.iter().flatten().map(|path| std::fs::read_to_string(path).unwrap_or_default()).collect();
    let named = Regex::new(r"(?i)\b(world|rule|test)\s+`([^`]+)`").expect("pattern");
    let mut count = 0;
    for captures in named.captures_iter(&page) {
        let name = &captures[2];
        let there = match captures[1].to_lowercase().as_str() {
            "world" => project().join(format!("fixtures/worlds/{name}/report.txt")).is_file(),
            "rule" => {
                project().join(format!("rules/{name}.yaml")).is_file()
                    && project().join(format!("fixtures/rules/{name}.md")).is_file()
            }
            _ => tests.contains(&format!("fn {name}()")),
        };
        assert!(there, "{} `{name}` is not there", &captures[1]);
        count += 1;
    }
    assert!(count > 60, "only {count} proofs are named");
}
