//! `usage` as a user meets it: nothing is read that was not switched on, nothing is guessed,
//! and what was seen once stays.

mod more;

use serde_json::{Value, json};

use crate::support::repo::Sandbox;

const MARKER: &str = "a-marker-in-a-conversation";

/// A transcript line of a call in a folder.
fn call(id: &str, folder: &str, branch: &str, model: &str, output: u64) -> String {
    let line = json!({
        "type": "assistant", "uuid": id, "sessionId": "s1", "timestamp": format!("2026-03-0{}T10:00:00Z", output % 9 + 1),
        "cwd": folder, "gitBranch": branch,
        "message": {
            "id": id, "model": model, "stop_reason": "end_turn", "content": [{"type": "text", "text": MARKER}],
            "usage": {"input_tokens": 1_000_000, "output_tokens": output, "cache_read_input_tokens": 0},
        },
    });
    format!("{line}\n")
}

/// A repository with a packet, whose user has transcripts of five calls.
fn with_logs(switched_on: bool) -> Sandbox {
    let sandbox = Sandbox::with_packet();
    let here = sandbox.root.display().to_string();
    let home = sandbox.home();
    let transcripts = home.join(".claude/projects/-work");
    std::fs::create_dir_all(&transcripts).expect("folder");
    let text = [
        call("m1", &here, "feat/WP-1-Farewell", "claude-opus-4-5", 100_000),
        call("m2", &format!("{here}/src"), "WP-1-Farewell", "claude-haiku-4-5", 10),
        call("m3", &here, "main", "claude-opus-4-5", 20),
        call("m4", &here, "feat/WP-1-Farewell", "a-new-model", 30),
        call("m5", "/elsewhere", "feat/WP-1-Farewell", "claude-opus-4-5", 40),
    ];
    std::fs::write(transcripts.join("s1.jsonl"), text.concat()).expect("transcript");
    if switched_on {
        switch_on(&sandbox, "usage: {import: on}\n");
    }
    sandbox
}

fn switch_on(sandbox: &Sandbox, text: &str) {
    let folder = sandbox.home().join("config/countersign");
    std::fs::create_dir_all(&folder).expect("folder");
    std::fs::write(folder.join("config.yaml"), text).expect("configuration");
}

fn usage(sandbox: &Sandbox, arguments: &[&str]) -> Value {
    let output = sandbox.run(&[&["usage", "--format", "json"], arguments].concat());
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    serde_json::from_str(&text)
        .unwrap_or_else(|error| panic!("{error}: {text}{}", String::from_utf8_lossy(&output.stderr)))
}

#[test]
fn nothing_is_read_that_was_not_switched_on() {
    let sandbox = with_logs(false);
    // A repository cannot switch it on.
    sandbox.append("countersign.yaml", "usage: {import: on}\n");
    let (exit, said) = sandbox.run_redacted(&["usage"]);
    assert!(exit == 2 && said.contains("unknown key `import`"), "{exit}: {said}");
    sandbox.git(&["checkout", "-q", "countersign.yaml"]);
    let (exit, said) = sandbox.run_redacted(&["usage"]);
    assert!(exit == 0 && said.contains("import: on") && said.contains("no calls"), "{exit}: {said}");
    assert_eq!(sandbox.run_redacted(&["usage", "import"]).0, 2);
    assert!(!sandbox.root.join(".git/countersign/ledger.db").exists());
    switch_on(&sandbox, "usage: {import: perhaps}\n");
    let (exit, said) = sandbox.run_redacted(&["usage"]);
    assert!(exit == 2 && said.contains("expected one of: on, off"), "{exit}: {said}");
}

#[test]
fn calls_belong_to_the_packet_of_their_branch_or_to_none() {
    let sandbox = with_logs(true);
    let all = usage(&sandbox, &[]);
    let rows: Vec<(Option<&str>, u64)> = all["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| (row["key"].as_str(), row["calls"].as_u64().expect("calls")))
        .collect();
    assert_eq!(rows, [(Some("WP-1-Farewell"), 3), (None, 1)], "{all}");
    assert_eq!(all["total"]["calls"], 4, "a call elsewhere is no call of this repository");
    // 5 + 2.5 dollars, 1 dollar and a bit; a model without a price is in no cost.
    assert_eq!(all["rows"][0]["cost_usd"], "8.500050000");
    assert_eq!(all["rows"][0]["calls_without_price"], 1);
    assert_eq!(all["without_price"], json!({"a-new-model": 1_000_030}));
    assert_eq!(usage(&sandbox, &["WP-1-Farewell"])["total"]["calls"], 3);
    assert_eq!(usage(&sandbox, &["WP-1-Other"])["total"]["calls"], 0);
    assert_eq!(usage(&sandbox, &["--since", "2026-03-03"])["total"]["calls"], 2);
    assert_eq!(usage(&sandbox, &["--by", "model"])["rows"].as_array().expect("rows").len(), 3);
    let (exit, said) = sandbox.run_redacted(&["usage", "--by", "day"]);
    assert!(exit == 0 && said.contains("2026-03-") && said.contains('#'), "{said}");
    for part in ["API list price equivalent", "No price is known for a-new-model", "total"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    for wrong in [&["--since", "yesterday"][..], &["--flat-price", "3"], &["--prices", "none.json"]] {
        assert_eq!(sandbox.run_redacted(&[&["usage"], wrong].concat()).0, 2, "{wrong:?}");
    }
}

#[test]
fn what_was_seen_stays_and_counts_once() {
    let sandbox = with_logs(true);
    let first = usage(&sandbox, &[])["total"].clone();
    assert_eq!(usage(&sandbox, &[])["total"], first, "a second import adds nothing");
    let here = sandbox.root.display().to_string();
    let transcripts = sandbox.home().join(".claude/projects/-work");
    let more = call("m1", &here, "main", "claude-opus-4-5", 100_000)
        + &call("m6", &here, "main", "claude-opus-4-5", 7);
    std::fs::write(transcripts.join("s2.jsonl"), more).expect("a resumed session");
    let (exit, said) = sandbox.run_redacted(&["usage", "import"]);
    assert!(exit == 0 && said.contains("1 new call") && said.contains("1 log"), "{said}");
    assert_eq!(usage(&sandbox, &["WP-1-Farewell"])["total"]["calls"], 3, "the first attribution stays");
    // A smaller count that comes later changes nothing.
    let smaller = call("m1", &here, "main", "claude-opus-4-5", 5);
    std::fs::write(transcripts.join("s3.jsonl"), smaller).expect("a torn copy");
    assert_eq!(usage(&sandbox, &[])["total"]["tokens"]["output"], 100_067);
    // A packet that is written later gets the calls of its branch.
    let later = call("m7", &here, "feat/WP-1-Later", "claude-opus-4-5", 1);
    std::fs::write(transcripts.join("s4.jsonl"), later).expect("transcript");
    assert_eq!(usage(&sandbox, &["WP-1-Later"])["total"]["calls"], 0);
    sandbox.write(".GOV/task_packets/WP-1-Later.md", "# Task Packet: WP-1-Later\n");
    assert_eq!(usage(&sandbox, &["WP-1-Later"])["total"]["calls"], 1);
    std::fs::remove_file(transcripts.join("s4.jsonl")).expect("transcript");
    std::fs::remove_dir_all(sandbox.home().join(".claude")).expect("logs");
    assert_eq!(usage(&sandbox, &[])["total"]["calls"], 6, "the logs are gone, and the numbers are not");
}

#[test]
fn prices_and_the_report_of_costs() {
    let sandbox = with_logs(true);
    sandbox.write(
        "prices.json",
        r#"{"a-new-model": {"input_cost_per_token": 1e-06, "output_cost_per_token": 1e-06}}"#,
    );
    let priced = usage(&sandbox, &["--prices", "prices.json", "--by", "model"]);
    let cost = |model: &str| {
        let rows = priced["rows"].as_array().expect("rows");
        rows.iter().find(|row| row["key"] == model).map(|row| row["cost_usd"].clone())
    };
    assert_eq!(cost("a-new-model"), Some(json!("1.000030000")));
    assert_eq!(cost("claude-opus-4-5"), Some(Value::Null), "a model that the file lacks is not free");
    let flat = usage(&sandbox, &["--flat-price", "3/15", "--cost-report", "out/token-report.json"]);
    assert_eq!(flat["total"]["cost_usd"], "13.500900000");
    let report: Value = serde_json::from_str(&sandbox.read("out/token-report.json")).expect("json");
    assert_eq!(report["total_cost_usd"], "13.500900000", "both ways to the same sum");
    assert_eq!(report["total_prompt_tokens"], 4_000_000);
    assert_eq!(report["per_case"]["WP-1-Farewell"]["steps"], 3);
    assert_eq!(report["per_case"]["no packet"]["artifact_tokens"], 20);
    assert_eq!(report["per_step"]["claude-opus-4-5"]["invocations"], 2);
}

#[test]
fn a_repository_brings_no_logs_and_no_calls_of_others() {
    let sandbox = with_logs(true);
    let here = sandbox.root.display().to_string();
    sandbox.write(".claude/projects/x/s1.jsonl", call("m9", &here, "main", "claude-opus-4-5", 9));
    let total = |name: &str, value: &str| {
        let mut program = sandbox.program();
        let output = program.args(["usage", "--format", "json"]).env(name, value).output().expect("runs");
        let report: Value = serde_json::from_slice(&output.stdout).expect("json");
        report["total"]["calls"].clone()
    };
    assert_eq!(total("CLAUDE_CONFIG_DIR", ".claude"), 0, "a path from the current folder");
    assert_eq!(total("NO_VARIABLE", "x"), 4);
    std::fs::create_dir_all(sandbox.root.join("vendor/other/.git")).expect("another repository");
    let transcripts = sandbox.home().join(".claude/projects/-work");
    let foreign = [
        call("m10", &format!("{here}/vendor/other/src"), "main", "claude-opus-4-5", 1),
        call("m11", &format!("{here}/../secret-client"), "main", "claude-opus-4-5", 1),
    ];
    std::fs::write(transcripts.join("s9.jsonl"), foreign.concat()).expect("transcript");
    assert_eq!(total("NO_VARIABLE", "x"), 4);
}

#[test]
fn no_text_of_a_conversation_is_stored() {
    let sandbox = with_logs(true);
    let output = sandbox.run(&["usage"]);
    assert!(!String::from_utf8_lossy(&output.stdout).contains(MARKER));
    let elsewhere = "elsewhere";
    for entry in std::fs::read_dir(sandbox.root.join(".git/countersign")).expect("folder").flatten() {
        let bytes = std::fs::read(entry.path()).unwrap_or_default();
        for text in [MARKER, elsewhere] {
            let found = bytes.windows(text.len()).any(|window| window == text.as_bytes());
            assert!(!found, "{} holds `{text}`", entry.path().display());
        }
    }
}
