//! What a packet claims about who worked, beside what the logs of agents say. The logs are
//! the agent's own files: a difference is a note, never a proof.

use serde::Serialize;

use crate::text::to_single_line;

use super::tokens::{Agent, ModelCall};

/// A claim of a packet with what the logs say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct UsageClaim {
    /// The field of the packet.
    pub field: String,
    /// What it says.
    pub claimed: String,
    /// What the logs say.
    pub seen: Vec<String>,
    /// Whether one of them is what is claimed.
    pub agrees: bool,
    /// Where that comes from.
    pub source: String,
}

/// Fields that name a model.
pub(crate) const MODEL_FIELDS: [&str; 2] = ["CODER_MODEL", "ORCHESTRATOR_MODEL"];
/// Fields that name an agent.
pub(crate) const AGENT_FIELDS: [&str; 2] = ["AGENT_ID", "CODER_AGENT_ID"];
/// Fields that say how hard a model was told to think.
pub(crate) const EFFORT_FIELDS: [&str; 1] = ["CODER_REASONING_STRENGTH"];
/// Fields with the time at which work began.
pub(crate) const START_FIELDS: [&str; 1] = ["ORCHESTRATION_STARTED_AT_UTC"];

/// Compares the fields of a packet with its calls. `fields` are names with their values.
#[must_use]
pub(crate) fn compare_claims(fields: &[(String, String)], calls: &[ModelCall]) -> Vec<UsageClaim> {
    // Who reviews is not who worked.
    let calls: Vec<&ModelCall> = calls.iter().filter(|call| call.agent != Agent::Countersign).collect();
    let Some(first) = calls.iter().map(|call| call.at.as_str()).min() else { return Vec::new() };
    let mut models: Vec<String> = calls.iter().filter_map(|call| call.model.clone()).collect();
    models.sort();
    models.dedup();
    let mut efforts: Vec<String> = calls.iter().filter_map(|call| call.effort.clone()).collect();
    efforts.sort();
    efforts.dedup();
    let source = |what: &str| {
        let mut agents: Vec<&str> = calls.iter().map(|call| call.agent.as_str()).collect();
        agents.sort_unstable();
        agents.dedup();
        format!(
            "{what} of {} in logs of {}",
            crate::text::format_count(calls.len(), "call"),
            agents.join(", ")
        )
    };
    let mut out = Vec::new();
    for (field, claimed) in fields {
        if ["n/a", "na", "none", "no"].contains(&claimed.trim().to_ascii_lowercase().as_str()) {
            continue;
        }
        let shown = to_single_line(claimed, 80);
        if MODEL_FIELDS.contains(&field.as_str()) && !models.is_empty() {
            out.push(UsageClaim {
                field: field.clone(),
                agrees: models.iter().any(|seen| is_same_model(claimed, seen)),
                claimed: shown,
                seen: models.iter().map(|model| to_single_line(model, 80)).collect(),
                source: source("the models"),
            });
        } else if AGENT_FIELDS.contains(&field.as_str())
            && let Some(named) = named_agent(claimed)
        {
            let agrees = calls.iter().any(|call| call.agent == named);
            let mut seen: Vec<String> = calls.iter().map(|call| call.agent.as_str().to_owned()).collect();
            seen.sort();
            seen.dedup();
            out.push(UsageClaim {
                field: field.clone(),
                claimed: shown,
                seen,
                agrees,
                source: source("the agents"),
            });
        } else if EFFORT_FIELDS.contains(&field.as_str()) && !efforts.is_empty() {
            out.push(UsageClaim {
                field: field.clone(),
                agrees: efforts.iter().any(|seen| is_same_effort(claimed, seen)),
                claimed: shown,
                seen: efforts.iter().map(|effort| to_single_line(effort, 40)).collect(),
                source: source("the efforts"),
            });
        } else if START_FIELDS.contains(&field.as_str())
            && let (Ok(start), Ok(seen)) =
                (claimed.trim().parse::<jiff::Timestamp>(), first.parse::<jiff::Timestamp>())
        {
            out.push(UsageClaim {
                field: field.clone(),
                // Work that began before the claimed time contradicts it.
                agrees: start <= seen,
                claimed: shown,
                seen: vec![to_single_line(first, 40)],
                source: source("the first"),
            });
        }
    }
    out
}

/// The agent that a name contains; `None` if its logs are not read.
fn named_agent(claimed: &str) -> Option<Agent> {
    let claimed = claimed.to_ascii_lowercase();
    [Agent::Claude, Agent::Codex].into_iter().find(|agent| claimed.contains(agent.as_str()))
}

/// Whether two words mean one effort: `EXTRA_HIGH` and `xhigh`.
fn is_same_effort(claimed: &str, seen: &str) -> bool {
    let plain = |text: &str| -> String {
        let text: String =
            text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
        text.replace("extra", "x")
    };
    plain(claimed) == plain(seen)
}

/// Whether two names mean one model: `Claude Opus 4.5` and `claude-opus-4-5-20250929`.
fn is_same_model(claimed: &str, seen: &str) -> bool {
    let plain = |text: &str| -> String {
        text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
    };
    let (claimed, seen) = (plain(claimed), plain(seen));
    // A version goes on: `gpt5` is not `gpt51`, and a date behind a name is none.
    let extends = |long: &str, short: &str| {
        let Some(at) = long.find(short) else { return false };
        let rest = long.get(at + short.len()..).unwrap_or_default();
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        short.len() >= 4 && (digits == 0 || digits == 8 || !short.ends_with(|c: char| c.is_ascii_digit()))
    };
    !claimed.is_empty()
        && !seen.is_empty()
        && (claimed == seen || extends(&seen, &claimed) || extends(&claimed, &seen))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_is_recognized_in_its_name() {
        assert_eq!(named_agent("CodexCLI-GPT-5.2"), Some(Agent::Codex));
        assert_eq!(named_agent("claude-code"), Some(Agent::Claude));
        assert_eq!(named_agent("coder-a"), None);
    }

    #[test]
    fn words_of_one_effort_are_recognized() {
        for (claimed, seen, same) in [
            ("EXTRA_HIGH", "xhigh", true),
            ("HIGH", "high", true),
            ("HIGH", "xhigh", false),
            ("LOW", "high", false),
        ] {
            assert_eq!(is_same_effort(claimed, seen), same, "{claimed} {seen}");
        }
    }

    #[test]
    fn names_of_one_model_are_recognized() {
        for (claimed, seen, same) in [
            ("Claude Opus 4.5", "claude-opus-4-5-20251101", true),
            ("claude-opus-4-5", "claude-opus-4-5", true),
            ("GPT-5.2 (Codex)", "gpt-5.2-codex", true),
            ("GPT-5", "gpt-5-codex", true),
            ("GPT-5", "gpt-5.1", false),
            ("claude-sonnet-4-5", "claude-opus-4-5", false),
            ("Claude Opus 4", "claude-opus-4-5-20251101", false),
            ("", "gpt-5", false),
            ("AI", "ai-model", false),
        ] {
            assert_eq!(is_same_model(claimed, seen), same, "{claimed} {seen}");
        }
    }
}
