//! The client of a real server. The address is resolved once and checked; the connection
//! goes to that address, whatever a resolver, a proxy variable or a redirect says later.

use core::net::SocketAddr;

use crate::system::clock::Stopwatch;
use crate::system::{environment, http};

use super::address::{AddressFault, BaseUrl, Host};
use super::client::{
    CompletionRequest, CompletionResponse, LlmClient, LlmError, ModelProfile, check_after, check_before,
};
use super::guard::Clearance;
use super::registry::{Provider, ResolvedProvider};
use super::wire::{self, MAX_ANSWER_BYTES};

/// Resolves the address of a server, and refuses one of the wrong kind.
///
/// # Errors
/// The name cannot be resolved, or one of its addresses is refused.
pub(crate) fn resolve_address(provider: &Provider) -> Result<Vec<SocketAddr>, AddressFault> {
    let BaseUrl { host, port, .. } = &provider.base_url;
    let found = match host {
        Host::Ip(ip) => vec![SocketAddr::new(*ip, *port)],
        Host::Name(name) => http::resolve(name, *port).unwrap_or_default(),
    };
    provider.base_url.choose(provider.tier, provider.is_relay, &found)
}

/// A client of a server.
pub(crate) struct HttpLlmClient {
    resolved: ResolvedProvider,
    profile: ModelProfile,
    clearance: Clearance,
    addresses: Vec<SocketAddr>,
    key: Option<http::Secret>,
}

impl HttpLlmClient {
    /// A client that may send the bytes that the guard let pass, and nothing else.
    ///
    /// # Errors
    /// The address is refused, or this program cannot reach it.
    pub(crate) fn new(resolved: &ResolvedProvider, clearance: &Clearance) -> Result<Self, LlmError> {
        if resolved.provider.base_url.is_https && !http::HAS_TLS {
            let why = "this program has no TLS; one that is built with the feature `cloud` has it";
            return Err(LlmError::Provider(why.to_owned()));
        }
        let addresses = resolve_address(&resolved.provider).map_err(LlmError::Address)?;
        let profile = ModelProfile {
            model_id: resolved.model_id.clone(),
            max_context_tokens: resolved.provider.context_tokens,
            tier: resolved.provider.tier,
        };
        let key = read_key(&resolved.provider)?;
        // A receipt is used up next: not for a server that is down.
        if clearance.receipt_id().is_some() {
            http::probe(&addresses).map_err(|error| {
                let kind = error.kind();
                let place = resolved.provider.base_url.authority();
                LlmError::Provider(format!("{place}: no connection ({kind})"))
            })?;
        }
        Ok(Self { resolved: resolved.clone(), profile, clearance: clearance.clone(), addresses, key })
    }
}

/// Reads the key of a server; it is in no other place of the program.
fn read_key(provider: &Provider) -> Result<Option<http::Secret>, LlmError> {
    let Some(variable) = &provider.key_variable else { return Ok(None) };
    let value = environment::variable(variable).filter(|value| !value.is_empty());
    let missing =
        || LlmError::Provider(format!("the variable `{variable}` with the key of the server is not set"));
    let key = http::Secret::new(value.ok_or_else(missing)?);
    let unusable =
        || LlmError::Provider(format!("the key in `{variable}` contains a character that a key cannot have"));
    key.ok_or_else(unusable).map(Some)
}

impl LlmClient for HttpLlmClient {
    fn completion(&self, request: &CompletionRequest) -> Result<CompletionResponse, LlmError> {
        let provider = &self.resolved.provider;
        check_before(&self.profile, request)?;
        let body = wire::encode(provider, request);
        if !self.clearance.covers(&self.resolved, &body) {
            return Err(LlmError::Provider("these bytes are not those that may be sent".to_owned()));
        }
        let base = &provider.base_url;
        let target = http::HttpTarget {
            is_https: base.is_https,
            authority: base.authority(),
            addresses: self.addresses.clone(),
            path: wire::path(provider),
            timeout: provider.timeout,
            max_answer_bytes: MAX_ANSWER_BYTES,
        };
        let watch = Stopwatch::start();
        let answer = http::post_json(&target, self.key.as_ref(), &body)
            .map_err(|error| LlmError::Provider(format!("{}: {error}", base.authority())))?;
        let milliseconds = watch.elapsed_milliseconds();
        let decoded = wire::decode(provider.kind, request, answer.status, &answer.body, milliseconds);
        // Some servers repeat the key, and not always letter by letter.
        let clean = |text: String| match &self.key {
            Some(key) => key.remove_from(text),
            None => text,
        };
        let response = match decoded {
            Ok(response) => CompletionResponse { text: clean(response.text), ..response },
            Err(LlmError::Provider(why)) => return Err(LlmError::Provider(clean(why))),
            Err(error) => return Err(error),
        };
        check_after(request, response)
    }

    fn profile(&self) -> &ModelProfile {
        &self.profile
    }
}
