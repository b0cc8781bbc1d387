//! A scan rule's file as written, values with their spans. Unknown keys are errors.

use serde::Deserialize;

use crate::text::Spanned;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawScanRule {
    pub id: Spanned<String>,
    pub set: Spanned<String>,
    pub level: Spanned<String>,
    pub message: Spanned<String>,
    pub why: Spanned<String>,
    pub remedy: Spanned<String>,
    #[serde(default)]
    pub references: Vec<String>,
    #[serde(default)]
    pub waivable_by: Vec<String>,
    #[serde(default)]
    pub languages: Vec<Spanned<String>>,
    pub area: Option<Spanned<String>>,
    #[serde(default)]
    pub include: Vec<Spanned<String>>,
    #[serde(default)]
    pub exclude: Vec<Spanned<String>>,
    pub layer: Option<RawLayer>,
    pub vocabulary: Option<RawVocabulary>,
    pub pattern: Option<Spanned<String>>,
    #[serde(default)]
    pub patterns: Vec<Spanned<String>>,
    #[serde(default)]
    pub conditional: Vec<RawConditionalPattern>,
    #[serde(default)]
    pub except: Vec<Spanned<String>>,
    pub handlers: Option<Spanned<String>>,
    #[serde(rename = "where", default)]
    pub token_kinds: Vec<Spanned<String>>,
    pub tests: Option<Spanned<String>>,
    pub mode: Option<Spanned<String>>,
    pub suppression: Option<Spanned<String>>,
    pub examples: Spanned<RawExamples>,
}

/// A pattern that counts only in some files.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawConditionalPattern {
    pub pattern: Spanned<String>,
    pub requires: Option<Spanned<String>>,
    pub unless: Option<Spanned<String>>,
}

/// Examples of a scan rule.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawExamples {
    pub path: Option<Spanned<String>>,
    #[serde(rename = "match")]
    pub matching: Vec<Spanned<String>>,
    pub pass: Vec<Spanned<String>>,
}

/// A layer of the product that a rule is about.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawLayer {
    pub name: Spanned<String>,
    pub title: Spanned<String>,
    pub folders: Vec<String>,
    pub files: Vec<String>,
    #[serde(default)]
    pub inferred_from: Vec<String>,
    #[serde(default)]
    pub without_layer: Vec<Spanned<String>>,
    #[serde(default)]
    pub servers: Vec<Spanned<String>>,
    #[serde(default)]
    pub server_marks: Vec<RawServerMark>,
    #[serde(default)]
    pub user_interface: Vec<Spanned<String>>,
    #[serde(default)]
    pub not_inferred_from: Vec<String>,
    #[serde(default)]
    pub per_package: bool,
    #[serde(default)]
    pub per_crate: bool,
    #[serde(default)]
    pub implementations: Vec<String>,
    /// Names of libraries that a file may import from a place of its own.
    #[serde(default)]
    pub libraries: Vec<String>,
}

/// Words that can name a subject of the product.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawVocabulary {
    pub name: Spanned<String>,
    pub words: Vec<String>,
    #[serde(default)]
    pub stand_ins: Vec<String>,
}

/// What the text of a file of a server has.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawServerMark {
    pub pattern: Spanned<String>,
    pub unless: Option<Spanned<String>>,
}
