//! Models: where they are, who may ask them, and what may be sent. Everything here comes
//! from the user's configuration; a repository chooses nothing.

#![cfg_attr(not(feature = "llm"), allow(dead_code, unused_imports))]

mod address;
mod client;
mod code;
mod consent;
mod guard;
#[cfg(feature = "llm")]
mod http_client;
mod kinds;
#[cfg(test)]
mod mock;
mod registry;
#[cfg(test)]
mod tests;
mod wire;

#[cfg(test)]
pub(crate) use client::ModelProfile;
pub(crate) use client::{CompletionRequest, CompletionResponse, LlmClient, LlmError, TokenUsage};
pub(crate) use consent::{
    BUNDLE_SCHEMA, CloudEscalationRequest, ConsentBundle, ConsentReceipt, ConsentStatement, MAX_MINUTES,
    ModelDestination, PLAN_FILE_SCHEMA, PLAN_SCHEMA, PlanFile, ProjectionPlan, RECEIPT_SCHEMA,
    REQUEST_SCHEMA, SINGLE_CALL, answer_key,
};
pub(crate) use guard::{
    Clearance, GuardDenial, GuardInput, check as check_consent, replayed as consent_replayed,
};
#[cfg(feature = "llm")]
pub(crate) use http_client::{HttpLlmClient, resolve_address};
pub(crate) use kinds::{CloudPolicy, ModelTier, RuntimeRole};
#[cfg(test)]
pub(crate) use mock::InMemoryLlmClient;
pub(crate) use registry::{Provider, ProviderRegistry, ResolvedProvider};
pub(crate) use wire::{MAX_ANSWER_BYTES, encode as encode_request};
