//! Generated files are up to date; `COUNTERSIGN_ACCEPT=1 cargo test generated`
//! writes them.

use super::{json, profiles_markdown, rules_markdown, scan_rules_markdown};
use crate::test_support::assert_generated;

#[test]
fn generated_rules_page() {
    assert_generated("docs/rules.md", &rules_markdown());
}

#[test]
fn generated_page_of_scan_rules() {
    assert_generated("docs/scan-rules.md", &scan_rules_markdown());
    assert_generated("docs/profiles.md", &profiles_markdown());
}

#[test]
fn generated_schema() {
    assert_generated("docs/schema/report.v1.json", &json::schema());
    let operations = crate::bus::operation_schema();
    assert_generated("docs/schema/operation.v1.json", &json::pretty(&operations));
}
