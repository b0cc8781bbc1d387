//! JSON reports are valid against the published schema, equal in two runs, and
//! consistent with the exit code.

use serde_json::Value;

use crate::support::project;
use crate::support::repo::Sandbox;

fn without_run(text: &str) -> Value {
    let mut value: Value = serde_json::from_str(text).expect("JSON");
    value.as_object_mut().expect("object").remove("run");
    value
}

#[test]
fn reports_follow_the_schema_and_repeat() {
    let schema: Value = serde_json::from_str(
        &std::fs::read_to_string(project().join("docs/schema/report.v1.json")).expect("schema"),
    )
    .expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let sandbox = Sandbox::bare_folder();
    assert_eq!(sandbox.run_redacted(&["demo", "--keep", "kept"]).0, 0);
    let passing = ["-C", "kept", "--format", "json", "post-work", "WP-1-Farewell"];
    let failing = ["-C", "kept", "--format", "json", "post-work", "WP-1-Farewell", "--rev", "HEAD~1"];
    let missing = ["-C", "kept", "--format", "json", "pre-work", "WP-1-Nothing"];
    for (arguments, exit) in [(&passing[..], 0), (&failing[..], 1), (&missing[..], 1)] {
        let first = sandbox.run(arguments);
        let second = sandbox.run(arguments);
        assert_eq!(first.status.code(), Some(exit), "{arguments:?}");
        let text = String::from_utf8(first.stdout).expect("text");
        let value: Value = serde_json::from_str(&text).expect("JSON");
        let wrong: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
        assert_eq!(value["schema"], "countersign.report/v1");
        assert_eq!(value["verdict"], if exit == 0 { "passed" } else { "failed" });
        let again = String::from_utf8(second.stdout).expect("text");
        assert_eq!(
            serde_json::to_string(&without_run(&text)).ok(),
            serde_json::to_string(&without_run(&again)).ok()
        );
        let checks = value["checks"].as_array().expect("checks").len();
        let summary = &value["summary"];
        let counted: u64 = ["passed", "failed", "waived", "skipped"]
            .iter()
            .map(|name| summary[*name].as_u64().unwrap_or(0))
            .sum();
        assert_eq!(u64::try_from(checks).ok(), Some(counted), "every check is counted once");
    }
}
