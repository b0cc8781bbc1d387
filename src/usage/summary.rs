//! Sums of calls, by packet, model, session, day, agent, role or step.

use std::collections::BTreeMap;

use super::price::PriceTable;
use super::tokens::{ModelCall, NanoUsd, Quality, Tokens};

/// What rows are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GroupKey {
    /// The packet.
    Packet,
    /// The model.
    Model,
    /// The session.
    Session,
    /// The day, in UTC.
    Day,
    /// The agent.
    Agent,
    /// The role for which the model was asked.
    Role,
    /// What the call was part of: a role, an agent itself, or an agent of an agent.
    Step,
}

/// The sum of some calls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct UsageRow {
    /// What its calls have in common; `None` for calls without it.
    pub key: Option<String>,
    /// Number of calls.
    pub calls: u64,
    /// Their tokens.
    pub tokens: Tokens,
    /// Their list price, without calls of models that have none.
    pub cost: NanoUsd,
    /// Number of calls without a price.
    pub without_price: u64,
    /// How well the tokens are known.
    pub quality: Quality,
}

impl UsageRow {
    fn add(&mut self, call: &ModelCall, cost: Option<NanoUsd>) {
        self.calls += 1;
        self.tokens += call.tokens;
        self.quality = self.quality.max(call.quality);
        match cost {
            Some(cost) => self.cost += cost,
            None => self.without_price += 1,
        }
    }
}

/// Rows and their sum.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct UsageSummary {
    /// By the wanted key; calls without it come last.
    pub rows: Vec<UsageRow>,
    /// Everything.
    pub total: UsageRow,
    /// Models without a price, with their tokens.
    pub without_price: BTreeMap<String, u64>,
}

/// A call with its packet.
pub(crate) type AttributedCall = (ModelCall, Option<String>);

/// Sums calls.
#[must_use]
pub(crate) fn summarize(calls: &[AttributedCall], by: GroupKey, prices: &PriceTable) -> UsageSummary {
    let mut rows: BTreeMap<(bool, Option<String>), UsageRow> = BTreeMap::new();
    let mut summary = UsageSummary::default();
    for (call, packet) in calls {
        let key = match by {
            GroupKey::Packet => packet.clone(),
            GroupKey::Model => call.model.clone(),
            GroupKey::Session => (!call.session.is_empty()).then(|| call.session.clone()),
            GroupKey::Day => call.at.get(..10).map(str::to_owned),
            GroupKey::Role => call.role.clone(),
            GroupKey::Step => {
                let of_agent = if call.is_sidechain { "subagent" } else { "agent" };
                Some(call.role.clone().unwrap_or_else(|| of_agent.to_owned()))
            }
            GroupKey::Agent => Some(call.agent.as_str().to_owned()),
        };
        let cost = prices.cost(call.model.as_deref().unwrap_or_default(), &call.tokens);
        if cost.is_none() {
            let model = call.model.clone().unwrap_or_else(|| "a model that the log does not name".to_owned());
            let sum = summary.without_price.entry(model).or_default();
            *sum = sum.saturating_add(call.tokens.total());
        }
        let row = rows
            .entry((key.is_none(), key.clone()))
            .or_insert_with(|| UsageRow { key, ..UsageRow::default() });
        row.add(call, cost);
        summary.total.add(call, cost);
    }
    summary.rows = rows.into_values().collect();
    summary
}
