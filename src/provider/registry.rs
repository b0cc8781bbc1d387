//! Servers of models and who asks which: read from the user's configuration alone, and
//! resolved without a choice that depends on anything else.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::config::{KeySettings, ModelSettings, ProviderSettings};
use crate::rule::did_you_mean;
use crate::text::to_single_line;

use super::address::{AddressFault, BaseUrl};
use super::kinds::{CloudPolicy, ModelTier, ProviderKind, RuntimeRole};

/// Time for an answer unless the configuration says otherwise, in seconds.
const DEFAULT_TIMEOUT_S: u64 = 300;
/// The most that a configuration can ask for, in seconds.
const MAX_TIMEOUT_S: u64 = 3_600;

/// A server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Provider {
    /// Its id.
    pub id: String,
    /// The interface that it speaks.
    pub kind: ProviderKind,
    /// Where what is sent ends up.
    pub tier: ModelTier,
    /// Whether a server on this machine forwards to the cloud.
    pub is_relay: bool,
    /// Its address.
    pub base_url: BaseUrl,
    /// Ids of the models that may be asked.
    pub models: Vec<String>,
    /// Name of the environment variable that holds its key.
    pub key_variable: Option<String>,
    /// Time for an answer.
    pub timeout: Duration,
    /// Number of tokens that prompt and answer may have together.
    pub context_tokens: Option<u64>,
    /// Whether the server is told to answer with JSON.
    pub uses_json_mode: bool,
}

/// A role with its server and model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ResolvedProvider {
    /// The role.
    pub role: RuntimeRole,
    /// The server.
    pub provider: Provider,
    /// The model.
    pub model_id: String,
}

/// Servers, roles, and what may be sent to the cloud.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ProviderRegistry {
    providers: BTreeMap<String, Provider>,
    roles: BTreeMap<RuntimeRole, (String, String)>,
    /// What may be sent to the cloud.
    pub cloud: CloudPolicy,
    /// File of the keys that may consent.
    pub consent_signers: Option<String>,
}

/// Why the settings of a user cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RegistryError {
    /// An address.
    #[error("`models.providers.{id}.base_url`: {fault}")]
    Address {
        /// Id of the server.
        id: String,
        /// What is wrong with it.
        fault: AddressFault,
    },
    /// A value that is not one of the known ones.
    #[error("invalid value of `models.{key}` `{value}`; expected one of: {known}{hint}")]
    Value {
        /// The key.
        key: String,
        /// The value, on one line.
        value: String,
        /// What there is.
        known: String,
        /// `; did you mean …`, or empty.
        hint: String,
    },
    /// Settings that contradict each other, or lack something.
    #[error("`models.{key}`: {why}")]
    Contradiction {
        /// The key.
        key: String,
        /// What is wrong, and what was expected.
        why: String,
    },
    /// A role without a server.
    #[error(
        "no server is configured for the role `{role}`; write `models: {{roles: {{{role}: {{provider: ID, model: NAME}}}}}}` \
         into the user's configuration"
    )]
    NoRole {
        /// The role.
        role: &'static str,
    },
}

fn one_of<T: Copy>(
    key: String,
    value: &str,
    all: &[T],
    name: fn(T) -> &'static str,
) -> Result<T, RegistryError> {
    let found = all.iter().copied().find(|known| name(*known) == value);
    found.ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|known| name(*known)).collect();
        RegistryError::Value {
            key,
            value: to_single_line(value, 40),
            hint: did_you_mean(value, names.iter().copied()),
            known: names.join(", "),
        }
    })
}

impl ProviderRegistry {
    /// Reads the settings of a user.
    ///
    /// # Errors
    /// An unknown value, an address of the wrong kind, or a contradiction: nothing is
    /// guessed, and nothing is left out.
    pub(crate) fn from_settings(settings: &ModelSettings) -> Result<Self, RegistryError> {
        let mut registry = Self { consent_signers: settings.consent_signers.clone(), ..Self::default() };
        if let Some(file) = &settings.consent_signers
            && !(file.starts_with("~/") || std::path::Path::new(file).is_absolute())
        {
            return Err(RegistryError::Contradiction {
                key: "consent_signers".to_owned(),
                why: "expected an absolute path, or one that starts with `~/`: a repository must not hold this file"
                    .to_owned(),
            });
        }
        if let Some(text) = &settings.cloud {
            registry.cloud = one_of("cloud".to_owned(), text, &CloudPolicy::ALL, CloudPolicy::as_str)?;
        }
        for (id, raw) in &settings.providers {
            registry.providers.insert(id.clone(), read_provider(id, raw)?);
        }
        for (name, raw) in &settings.roles {
            let role = one_of(
                format!("roles.{}", to_single_line(name, 40)),
                name,
                &RuntimeRole::ALL,
                RuntimeRole::as_str,
            )?;
            let key = format!("roles.{name}");
            let ids = registry.providers.keys().map(String::as_str);
            let Some(provider) = registry.providers.get(&raw.provider) else {
                let known: Vec<&str> = ids.clone().collect();
                return Err(RegistryError::Value {
                    key: format!("{key}.provider"),
                    value: to_single_line(&raw.provider, 40),
                    known: known.join(", "),
                    hint: did_you_mean(&raw.provider, ids),
                });
            };
            if !provider.models.contains(&raw.model) {
                return Err(RegistryError::Value {
                    key: format!("{key}.model"),
                    value: to_single_line(&raw.model, 80),
                    known: provider.models.join(", "),
                    hint: did_you_mean(&raw.model, provider.models.iter().map(String::as_str)),
                });
            }
            registry.roles.insert(role, (raw.provider.clone(), raw.model.clone()));
        }
        Ok(registry)
    }

    /// Returns all servers, by id.
    pub(crate) fn providers(&self) -> impl Iterator<Item = &Provider> {
        self.providers.values()
    }

    /// Returns a server and a model by their names, as a plan has them.
    #[must_use]
    pub(crate) fn find(&self, provider_id: &str, model_id: &str) -> Option<ResolvedProvider> {
        let provider = self.providers.get(provider_id)?;
        let is_there = provider.models.iter().any(|model| model == model_id);
        let role = RuntimeRole::Validator;
        is_there.then(|| ResolvedProvider { role, provider: provider.clone(), model_id: model_id.to_owned() })
    }

    /// Returns the server and model of a role.
    ///
    /// # Errors
    /// The role is not configured. There is no other one that takes its place.
    pub(crate) fn resolve(&self, role: RuntimeRole) -> Result<ResolvedProvider, RegistryError> {
        let missing = || RegistryError::NoRole { role: role.as_str() };
        let (id, model) = self.roles.get(&role).ok_or_else(missing)?;
        let provider = self.providers.get(id).ok_or_else(missing)?;
        Ok(ResolvedProvider { role, provider: provider.clone(), model_id: model.clone() })
    }
}

fn read_provider(id: &str, raw: &ProviderSettings) -> Result<Provider, RegistryError> {
    let key = |name: &str| format!("providers.{}.{name}", to_single_line(id, 40));
    let contradiction = |name: &str, why: String| Err(RegistryError::Contradiction { key: key(name), why });
    let is_plain = |text: &str| {
        !text.is_empty()
            && text.len() <= 200
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:/@+".contains(&byte))
    };
    if !is_plain(id) || id.contains('/') {
        return contradiction("id", "expected letters, digits, `-`, `_` and `.`".to_owned());
    }
    let kind = one_of(key("kind"), &raw.kind, &ProviderKind::ALL, ProviderKind::as_str)?;
    let tier = one_of(key("tier"), &raw.tier, &ModelTier::ALL, ModelTier::as_str)?;
    let address = |fault: AddressFault| RegistryError::Address { id: id.to_owned(), fault };
    let base_url = BaseUrl::parse(&raw.base_url).map_err(address)?;
    if raw.relay && tier == ModelTier::Local {
        return contradiction("relay", "a server that forwards to the cloud has `tier: cloud`".to_owned());
    }
    base_url.check(tier, raw.relay).map_err(address)?;
    if raw.models.is_empty() {
        return contradiction("models", "expected at least one model".to_owned());
    }
    for model in &raw.models {
        if !is_plain(model) {
            let shown = to_single_line(model, 80);
            return contradiction("models", format!("`{shown}` is not the id of a model"));
        }
        // Ollama forwards these itself, also behind its interface for others.
        let tag = model.rsplit([':', '-']).next().unwrap_or_default();
        if tier == ModelTier::Local && tag.eq_ignore_ascii_case("cloud") {
            return contradiction(
                "models",
                format!(
                    "Ollama forwards `{model}` to its cloud; write `tier: cloud` and `relay: true` for it"
                ),
            );
        }
    }
    let key_variable = raw.key.as_ref().map(|settings| read_key(id, settings, &base_url)).transpose()?;
    let seconds = raw.timeout.unwrap_or(DEFAULT_TIMEOUT_S);
    if !(1..=MAX_TIMEOUT_S).contains(&seconds) {
        return contradiction("timeout", format!("{seconds} is not between 1 and {MAX_TIMEOUT_S} seconds"));
    }
    if raw.context == Some(0) {
        return contradiction("context", "0 tokens hold no prompt".to_owned());
    }
    Ok(Provider {
        id: id.to_owned(),
        kind,
        tier,
        is_relay: raw.relay,
        base_url,
        models: raw.models.clone(),
        key_variable,
        timeout: Duration::from_secs(seconds),
        context_tokens: raw.context,
        uses_json_mode: raw.json_mode,
    })
}

/// Reads the binding of a key to the one host that it is sent to.
fn read_key(id: &str, settings: &KeySettings, base_url: &BaseUrl) -> Result<String, RegistryError> {
    let contradiction = |name: &str, why: String| {
        Err(RegistryError::Contradiction { key: format!("providers.{id}.key.{name}"), why })
    };
    let name = &settings.variable;
    let is_name = !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !name.starts_with(|c: char| c.is_ascii_digit());
    if !is_name {
        let why = format!("`{}` is not the name of an environment variable", to_single_line(name, 40));
        return contradiction("variable", why);
    }
    let host = settings.host.to_ascii_lowercase();
    if host != base_url.host.to_string() && host != base_url.authority() {
        let why = format!(
            "the key is bound to `{}`, and the address is {base_url}; a key is sent to its own host only",
            to_single_line(&settings.host, 80)
        );
        return contradiction("host", why);
    }
    Ok(name.clone())
}
