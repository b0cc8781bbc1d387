//! The bytes that are sent and received, for both interfaces. Nothing is sent that
//! [`encode`] did not write: consent is given to exactly these bytes.

use serde::{Deserialize, Serialize};

use crate::text::to_single_line;

use super::client::{CompletionRequest, CompletionResponse, LlmError, TokenUsage, estimate_tokens};
use super::registry::{Provider, ProviderKind};

/// Maximum size of an answer, in bytes.
pub(crate) const MAX_ANSWER_BYTES: u64 = 1024 * 1024;
/// Maximum length of a server's own words about an error, in characters.
const MAX_ERROR_CHARS: usize = 200;

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: &'a str,
}

fn messages(request: &CompletionRequest) -> [Message<'_>; 2] {
    [
        Message { role: "system", content: &request.instructions },
        Message { role: "user", content: &request.prompt },
    ]
}

#[derive(Serialize)]
struct OpenAiBody<'a> {
    model: &'a str,
    messages: [Message<'a>; 2],
    max_tokens: u64,
    temperature: f32,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    stop: &'a [String],
    stream: bool,
}

#[derive(Serialize)]
struct OllamaBody<'a> {
    model: &'a str,
    messages: [Message<'a>; 2],
    stream: bool,
    format: &'static str,
    options: OllamaOptions<'a>,
}

#[derive(Serialize)]
struct OllamaOptions<'a> {
    num_predict: u64,
    temperature: f32,
    seed: u32,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    stop: &'a [String],
}

/// Returns the bytes of a request: the same for the same request.
#[must_use]
pub(crate) fn encode(kind: ProviderKind, request: &CompletionRequest) -> Vec<u8> {
    let written = match kind {
        ProviderKind::OpenAiCompat => serde_json::to_vec(&OpenAiBody {
            model: &request.model_id,
            messages: messages(request),
            max_tokens: request.max_tokens,
            temperature: request.temperature,
            stop: &request.stop_sequences,
            stream: false,
        }),
        ProviderKind::Ollama => serde_json::to_vec(&OllamaBody {
            model: &request.model_id,
            messages: messages(request),
            stream: false,
            format: "json",
            options: OllamaOptions {
                num_predict: request.max_tokens,
                temperature: request.temperature,
                seed: 0,
                stop: &request.stop_sequences,
            },
        }),
    };
    // Texts and numbers can always be written.
    written.unwrap_or_default()
}

/// Returns the path of the interface below the server's address.
#[must_use]
pub(crate) fn path(provider: &Provider) -> String {
    let base = &provider.base_url.path;
    match provider.kind {
        ProviderKind::Ollama => format!("{base}/api/chat"),
        // Many addresses are given with the version at their end.
        ProviderKind::OpenAiCompat if base.ends_with("/v1") => format!("{base}/chat/completions"),
        ProviderKind::OpenAiCompat => format!("{base}/v1/chat/completions"),
    }
}

#[derive(Deserialize)]
struct OpenAiAnswer {
    choices: Vec<OpenAiChoice>,
    usage: Option<OpenAiUsage>,
}

#[derive(Deserialize)]
struct OpenAiChoice {
    message: Option<AnswerMessage>,
    text: Option<String>,
}

#[derive(Deserialize)]
struct AnswerMessage {
    content: Option<String>,
}

#[derive(Deserialize)]
struct OpenAiUsage {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
}

#[derive(Deserialize)]
struct OllamaAnswer {
    message: Option<AnswerMessage>,
    prompt_eval_count: Option<u64>,
    eval_count: Option<u64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum ErrorText {
    Plain(String),
    Object { message: String },
}

#[derive(Deserialize)]
struct ErrorAnswer {
    error: ErrorText,
}

/// Reads the answer of a server.
///
/// # Errors
/// A status other than 200, text that is not the interface's JSON, or an empty answer.
pub(crate) fn decode(
    kind: ProviderKind,
    request: &CompletionRequest,
    status: u16,
    body: &[u8],
    latency_ms: u64,
) -> Result<CompletionResponse, LlmError> {
    match status {
        200 => {}
        429 => return Err(LlmError::RateLimit),
        300..=399 => {
            let why = format!("the server redirects (status {status}), and redirects are not followed");
            return Err(LlmError::Provider(why));
        }
        _ => {
            return Err(LlmError::Provider(format!(
                "the server answered with status {status}{}",
                said(body)
            )));
        }
    }
    let unreadable = |error: serde_json::Error| {
        LlmError::Provider(format!("the answer is not the JSON of {}: {error}", kind.as_str()))
    };
    let (text, prompt_tokens, completion_tokens) = match kind {
        ProviderKind::OpenAiCompat => {
            let answer: OpenAiAnswer = serde_json::from_slice(body).map_err(unreadable)?;
            let choice = answer.choices.into_iter().next();
            let text =
                choice.and_then(|choice| choice.message.and_then(|message| message.content).or(choice.text));
            let usage = answer.usage.unwrap_or(OpenAiUsage { prompt_tokens: None, completion_tokens: None });
            (text, usage.prompt_tokens, usage.completion_tokens)
        }
        ProviderKind::Ollama => {
            let answer: OllamaAnswer = serde_json::from_slice(body).map_err(unreadable)?;
            let text = answer.message.and_then(|message| message.content);
            (text, answer.prompt_eval_count, answer.eval_count)
        }
    };
    let text = text.filter(|text| !text.trim().is_empty());
    let text = text.ok_or_else(|| LlmError::Provider("the answer is empty".to_owned()))?;
    // A count that is missing is estimated: 0 would never reach a limit.
    let sent = || estimate_tokens(&request.instructions).saturating_add(estimate_tokens(&request.prompt));
    let usage = TokenUsage::new(
        prompt_tokens.unwrap_or_else(sent),
        completion_tokens.unwrap_or_else(|| estimate_tokens(&text)),
    );
    let is_measured = prompt_tokens.is_some() && completion_tokens.is_some();
    Ok(CompletionResponse { text, usage, is_measured, latency_ms })
}

/// What a server says about an error: a short piece of one line, or nothing.
fn said(body: &[u8]) -> String {
    let Ok(answer) = serde_json::from_slice::<ErrorAnswer>(body) else { return String::new() };
    let text = match answer.error {
        ErrorText::Plain(text) | ErrorText::Object { message: text } => text,
    };
    let mut value = serde_json::Value::String(text);
    crate::ledger::redact_value(&mut value);
    let text = value.as_str().unwrap_or_default();
    format!(": {}", to_single_line(text, MAX_ERROR_CHARS))
}
