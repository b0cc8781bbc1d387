//! The part of the dependency policy that can be checked offline: licences,
//! sources, number, and a reason for each dependency.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use crate::support::project;

/// Licences that a program under MIT or Apache-2.0 may contain.
const LICENCES: [&str; 9] = [
    "MIT",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
];

/// The output of `cargo metadata` with these features; `None` if cargo fails.
fn metadata(features: &[&str]) -> Option<Value> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let host = "x86_64-unknown-linux-gnu";
    let output = Command::new(cargo)
        .current_dir(project())
        .args(["metadata", "--offline", "--locked", "--format-version", "1", "--filter-platform", host])
        .args(features)
        .output()
        .ok()?;
    if !output.status.success() {
        eprintln!("skipped: {}", String::from_utf8_lossy(&output.stderr));
        return None;
    }
    serde_json::from_slice(&output.stdout).ok()
}

/// True if one operand of every `OR` is allowed, and both of every `AND`.
fn allowed(expression: &str) -> bool {
    let plain = expression.replace(['(', ')'], " ").replace('/', " OR ");
    plain.split(" AND ").all(|part| part.split(" OR ").any(|licence| LICENCES.contains(&licence.trim())))
}

/// Ids of the packages in the program, without development dependencies.
fn shipped(metadata: &Value) -> BTreeSet<String> {
    let nodes = metadata["resolve"]["nodes"].as_array().expect("nodes");
    let root = metadata["resolve"]["root"].as_str().expect("root").to_owned();
    let mut open = vec![root];
    let mut seen = BTreeSet::new();
    while let Some(id) = open.pop() {
        if !seen.insert(id.clone()) {
            continue;
        }
        let node = nodes.iter().find(|node| node["id"] == id.as_str()).expect("node");
        for dep in node["deps"].as_array().expect("deps") {
            let kinds = dep["dep_kinds"].as_array().expect("kinds");
            if kinds.iter().any(|kind| kind["kind"].is_null()) {
                open.push(dep["pkg"].as_str().expect("id").to_owned());
            }
        }
    }
    seen
}

#[test]
fn dependencies_follow_the_policy() {
    let Some(metadata) = metadata(&[]) else { return };
    let packages = metadata["packages"].as_array().expect("packages");
    let shipped = shipped(&metadata);
    let mut wrong = Vec::new();
    for package in
        packages.iter().filter(|package| package["id"].as_str().is_some_and(|id| shipped.contains(id)))
    {
        let name = package["name"].as_str().unwrap_or_default();
        let licence = package["license"].as_str().unwrap_or("none");
        if !allowed(licence) {
            wrong.push(format!("{name} is licensed under {licence}"));
        }
        let source = package["source"].as_str().unwrap_or("here");
        if source != "here" && !source.starts_with("registry+") {
            wrong.push(format!("{name} comes from {source}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let whole = shipped.len() - 1;
    assert!(whole <= 167, "{whole} crates end up in the program; at most 167 are agreed");
    let Some(core) = self::metadata(&["--no-default-features"]) else { return };
    let core = self::shipped(&core).len() - 1;
    assert!(core <= 151, "{core} crates make the core; at most 151 are agreed");
}

/// Crates that speak TLS or bring its cryptography.
const TLS: [&str; 8] =
    ["rustls", "ring", "aws-lc-rs", "native-tls", "openssl", "openssl-sys", "schannel", "webpki-roots"];

#[test]
fn no_program_that_is_handed_out_holds_tls() {
    let names = |features: &[&str]| -> Option<BTreeSet<String>> {
        let metadata = metadata(features)?;
        let shipped = shipped(&metadata);
        let packages = metadata["packages"].as_array().expect("packages").iter();
        let inside = packages.filter(|package| package["id"].as_str().is_some_and(|id| shipped.contains(id)));
        Some(inside.filter_map(|package| package["name"].as_str().map(str::to_owned)).collect())
    };
    for features in [&[][..], &["--features", "llm"]] {
        let Some(names) = names(features) else { return };
        let found: Vec<&&str> = TLS.iter().filter(|name| names.contains(**name)).collect();
        assert!(found.is_empty(), "{features:?} holds {found:?}");
        assert_eq!(names.contains("ureq"), !features.is_empty(), "{features:?}");
    }
    // The test sees one where there is one.
    let Some(names) = names(&["--features", "cloud"]) else { return };
    assert!(names.contains("rustls") && names.contains("ring"));
}

#[test]
fn every_dependency_has_a_reason() {
    let text = std::fs::read_to_string(project().join("Cargo.toml")).expect("Cargo.toml");
    let mut inside = false;
    for line in text.lines() {
        if line.starts_with('[') {
            inside = line.contains("dependencies");
        } else if inside && line.contains(" = ") {
            assert!(line.contains(" # "), "no reason is given: {line}");
        }
    }
}
