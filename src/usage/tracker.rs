//! Tokens by case and step, in the shapes of the token contract: a case is a packet, a step
//! is a model. Several threads may record.

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde::Serialize;

use super::tokens::NanoUsd;

/// Prices for a million tokens, in US cents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CostConfig {
    /// For tokens of prompts.
    pub input_cents: u64,
    /// For tokens of answers.
    pub output_cents: u64,
}

impl Default for CostConfig {
    /// 3 and 15 dollars, as the contract has it.
    fn default() -> Self {
        Self { input_cents: 300, output_cents: 1_500 }
    }
}

impl CostConfig {
    /// Reads dollars for a million tokens of prompts and of answers, such as `3/15` or
    /// `0.25/2`.
    #[must_use]
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let cents = |text: &str| -> Option<u64> {
            let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
            let is_number =
                |text: &str| !text.is_empty() && text.len() <= 6 && text.bytes().all(|b| b.is_ascii_digit());
            if !is_number(whole) || !is_number(part) || part.len() > 2 {
                return None;
            }
            let part: u64 = format!("{part:0<2}").parse().ok()?;
            Some(whole.parse::<u64>().ok()? * 100 + part)
        };
        let (input, output) = text.split_once('/')?;
        Some(Self { input_cents: cents(input)?, output_cents: cents(output)? })
    }

    fn cost(&self, prompt: u64, artifact: u64) -> NanoUsd {
        // A cent for a million tokens is ten billionths of a dollar for one.
        let part = |tokens: u64, cents: u64| u128::from(tokens) * u128::from(cents) * 10;
        NanoUsd(part(prompt, self.input_cents) + part(artifact, self.output_cents))
    }
}

/// One step of one case.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct TokenRecord {
    /// The case.
    pub case_id: String,
    /// The step.
    pub step: String,
    /// Size of the prompt in bytes; 0 if it is not known.
    pub prompt_bytes: u64,
    /// Size of the answer in bytes; 0 if it is not known.
    pub artifact_bytes: u64,
    /// Tokens of the prompt.
    pub prompt_tokens: u64,
    /// Tokens of the answer.
    pub artifact_tokens: u64,
    /// When it ended, RFC 3339.
    pub timestamp: String,
    /// How long it took, in milliseconds.
    pub wall_clock_ms: i64,
    /// Its price, if it is known; otherwise the configured prices count.
    #[serde(skip)]
    pub cost: Option<NanoUsd>,
}

/// Tokens of one case.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct CaseTokenSummary {
    /// Tokens of prompts.
    pub prompt_tokens: u64,
    /// Tokens of answers.
    pub artifact_tokens: u64,
    /// Both together.
    pub total_tokens: u64,
    /// Number of steps.
    pub steps: u64,
    /// Sum of the times of its steps, in milliseconds.
    pub wall_clock_ms: i64,
}

/// Tokens of one step over all cases.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct StepTokenSummary {
    /// Tokens of prompts.
    pub prompt_tokens: u64,
    /// Tokens of answers.
    pub artifact_tokens: u64,
    /// Both together.
    pub total_tokens: u64,
    /// How often it ran.
    pub invocations: u64,
}

/// Tokens of everything that was recorded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct TokenSummary {
    /// Tokens of prompts.
    pub total_prompt_tokens: u64,
    /// Tokens of answers.
    pub total_artifact_tokens: u64,
    /// Both together.
    pub total_tokens: u64,
    /// Cost in dollars, as text: numbers of money are not rounded by readers of JSON.
    pub total_cost_usd: String,
    /// By case.
    pub per_case: BTreeMap<String, CaseTokenSummary>,
    /// By step.
    pub per_step: BTreeMap<String, StepTokenSummary>,
    /// Number of records.
    pub total_steps: u64,
    /// Sum of all times, in milliseconds.
    pub total_wall_clock_ms: i64,
}

/// Collects records. Recording takes no more than adding a few numbers.
#[derive(Debug, Default)]
pub(crate) struct TokenTracker {
    prices: CostConfig,
    sums: Mutex<(TokenSummary, NanoUsd)>,
}

impl TokenTracker {
    /// A tracker with these prices.
    #[must_use]
    pub(crate) fn new(prices: CostConfig) -> Self {
        Self { prices, sums: Mutex::default() }
    }

    /// Adds a record.
    pub(crate) fn record(&self, record: TokenRecord) {
        let TokenRecord { case_id, step, prompt_tokens, artifact_tokens, wall_clock_ms, cost, .. } = record;
        // A panic of another thread leaves whole numbers behind.
        let mut sums = self.sums.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let (all, money) = &mut *sums;
        *money += cost.unwrap_or_else(|| self.prices.cost(prompt_tokens, artifact_tokens));
        add(&mut all.total_prompt_tokens, prompt_tokens);
        add(&mut all.total_artifact_tokens, artifact_tokens);
        add(&mut all.total_steps, 1);
        all.total_wall_clock_ms = all.total_wall_clock_ms.saturating_add(wall_clock_ms);
        let case = all.per_case.entry(case_id).or_default();
        add(&mut case.prompt_tokens, prompt_tokens);
        add(&mut case.artifact_tokens, artifact_tokens);
        case.total_tokens = case.prompt_tokens.saturating_add(case.artifact_tokens);
        add(&mut case.steps, 1);
        case.wall_clock_ms = case.wall_clock_ms.saturating_add(wall_clock_ms);
        let step = all.per_step.entry(step).or_default();
        add(&mut step.prompt_tokens, prompt_tokens);
        add(&mut step.artifact_tokens, artifact_tokens);
        step.total_tokens = step.prompt_tokens.saturating_add(step.artifact_tokens);
        add(&mut step.invocations, 1);
    }

    /// Returns the sums of all records.
    #[must_use]
    pub(crate) fn summary(&self) -> TokenSummary {
        let sums = self.sums.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let (all, money) = &*sums;
        TokenSummary {
            total_tokens: all.total_prompt_tokens.saturating_add(all.total_artifact_tokens),
            total_cost_usd: money.exact_text(),
            ..all.clone()
        }
    }
}

fn add(sum: &mut u64, more: u64) {
    *sum = sum.saturating_add(more);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(case: &str, step: &str, prompt: u64, artifact: u64) -> TokenRecord {
        TokenRecord {
            case_id: case.to_owned(),
            step: step.to_owned(),
            prompt_tokens: prompt,
            artifact_tokens: artifact,
            wall_clock_ms: 100,
            ..TokenRecord::default()
        }
    }

    #[test]
    fn ten_records_give_the_sums_of_the_contract() {
        let tracker = TokenTracker::default();
        let steps = ["F0", "F1", "F2", "F3", "F4"];
        for step in steps {
            tracker.record(record("C1", step, 1_500, 140));
            tracker.record(record("C2", step, 1_300, 140));
        }
        let sum = tracker.summary();
        assert_eq!(
            (sum.total_prompt_tokens, sum.total_artifact_tokens, sum.total_tokens),
            (14_000, 1_400, 15_400)
        );
        assert_eq!((sum.total_steps, sum.total_wall_clock_ms), (10, 1_000));
        assert_eq!((sum.per_case["C1"].prompt_tokens, sum.per_case["C2"].prompt_tokens), (7_500, 6_500));
        assert_eq!((sum.per_step.len(), sum.per_step["F0"].invocations), (5, 2));
        assert_eq!(sum.total_cost_usd, "0.063000000");
        assert_eq!(TokenTracker::default().summary().total_cost_usd, "0.000000000");
    }

    #[test]
    fn a_record_takes_less_than_a_millisecond() {
        let tracker = TokenTracker::default();
        let watch = crate::system::clock::Stopwatch::start();
        for number in 0..10_000u32 {
            tracker.record(record(&format!("C{}", number % 300), &format!("F{}", number % 9), 60, 40));
        }
        let milliseconds = watch.elapsed_milliseconds();
        eprintln!("10,000 records took {milliseconds} ms");
        assert!(milliseconds < 10_000, "{milliseconds} ms");
    }

    #[test]
    fn a_hundred_threads_lose_nothing() {
        let tracker = TokenTracker::default();
        std::thread::scope(|scope| {
            for number in 0..100 {
                let tracker = &tracker;
                scope.spawn(move || tracker.record(record(&format!("C{}", number % 7), "F0", 60, 40)));
            }
        });
        let sum = tracker.summary();
        assert_eq!((sum.total_steps, sum.total_tokens, sum.per_case.len()), (100, 10_000, 7));
        assert_eq!(sum.per_case.values().map(|case| case.total_tokens).sum::<u64>(), 10_000);
    }

    #[test]
    fn prices_are_read_to_the_cent() {
        let read =
            |text: &str| CostConfig::parse(text).map(|prices| (prices.input_cents, prices.output_cents));
        assert_eq!(read("3/15"), Some((300, 1_500)));
        assert_eq!(read("0.25/2.5"), Some((25, 250)));
        for wrong in ["", "3", "3/", "/15", "3/15/1", "-3/15", "3.125/15", "3,5/15", "a/b", "3e9/1"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn prices_can_be_set() {
        let tracker = TokenTracker::new(CostConfig { input_cents: 1_000, output_cents: 3_000 });
        tracker.record(record("C1", "F0", 1_000_000, 500_000));
        assert_eq!(tracker.summary().total_cost_usd, "25.000000000");
        tracker.record(TokenRecord { cost: Some(NanoUsd(1)), ..record("C1", "F0", 9, 9) });
        assert_eq!(tracker.summary().total_cost_usd, "25.000000001");
    }
}
