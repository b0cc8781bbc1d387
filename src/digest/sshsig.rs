//! OpenSSH signatures (SSHSIG, as `ssh-keygen -Y sign` makes them).
//!
//! Only ed25519 keys (also those on a security token) are understood; for
//! others the tool says so and counts the signature as unverified.

use ssh_key::{HashAlg, PrivateKey, PublicKey, Signature, SshSig, public::KeyData};

/// The namespace of signed approvals. A signature for another purpose is none.
pub const NAMESPACE: &str = "countersign";

/// Why a signature does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SshFault {
    /// The text is none.
    #[error("it is no OpenSSH signature: {0}")]
    Unreadable(String),
    /// It was made for another purpose.
    #[error("it was made for the namespace `{0}`, not for `{NAMESPACE}`")]
    Namespace(String),
    /// Keys of this kind are not understood.
    #[error("it is by a key of the kind {0}; ed25519 keys can be verified here")]
    Kind(String),
    /// It signs something else.
    #[error("it does not sign this text")]
    Wrong,
}

/// The key that made a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// The public key as `allowed_signers` writes it: kind and base64.
    pub key: String,
    /// `SHA256:…`
    pub fingerprint: String,
}

impl SigningKey {
    fn of(data: &KeyData) -> Result<Self, SshFault> {
        let key = PublicKey::from(data.clone());
        let text = key.to_openssh().map_err(|error| SshFault::Unreadable(error.to_string()))?;
        let words: Vec<&str> = text.split_whitespace().take(2).collect();
        Ok(Self { key: words.join(" "), fingerprint: key.fingerprint(HashAlg::Sha256).to_string() })
    }
}

/// Verifies an armored signature over a message, and gives the key that made
/// it. Whether that key may sign is another question.
///
/// # Errors
/// It does not hold.
pub fn verify(armored: &str, message: &[u8]) -> Result<SigningKey, SshFault> {
    let text = armored.trim().replace("\r\n", "\n") + "\n";
    let signature = SshSig::from_pem(&text).map_err(|error| SshFault::Unreadable(error.to_string()))?;
    if signature.namespace() != NAMESPACE {
        return Err(SshFault::Namespace(crate::text::one_line(signature.namespace(), 60)));
    }
    let data = signature.public_key();
    if !matches!(data, KeyData::Ed25519(_) | KeyData::SkEd25519(_)) {
        return Err(SshFault::Kind(data.algorithm().to_string()));
    }
    let key = PublicKey::from(data.clone());
    key.verify(NAMESPACE, message, &signature).map_err(|_| SshFault::Wrong)?;
    SigningKey::of(data)
}

/// Why a key cannot sign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// The text is no private key.
    #[error("it is no OpenSSH private key: {0}")]
    Unreadable(String),
    /// It needs a passphrase.
    #[error("it is protected by a passphrase; load it with `ssh-add` and use --ssh-key agent")]
    Encrypted,
    /// Keys of this kind do not sign here.
    #[error("it is of the kind {0}; only ed25519 keys sign here")]
    Kind(String),
}

/// Signs a message with a private key in OpenSSH's form, and gives the armored
/// signature with its key.
///
/// # Errors
/// The key cannot sign.
pub fn sign(private_key: &[u8], message: &[u8]) -> Result<(String, SigningKey), KeyFault> {
    let unreadable = |error: ssh_key::Error| KeyFault::Unreadable(error.to_string());
    let key = PrivateKey::from_openssh(private_key).map_err(unreadable)?;
    if key.is_encrypted() {
        return Err(KeyFault::Encrypted);
    }
    if !matches!(key.public_key().key_data(), KeyData::Ed25519(_)) {
        return Err(KeyFault::Kind(key.algorithm().to_string()));
    }
    let signature = key.sign(NAMESPACE, HashAlg::Sha512, message).map_err(unreadable)?;
    armored(&signature)
}

fn armored(signature: &SshSig) -> Result<(String, SigningKey), KeyFault> {
    let text =
        signature.to_pem(ssh_key::LineEnding::LF).map_err(|error| KeyFault::Unreadable(error.to_string()))?;
    let key =
        SigningKey::of(signature.public_key()).map_err(|fault| KeyFault::Unreadable(fault.to_string()))?;
    Ok((format!("{}\n", text.trim_end()), key))
}

/// What a key must sign for a message, for keys that another program holds.
///
/// # Errors
/// The message cannot be encoded.
pub fn to_be_signed(message: &[u8]) -> Result<Vec<u8>, KeyFault> {
    SshSig::signed_data(NAMESPACE, HashAlg::Sha512, message)
        .map_err(|error| KeyFault::Unreadable(error.to_string()))
}

/// The public key in an agent's answer, if it can sign here.
#[must_use]
pub fn usable(blob: &[u8]) -> Option<SigningKey> {
    let key = PublicKey::from_bytes(blob).ok()?;
    let data = key.key_data();
    matches!(data, KeyData::Ed25519(_)).then(|| SigningKey::of(data).ok()).flatten()
}

/// The armored signature over what [`to_be_signed`] gave, from an agent's
/// answer.
///
/// # Errors
/// The answer is no signature.
pub fn from_agent(key: &[u8], signature: &[u8]) -> Result<(String, SigningKey), KeyFault> {
    let unreadable = |error: ssh_key::Error| KeyFault::Unreadable(error.to_string());
    let key = PublicKey::from_bytes(key).map_err(unreadable)?;
    let signature = Signature::try_from(signature).map_err(unreadable)?;
    let whole =
        SshSig::new(key.key_data().clone(), NAMESPACE, HashAlg::Sha512, signature).map_err(unreadable)?;
    armored(&whole)
}
