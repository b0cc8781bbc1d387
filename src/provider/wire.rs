//! The bytes that are sent and received, for both interfaces. Nothing is sent that
//! [`encode`] did not write: consent is given to exactly these bytes.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::text::to_single_line;

use super::client::{CompletionRequest, CompletionResponse, LlmError, TokenUsage, estimate_tokens};
use super::kinds::ProviderKind;
use super::registry::Provider;

/// Maximum size of an answer, in bytes.
pub(crate) const MAX_ANSWER_BYTES: u64 = 1024 * 1024;
/// Maximum length of a server's own words about an error, in characters.
const MAX_ERROR_CHARS: usize = 200;

#[derive(Serialize)]
struct ChatMessage<'a> {
    role: &'static str,
    content: &'a str,
}

fn messages(request: &CompletionRequest) -> [ChatMessage<'_>; 2] {
    [
        ChatMessage { role: "system", content: &request.instructions },
        ChatMessage { role: "user", content: &request.prompt },
    ]
}

#[derive(Serialize)]
struct OpenAiBody<'a> {
    model: &'a str,
    messages: [ChatMessage<'a>; 2],
    max_tokens: u64,
    temperature: f32,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    stop: &'a [String],
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<ResponseFormat>,
}

#[derive(Serialize)]
struct ResponseFormat {
    r#type: &'static str,
}

#[derive(Serialize)]
struct OllamaBody<'a> {
    model: &'a str,
    messages: [ChatMessage<'a>; 2],
    stream: bool,
    format: &'static str,
    options: OllamaOptions<'a>,
}

#[derive(Serialize)]
struct OllamaOptions<'a> {
    num_predict: u64,
    /// Ollama cuts what is longer than its own default without a word.
    #[serde(skip_serializing_if = "Option::is_none")]
    num_ctx: Option<u64>,
    temperature: f32,
    seed: u32,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    stop: &'a [String],
}

/// Returns the bytes of a request: the same for the same request.
#[must_use]
pub(crate) fn encode(provider: &Provider, request: &CompletionRequest) -> Vec<u8> {
    let written = match provider.kind {
        ProviderKind::OpenAiCompat => serde_json::to_vec(&OpenAiBody {
            model: &request.model_id,
            messages: messages(request),
            max_tokens: request.max_tokens,
            temperature: request.temperature,
            stop: &request.stop_sequences,
            stream: false,
            response_format: provider.uses_json_mode.then_some(ResponseFormat { r#type: "json_object" }),
        }),
        ProviderKind::Ollama => serde_json::to_vec(&OllamaBody {
            model: &request.model_id,
            messages: messages(request),
            stream: false,
            format: "json",
            options: OllamaOptions {
                num_predict: request.max_tokens,
                num_ctx: provider.context_tokens,
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
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct AnswerMessage {
    content: Option<String>,
}

#[derive(Default, Deserialize)]
struct OpenAiUsage {
    prompt_tokens: Option<Value>,
    completion_tokens: Option<Value>,
}

#[derive(Deserialize)]
struct OllamaAnswer {
    message: Option<AnswerMessage>,
    prompt_eval_count: Option<Value>,
    eval_count: Option<Value>,
    done_reason: Option<String>,
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
    // What could not be read is not quoted: it can be long, and hold anything.
    let unreadable = |error: serde_json::Error| {
        let (kind, line, column) = (kind.as_str(), error.line(), error.column());
        LlmError::Provider(format!("the answer is not the JSON of {kind} (line {line}, column {column})"))
    };
    let (text, prompt_tokens, completion_tokens, end) = match kind {
        ProviderKind::OpenAiCompat => {
            let answer: OpenAiAnswer = serde_json::from_slice(body).map_err(unreadable)?;
            let usage = answer.usage.unwrap_or_default();
            let choice = answer.choices.into_iter().next();
            let (text, end) = match choice {
                Some(choice) => {
                    let text = choice.message.and_then(|message| message.content).or(choice.text);
                    (text, choice.finish_reason)
                }
                None => (None, None),
            };
            (text, usage.prompt_tokens, usage.completion_tokens, end)
        }
        ProviderKind::Ollama => {
            let answer: OllamaAnswer = serde_json::from_slice(body).map_err(unreadable)?;
            let text = answer.message.and_then(|message| message.content);
            (text, answer.prompt_eval_count, answer.eval_count, answer.done_reason)
        }
    };
    let text = text.filter(|text| !text.trim().is_empty());
    let text = text.ok_or_else(|| LlmError::Provider("the answer is empty".to_owned()))?;
    // A count that is missing or impossible is estimated: 0 would never reach a limit.
    let sent_bytes = request.instructions.len() + request.prompt.len();
    let sent = count(prompt_tokens.as_ref(), sent_bytes);
    let received = count(completion_tokens.as_ref(), body.len().saturating_add(MAX_HIDDEN_TOKENS));
    let estimate = || estimate_tokens(&request.instructions).saturating_add(estimate_tokens(&request.prompt));
    let usage =
        TokenUsage::new(sent.unwrap_or_else(estimate), received.unwrap_or_else(|| estimate_tokens(&text)));
    let is_measured = sent.is_some() && received.is_some();
    let is_cut = end.as_deref() == Some("length");
    Ok(CompletionResponse { text, usage, is_measured, is_cut, latency_ms })
}

/// Tokens of an answer that its text does not show: what a model thinks.
const MAX_HIDDEN_TOKENS: usize = 1_000_000;
/// Tokens of a prompt beside its text: roles and a template.
const MAX_TEMPLATE_TOKENS: usize = 10_000;

/// A count of a server; `None` if it is none, or more than there can be.
fn count(value: Option<&Value>, bytes: usize) -> Option<u64> {
    let count = value?.as_u64()?;
    let most = u64::try_from(bytes.saturating_add(MAX_TEMPLATE_TOKENS)).unwrap_or(u64::MAX);
    (count <= most).then_some(count)
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
