//! A packet that exists only as a typed contract.

use std::sync::Arc;

use crate::document::field::Field;
use crate::document::typed_contract::TypedContract;
use crate::document::{DocumentKind, PacketStatus, Parsed};
use crate::text::{Span, Spanned};

use super::{Criterion, Generation, Outline, Packet, PacketPhases, Scope};

/// Facts of a contract, with the labels that a packet in Markdown gives them.
const LABELS: [(&str, &str); 7] = [
    ("wp_id", "WP_ID"),
    ("base_id", "BASE_WP_ID"),
    ("status", "STATUS"),
    ("risk_tier", "RISK_TIER"),
    ("signature", "USER_SIGNATURE"),
    ("merge_base", "MERGE_BASE_SHA"),
    ("format_version", "PACKET_FORMAT_VERSION"),
];

/// Returns the packet with the facts of a contract. It has no sections, so rules about
/// the text of a packet have nothing to check.
pub(in crate::document) fn from_contract(contract: TypedContract) -> Parsed<Packet> {
    let value = |fact: &str| contract.value(fact).cloned();
    let field = |(fact, label): &(&str, &str)| {
        let value = value(fact)?;
        let label_span = Span::new(value.span.start, value.span.start);
        Some(Field {
            key: (*label).to_owned(),
            label: label_span,
            value,
            item: None,
            block: 0,
            is_top_level: true,
        })
    };
    let metadata: Vec<Field> = LABELS.iter().filter_map(field).collect();
    let first_word = |value: Spanned<String>| {
        value.map(|text| text.split_whitespace().next().unwrap_or_default().to_owned())
    };
    let declared = contract.allowed.first().map(|entry| entry.raw.span);
    let criterion = |text: &Spanned<String>| Criterion { text: text.clone(), group: None };
    let packet = Packet {
        source: Arc::clone(&contract.source),
        kind: DocumentKind::Packet,
        generation: Generation::Contract(contract.schema.id.clone()),
        title_id: None,
        title: Some(contract.head_span()),
        sections: Vec::new(),
        fields: metadata.clone(),
        metadata,
        signature: value("signature"),
        status: value("status").map(|status| Spanned::new(PacketStatus::read(&status.value), status.span)),
        risk_tier: value("risk_tier"),
        merge_base: value("merge_base").map(first_word),
        refinement_file: None,
        scope: Scope {
            declared,
            in_scope: contract.allowed.clone(),
            out_of_scope: contract.forbidden.iter().filter(|entry| entry.pattern.is_ok()).cloned().collect(),
            unsigned_exclusions: Vec::new(),
            further: Vec::new(),
        },
        waivers: Vec::new(),
        test_plan: Vec::new(),
        done_means: contract.criteria.iter().map(criterion).collect(),
        phases: PacketPhases::default(),
        manifests: Vec::new(),
        manifest_template: None,
        evidence: Vec::new(),
        mapping: Vec::new(),
        locked: None,
        outline: Outline::default(),
        commonmark: None,
        contract: None,
        second_form: None,
    };
    let faults = contract.faults.clone();
    Parsed { value: Packet { contract: Some(Box::new(contract)), ..packet }, faults }
}
