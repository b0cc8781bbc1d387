//! OpenSSH signatures (SSHSIG, as `ssh-keygen -Y sign` creates them).
//!
//! Only ed25519 keys are supported, also those on a security token. A signature
//! by another key type is an error and counts as unverified.

#[cfg(feature = "ssh")]
mod keys;
#[cfg(not(feature = "ssh"))]
#[path = "none.rs"]
mod keys;

#[cfg(feature = "ledger")]
pub(crate) use keys::sign_in;
pub(crate) use keys::{
    armor_agent_signature, encode_for_signing, parse_supported_key, sign, verify, verify_in,
};

/// Namespace of signed approvals. A signature for another namespace is refused.
pub(crate) const NAMESPACE: &str = "countersign";
/// Namespace of seals of the ledger.
#[cfg(feature = "ledger")]
pub(crate) const LEDGER_NAMESPACE: &str = "countersign-ledger";
/// Namespace of consents to send something to the cloud.
#[cfg(all(feature = "ledger", feature = "ssh", any(test, feature = "llm")))]
pub(crate) const CONSENT_NAMESPACE: &str = "countersign-consent";
/// Namespace of commits that git signs.
pub(crate) const GIT_NAMESPACE: &str = "git";

/// Reason why a signature is not valid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(not(feature = "ssh"), expect(dead_code, reason = "made by the feature `ssh` only"))]
pub(crate) enum SshSignatureError {
    /// The text is not a readable signature.
    #[error("it cannot be read as an OpenSSH signature: {0}")]
    Unreadable(String),
    /// It was made for another namespace.
    #[error("its namespace is `{found}`; expected `{expected}`")]
    WrongNamespace {
        /// The namespace of the signature, on one line.
        found: String,
        /// The namespace that it must have.
        expected: &'static str,
    },
    /// The key type is not supported.
    #[error("its key type {0} is not supported; only ed25519 keys can be verified")]
    UnsupportedKey(String),
    /// It was made over another text, or by another key.
    #[error("it does not match the signed text")]
    MessageMismatch,
}

/// The key that made a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SigningKey {
    /// The public key as `allowed_signers` writes it: type and base64 data.
    pub key: String,
    /// The key's fingerprint, `SHA256:…`.
    pub fingerprint: String,
    /// Whether the signature says that a person touched a security token.
    pub has_presence: bool,
}

/// Reason why a key cannot sign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(not(feature = "ssh"), expect(dead_code, reason = "made by the feature `ssh` only"))]
pub(crate) enum SigningKeyError {
    /// The text is not a usable private key.
    #[error("this cannot be used as an OpenSSH private key: {0}")]
    Unreadable(String),
    /// It is the public key of a key pair.
    #[error("this is a public key; name the private key, the file without `.pub`")]
    PublicKey,
    /// It needs a passphrase.
    #[error("this key is protected by a passphrase; load it with `ssh-add` and use `--ssh-key agent`")]
    Encrypted,
    /// The key type is not supported.
    #[error("the key type {0} is not supported; only ed25519 keys can sign")]
    UnsupportedKey(String),
}
