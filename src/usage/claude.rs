//! Transcripts of Claude Code: one JSON document a line.
//!
//! One response has several lines with one message id, and the counts grow from line to
//! line. Sessions that were resumed or forked, and side questions, repeat lines of others.
//! So a response counts once in all files together, with its largest count.

use std::collections::HashMap;
use std::io::{self, BufRead};

use serde::Deserialize;

use super::lines::{count, for_each_line};
use super::tokens::{Agent, ModelCall, Quality, Tokens};

#[derive(Deserialize)]
struct TranscriptLine {
    #[serde(rename = "type")]
    kind: Option<String>,
    uuid: Option<String>,
    #[serde(rename = "sessionId")]
    session: Option<String>,
    timestamp: Option<String>,
    cwd: Option<String>,
    #[serde(rename = "gitBranch")]
    branch: Option<String>,
    #[serde(rename = "isSidechain")]
    is_sidechain: Option<bool>,
    #[serde(rename = "isApiErrorMessage")]
    is_error: Option<bool>,
    message: Option<Message>,
}

#[derive(Deserialize)]
struct Message {
    id: Option<String>,
    model: Option<String>,
    stop_reason: Option<String>,
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Usage {
    #[serde(default, deserialize_with = "count")]
    input_tokens: u64,
    #[serde(default, deserialize_with = "count")]
    output_tokens: u64,
    #[serde(default, deserialize_with = "count")]
    cache_creation_input_tokens: u64,
    #[serde(default, deserialize_with = "count")]
    cache_read_input_tokens: u64,
    cache_creation: Option<CacheCreation>,
}

#[derive(Deserialize)]
struct CacheCreation {
    #[serde(default, deserialize_with = "count")]
    ephemeral_1h_input_tokens: u64,
}

impl Usage {
    /// A total without its parts counts as kept for five minutes.
    fn tokens(&self) -> Tokens {
        let hour = self.cache_creation.as_ref().map_or(0, |parts| parts.ephemeral_1h_input_tokens);
        Tokens {
            input: self.input_tokens,
            output: self.output_tokens,
            cache_read: self.cache_read_input_tokens,
            cache_write: self.cache_creation_input_tokens.saturating_sub(hour),
            cache_write_1h: hour.min(self.cache_creation_input_tokens),
        }
    }
}

/// Which rules apply. All of them do; the tests switch one off to show what it is for.
#[derive(Debug, Clone, Copy)]
pub(super) struct ClaudeRules {
    /// A response counts once in all files.
    pub counts_once: bool,
    /// Of several counts of a response, the largest is right.
    pub keeps_largest: bool,
}

impl Default for ClaudeRules {
    fn default() -> Self {
        Self { counts_once: true, keeps_largest: true }
    }
}

/// Collects the calls of transcripts.
#[derive(Debug, Default)]
pub(super) struct ClaudeReader {
    rules: ClaudeRules,
    calls: HashMap<String, ModelCall>,
    number: u64,
}

impl ClaudeReader {
    #[cfg(test)]
    pub(super) fn with_rules(rules: ClaudeRules) -> Self {
        Self { rules, ..Self::default() }
    }

    /// Reads one file. What cannot be read is skipped.
    ///
    /// # Errors
    /// The input cannot be read.
    pub(super) fn read(&mut self, input: impl BufRead) -> io::Result<()> {
        for_each_line(input, |line| self.read_line(line))
    }

    fn read_line(&mut self, line: &[u8]) {
        // Most lines are texts and results of tools.
        if memchr::memmem::find(line, b"\"usage\"").is_none() {
            return;
        }
        let Ok(line) = serde_json::from_slice::<TranscriptLine>(line) else { return };
        if line.kind.as_deref() != Some("assistant") || line.is_error == Some(true) {
            return;
        }
        let Some(Message { id, model, stop_reason, usage: Some(usage) }) = line.message else { return };
        if model.as_deref() == Some("<synthetic>") {
            return;
        }
        let is_there = |text: &String| !text.is_empty();
        let Some(mut key) = id.filter(is_there).or(line.uuid.filter(is_there)) else { return };
        if !self.rules.counts_once {
            self.number += 1;
            key = format!("{key} {}", self.number);
        }
        let call = ModelCall {
            id: key.clone(),
            agent: Agent::Claude,
            session: line.session.unwrap_or_default(),
            at: line.timestamp.unwrap_or_default(),
            model,
            tokens: usage.tokens(),
            // A response without an end was still counted upwards.
            quality: if stop_reason.is_some() { Quality::Measured } else { Quality::LowerBound },
            log: None,
            folder: line.cwd.unwrap_or_default(),
            branch: line.branch.filter(|branch| !branch.is_empty()),
            is_sidechain: line.is_sidechain.unwrap_or_default(),
            role: None,
            effort: None,
        };
        self.merge(key, call);
    }

    fn merge(&mut self, key: String, call: ModelCall) {
        let Some(known) = self.calls.get_mut(&key) else {
            self.calls.insert(key, call);
            return;
        };
        let is_larger =
            (call.tokens.output, call.tokens.total()) > (known.tokens.output, known.tokens.total());
        if self.rules.keeps_largest && is_larger {
            known.tokens = call.tokens;
        }
        known.quality = known.quality.min(call.quality);
        if !call.at.is_empty() && (known.at.is_empty() || call.at < known.at) {
            known.at.clone_from(&call.at);
        }
        // Side questions repeat messages of their parent: the parent made the call.
        if known.is_sidechain && !call.is_sidechain {
            *known = ModelCall { tokens: known.tokens, quality: known.quality, at: known.at.clone(), ..call };
        }
    }

    /// Adds the calls of another reader.
    pub(super) fn extend(&mut self, other: Self) {
        for (key, call) in other.calls {
            self.merge(key, call);
        }
    }

    /// Returns the calls in the order of their times.
    pub(super) fn finish(self) -> Vec<ModelCall> {
        let mut calls: Vec<ModelCall> = self.calls.into_values().collect();
        calls.sort_by(|a, b| (&a.at, &a.id).cmp(&(&b.at, &b.id)));
        calls
    }
}
