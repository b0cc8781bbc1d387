//! The guard in front of every model: what is on this machine passes, everything else needs
//! a consent that holds in every part. The order of the reasons is that of the contract.

use crate::digest::{sha256_hex, sshsig};
use crate::document::allowed_signers::AllowedSigners;
use crate::text::to_single_line;

use super::code::{CONSENT_MISMATCH, CONSENT_REQUIRED, ESCALATION_DENIED, GOVERNANCE_LOCKED};
use super::consent::{
    BUNDLE_SCHEMA, ConsentBundle, MAX_MINUTES, ModelDestination, PLAN_SCHEMA, RECEIPT_SCHEMA, REQUEST_SCHEMA,
    SINGLE_CALL,
};
use super::kinds::{CloudPolicy, ModelTier};
use super::registry::ResolvedProvider;

/// Why a request is not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {why}")]
pub(crate) struct GuardDenial {
    /// Its code.
    pub code: &'static str,
    /// What is wrong, and what to do.
    pub why: String,
}

fn deny(code: &'static str, why: impl Into<String>) -> GuardDenial {
    GuardDenial { code, why: why.into() }
}

/// What the guard judges.
pub(crate) struct GuardInput<'a> {
    /// Server and model.
    pub resolved: &'a ResolvedProvider,
    /// What the user's configuration says about the cloud.
    pub policy: CloudPolicy,
    /// The bytes that would be sent.
    pub payload: &'a [u8],
    /// The packet.
    pub packet: &'a str,
    /// The consent.
    pub consent: Option<&'a ConsentBundle>,
    /// Keys that may consent.
    pub signers: Option<&'a AllowedSigners>,
    /// The documents and files of which something would be sent.
    pub artifacts: &'a [String],
    /// What was removed before.
    pub redactions: &'a [String],
    /// Now.
    pub now: jiff::Timestamp,
}

/// The right to send certain bytes to a certain server. Only the guard makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Clearance {
    payload_sha256: String,
    destination: ModelDestination,
    receipt_id: Option<String>,
}

impl Clearance {
    /// Returns whether these bytes may be sent to this server.
    #[must_use]
    pub(crate) fn covers(&self, resolved: &ResolvedProvider, payload: &[u8]) -> bool {
        self.payload_sha256 == sha256_hex(payload) && self.destination == ModelDestination::of(resolved)
    }

    /// Returns the id of the receipt that is used up; `None` if none is needed.
    #[must_use]
    pub(crate) fn receipt_id(&self) -> Option<&str> {
        self.receipt_id.as_deref()
    }
}

/// The denial of a receipt that was used before.
#[must_use]
pub(crate) fn replayed(used_at: &str) -> GuardDenial {
    let used_at = to_single_line(used_at, 80);
    let why = format!("the receipt was used at {used_at}; a person must sign again");
    deny(CONSENT_MISMATCH, why)
}

/// Judges a request.
///
/// # Errors
/// The first reason against it.
pub(crate) fn check(input: &GuardInput<'_>) -> Result<Clearance, GuardDenial> {
    let clearance = |receipt_id: Option<String>| Clearance {
        payload_sha256: sha256_hex(input.payload),
        destination: ModelDestination::of(input.resolved),
        receipt_id,
    };
    if input.resolved.provider.tier == ModelTier::Local {
        return Ok(clearance(None));
    }
    match input.policy {
        CloudPolicy::Locked => {
            return Err(deny(GOVERNANCE_LOCKED, "the user's configuration says `models: {cloud: locked}`"));
        }
        CloudPolicy::Denied => {
            let why = "nothing may be sent to the cloud; `models: {cloud: consent}` in the user's configuration \
                       allows what a person signs";
            return Err(deny(ESCALATION_DENIED, why));
        }
        CloudPolicy::Consent => {}
    }
    let Some(consent) = input.consent else {
        let why = "look at what would be sent with `--dry-run FILE`, let a person sign it with \
                   `countersign review consent FILE.plan.json --as NAME --ssh-key KEY`, and add `--consent FILE.consent.json`";
        return Err(deny(CONSENT_REQUIRED, why));
    };
    find_mismatch(input, consent).map_or_else(
        || Ok(clearance(Some(consent.statement.consent_receipt.consent_receipt_id.clone()))),
        |why| Err(deny(CONSENT_MISMATCH, why)),
    )
}

/// Returns the first thing in which a consent is not one for this request.
fn find_mismatch(input: &GuardInput<'_>, consent: &ConsentBundle) -> Option<String> {
    let statement = &consent.statement;
    let (plan, receipt, request) =
        (&statement.projection_plan, &statement.consent_receipt, &statement.request);
    for (what, found, expected) in [
        ("file", &consent.schema, BUNDLE_SCHEMA),
        ("plan", &plan.schema_version, PLAN_SCHEMA),
        ("receipt", &receipt.schema_version, RECEIPT_SCHEMA),
        ("request", &request.schema_version, REQUEST_SCHEMA),
    ] {
        if found != expected {
            return Some(format!(
                "the {what} has the version `{}`; expected `{expected}`",
                to_single_line(found, 60)
            ));
        }
    }
    let wrong = |is_wrong: bool, why: &str| is_wrong.then(|| why.to_owned());
    let payload_sha256 = sha256_hex(input.payload);
    let size = u64::try_from(input.payload.len()).unwrap_or(u64::MAX);
    wrong(request.requested_model_id != input.resolved.model_id, "it is for another model")
        .or_else(|| {
            wrong(request.projection_plan_id != plan.projection_plan_id, "the request names another plan")
        })
        .or_else(|| {
            wrong(
                request.consent_receipt_id != receipt.consent_receipt_id,
                "the request names another receipt",
            )
        })
        .or_else(|| {
            wrong(receipt.projection_plan_id != plan.projection_plan_id, "the receipt names another plan")
        })
        .or_else(|| wrong(!receipt.approved, "the receipt does not approve"))
        .or_else(|| {
            wrong(receipt.payload_sha256 != plan.payload_sha256, "receipt and plan have different hashes")
        })
        .or_else(|| {
            wrong(
                payload_sha256 != plan.payload_sha256,
                "other bytes would be sent than those that were signed; the work or its packet changed since, or the \
                 command has other options",
            )
        })
        .or_else(|| wrong(size != plan.max_bytes, "the plan has another size"))
        .or_else(|| wrong(input.artifacts != plan.include_artifact_refs, "the plan names other files"))
        .or_else(|| wrong(input.redactions != plan.redactions_applied, "the plan names other redactions"))
        .or_else(|| {
            wrong(
                statement.destination != ModelDestination::of(input.resolved),
                "it is for another destination",
            )
        })
        .or_else(|| {
            let names = [plan.wp_id.as_deref(), Some(request.wp_id.as_str())];
            wrong(names != [Some(input.packet); 2], "it is for another packet")
        })
        .or_else(|| wrong(receipt.consent_scope != SINGLE_CALL, "its scope is not SINGLE_CALL"))
        .or_else(|| ids_fault(&[&plan.projection_plan_id, &receipt.consent_receipt_id, &request.request_id]))
        .or_else(|| {
            times_fault(input, &[&receipt.approved_at, &receipt.valid_from_utc, &receipt.valid_until_utc])
        })
        .or_else(|| signature_fault(input, consent))
}

fn ids_fault(ids: &[&String]) -> Option<String> {
    let is_id = |text: &&&String| uuid::Uuid::try_parse(text).is_ok_and(|id| !id.is_nil());
    (!ids.iter().all(|id| is_id(&id))).then(|| "one of its ids is not a UUID".to_owned())
}

fn times_fault(input: &GuardInput<'_>, texts: &[&String; 3]) -> Option<String> {
    let times: Vec<jiff::Timestamp> = texts.iter().filter_map(|text| text.parse().ok()).collect();
    let [approved, from, until] = times.as_slice() else {
        return Some("one of its times is not RFC 3339".to_owned());
    };
    let longest = jiff::SignedDuration::from_mins(i64::from(MAX_MINUTES));
    let fault = if *approved > input.now || *from > input.now {
        "it is not valid yet"
    } else if *until < input.now {
        "it expired; a person must sign again"
    } else if until < from || until.duration_since(*approved) > longest {
        "it is valid for more than a day"
    } else {
        return None;
    };
    Some(fault.to_owned())
}

fn signature_fault(input: &GuardInput<'_>, consent: &ConsentBundle) -> Option<String> {
    let message = consent.statement.message();
    let key = match sshsig::verify_in(sshsig::CONSENT_NAMESPACE, &consent.signature, message.as_bytes()) {
        Ok(key) => key,
        Err(error) => return Some(format!("its signature does not hold: {error}")),
    };
    let Some(signers) = input.signers else {
        return Some(
            "no keys may consent; name a file of allowed signers as `models: {consent_signers: FILE}` in the user's \
             configuration"
                .to_owned(),
        );
    };
    let user = &consent.statement.consent_receipt.user_id;
    let at = input.now.to_zoned(jiff::tz::TimeZone::UTC).datetime();
    let mut lines = signers.signers_with_key(&key.key);
    let is_allowed = lines.any(|line| {
        !line.is_authority
            && line.allows_namespace(sshsig::CONSENT_NAMESPACE)
            && line.is_principal(user)
            && line.is_valid_at(at)
    });
    (!is_allowed).then(|| {
        format!(
            "{} may not consent as `{}`: the file of allowed signers does not list this key with this name for the \
             namespace `{}`",
            key.fingerprint,
            to_single_line(user, 60),
            sshsig::CONSENT_NAMESPACE
        )
    })
}
