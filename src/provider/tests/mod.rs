//! Settings, resolution, bytes and the guard, each with its control case.

mod address;
mod guard;

use crate::config::UserConfig;
use crate::provider::client::{CompletionRequest, LlmError, TokenUsage};
use crate::provider::kinds::{CloudPolicy, ProviderKind, RuntimeRole};
use crate::provider::registry::{Provider, ProviderRegistry};
use crate::provider::wire;

const SETTINGS: &str = "
models:
  cloud: consent
  providers:
    here: {kind: ollama, tier: local, base_url: 'http://127.0.0.1:11434', models: [small, large]}
    there:
      kind: openai_compat
      tier: cloud
      base_url: https://api.example.com/v1
      models: [big]
      key: {variable: THE_KEY, host: api.example.com}
  roles:
    worker: {provider: here, model: large}
    validator: {provider: there, model: big}
";

fn registry(text: &str) -> Result<ProviderRegistry, String> {
    let config = UserConfig::parse(text)?;
    ProviderRegistry::from_settings(&config.models).map_err(|error| error.to_string())
}

#[test]
fn roles_resolve_to_one_server_and_model() {
    let registry = registry(SETTINGS).expect("settings");
    let resolved = |role: RuntimeRole| {
        let found = registry.resolve(role).map_err(|error| error.to_string())?;
        let provider = found.provider;
        Ok((provider.id, provider.tier.as_str(), provider.base_url.to_string(), found.model_id))
    };
    let of = |id: &str, tier, url: &str, model: &str| Ok((id.into(), tier, url.into(), model.into()));
    assert_eq!(resolved(RuntimeRole::Worker), of("here", "local", "http://127.0.0.1:11434", "large"));
    assert_eq!(
        resolved(RuntimeRole::Validator),
        of("there", "cloud", "https://api.example.com:443/v1", "big")
    );
    // A role that is not configured takes no other one's place.
    let missing: Result<_, String> = resolved(RuntimeRole::Orchestrator);
    assert!(missing.is_err_and(|why| why.contains("no server is configured for the role `orchestrator`")));
}

#[test]
fn contradictions_and_unknown_values_are_errors() {
    let provider = |body: &str| format!("models: {{providers: {{a: {{{body}}}}}}}");
    let local = "kind: ollama, tier: local, base_url: 'http://127.0.0.1:1', models: [m]";
    assert!(registry(&provider(local)).is_ok());
    for (text, said) in [
        (
            provider("kind: olama, tier: local, base_url: 'http://127.0.0.1', models: [m]"),
            "did you mean `ollama`",
        ),
        (provider("kind: ollama, tier: near, base_url: 'http://127.0.0.1', models: [m]"), "local, cloud"),
        (
            provider("kind: ollama, tier: local, base_url: 'http://10.0.0.1', models: [m]"),
            "HSK-403-SSRF-BLOCKED",
        ),
        (provider("kind: ollama, tier: local, base_url: 'http://u:p@[::1]', models: [m]"), "HSK-400-INVALID"),
        (provider("kind: ollama, tier: cloud, base_url: 'http://a.example', models: [m]"), "HSK-400-INVALID"),
        (
            provider("kind: ollama, tier: local, base_url: 'http://127.0.0.1', models: []"),
            "at least one model",
        ),
        (
            provider("kind: ollama, tier: local, base_url: 'http://127.0.0.1', models: ['x:120b-cloud']"),
            "forwards",
        ),
        (provider(&format!("{local}, relay: true")), "tier: cloud"),
        (provider(&format!("{local}, timeout: 0")), "between 1 and"),
        (provider(&format!("{local}, context: 0")), "0 tokens"),
        (provider(&format!("{local}, key: {{variable: K, host: evil.example}}")), "bound to `evil.example`"),
        (provider(&format!("{local}, key: {{variable: 'K=1', host: 127.0.0.1}}")), "name of an environment"),
        (provider(&format!("{local}, api_key: secret")), "api_key"),
        ("models: {cloud: maybe}".to_owned(), "locked, denied, consent"),
        ("models: {roles: {judge: {provider: a, model: m}}}".to_owned(), "orchestrator"),
        ("models: {roles: {worker: {provider: a, model: m}}}".to_owned(), "provider"),
        (format!("{}\n", SETTINGS.replace("model: large", "model: lrge")), "did you mean `large`"),
    ] {
        let error = registry(&text).expect_err(&text);
        assert!(error.contains(said), "{text}\n{error}");
    }
    assert_eq!(registry("models: {}").expect("settings").cloud, CloudPolicy::Denied);
}

fn request() -> CompletionRequest {
    CompletionRequest {
        trace_id: crate::ledger::new_id(),
        instructions: "Review.".to_owned(),
        prompt: "{\"a\":1}".to_owned(),
        model_id: "big".to_owned(),
        max_tokens: 100,
        temperature: 0.0,
        stop_sequences: Vec::new(),
    }
}

#[test]
fn the_same_request_has_the_same_bytes() {
    let registry = registry(SETTINGS).expect("settings");
    let provider = |role| registry.resolve(role).expect("role").provider;
    let text = |role| String::from_utf8(wire::encode(&provider(role), &request())).expect("UTF-8");
    assert_eq!(
        text(RuntimeRole::Validator),
        "{\"model\":\"big\",\"messages\":[{\"role\":\"system\",\"content\":\"Review.\"},{\"role\":\"user\",\
         \"content\":\"{\\\"a\\\":1}\"}],\"max_tokens\":100,\"temperature\":0.0,\"stream\":false}"
    );
    let ollama = text(RuntimeRole::Worker);
    assert!(ollama.contains("\"num_predict\":100") && ollama.contains("\"stream\":false"), "{ollama}");
    assert!(!ollama.contains("num_ctx"), "{ollama}");
    let roomy = Provider { context_tokens: Some(9_000), ..provider(RuntimeRole::Worker) };
    let roomy = String::from_utf8(wire::encode(&roomy, &request())).expect("UTF-8");
    assert!(roomy.contains("\"num_ctx\":9000"), "{roomy}");
    let json = Provider { uses_json_mode: true, ..provider(RuntimeRole::Validator) };
    let json = String::from_utf8(wire::encode(&json, &request())).expect("UTF-8");
    assert!(json.ends_with("\"response_format\":{\"type\":\"json_object\"}}"), "{json}");
    let path = |role| wire::path(&provider(role));
    assert_eq!(path(RuntimeRole::Validator), "/v1/chat/completions");
    assert_eq!(path(RuntimeRole::Worker), "/api/chat");
}

#[test]
fn answers_are_read_strictly_and_missing_counts_are_estimated() {
    let read = |kind, status, body: &str| wire::decode(kind, &request(), status, body.as_bytes(), 7);
    let openai = ProviderKind::OpenAiCompat;
    let good = read(
        openai,
        200,
        "{\"choices\":[{\"message\":{\"content\":\"ok\"}}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":7,\"total_tokens\":10}}",
    )
    .expect("answer");
    assert_eq!((good.usage, good.is_measured, good.latency_ms), (TokenUsage::new(3, 7), true, 7));
    let ollama = "{\"message\":{\"content\":\"ok\"},\"prompt_eval_count\":4,\"eval_count\":2}";
    assert_eq!(read(ProviderKind::Ollama, 200, ollama).map(|answer| answer.usage), Ok(TokenUsage::new(4, 2)));
    let uncounted = read(openai, 200, "{\"choices\":[{\"text\":\"eight ch\"}]}").expect("answer");
    assert_eq!((uncounted.usage.completion_tokens, uncounted.is_measured), (2, false));
    for (status, body, said) in [
        (200, "", "not the JSON"),
        (200, "<html>", "not the JSON"),
        (200, "{\"choices\":[]}", "empty"),
        (200, "{\"choices\":[{\"message\":{\"content\":\"  \"}}]}", "empty"),
        (302, "", "redirects"),
        (500, "{\"error\":\"password=hunter2 \\u001b[31m\"}", "status 500: password=<redacted>"),
        (404, "{\"error\":{\"message\":\"no such model\"}}", "no such model"),
    ] {
        let error = read(openai, status, body).expect_err("refused");
        let text = error.to_string();
        assert!(text.starts_with("HSK-500-LLM") && text.contains(said), "{text}");
        assert!(!text.contains('\u{1b}') && text.len() < 400, "{text}");
    }
    assert_eq!(read(openai, 429, "{}"), Err(LlmError::RateLimit));
    let long = format!("{{\"error\":\"{}\"}}", "x".repeat(100_000));
    assert!(read(openai, 500, &long).expect_err("refused").to_string().len() < 400);
}
