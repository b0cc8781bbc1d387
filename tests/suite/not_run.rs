//! Exit code 2: nothing was judged, and every format says so.

use serde_json::Value;

use crate::support::project;
use crate::support::repo::Sandbox;

const FORMATS: [&str; 7] = ["human", "json", "sarif", "junit", "github", "gitlab", "markdown"];

#[test]
fn every_format_says_that_nothing_was_judged() {
    let sandbox = Sandbox::bare_folder();
    for format in FORMATS {
        let output = sandbox.run(&["pre-work", "WP-1-Farewell", "--format", format]);
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(2), "{format}: {out}{err}");
        assert!(err.contains("not in a git repository"), "{format}: {err}");
        match format {
            "human" => assert!(out.is_empty(), "{out}"),
            _ => assert!(out.contains("not in a git repository"), "{format}: {out}"),
        }
        if matches!(format, "json" | "sarif" | "gitlab") {
            serde_json::from_str::<Value>(&out).unwrap_or_else(|error| panic!("{format}: {error}: {out}"));
        }
    }
}

#[test]
fn the_json_report_has_a_verdict_and_a_reason() {
    let sandbox = Sandbox::bare_folder();
    let schema = std::fs::read_to_string(project().join("docs/schema/report.v1.json")).expect("schema");
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    for arguments in [
        &["post-work", "WP-1-Farewell", "--format", "json"][..],
        &["check", "nothing.md", "--format=json"],
        &["scan", "--staged", "--format", "json"],
        &["show", "WP-1-Farewell", "--format", "json"],
        &["explain", "no/rule-at-all", "--format", "json"],
        &["post-work", "--format", "json"],
        &["no-such-command", "--format", "json"],
        &["pre-work", "WP-1-A", "--config", "none.yaml", "--format", "json"],
    ] {
        let output = sandbox.run(arguments);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {text}");
        let report: Value =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {text}"));
        assert_eq!(report["verdict"], "not_run", "{arguments:?}");
        assert!(report["reason"].as_str().is_some_and(|reason| reason.len() > 10), "{arguments:?}: {text}");
        let wrong: Vec<String> = validator.iter_errors(&report).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{arguments:?}: {wrong:?}");
    }
}

#[test]
fn every_output_file_is_written() {
    let sandbox = Sandbox::bare_folder();
    let mut arguments = vec!["post-work", "WP-1-Farewell"];
    let outputs: Vec<String> = FORMATS.iter().map(|format| format!("{format}=report-{format}")).collect();
    for output in &outputs {
        arguments.extend(["--output", output]);
    }
    assert_eq!(sandbox.run(&arguments).status.code(), Some(2));
    for format in FORMATS {
        let text = sandbox.read(&format!("report-{format}"));
        assert!(text.contains("not in a git repository"), "{format}: {text}");
    }
    // Also where the arguments themselves are wrong.
    let wrong = ["post-work", "--no-such-option", "--output", "usage.json"];
    assert_eq!(sandbox.run(&wrong).status.code(), Some(2));
    assert!(sandbox.read("usage.json").contains("no-such-option"));
}

#[test]
fn the_reason_is_escaped() {
    let sandbox = Sandbox::new();
    sandbox.write("countersign.yaml", "version: 1\nrules:\n  \"a\\n::error::x\\u001b[31m\": error\n");
    for format in FORMATS {
        let output = sandbox.run(&["check", "--format", format]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(!text.contains('\u{1b}'), "{format}");
        let commands = text.lines().filter(|line| line.starts_with("::")).count();
        assert_eq!(commands, usize::from(format == "github"), "{format}: {text}");
    }
}

#[test]
fn options_without_effect_are_refused() {
    let sandbox = Sandbox::bare_folder();
    for (arguments, option) in [
        (&["completions", "bash", "--config", "x.yaml"][..], "--config"),
        (&["list", "--output", "x.json"], "--output"),
        (&["-C", ".", "self-test"], "-C"),
    ] {
        let output = sandbox.run(arguments);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {text}");
        assert!(text.contains(&format!("the option {option} has no effect")), "{text}");
    }
}

#[test]
fn help_and_version_are_answers() {
    let sandbox = Sandbox::bare_folder();
    let said = |arguments: &[&str], code: i32| {
        let output = sandbox.run(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
    };
    let version = said(&["--version"], 0);
    for part in ["countersign ", "commit:", "features:", "libgit2:"] {
        assert!(version.contains(part), "{version}");
    }
    assert_eq!(said(&["-V"], 0).trim().split(' ').count(), 2);
    let help = said(&["--help"], 0);
    let (start, single) = (help.find("Start:"), help.find("Single checks:"));
    assert!(start.is_some() && start < single, "{help}");
    assert!(help.find("pre-work") < help.find("validator-error-codes"), "{help}");
    let help = said(&["help-me"], 2);
    assert!(help.contains("unrecognized subcommand"), "{help}");
    let help = said(&["post-work", "-h"], 0);
    assert!(help.find("--range") < help.find("Global options:"), "{help}");
    assert!(help.contains("Example:"), "{help}");
    assert!(said(&[], 2).contains("Usage: countersign"));
}

#[test]
fn explanations_cover_families_and_codes() {
    let sandbox = Sandbox::bare_folder();
    let json = |topic: &str| -> Value {
        let output = sandbox.run(&["explain", topic, "--format", "json"]);
        serde_json::from_str(&String::from_utf8_lossy(&output.stdout)).expect("JSON")
    };
    assert!(json("scope")["rules"].as_array().expect("rules").len() >= 8);
    assert_eq!(json("scope/outside")["rules"][0]["id"], "scope/outside");
    let code = json("CX-573F");
    assert_eq!(code["code"]["code"], "CX-573F");
    assert!(code["code"]["rules"].as_array().expect("rules").iter().any(|rule| rule == "scope/outside"));
    let renamed = sandbox.run(&["explain", "milestone/open"]);
    assert!(String::from_utf8_lossy(&renamed.stdout).contains("phase-close/open-packet"));
}
