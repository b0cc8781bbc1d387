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
    /// The packet; `None` for all calls together.
    pub packet: Option<String>,
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
    let mut together = Taken::default();
    for (call, packet) in calls {
        let cost = prices.cost(call.model.as_deref().unwrap_or_default(), &call.tokens);
        together.add(call, cost);
        if let Some(packet) = packet {
            all.entry(packet).or_default().add(call, cost);
        }
    }
    let level = if budgets.fails { "error" } else { "note" };
    let mut out = Vec::new();
    let judged = all.into_iter().map(|(packet, taken)| (Some(packet), taken, budgets.of(packet)));
    for (packet, taken, budget) in judged.chain([(None, together, budgets.total)]) {
        let shown =
            packet.map_or_else(|| "all calls together".to_owned(), |packet| to_single_line(packet, 60));
        let mut add = |message: String| {
            let packet = packet.map(str::to_owned);
            out.push(OverBudget { rule: RULE, code: CODE, level, packet, message });
        };
        if let Some(limit) = budget.tokens.filter(|limit| taken.tokens > *limit) {
            let quality = taken.quality.as_str();
            add(format!("{shown} took {} tokens ({quality}), more than the budget of {limit}", taken.tokens));
        }
        if let Some(limit) = budget.nano_usd.filter(|limit| taken.cost.0 > *limit) {
            let without = if taken.has_unpriced { ", without calls that have no price" } else { "" };
            let (cost, limit) = (taken.cost.to_text(), NanoUsd(limit).to_text());
            add(format!("{shown} took {cost} by list price{without}, more than the budget of {limit}"));
        }
    }
    out
}

impl Taken {
    fn add(&mut self, call: &ModelCall, cost: Option<NanoUsd>) {
        self.tokens = self.tokens.saturating_add(call.tokens.total());
        self.quality = self.quality.max(call.quality);
        match cost {
            Some(cost) => self.cost += cost,
            None => self.has_unpriced = true,
        }
    }
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
                "error WP-1-A took 1500000 tokens (measured), more than the budget of 1499999",
                "error WP-1-A took $25.00 by list price, without calls that have no price, more than the budget of $24.99",
            ]
        );
        let total = "usage: {total: {tokens: 10_500_009}}\n";
        assert_eq!(
            said(&calls, total),
            ["note all calls together took 10500010 tokens (measured), more than the budget of 10500009"]
        );
        // A packet can have its own.
        let own = "usage: {tokens: 5, packets: {WP-1-A: {tokens: 2000000}}}\n";
        assert_eq!(said(&calls, own), ["note WP-1-B took 10 tokens (measured), more than the budget of 5"]);
    }
}
