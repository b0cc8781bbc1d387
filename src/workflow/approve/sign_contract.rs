//! Signs a contract with an SSH key. A coder could type the text of a signature,
//! but cannot produce a signature of this kind.

use std::path::PathBuf;

use crate::digest::sshsig;
use crate::digest::sshsig::SigningKey;
use crate::document::allowed_signers::AllowedSigners;
use crate::document::signed_contract::SignedContract;
use crate::document::{Signature, WpId};
use crate::system::{files, ssh_agent};
use crate::text::RepoPath;
use crate::workflow::records::{Records, WorkflowError};

/// The source of the signing key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum KeySource {
    /// A file in OpenSSH format, without a passphrase.
    File(PathBuf),
    /// The SSH agent that `SSH_AUTH_SOCK` names.
    Agent,
    /// No key: the command only writes the text, and the approver signs it with
    /// `ssh-keygen -Y sign`.
    External,
}

/// The result of signing a contract.
#[derive(Debug)]
pub(crate) struct ContractSignature {
    /// The path of the signed text.
    pub contract: RepoPath,
    /// The path of its signature, which exists only if a key signed.
    pub signature: RepoPath,
    /// The key that signed; `None` for [`KeySource::External`].
    pub key: Option<SigningKey>,
    /// The reason why the allowed signers on disk do not accept the signature.
    pub warning: Option<String>,
}

/// Maximum size of a key file, in bytes.
pub(crate) const MAX_KEY_BYTES: u64 = 64 * 1024;

/// Signs the contract of a packet in its pending state.
///
/// # Errors
/// The packet or its refinement does not exist, they do not contain the same
/// typed signature, or the key cannot sign.
pub(crate) fn sign_contract(
    records: &mut Records<'_>,
    id: &WpId,
    source: &KeySource,
) -> Result<ContractSignature, WorkflowError> {
    let Some(packet) = records.packet(id)? else {
        return Err(WorkflowError::refused(
            format!("`{id}` has no packet whose contract could be signed"),
            format!("Create it with `countersign new packet {id}`, then sign again."),
        ));
    };
    let refinement = records.refinement(id)?;
    let name = packet.signature.as_ref().and_then(|text| Signature::parse(&text.value).ok());
    let written = refinement.as_ref().and_then(|refinement| refinement.filled_value("USER_SIGNATURE"));
    // A repository of the profile `standard` has no refinements.
    let agree = match (&name, &refinement) {
        (Some(_), None) => true,
        (Some(name), Some(_)) => written.as_ref().is_some_and(|written| name.text == written.value),
        (None, _) => false,
    };
    let Some(name) = name.clone().filter(|_| agree) else {
        return Err(WorkflowError::refused(
            format!("packet and refinement of `{id}` do not contain the same signature"),
            format!("Sign with a typed signature first: `countersign sign {id} SIGNATURE`."),
        ));
    };
    let message = SignedContract::from_packet(id, &packet, refinement.as_ref()).message();
    let (contract, signature) = (records.layout.signed_contract(id), records.layout.contract_signature(id));
    // Reading both files records their old bytes; the new texts replace them.
    records.source(&contract)?;
    records.source(&signature)?;
    records.set_text(contract.clone(), message.clone());
    let allowed = records.source(&RepoPath::from(records.layout.allowed_signers.as_str()))?;
    let allowed = allowed.map(|source| AllowedSigners::read(&source));
    let failed = |what: &str, why: &dyn std::fmt::Display| WorkflowError::Failed(format!("{what}: {why}"));
    let (armored, key) = match source {
        KeySource::External => {
            return Ok(ContractSignature { contract, signature, key: None, warning: None });
        }
        KeySource::File(path) => {
            let shown = path.display().to_string();
            let bytes = files::read(path, MAX_KEY_BYTES)
                .map_err(|error| failed(&format!("cannot read the key {shown}"), &error))?;
            sshsig::sign(&bytes, message.as_bytes()).map_err(|fault| failed(&shown, &fault))?
        }
        KeySource::Agent => sign_with_agent(sshsig::NAMESPACE, &message, allowed.as_ref())?,
    };
    records.set_text(signature.clone(), armored);
    let warning = find_signature_problem(records, allowed.as_ref(), &key, &name);
    Ok(ContractSignature { contract, signature, key: Some(key), warning })
}

/// Signs with the first ed25519 key of the agent that `allowed` lists; without
/// `allowed`, with the first ed25519 key.
///
/// # Errors
/// The agent cannot be used, or has no such key.
pub(crate) fn sign_with_agent(
    namespace: &'static str,
    message: &str,
    allowed: Option<&AllowedSigners>,
) -> Result<(String, SigningKey), WorkflowError> {
    let failed = |error: std::io::Error| WorkflowError::Failed(format!("cannot use the SSH agent: {error}"));
    let keys = ssh_agent::list_keys().map_err(failed)?;
    let is_listed =
        |key: &SigningKey| allowed.is_none_or(|allowed| allowed.signers_with_key(&key.key).next().is_some());
    let Some(key) =
        keys.iter().find(|key| sshsig::parse_supported_key(&key.blob).is_some_and(|found| is_listed(&found)))
    else {
        let names: Vec<String> =
            keys.iter().map(|key| crate::text::to_single_line(&key.comment, 60)).collect();
        let agent_keys = if names.is_empty() {
            "it has no keys".to_owned()
        } else {
            format!("its keys: {}", names.join(", "))
        };
        return Err(WorkflowError::Failed(format!(
            "the SSH agent has no ed25519 key that allowed_signers lists ({agent_keys}); `ssh-add -l` shows its keys"
        )));
    };
    let fault = |fault: sshsig::SigningKeyError| WorkflowError::Failed(format!("cannot sign: {fault}"));
    let data = sshsig::encode_for_signing(namespace, message.as_bytes()).map_err(fault)?;
    let answer = ssh_agent::sign(key, &data).map_err(failed)?;
    sshsig::armor_agent_signature(namespace, &key.blob, &answer).map_err(fault)
}

/// Returns the reason why the allowed signers on disk do not accept the key, if
/// there is one.
fn find_signature_problem(
    records: &Records<'_>,
    allowed: Option<&AllowedSigners>,
    key: &SigningKey,
    name: &Signature,
) -> Option<String> {
    let path = &records.layout.allowed_signers;
    let user = &name.user;
    let line = format!("{user} namespaces=\"{}\" {}", sshsig::NAMESPACE, key.key);
    let Some(allowed) = allowed else {
        return Some(format!(
            "{path} does not exist; gates accept the signature once the main branch has this file with the line `{line}`"
        ));
    };
    let mut signers = allowed.signers_with_key(&key.key);
    let is_allowed = signers.any(|signer| {
        !signer.is_authority
            && signer.allows_namespace(sshsig::NAMESPACE)
            && signer.is_principal(user)
            && signer.is_valid_at(name.at)
    });
    (!is_allowed).then(|| {
        format!("{path} does not allow this key to sign for {user}; this line would allow it: `{line}`")
    })
}
