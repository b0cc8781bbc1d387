//! Packets whose calls took more than they may (`usage/over-budget`, HSK-402).

use std::collections::BTreeMap;

use serde::Serialize;

use crate::config::UsageBudgets;
use crate::text::to_single_line;

use super::price::PriceTable;
use super::tokens::{ModelCall, NanoUsd, Quality};

/// Rule of the remark.
const RULE: &str = "usage/over-budget";
/// Its code.
const CODE: &str = "HSK-402-BUDGET-EXCEEDED";

/// A packet over its budget.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct OverBudget {
    /// `usage/over-budget`.
    pub rule: &'static str,
    /// `HSK-402-BUDGET-EXCEEDED`.
    pub code: &'static str,
    /// `note` or `error`.
    pub level: &'static str,
    /// The packet.
    pub packet: String,
    /// What was found, in a sentence.
    pub message: String,
}

/// What the calls of one packet took.
#[derive(Debug, Clone, Copy, Default)]
struct Taken {
    tokens: u64,
    cost: NanoUsd,
    has_unpriced: bool,
    quality: Quality,
}

/// Returns the packets whose calls took more than they may. Calls without a price are in no
/// cost, and the message says so.
#[must_use]
pub(crate) fn over_budget(
    calls: &[(ModelCall, Option<String>)],
    budgets: &UsageBudgets,
    prices: &PriceTable,
) -> Vec<OverBudget> {
    let mut all: BTreeMap<&str, Taken> = BTreeMap::new();
    for (call, packet) in calls {
        let Some(packet) = packet else { continue };
        let taken = all.entry(packet).or_default();
        taken.tokens = taken.tokens.saturating_add(call.tokens.total());
        taken.quality = taken.quality.max(call.quality);
        match prices.cost(call.model.as_deref().unwrap_or_default(), &call.tokens) {
            Some(cost) => taken.cost += cost,
            None => taken.has_unpriced = true,
        }
    }
    let mut out = Vec::new();
    let level = if budgets.fails { "error" } else { "note" };
    for (packet, taken) in all {
        let budget = budgets.of(packet);
        let shown = to_single_line(packet, 60);
        let mut add = |message: String| {
            out.push(OverBudget { rule: RULE, code: CODE, level, packet: packet.to_owned(), message });
        };
        if let Some(limit) = budget.tokens.filter(|limit| taken.tokens > *limit) {
            let quality = taken.quality.as_str();
            add(format!("{shown} took {} tokens ({quality}), more than its {limit}", taken.tokens));
        }
        if let Some(limit) = budget.nano_usd.filter(|limit| taken.cost.0 > *limit) {
            let without = if taken.has_unpriced { ", without calls that have no price" } else { "" };
            let (cost, limit) = (taken.cost.to_text(), NanoUsd(limit).to_text());
            add(format!("{shown} took {cost} by list price{without}, more than its {limit}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::usage::tokens::{Agent, Tokens};

    fn call(model: &str, output: u64, packet: Option<&str>) -> (ModelCall, Option<String>) {
        let call = ModelCall {
            id: "a".to_owned(),
            agent: Agent::Claude,
            session: String::new(),
            at: "2026-03-01T10:00:00Z".to_owned(),
            model: Some(model.to_owned()),
            tokens: Tokens { output, ..Tokens::default() },
            quality: Quality::Measured,
            log: None,
            folder: String::new(),
            branch: None,
            is_sidechain: false,
            role: None,
            effort: None,
        };
        (call, packet.map(str::to_owned))
    }

    fn budgets(text: &str) -> UsageBudgets {
        crate::config::budgets_of(text)
    }

    fn said(calls: &[(ModelCall, Option<String>)], text: &str) -> Vec<String> {
        let found = over_budget(calls, &budgets(text), &PriceTable::default());
        found.into_iter().map(|over| format!("{} {}", over.level, over.message)).collect()
    }

    #[test]
    fn a_packet_over_its_budget_is_named() {
        let calls = [
            call("claude-opus-4-5", 1_000_000, Some("WP-1-A")),
            call("an-unknown-model", 500_000, Some("WP-1-A")),
            call("claude-opus-4-5", 10, Some("WP-1-B")),
            call("claude-opus-4-5", 9_000_000, None),
        ];
        assert!(said(&calls, "").is_empty());
        assert!(said(&calls, "usage: {tokens: 1_500_000, usd: 25}\n").is_empty(), "at the limit");
        let over = said(&calls, "usage: {tokens: 1499999, usd: 24.99, over_budget: error}\n");
        assert_eq!(
            over,
            [
                "error WP-1-A took 1500000 tokens (measured), more than its 1499999",
                "error WP-1-A took $25.00 by list price, without calls that have no price, more than its $24.99",
            ]
        );
        // A packet can have its own.
        let own = "usage: {tokens: 5, packets: {WP-1-A: {tokens: 2000000}}}\n";
        assert_eq!(said(&calls, own), ["note WP-1-B took 10 tokens (measured), more than its 5"]);
    }
}
