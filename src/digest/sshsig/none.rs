//! Replacement for a program without the feature `ssh`: no signature is valid.

use super::{SigningKey, SigningKeyError, SshSignatureError};

const WITHOUT: &str = "this program was built without the feature `ssh`";

/// Returns an error: signatures cannot be verified.
///
/// # Errors
/// Always.
pub(crate) fn verify(_: &str, _: &[u8]) -> Result<SigningKey, SshSignatureError> {
    Err(SshSignatureError::Unreadable(WITHOUT.to_owned()))
}

/// Returns an error: signatures are not supported.
///
/// # Errors
/// Always.
pub(crate) fn verify_in(_: &'static str, _: &str, _: &[u8]) -> Result<SigningKey, SshSignatureError> {
    Err(SshSignatureError::Unreadable(WITHOUT.to_owned()))
}

/// Returns an error: signing is not supported.
///
/// # Errors
/// Always.
pub(crate) fn sign(_: &[u8], _: &[u8]) -> Result<(String, SigningKey), SigningKeyError> {
    Err(SigningKeyError::Unreadable(WITHOUT.to_owned()))
}

/// Signs nothing: the feature `ssh` is off.
///
/// # Errors
/// Always.
#[cfg(feature = "ledger")]
pub(crate) fn sign_in(
    _: &'static str,
    private_key: &[u8],
    message: &[u8],
) -> Result<(String, SigningKey), SigningKeyError> {
    sign(private_key, message)
}

/// Returns an error: signing is not supported.
///
/// # Errors
/// Always.
pub(crate) fn encode_for_signing(_: &'static str, _: &[u8]) -> Result<Vec<u8>, SigningKeyError> {
    Err(SigningKeyError::Unreadable(WITHOUT.to_owned()))
}

/// Returns `None`: no key is supported.
#[must_use]
pub(crate) fn parse_supported_key(_: &[u8]) -> Option<SigningKey> {
    None
}

/// Returns an error: signing is not supported.
///
/// # Errors
/// Always.
pub(crate) fn armor_agent_signature(
    _: &'static str,
    _: &[u8],
    _: &[u8],
) -> Result<(String, SigningKey), SigningKeyError> {
    Err(SigningKeyError::Unreadable(WITHOUT.to_owned()))
}
