//! What scans look at, as meant.

use std::sync::Arc;

use super::layout::folder;
use super::raw;
use crate::scan::{AREAS, Override, Paths, ScanRule, Settings, TESTS, one_of};
use crate::text::Source;

/// Build products and secrets that no repository should track.
const ARTIFACTS: [&str; 14] = [
    "**/node_modules/**",
    "**/target/debug/**",
    "**/target/release/**",
    "**/__pycache__/**",
    "**/.venv/**",
    "**/*.pyc",
    "**/*.class",
    "**/*.o",
    "**/*.rlib",
    "**/.DS_Store",
    "**/Thumbs.db",
    "**/.env",
    "**/.env.local",
    "**/*.log",
];

pub(super) fn artifacts() -> Paths {
    Paths::read(&ARTIFACTS.map(str::to_owned)).unwrap_or_default()
}

pub(super) fn settings(raw: raw::Scan, source: &Arc<Source>) -> Result<Settings, (String, String)> {
    let paths = |given: Option<Vec<String>>| Paths::read(&given.unwrap_or_default());
    let inside = |text: &String, what: &str| {
        let found = folder(text).filter(|folder| !folder.is_empty());
        found.ok_or_else(|| (text.clone(), format!("`{text}` is no {what} of the repository")))
    };
    let folders = |given: Option<Vec<String>>| {
        given.unwrap_or_default().iter().map(|text| inside(text, "folder")).collect::<Result<Vec<_>, _>>()
    };
    let rules = match raw.rules {
        None => None,
        Some(raw::OneOrMany::One(one)) => Some(vec![one]),
        Some(raw::OneOrMany::Many(many)) => Some(many),
    };
    let mut out = Settings {
        product: paths(raw.product)?,
        tests: paths(raw.tests)?,
        exclude: paths(raw.exclude)?,
        rules: folders(rules)?,
        baseline: raw.baseline.as_ref().map(|text| inside(text, "file")).transpose()?,
        gate: raw.gate.unwrap_or_default(),
        migrations: folders(raw.migrations)?,
        backends: raw.backends.unwrap_or_default(),
        artifacts: match raw.artifacts {
            Some(given) => Paths::read(&given)?,
            None => artifacts(),
        },
        large: raw.large,
        ..Settings::default()
    };
    for value in raw.add.unwrap_or_default() {
        match ScanRule::from_value(value, source) {
            Ok(rule) => {
                let id = rule.id.clone();
                if out.own.iter().any(|(other, _)| other.id == id) {
                    return Err((id.to_string(), format!("there is another rule `{id}` in this file")));
                }
                out.own.push((rule, Arc::clone(source)));
            }
            Err(fault) => out.faults.push(fault),
        }
    }
    for (id, change) in raw.overrides {
        let read = |given: Option<Vec<String>>| given.map(|texts| Paths::read(&texts)).transpose();
        let change = Override {
            include: read(change.include)?,
            exclude: read(change.exclude)?,
            area: change.area.map(|word| one_of(Some(&word), &AREAS)).transpose()?,
            tests: change.tests.map(|word| one_of(Some(&word), &TESTS)).transpose()?,
        };
        out.overrides.insert(id, change);
    }
    Ok(out)
}
