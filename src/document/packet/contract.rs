//! The contract part of a packet: what its signature covers.
//!
//! Metadata without status and claim, refinement, scope, quality gate,
//! authority (CHECKS, "Forged approval"). Waivers are judged one by one by
//! their own rules.

use crate::text::Span;

use super::Packet;

/// Metadata that changes during the work.
const MUTABLE: [&str; 8] = [
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

/// One part of the contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractPart {
    /// A field's key or a section's.
    pub key: String,
    /// Its lines, blanks at their ends and empty lines left out.
    pub lines: Vec<String>,
    /// Where it stands.
    pub span: Span,
}

/// The parts of a packet's contract, in order.
#[must_use]
pub fn parts(packet: &Packet) -> Vec<ContractPart> {
    let lines = |text: &str| {
        text.lines()
            .map(|line| line.trim_end().to_owned())
            .filter(|line| !line.is_empty())
            .collect::<Vec<_>>()
    };
    let mut out = Vec::new();
    for field in &packet.metadata {
        if !MUTABLE.contains(&field.key.as_str()) {
            let span = field.label.cover(field.value.span);
            out.push(ContractPart { key: field.key.clone(), lines: lines(&field.value.value), span });
        }
    }
    let mut covered = Span::default();
    for section in &packet.sections {
        if SECTIONS.contains(&section.key.as_str()) && !covered.contains(section.span) {
            covered = section.span;
            out.push(ContractPart {
                key: section.key.clone(),
                lines: lines(packet.source.slice(section.span)),
                span: section.span,
            });
        }
    }
    if let Some(tier) = packet.risk_tier.as_ref().filter(|_| packet.meta("RISK_TIER").is_none()) {
        out.push(ContractPart { key: "RISK_TIER".into(), lines: vec![tier.value.clone()], span: tier.span });
    }
    if let Some(signature) = packet.signature.as_ref().filter(|_| packet.meta("USER_SIGNATURE").is_none()) {
        out.push(ContractPart {
            key: "USER_SIGNATURE".into(),
            lines: vec![signature.value.clone()],
            span: signature.span,
        });
    }
    out
}
