//! The file as written. Unknown keys are errors: a misspelt key must not
//! silently switch a check off.

use std::collections::BTreeMap;

use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawConfig {
    pub version: Option<u64>,
    pub main_branch: Option<OneOrMany>,
    pub layout: Option<RawLayout>,
    pub minimum_format: Option<String>,
    pub require_evidence: Option<bool>,
    pub require_signed_approval: Option<bool>,
    pub protected: Option<Vec<String>>,
    pub anchors: Option<RawAnchors>,
    pub ascii_only: Option<bool>,
    pub spec: Option<RawSpec>,
    pub approval: Option<RawApproval>,
    pub waivers: Option<RawWaivers>,
    pub validator: Option<RawValidator>,
    pub rules: BTreeMap<String, String>,
    pub logs: Option<String>,
    pub evidence: Option<RawEvidence>,
    pub steps: Option<Vec<RawStep>>,
    pub scan: Option<RawScan>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawSpec {
    pub headings: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawLayout {
    pub base: Option<String>,
    pub packets: Option<String>,
    pub stubs: Option<String>,
    pub refinements: Option<String>,
    pub board: Option<String>,
    pub registry: Option<String>,
    pub audit: Option<String>,
    pub spec_pointer: Option<String>,
    pub gate_log: Option<String>,
    pub contracts: Option<String>,
    pub validator_states: Option<String>,
    pub validator_state: Option<String>,
    pub templates: Option<String>,
    pub signatures: Option<String>,
    pub allowed_signers: Option<String>,
    pub governance: Option<Vec<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawAnchors {
    pub shortest_token: Option<usize>,
    pub longest_window: Option<usize>,
}

/// Who may approve.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawApproval {
    pub separate_hands: Option<bool>,
}

/// What `evidence` may run.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawEvidence {
    pub allow: Option<Vec<String>>,
    pub timeout: Option<String>,
}

/// Who validates.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawValidator {
    pub identities: Option<Vec<String>>,
}

/// What scans look at.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawScan {
    pub gate: Option<Vec<String>>,
    pub product: Option<Vec<String>>,
    pub tests: Option<Vec<String>>,
    pub exclude: Option<Vec<String>>,
    pub rules: Option<OneOrMany>,
    pub add: Option<Vec<serde_yaml::Value>>,
    #[serde(rename = "override")]
    pub overrides: BTreeMap<String, RawOverride>,
    pub baseline: Option<String>,
    pub migrations: Option<Vec<String>>,
    pub backends: Option<Vec<String>>,
    pub artifacts: Option<Vec<String>>,
    pub large: Option<u64>,
}

/// What is changed of one scan rule.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawOverride {
    pub include: Option<Vec<String>>,
    pub exclude: Option<Vec<String>>,
    pub area: Option<String>,
    pub tests: Option<String>,
}

/// Which waivers count.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawWaivers {
    pub from: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawStep {
    pub name: String,
    pub run: Vec<String>,
    #[serde(default)]
    pub folder: Option<String>,
    #[serde(default)]
    pub timeout: Option<String>,
    #[serde(default)]
    pub gates: Option<Vec<String>>,
    #[serde(default)]
    pub environment: RawEnvironment,
    #[serde(default)]
    pub tests: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawEnvironment {
    pub keep: Option<Vec<String>>,
    pub drop: Option<Vec<String>>,
    pub set: BTreeMap<String, String>,
}
