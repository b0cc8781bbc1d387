//! `providers`: the servers of models in the user's configuration, and who asks which.

use std::fmt::Write as _;

use clap::{Args, Subcommand};
use serde::Serialize;

use crate::cli::{FAILED, GlobalArgs, Output, PASSED, user_config};
use crate::provider::{ModelTier, Provider, ProviderRegistry, RuntimeRole, resolve_address};
use crate::render::json;
use crate::system::http::HAS_TLS;
use crate::system::{environment, files};
use crate::text::escape_hidden;

/// Arguments of `providers`.
#[derive(Debug, Args)]
pub(crate) struct ProvidersArgs {
    #[command(subcommand)]
    action: ProvidersAction,
}

#[derive(Debug, Clone, Copy, Subcommand)]
enum ProvidersAction {
    /// List servers and roles as they are configured
    List,
    /// Check whether every server can be used: address, key, and what may be sent. Names are
    /// resolved; nothing is sent
    Check,
}

/// The answer of `providers`.
#[derive(Serialize)]
struct ProvidersOutput {
    schema: &'static str,
    /// `locked`, `denied` or `consent`.
    cloud: &'static str,
    providers: Vec<ProviderOutput>,
    roles: Vec<RoleOutput>,
    /// What is wrong, for `check`.
    problems: Vec<String>,
}

#[derive(Serialize)]
struct ProviderOutput {
    id: String,
    kind: &'static str,
    tier: &'static str,
    relay: bool,
    base_url: String,
    models: Vec<String>,
    key_variable: Option<String>,
    /// The address that is connected to, for `check`.
    address: Option<String>,
}

#[derive(Serialize)]
struct RoleOutput {
    role: &'static str,
    provider: Option<String>,
    tier: Option<&'static str>,
    base_url: Option<String>,
    model: Option<String>,
}

impl ProvidersArgs {
    pub(crate) fn run(&self, global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
        let is_json = global.is_json()?;
        let registry = ProviderRegistry::from_settings(&user_config::load()?.models)?;
        let checks = matches!(self.action, ProvidersAction::Check);
        let mut problems = Vec::new();
        let mut providers = Vec::new();
        for provider in registry.providers() {
            let address = checks.then(|| check_provider(provider, &registry, &mut problems)).flatten();
            providers.push(describe(provider, address));
        }
        if checks && registry.providers().next().is_none() {
            problems.push(format!("no server is configured in {}", user_config::shown_path()));
        }
        let answer = ProvidersOutput {
            schema: "countersign.providers/v1",
            cloud: registry.cloud.as_str(),
            providers,
            roles: RuntimeRole::ALL.iter().map(|role| describe_role(&registry, *role)).collect(),
            problems,
        };
        output.print(&if is_json { json::pretty(&answer) } else { render(&answer, checks) })?;
        Ok(if answer.problems.is_empty() { PASSED } else { FAILED })
    }
}

/// Checks what can be known about a server without sending anything.
fn check_provider(
    provider: &Provider,
    registry: &ProviderRegistry,
    problems: &mut Vec<String>,
) -> Option<String> {
    let id = &provider.id;
    if provider.base_url.is_https && !HAS_TLS {
        problems.push(format!(
            "`{id}`: its address needs TLS, which this program does not have; one that is built with the feature \
             `cloud` has it"
        ));
    }
    if let Some(variable) = &provider.key_variable
        && environment::variable(variable).is_none_or(|value| value.is_empty())
    {
        problems.push(format!("`{id}`: the variable `{variable}` with its key is not set"));
    }
    if provider.tier == ModelTier::Cloud {
        match &registry.consent_signers {
            None => problems.push(format!(
                "`{id}`: no key may consent; name a file of allowed signers as `models: {{consent_signers: FILE}}`"
            )),
            Some(file) if files::find_metadata(&environment::expand_home(file)).ok().flatten().is_none() => {
                problems.push(format!("`{id}`: the file of allowed signers {file} does not exist"));
            }
            Some(_) => {}
        }
    }
    match resolve_address(provider) {
        Ok(addresses) => {
            let all: Vec<String> = addresses.iter().map(ToString::to_string).collect();
            Some(all.join(", "))
        }
        Err(fault) => {
            problems.push(format!("`{id}`: {fault}"));
            None
        }
    }
}

fn describe(provider: &Provider, address: Option<String>) -> ProviderOutput {
    ProviderOutput {
        id: provider.id.clone(),
        kind: provider.kind.as_str(),
        tier: provider.tier.as_str(),
        relay: provider.is_relay,
        base_url: provider.base_url.to_string(),
        models: provider.models.clone(),
        key_variable: provider.key_variable.clone(),
        address,
    }
}

fn describe_role(registry: &ProviderRegistry, role: RuntimeRole) -> RoleOutput {
    let found = registry.resolve(role).ok();
    RoleOutput {
        role: role.as_str(),
        provider: found.as_ref().map(|found| found.provider.id.clone()),
        tier: found.as_ref().map(|found| found.provider.tier.as_str()),
        base_url: found.as_ref().map(|found| found.provider.base_url.to_string()),
        model: found.map(|found| found.model_id),
    }
}

fn render(answer: &ProvidersOutput, checks: bool) -> String {
    let mut out = String::new();
    for provider in &answer.providers {
        let relay = if provider.relay { ", forwards" } else { "" };
        let _ = writeln!(
            out,
            "{}: {} ({}{relay}), {}",
            provider.id, provider.base_url, provider.tier, provider.kind
        );
        let _ = writeln!(out, "  models   {}", provider.models.join(", "));
        if let Some(variable) = &provider.key_variable {
            let _ = writeln!(out, "  key      in the variable {variable}");
        }
        if let Some(address) = &provider.address {
            let _ = writeln!(out, "  address  {address}");
        }
    }
    if answer.providers.is_empty() && !checks {
        let _ = writeln!(out, "no server is configured in {}", user_config::shown_path());
    }
    for role in &answer.roles {
        if let (Some(provider), Some(model), Some(tier)) = (&role.provider, &role.model, role.tier) {
            let _ = writeln!(out, "role {}: {model} of {provider} ({tier})", role.role);
        } else if checks {
            let _ = writeln!(out, "role {}: not configured", role.role);
        }
    }
    let _ = writeln!(out, "cloud: {}", answer.cloud);
    for problem in &answer.problems {
        let _ = writeln!(out, "error: {problem}");
    }
    escape_hidden(&out).into_owned()
}
