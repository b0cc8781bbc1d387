//! Settings, resolution, bytes and the guard, each with its control case.

mod address;

use crate::config::UserConfig;
use crate::digest::{sha256_hex, sshsig};
use crate::document::allowed_signers::AllowedSigners;
use crate::text::{RepoPath, Source};

use crate::provider::client::{CompletionRequest, LlmError, TokenUsage};
use crate::provider::consent::{
    BUNDLE_SCHEMA, CloudEscalationRequest, ConsentBundle, ConsentReceipt, ConsentStatement, ModelDestination,
    PLAN_SCHEMA, ProjectionPlan, RECEIPT_SCHEMA, REQUEST_SCHEMA, SINGLE_CALL,
};
use crate::provider::guard::{GuardDenial, GuardInput, check};
use crate::provider::kinds::{CloudPolicy, ProviderKind, RuntimeRole};
use crate::provider::registry::{Provider, ProviderRegistry, ResolvedProvider};
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

const NOW: &str = "2026-03-01T12:00:00Z";
const PACKET: &str = "WP-1-Farewell";
const PLAN_ID: &str = "7b0c5d2e-7f35-4b0c-9d5e-1c1d6d9d0a01";
const RECEIPT_ID: &str = "7b0c5d2e-7f35-4b0c-9d5e-1c1d6d9d0a02";
const REQUEST_ID: &str = "7b0c5d2e-7f35-4b0c-9d5e-1c1d6d9d0a03";

fn private_key(seed: u8) -> (Vec<u8>, String) {
    let pair = ssh_key::private::Ed25519Keypair::from_seed(&[seed; 32]);
    let key = ssh_key::PrivateKey::from(pair);
    let text = key.to_openssh(ssh_key::LineEnding::LF).expect("key").to_string();
    let public = key.public_key().to_openssh().expect("public key");
    (text.into_bytes(), public.trim().to_owned())
}

fn signers(line: &str) -> AllowedSigners {
    AllowedSigners::read(&Source::from_text(RepoPath::from("signers"), line))
}

fn statement(resolved: &ResolvedProvider, payload: &[u8]) -> ConsentStatement {
    let hash = sha256_hex(payload);
    ConsentStatement {
        projection_plan: ProjectionPlan {
            schema_version: PLAN_SCHEMA.to_owned(),
            projection_plan_id: PLAN_ID.to_owned(),
            include_artifact_refs: vec!["src/lib.rs".to_owned()],
            include_fields: None,
            redactions_applied: Vec::new(),
            max_bytes: u64::try_from(payload.len()).expect("small"),
            payload_sha256: hash.clone(),
            created_at: "2026-03-01T11:00:00Z".to_owned(),
            job_id: None,
            wp_id: Some(PACKET.to_owned()),
            mt_id: None,
        },
        consent_receipt: ConsentReceipt {
            schema_version: RECEIPT_SCHEMA.to_owned(),
            consent_receipt_id: RECEIPT_ID.to_owned(),
            projection_plan_id: PLAN_ID.to_owned(),
            payload_sha256: hash,
            approved: true,
            approved_at: "2026-03-01T11:59:00Z".to_owned(),
            user_id: "mira".to_owned(),
            ui_surface: Some("operator_console".to_owned()),
            notes: None,
            consent_scope: SINGLE_CALL.to_owned(),
            valid_from_utc: "2026-03-01T11:59:00Z".to_owned(),
            valid_until_utc: "2026-03-01T12:10:00Z".to_owned(),
        },
        request: CloudEscalationRequest {
            schema_version: REQUEST_SCHEMA.to_owned(),
            request_id: REQUEST_ID.to_owned(),
            wp_id: PACKET.to_owned(),
            mt_id: None,
            reason: "review".to_owned(),
            local_attempts: 0,
            last_error_summary: None,
            requested_model_id: "big".to_owned(),
            projection_plan_id: PLAN_ID.to_owned(),
            consent_receipt_id: RECEIPT_ID.to_owned(),
        },
        destination: ModelDestination::of(resolved),
    }
}

fn sign(statement: ConsentStatement, key: &[u8]) -> ConsentBundle {
    let message = statement.message();
    let (signature, _) =
        sshsig::sign_in(sshsig::CONSENT_NAMESPACE, key, message.as_bytes()).expect("signature");
    ConsentBundle { schema: BUNDLE_SCHEMA.to_owned(), statement, signature }
}

struct Fixture {
    resolved: ResolvedProvider,
    payload: Vec<u8>,
    key: Vec<u8>,
    signers: AllowedSigners,
}

impl Fixture {
    fn new() -> Self {
        let resolved = registry(SETTINGS).expect("settings").resolve(RuntimeRole::Validator).expect("role");
        let (key, public) = private_key(1);
        let line = format!("mira namespaces=\"countersign-consent\" {public}\n");
        Self { resolved, payload: b"{\"exact\":\"bytes\"}".to_vec(), key, signers: signers(&line) }
    }

    fn judge(&self, policy: CloudPolicy, consent: Option<&ConsentBundle>) -> Result<(), GuardDenial> {
        let input = GuardInput {
            resolved: &self.resolved,
            policy,
            payload: &self.payload,
            packet: PACKET,
            consent,
            signers: Some(&self.signers),
            artifacts: &["src/lib.rs".to_owned()],
            redactions: &[],
            now: NOW.parse().expect("time"),
        };
        check(&input).map(|clearance| {
            assert!(clearance.covers(&self.resolved, &self.payload));
            assert!(!clearance.covers(&self.resolved, b"other bytes"));
            assert_eq!(clearance.receipt_id(), Some(RECEIPT_ID));
        })
    }
}

fn code(judged: Result<(), GuardDenial>) -> &'static str {
    judged.map_or_else(|denial| denial.code, |()| "passed")
}

#[test]
fn the_guard_denies_in_the_order_of_the_contract() {
    let fixture = Fixture::new();
    let good = sign(statement(&fixture.resolved, &fixture.payload), &fixture.key);
    assert_eq!(code(fixture.judge(CloudPolicy::Consent, Some(&good))), "passed");
    // A consent opens nothing that is locked or denied.
    assert_eq!(code(fixture.judge(CloudPolicy::Locked, Some(&good))), "HSK-403-GOVERNANCE-LOCKED");
    assert_eq!(code(fixture.judge(CloudPolicy::Denied, Some(&good))), "HSK-403-CLOUD-ESCALATION-DENIED");
    assert_eq!(code(fixture.judge(CloudPolicy::Consent, None)), "HSK-403-CLOUD-CONSENT-REQUIRED");
    // What stays on this machine needs none, also where the cloud is locked.
    let here = registry(SETTINGS).expect("settings").resolve(RuntimeRole::Worker).expect("role");
    let input = GuardInput {
        resolved: &here,
        policy: CloudPolicy::Locked,
        payload: b"x",
        packet: PACKET,
        consent: None,
        signers: None,
        artifacts: &[],
        redactions: &[],
        now: NOW.parse().expect("time"),
    };
    assert!(check(&input).is_ok_and(|clearance| clearance.receipt_id().is_none()));
}

#[test]
fn every_binding_field_that_is_changed_alone_is_refused() {
    type FieldChange = fn(&mut ConsentStatement);
    let changes: &[(&str, FieldChange)] = &[
        ("plan version", |s| s.projection_plan.schema_version = "hsk.projection_plan@0.3".to_owned()),
        ("receipt version", |s| s.consent_receipt.schema_version.clear()),
        ("request version", |s| s.request.schema_version.push('x')),
        ("model", |s| s.request.requested_model_id = "other".to_owned()),
        ("plan of the request", |s| s.request.projection_plan_id = REQUEST_ID.to_owned()),
        ("receipt of the request", |s| s.request.consent_receipt_id = REQUEST_ID.to_owned()),
        ("plan of the receipt", |s| s.consent_receipt.projection_plan_id = REQUEST_ID.to_owned()),
        ("approval", |s| s.consent_receipt.approved = false),
        ("hash of the receipt", |s| s.consent_receipt.payload_sha256 = sha256_hex(b"other")),
        ("hash of the plan", |s| {
            s.projection_plan.payload_sha256 = sha256_hex(b"other");
            s.consent_receipt.payload_sha256 = sha256_hex(b"other");
        }),
        ("size", |s| s.projection_plan.max_bytes += 1),
        ("files", |s| s.projection_plan.include_artifact_refs.push("README.md".to_owned())),
        ("redactions", |s| s.projection_plan.redactions_applied.push("everything".to_owned())),
        ("server", |s| s.destination.provider_id = "here".to_owned()),
        ("tier", |s| s.destination.tier = "local".to_owned()),
        ("address", |s| s.destination.url = "https://evil.example/v1/chat/completions".to_owned()),
        ("model of the destination", |s| s.destination.model_id = "other".to_owned()),
        ("packet of the plan", |s| s.projection_plan.wp_id = Some("WP-2-Other".to_owned())),
        ("no packet", |s| s.projection_plan.wp_id = None),
        ("packet of the request", |s| s.request.wp_id = "WP-2-Other".to_owned()),
        ("scope", |s| s.consent_receipt.consent_scope = "WP_SCOPED".to_owned()),
        ("plan id", |s| {
            s.projection_plan.projection_plan_id = "1".to_owned();
            s.consent_receipt.projection_plan_id = "1".to_owned();
            s.request.projection_plan_id = "1".to_owned();
        }),
        ("receipt id", |s| {
            s.consent_receipt.consent_receipt_id = "1".to_owned();
            s.request.consent_receipt_id = "1".to_owned();
        }),
        ("request id", |s| s.request.request_id = "1".to_owned()),
        ("time of approval", |s| s.consent_receipt.approved_at = "yesterday".to_owned()),
        ("approved later", |s| s.consent_receipt.approved_at = "2026-03-01T12:00:01Z".to_owned()),
        ("not valid yet", |s| s.consent_receipt.valid_from_utc = "2026-03-01T12:00:01Z".to_owned()),
        ("expired", |s| s.consent_receipt.valid_until_utc = "2026-03-01T11:59:59Z".to_owned()),
        ("valid too long", |s| s.consent_receipt.valid_until_utc = "2026-03-03T12:00:00Z".to_owned()),
        ("another user", |s| s.consent_receipt.user_id = "tess".to_owned()),
    ];
    let fixture = Fixture::new();
    for (name, change) in changes {
        let mut changed = statement(&fixture.resolved, &fixture.payload);
        change(&mut changed);
        // Signed by the right key: only the field itself is wrong.
        let judged = fixture.judge(CloudPolicy::Consent, Some(&sign(changed.clone(), &fixture.key)));
        assert_eq!(code(judged), "HSK-403-CLOUD-CONSENT-MISMATCH", "{name}");
        // Changed after it was signed.
        let mut bundle = sign(statement(&fixture.resolved, &fixture.payload), &fixture.key);
        bundle.statement = changed;
        let judged = fixture.judge(CloudPolicy::Consent, Some(&bundle));
        assert_eq!(code(judged), "HSK-403-CLOUD-CONSENT-MISMATCH", "{name}");
    }
}

#[test]
fn only_an_allowed_key_consents() {
    let mut fixture = Fixture::new();
    let honest = statement(&fixture.resolved, &fixture.payload);
    let (foreign, _) = private_key(2);
    let by_agent = sign(honest.clone(), &foreign);
    assert_eq!(code(fixture.judge(CloudPolicy::Consent, Some(&by_agent))), "HSK-403-CLOUD-CONSENT-MISMATCH");
    // A signature of the right key for something else.
    let message = honest.message();
    for namespace in [sshsig::NAMESPACE, sshsig::LEDGER_NAMESPACE] {
        let (signature, _) = sshsig::sign_in(namespace, &fixture.key, message.as_bytes()).expect("signature");
        let bundle = ConsentBundle { schema: BUNDLE_SCHEMA.to_owned(), statement: honest.clone(), signature };
        assert_eq!(
            code(fixture.judge(CloudPolicy::Consent, Some(&bundle))),
            "HSK-403-CLOUD-CONSENT-MISMATCH"
        );
    }
    for signature in ["", "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n"] {
        let bundle = ConsentBundle { signature: signature.to_owned(), ..sign(honest.clone(), &fixture.key) };
        assert_eq!(
            code(fixture.judge(CloudPolicy::Consent, Some(&bundle))),
            "HSK-403-CLOUD-CONSENT-MISMATCH"
        );
    }
    // A key that may sign something else, is a certificate authority, or is not valid anymore.
    let good = sign(honest, &fixture.key);
    let (_, public) = private_key(1);
    for line in [
        format!("mira namespaces=\"countersign\" {public}"),
        format!("mira cert-authority {public}"),
        format!("mira valid-before=\"20260101\" {public}"),
        format!("!mira,* {public}"),
    ] {
        fixture.signers = signers(&line);
        let judged = fixture.judge(CloudPolicy::Consent, Some(&good));
        assert_eq!(code(judged), "HSK-403-CLOUD-CONSENT-MISMATCH", "{line}");
    }
    fixture.signers = signers(&format!("mira {public}"));
    assert_eq!(code(fixture.judge(CloudPolicy::Consent, Some(&good))), "passed");
}
