//! What calls of models cost, read from the logs of coding agents. Only numbers are read:
//! the text of a conversation is never kept.

mod attribution;
mod budget;
mod ccusage;
mod claims;
mod claude;
mod codex;
mod collect;
mod lines;
mod price;
mod summary;
mod tokens;
mod tracker;

#[cfg(test)]
mod tests;

pub(crate) use attribution::{KnownTree, KnownWork, PreparedWork};
pub(crate) use budget::{OverBudget, over_budget};
pub(crate) use ccusage::{SESSION_PREFIX, is_project, read_sessions};
pub(crate) use claims::{
    AGENT_FIELDS, EFFORT_FIELDS, MODEL_FIELDS, START_FIELDS, UsageClaim, compare_claims,
};
pub(crate) use collect::{LogRoots, find_logs, read_logs};
pub(crate) use price::PriceTable;
pub(crate) use summary::{GroupKey, UsageRow, UsageSummary, summarize};
pub(crate) use tokens::{Agent, ModelCall, NanoUsd, Quality, Tokens};
pub(crate) use tracker::{CostConfig, TokenRecord, TokenSummary, TokenTracker};
