//! Budgets, claims, sums of another program, recorded sessions, and what survives its log.

use serde_json::{Value, json};

use super::{call, switch_on, usage, with_logs};
use crate::support::repo::Sandbox;

#[test]
fn a_packet_over_its_budget_is_a_note_or_an_error() {
    let sandbox = with_logs(true);
    sandbox.append("countersign.yaml", "usage: {tokens: 100, usd: 1}\n");
    sandbox.commit("a budget");
    let (exit, said) = sandbox.run_redacted(&["usage", "WP-1-Farewell"]);
    assert_eq!(exit, 0, "{said}");
    for part in [
        "note[usage/over-budget]",
        "HSK-402-BUDGET-EXCEEDED",
        "tokens (measured), more than the budget of 100",
        "by list price",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    // The audit says so by the rules of the base, and its verdict is what it is without.
    sandbox.git(&["switch", "-q", "-c", "feat/WP-1-Farewell"]);
    sandbox.append("src/lib.rs", "// work\n");
    sandbox.commit("work");
    let (exit, said) = sandbox.run_redacted(&["audit", "WP-1-Farewell"]);
    assert!(said.contains("budget   usage/over-budget"), "{said}");
    sandbox.edit("countersign.yaml", "usd: 1}", "usd: 1, over_budget: error}");
    assert_eq!(sandbox.run_redacted(&["usage", "WP-1-Farewell"]).0, 1);
    assert_eq!(exit, 1, "the audit has its own errors");
    // The control case: enough for everything.
    sandbox.edit("countersign.yaml", "tokens: 100, usd: 1,", "tokens: 900_000_000, usd: 9000,");
    let (exit, said) = sandbox.run_redacted(&["usage", "WP-1-Farewell"]);
    assert!(exit == 0 && !said.contains("over-budget"), "{exit}: {said}");
}

#[test]
fn claims_are_beside_what_the_logs_say() {
    let sandbox = with_logs(true);
    let packet = ".GOV/task_packets/WP-1-Farewell.md";
    for (claimed, agrees) in [("Claude Opus 4.5", true), ("gpt-5", false)] {
        let text = sandbox.read(packet);
        let line = text.lines().find(|line| line.starts_with("- CODER_MODEL")).map(str::to_owned);
        let new = format!("- CODER_MODEL: {claimed}");
        sandbox.write(
            packet,
            match line {
                Some(line) => text.replace(&line, &new),
                None => text.replacen("- TASK_ID:", &format!("{new}\n- TASK_ID:"), 1),
            },
        );
        let answer = usage(&sandbox, &["WP-1-Farewell"]);
        let claim = &answer["claims"][0];
        assert_eq!(
            (claim["field"].as_str(), claim["agrees"].as_bool()),
            (Some("CODER_MODEL"), Some(agrees)),
            "{answer}"
        );
        assert!(claim["source"].as_str().is_some_and(|source| source.contains("logs of claude")), "{claim}");
        let (exit, said) = sandbox.run_redacted(&["usage", "WP-1-Farewell"]);
        assert!(exit == 0 && said.contains("note[usage/claim]"), "{exit}: {said}");
    }
    sandbox.edit(packet, "- TASK_ID:", "- AGENT_ID: CodexCLI\n- TASK_ID:");
    let answer = usage(&sandbox, &["WP-1-Farewell"]);
    let agent =
        answer["claims"].as_array().expect("claims").iter().find(|claim| claim["field"] == "AGENT_ID");
    assert_eq!(agent.map(|claim| claim["agrees"].clone()), Some(Value::from(false)), "{answer}");
    sandbox.edit(packet, "- AGENT_ID: CodexCLI\n", "");
    // A field that is not filled claims nothing.
    let text = sandbox.read(packet).replace("- CODER_MODEL: gpt-5", "- CODER_MODEL: <unclaimed>");
    sandbox.write(packet, text);
    assert_eq!(usage(&sandbox, &["WP-1-Farewell"])["claims"].as_array().map(Vec::len), Some(0));
}

#[test]
fn a_step_is_a_role_an_agent_or_an_agent_of_an_agent() {
    let sandbox = with_logs(true);
    let side = call("m6", &sandbox.root.display().to_string(), "main", "claude-opus-4-5", 7)
        .replace("\"uuid\"", "\"isSidechain\":true,\"uuid\"");
    std::fs::write(sandbox.home().join(".claude/projects/-work/s2.jsonl"), side).expect("transcript");
    let steps = usage(&sandbox, &["--by", "step"]);
    let keys: Vec<&str> =
        steps["rows"].as_array().expect("rows").iter().filter_map(|row| row["key"].as_str()).collect();
    assert_eq!(keys, ["agent", "subagent"], "{steps}");
}

#[test]
fn sums_of_another_program_give_way_to_calls() {
    let sandbox = with_logs(true);
    let here: String = sandbox
        .root
        .display()
        .to_string()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    let session = |name: &str, folder: &str, tokens: u64| {
        json!({
            "sessionId": name, "projectPath": folder, "lastActivity": "2026-02-01T10:00:00Z",
            "modelBreakdowns": [{"modelName": "claude-opus-4-5", "inputTokens": tokens, "outputTokens": 1}],
        })
    };
    let sums = json!({"sessions": [session("s0", &here, 70), session("s1", &here, 80), session("s2", "-elsewhere", 90)]});
    let file = sandbox.home().join("sums.json");
    std::fs::write(&file, sums.to_string()).expect("file");
    let import = ["usage", "import", "--ccusage", &file.display().to_string()].map(str::to_owned);
    let import: Vec<&str> = import.iter().map(String::as_str).collect();
    let (exit, said) = sandbox.run_redacted(&import);
    assert!(exit == 0 && said.contains("2 new sums"), "{exit}: {said}");
    // The logs have the calls of one of the sessions: they count, and its sum does not.
    let calls = usage(&sandbox, &["--by", "session"]);
    let rows: Vec<(Option<&str>, u64)> = calls["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| (row["key"].as_str(), row["calls"].as_u64().expect("calls")))
        .collect();
    assert_eq!(rows, [(Some("s0"), 1), (Some("s1"), 4)], "{calls}");
    let (exit, said) = sandbox.run_redacted(&import);
    assert!(exit == 0 && said.contains("0 new sums"), "{exit}: {said}");
    assert_eq!(usage(&sandbox, &["--by", "session"])["rows"].as_array().map(Vec::len), Some(2));
    // No branch is known: none of it is a packet's.
    let packets = usage(&sandbox, &[]);
    let none =
        packets["rows"].as_array().expect("rows").iter().find(|row| row["key"].is_null()).expect("row");
    assert!(none["tokens"]["input"].as_u64().is_some_and(|tokens| tokens >= 70), "{packets}");
    std::fs::write(&file, "{\"daily\": []}").expect("file");
    let (exit, said) = sandbox.run_redacted(&import);
    assert!(exit == 2 && said.contains("ccusage claude session --json"), "{exit}: {said}");
}

/// A Codex log with two calls in a folder.
fn rollout(folder: &str, events: u64) -> String {
    let line = |kind: &str, payload: Value| {
        format!("{}\n", json!({"timestamp": "2026-03-01T10:00:00Z", "type": kind, "payload": payload}))
    };
    let mut text =
        line("session_meta", json!({"id": "c1", "timestamp": "2026-03-01T10:00:00Z", "cwd": folder}));
    text.push_str(&line("turn_context", json!({"cwd": folder, "model": "gpt-5"})));
    for number in 1..=events {
        let total =
            json!({"input_tokens": number * 100, "output_tokens": number * 10, "total_tokens": number * 110});
        let payload = json!({"type": "token_count", "info": {"total_token_usage": total}});
        text.push_str(&line("event_msg", payload).replace("10:00:00", &format!("10:{number:02}:00")));
    }
    text
}

#[test]
fn calls_that_were_seen_survive_their_log_and_their_tree() {
    let sandbox = Sandbox::with_packet();
    switch_on(&sandbox, "usage: {import: on}\n");
    let tree = sandbox.root.with_file_name("wt-WP-1-Farewell");
    sandbox.git(&["worktree", "add", "-q", &tree.display().to_string(), "-b", "topic"]);
    let folder = sandbox.home().join(".codex/sessions/2026/03/01");
    std::fs::create_dir_all(&folder).expect("folder");
    let log = folder.join("rollout-2026-03-01T10-00-00-c1.jsonl");
    let total = |key: Option<&str>| {
        let all = usage(&sandbox, &[]);
        let rows = all["rows"].as_array().expect("rows").clone();
        let row = rows.into_iter().find(|row| row["key"].as_str() == key);
        row.and_then(|row| row["total_tokens"].as_u64())
    };
    std::fs::write(&log, rollout(&tree.display().to_string(), 2)).expect("log");
    assert_eq!(total(Some("WP-1-Farewell")), Some(220));
    // Its working tree is removed: what was seen stays.
    sandbox.git(&["worktree", "remove", "--force", &tree.display().to_string()]);
    assert_eq!(total(Some("WP-1-Farewell")), Some(220));
    // A log in the main tree, whose branch changes between two imports.
    sandbox.git(&["switch", "-q", "-c", "feat/WP-1-Farewell"]);
    let here = sandbox.root.display().to_string();
    std::fs::write(&log, rollout(&here, 2).replace("c1", "c2")).expect("log");
    assert_eq!(total(Some("WP-1-Farewell")), Some(220));
    sandbox.git(&["switch", "-q", "-c", "other"]);
    std::fs::write(&log, rollout(&here, 3).replace("c1", "c2")).expect("log");
    assert_eq!((total(Some("WP-1-Farewell")), total(None)), (Some(220), Some(110)));
    // A log that is damaged says nothing new.
    std::fs::write(&log, [0u8, 159, 146, 150]).expect("log");
    assert_eq!((total(Some("WP-1-Farewell")), total(None)), (Some(220), Some(110)));
}

#[test]
fn a_budget_is_about_all_calls_and_a_claim_about_who_worked() {
    let sandbox = with_logs(true);
    sandbox.append("countersign.yaml", "usage: {tokens: 100, over_budget: error}\n");
    assert_eq!(sandbox.run_redacted(&["usage", "WP-1-Farewell"]).0, 1);
    assert_eq!(sandbox.run_redacted(&["usage", "WP-1-Farewell", "--since", "2027-01-01"]).0, 1);
    sandbox.edit("countersign.yaml", "{tokens: 100,", "{tokens: 100, packets: {WP-1-Farwell: {tokens: 5}},");
    let (_, said) = sandbox.run_redacted(&["usage"]);
    assert!(said.contains("there is no packet `WP-1-Farwell`"), "{said}");
    let (exit, said) = sandbox.run_redacted(&["usage", "WP-1-Farewel"]);
    assert!(exit == 0 && said.contains("did you mean `WP-1-Farewell`"), "{exit}: {said}");
}

#[test]
fn a_recorded_session_is_about_its_packet() {
    let sandbox = with_logs(true);
    let record = |arguments: &[&str]| sandbox.run_redacted(&[&["usage", "session"], arguments].concat());
    assert_eq!(record(&["s1", "--packet", "WP-9-Nope"]).0, 2);
    let (exit, said) = record(&["s1"]);
    assert!(exit == 2 && said.contains("--packet WP-ID"), "{exit}: {said}");
    assert_eq!(record(&["   ", "--packet", "WP-1-Farewell"]).0, 2);
    let (exit, said) = record(&["s1", "--packet", "WP-1-Farewell"]);
    assert!(exit == 0 && said.contains("session s1 is about WP-1-Farewell"), "{exit}: {said}");
    // All calls of the session are those of the packet, also the one on main; a call in
    // another folder is none of this repository.
    let all = usage(&sandbox, &[]);
    let rows = all["rows"].as_array().expect("rows");
    assert_eq!((rows.len(), rows[0]["calls"].as_u64()), (1, Some(4)), "{all}");
    // A hook gives the session on its input; the branch names the packet.
    sandbox.git(&["switch", "-q", "-c", "feat/WP-1-Farewell"]);
    let input = sandbox.home().join("input.json");
    std::fs::write(&input, "{\"session_id\": \"s7\", \"cwd\": \"/x\"}").expect("input");
    let output = sandbox
        .program()
        .args(["usage", "session", "-"])
        .stdin(std::fs::File::open(&input).expect("input"))
        .output()
        .expect("runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && said.contains("session s7 is about WP-1-Farewell"), "{said}");
}

#[test]
fn a_bare_repository_shows_what_is_known() {
    let sandbox = Sandbox::with_packet();
    let bare = sandbox.root.with_file_name("bare.git");
    sandbox.git(&["clone", "-q", "--bare", ".", &bare.display().to_string()]);
    let (exit, said) = sandbox.run_redacted(&["-C", &bare.display().to_string(), "usage", "WP-1-Farewell"]);
    assert!(exit == 0 && said.contains("no calls"), "{exit}: {said}");
}
