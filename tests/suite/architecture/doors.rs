//! The tool bus is the only door: no other module starts a program of the repository, writes
//! its files, or makes the right to write them.

use regex::Regex;

use super::sources;

/// Calls that only the bus makes, and the files outside of it that may.
const DOORS: [(&str, &[&str]); 5] = [
    (r"\bprocess::run\(", &[]),
    (r"\bwriter\.write\(|Writer::write\b", &[]),
    // Reports go where the user says; hooks, receipts and a file of the demo into git's folder.
    (
        r"\bfiles::write(?:_output|_executable)?\(|\bfiles::remove\(",
        &[
            "cli/output.rs",
            "cli/command/demo.rs",
            "cli/command/usage/mod.rs",
            "cli/command/review/mod.rs",
            "workflow/hook.rs",
            "pipeline/steps/receipt.rs",
            "pipeline/steps/test_runner/junit.rs",
        ],
    ),
    (r"WriteAccess\(", &[]),
    // Only a client whose bytes the guard let pass reaches a server.
    (r"\.completion\(|\bhttp::post_json\(", &["provider/http_client.rs"]),
];

#[test]
fn only_the_bus_starts_programs_and_writes_files() {
    let mut wrong = Vec::new();
    let all = sources();
    for (pattern, allowed) in DOORS {
        let pattern = Regex::new(pattern).expect("pattern");
        let mut is_used = false;
        for file in all.iter().filter(|file| !file.is_test) {
            let code = file.code();
            let is_inside = file.path.starts_with("bus/") || file.path.starts_with("system/");
            is_used |= is_inside && pattern.is_match(&code);
            if is_inside || allowed.contains(&file.path.as_str()) {
                continue;
            }
            if let Some(found) = pattern.find(&code) {
                wrong.push(format!("src/{}: `{}` is a door of the bus", file.path, found.as_str()));
            }
        }
        assert!(is_used, "`{}` finds no call in the bus: the test is blind", pattern.as_str());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_bus_holds_no_forbidden_pattern() {
    let forbidden =
        Regex::new(r"\.unwrap\(|\.expect\(|todo!|unimplemented!|dbg!|println!|eprintln!|split_whitespace\(")
            .expect("pattern");
    let found: Vec<String> = sources()
        .iter()
        .filter(|file| !file.is_test && (file.path.starts_with("bus/") || file.path.starts_with("ledger/")))
        .filter_map(|file| {
            let code = file.code();
            let found = forbidden.find(&code)?.as_str().to_owned();
            Some(format!("src/{}: {found}", file.path))
        })
        .collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}
