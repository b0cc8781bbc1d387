//! Generated files are up to date; `COUNTERSIGN_ACCEPT=1 cargo test
//! generated` writes them.

use countersign::render::{json, rules_markdown, scan_rules_markdown};

use crate::support::project;

fn same(path: &str, want: &str) {
    let file = project().join(path);
    if std::env::var_os("COUNTERSIGN_ACCEPT").is_some() {
        std::fs::create_dir_all(file.parent().expect("folder")).expect("folders");
        std::fs::write(&file, want).expect("file");
    }
    let now = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(now == want, "{path} is out of date: run `just gen`");
}

#[test]
fn generated_rules_page() {
    same("docs/rules.md", &rules_markdown());
}

#[test]
fn generated_page_of_scan_rules() {
    same("docs/scan-rules.md", &scan_rules_markdown());
}

#[test]
fn generated_schema() {
    same("docs/schema/report.v1.json", &json::schema());
}
