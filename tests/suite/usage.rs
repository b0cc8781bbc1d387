//! `usage` as a user meets it: nothing is read that was not switched on, nothing is guessed,
//! and what was seen once stays.

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
