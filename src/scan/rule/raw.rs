//! A scan rule's file as written. Unknown keys are errors.

use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawScanRule {
    pub id: String,
    pub set: String,
    pub level: String,
    pub message: String,
    pub why: String,
    pub remedy: String,
    #[serde(default)]
    pub references: Vec<String>,
    #[serde(default)]
    pub waivable_by: Vec<String>,
    #[serde(default)]
    pub languages: Vec<String>,
    pub area: Option<String>,
    #[serde(default)]
    pub include: Vec<String>,
    #[serde(default)]
    pub exclude: Vec<String>,
    pub pattern: Option<String>,
    #[serde(default)]
    pub patterns: Vec<String>,
    #[serde(default)]
    pub except: Vec<String>,
    #[serde(rename = "where", default)]
    pub places: Vec<String>,
    pub tests: Option<String>,
    pub mode: Option<String>,
    pub suppression: Option<String>,
    pub examples: RawExamples,
}

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawExamples {
    pub path: Option<String>,
    #[serde(rename = "match")]
    pub matching: Vec<String>,
    pub pass: Vec<String>,
}
