//! Advice of a model on this machine: it stands beside the verdict and changes nothing.

use serde_json::Value;

use crate::fixture::{
    WP, assist, configure, configure_local, everything_written, remark, report, with_work, without_run,
};
use crate::server::{Server, openai};
use crate::support::repo::Sandbox;

#[test]
fn advice_stands_beside_the_verdict_and_changes_nothing() {
    let sandbox = with_work();
    let server = Server::with_remark(&remark("says goodbye to nobody in particular"));
    configure_local(&sandbox, server.port(), "");
    let status = sandbox.git(&["status", "--porcelain"]);
    let (exit, plain) = report(&sandbox, &["audit", WP]);
    let (with_exit, with) = report(&sandbox, &["review", "assist", WP]);
    assert_eq!(exit, 1, "{plain}");
    assert_eq!(with_exit, exit);
    let advice = with["run"]["assist"].clone();
    assert_eq!(advice["notes"][0]["path"], "src/farewell.rs", "{advice}");
    assert_eq!((advice["notes"][0]["line"].as_u64(), advice["dropped"].as_u64()), (Some(1), Some(0)));
    assert_eq!(advice["tokens_sent"], 1_234);
    assert_eq!(without_run(with), without_run(plain));
    assert_eq!(sandbox.git(&["status", "--porcelain"]), status);
    let requests = server.received();
    assert_eq!(requests.len(), 1);
    assert!(requests[0].head.starts_with("POST /v1/chat/completions HTTP/1.1"), "{}", requests[0].head);
    assert!(!requests[0].head.to_lowercase().contains("authorization"), "{}", requests[0].head);
    let body: Value = serde_json::from_slice(&requests[0].body).expect("JSON");
    assert_eq!((body["stream"].as_bool(), body["model"].as_str()), (Some(false), Some("small")));
    // What lies outside of the scope is not shown to the model.
    let prompt = body["messages"][1]["content"].as_str().expect("text");
    assert!(
        prompt.contains("pub fn farewell") && !prompt.contains("a file that no packet allows"),
        "{prompt}"
    );
    // The human report has a section of its own.
    let (_, said) = sandbox.run_redacted(&["review", "assist", WP]);
    assert!(said.contains("advice, no part of the verdict") && said.contains("src/farewell.rs:1"), "{said}");
    assert_eq!(server.received().len(), 1, "the answer to the same bytes is kept");
    // Its tokens are those of the packet.
    let (_, usage) = report(&sandbox, &["usage", WP]);
    assert_eq!(usage["total"]["tokens"]["input"], 1_234, "{usage}");
}

#[test]
fn no_step_runs_for_advice() {
    let sandbox = Sandbox::with_packet();
    let step = "version: 1\nsteps:\n  - name: proof\n    run: [sh, -c, touch ran]\n    gates: [post-work]\n    tests: false\n";
    sandbox.write("countersign.yaml", step);
    sandbox.commit("a step");
    sandbox.git(&["switch", "-q", "-c", "feat/WP-1-Farewell"]);
    sandbox.write("src/farewell.rs", "pub fn farewell() {}\n");
    sandbox.commit("work");
    let server = Server::with_remark(&remark("a remark"));
    configure_local(&sandbox, server.port(), "");
    let (exit, plain) = report(&sandbox, &["audit", WP]);
    let (with_exit, with) = report(&sandbox, &["review", "assist", WP]);
    assert_eq!((with_exit, without_run(with)), (exit, without_run(plain)));
    assert!(!sandbox.root.join("ran").exists());
}

#[test]
fn ollama_is_asked_in_its_own_words() {
    let sandbox = with_work();
    let answer = serde_json::json!({
        "message": {"role": "assistant", "content": remark("a remark")}, "prompt_eval_count": 11, "eval_count": 22,
    });
    let server = Server::json("200 OK", &answer.to_string());
    configure(
        &sandbox,
        &format!(
            "models:\n  providers: {{o: {{kind: ollama, tier: local, base_url: 'http://localhost:{}', models: ['q:7b']}}}}\n\
             \x20 roles: {{validator: {{provider: o, model: 'q:7b'}}}}\n",
            server.port()
        ),
    );
    let (_, advice) = assist(&sandbox, &[]);
    assert_eq!(
        (advice["tokens_sent"].as_u64(), advice["tokens_received"].as_u64()),
        (Some(11), Some(22)),
        "{advice}"
    );
    let request = &server.received()[0];
    assert!(request.head.starts_with("POST /api/chat "), "{}", request.head);
    assert!(
        request.head.to_lowercase().contains(&format!("host: localhost:{}", server.port())),
        "{}",
        request.head
    );
}

#[test]
fn a_repository_chooses_nothing() {
    let sandbox = with_work();
    let (server, evil) = (Server::with_remark(&remark("a remark")), Server::with_remark(&remark("evil")));
    configure_local(&sandbox, server.port(), "");
    // A configuration of the repository has no word for a server.
    let text = format!(
        "models:\n  providers: {{e: {{kind: ollama, tier: local, base_url: 'http://127.0.0.1:{}', models: [m]}}}}\n",
        evil.port()
    );
    sandbox.append("countersign.yaml", &text);
    let (exit, said) = sandbox.run_redacted(&["review", "assist", WP, "--worktree"]);
    assert!(exit == 2 || !said.contains("evil"), "{exit}: {said}");
    sandbox.git(&["checkout", "-q", "countersign.yaml"]);
    // Nor has a document, nor a variable that other programs read.
    let variables = [
        ("OLLAMA_URL", evil.port()),
        ("OLLAMA_HOST", evil.port()),
        ("OPENAI_BASE_URL", evil.port()),
        ("http_proxy", evil.port()),
        ("HTTP_PROXY", evil.port()),
        ("ALL_PROXY", evil.port()),
    ];
    let mut program = sandbox.program();
    for (name, port) in variables {
        program.env(name, format!("http://127.0.0.1:{port}"));
    }
    program.env("OPENAI_API_KEY", "a-key-that-was-not-asked-for");
    let output = program.args(["review", "assist", WP]).output().expect("runs");
    assert_eq!(output.status.code(), Some(1));
    let requests = server.received();
    assert!(!requests.is_empty() && evil.received().is_empty());
    assert!(!requests.iter().any(|request| request.head.contains("a-key-that-was-not-asked-for")));
}

#[test]
fn without_a_configured_role_nothing_is_judged() {
    let sandbox = with_work();
    let (exit, said) = sandbox.run_redacted(&["review", "assist", WP]);
    assert!(exit == 2 && said.contains("no server is configured for the role `validator`"), "{exit}: {said}");
    configure(&sandbox, "models: {cloud: maybe}");
    let (exit, said) = sandbox.run_redacted(&["providers", "list"]);
    assert!(exit == 2 && said.contains("locked, denied, consent"), "{exit}: {said}");
    configure(
        &sandbox,
        "models: {providers: {a: {kind: ollama, tier: local, base_url: 'http://192.168.1.1', models: [m]}}}",
    );
    let (exit, said) = sandbox.run_redacted(&["providers", "list"]);
    assert!(exit == 2 && said.contains("HSK-403-SSRF-BLOCKED"), "{exit}: {said}");
}

#[test]
fn providers_explain_who_asks_which_model() {
    let sandbox = with_work();
    configure_local(&sandbox, 9, "");
    let (exit, said) = sandbox.run_redacted(&["providers", "check"]);
    assert_eq!(exit, 0, "{said}");
    for part in [
        "here: http://127.0.0.1:9 (local)",
        "address  127.0.0.1:9",
        "role validator: small of here",
        "role worker: not configured",
        "cloud: denied",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    configure(
        &sandbox,
        "models:\n  cloud: consent\n  providers:\n    a:\n      {kind: openai_compat, tier: cloud, base_url: 'https://name.invalid', models: [m], key: {variable: NO_SUCH_KEY, host: name.invalid}}\n",
    );
    let (exit, said) = sandbox.run_redacted(&["providers", "check"]);
    assert_eq!(exit, 1, "{said}");
    for part in
        ["needs TLS", "`NO_SUCH_KEY` with its key is not set", "allowed signers", "resolves to no address"]
    {
        let is_other_build = part == "needs TLS" && cfg!(feature = "cloud");
        assert!(said.contains(part) || is_other_build, "{part}: {said}");
    }
    let (_, listed) = report(&sandbox, &["providers", "list"]);
    assert_eq!(listed["providers"][0]["tier"], "cloud", "{listed}");
}

#[test]
fn a_key_goes_to_its_server_and_nowhere_else() {
    let sandbox = with_work();
    let marker = "MARKER-OF-A-KEY-0123456789";
    let repeats = serde_json::json!({"error": {"message": format!("bad key {marker}")}}).to_string();
    let escaped: String = marker.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
    let nested = openai(&format!("{{\"findings\":[{{\"message\":\"{escaped}\"}}]}}"), None);
    for server in [
        Server::json("401 Unauthorized", &format!("{{\"error\":{{\"message\":\"bad {escaped}\"}}}}")),
        Server::json("200 OK", &format!("{{\"choices\":\"{escaped}\"}}")),
        Server::json("200 OK", &nested),
        Server::json("401 Unauthorized", &repeats),
        Server::json("200 OK", &openai(&remark(&format!("your key is {marker}")), None)),
    ] {
        let key = "      key: {variable: THE_KEY, host: 127.0.0.1}\n";
        configure_local(&sandbox, server.port(), key);
        let mut said = String::new();
        for arguments in
            [&["review", "assist", WP, "--again"][..], &["log", "--all"], &["jobs"], &["log", "export"]]
        {
            let output = sandbox.program().env("THE_KEY", marker).args(arguments).output().expect("runs");
            said.push_str(&String::from_utf8_lossy(&output.stdout));
            said.push_str(&String::from_utf8_lossy(&output.stderr));
        }
        let requests = server.received();
        assert!(requests[0].head.contains(&format!("Bearer {marker}")), "{}", requests[0].head);
        assert!(!said.contains(marker), "{said}");
        assert!(!everything_written(&sandbox).contains(marker));
    }
    // A key that is missing, or bound to another host, is not replaced by another one.
    let server = Server::with_remark(&remark("a remark"));
    configure_local(&sandbox, server.port(), "      key: {variable: THE_KEY, host: 127.0.0.1}\n");
    let (_, advice) = assist(&sandbox, &["--again"]);
    assert!(advice["error"].as_str().is_some_and(|why| why.contains("`THE_KEY`")), "{advice}");
    configure_local(&sandbox, server.port(), "      key: {variable: THE_KEY, host: evil.example}\n");
    assert_eq!(sandbox.run_redacted(&["review", "assist", WP]).0, 2);
    assert_eq!(server.received().len(), 0);
}

#[test]
fn a_name_that_means_nothing_is_a_remark_and_a_change_without_lines_is_not_sent() {
    let sandbox = with_work();
    configure(
        &sandbox,
        "models:\n  providers: {a: {kind: ollama, tier: local, base_url: 'http://name.invalid:1', models: [m]}}\n\
         \x20 roles: {validator: {provider: a, model: m}}\n",
    );
    let (exit, advice) = assist(&sandbox, &[]);
    assert_eq!(exit, 1);
    assert!(advice["error"].as_str().is_some_and(|why| why.contains("resolves to no address")), "{advice}");
    let server = Server::with_remark(&remark("a remark"));
    configure_local(&sandbox, server.port(), "");
    let (_, advice) = assist(&sandbox, &["--range", "HEAD..HEAD"]);
    assert!(advice["error"].as_str().is_some_and(|why| why.contains("no line inside the scope")), "{advice}");
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_packet_that_is_a_typed_contract_is_shown_with_its_lists() {
    let sandbox = with_work();
    let contract = serde_json::json!({
        "schema_id": "hsk.work_packet_contract@1", "wp_id": "WP-2-Typed",
        "lifecycle": {"status": "READY", "risk_tier": "LOW", "user_signature": "mira140220260915"},
        "scope": {"allowed_paths": ["src/"], "acceptance_criteria": ["`farewell` says goodbye by name."]},
    });
    sandbox.write(".GOV/task_packets/WP-2-Typed/packet.json", contract.to_string());
    sandbox.commit("contract");
    let server = Server::with_remark(&remark("a remark"));
    configure_local(&sandbox, server.port(), "");
    let (_, report) = report(&sandbox, &["review", "assist", "WP-2-Typed", "--range", "main..HEAD"]);
    let advice = &report["run"]["assist"];
    assert_eq!(advice["error"], Value::Null, "{advice}");
    let body: Value = serde_json::from_slice(&server.received()[0].body).expect("JSON");
    let prompt = body["messages"][1]["content"].as_str().expect("text");
    for part in ["IN_SCOPE_PATHS", "says goodbye by name", "pub fn farewell"] {
        assert!(prompt.contains(part), "{part}: {prompt}");
    }
    assert!(!prompt.contains("mira140220260915"), "{prompt}");
}
