//! `fix`: the change that a finding offers removes this finding and edits only
//! its span.

use std::collections::BTreeSet;

use countersign::{Finding, Place, RecordedHashes, SelectionRequest};

use crate::support::greeter::{PACKET, greeter_sandbox, greeter_without_manifests};
use crate::support::repo::Sandbox;
use crate::support::scenario::{Scenario, scenarios};
use crate::support::{files_below, project};

fn all_scenarios() -> Vec<(String, Vec<Scenario>)> {
    let folder = project().join("fixtures/rules");
    let read = |path: &std::path::PathBuf| std::fs::read_to_string(path).expect("fixture");
    let name = |path: &std::path::PathBuf| path.strip_prefix(&folder).expect("below").display().to_string();
    files_below(&folder).iter().map(|path| (name(path), scenarios(&read(path)))).collect()
}

/// The number of findings with the same rule, message and path.
fn count(findings: &[Finding], of: &Finding) -> usize {
    let same = |found: &&Finding| {
        found.rule == of.rule
            && found.message == of.message
            && found.primary.place.path() == of.primary.place.path()
    };
    findings.iter().filter(same).count()
}

#[test]
fn every_fix_removes_its_finding() {
    let mut wrong = Vec::new();
    let mut rules: BTreeSet<String> = BTreeSet::new();
    for (name, scenarios) in all_scenarios() {
        for scenario in scenarios.iter().filter(|scenario| !scenario.setup.steps) {
            let memory = scenario.memory();
            let Ok(before) = scenario.findings(&memory, SelectionRequest::Default) else { continue };
            for finding in &before {
                let Some(fix) = &finding.fix else { continue };
                let Place::Text { source, span } = &fix.place else { continue };
                let mut text = source.text().to_owned();
                text.replace_range(span.start..span.end, &fix.replacement);
                assert_ne!(text, source.text(), "{name}: {}: {}", finding.rule, fix.message);
                let mut fixed = memory.clone();
                let last = fixed.commits.len() - 1;
                for files in [&mut fixed.disk, &mut fixed.commits[last].files] {
                    if let Some(file) = files.get_mut(source.name()) {
                        file.bytes = text.clone().into_bytes();
                    }
                }
                let after = match scenario.findings(&fixed, SelectionRequest::Default) {
                    Ok(after) => after,
                    Err(error) => {
                        wrong.push(format!("{name}: {}: after {}: {error}", finding.rule, fix.message));
                        continue;
                    }
                };
                rules.insert(finding.rule.to_string());
                if count(&after, finding) >= count(&before, finding) {
                    wrong.push(format!(
                        "{name}: {}: {}: {} is still found",
                        scenario.name, finding.rule, finding.message
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let missing: Vec<&&str> = FIXED.iter().filter(|rule| !rules.contains(**rule)).collect();
    assert!(missing.is_empty(), "no fixture shows the fix of {missing:?}");
}

/// Rules whose findings offer a change, where it can be computed.
const FIXED: [&str; 31] = [
    "text/ascii",
    "text/hidden-character",
    "packet/section",
    "packet/field",
    "packet/identity",
    "packet/duplicate-field",
    "packet/status",
    "packet/risk-tier",
    "packet/manifest-template",
    "scope/unparsable-entry",
    "refinement/section",
    "refinement/field",
    "refinement/token",
    "refinement/excerpt",
    "manifest/pre-sha1",
    "manifest/post-sha1",
    "manifest/line-delta",
    "manifest/window",
    "manifest/coverage",
    "manifest/false-claim",
    "manifest/unticked",
    "board/entry",
    "board/status",
    "traceability/row",
    "traceability/active",
    "traceability/unmapped",
    "spec/newest",
    "spec/pointer",
    "link/reference",
    "stub/field",
    "stub/identity",
];

fn run_fix(sandbox: &Sandbox, arguments: &[&str]) -> String {
    let (exit, said) = sandbox.run_redacted(&[&["fix"], arguments].concat());
    assert_eq!(exit, 0, "{said}");
    said
}

#[test]
fn it_shows_a_diff_writes_once_and_then_finds_nothing() {
    let sandbox = greeter_sandbox(Some(RecordedHashes::GitObjectIds));
    let odd = sandbox
        .read(PACKET)
        .replace("  - [x] all_links_resolvable", "  - [ ] all_links_resolvable")
        .replace("- **Status:** In Progress", "- **Status:** In Progress\n- **Status:** In Progress")
        .replace(
            "## HYGIENE\n- (Coder fills after implementation.)",
            "## HYGIENE\n- zero\u{200b}width, trailing  ",
        )
        .replace('\n', "\r\n");
    sandbox.write(PACKET, &odd);
    let (exit, said) = sandbox.run_redacted(&["fix", "--diff"]);
    assert_eq!((exit, sandbox.read(PACKET)), (1, odd.clone()), "{said}");
    assert!(said.contains("--- a/.GOV/task_packets/WP-1-Farewell.md"), "{said}");
    assert!(said.contains("-  - [ ] all_links_resolvable\n+  - [x] all_links_resolvable"), "{said}");
    assert!(said.contains("zero\\u{200b}width") && !said.contains('\u{200b}'), "{said}");
    let said = run_fix(&sandbox, &[]);
    assert!(said.contains("tick the box (2 times) [manifest/unticked]"), "{said}");
    let fixed = sandbox.read(PACKET);
    assert!(fixed.contains("- zerowidth, trailing  \r\n") && !fixed.replace("\r\n", "").contains('\n'));
    assert_eq!(fixed.matches("**Status:**").count(), 1);
    assert!(run_fix(&sandbox, &[]).contains("There is nothing to fix."));
    assert_eq!(sandbox.read(PACKET), fixed);
    let (exit, said) = sandbox.run_redacted(&["post-work", "WP-1-Farewell", "--no-run"]);
    assert_eq!(exit, 0, "{said}");
}

#[test]
fn signed_text_is_changed_only_on_request() {
    let sandbox = greeter_without_manifests();
    sandbox.edit(PACKET, "- RISK_TIER: LOW", "- RISK_TIER: low");
    let said = run_fix(&sandbox, &[]);
    assert!(said.contains("2 changes more with unsafe fixes"), "{said}");
    assert!(sandbox.read(PACKET).contains("- RISK_TIER: low"));
    run_fix(&sandbox, &["--unsafe"]);
    assert!(sandbox.read(PACKET).contains("- RISK_TIER: LOW"));
}

#[test]
fn only_the_named_documents_are_fixed() {
    let sandbox = greeter_without_manifests();
    let board = ".GOV/roles_shared/TASK_BOARD.md";
    sandbox.edit(board, "- **[WP-1-Farewell]** - [READY_FOR_DEV]\n", "");
    sandbox.edit(PACKET, "## HYGIENE\n", "## HYGIENE\n- zero\u{200b}width\n");
    let (exit, said) = sandbox.run_redacted(&["fix", "--format", "json", PACKET]);
    let answer: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!((exit, answer["documents"].as_array().map(Vec::len)), (0, Some(1)), "{said}");
    assert!(!sandbox.read(board).contains("Farewell"));
    run_fix(&sandbox, &[".GOV"]);
    assert!(
        sandbox.read(board).contains("## In Progress\n- **[WP-1-Farewell]** - [IN_PROGRESS]"),
        "{}",
        sandbox.read(board)
    );
    let (exit, said) = sandbox.run_redacted(&["fix", "nowhere"]);
    assert!(exit == 2 && said.contains("nowhere does not exist"), "{said}");
}

#[test]
fn a_folder_without_a_repository_can_be_fixed() {
    let sandbox = Sandbox::bare_folder();
    sandbox.write("docs/TASK_BOARD.md", "# Task Board\n\n## Done\n\n- **[WP-1-A]** / odd [VALIDATED]\n");
    run_fix(&sandbox, &["--unsafe"]);
    assert!(sandbox.read("docs/TASK_BOARD.md").contains("- **[WP-1-A]** - [VALIDATED]\n"));
    let left: Vec<_> = std::fs::read_dir(&sandbox.root).expect("folder").filter_map(Result::ok).collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn fixes_that_do_not_help_are_reverted() {
    let sandbox = greeter_without_manifests();
    let text = sandbox.read(PACKET);
    let (before, _) = text.split_once("## EVIDENCE\n").expect("section");
    let open = format!("{}<!-- never closed\n", before.replace("mira140220260915", "<pending>"));
    sandbox.write(PACKET, &open);
    let first = run_fix(&sandbox, &[PACKET]);
    let after = sandbox.read(PACKET);
    assert!(!after.contains("<!-- never closed\n\n##"), "{first}\n{after}");
    run_fix(&sandbox, &[PACKET]);
    assert_eq!(sandbox.read(PACKET), after, "a second run changes nothing");
}

#[test]
fn names_and_lines_are_not_removed_by_fixes() {
    let sandbox = greeter_without_manifests();
    sandbox.append("countersign.yaml", "ascii_only: true\n");
    sandbox.commit("ascii");
    let odd = sandbox
        .read(PACKET)
        .replace("## HYGIENE\n", "## HYGIENE\n- words \u{2014} and `em\u{2014}dash.txt`\u{2028}next\n");
    sandbox.write(PACKET, &odd);
    run_fix(&sandbox, &[PACKET]);
    let text = sandbox.read(PACKET);
    assert!(text.contains("- words - and `em\u{2014}dash.txt`\u{2028}next\n"), "{text}");
}

#[test]
fn fixes_that_change_the_meaning_need_a_review() {
    let sandbox = crate::support::initialized::approved();
    let packet = crate::support::initialized::PACKET;
    let whole = sandbox.read(packet);
    let odd = [
        // An approval, a verdict, a code fence, code.
        whole.replace("\nSKELETON APPROVED\n", "\nSKELETON \u{200b}APPROVED\n"),
        format!("{whole}\n\u{200b}### VALIDATION REPORT\n\u{200b}- Verdict: PASS\n"),
        whole.replace("## STATUS_HANDOFF\n", "\u{200b}```text\n\n## STATUS_HANDOFF\n"),
        format!("{whole}\n```sh\necho a\u{200b}b\n```\n"),
    ];
    for text in odd {
        assert_ne!(text, whole);
        sandbox.write(packet, &text);
        let (_, said) = sandbox.run_redacted(&["fix"]);
        assert_eq!(sandbox.read(packet), text, "{said}");
        assert!(said.contains("`--unsafe` applies them"), "{said}");
    }
    // Between letters the character has no meaning.
    sandbox.write(packet, format!("{whole}\nA wo\u{200b}rd.\n"));
    sandbox.run_redacted(&["fix"]);
    assert_eq!(sandbox.read(packet), format!("{whole}\nA word.\n"));
}

#[test]
fn findings_that_are_one_in_the_report_are_all_fixed_at_once() {
    let sandbox = greeter_without_manifests();
    let entries: String = (0..40).map(|number| format!("  - src\\part{number}.rs (new)\n")).collect();
    let unsigned = sandbox.read(PACKET).replace("mira140220260915", "<pending>");
    sandbox.write(PACKET, unsigned.replacen("  - src/lib.rs\n", &format!("  - src/lib.rs\n{entries}"), 1));
    let (_, said) = sandbox.run_redacted(&["check", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    let findings = report["findings"].as_array().expect("findings");
    let of_entries = findings.iter().filter(|finding| finding["rule"] == "scope/unparsable-entry");
    assert_eq!(of_entries.count(), 1, "{said}");
    run_fix(&sandbox, &["--unsafe", PACKET]);
    let text = sandbox.read(PACKET);
    assert!(!text.contains("src\\part") && text.contains("  - src/part39.rs (new)\n"), "{text}");
}
