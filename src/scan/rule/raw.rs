//! A scan rule's file as written, values with their spans. Unknown keys are errors.

use serde::Deserialize;

use crate::text::Spanned;

/// Text with its span.
type Text = Spanned<String>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawScanRule {
    pub id: Text,
    pub set: Text,
    pub level: Text,
    pub message: Text,
    pub why: Text,
    pub remedy: Text,
    #[serde(default)]
    pub references: Vec<String>,
    #[serde(default)]
    pub waivable_by: Vec<String>,
    #[serde(default)]
    pub languages: Vec<Text>,
    pub area: Option<Text>,
    #[serde(default)]
    pub include: Vec<Text>,
    #[serde(default)]
    pub exclude: Vec<Text>,
    pub pattern: Option<Text>,
    #[serde(default)]
    pub patterns: Vec<Text>,
    #[serde(default)]
    pub except: Vec<Text>,
    #[serde(rename = "where", default)]
    pub token_kinds: Vec<Text>,
    pub tests: Option<Text>,
    pub mode: Option<Text>,
    pub suppression: Option<Text>,
    pub examples: Spanned<RawExamples>,
}

/// Examples of a scan rule.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawExamples {
    pub path: Option<Text>,
    #[serde(rename = "match")]
    pub matching: Vec<Text>,
    pub pass: Vec<Text>,
}
