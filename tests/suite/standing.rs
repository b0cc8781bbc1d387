//! Which documents `check` takes for history, by all that the records say, at both revisions.

use countersign::DemoRepository;

use crate::support::repo::Sandbox;

const PACKET: &str = ".GOV/task_packets/WP-1-Farewell.md";
const BOARD: &str = ".GOV/roles_shared/TASK_BOARD.md";
const REGISTRY: &str = ".GOV/roles_shared/WP_TRACEABILITY_REGISTRY.md";
const ENTRY: &str = "- **[WP-1-Farewell]** - [READY_FOR_DEV]";
const REPORTS: &str = "- (Validator appends official audits and verdicts here. Append-only.)";

/// A repository whose open packet contains a backspace: an error, and a note in history.
fn governed() -> Sandbox {
    let sandbox = Sandbox::new();
    let files =
        DemoRepository::base_files().into_iter().chain(DemoRepository::approved_files(&"a".repeat(40)));
    files.for_each(|(path, text)| sandbox.write(path, text));
    sandbox.edit(
        PACKET,
        "# Task Packet: WP-1-Farewell",
        "# Task Packet: WP-1-Farewell\n\nA \u{8}damaged line.",
    );
    sandbox.commit("all");
    sandbox
}

fn findings(sandbox: &Sandbox, arguments: &[&str]) -> Vec<(String, String, String)> {
    let (_, said) = sandbox.run_redacted(&[arguments, &["--format", "json"]].concat());
    let report: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    let all = report["findings"].as_array().expect("findings").clone();
    let text = |finding: &serde_json::Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    all.iter().map(|one| (text(one, "rule"), text(one, "level"), text(one, "message"))).collect()
}

/// The level of the finding about the backspace.
fn level(sandbox: &Sandbox) -> String {
    let all = findings(sandbox, &["check"]);
    let found = all.into_iter().find(|(rule, ..)| rule == "text/hidden-character");
    found.map(|(_, level, _)| level).expect("the backspace is reported")
}

fn levels_of(sandbox: &Sandbox, rule: &str) -> Vec<String> {
    findings(sandbox, &["check"]).into_iter().filter(|one| one.0 == rule).map(|one| one.1).collect()
}

fn supersede_on_board(sandbox: &Sandbox) {
    sandbox.edit(BOARD, ENTRY, "- nothing");
    sandbox.edit(BOARD, "## Done", "## Done\n\n## Superseded\n- **[WP-1-Farewell]** - [SUPERSEDED]");
}

fn validate_on_board(sandbox: &Sandbox) {
    sandbox.edit(BOARD, ENTRY, "- nothing");
    sandbox.edit(BOARD, "## Done", "## Done\n- **[WP-1-Farewell]** - [VALIDATED]");
}

fn append_pass(sandbox: &Sandbox) {
    let report = format!("{REPORTS}\n\nVALIDATION REPORT - WP-1-Farewell\nVerdict: PASS\n");
    sandbox.edit(PACKET, REPORTS, &report);
}

fn set_status(sandbox: &Sandbox, status: &str) {
    sandbox.edit(PACKET, "- **Status:** Ready for Dev", &format!("- **Status:** {status}"));
}

#[test]
fn a_superseded_packet_is_history_although_its_own_status_is_stale() {
    let sandbox = governed();
    assert_eq!(level(&sandbox), "error");
    supersede_on_board(&sandbox);
    sandbox.commit("superseded");
    assert_eq!(level(&sandbox), "note");
    // The contradiction itself is one warning.
    assert_eq!(levels_of(&sandbox, "board/status"), ["warning"]);
    // Whoever claims the packet works on it.
    set_status(&sandbox, "In Progress");
    sandbox.commit("claimed");
    assert_eq!(level(&sandbox), "error");
}

#[test]
fn a_change_to_the_records_does_not_lower_its_own_findings() {
    let sandbox = governed();
    supersede_on_board(&sandbox);
    assert_eq!(level(&sandbox), "error", "not committed");
    sandbox.git(&["checkout", "-q", "-b", "feat/WP-1-Farewell"]);
    sandbox.commit("superseded on a branch");
    assert_eq!(level(&sandbox), "error", "committed on a branch");
    // A board that is new, and a packet that is new.
    for path in [BOARD, PACKET] {
        let sandbox = governed();
        supersede_on_board(&sandbox);
        let text = sandbox.read(path);
        sandbox.remove(path);
        sandbox.commit("without it");
        sandbox.write(path, text);
        assert_eq!(level(&sandbox), "error", "{path}");
        sandbox.commit("with it");
        assert_eq!(level(&sandbox), "note", "{path}");
    }
}

#[test]
fn a_command_about_one_packet_excuses_it_by_no_record() {
    let sandbox = governed();
    supersede_on_board(&sandbox);
    sandbox.commit("superseded");
    let all = findings(&sandbox, &["validator-packet-complete", "WP-1-Farewell"]);
    let damaged = all.iter().find(|(rule, ..)| rule == "text/hidden-character");
    assert_eq!(damaged.map(|(_, level, _)| level.as_str()), Some("error"), "{all:?}");
}

#[test]
fn a_command_about_one_packet_takes_the_last_report_for_the_newest_one() {
    let sandbox = governed();
    set_status(&sandbox, "Validated (PASS)");
    let reports = "### Report after the repair\nDATE: 2026-02-20T10:00:00Z\nVerdict: PASS\n\n\
        ### Report of the validator (2026-02-20)\n- Verdict: FAIL\n";
    sandbox.edit(PACKET, REPORTS, &format!("{REPORTS}\n\n{reports}"));
    sandbox.commit("two reports");
    assert_eq!(levels_of(&sandbox, "packet/verdict"), ["warning"]);
    let all = findings(&sandbox, &["validator-packet-complete", "WP-1-Farewell"]);
    let verdict = all.iter().find(|(rule, ..)| rule == "packet/verdict");
    assert_eq!(verdict.map(|(_, level, _)| level.as_str()), Some("error"), "{all:?}");
}

#[test]
fn the_board_alone_does_not_validate_a_packet() {
    let sandbox = governed();
    validate_on_board(&sandbox);
    sandbox.commit("validated, without a verdict");
    assert_eq!(level(&sandbox), "error");
    append_pass(&sandbox);
    sandbox.commit("with a verdict");
    assert_eq!(level(&sandbox), "note");
    assert_eq!(levels_of(&sandbox, "packet/verdict"), ["warning"]);
}

#[test]
fn the_verdict_of_a_typed_contract_counts_at_both_revisions() {
    let sandbox = governed();
    validate_on_board(&sandbox);
    sandbox.commit("validated, without a verdict");
    let contract = r#"{
  "schema_id": "hsk.work_packet_contract@1",
  "wp_id": "WP-1-Farewell",
  "lifecycle": {"status": "Ready for Dev", "integration_validator_verdict": "PASS"}
}
"#;
    sandbox.write(".GOV/task_packets/WP-1-Farewell/packet.json", contract);
    assert_eq!(level(&sandbox), "error", "not committed");
    sandbox.commit("with a verdict");
    assert_eq!(level(&sandbox), "note");
}

#[test]
fn a_packet_that_the_board_does_not_list_is_judged_by_the_other_records() {
    let sandbox = governed();
    append_pass(&sandbox);
    sandbox.commit("a report");
    assert_eq!(level(&sandbox), "error", "the board says that work goes on");
    sandbox.edit(BOARD, ENTRY, "- nothing");
    sandbox.commit("not on the board");
    assert_eq!(level(&sandbox), "note");
    // The registry says that the packet is done.
    let sandbox = governed();
    sandbox.edit(REGISTRY, "| Ready for Dev |", "| Done: WP-1-Farewell |");
    sandbox.commit("done in the registry");
    assert_eq!(level(&sandbox), "error", "the board says that work goes on");
    sandbox.edit(BOARD, ENTRY, "- nothing");
    sandbox.commit("not on the board");
    assert_eq!(level(&sandbox), "note");
    sandbox.edit(REGISTRY, "| Done: WP-1-Farewell |", "| Done: WP-1-Farewell-v2 |");
    sandbox.commit("another packet is done");
    assert_eq!(level(&sandbox), "error");
}

#[test]
fn the_board_confirms_a_report_in_a_fence() {
    let append = |sandbox: &Sandbox, verdict: &str| {
        let report = format!(
            "{REPORTS}\n\n### Report\n\n```text\nVALIDATION REPORT - WP-1-Farewell\nVerdict: {verdict}\n```\n"
        );
        sandbox.edit(PACKET, REPORTS, &report);
    };
    let level_of = |verdict: &str, is_validated: bool| {
        let sandbox = governed();
        set_status(&sandbox, "In Progress");
        append(&sandbox, verdict);
        if is_validated {
            validate_on_board(&sandbox);
        }
        sandbox.commit("reported");
        level(&sandbox)
    };
    assert_eq!(level_of("PASS", true), "note");
    // A report that is no quotation counts more.
    let sandbox = governed();
    set_status(&sandbox, "In Progress");
    append(&sandbox, "PASS");
    sandbox.edit(
        PACKET,
        REPORTS,
        &format!("{REPORTS}\n\nVALIDATION REPORT - WP-1-Farewell\nVerdict: FAIL\n"),
    );
    validate_on_board(&sandbox);
    sandbox.commit("reported");
    assert_eq!(level(&sandbox), "error");
    // A fence alone can be a quotation, and a FAIL ends no work.
    assert_eq!(level_of("PASS", false), "error");
    assert_eq!(level_of("FAIL", true), "error");
}

#[test]
fn the_typed_contract_of_a_stub_is_history_once_its_packet_exists() {
    let sandbox = governed();
    let damaged = |id: &str| {
        let path = format!(".GOV/task_packets/stubs/{id}.contract.json");
        sandbox.write(&path, format!("{{\"wp_id\": \"{id}\", \"intent\": \"A \u{9d}damaged line.\"}}\n"));
        sandbox.commit(id);
        let (_, said) = sandbox.run_redacted(&["check", "--format", "json"]);
        let report: serde_json::Value = serde_json::from_str(&said).expect("JSON");
        let all = report["findings"].as_array().expect("findings").clone();
        let own = all.into_iter().find(|one| one["place"]["path"] == path.as_str());
        own.map(|one| one["level"].clone()).expect("reported")
    };
    assert_eq!(damaged("WP-1-Farewell"), "note");
    assert_eq!(damaged("WP-1-Later"), "warning");
}
