//! What calls of models for a packet may take.

use std::collections::BTreeMap;

use crate::rule::ValueError;

use super::raw::{RawBudget, RawUsageBudgets};

/// What the calls for one packet may take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct UsageBudget {
    /// Tokens, sent and received.
    pub tokens: Option<u64>,
    /// List price, in billionths of a US dollar.
    pub nano_usd: Option<u128>,
}

/// Budgets of all packets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct UsageBudgets {
    each: UsageBudget,
    packets: BTreeMap<String, UsageBudget>,
    /// What all calls together may take.
    pub total: UsageBudget,
    /// Whether `usage` fails if a packet is over its budget; otherwise it is a note.
    pub fails: bool,
}

impl UsageBudgets {
    /// Returns the packets that have a budget of their own.
    #[cfg(feature = "ledger")]
    pub(crate) fn packets(&self) -> impl Iterator<Item = &str> {
        self.packets.keys().map(String::as_str)
    }

    /// Returns the budget of a packet: its own values, then those of each packet.
    #[cfg_attr(not(feature = "ledger"), expect(dead_code, reason = "nothing is known without a ledger"))]
    #[must_use]
    pub(crate) fn of(&self, packet: &str) -> UsageBudget {
        let own = self.packets.get(packet).copied().unwrap_or_default();
        UsageBudget { tokens: own.tokens.or(self.each.tokens), nano_usd: own.nano_usd.or(self.each.nano_usd) }
    }
}

/// Checks the key `usage`.
pub(super) fn validate_usage(raw: RawUsageBudgets) -> Result<UsageBudgets, ValueError> {
    let each = validate_budget(&RawBudget { tokens: raw.tokens, usd: raw.usd })?;
    let total = validate_budget(&raw.total)?;
    let mut packets = BTreeMap::new();
    for (packet, budget) in &raw.packets.0 {
        packets.insert(packet.value.clone(), validate_budget(budget)?);
    }
    let fails = match raw.over_budget.as_ref().map(|text| (text, text.value.as_str())) {
        None | Some((_, "note")) => false,
        Some((_, "error")) => true,
        Some((text, _)) => {
            return Err(ValueError::keyword("value of `over_budget`", text, vec!["note", "error"]));
        }
    };
    Ok(UsageBudgets { each, packets, total, fails })
}

fn validate_budget(raw: &RawBudget) -> Result<UsageBudget, ValueError> {
    let tokens = raw.tokens.as_ref().map(|text| {
        let plain = text.value.replace('_', "");
        let expected = "a whole number above 0, such as 2000000 or 2_000_000";
        plain
            .parse()
            .ok()
            .filter(|count| *count > 0)
            .ok_or_else(|| ValueError::form("number of tokens", text, expected))
    });
    let nano_usd = raw.usd.as_ref().map(|text| {
        let expected = "US dollars with at most two digits behind the point, such as 25 or 2.50";
        parse_usd(&text.value).ok_or_else(|| ValueError::form("amount", text, expected))
    });
    Ok(UsageBudget { tokens: tokens.transpose()?, nano_usd: nano_usd.transpose()? })
}

/// Reads dollars as billionths.
fn parse_usd(text: &str) -> Option<u128> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let is_number =
        |text: &str| !text.is_empty() && text.len() <= 12 && text.bytes().all(|b| b.is_ascii_digit());
    if !is_number(whole) || !is_number(part) || part.len() > 2 {
        return None;
    }
    let cents: u128 = format!("{part:0<2}").parse().ok()?;
    let all = whole.parse::<u128>().ok()?.checked_mul(100)?.checked_add(cents)?;
    (all > 0).then_some(all * 10_000_000)
}
