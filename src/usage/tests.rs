//! Logs that are generated with known sums: each test is one rule of reading them.

use serde_json::{Value, json};

use super::claude::ClaudeRules;
use super::codex::{self, CodexRules};
use super::collect::{find_logs, read_claude, read_logs, text};
use super::{LogRoots, ModelCall, Quality, Tokens};
use crate::system::files;

/// Text that no reader may keep.
const MARKER: &str = "a-marker-in-a-conversation";

/// A line of a transcript with these counts.
fn claude(id: &str, counts: (u64, u64), change: impl FnOnce(&mut Value)) -> String {
    let mut line = json!({
        "type": "assistant", "uuid": format!("u-{id}"), "sessionId": "s1", "requestId": format!("r-{id}"),
        "timestamp": "2026-03-01T10:00:00.000Z", "cwd": "/repo", "gitBranch": "topic", "isSidechain": false,
        "message": {
            "id": id, "model": "claude-sonnet-4-5", "role": "assistant", "stop_reason": "end_turn",
            "content": [{"type": "text", "text": MARKER}],
            "usage": {
                "input_tokens": counts.0, "output_tokens": counts.1,
                "cache_creation_input_tokens": 40, "cache_read_input_tokens": 500,
                "iterations": [{"input_tokens": 999_999}],
            },
        },
    });
    change(&mut line);
    format!("{line}\n")
}

fn sum(calls: &[ModelCall]) -> Tokens {
    calls.iter().map(|call| call.tokens).sum()
}

fn read(parts: &[&str]) -> Vec<ModelCall> {
    read_claude(parts, ClaudeRules::default())
}

/// A response in three lines: its last count is 30 tokens.
fn three_lines() -> String {
    [(1, None), (12, None), (30, Some("end_turn"))]
        .map(|(output, stop)| claude("m1", (10, output), |line| line["message"]["stop_reason"] = json!(stop)))
        .concat()
}

#[test]
fn a_response_counts_once_with_its_largest_count() {
    let calls = read(&[&three_lines()]);
    let tokens = Tokens { input: 10, output: 30, cache_read: 500, cache_write: 40, cache_write_1h: 0 };
    assert_eq!((calls.len(), sum(&calls), calls[0].quality), (1, tokens, Quality::Measured));
    // Without the rules, too much or too little is counted.
    let all = read_claude(&[&three_lines()], ClaudeRules { counts_once: false, ..ClaudeRules::default() });
    assert_eq!((all.len(), sum(&all).output), (3, 43));
    let first =
        read_claude(&[&three_lines()], ClaudeRules { keeps_largest: false, ..ClaudeRules::default() });
    assert_eq!(sum(&first).output, 1);
}

#[test]
fn a_response_without_a_request_id_counts_once() {
    let line = |output| claude("m1", (10, output), |line| line["requestId"] = Value::Null);
    assert_eq!(sum(&read(&[&(line(5) + &line(9))])).output, 9);
}

#[test]
fn side_chains_count_and_replays_of_their_parent_do_not() {
    let parent = claude("m1", (10, 30), |_| {});
    let own = claude("m2", (7, 20), |line| line["isSidechain"] = json!(true));
    let replay = claude("m1", (10, 30), |line| {
        line["isSidechain"] = json!(true);
        line["requestId"] = json!("another");
        line["cwd"] = json!("/elsewhere");
    });
    for files in [[&replay, &parent, &own], [&parent, &own, &replay]] {
        let calls = read(&files.map(String::as_str));
        assert_eq!((calls.len(), sum(&calls).output), (2, 50));
        let of_parent = calls.iter().find(|call| call.id == "m1").expect("m1");
        assert_eq!(
            (of_parent.folder.as_str(), of_parent.is_sidechain),
            ("/repo", false),
            "the parent made it"
        );
    }
}

#[test]
fn a_response_without_an_end_is_a_lower_bound() {
    let open = claude("m1", (10, 3), |line| line["message"]["stop_reason"] = Value::Null);
    assert_eq!(read(&[&open])[0].quality, Quality::LowerBound);
}

#[test]
fn null_is_zero_and_no_id_is_no_common_id() {
    let null = claude("m1", (10, 3), |line| {
        line["message"]["usage"]["cache_creation_input_tokens"] = Value::Null;
        line["isSidechain"] = Value::Null;
    });
    assert_eq!(read(&[&null])[0].tokens.cache_write, 0);
    let empty = |uuid: &str| claude("", (10, 3), |line| line["uuid"] = json!(uuid));
    assert_eq!(read(&[&(empty("a") + &empty("b"))]).len(), 2);
    let huge = claude("m1", (u64::MAX, 3), |_| {});
    assert_eq!(read(&[&huge])[0].tokens.input, 1_000_000_000_000, "a mistake is bounded");
}

#[test]
fn cache_writes_of_an_hour_are_told_from_those_of_five_minutes() {
    let hour = claude("m1", (10, 3), |line| {
        line["message"]["usage"]["cache_creation"] =
            json!({"ephemeral_5m_input_tokens": 15, "ephemeral_1h_input_tokens": 25});
    });
    let tokens = read(&[&hour])[0].tokens;
    assert_eq!((tokens.cache_write, tokens.cache_write_1h), (15, 25));
}

#[test]
fn lines_that_are_no_calls_count_nothing() {
    let synthetic = claude("m1", (10, 3), |line| line["message"]["model"] = json!("<synthetic>"));
    let error = claude("m2", (10, 3), |line| line["isApiErrorMessage"] = json!(true));
    let user = claude("m3", (10, 3), |line| line["type"] = json!("user"));
    let unknown = "{\"type\":\"a-new-type\",\"usage\":{\"output_tokens\":7}}\n";
    let torn = claude("m4", (10, 3), |_| {});
    let torn = torn.get(..torn.len() / 2).expect("half");
    let good = claude("m5", (10, 3), |_| {});
    let all = [&synthetic, &error, &user, unknown, "\"usage\"\n\0\n", &good, torn].concat();
    assert_eq!(read(&[&all]).iter().map(|call| call.id.as_str()).collect::<Vec<_>>(), ["m5"]);
}

#[test]
fn a_resumed_session_repeats_what_is_counted_already() {
    let first = three_lines() + &claude("m2", (1, 2), |_| {});
    let resumed =
        first.replace("\"s1\"", "\"s2\"") + &claude("m3", (4, 5), |line| line["sessionId"] = json!("s2"));
    let calls = read(&[&first, &resumed]);
    assert_eq!((calls.len(), sum(&calls).output), (3, 37));
}

#[test]
fn model_and_branch_are_those_of_the_call() {
    let other = claude("m2", (1, 2), |line| {
        line["message"]["model"] = json!("claude-opus-4-5");
        line["gitBranch"] = json!("other");
    });
    let calls = read(&[&(three_lines() + &other)]);
    let found: Vec<_> = calls.iter().map(|call| (call.model.as_deref(), call.branch.as_deref())).collect();
    assert!(found.contains(&(Some("claude-sonnet-4-5"), Some("topic"))), "{found:?}");
    assert!(found.contains(&(Some("claude-opus-4-5"), Some("other"))), "{found:?}");
}

/// One line of a rollout.
fn codex_line(at: &str, kind: &str, payload: Value) -> String {
    format!("{}\n", json!({"timestamp": at, "type": kind, "payload": payload}))
}

fn meta(change: impl FnOnce(&mut Value)) -> String {
    let mut payload = json!({
        "id": "c1", "timestamp": "2026-03-01T10:00:00.500Z", "cwd": "/repo", "git": {"branch": "topic"},
        "instructions": MARKER,
    });
    change(&mut payload);
    codex_line("2026-03-01T10:00:00.500Z", "session_meta", payload)
}

fn context(model: &str) -> String {
    codex_line(
        "2026-03-01T10:00:01Z",
        "turn_context",
        json!({"cwd": "/repo", "model": model, "effort": "high"}),
    )
}

/// An event with a total, and the last call: input, of which cached, and output.
fn count(at: &str, total: (i64, i64, i64), last: Option<(i64, i64, i64)>) -> String {
    let counts = |(input, cached, output): (i64, i64, i64)| {
        json!({"input_tokens": input, "cached_input_tokens": cached, "output_tokens": output,
               "reasoning_output_tokens": output / 2, "total_tokens": input + output})
    };
    let info = json!({"total_token_usage": counts(total), "last_token_usage": last.map(counts)});
    codex_line(at, "event_msg", json!({"type": "token_count", "info": info, "rate_limits": null}))
}

fn read_codex(all: &str) -> Vec<ModelCall> {
    codex::read(text(all), "name").0
}

#[test]
fn totals_are_counted_by_their_growth() {
    let repeated = count("2026-03-01T10:01:00Z", (100, 60, 10), Some((100, 60, 10)));
    let null = codex_line("2026-03-01T10:01:30Z", "event_msg", json!({"type": "token_count", "info": null}));
    let all = [
        meta(|_| {}),
        context("gpt-5-codex"),
        repeated.clone(),
        null,
        repeated,
        count("2026-03-01T10:02:00Z", (250, 180, 30), Some((150, 120, 20))),
    ]
    .concat();
    let calls = read_codex(&all);
    let expected = Tokens { input: 70, output: 30, cache_read: 180, ..Tokens::default() };
    assert_eq!((calls.len(), sum(&calls)), (2, expected));
    assert_eq!((calls[0].model.as_deref(), calls[0].branch.as_deref()), (Some("gpt-5-codex"), Some("topic")));
    // Without the rule, a repeated event counts again.
    let rules = CodexRules { ignores_repeats: false, ..CodexRules::default() };
    let wrong = codex::read_with(text(&all), "name", rules).0;
    assert_eq!(sum(&wrong).output, 40);
}

#[test]
fn a_smaller_total_starts_anew() {
    let all = [
        meta(|_| {}),
        count("2026-03-01T10:01:00Z", (100, 0, 10), None),
        count("2026-03-01T10:02:00Z", (30, 0, 5), None),
        count("2026-03-01T10:03:00Z", (50, 0, 8), None),
    ]
    .concat();
    let calls = read_codex(&all);
    assert_eq!((sum(&calls).input, sum(&calls).output), (150, 18));
    assert_eq!(calls[0].model, None, "no model is invented");
}

#[test]
fn a_fork_does_not_count_what_its_parent_did() {
    let fork = |replay: &str| {
        let start = meta(|payload| payload["forked_from_id"] = json!("c0"));
        let own = count("2026-03-01T10:05:00Z", (1_200, 0, 140), Some((200, 0, 40)));
        let calls = read_codex(&[&start, replay, &context("gpt-5"), &own].concat());
        (sum(&calls).input, sum(&calls).output)
    };
    let restamped = count("2026-03-01T10:00:00.900Z", (600, 0, 60), None)
        + &count("2026-03-01T10:00:00.950Z", (1_000, 0, 100), None);
    let original = count("2026-02-27T09:00:00Z", (600, 0, 60), None)
        + &count("2026-02-27T09:05:00Z", (1_000, 0, 100), None);
    for (replay, what) in
        [(restamped.as_str(), "restamped"), (&original, "original times"), ("", "nothing repeated")]
    {
        assert_eq!(fork(replay), (200, 40), "{what}");
    }
    // Without the rule, the history of the parent counts again.
    let start = meta(|payload| payload["forked_from_id"] = json!("c0"));
    let own = count("2026-03-01T10:05:00Z", (1_200, 0, 140), Some((200, 0, 40)));
    let rules = CodexRules { subtracts_parents: false, ..CodexRules::default() };
    let wrong = codex::read_with(text(&(start + &restamped + &own)), "name", rules).0;
    assert_eq!(sum(&wrong).output, 140);
}

#[test]
fn old_and_new_shapes_are_read() {
    let last_only =
        json!({"type": "token_count", "info": {"last_token_usage": {"input_tokens": 5, "output_tokens": 2}}});
    let old = codex_line("2026-03-01T10:01:00Z", "event_msg", last_only);
    assert_eq!(sum(&read_codex(&(meta(|_| {}) + &old + &old))).output, 4);
    let turn = "{\"type\":\"turn.completed\",\"usage\":{\"input_tokens\":9,\"cached_input_tokens\":4,\"output_tokens\":3}}\n";
    let tokens = sum(&read_codex(turn));
    assert_eq!((tokens.input, tokens.cache_read, tokens.output), (5, 4, 3));
    let negative = count("2026-03-01T10:01:00Z", (-5, 0, -1), None);
    assert_eq!(sum(&read_codex(&negative)), Tokens::default());
}

#[test]
fn models_change_within_a_session() {
    let all = [
        meta(|_| {}),
        context("gpt-5"),
        count("2026-03-01T10:01:00Z", (100, 0, 10), None),
        context("gpt-5-mini"),
        count("2026-03-01T10:02:00Z", (150, 0, 30), None),
    ]
    .concat();
    let calls = read_codex(&all);
    let found: Vec<_> = calls.iter().map(|call| (call.model.as_deref(), call.tokens.output)).collect();
    assert_eq!(found, [(Some("gpt-5"), 10), (Some("gpt-5-mini"), 20)]);
}

#[test]
fn logs_are_found_and_no_text_of_them_is_kept() {
    let home = files::create_scratch_folder("countersign-usage-").expect("folder");
    let root = home.path();
    let write = |path: &str, text: &str| files::write(&root.join(path), text.as_bytes()).expect("file");
    write("claude/projects/-work/s1.jsonl", &three_lines());
    let side = claude("m9", (1, 7), |line| line["isSidechain"] = json!(true));
    write("claude/projects/-work/s1/subagents/workflows/run/agent-1.jsonl", &side);
    write("claude/projects/-work/notes.txt", &claude("m8", (1, 70), |_| {}));
    let rollout = meta(|_| {}) + &count("2026-03-01T10:01:00Z", (100, 0, 10), None);
    let longer = rollout.clone() + &count("2026-03-01T10:02:00Z", (100, 0, 15), None);
    write("codex/sessions/2026/03/01/rollout-1.jsonl", &longer);
    write("codex/archived_sessions/rollout-1.jsonl", &rollout);
    write("codex/archived_sessions/rollout-2.jsonl", &rollout.replace("\"c1\"", "\"c2\""));
    let packed = rollout.replace("\"c1\"", "\"c3\"");
    let packed =
        ruzstd::encoding::compress_to_vec(packed.as_bytes(), ruzstd::encoding::CompressionLevel::Fastest);
    // Two frames: the second continues the session.
    let more = count("2026-03-01T10:05:00Z", (100, 0, 12), None);
    let more =
        ruzstd::encoding::compress_to_vec(more.as_bytes(), ruzstd::encoding::CompressionLevel::Fastest);
    let frames = [packed.clone(), more].concat();
    files::write(&root.join("codex/sessions/2026/03/02/rollout-3.jsonl.zst"), &frames).expect("file");
    write("codex/archived_sessions/rollout-3.jsonl", &rollout.replace("\"c1\"", "\"c3\""));
    files::write(&root.join("codex/sessions/torn.jsonl.zst"), &packed[..packed.len() / 2]).expect("file");
    let roots = LogRoots {
        claude: vec![root.join("claude/projects"), root.join("none")],
        codex: vec![root.join("codex/sessions"), root.join("codex/archived_sessions")],
    };
    let logs = find_logs(&roots);
    assert_eq!(logs.len(), 6, "{logs:?}");
    let super::collect::ReadLogs { calls, unreadable } = read_logs(&logs);
    assert_eq!(unreadable.len(), 1, "the torn one");
    // 30 and 7 of Claude; 15 of the active session, 10 of the archived, 12 of the packed one.
    assert_eq!(sum(&calls).output, 74);
    assert!(!format!("{calls:?}").contains(MARKER));
}
