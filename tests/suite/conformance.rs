//! `docs/conformance.md` names the test of each answer: all of them exist.

use regex::Regex;

use crate::support::{files_below, project};

#[test]
fn every_named_test_of_an_answer_exists() {
    let page = std::fs::read_to_string(project().join("docs/conformance.md")).expect("page");
    let files = [files_below(&project().join("tests")), files_below(&project().join("src"))];
    let tests: String =
        files.iter().flatten().map(|path| std::fs::read_to_string(path).unwrap_or_default()).collect();
    let name = Regex::new("`([a-z0-9_]+)`").expect("pattern");
    let mut count = 0;
    for row in page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| required")) {
        let Some(proof) = row.trim_end_matches('|').rsplit('|').next() else { continue };
        if row.starts_with("| weakness") || row.starts_with("| question") {
            continue;
        }
        let names: Vec<&str> =
            name.captures_iter(proof).map(|found| found.get(1).expect("name").as_str()).collect();
        assert!(!names.is_empty(), "no proof: {row}");
        for name in names {
            assert!(tests.contains(&format!("fn {name}()")), "`{name}` is not there: {row}");
            count += 1;
        }
    }
    assert!(count > 30, "only {count} proofs are named");
}
