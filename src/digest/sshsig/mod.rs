//! OpenSSH signatures (SSHSIG, as `ssh-keygen -Y sign` makes them).
//!
//! Only ed25519 keys (also those on a security token) are understood; for
//! others the tool says so and counts the signature as unverified.

#[cfg(feature = "ssh")]
mod keys;
#[cfg(not(feature = "ssh"))]
#[path = "none.rs"]
mod keys;

pub use keys::{armor_agent_signature, encode_for_signing, parse_supported_key, sign, verify};

/// The namespace of signed approvals. A signature for another purpose is none.
pub const NAMESPACE: &str = "countersign";

/// Why a signature does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SshSignatureError {
    /// The text is none.
    #[error("it is no OpenSSH signature: {0}")]
    Unreadable(String),
    /// It was made for another purpose.
    #[error("it was made for the namespace `{0}`, not for `{NAMESPACE}`")]
    WrongNamespace(String),
    /// Keys of this kind are not understood.
    #[error("it is by a key of the kind {0}; ed25519 keys can be verified here")]
    UnsupportedKey(String),
    /// It signs something else.
    #[error("it does not sign this text")]
    MessageMismatch,
}

/// The key that made a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// The public key as `allowed_signers` writes it: kind and base64.
    pub key: String,
    /// `SHA256:…`
    pub fingerprint: String,
}

/// Why a key cannot sign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SigningKeyError {
    /// The text is no private key.
    #[error("it is no OpenSSH private key: {0}")]
    Unreadable(String),
    /// It is the public half.
    #[error("it is the public key; name the private one, the file without `.pub`")]
    PublicKey,
    /// It needs a passphrase.
    #[error("it is protected by a passphrase; load it with `ssh-add` and use --ssh-key agent")]
    Encrypted,
    /// Keys of this kind do not sign here.
    #[error("it is of the kind {0}; only ed25519 keys sign here")]
    UnsupportedKey(String),
}
