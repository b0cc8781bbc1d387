//! Output of `usage`.

use serde::Serialize;

use crate::text::{escape_hidden, to_single_line};
use crate::usage::{
    GroupKey, NanoUsd, OverBudget, PriceTable, Quality, Tokens, UsageClaim, UsageRow, UsageSummary,
};

use super::listing::align;

/// Name and version of the format.
const SCHEMA: &str = "countersign.usage/v1";
/// Width of the longest bar.
const BAR: u128 = 20;

/// Usage as a JSON document. Money is text with all digits.
#[derive(Debug, Serialize)]
pub(crate) struct UsageDocument<'a> {
    schema: &'static str,
    by: &'static str,
    /// The meaning of the costs.
    cost_is: &'static str,
    prices: &'a str,
    rows: Vec<UsageRowDocument<'a>>,
    total: UsageRowDocument<'a>,
    /// Models without a price, with their tokens; they are in no cost.
    without_price: &'a std::collections::BTreeMap<String, u64>,
    /// Packets whose calls took more than the configuration allows.
    over_budget: &'a [OverBudget],
    /// What the packet claims about who worked, beside what the logs say.
    claims: &'a [UsageClaim],
}

#[derive(Debug, Serialize)]
struct UsageRowDocument<'a> {
    key: Option<&'a str>,
    calls: u64,
    tokens: Tokens,
    total_tokens: u64,
    /// Null if no call has a price.
    cost_usd: Option<String>,
    calls_without_price: u64,
    quality: &'static str,
}

/// What a cost is.
const COST_IS: &str = "API list price equivalent";

fn name_of(by: GroupKey) -> &'static str {
    match by {
        GroupKey::Packet => "packet",
        GroupKey::Model => "model",
        GroupKey::Session => "session",
        GroupKey::Day => "day",
        GroupKey::Role => "role",
        GroupKey::Step => "step",
        GroupKey::Agent => "agent",
    }
}

fn to_row(row: &UsageRow) -> UsageRowDocument<'_> {
    UsageRowDocument {
        key: row.key.as_deref(),
        calls: row.calls,
        tokens: row.tokens,
        total_tokens: row.tokens.total(),
        cost_usd: (row.calls > row.without_price).then(|| row.cost.exact_text()),
        calls_without_price: row.without_price,
        quality: row.quality.as_str(),
    }
}

/// Converts usage to its JSON document.
#[must_use]
pub(crate) fn usage_document<'a>(
    summary: &'a UsageSummary,
    by: GroupKey,
    prices: &'a PriceTable,
    (over_budget, claims): (&'a [OverBudget], &'a [UsageClaim]),
) -> UsageDocument<'a> {
    UsageDocument {
        schema: SCHEMA,
        by: name_of(by),
        cost_is: COST_IS,
        prices: &prices.source,
        rows: summary.rows.iter().map(to_row).collect(),
        total: to_row(&summary.total),
        without_price: &summary.without_price,
        over_budget,
        claims,
    }
}

/// Renders usage as a table.
#[must_use]
pub(crate) fn render_usage(summary: &UsageSummary, by: GroupKey, prices: &PriceTable) -> String {
    let nothing = match by {
        GroupKey::Packet => "(no packet)",
        _ => "(unknown)",
    };
    let most = summary.rows.iter().map(|row| row.cost).max().unwrap_or_default();
    let cells = |row: &UsageRow, key: &str| {
        [
            to_single_line(key, 60),
            grouped(row.calls),
            grouped(row.tokens.input),
            grouped(row.tokens.cache_read),
            grouped(row.tokens.cache_write.saturating_add(row.tokens.cache_write_1h)),
            grouped(row.tokens.output),
            cost(row),
            quality(row.quality).to_owned(),
            if by == GroupKey::Day { bar(row.cost, most) } else { String::new() },
        ]
    };
    let title = name_of(by).to_uppercase();
    let header = [&title, "CALLS", "INPUT", "CACHE READ", "CACHE WRITE", "OUTPUT", "COST", "COUNT IS", ""];
    let mut rows: Vec<[String; 9]> = vec![header.map(str::to_owned)];
    rows.extend(summary.rows.iter().map(|row| cells(row, row.key.as_deref().unwrap_or(nothing))));
    rows.push(cells(&summary.total, "total"));
    let mut out = align(&rows);
    out.push_str(&format!(
        "\nCost is the {COST_IS}, by {}; subscriptions do not bill by token.\n",
        to_single_line(&prices.source, 120)
    ));
    for (model, tokens) in &summary.without_price {
        let model = to_single_line(model, 60);
        out.push_str(&format!(
            "No price is known for {model}: {} tokens are in no cost.\n",
            grouped(*tokens)
        ));
    }
    escape_hidden(&out).into_owned()
}

fn cost(row: &UsageRow) -> String {
    match (row.calls, row.without_price) {
        (calls, without) if calls > 0 && calls == without => "no price".to_owned(),
        (_, 0) => row.cost.to_text(),
        _ => format!("{}+", row.cost.to_text()),
    }
}

fn quality(quality: Quality) -> &'static str {
    match quality {
        Quality::Measured => "measured",
        Quality::LowerBound => "at least",
        Quality::Estimated => "estimated",
        Quality::Mock => "mock",
    }
}

fn bar(cost: NanoUsd, most: NanoUsd) -> String {
    let width = (cost.0 * BAR).checked_div(most.0).unwrap_or(0);
    "#".repeat(usize::try_from(width).unwrap_or(0))
}

/// A number with a comma between thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Renders budgets that were exceeded, and claims beside what the logs say.
#[must_use]
pub(crate) fn render_remarks(over_budget: &[OverBudget], claims: &[UsageClaim]) -> String {
    let mut out = String::new();
    for over in over_budget {
        out.push_str(&format!("{}[{}]: {} ({})\n", over.level, over.rule, over.message, over.code));
    }
    for claim in claims {
        let seen = to_single_line(&claim.seen.join(", "), 200);
        let verdict = if claim.agrees { "agrees with" } else { "differs from" };
        out.push_str(&format!(
            "note[usage/claim]: {} `{}` {verdict} {}: {seen}\n",
            to_single_line(&claim.field, 60),
            claim.claimed,
            claim.source
        ));
    }
    escape_hidden(&out).into_owned()
}

#[cfg(test)]
mod tests {
    #[test]
    fn thousands_are_separated() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(super::grouped(number), text);
        }
    }
}
