//! The configuration file as written, values with their spans. Unknown keys
//! are errors: a misspelt key must not silently switch a check off.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, IgnoredAny, SeqAccess, Visitor};

use crate::rule::YamlMap;
use crate::text::{Span, Spanned};

/// Text with its span.
pub(super) type Text = Spanned<String>;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawConfig {
    pub version: Option<Spanned<u64>>,
    pub profile: Option<Text>,
    pub scope: Option<Spanned<Vec<Text>>>,
    pub out_of_scope: Option<Vec<Text>>,
    pub exempt: Option<Vec<Text>>,
    pub caches: Option<Vec<Text>>,
    pub manifests: Option<Text>,
    pub main_branch: Option<Spanned<OneOrMany>>,
    pub layout: Option<RawLayout>,
    pub minimum_format: Option<Text>,
    pub require_evidence: Option<bool>,
    pub require_signed_approval: Option<bool>,
    pub protected: Option<Vec<Text>>,
    pub anchors: Option<RawAnchors>,
    pub ascii_only: Option<bool>,
    pub spec: Option<RawSpec>,
    pub approval: Option<RawApproval>,
    pub roles: Option<RawRoles>,
    pub waivers: Option<RawWaivers>,
    pub validator: Option<RawValidator>,
    pub rules: YamlMap<Text>,
    pub logs: Option<Text>,
    pub evidence: Option<RawEvidence>,
    pub ledger: Option<Text>,
    pub usage: Option<RawUsageBudgets>,
    /// Capabilities by the names of profiles.
    pub profiles: YamlMap<Vec<Text>>,
    pub steps: Option<RawSteps>,
    pub scan: Option<RawScan>,
}

/// The key `usage` as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawUsageBudgets {
    pub tokens: Option<Text>,
    pub usd: Option<Text>,
    /// The budget of all calls together.
    pub total: RawBudget,
    /// Budgets of single packets, by their id.
    pub packets: YamlMap<RawBudget>,
    pub over_budget: Option<Text>,
}

/// One budget as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawBudget {
    pub tokens: Option<Text>,
    pub usd: Option<Text>,
}

/// Headings of specifications.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawSpec {
    pub headings: Option<Vec<String>>,
}

/// One name or a list of names. A name must be text: numbers, `true` and
/// `false` need quotes here.
#[derive(Debug)]
pub(super) enum OneOrMany {
    One(String),
    Many(Vec<Text>),
}

impl OneOrMany {
    /// Returns the names; `span` is the span of the whole value.
    pub(super) fn into_list(self, span: Span) -> Vec<Text> {
        match self {
            Self::One(name) => vec![Spanned::new(name, span)],
            Self::Many(names) => names,
        }
    }
}

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrManyVisitor)
    }
}

struct OneOrManyVisitor;

impl<'de> Visitor<'de> for OneOrManyVisitor {
    type Value = OneOrMany;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string or a list of strings")
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<OneOrMany, E> {
        Ok(OneOrMany::One(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<OneOrMany, A::Error> {
        let mut names = Vec::new();
        while let Some(name) = access.next_element::<Spanned<Name>>()? {
            names.push(name.map(|name| name.0));
        }
        Ok(OneOrMany::Many(names))
    }
}

/// A scalar that is text without a conversion.
struct Name(String);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NameVisitor)
    }
}

struct NameVisitor;

impl Visitor<'_> for NameVisitor {
    type Value = Name;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Name, E> {
        Ok(Name(value.to_owned()))
    }
}

/// Folders and files of the documents.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawLayout {
    pub base: Option<Text>,
    pub packets: Option<Text>,
    pub stubs: Option<Text>,
    pub refinements: Option<Text>,
    pub board: Option<Text>,
    pub registry: Option<Text>,
    pub audit: Option<Text>,
    pub spec_pointer: Option<Text>,
    pub gate_log: Option<Text>,
    pub contracts: Option<Text>,
    pub validator_states: Option<Text>,
    pub validator_state: Option<Text>,
    pub templates: Option<Text>,
    pub signatures: Option<Text>,
    pub allowed_signers: Option<Text>,
    pub governance: Option<Vec<String>>,
    pub aliases: YamlMap<Text>,
}

/// Limits of anchors: tokens in characters, windows in lines.
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
    // The former name of the key; both at once are an error.
    #[serde(alias = "separate_hands")]
    pub separation_of_duties: Option<bool>,
}

/// Persons by role, as principals of `allowed_signers`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawRoles {
    pub approver: Option<Spanned<Vec<Text>>>,
    pub reviewer: Option<Spanned<Vec<Text>>>,
    pub waiver: Option<Spanned<Vec<Text>>>,
}

/// Commands that `evidence` may run.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawEvidence {
    pub allow: Option<Vec<Text>>,
    pub timeout: Option<Text>,
}

/// Who validates.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawValidator {
    pub identities: Option<Vec<Text>>,
}

/// Files and rules of scans.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawScan {
    pub gate: Option<Vec<String>>,
    pub product: Option<Vec<Text>>,
    pub tests: Option<Vec<Text>>,
    pub exclude: Option<Vec<Text>>,
    /// Treatments by the names of areas.
    pub areas: YamlMap<Text>,
    /// Paths by the names of layers.
    pub layers: YamlMap<Vec<Text>>,
    /// Subjects of the product by the names of vocabularies.
    pub vocabulary: YamlMap<Vec<Text>>,
    pub rules: Option<Spanned<OneOrMany>>,
    /// Rules; read one by one, so that an error in one does not affect the others.
    pub add: Option<Vec<IgnoredAny>>,
    #[serde(rename = "override")]
    pub overrides: YamlMap<RawOverride>,
    pub baseline: Option<Text>,
    pub migrations: Option<Vec<Text>>,
    pub backends: Option<Vec<String>>,
    pub artifacts: Option<Vec<Text>>,
    pub large: Option<u64>,
}

/// Changes of one scan rule.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawOverride {
    pub include: Option<Vec<Text>>,
    pub exclude: Option<Vec<Text>>,
    pub area: Option<Text>,
    pub tests: Option<Text>,
}

/// Which waivers count.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawWaivers {
    pub from: Option<Text>,
}

/// A step of a gate.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawStep {
    pub name: Text,
    pub run: Spanned<Vec<String>>,
    #[serde(default)]
    pub folder: Option<Text>,
    #[serde(default)]
    pub timeout: Option<Text>,
    #[serde(default)]
    pub gates: Option<Vec<Text>>,
    #[serde(default)]
    pub environment: RawEnvironment,
    #[serde(default)]
    pub tests: Option<bool>,
    #[serde(default)]
    pub junit: Option<Text>,
    #[serde(default)]
    pub paths: Option<Vec<Text>>,
    #[serde(default)]
    pub capabilities: Option<Vec<Text>>,
    #[serde(default)]
    pub profile: Option<Text>,
    #[serde(default)]
    pub confine: Option<bool>,
    #[serde(default)]
    pub twice: bool,
    #[serde(default)]
    pub memory: Option<Text>,
    #[serde(default)]
    pub cpu_time: Option<Text>,
}

/// The steps: a list, or `none` for a repository without tests.
#[derive(Debug)]
pub(super) enum RawSteps {
    None,
    List(Vec<RawStep>),
}

impl<'de> Deserialize<'de> for RawSteps {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawStepsVisitor)
    }
}

struct RawStepsVisitor;

impl<'de> Visitor<'de> for RawStepsVisitor {
    type Value = RawSteps;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of steps, or `none`")
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<RawSteps, E> {
        if value == "none" {
            return Ok(RawSteps::None);
        }
        Err(E::invalid_value(de::Unexpected::Str(value), &self))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<RawSteps, A::Error> {
        let mut steps = Vec::new();
        while let Some(step) = access.next_element::<RawStep>()? {
            steps.push(step);
        }
        Ok(RawSteps::List(steps))
    }
}

/// Environment variables of a step.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawEnvironment {
    pub keep: Option<Vec<String>>,
    pub drop: Option<Vec<String>>,
    pub set: BTreeMap<String, String>,
}
