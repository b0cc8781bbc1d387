//! How much the patterns of a repository's own rules may cost together. A compiled pattern
//! grows with its counted repetitions, so that a short text can cost much time and memory.

use regex_syntax::hir::{Class, Hir, HirKind};

use super::ScanRule;

/// Maximum cost of all own rules together. A literal costs its bytes, a class its ranges,
/// and a counted repetition the cost of its content for each repetition.
const MAX_COST: u64 = 1_000_000;

/// The cost of the rules that were read so far.
#[derive(Debug, Default)]
pub(crate) struct RuleBudget {
    spent: u64,
}

impl RuleBudget {
    /// Adds a rule.
    ///
    /// # Errors
    /// The rules are too large together; a sentence with what to do.
    pub(crate) fn add(&mut self, rule: &ScanRule) -> Result<(), String> {
        let conditions = rule.conditions.iter().flat_map(|one| one.requires.iter().chain(&one.unless));
        let patterns = rule.patterns.iter().chain(&rule.except).chain(conditions);
        let cost = patterns.map(|pattern| pattern_cost(pattern)).fold(0_u64, u64::saturating_add);
        self.spent = self.spent.saturating_add(cost);
        if self.spent <= MAX_COST {
            return Ok(());
        }
        Err(format!(
            "the patterns up to this rule are too large together, and the rules after it are not read; \
             its own cost is {cost} of at most {MAX_COST} for all. Use smaller counts, or classes such as \
             `[A-Za-z0-9_]` instead of `\\w`"
        ))
    }
}

/// Returns the cost of a pattern; 0 if it is not valid.
fn pattern_cost(pattern: &str) -> u64 {
    let parsed = regex_syntax::ParserBuilder::new().utf8(false).multi_line(true).build().parse(pattern);
    parsed.map_or(0, |hir| cost(&hir))
}

fn cost(hir: &Hir) -> u64 {
    let sum = |parts: &[Hir]| parts.iter().map(cost).fold(0_u64, u64::saturating_add);
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 0,
        HirKind::Literal(literal) => u64::try_from(literal.0.len()).unwrap_or(u64::MAX),
        HirKind::Class(Class::Unicode(class)) => u64::try_from(class.ranges().len()).unwrap_or(u64::MAX),
        HirKind::Class(Class::Bytes(_)) => 1,
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min).max(1);
            cost(&repetition.sub).saturating_mul(u64::from(times))
        }
        HirKind::Capture(capture) => cost(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => sum(parts),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetitions_multiply_and_the_embedded_rules_are_far_from_the_limit() {
        assert_eq!(pattern_cost("abc"), 3);
        assert_eq!(pattern_cost("(?:abc){10}x"), 31);
        assert_eq!(pattern_cost("[a-c]{2,5}"), 5);
        assert!(pattern_cost(r"(?i)\w{50}x") > 30_000);
        assert_eq!(pattern_cost("("), 0);
        let all: u64 = super::super::embedded(&[])
            .flat_map(|rule| rule.patterns.iter().chain(&rule.except))
            .map(|pattern| pattern_cost(pattern))
            .sum();
        assert!(all > 1000 && all < MAX_COST / 4, "{all}");
    }
}
