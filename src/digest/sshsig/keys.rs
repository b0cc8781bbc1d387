//! Creation and verification of signatures by OpenSSH keys.

use ssh_key::{HashAlg, PrivateKey, PublicKey, Signature, SshSig, public::KeyData};

use super::{NAMESPACE, SigningKey, SigningKeyError, SshSignatureError};

impl SigningKey {
    fn from_key_data(data: &KeyData) -> Result<Self, SshSignatureError> {
        let key = PublicKey::from(data.clone());
        let text = key.to_openssh().map_err(|error| SshSignatureError::Unreadable(error.to_string()))?;
        let words: Vec<&str> = text.split_whitespace().take(2).collect();
        let fingerprint = key.fingerprint(HashAlg::Sha256).to_string();
        Ok(Self { key: words.join(" "), fingerprint, has_presence: false })
    }
}

/// Verifies an armored signature over a message, and returns the key that made
/// it. The caller checks whether that key may sign.
///
/// # Errors
/// The signature is not valid for this message.
pub(crate) fn verify(armored: &str, message: &[u8]) -> Result<SigningKey, SshSignatureError> {
    verify_in(NAMESPACE, armored, message)
}

/// Verifies an armored signature of a message for a namespace, and returns its key.
///
/// # Errors
/// The signature is not valid.
pub(crate) fn verify_in(
    namespace: &'static str,
    armored: &str,
    message: &[u8],
) -> Result<SigningKey, SshSignatureError> {
    let text = armored.trim().replace("\r\n", "\n") + "\n";
    let signature =
        SshSig::from_pem(&text).map_err(|error| SshSignatureError::Unreadable(error.to_string()))?;
    if signature.namespace() != namespace {
        let found = crate::text::to_single_line(signature.namespace(), 60);
        return Err(SshSignatureError::WrongNamespace { found, expected: namespace });
    }
    let data = signature.public_key();
    if !matches!(data, KeyData::Ed25519(_) | KeyData::SkEd25519(_)) {
        return Err(SshSignatureError::UnsupportedKey(data.algorithm().to_string()));
    }
    let key = PublicKey::from(data.clone());
    key.verify(namespace, message, &signature).map_err(|_| SshSignatureError::MessageMismatch)?;
    // A security token signs its flags after the 64 bytes of the signature; the first bit
    // is the presence of a person.
    let flags = signature.signature().as_bytes().get(64).copied().unwrap_or_default();
    let has_presence = matches!(data, KeyData::SkEd25519(_)) && flags & 1 == 1;
    Ok(SigningKey { has_presence, ..SigningKey::from_key_data(data)? })
}

/// Signs a message with a private key in OpenSSH's format, and returns the
/// armored signature with its key.
///
/// # Errors
/// The key cannot sign.
pub(crate) fn sign(private_key: &[u8], message: &[u8]) -> Result<(String, SigningKey), SigningKeyError> {
    sign_in(NAMESPACE, private_key, message)
}

/// Signs a message for a namespace, as [`sign`] does.
///
/// # Errors
/// The key cannot sign.
pub(crate) fn sign_in(
    namespace: &'static str,
    private_key: &[u8],
    message: &[u8],
) -> Result<(String, SigningKey), SigningKeyError> {
    let unreadable = |error: ssh_key::Error| SigningKeyError::Unreadable(error.to_string());
    let is_public = private_key.starts_with(b"ssh-") || private_key.starts_with(b"ecdsa-");
    if is_public {
        return Err(SigningKeyError::PublicKey);
    }
    let key = PrivateKey::from_openssh(private_key).map_err(unreadable)?;
    if key.is_encrypted() {
        return Err(SigningKeyError::Encrypted);
    }
    if !matches!(key.public_key().key_data(), KeyData::Ed25519(_)) {
        return Err(SigningKeyError::UnsupportedKey(key.algorithm().to_string()));
    }
    let signature = key.sign(namespace, HashAlg::Sha512, message).map_err(unreadable)?;
    encode_armored(&signature)
}

fn encode_armored(signature: &SshSig) -> Result<(String, SigningKey), SigningKeyError> {
    let text = signature
        .to_pem(ssh_key::LineEnding::LF)
        .map_err(|error| SigningKeyError::Unreadable(error.to_string()))?;
    let key = SigningKey::from_key_data(signature.public_key())
        .map_err(|fault| SigningKeyError::Unreadable(fault.to_string()))?;
    Ok((format!("{}\n", text.trim_end()), key))
}

/// Returns the bytes that a key must sign for a message. For keys in another
/// program, such as an SSH agent.
///
/// # Errors
/// The message cannot be encoded.
pub(crate) fn encode_for_signing(
    namespace: &'static str,
    message: &[u8],
) -> Result<Vec<u8>, SigningKeyError> {
    SshSig::signed_data(namespace, HashAlg::Sha512, message)
        .map_err(|error| SigningKeyError::Unreadable(error.to_string()))
}

/// Reads the public key in an agent's response; `None` if its type is not
/// supported.
#[must_use]
pub(crate) fn parse_supported_key(blob: &[u8]) -> Option<SigningKey> {
    let key = PublicKey::from_bytes(blob).ok()?;
    let data = key.key_data();
    matches!(data, KeyData::Ed25519(_)).then(|| SigningKey::from_key_data(data).ok()).flatten()
}

/// Builds the armored signature from an agent's response, which signs the bytes
/// of [`encode_for_signing`].
///
/// # Errors
/// The response is not a signature.
pub(crate) fn armor_agent_signature(
    namespace: &'static str,
    key: &[u8],
    signature: &[u8],
) -> Result<(String, SigningKey), SigningKeyError> {
    let unreadable = |error: ssh_key::Error| SigningKeyError::Unreadable(error.to_string());
    let key = PublicKey::from_bytes(key).map_err(unreadable)?;
    let signature = Signature::try_from(signature).map_err(unreadable)?;
    let ssh_signature =
        SshSig::new(key.key_data().clone(), namespace, HashAlg::Sha512, signature).map_err(unreadable)?;
    encode_armored(&ssh_signature)
}
