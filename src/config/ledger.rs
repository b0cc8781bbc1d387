//! Whether the ledger is used.

use crate::rule::ValueError;

use super::raw::Text;

/// Whether commands are recorded in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum LedgerMode {
    /// Nothing is recorded.
    Off,
    /// What can be recorded is; trouble changes no verdict.
    #[default]
    BestEffort,
    /// A command that cannot be recorded does not run.
    Required,
}

pub(super) fn validate_ledger(text: &Text) -> Result<LedgerMode, ValueError> {
    match text.value.as_str() {
        "off" => Ok(LedgerMode::Off),
        "best-effort" => Ok(LedgerMode::BestEffort),
        "required" => Ok(LedgerMode::Required),
        _ => Err(ValueError::keyword("value of `ledger`", text, vec!["off", "best-effort", "required"])),
    }
}
