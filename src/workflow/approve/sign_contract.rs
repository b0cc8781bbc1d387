//! Signing a contract with a key: what a coder cannot type.

use std::path::PathBuf;

use crate::digest::sshsig;
use crate::digest::sshsig::SigningKey;
use crate::document::allowed_signers::AllowedSigners;
use crate::document::signed_contract::SignedContract;
use crate::document::{Signature, WpId};
use crate::system::{files, ssh_agent};
use crate::text::RepoPath;
use crate::workflow::records::{Records, WorkflowError};

/// Where the key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// In a file, OpenSSH's form, without a passphrase.
    File(PathBuf),
    /// In the agent that `SSH_AUTH_SOCK` names.
    Agent,
    /// Nowhere here: the text is written, and `ssh-keygen -Y sign` signs it.
    External,
}

/// What was signed.
#[derive(Debug)]
pub struct ContractSignature {
    /// Where the text lies.
    pub contract: RepoPath,
    /// Where its signature lies or belongs.
    pub signature: RepoPath,
    /// The key, unless somebody else is to sign.
    pub key: Option<SigningKey>,
    /// Why the signature will not count as things are on disk, if so.
    pub warning: Option<String>,
}

/// The most bytes of a key file.
const MAX_KEY_BYTES: u64 = 64 * 1024;

/// Signs the contract of a packet as it is to be.
///
/// # Errors
/// There is no packet or refinement, it is not signed by a name, or the key
/// cannot sign.
pub fn sign_contract(
    records: &mut Records<'_>,
    id: &WpId,
    source: &KeySource,
) -> Result<ContractSignature, WorkflowError> {
    let Some(packet) = records.packet(id)? else {
        return Err(WorkflowError::refused(
            format!("there is no packet of `{id}` whose contract could be signed"),
            format!("A key signs the contract once it is written: `countersign new packet {id}`."),
        ));
    };
    let refinement = records.refinement(id)?;
    let name = packet.signature.as_ref().and_then(|text| Signature::parse(&text.value).ok());
    let carried = refinement.as_ref().and_then(|refinement| refinement.filled_value("USER_SIGNATURE"));
    let agree = name.as_ref().zip(carried.as_ref()).is_some_and(|(name, carried)| name.text == carried.value);
    let Some(name) = name.filter(|_| agree) else {
        return Err(WorkflowError::refused(
            format!("packet and refinement of `{id}` do not carry one signature"),
            format!("Sign with a name first: `countersign sign {id} SIGNATURE`."),
        ));
    };
    let message = SignedContract::from_packet(id, &packet, refinement.as_ref()).message();
    let (contract, signature) = (records.layout.signed_contract(id), records.layout.contract_signature(id));
    // What was there is replaced as a whole.
    records.source(&contract)?;
    records.source(&signature)?;
    records.set_text(contract.clone(), message.clone());
    let allowed = records.source(&RepoPath::from(records.layout.allowed_signers.as_str()))?;
    let allowed = allowed.map(|source| AllowedSigners::read(&source));
    let cannot = |what: &str, why: &dyn std::fmt::Display| WorkflowError::Failed(format!("{what}: {why}"));
    let (armored, key) = match source {
        KeySource::External => {
            return Ok(ContractSignature { contract, signature, key: None, warning: None });
        }
        KeySource::File(path) => {
            let shown = path.display().to_string();
            let bytes = files::read(path, MAX_KEY_BYTES).map_err(|error| cannot(&shown, &error))?;
            sshsig::sign(&bytes, message.as_bytes()).map_err(|fault| cannot(&shown, &fault))?
        }
        KeySource::Agent => sign_with_agent(&message, allowed.as_ref())?,
    };
    records.set_text(signature.clone(), armored);
    let doubt = find_signature_problem(records, allowed.as_ref(), &key, &name);
    Ok(ContractSignature { contract, signature, key: Some(key), warning: doubt })
}

/// Signs with the first key of the agent that counts.
fn sign_with_agent(
    message: &str,
    allowed: Option<&AllowedSigners>,
) -> Result<(String, SigningKey), WorkflowError> {
    let failed = |error: std::io::Error| WorkflowError::Failed(format!("asking the agent: {error}"));
    let keys = ssh_agent::list_keys().map_err(failed)?;
    let counts =
        |key: &SigningKey| allowed.is_none_or(|allowed| allowed.signers_with_key(&key.key).next().is_some());
    let Some(key) =
        keys.iter().find(|key| sshsig::parse_supported_key(&key.blob).is_some_and(|found| counts(&found)))
    else {
        let names: Vec<String> =
            keys.iter().map(|key| crate::text::to_single_line(&key.comment, 60)).collect();
        let held = if names.is_empty() {
            "it holds none".to_owned()
        } else {
            format!("it holds {}", names.join(", "))
        };
        return Err(WorkflowError::Failed(format!(
            "the agent has no ed25519 key that allowed_signers names ({held}); see `ssh-add -l`"
        )));
    };
    let fault = |fault: sshsig::SigningKeyError| WorkflowError::Failed(format!("signing: {fault}"));
    let data = sshsig::encode_for_signing(message.as_bytes()).map_err(fault)?;
    let answer = ssh_agent::sign(key, &data).map_err(failed)?;
    sshsig::armor_agent_signature(&key.blob, &answer).map_err(fault)
}

/// Why a signature will not count, as far as the files on disk say.
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
            "there is no {path}; the signature counts once the trusted revision has it with the line `{line}`"
        ));
    };
    let mut own = allowed.signers_with_key(&key.key);
    let good = own.any(|signer| {
        !signer.is_authority
            && signer.allows_namespace(sshsig::NAMESPACE)
            && signer.is_principal(user)
            && signer.is_valid_at(name.at)
    });
    (!good).then(|| format!("{path} does not allow this key to sign for {user}; a line that does: `{line}`"))
}
