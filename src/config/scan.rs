//! What scans look at, as meant.

use std::sync::Arc;

use super::layout::parse_folder;
use super::raw;
use crate::scan::{
    AREA_KEYWORDS, PathPatterns, RuleOverride, ScanRule, ScanSettings, TEST_KEYWORDS, parse_keyword,
};
use crate::text::Source;

/// Build products and secrets that no repository should track.
const DEFAULT_ARTIFACTS: [&str; 14] = [
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

pub(super) fn default_artifacts() -> PathPatterns {
    PathPatterns::read(&DEFAULT_ARTIFACTS.map(str::to_owned)).unwrap_or_default()
}

pub(super) fn validate_scan(
    raw: raw::RawScan,
    source: &Arc<Source>,
) -> Result<ScanSettings, (String, String)> {
    let paths = |given: Option<Vec<String>>| PathPatterns::read(&given.unwrap_or_default());
    let inside = |text: &String, what: &str| {
        let found = parse_folder(text).filter(|folder| !folder.is_empty());
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
    let mut out = ScanSettings {
        product: paths(raw.product)?,
        tests: paths(raw.tests)?,
        exclude: paths(raw.exclude)?,
        rule_folders: folders(rules)?,
        baseline: raw.baseline.as_ref().map(|text| inside(text, "file")).transpose()?,
        gate_scans: raw.gate.unwrap_or_default(),
        migrations: folders(raw.migrations)?,
        backends: raw.backends.unwrap_or_default(),
        artifacts: match raw.artifacts {
            Some(given) => PathPatterns::read(&given)?,
            None => default_artifacts(),
        },
        large_file_bytes: raw.large,
        ..ScanSettings::default()
    };
    for value in raw.add.unwrap_or_default() {
        match ScanRule::from_value(value, source) {
            Ok(rule) => {
                let id = rule.id.clone();
                if out.inline_rules.iter().any(|(other, _)| other.id == id) {
                    return Err((id.to_string(), format!("there is another rule `{id}` in this file")));
                }
                out.inline_rules.push((rule, Arc::clone(source)));
            }
            Err(fault) => out.rule_faults.push(fault),
        }
    }
    for (id, change) in raw.overrides {
        let read = |given: Option<Vec<String>>| given.map(|texts| PathPatterns::read(&texts)).transpose();
        let change = RuleOverride {
            include: read(change.include)?,
            exclude: read(change.exclude)?,
            area: change.area.map(|word| parse_keyword(Some(&word), &AREA_KEYWORDS)).transpose()?,
            tests: change.tests.map(|word| parse_keyword(Some(&word), &TEST_KEYWORDS)).transpose()?,
        };
        out.overrides.insert(id, change);
    }
    Ok(out)
}
