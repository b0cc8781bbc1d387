//! Prices of models. A model without a known price has none: it is listed, and never
//! counted as free or as another model.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::tokens::{NanoUsd, Tokens};
use super::tracker::CostConfig;

/// Day of the newest price in the program's own table.
pub(crate) const TABLE_DATE: &str = "2025-11-24";

/// A call with more input than this has the prices of long contexts, where there are any.
const LONG_CONTEXT_TOKENS: u64 = 200_000;

/// Prices for one token, in 10⁻¹² US dollars.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Rates {
    input: u64,
    output: u64,
    cache_read: u64,
    cache_write: u64,
    cache_write_1h: u64,
}

/// The prices of one model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ModelPrice {
    usual: Rates,
    long: Option<Rates>,
}

/// Input and output in cents for a million tokens. Anthropic's caches cost 0.1, 1.25 and 2
/// times the input.
const fn anthropic(input_cents: u64, output_cents: u64) -> Rates {
    // A cent for a million tokens is 10⁴ billionths of a millionth.
    let input = input_cents * 10_000;
    Rates {
        input,
        output: output_cents * 10_000,
        cache_read: input / 10,
        cache_write: input + input / 4,
        cache_write_1h: input * 2,
    }
}

/// Input, cached input and output in tenths of a cent for a million tokens. OpenAI asks
/// nothing for writing into a cache.
const fn openai(input: u64, cached: u64, output: u64) -> Rates {
    let input_rate = input * 1_000;
    Rates {
        input: input_rate,
        output: output * 1_000,
        cache_read: cached * 1_000,
        cache_write: input_rate,
        cache_write_1h: input_rate,
    }
}

/// List prices of the providers' interfaces, from their public price pages.
const TABLE: &[(&str, Rates, Option<Rates>)] = &[
    ("claude-opus-4-5", anthropic(500, 2_500), None),
    ("claude-opus-4-1", anthropic(1_500, 7_500), None),
    ("claude-opus-4", anthropic(1_500, 7_500), None),
    ("claude-sonnet-4-5", anthropic(300, 1_500), Some(anthropic(600, 2_250))),
    ("claude-sonnet-4", anthropic(300, 1_500), Some(anthropic(600, 2_250))),
    ("claude-3-7-sonnet", anthropic(300, 1_500), None),
    ("claude-3-5-sonnet", anthropic(300, 1_500), None),
    ("claude-haiku-4-5", anthropic(100, 500), None),
    ("claude-3-5-haiku", anthropic(80, 400), None),
    ("gpt-5.1", openai(1_250, 125, 10_000), None),
    ("gpt-5.1-codex", openai(1_250, 125, 10_000), None),
    ("gpt-5.1-codex-mini", openai(250, 25, 2_000), None),
    ("gpt-5", openai(1_250, 125, 10_000), None),
    ("gpt-5-codex", openai(1_250, 125, 10_000), None),
    ("gpt-5-mini", openai(250, 25, 2_000), None),
    ("gpt-5-nano", openai(50, 5, 400), None),
    ("gpt-4.1", openai(2_000, 500, 8_000), None),
    ("gpt-4.1-mini", openai(400, 100, 1_600), None),
    ("o3", openai(2_000, 500, 8_000), None),
    ("o4-mini", openai(1_100, 275, 4_400), None),
];

/// One model in a price map of LiteLLM: US dollars for one token. Other keys are ignored.
#[derive(Deserialize)]
struct MapEntry {
    input_cost_per_token: Option<f64>,
    output_cost_per_token: Option<f64>,
    cache_read_input_token_cost: Option<f64>,
    cache_creation_input_token_cost: Option<f64>,
    cache_creation_input_token_cost_above_1hr: Option<f64>,
    input_cost_per_token_above_200k_tokens: Option<f64>,
    output_cost_per_token_above_200k_tokens: Option<f64>,
    cache_read_input_token_cost_above_200k_tokens: Option<f64>,
    cache_creation_input_token_cost_above_200k_tokens: Option<f64>,
}

impl MapEntry {
    /// A price of the cache that the map lacks is that of the input: never free.
    fn price(&self) -> Option<ModelPrice> {
        let rate = |dollars: Option<f64>| dollars.and_then(to_rate);
        let (input, output) = (rate(self.input_cost_per_token)?, rate(self.output_cost_per_token)?);
        let cache_write = rate(self.cache_creation_input_token_cost).unwrap_or(input);
        let usual = Rates {
            input,
            output,
            cache_read: rate(self.cache_read_input_token_cost).unwrap_or(input),
            cache_write,
            // One hour costs twice the input where it is offered: never the price of five minutes.
            cache_write_1h: rate(self.cache_creation_input_token_cost_above_1hr)
                .unwrap_or(cache_write.max(input.saturating_mul(2))),
        };
        let long = rate(self.input_cost_per_token_above_200k_tokens).map(|input| {
            let cache_write = rate(self.cache_creation_input_token_cost_above_200k_tokens)
                .unwrap_or(usual.cache_write.max(input));
            Rates {
                input,
                output: rate(self.output_cost_per_token_above_200k_tokens).unwrap_or(usual.output),
                cache_read: rate(self.cache_read_input_token_cost_above_200k_tokens)
                    .unwrap_or(usual.cache_read.max(input / 10)),
                cache_write,
                cache_write_1h: usual.cache_write_1h.max(cache_write).max(input.saturating_mul(2)),
            }
        });
        Some(ModelPrice { usual, long })
    }
}

/// Dollars for one token as 10⁻¹² dollars; `None` for a price that is none.
fn to_rate(dollars: f64) -> Option<u64> {
    let rate = (dollars * 1e12).round();
    // A token for a dollar is a mistake.
    if !(0.0..=1e12).contains(&rate) {
        return None;
    }
    format!("{rate:.0}").parse().ok()
}

/// Why a file of prices cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PriceError {
    /// It is not JSON.
    #[error("it is not JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// It holds no price.
    #[error("it holds no price; expected a map of models as LiteLLM has it")]
    Empty,
}

/// Prices by model.
#[derive(Debug, Clone)]
pub(crate) struct PriceTable {
    /// Where the prices come from, in words.
    pub source: String,
    prices: BTreeMap<String, ModelPrice>,
    flat: Option<ModelPrice>,
}

impl Default for PriceTable {
    fn default() -> Self {
        let prices = TABLE
            .iter()
            .map(|(name, usual, long)| ((*name).to_owned(), ModelPrice { usual: *usual, long: *long }));
        Self {
            source: format!("the table of this program, {TABLE_DATE}"),
            prices: prices.collect(),
            flat: None,
        }
    }
}

impl PriceTable {
    /// One price for all models, whatever they are called.
    #[must_use]
    pub(crate) fn flat(prices: CostConfig) -> Self {
        // A cent for a million tokens is 10⁴ of the unit for one.
        let (input, output) = (prices.input_cents * 10_000, prices.output_cents * 10_000);
        let usual = Rates { input, output, cache_read: input, cache_write: input, cache_write_1h: input };
        let source = "one price for all models".to_owned();
        Self { source, prices: BTreeMap::new(), flat: Some(ModelPrice { usual, long: None }) }
    }

    /// Reads a price map of LiteLLM.
    ///
    /// # Errors
    /// It is not JSON, or holds no price.
    pub(crate) fn read(bytes: &[u8], source: String) -> Result<Self, PriceError> {
        let entries: BTreeMap<String, Value> = serde_json::from_slice(bytes)?;
        let mut prices = BTreeMap::new();
        for (name, entry) in entries {
            // A description of the format, not a model.
            if name == "sample_spec" {
                continue;
            }
            if let Some(price) = MapEntry::deserialize(entry).ok().and_then(|entry| entry.price()) {
                prices.insert(name, price);
            }
        }
        if prices.is_empty() { Err(PriceError::Empty) } else { Ok(Self { source, prices, flat: None }) }
    }

    /// Returns the list price of a call; `None` if the model has none.
    #[must_use]
    pub(crate) fn cost(&self, model: &str, tokens: &Tokens) -> Option<NanoUsd> {
        let price = self.find(model)?;
        let rates = match price.long {
            Some(long) if tokens.sent() > LONG_CONTEXT_TOKENS => long,
            _ => price.usual,
        };
        let parts = [
            (tokens.input, rates.input),
            (tokens.output, rates.output),
            (tokens.cache_read, rates.cache_read),
            (tokens.cache_write, rates.cache_write),
            (tokens.cache_write_1h, rates.cache_write_1h),
        ];
        let sum: u128 = parts.iter().map(|(count, rate)| u128::from(*count) * u128::from(*rate)).sum();
        Some(NanoUsd((sum + 500) / 1_000))
    }

    /// A model is found by its name, without its provider and without the day of its
    /// release. A model whose name only looks like it is another one.
    fn find(&self, model: &str) -> Option<ModelPrice> {
        if self.flat.is_some() {
            return self.flat;
        }
        let plain =
            ["anthropic/", "openai/"].iter().find_map(|start| model.strip_prefix(start)).unwrap_or(model);
        [model, plain, without_day(plain)].iter().find_map(|name| self.prices.get(*name).copied())
    }
}

/// `claude-sonnet-4-5-20250929` as `claude-sonnet-4-5`, `gpt-5-2025-08-07` as `gpt-5`.
fn without_day(model: &str) -> &str {
    let is_day = |text: &str| {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        digits.len() == 8 && digits.starts_with("20") && text.chars().all(|c| c.is_ascii_digit() || c == '-')
    };
    for length in [11, 9] {
        if let Some((name, day)) = model.len().checked_sub(length).and_then(|at| model.split_at_checked(at))
            && day.starts_with('-')
            && is_day(day)
        {
            return name;
        }
    }
    model.strip_suffix("-latest").unwrap_or(model)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLION: u64 = 1_000_000;

    fn cost(model: &str, tokens: Tokens) -> Option<String> {
        PriceTable::default().cost(model, &tokens).map(NanoUsd::to_text)
    }

    #[test]
    fn every_part_has_its_own_price() {
        let model = "claude-opus-4-5-20251101";
        let parts = [
            (Tokens { input: MILLION, ..Tokens::default() }, "$5.00"),
            (Tokens { output: MILLION, ..Tokens::default() }, "$25.00"),
            (Tokens { cache_read: MILLION, ..Tokens::default() }, "$0.50"),
            (Tokens { cache_write: MILLION, ..Tokens::default() }, "$6.25"),
            (Tokens { cache_write_1h: MILLION, ..Tokens::default() }, "$10.00"),
        ];
        for (tokens, expected) in parts {
            assert_eq!(cost(model, tokens).as_deref(), Some(expected), "{tokens:?}");
        }
        let tokens = Tokens { input: 100_000, cache_read: 50_000, output: 10_000, ..Tokens::default() };
        assert_eq!(cost("gpt-5-codex", tokens).as_deref(), Some("$0.23"));
    }

    #[test]
    fn a_long_context_has_its_own_price() {
        let short = Tokens { input: 200_000, ..Tokens::default() };
        let long = Tokens { input: 150_000, cache_read: 50_001, ..Tokens::default() };
        assert_eq!(cost("claude-sonnet-4-5", short).as_deref(), Some("$0.60"));
        assert_eq!(cost("claude-sonnet-4-5", long).as_deref(), Some("$0.93"));
    }

    #[test]
    fn a_model_that_only_looks_like_a_known_one_has_no_price() {
        let some = Tokens { input: 1_000, ..Tokens::default() };
        for known in [
            "claude-sonnet-4-5",
            "claude-sonnet-4-5-20250929",
            "anthropic/claude-sonnet-4-5",
            "gpt-5-2025-08-07",
        ] {
            assert!(cost(known, some).is_some(), "{known}");
        }
        for unknown in [
            "claude-sonnet-9",
            "claude-sonnet-4-5-turbo",
            "gpt-5-ultra",
            "GPT-5",
            "",
            "my/claude-sonnet-4-5",
            "gpt-5-12345678",
        ] {
            assert_eq!(cost(unknown, some), None, "{unknown}");
        }
    }

    #[test]
    fn a_map_of_prices_is_read() {
        let map = br#"{"sample_spec": {"input_cost_per_token": 1, "output_cost_per_token": 1},
            "m": {"input_cost_per_token": 3e-06, "output_cost_per_token": 1.5e-05, "cache_read_input_token_cost": 3e-07,
                  "cache_creation_input_token_cost": 3.75e-06, "cache_creation_input_token_cost_above_1hr": 6e-06,
                  "input_cost_per_token_above_200k_tokens": 6e-06, "new_key": [1]},
            "no-cache-price": {"input_cost_per_token": 2.5e-08, "output_cost_per_token": 1e-07},
            "image": {"output_cost_per_image": 0.04},
            "wrong": {"input_cost_per_token": 12.0, "output_cost_per_token": -1}}"#;
        let table = PriceTable::read(map, "a file".to_owned()).expect("read");
        let of = |model: &str, tokens: Tokens| table.cost(model, &tokens).map(NanoUsd::to_text);
        assert_eq!(
            of("m", Tokens { cache_write_1h: MILLION / 10, ..Tokens::default() }).as_deref(),
            Some("$0.60")
        );
        assert_eq!(of("m", Tokens { input: MILLION, ..Tokens::default() }).as_deref(), Some("$6.00"));
        assert_eq!(
            of("no-cache-price", Tokens { cache_read: MILLION, ..Tokens::default() }).as_deref(),
            Some("$0.0250")
        );
        for none in ["sample_spec", "image", "wrong", "claude-opus-4-5"] {
            assert_eq!(of(none, Tokens::default()), None, "{none}");
        }
        assert!(matches!(PriceTable::read(b"{}", String::new()), Err(PriceError::Empty)));
        assert!(matches!(PriceTable::read(b"[", String::new()), Err(PriceError::Json(_))));
    }
}
