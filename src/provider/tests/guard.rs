//! The guard: its order, every field of a consent, and whose key it is.

use crate::digest::{sha256_hex, sshsig};
use crate::document::allowed_signers::AllowedSigners;
use crate::provider::consent::{
    BUNDLE_SCHEMA, CloudEscalationRequest, ConsentBundle, ConsentReceipt, ConsentStatement, ModelDestination,
    PLAN_SCHEMA, ProjectionPlan, RECEIPT_SCHEMA, REQUEST_SCHEMA, SINGLE_CALL,
};
use crate::provider::guard::{GuardDenial, GuardInput, check};
use crate::provider::kinds::{CloudPolicy, RuntimeRole};
use crate::provider::registry::ResolvedProvider;
use crate::text::{RepoPath, Source};

use super::{SETTINGS, registry};

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
