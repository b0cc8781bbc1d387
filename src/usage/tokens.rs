//! Numbers of tokens, how well they are known, and money.

use std::iter::Sum;
use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

/// How well a number is known. A sum is known as well as its worst part.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Quality {
    /// The provider counted.
    #[default]
    Measured,
    /// The provider counted, and the last count is missing: it was at least this.
    LowerBound,
    /// Computed from the size of a text.
    Estimated,
    /// Made up by a test.
    Mock,
}

impl Quality {
    /// Returns its name, as reports show it.
    #[must_use]
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::LowerBound => "lower_bound",
            Self::Estimated => "estimated",
            Self::Mock => "mock",
        }
    }

    /// Reads a stored name.
    #[must_use]
    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Measured, Self::LowerBound, Self::Estimated, Self::Mock]
            .into_iter()
            .find(|quality| quality.as_str() == text)
    }
}

/// Tokens of calls to models: five parts that do not overlap.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Tokens {
    /// Sent, and neither read from a cache nor written into one.
    pub input: u64,
    /// Received, including what a model thinks.
    pub output: u64,
    /// Sent, and read from a cache.
    pub cache_read: u64,
    /// Sent, and kept in a cache for five minutes.
    pub cache_write: u64,
    /// Sent, and kept in a cache for one hour.
    pub cache_write_1h: u64,
}

impl Tokens {
    /// Returns everything that was sent.
    #[must_use]
    pub(crate) fn sent(&self) -> u64 {
        self.input
            .saturating_add(self.cache_read)
            .saturating_add(self.cache_write)
            .saturating_add(self.cache_write_1h)
    }

    /// Returns everything that was sent and received.
    #[must_use]
    pub(crate) fn total(&self) -> u64 {
        self.sent().saturating_add(self.output)
    }
}

impl AddAssign for Tokens {
    fn add_assign(&mut self, other: Self) {
        self.input = self.input.saturating_add(other.input);
        self.output = self.output.saturating_add(other.output);
        self.cache_read = self.cache_read.saturating_add(other.cache_read);
        self.cache_write = self.cache_write.saturating_add(other.cache_write);
        self.cache_write_1h = self.cache_write_1h.saturating_add(other.cache_write_1h);
    }
}

impl Sum for Tokens {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |mut sum, tokens| {
            sum += tokens;
            sum
        })
    }
}

/// Money in billionths of a US dollar. There is no rounding on the way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct NanoUsd(pub u128);

impl NanoUsd {
    /// Returns the amount in dollars with two digits, four for less than ten cents.
    #[must_use]
    pub(crate) fn to_text(self) -> String {
        let digits = if self.0 < 100_000_000 { 4 } else { 2 };
        let unit = 10u128.pow(9 - digits);
        let rounded = (self.0 + unit / 2) / unit;
        let scale = 10u128.pow(digits);
        let width = usize::try_from(digits).unwrap_or(2);
        format!("${}.{:0width$}", rounded / scale, rounded % scale)
    }
}

impl NanoUsd {
    /// Returns the amount in dollars with all its digits.
    #[must_use]
    pub(crate) fn exact_text(self) -> String {
        format!("{}.{:09}", self.0 / 1_000_000_000, self.0 % 1_000_000_000)
    }
}

impl AddAssign for NanoUsd {
    fn add_assign(&mut self, other: Self) {
        self.0 = self.0.saturating_add(other.0);
    }
}

/// The program that made a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Agent {
    /// Claude Code.
    Claude,
    /// Codex.
    Codex,
    /// This program.
    Countersign,
}

impl Agent {
    /// Returns its name, as reports show it.
    #[must_use]
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Claude => "claude",
            Self::Codex => "codex",
            Self::Countersign => "countersign",
        }
    }
}

impl Agent {
    /// Reads a stored name.
    #[must_use]
    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Claude, Self::Codex, Self::Countersign].into_iter().find(|agent| agent.as_str() == text)
    }
}

/// One call of a model, as the log of an agent has it. Text of conversations is never
/// read into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ModelCall {
    /// Its id: that of the response, or of the session with a number.
    pub id: String,
    /// The agent.
    pub agent: Agent,
    /// The session.
    pub session: String,
    /// When it was made, RFC 3339.
    pub at: String,
    /// The model; `None` if the log does not say.
    pub model: Option<String>,
    /// Its tokens.
    pub tokens: Tokens,
    /// How well they are known.
    pub quality: Quality,
    /// The log that alone has it; `None` if several logs can have it.
    pub log: Option<String>,
    /// The folder in which the agent worked, as it wrote it.
    pub folder: String,
    /// The branch, as the agent saw it.
    pub branch: Option<String>,
    /// Whether an agent of the agent made it.
    pub is_sidechain: bool,
    /// The role for which it was made, such as `validator`.
    pub role: Option<String>,
    /// How hard the model was told to think, as the log has it.
    pub effort: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_rounded_once_and_at_the_end() {
        for (nano, text) in [
            (0, "$0.0000"),
            (49_999, "$0.0000"),
            (50_000, "$0.0001"),
            (63_000_000, "$0.0630"),
            (100_000_000, "$0.10"),
            (25_000_000_000, "$25.00"),
            (1_234_567_000_000, "$1234.57"),
        ] {
            assert_eq!(NanoUsd(nano).to_text(), text);
        }
    }

    #[test]
    fn sums_do_not_overflow_and_carry_the_worst_quality() {
        let most = Tokens { input: u64::MAX, output: 1, ..Tokens::default() };
        let sum: Tokens = [most, most].into_iter().sum();
        assert_eq!((sum.input, sum.output, sum.total()), (u64::MAX, 2, u64::MAX));
        assert_eq!(
            [Quality::LowerBound, Quality::Mock, Quality::Measured].into_iter().max(),
            Some(Quality::Mock)
        );
        for quality in [Quality::Measured, Quality::LowerBound, Quality::Estimated, Quality::Mock] {
            assert_eq!(Quality::parse(quality.as_str()), Some(quality));
        }
    }
}
