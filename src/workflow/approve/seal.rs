//! Signing a contract with a key: what a coder cannot type.

use crate::digest::sshsig::{self, SigningKey};
use crate::document::allowed_signers::AllowedSigners;
use crate::document::seal::Contract;
use crate::document::{Signature, WpId};
use crate::system::{files, ssh_agent};
use crate::text::RepoPath;
use crate::workflow::records::{Records, WorkflowError};

use std::path::PathBuf;

/// Where the key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// In a file, OpenSSH's form, without a passphrase.
    File(PathBuf),
    /// In the agent that `SSH_AUTH_SOCK` names.
    Agent,
    /// Nowhere here: the text is written, and `ssh-keygen -Y sign` signs it.
    Elsewhere,
}

/// What was signed.
#[derive(Debug)]
pub struct Sealed {
    /// Where the text lies.
    pub contract: RepoPath,
    /// Where its signature lies or belongs.
    pub signature: RepoPath,
    /// The key, unless somebody else is to sign.
    pub key: Option<SigningKey>,
    /// Why the signature will not count as things are on disk, if so.
    pub doubt: Option<String>,
}

/// The most bytes of a key file.
const LARGEST_KEY: u64 = 64 * 1024;

/// Signs the contract of a packet as it is to be.
///
/// # Errors
/// There is no packet or refinement, it is not signed by a name, or the key
/// cannot sign.
pub fn seal(records: &mut Records<'_>, id: &WpId, source: &KeySource) -> Result<Sealed, WorkflowError> {
    let Some(packet) = records.packet(id)? else {
        return Err(WorkflowError::refused(
            format!("there is no packet of `{id}` whose contract could be signed"),
            format!("A key signs the contract once it is written: `countersign new packet {id}`."),
        ));
    };
    let refinement = records.refinement(id)?;
    let name = packet.signature.as_ref().and_then(|text| Signature::parse(&text.value).ok());
    let carried = refinement.as_ref().and_then(|refinement| refinement.filled("USER_SIGNATURE"));
    let agree = name.as_ref().zip(carried.as_ref()).is_some_and(|(name, carried)| name.text == carried.value);
    let Some(name) = name.filter(|_| agree) else {
        return Err(WorkflowError::refused(
            format!("packet and refinement of `{id}` do not carry one signature"),
            format!("Sign with a name first: `countersign sign {id} SIGNATURE`."),
        ));
    };
    let message = Contract::of(id, &packet, refinement.as_ref()).message();
    let (contract, signature) = (records.layout.seal(id), records.layout.seal_signature(id));
    // What was there is replaced as a whole.
    records.source(&contract)?;
    records.source(&signature)?;
    records.put(contract.clone(), message.clone());
    let allowed = records.source(&RepoPath::from(records.layout.signers.as_str()))?;
    let allowed = allowed.map(|source| AllowedSigners::read(&source));
    let cannot = |what: &str, why: &dyn std::fmt::Display| WorkflowError::Cannot(format!("{what}: {why}"));
    let (armored, key) = match source {
        KeySource::Elsewhere => return Ok(Sealed { contract, signature, key: None, doubt: None }),
        KeySource::File(path) => {
            let shown = path.display().to_string();
            let bytes = files::read(path, LARGEST_KEY).map_err(|error| cannot(&shown, &error))?;
            sshsig::sign(&bytes, message.as_bytes()).map_err(|fault| cannot(&shown, &fault))?
        }
        KeySource::Agent => by_agent(&message, allowed.as_ref())?,
    };
    records.put(signature.clone(), armored);
    let doubt = doubt(records, allowed.as_ref(), &key, &name);
    Ok(Sealed { contract, signature, key: Some(key), doubt })
}

/// Signs with the first key of the agent that counts.
fn by_agent(message: &str, allowed: Option<&AllowedSigners>) -> Result<(String, SigningKey), WorkflowError> {
    let failed = |error: std::io::Error| WorkflowError::Cannot(format!("asking the agent: {error}"));
    let keys = ssh_agent::keys().map_err(failed)?;
    let counts = |key: &SigningKey| allowed.is_none_or(|allowed| allowed.of_key(&key.key).next().is_some());
    let Some(key) = keys.iter().find(|key| sshsig::usable(&key.blob).is_some_and(|found| counts(&found)))
    else {
        let names: Vec<String> = keys.iter().map(|key| crate::text::one_line(&key.comment, 60)).collect();
        let held = if names.is_empty() {
            "it holds none".to_owned()
        } else {
            format!("it holds {}", names.join(", "))
        };
        return Err(WorkflowError::Cannot(format!(
            "the agent has no ed25519 key that allowed_signers names ({held}); see `ssh-add -l`"
        )));
    };
    let fault = |fault: sshsig::KeyFault| WorkflowError::Cannot(format!("signing: {fault}"));
    let data = sshsig::to_be_signed(message.as_bytes()).map_err(fault)?;
    let answer = ssh_agent::sign(key, &data).map_err(failed)?;
    sshsig::from_agent(&key.blob, &answer).map_err(fault)
}

/// Why a signature will not count, as far as the files on disk say.
fn doubt(
    records: &Records<'_>,
    allowed: Option<&AllowedSigners>,
    key: &SigningKey,
    name: &Signature,
) -> Option<String> {
    let path = &records.layout.signers;
    let user = &name.user;
    let line = format!("{user} namespaces=\"{}\" {}", sshsig::NAMESPACE, key.key);
    let Some(allowed) = allowed else {
        return Some(format!(
            "there is no {path}; the signature counts once the trusted revision has it with the line `{line}`"
        ));
    };
    let mut own = allowed.of_key(&key.key);
    let good = own.any(|signer| {
        !signer.is_authority
            && signer.is_for(sshsig::NAMESPACE)
            && signer.is_principal(user)
            && signer.is_valid(name.at)
    });
    (!good).then(|| format!("{path} does not allow this key to sign for {user}; a line that does: `{line}`"))
}
