//! Every format has the content of the report: regions contain the text that
//! they show, values are escaped, limits hold, and the exit code is the same.

use serde_json::Value;

use crate::support::project;
use crate::support::repo::Sandbox;

const FORMATS: [&str; 7] = ["human", "json", "sarif", "junit", "github", "gitlab", "markdown"];

/// A repository with findings in files with unusual names and contents.
fn sandbox_with_odd_names() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("src/a.rs", "\u{feff}fn a() {\r\n    let größe = \"€\"; b\r\n        .unwrap();\r\n}\r\n");
    sandbox.write("src/a b,c:d%.rs", "fn a() { b.unwrap(); /* 🦀 */ c.unwrap(); }\n");
    sandbox.write("src/%0A::error::x.rs", "fn a() { todo!() } // \u{1b}[31m\u{202e}\n");
    sandbox.write(".gitignore", "*.sarif\n");
    sandbox.commit("odd");
    sandbox
}

fn run_format(sandbox: &Sandbox, format: &str) -> (i32, String) {
    let output = sandbox.run(&["--format", format, "scan", "--set", "product"]);
    (output.status.code().expect("code"), String::from_utf8(output.stdout).expect("text"))
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

/// The text of a region, from its lines and columns (in code points).
fn cut_region(text: &str, region: &Value) -> String {
    let number = |key: &str| usize::try_from(region[key].as_u64().expect("number")).expect("size");
    let lines: Vec<&str> = text.trim_start_matches('\u{feff}').split_inclusive('\n').collect();
    let (first, last) = (number("startLine"), number("endLine"));
    let mut out = String::new();
    for line in first..=last {
        let chars = lines.get(line - 1).map_or(0, |line| line.chars().count());
        let from = if line == first { number("startColumn") - 1 } else { 0 };
        let to = if line == last { number("endColumn") - 1 } else { chars };
        out.extend(lines.get(line - 1).into_iter().flat_map(|line| line.chars().take(to).skip(from)));
    }
    out
}

fn decode_uri(uri: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = uri.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let hex: String = rest.by_ref().take(2).map(char::from).collect();
            bytes.push(u8::from_str_radix(&hex, 16).expect("hex"));
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).expect("text")
}

#[test]
fn the_format_never_changes_the_exit_code() {
    let sandbox = sandbox_with_odd_names();
    for format in FORMATS {
        assert_eq!(run_format(&sandbox, format).0, 1, "{format}");
    }
    sandbox.git(&["rm", "-rqf", "src"]);
    sandbox.write("src/fine.rs", "fn a() {}\n");
    for format in FORMATS {
        assert_eq!(run_format(&sandbox, format).0, 0, "{format}");
    }
    let (code, messages) = sandbox.run_redacted(&["--format", "sarif", "rules"]);
    assert_eq!((code, messages.contains("only human and json")), (2, true), "{messages}");
}

#[test]
fn sarif_follows_its_schema_and_its_regions_cut_their_snippets() {
    let sandbox = sandbox_with_odd_names();
    let schema = std::fs::read_to_string(project().join("fixtures/schema/sarif-2.1.0.json")).expect("schema");
    let validator = jsonschema::validator_for(&json(&schema)).expect("a schema");
    let (_, text) = run_format(&sandbox, "sarif");
    let log = json(&text);
    let wrong: Vec<String> = validator.iter_errors(&log).map(|error| error.to_string()).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    let run = &log["runs"][0];
    assert_eq!(
        (&run["columnKind"], &run["invocations"][0]["exitCode"]),
        (&"unicodeCodePoints".into(), &1.into())
    );
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    let results = run["results"].as_array().expect("results");
    assert_eq!(results.len(), 4, "{results:#?}");
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().expect("index")).expect("size");
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(rules[index]["help"]["markdown"].as_str().is_some_and(|help| help.contains("What to do")));
        let place = &result["locations"][0]["physicalLocation"];
        let path = decode_uri(place["artifactLocation"]["uri"].as_str().expect("uri"));
        let file = std::fs::read_to_string(sandbox.root.join(&path)).expect("the file of the finding");
        assert_eq!(
            cut_region(&file, &place["region"]),
            place["region"]["snippet"]["text"].as_str().expect("snippet")
        );
        let word = place["region"]["snippet"]["text"].as_str().expect("snippet");
        assert!(matches!(word, "unwrap" | "todo"), "{word}");
    }
    let print = |log: &Value| -> Vec<String> {
        let all = log["runs"][0]["results"].as_array().expect("results");
        let mut all: Vec<String> =
            all.iter().map(|one| one["partialFingerprints"]["countersign/v1"].to_string()).collect();
        all.sort();
        all
    };
    let before = print(&log);
    let mut unique = before.clone();
    unique.dedup();
    assert_eq!(unique.len(), before.len(), "every result has a fingerprint of its own");
    let moved = std::fs::read_to_string(sandbox.root.join("src/a.rs")).expect("file");
    sandbox.write("src/a.rs", format!("// one\n// two\n{moved}"));
    assert_eq!(
        print(&json(&run_format(&sandbox, "sarif").1)),
        before,
        "a move of lines changes no fingerprint"
    );
}

#[test]
fn sarif_holds_no_more_than_is_shown() {
    let sandbox = Sandbox::new();
    for file in 0..4 {
        sandbox.write(&format!("src/many{file}.rs"), "fn a() { b.unwrap(); }\n".repeat(1500));
    }
    let log = json(&run_format(&sandbox, "sarif").1);
    assert_eq!(log["runs"][0]["results"].as_array().map(Vec::len), Some(5000));
    let note =
        log["runs"][0]["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"].to_string();
    assert!(note.contains("1000 more findings"), "{note}");
}

#[test]
fn junit_has_one_case_for_each_check_and_is_readable_xml() {
    let sandbox = sandbox_with_odd_names();
    let (_, text) = run_format(&sandbox, "junit");
    let mut reader = quick_xml::Reader::from_str(&text);
    let (mut cases, mut failures) = (0, 0);
    loop {
        match reader.read_event().expect("XML") {
            quick_xml::events::Event::Start(start) | quick_xml::events::Event::Empty(start) => {
                cases += usize::from(start.name().as_ref() == "testcase");
                failures += usize::from(start.name().as_ref() == "failure");
            }
            quick_xml::events::Event::Eof => break,
            _ => {}
        }
    }
    let checks = json(&run_format(&sandbox, "json").1);
    assert_eq!(Some(cases), checks["checks"].as_array().map(Vec::len));
    assert_eq!(failures, 2);
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
}

#[test]
fn annotations_are_one_line_each_and_cannot_be_forged() {
    let sandbox = sandbox_with_odd_names();
    let (_, text) = run_format(&sandbox, "github");
    let commands: Vec<&str> = text.lines().filter(|line| line.trim_start().starts_with("::")).collect();
    assert_eq!(commands.len(), 4, "{text}");
    for command in &commands {
        assert!(command.starts_with("::error file=src/"), "{command}");
        assert_eq!(command.matches("::").count(), 2, "{command}");
    }
    assert!(text.contains("file=src/a b%2Cc%3Ad%25.rs,line=1,endLine=1,col=12,endColumn=18"), "{text}");
    assert!(text.contains("file=src/%250A%3A%3Aerror%3A%3Ax.rs"), "{text}");
    assert!(text.contains("scan: FAILED"));
}

#[test]
fn code_quality_and_summary_are_escaped() {
    let sandbox = sandbox_with_odd_names();
    let issues = json(&run_format(&sandbox, "gitlab").1);
    let issues = issues.as_array().expect("a list");
    assert_eq!(issues.len(), 4);
    for issue in issues {
        assert!(issue["location"]["lines"]["begin"].as_u64().is_some_and(|line| line > 0));
        assert_eq!(issue["severity"], "major");
        assert!(issue["fingerprint"].as_str().is_some_and(|print| print.len() > 32));
    }
    let (_, summary) = run_format(&sandbox, "markdown");
    assert!(summary.starts_with("## ❌ scan: failed"), "{summary}");
    assert!(summary.contains("src/%0A&#58;&#58;error&#58;&#58;x.rs:1"), "{summary}");
}

#[test]
fn one_run_writes_all_formats() {
    let sandbox = sandbox_with_odd_names();
    let arguments = [
        "scan",
        "--set",
        "product",
        "--output",
        "out/a.sarif",
        "--output",
        "out/b.xml",
        "--output",
        "out/c.json",
        "--output",
        "gitlab=out/d.json",
        "--output",
        "out/e.md",
        "--output",
        "github=out/f.log",
        "--quiet",
    ];
    assert_eq!(sandbox.run_redacted(&arguments).0, 1);
    for (file, part) in [
        ("a.sarif", "\"2.1.0\""),
        ("b.xml", "<testsuites"),
        ("c.json", "countersign.report/v1"),
        ("d.json", "check_name"),
        ("e.md", "| rule |"),
        ("f.log", "::error "),
    ] {
        let text = std::fs::read_to_string(sandbox.root.join("out").join(file)).expect(file);
        assert!(text.contains(part), "{file}: {text}");
    }
    let (code, said) = sandbox.run_redacted(&["scan", "--output", "report.pdf"]);
    assert_eq!((code, said.contains("cannot tell the format")), (2, true), "{said}");
    let (code, said) = sandbox.run_redacted(&["scan", "--output", "sarif=src"]);
    assert_eq!((code, said.contains("writing the report")), (2, true), "{said}");
}

#[test]
fn the_action_passes_no_text_to_the_shell() {
    let text = std::fs::read_to_string(project().join("action.yml")).expect("action.yml");
    let action: serde_json::Value = serde_saphyr::from_str(&text).expect("YAML");
    let steps = action["runs"]["steps"].as_array().expect("steps");
    assert!(!steps.is_empty());
    for step in steps {
        let Some(run) = step["run"].as_str() else {
            assert!(step["uses"].is_string(), "a step runs a script or an action: {step}");
            continue;
        };
        assert!(!run.contains("${{"), "an input would be read by the shell: {run}");
        assert_eq!(step["shell"], "bash");
    }
    for file in [".pre-commit-hooks.yaml", "docs/ci/gitlab.yml"] {
        let text = std::fs::read_to_string(project().join(file)).expect(file);
        serde_saphyr::from_str::<serde_json::Value>(&text).expect(file);
    }
}
