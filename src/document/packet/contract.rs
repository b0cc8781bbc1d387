//! The contract part of a packet: the text that its signature covers.
//!
//! It consists of the metadata without status and claim, refinement, scope,
//! quality gate and authority (CHECKS, "Forged approval"). Separate rules check
//! the waivers one by one.

use crate::document::scope_entry::ScopeEntry;
use crate::text::{Span, Spanned};

use super::Packet;
use super::section_names::contract_pieces;

/// Metadata fields that change during the work.
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

/// Whitespace that has no meaning at the end of a line. Markdown treats other
/// space characters as letters.
pub(in crate::document) const WHITESPACE: [char; 4] = [' ', '\t', '\r', '\n'];

/// One part of the contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ContractPart {
    /// Key of the field or section.
    pub key: String,
    /// Its lines, without whitespace at their ends.
    pub lines: Vec<Spanned<String>>,
    /// Location in the packet.
    pub span: Span,
}

impl ContractPart {
    /// Returns whether both parts have the same text, at any location.
    #[must_use]
    pub(crate) fn has_same_text(&self, other: &Self) -> bool {
        self.lines.iter().map(|line| &line.value).eq(other.lines.iter().map(|line| &line.value))
    }

    /// Returns the lines as one text, each with a newline.
    #[must_use]
    pub(crate) fn text(&self) -> String {
        self.lines.iter().map(|line| format!("{}\n", line.value)).collect()
    }
}

/// Returns the parts of a packet without sections, such as one that is only a typed
/// contract: the lists that gates use.
fn listed_parts(packet: &Packet) -> Vec<ContractPart> {
    let paths = |entries: &[ScopeEntry]| entries.iter().map(|entry| entry.raw.clone()).collect::<Vec<_>>();
    let criteria = packet.done_means.iter().map(|criterion| criterion.text.clone()).collect();
    let plan = packet.test_plan.iter().map(|command| Spanned::new(command.text.clone(), packet.head_span()));
    let lists: [(&str, Vec<Spanned<String>>); 4] = [
        ("IN_SCOPE_PATHS", paths(&packet.scope.in_scope)),
        ("OUT_OF_SCOPE", paths(&packet.scope.out_of_scope)),
        ("TEST_PLAN", plan.collect()),
        ("DONE_MEANS", criteria),
    ];
    let part = |(key, lines): (&str, Vec<Spanned<String>>)| {
        let span = lines.first().map_or_else(|| packet.head_span(), |line| line.span);
        (!lines.is_empty()).then(|| ContractPart { key: key.to_owned(), lines, span })
    };
    lists.into_iter().filter_map(part).collect()
}

/// Returns the parts of a packet's contract, in order.
#[must_use]
pub(crate) fn contract_parts(packet: &Packet) -> Vec<ContractPart> {
    let lines = |pieces: &[Span]| {
        let mut out: Vec<Spanned<String>> = Vec::new();
        for piece in pieces {
            let mut at = piece.start;
            for line in packet.source.slice(*piece).split_inclusive('\n') {
                let body = line.trim_end_matches(WHITESPACE);
                out.push(Spanned::new(body.to_owned(), Span::new(at, at + body.len())));
                at += line.len();
            }
        }
        // An empty line between two lines can separate paragraphs; at the end it
        // has no meaning.
        while out.last().is_some_and(|line| line.value.is_empty()) {
            out.pop();
        }
        out
    };
    let single_value = |key: &str, value: &Spanned<String>| ContractPart {
        key: key.to_owned(),
        lines: vec![value.clone()],
        span: value.span,
    };
    let mut out = Vec::new();
    for field in &packet.metadata {
        if !MUTABLE_FIELDS.contains(&field.key.as_str()) {
            let span = field.label.join(field.value.span);
            // A value may be joined from several lines; empty lines do not count.
            let lines = field.value.value.lines().map(|line| Spanned::new(line.trim_end().to_owned(), span));
            let lines = lines.filter(|line| !line.value.is_empty()).collect();
            out.push(ContractPart { key: field.key.clone(), lines, span });
        }
    }
    for (section, pieces) in contract_pieces(&packet.sections) {
        out.push(ContractPart { key: section.key.clone(), lines: lines(&pieces), span: section.span });
    }
    if packet.sections.is_empty() {
        out.extend(listed_parts(packet));
    }
    if let Some(tier) = packet.risk_tier.as_ref().filter(|_| packet.metadata_field("RISK_TIER").is_none()) {
        out.push(single_value("RISK_TIER", tier));
    }
    if let Some(signature) =
        packet.signature.as_ref().filter(|_| packet.metadata_field("USER_SIGNATURE").is_none())
    {
        out.push(single_value("USER_SIGNATURE", signature));
    }
    out
}

/// Returns the entries of `IN_SCOPE_PATHS` that are in no section of the contract.
#[must_use]
pub(crate) fn unsigned_paths(packet: &Packet) -> Vec<&ScopeEntry> {
    let pieces: Vec<Span> =
        contract_pieces(&packet.sections).into_iter().flat_map(|(_, pieces)| pieces).collect();
    let is_unsigned = |entry: &&ScopeEntry| {
        let after = pieces.partition_point(|piece| piece.start <= entry.raw.span.start);
        let piece = after.checked_sub(1).and_then(|at| pieces.get(at));
        piece.is_none_or(|piece| entry.raw.span.start >= piece.end)
    };
    packet.scope.in_scope.iter().filter(is_unsigned).collect()
}
