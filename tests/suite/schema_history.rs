//! The report's format is additive: whatever the last tag's schema promises is
//! still there, and readers must accept members that they do not know.

use serde_json::Value;

use crate::support::project;

const SCHEMA: &str = "docs/schema/report.v1.json";

fn git(arguments: &[&str]) -> Option<String> {
    let output = std::process::Command::new("git").arg("-C").arg(project()).args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// What a newer schema lacks or says differently, as paths into the older one.
fn broken_promises(old: &Value, new: &Value, path: &str, out: &mut Vec<String>) {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            for (key, value) in old.iter().filter(|(key, _)| !matches!(key.as_str(), "description" | "title"))
            {
                match new.get(key) {
                    Some(now) => broken_promises(value, now, &format!("{path}/{key}"), out),
                    None => out.push(format!("{path}/{key} is gone")),
                }
            }
        }
        // Required members, and alternatives of a type: none may go.
        (Value::Array(old), Value::Array(new)) => {
            let gone = old.iter().filter(|value| !new.contains(value));
            out.extend(gone.map(|value| format!("{path} no longer has {value}")));
        }
        (old, new) if old == new => {}
        (old, new) => out.push(format!("{path} was {old} and is {new}")),
    }
}

fn read_schema() -> Value {
    let text = std::fs::read_to_string(project().join(SCHEMA)).expect("schema");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn the_schema_keeps_what_the_last_tag_promised() {
    let Some(tag) = git(&["describe", "--tags", "--abbrev=0"]) else {
        println!("skipped: there is no tag to compare with");
        return;
    };
    let Some(old) = git(&["show", &format!("{tag}:{SCHEMA}")]) else {
        println!("skipped: {tag} has no {SCHEMA}");
        return;
    };
    let mut broken = Vec::new();
    let old: Value = serde_json::from_str(&old).expect("JSON");
    broken_promises(&old, &read_schema(), "", &mut broken);
    assert!(broken.is_empty(), "since {tag}:\n{}", broken.join("\n"));
}

#[test]
fn unknown_members_are_allowed() {
    let text = read_schema().to_string();
    assert!(!text.contains("\"additionalProperties\":false"), "readers would refuse later members");
}

#[test]
fn the_comparison_sees_a_removed_and_a_changed_member() {
    let schema = read_schema();
    let mut newer = schema.clone();
    let members = newer["properties"].as_object_mut().expect("members");
    members.insert("later".to_owned(), serde_json::json!({"type": "string"}));
    let mut broken = Vec::new();
    broken_promises(&schema, &newer, "", &mut broken);
    assert!(broken.is_empty(), "{broken:?}");
    let members = newer["properties"].as_object_mut().expect("members");
    members.remove("verdict");
    members.insert("gate".to_owned(), serde_json::json!({"type": "integer"}));
    broken_promises(&schema, &newer, "", &mut broken);
    assert!(broken.iter().any(|text| text.contains("/properties/verdict is gone")), "{broken:?}");
    assert!(broken.iter().any(|text| text.contains("/properties/gate")), "{broken:?}");
}
