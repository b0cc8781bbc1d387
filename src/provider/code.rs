//! Codes of errors, with the names of the provider contract (section 4.2.3 of its
//! specification).

/// The address of a server cannot be used.
pub(crate) const INVALID_BASE_URL: &str = "HSK-400-INVALID-BASE-URL";
/// More tokens than were allowed.
pub(crate) const BUDGET_EXCEEDED: &str = "HSK-402-BUDGET-EXCEEDED";
/// The address of a server is of the wrong kind.
pub(crate) const SSRF_BLOCKED: &str = "HSK-403-SSRF-BLOCKED";
/// The user's configuration locks the cloud.
pub(crate) const GOVERNANCE_LOCKED: &str = "HSK-403-GOVERNANCE-LOCKED";
/// A configuration denies the cloud.
pub(crate) const ESCALATION_DENIED: &str = "HSK-403-CLOUD-ESCALATION-DENIED";
/// The cloud needs a consent, and there is none.
pub(crate) const CONSENT_REQUIRED: &str = "HSK-403-CLOUD-CONSENT-REQUIRED";
/// The consent is not one for this request.
pub(crate) const CONSENT_MISMATCH: &str = "HSK-403-CLOUD-CONSENT-MISMATCH";
/// The server refuses because of its limit.
pub(crate) const RATE_LIMIT: &str = "HSK-429-RATE-LIMIT";
/// The server did not answer as it should.
pub(crate) const PROVIDER_ERROR: &str = "HSK-500-LLM";
