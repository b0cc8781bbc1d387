//! Servers that do not behave: whatever they do, the verdict is that of the audit.

use std::time::{Duration, Instant};

use crate::fixture::{assist, configure_local, remark, with_work};
use crate::server::{Part, Server, openai, response};

fn bytes(text: &str) -> Vec<Part> {
    vec![Part::Bytes(text.as_bytes().to_vec())]
}

#[test]
fn every_fault_of_a_server_is_a_remark() {
    let sandbox = with_work();
    let huge = "x".repeat(1_100_000);
    let deep = "[".repeat(200_000);
    let cases: Vec<(&str, Vec<Part>, &str)> = vec![
        (
            "too many requests",
            bytes(&text(&response("429 Too Many Requests", "", "{}"))),
            "HSK-429-RATE-LIMIT",
        ),
        (
            "an error",
            bytes(&text(&response("500 Oops", "", "{\"error\":\"out of memory\"}"))),
            "status 500: out of memory",
        ),
        ("no JSON", bytes(&text(&response("200 OK", "", "<html>"))), "not the JSON"),
        ("an empty body", bytes(&text(&response("200 OK", "", ""))), "not the JSON"),
        ("deep JSON", bytes(&text(&response("200 OK", "", &deep))), "not the JSON"),
        ("an empty answer", bytes(&text(&response("200 OK", "", &openai(" ", None)))), "the answer is empty"),
        (
            "words",
            bytes(&text(&response("200 OK", "", &openai("LGTM", None)))),
            "not the JSON that was asked for",
        ),
        ("too much", bytes(&text(&response("200 OK", "", &huge))), "more than 1048576 bytes"),
        ("no HTTP", bytes("SSH-2.0-OpenSSH_9.9\r\n"), "HSK-500-LLM"),
        ("nothing", Vec::new(), "HSK-500-LLM"),
        ("half a head", bytes("HTTP/1.1 200 OK\r\nContent-Le"), "HSK-500-LLM"),
        ("half a body", bytes("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"choices\""), "HSK-500-LLM"),
        (
            "an endless head",
            bytes(&format!("HTTP/1.1 200 OK\r\n{}", "A: b\r\n".repeat(20_000))),
            "HSK-500-LLM",
        ),
        (
            "over its limit",
            bytes(&text(&response("200 OK", "", &openai(&remark("x"), Some((1, 999_999)))))),
            "HSK-402-BUDGET-EXCEEDED",
        ),
    ];
    for (name, parts, expected) in cases {
        let server = Server::start(parts);
        configure_local(&sandbox, server.port(), "      timeout: 5\n");
        let (exit, advice) = assist(&sandbox, &["--again"]);
        assert_eq!(exit, 1, "{name}: the exit code is that of the audit");
        let error = advice["error"].as_str().unwrap_or_else(|| panic!("{name}: {advice}"));
        assert!(error.contains(expected), "{name}: {error}");
        assert!(
            error.len() < 500 && advice["notes"].as_array().is_some_and(Vec::is_empty),
            "{name}: {advice}"
        );
    }
    // Nobody listens.
    let closed = Server::start(Vec::new()).port();
    configure_local(&sandbox, closed.wrapping_add(1).max(1_024), "      timeout: 5\n");
    let (exit, advice) = assist(&sandbox, &["--again"]);
    assert!(exit == 1 && advice["error"].is_string(), "{advice}");
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn counts_that_are_missing_are_estimated() {
    let sandbox = with_work();
    let server = Server::json("200 OK", &openai(&remark("a remark"), None));
    configure_local(&sandbox, server.port(), "");
    let (_, advice) = assist(&sandbox, &[]);
    assert!(advice["tokens_sent"].as_u64().is_some_and(|tokens| tokens > 100), "{advice}");
    let (_, said) = sandbox.run_redacted(&["usage"]);
    assert!(said.contains("estimated"), "{said}");
}

#[test]
fn an_answer_in_pieces_is_read() {
    let sandbox = with_work();
    let body = openai(&remark("a remark"), Some((5, 6)));
    let (first, second) = body.split_at(20);
    let chunked = format!(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n{:x}\r\n{first}\r\n",
        first.len()
    );
    let rest = format!("{:x}\r\n{second}\r\n0\r\n\r\n", second.len());
    let server = Server::start(vec![
        Part::Bytes(chunked.into_bytes()),
        Part::Pause(Duration::from_millis(100)),
        Part::Bytes(rest.into_bytes()),
    ]);
    configure_local(&sandbox, server.port(), "");
    let (_, advice) = assist(&sandbox, &[]);
    assert_eq!(advice["notes"].as_array().map(Vec::len), Some(1), "{advice}");
}

#[test]
fn a_slow_server_is_left_after_its_time() {
    let sandbox = with_work();
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n".to_vec();
    for parts in [
        vec![Part::Pause(Duration::from_secs(30))],
        vec![Part::Bytes(head), Part::Drip(b' ', Duration::from_millis(200), 150)],
    ] {
        let server = Server::start(parts);
        configure_local(&sandbox, server.port(), "      timeout: 2\n");
        let start = Instant::now();
        let (exit, advice) = assist(&sandbox, &["--again"]);
        assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
        assert_eq!(exit, 1);
        assert!(advice["error"].as_str().is_some_and(|why| why.contains("within 2 seconds")), "{advice}");
    }
}

#[test]
fn redirects_are_not_followed() {
    let sandbox = with_work();
    for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"] {
        let other = Server::with_remark(&remark("from elsewhere"));
        let location = format!("Location: http://127.0.0.1:{}/v1/chat/completions\r\n", other.port());
        let server = Server::start(vec![Part::Bytes(response(status, &location, "{}"))]);
        configure_local(&sandbox, server.port(), "");
        let (exit, advice) = assist(&sandbox, &["--again"]);
        assert_eq!(exit, 1, "{status}");
        assert!(advice["error"].as_str().is_some_and(|why| why.contains("redirects")), "{status}: {advice}");
        assert_eq!((server.received().len(), other.received().len()), (1, 0), "{status}");
    }
}
