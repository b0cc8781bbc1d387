//! The configuration of a user, outside of every repository: nothing that a repository
//! brings can switch on what is here.

#![cfg_attr(not(feature = "llm"), allow(dead_code))]

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::rule::parse_yaml;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawUserConfig {
    usage: RawUsage,
    models: ModelSettings,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawUsage {
    import: Option<String>,
}

/// Servers of models, as a user wrote them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ModelSettings {
    /// Servers, by id.
    pub providers: BTreeMap<String, ProviderSettings>,
    /// The server and model of each role.
    pub roles: BTreeMap<String, RoleSettings>,
    /// What may be sent to the cloud: `locked`, `denied` or `consent`; `denied` if missing.
    pub cloud: Option<String>,
    /// File of the keys that may consent, in OpenSSH's format `allowed_signers`.
    pub consent_signers: Option<String>,
}

/// One server, as a user wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProviderSettings {
    /// `ollama` or `openai_compat`.
    pub kind: String,
    /// `local` or `cloud`.
    pub tier: String,
    /// Whether a server on this machine forwards to the cloud.
    #[serde(default)]
    pub relay: bool,
    /// Its address.
    pub base_url: String,
    /// Ids of the models that may be asked.
    pub models: Vec<String>,
    /// Where its key is, if it needs one.
    pub key: Option<KeySettings>,
    /// Time for an answer in seconds; 300 if missing.
    pub timeout: Option<u64>,
    /// Number of tokens that prompt and answer may have together.
    pub context: Option<u64>,
    /// Whether the server is told to answer with JSON (`response_format`); not all know it.
    #[serde(default)]
    pub json_mode: bool,
}

/// The key of a server, as a user wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeySettings {
    /// Name of the environment variable that holds it.
    pub variable: String,
    /// Host, or host and port, to which alone it is sent.
    pub host: String,
}

/// A role, as a user wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoleSettings {
    /// Id of the server.
    pub provider: String,
    /// Id of the model.
    pub model: String,
}

/// The configuration of a user.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct UserConfig {
    /// Whether numbers of tokens are copied from the logs of agents.
    pub imports_usage: bool,
    /// Servers of models.
    pub models: ModelSettings,
}

impl UserConfig {
    /// Reads the text of the file; an empty one switches nothing on.
    ///
    /// # Errors
    /// Text that is not YAML, an unknown key or value.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let RawUserConfig { usage, models } = parse_yaml(text).map_err(|error| error.to_string())?;
        let imports_usage = match usage.import.as_deref() {
            None | Some("off") => false,
            Some("on") => true,
            Some(other) => {
                let other = crate::text::to_single_line(other, 40);
                return Err(format!("invalid value of `usage.import` `{other}`; expected one of: on, off"));
            }
        };
        Ok(Self { imports_usage, models })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_on_that_was_not_switched_on() {
        for off in ["", "# nothing", "usage: {}", "usage: {import: off}", "models: {}"] {
            let read = UserConfig::parse(off);
            assert!(read.is_err() || read == Ok(UserConfig::default()), "{off}: {read:?}");
        }
        let on = UserConfig { imports_usage: true, ..UserConfig::default() };
        assert_eq!(UserConfig::parse("usage: {import: on}"), Ok(on));
        for wrong in [
            "usage: {import: maybe}",
            "usage: {imports: on}",
            "use: 1",
            "- a",
            "models: {provider: {}}",
            "models: {providers: {a: {kind: ollama}}}",
        ] {
            assert!(UserConfig::parse(wrong).is_err(), "{wrong}");
        }
    }
}
