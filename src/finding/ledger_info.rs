//! What the ledger adds to a report.

/// What the ledger knows about a run. None of it is a finding.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LedgerInfo {
    /// Id of the job that was recorded.
    pub job: Option<String>,
    /// Why nothing was recorded.
    pub trouble: Option<String>,
    /// Why the evidence of this run cannot be trusted.
    pub untrusted: Option<String>,
    /// Earlier runs of the packet whose evidence cannot be trusted: job, time, reason.
    pub untrusted_jobs: Vec<(String, String, String)>,
    /// Calls of models that are known for the packet: number, tokens sent, tokens received.
    pub model_calls: (u64, u64, u64),
    /// What the calls for the packet took more than they may, as sentences.
    pub over_budget: Vec<String>,
    /// Whether one of these numbers is only a lower bound.
    pub is_lower_bound: bool,
}
