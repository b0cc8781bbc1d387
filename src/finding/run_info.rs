//! What differs between two runs over the same state.

use super::assist_info::AssistInfo;
use super::ledger_info::LedgerInfo;

/// Values of a run that differ from run to run.
#[derive(Debug, Clone, Default)]
pub struct RunInfo {
    /// Start time, RFC 3339 UTC.
    pub started_at: String,
    /// Duration in milliseconds.
    pub milliseconds: u64,
    /// What the ledger knows; `None` if nothing is recorded.
    pub(crate) ledger: Option<LedgerInfo>,
    /// What a model remarks; `None` if none was asked.
    pub(crate) assist: Option<AssistInfo>,
}
