//! The contract part of a packet: what its signature covers.
//!
//! Metadata without status and claim, refinement, scope, quality gate,
//! authority (CHECKS, "Forged approval"). Waivers are judged one by one by
//! their own rules.

use crate::text::{Span, Spanned};

use super::Packet;

/// Metadata that changes during the work.
const MUTABLE_FIELDS: [&str; 8] = [
    "STATUS",
    "AGENT_ID",
    "ROLE",
    "CODER_MODEL",
    "CODER_REASONING_STRENGTH",
    "ORCHESTRATOR_MODEL",
    "ORCHESTRATION_STARTED_AT_UTC",
    "AGENTIC_MODE",
];

const SECTIONS: [&str; 9] = [
    "TECHNICAL_REFINEMENT",
    "SCOPE",
    "QUALITY_GATE",
    "TEST_PLAN",
    "DONE_MEANS",
    "IN_SCOPE_PATHS",
    "OUT_OF_SCOPE",
    "RISK_TIER",
    "AUTHORITY",
];

/// What may stand at the end of a line without meaning anything. Other blanks
/// than these are letters to Markdown.
pub(in crate::document) const WHITESPACE: [char; 4] = [' ', '\t', '\r', '\n'];

/// One part of the contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractPart {
    /// A field's key or a section's.
    pub key: String,
    /// Its lines, without blanks at their ends.
    pub lines: Vec<Spanned<String>>,
    /// Where it stands.
    pub span: Span,
}

impl ContractPart {
    /// Whether the words are the same, wherever they stand.
    #[must_use]
    pub fn has_same_text(&self, other: &Self) -> bool {
        self.lines.iter().map(|line| &line.value).eq(other.lines.iter().map(|line| &line.value))
    }

    /// Its lines as text.
    #[must_use]
    pub fn text(&self) -> String {
        self.lines.iter().map(|line| format!("{}\n", line.value)).collect()
    }
}

/// The parts of a packet's contract, in order.
#[must_use]
pub fn contract_parts(packet: &Packet) -> Vec<ContractPart> {
    let lines = |text: &str, span: Span| {
        let mut at = span.start;
        let mut out: Vec<Spanned<String>> = Vec::new();
        for line in text.split_inclusive('\n') {
            let body = line.trim_end_matches(WHITESPACE);
            out.push(Spanned::new(body.to_owned(), Span::new(at, at + body.len())));
            at += line.len();
        }
        // An empty line inside may part what was one; behind the last it parts
        // nothing.
        while out.last().is_some_and(|line| line.value.is_empty()) {
            out.pop();
        }
        out
    };
    let one = |key: &str, value: &Spanned<String>| ContractPart {
        key: key.to_owned(),
        lines: vec![value.clone()],
        span: value.span,
    };
    let mut out = Vec::new();
    for field in &packet.metadata {
        if !MUTABLE_FIELDS.contains(&field.key.as_str()) {
            let span = field.label.join(field.value.span);
            // A value may have been joined from several lines; its words decide.
            let words = field.value.value.lines().map(|line| Spanned::new(line.trim_end().to_owned(), span));
            let lines = words.filter(|line| !line.value.is_empty()).collect();
            out.push(ContractPart { key: field.key.clone(), lines, span });
        }
    }
    let mut covered = Span::default();
    for section in &packet.sections {
        if SECTIONS.contains(&section.key.as_str()) && !covered.contains(section.span) {
            covered = section.span;
            out.push(ContractPart {
                key: section.key.clone(),
                lines: lines(packet.source.slice(section.span), section.span),
                span: section.span,
            });
        }
    }
    if let Some(tier) = packet.risk_tier.as_ref().filter(|_| packet.metadata_field("RISK_TIER").is_none()) {
        out.push(one("RISK_TIER", tier));
    }
    if let Some(signature) =
        packet.signature.as_ref().filter(|_| packet.metadata_field("USER_SIGNATURE").is_none())
    {
        out.push(one("USER_SIGNATURE", signature));
    }
    out
}
