//! A program without the feature `ssh`: no signature holds.

use super::{KeyFault, SigningKey, SshFault};

const WITHOUT: &str = "this program was built without the feature `ssh`";

/// Never holds.
///
/// # Errors
/// Always.
pub fn verify(_: &str, _: &[u8]) -> Result<SigningKey, SshFault> {
    Err(SshFault::Unreadable(WITHOUT.to_owned()))
}

/// Never signs.
///
/// # Errors
/// Always.
pub fn sign(_: &[u8], _: &[u8]) -> Result<(String, SigningKey), KeyFault> {
    Err(KeyFault::Unreadable(WITHOUT.to_owned()))
}

/// Never signs.
///
/// # Errors
/// Always.
pub fn to_be_signed(_: &[u8]) -> Result<Vec<u8>, KeyFault> {
    Err(KeyFault::Unreadable(WITHOUT.to_owned()))
}

/// No key can sign.
#[must_use]
pub fn usable(_: &[u8]) -> Option<SigningKey> {
    None
}

/// Never signs.
///
/// # Errors
/// Always.
pub fn from_agent(_: &[u8], _: &[u8]) -> Result<(String, SigningKey), KeyFault> {
    Err(KeyFault::Unreadable(WITHOUT.to_owned()))
}
