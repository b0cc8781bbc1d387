//! The only interface to models (`LlmClient`, section 4.2.3 of the provider contract):
//! what is asked, what comes back, and the limits that every client keeps.

use super::address::AddressFault;
use super::code::{BUDGET_EXCEEDED, PROVIDER_ERROR, RATE_LIMIT};
use super::kinds::ModelTier;

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CompletionRequest {
    /// A UUID that entries of the ledger have in common.
    pub trace_id: String,
    /// What the model is to do: text of this program only.
    pub instructions: String,
    /// What it is to look at.
    pub prompt: String,
    /// The model.
    pub model_id: String,
    /// The most tokens of the answer.
    pub max_tokens: u64,
    /// How much chance is in the answer; 0 is as little as the server can.
    pub temperature: f32,
    /// Texts that end the answer.
    pub stop_sequences: Vec<String>,
}

/// How many tokens a call took.
#[expect(clippy::struct_field_names, reason = "the names of the contract")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct TokenUsage {
    /// Of instructions and prompt.
    pub prompt_tokens: u64,
    /// Of the answer.
    pub completion_tokens: u64,
    /// Both together.
    pub total_tokens: u64,
}

impl TokenUsage {
    /// The sum of both parts.
    #[must_use]
    pub(crate) fn new(prompt_tokens: u64, completion_tokens: u64) -> Self {
        let total_tokens = prompt_tokens.saturating_add(completion_tokens);
        Self { prompt_tokens, completion_tokens, total_tokens }
    }
}

/// What comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CompletionResponse {
    /// The answer.
    pub text: String,
    /// How many tokens it took.
    pub usage: TokenUsage,
    /// Whether the server counted them; otherwise they are estimated from sizes.
    pub is_measured: bool,
    /// Whether the answer ends because it reached its maximum length.
    pub is_cut: bool,
    /// Time until the answer was there, in milliseconds.
    pub latency_ms: u64,
}

/// A model as a client knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ModelProfile {
    /// Its id.
    pub model_id: String,
    /// Number of tokens that prompt and answer may have together, if it is known.
    pub max_context_tokens: Option<u64>,
    /// Where what is sent ends up.
    pub tier: ModelTier,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LlmError {
    /// The server refuses because of its limit.
    #[error("{RATE_LIMIT}: the server refuses more requests for now")]
    RateLimit,
    /// More tokens than were allowed; what was used is known if the call was made.
    #[error("{BUDGET_EXCEEDED}: {tokens} tokens, more than {limit}")]
    BudgetExceeded {
        /// Tokens.
        tokens: u64,
        /// How many were allowed.
        limit: u64,
        /// What the call took; `None` if it was not made.
        usage: Option<(TokenUsage, bool)>,
    },
    /// The address of the server is of the wrong kind.
    #[error(transparent)]
    Address(AddressFault),
    /// The server did not answer as it should.
    #[error("{PROVIDER_ERROR}: {0}")]
    Provider(String),
}

impl LlmError {
    /// Returns its code.
    #[must_use]
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::RateLimit => RATE_LIMIT,
            Self::BudgetExceeded { .. } => BUDGET_EXCEEDED,
            Self::Address(fault) => fault.code,
            Self::Provider(_) => PROVIDER_ERROR,
        }
    }
}

/// A client of a model.
pub(crate) trait LlmClient {
    /// Asks the model.
    ///
    /// # Errors
    /// The server refuses, does not answer, or answers more than was allowed.
    fn completion(&self, request: &CompletionRequest) -> Result<CompletionResponse, LlmError>;

    /// Returns what is known about the model.
    fn profile(&self) -> &ModelProfile;
}

/// Estimates the tokens of a text: four bytes are one.
#[must_use]
pub(crate) fn estimate_tokens(text: &str) -> u64 {
    u64::try_from(text.len()).unwrap_or(u64::MAX).div_ceil(4)
}

/// Checks before a call whether prompt and answer can fit into the model's context. Every
/// client calls it.
///
/// # Errors
/// [`LlmError::BudgetExceeded`], without usage.
pub(crate) fn check_before(profile: &ModelProfile, request: &CompletionRequest) -> Result<(), LlmError> {
    let sent = estimate_tokens(&request.instructions).saturating_add(estimate_tokens(&request.prompt));
    let tokens = sent.saturating_add(request.max_tokens);
    match profile.max_context_tokens {
        Some(limit) if tokens > limit => Err(LlmError::BudgetExceeded { tokens, limit, usage: None }),
        _ => Ok(()),
    }
}

/// Checks after a call whether the answer kept its limit. Every client calls it.
///
/// # Errors
/// [`LlmError::BudgetExceeded`], with what the call took.
pub(crate) fn check_after(
    request: &CompletionRequest,
    response: CompletionResponse,
) -> Result<CompletionResponse, LlmError> {
    let (tokens, limit) = (response.usage.completion_tokens, request.max_tokens);
    if tokens > limit {
        let usage = Some((response.usage, response.is_measured));
        return Err(LlmError::BudgetExceeded { tokens, limit, usage });
    }
    Ok(response)
}
