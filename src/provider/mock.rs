//! A model in memory, for tests: deterministic answers and counts, the same limits as a real
//! client. The program does not contain it.

use std::cell::Cell;

use super::client::{
    CompletionRequest, CompletionResponse, LlmClient, LlmError, ModelProfile, TokenUsage, check_after,
    check_before,
};
use super::kinds::ModelTier;

/// Tokens of one word.
const TOKENS_PER_WORD: u64 = 10;

/// A model in memory.
pub(crate) struct InMemoryLlmClient {
    profile: ModelProfile,
    answer: Result<String, LlmError>,
    usage: Option<TokenUsage>,
    calls: Cell<u64>,
}

impl InMemoryLlmClient {
    /// A model that always answers the same.
    pub(crate) fn new(answer: &str) -> Self {
        Self {
            profile: ModelProfile {
                model_id: "in-memory-model".to_owned(),
                max_context_tokens: Some(4_096),
                tier: ModelTier::Local,
            },
            answer: Ok(answer.to_owned()),
            usage: None,
            calls: Cell::new(0),
        }
    }

    /// A model that never answers.
    pub(crate) fn failing(error: LlmError) -> Self {
        Self { answer: Err(error), ..Self::new("") }
    }

    /// The counts of every answer. Counts whose total is not their sum are refused.
    pub(crate) fn with_usage(self, usage: TokenUsage) -> Option<Self> {
        let sum = TokenUsage::new(usage.prompt_tokens, usage.completion_tokens);
        (sum == usage).then_some(Self { usage: Some(usage), ..self })
    }

    /// A model without a limit of its context.
    pub(crate) fn without_context_limit(mut self) -> Self {
        self.profile.max_context_tokens = None;
        self
    }

    /// Returns how often it was asked.
    pub(crate) fn calls(&self) -> u64 {
        self.calls.get()
    }
}

impl LlmClient for InMemoryLlmClient {
    fn completion(&self, request: &CompletionRequest) -> Result<CompletionResponse, LlmError> {
        check_before(&self.profile, request)?;
        self.calls.set(self.calls.get() + 1);
        let text = self.answer.clone()?;
        let counted = TokenUsage::new(
            mock_tokens(&request.instructions).saturating_add(mock_tokens(&request.prompt)),
            mock_tokens(&text),
        );
        let usage = self.usage.unwrap_or(counted);
        check_after(
            request,
            CompletionResponse { text, usage, is_measured: true, is_cut: false, latency_ms: 0 },
        )
    }

    fn profile(&self) -> &ModelProfile {
        &self.profile
    }
}

/// Ten tokens for each word: a run of characters that are not white space.
pub(crate) fn mock_tokens(text: &str) -> u64 {
    let mut words = 0u64;
    let mut is_inside = false;
    for c in text.chars() {
        let starts = !c.is_whitespace() && !is_inside;
        words += u64::from(starts);
        is_inside = !c.is_whitespace();
    }
    words.saturating_mul(TOKENS_PER_WORD)
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) fn request(prompt: &str, max_tokens: u64) -> CompletionRequest {
        CompletionRequest {
            trace_id: crate::ledger::new_id(),
            instructions: String::new(),
            prompt: prompt.to_owned(),
            model_id: "in-memory-model".to_owned(),
            max_tokens,
            temperature: 0.0,
            stop_sequences: Vec::new(),
        }
    }

    #[test]
    fn ten_tokens_a_word_are_counted() {
        for (text, tokens) in [
            ("", 0),
            ("  \t\n", 0),
            ("One two three", 30),
            ("Hello world", 20),
            ("a\r\nb\tc", 30),
            ("a\u{a0}b\u{3000}c\u{2028}d", 40),
            ("a\u{200b}b", 10),
            ("e\u{301} e\u{301}", 20),
            // A known weakness: text without blanks is one word.
            ("漢字漢字", 10),
        ] {
            assert_eq!(mock_tokens(text), tokens, "{text:?}");
        }
        let answer = InMemoryLlmClient::new("Hello world").completion(&request("One two three", 100));
        assert_eq!(answer.map(|answer| answer.usage), Ok(TokenUsage::new(30, 20)));
    }

    #[test]
    fn counts_can_be_set_and_must_add_up() {
        let usage = TokenUsage { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 };
        let client = InMemoryLlmClient::new("Hello world").with_usage(usage).expect("adds up");
        assert_eq!(client.completion(&request("a b", 100)).map(|answer| answer.usage), Ok(usage));
        let wrong = TokenUsage { total_tokens: 4, ..usage };
        assert!(InMemoryLlmClient::new("").with_usage(wrong).is_none());
        assert_eq!(TokenUsage::new(u64::MAX, 1).total_tokens, u64::MAX);
    }

    #[test]
    fn the_limits_of_tokens_are_kept() {
        let client = InMemoryLlmClient::new("Hello world");
        let error = client.completion(&request("a", 10)).expect_err("over its limit");
        assert_eq!(error.code(), "HSK-402-BUDGET-EXCEEDED");
        assert!(
            matches!(error, LlmError::BudgetExceeded { tokens: 20, limit: 10, usage: Some(_) }),
            "{error:?}"
        );
        // What cannot fit is not asked.
        let error = client.completion(&request("a", 5_000)).expect_err("does not fit");
        assert!(matches!(error, LlmError::BudgetExceeded { usage: None, .. }), "{error:?}");
        assert_eq!(client.calls(), 1);
    }
}
