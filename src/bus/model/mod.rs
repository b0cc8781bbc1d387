//! The engine `model`: asks one model once. The guard comes first, then the gates of the bus,
//! then the receipt is used up, and only then bytes leave.

#![cfg_attr(not(feature = "llm"), allow(dead_code, unused_imports))]

mod describe;

use std::path::{Path, PathBuf};

use crate::config::Grants;
use crate::digest::sha256_hex;
use crate::document::allowed_signers::AllowedSigners;
use crate::ledger::{
    InferenceTokens, JobState, LedgerTrouble, LlmInference, Payload, SecurityViolation, new_id, now,
};
use crate::provider::{
    Clearance, CloudPolicy, CompletionRequest, CompletionResponse, ConsentBundle, GuardDenial, GuardInput,
    LlmClient, LlmError, ModelTier, ResolvedProvider, answer_key, check_consent, consent_replayed,
    encode_request,
};
use crate::system::{clock, files};

use super::envelope::{ArtifactHandle, ArtifactKind};
use super::operation::{Admitted, Operation};
use super::result::{ResultFault, check_result};
use super::session::{Bus, Denied};
use describe::{describe_result, escalation, plan, read_kept, rights_of, to_call};

/// A model to ask.
pub(crate) struct ModelRequest<'a> {
    /// Server and model.
    pub resolved: &'a ResolvedProvider,
    /// What the user's configuration says about the cloud.
    pub policy: CloudPolicy,
    /// What is asked.
    pub request: &'a CompletionRequest,
    /// The packet.
    pub packet: &'a str,
    /// Why it is asked.
    pub reason: &'a str,
    /// The consent of a person.
    pub consent: Option<&'a ConsentBundle>,
    /// Keys that may consent.
    pub signers: Option<&'a AllowedSigners>,
    /// Name of the working tree.
    pub tree: &'a str,
    /// Folder of answers.
    pub answers: PathBuf,
    /// Folder of the user with the receipts that were used in any repository.
    pub receipts: Option<PathBuf>,
    /// The documents and files of which something is sent.
    pub artifacts: &'a [String],
    /// What was removed before.
    pub redactions: &'a [String],
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ModelError {
    /// The guard denied it: no byte left.
    #[error(transparent)]
    Guard(#[from] GuardDenial),
    /// A gate of the bus denied it: no byte left.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The server cannot be used: no byte left, and no consent is used up.
    #[error("{0}")]
    NotReached(LlmError),
    /// The model did not answer as it should.
    #[error(transparent)]
    Llm(LlmError),
    /// The answer could not be kept.
    #[error("keeping the answer: {0}")]
    Keep(std::io::Error),
    /// The engine's result is wrong.
    #[error(transparent)]
    Result(#[from] ResultFault),
    /// The ledger is needed and cannot be used: no byte left.
    #[error(transparent)]
    Ledger(#[from] LedgerTrouble),
    /// The model was asked, and that could not be recorded.
    #[error("the call is not recorded: {0}")]
    Unrecorded(LedgerTrouble),
}

/// Makes the client of a server, once the guard has let the bytes pass.
pub(crate) type Connect<'a> =
    dyn Fn(&ResolvedProvider, &Clearance) -> Result<Box<dyn LlmClient>, LlmError> + 'a;

impl Bus<'_> {
    /// Asks a model.
    ///
    /// # Errors
    /// The guard or a gate denied it, the receipt was used before, or the model did not
    /// answer as it should.
    pub(crate) fn ask_model(
        &self,
        asked: &ModelRequest<'_>,
        connect: &Connect<'_>,
    ) -> Result<CompletionResponse, ModelError> {
        let payload = encode_request(&asked.resolved.provider, asked.request);
        let is_cloud = asked.resolved.provider.tier == ModelTier::Cloud;
        if is_cloud {
            self.recorder().record(Payload::CloudRequested(escalation(asked, asked.reason, None)));
        }
        let clearance = self.clear(asked, &payload)?;
        let planned = plan(asked, &payload, &clearance);
        // The user's configuration grants each server its own host and its own key.
        let grants = Grants::new("user", rights_of(&asked.resolved.provider));
        let operation = self.admit(planned, &grants)?;
        self.write_intent()?;
        // A server that cannot be used is found before a receipt is used up for it.
        let client = connect(asked.resolved, &clearance).and_then(|client| {
            if client.profile().model_id == asked.resolved.model_id {
                Ok(client)
            } else {
                Err(LlmError::Provider("the client is one of another model".to_owned()))
            }
        });
        if let (Some(receipt), Ok(_)) = (clearance.receipt_id(), &client) {
            self.use_up(asked, receipt, &payload, &operation.envelope().op_id)?;
            self.recorder().record(Payload::CloudApproved(escalation(asked, asked.reason, Some("approved"))));
        }
        let started_at = now();
        let is_reached = client.is_ok();
        let answered = client.and_then(|client| client.completion(asked.request));
        let is_sent = is_reached && !matches!(answered, Err(LlmError::BudgetExceeded { usage: None, .. }));
        if is_cloud && is_sent {
            self.recorder().record(Payload::CloudExecuted(escalation(asked, asked.reason, Some("executed"))));
        }
        let ended = self.end_call(asked, &operation, &payload, &answered, started_at);
        if let Err(error) = &ended {
            self.record_broken(&operation.envelope().op_id, &error.to_string());
        }
        ended?;
        answered.map_err(if is_reached { ModelError::Llm } else { ModelError::NotReached })
    }

    /// Passes the guard; a denial is an event.
    fn clear(&self, asked: &ModelRequest<'_>, payload: &[u8]) -> Result<Clearance, GuardDenial> {
        let judged = check_consent(&GuardInput {
            resolved: asked.resolved,
            policy: asked.policy,
            payload,
            packet: asked.packet,
            consent: asked.consent,
            signers: asked.signers,
            artifacts: asked.artifacts,
            redactions: asked.redactions,
            now: clock::now(),
        });
        if let Err(denial) = &judged {
            let event = escalation(asked, &denial.to_string(), Some("denied"));
            self.recorder().record(Payload::CloudDenied(event));
        }
        judged
    }

    /// Uses up a receipt before anything is sent. One that was used before poisons the job.
    fn use_up(
        &self,
        asked: &ModelRequest<'_>,
        receipt: &str,
        payload: &[u8],
        op_id: &str,
    ) -> Result<(), ModelError> {
        let spent = self.recorder().spend_consent(receipt, &sha256_hex(payload));
        let used =
            match spent.and_then(|used| Ok(used.or(remember_receipt(asked.receipts.as_deref(), receipt)?))) {
                Ok(None) => return Ok(()),
                Ok(Some(used)) => used,
                Err(trouble) => {
                    self.record_broken(op_id, &trouble.to_string());
                    return Err(trouble.into());
                }
            };
        let denial = consent_replayed(&used);
        self.recorder().poison(SecurityViolation {
            violation_type: "consent_replayed".to_owned(),
            description: denial.to_string(),
            trigger: format!("receipt {receipt}"),
            guard_name: "consent".to_owned(),
            action_taken: "poisoned".to_owned(),
            job_state_transition: JobState::Poisoned,
        });
        self.recorder().record(Payload::CloudDenied(escalation(asked, &denial.to_string(), Some("denied"))));
        self.record_broken(op_id, &denial.to_string());
        Err(denial.into())
    }

    /// Keeps the answer, checks and records the result. A call that failed leaves its
    /// numbers, too.
    fn end_call(
        &self,
        asked: &ModelRequest<'_>,
        operation: &Operation<Admitted>,
        payload: &[u8],
        answered: &Result<CompletionResponse, LlmError>,
        started_at: String,
    ) -> Result<(), ModelError> {
        let (text, used, latency) = match answered {
            Ok(answer) => {
                (answer.text.as_str(), Some((answer.usage, answer.is_measured)), Some(answer.latency_ms))
            }
            Err(LlmError::BudgetExceeded { usage, .. }) => ("", *usage, None),
            Err(_) => ("", None, None),
        };
        // The evidence of a call without an answer is the reason.
        let reason = answered.as_ref().err().map(ToString::to_string);
        let kept = reason.as_deref().unwrap_or(text);
        let name = if reason.is_some() { "error" } else { "answer" };
        let path = asked.answers.join(format!("{}.{name}", answer_key(asked.resolved, payload)));
        files::create_folder(&asked.answers).map_err(ModelError::Keep)?;
        files::write(&path, kept.as_bytes()).map_err(ModelError::Keep)?;
        let artifact = ArtifactHandle {
            artifact_id: new_id(),
            kind: ArtifactKind::ToolOutput,
            uri: path.display().to_string(),
            content_hash: sha256_hex(kept.as_bytes()),
            size_bytes: u64::try_from(kept.len()).unwrap_or(u64::MAX),
        };
        let result = describe_result(operation, artifact, answered.as_ref().err(), started_at);
        check_result(operation, &result, &|artifact| read_kept(&path, artifact))?;
        let (usage, is_measured) = used.unwrap_or_default();
        if used.is_some() {
            self.recorder().store_call(&to_call(asked, &operation.envelope().op_id, usage, is_measured));
        }
        let event = Payload::LlmInference(LlmInference {
            trace_id: asked.request.trace_id.clone(),
            model_id: asked.resolved.model_id.clone(),
            token_usage: InferenceTokens {
                prompt_tokens: usage.prompt_tokens,
                completion_tokens: usage.completion_tokens,
                total_tokens: usage.total_tokens,
            },
            latency_ms: latency,
            prompt_hash: Some(sha256_hex(payload)),
            response_hash: reason.is_none().then(|| sha256_hex(text.as_bytes())),
        });
        self.record_result(&result, event).map_err(ModelError::Unrecorded)
    }
}

/// Remembers a receipt for all repositories of the user: a clone has another ledger. Returns
/// when it was used, if it was.
fn remember_receipt(folder: Option<&Path>, receipt: &str) -> Result<Option<String>, LedgerTrouble> {
    let trouble =
        |why: &dyn std::fmt::Display| LedgerTrouble(format!("the receipt cannot be remembered: {why}"));
    let folder = folder.ok_or_else(|| trouble(&"the user has no folder for state"))?;
    files::create_folder(folder).map_err(|error| trouble(&error))?;
    // The guard has checked that the id is a UUID.
    match files::create_new(&folder.join(receipt)) {
        Ok(_) => Ok(None),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            Ok(Some("an earlier time, in another copy of the repository".to_owned()))
        }
        Err(error) => Err(trouble(&error)),
    }
}
