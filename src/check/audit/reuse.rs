//! `audit/reuse`: a signature stands for one packet in the whole repository.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::Verdict;
use crate::check::library::LibraryInput;
use crate::document::audit::wp_ids_in;
use crate::document::gate_log::value;
use crate::document::{Body, Signature};
use crate::finding::{Finding, Label};
use crate::rule::Rule;

/// One use of a signature: the packet that it is for, and where.
struct Use {
    id: String,
    at: Label,
}

pub(in crate::check) fn check(input: &LibraryInput<'_>, rule: &Rule) -> Verdict {
    let mut uses: BTreeMap<String, Vec<Use>> = BTreeMap::new();
    let mut add = |signature: &str, id: String, at: Label| {
        if Signature::parse(signature).is_ok() {
            uses.entry(signature.to_owned()).or_default().push(Use { id, at });
        }
    };
    let mut rows: BTreeMap<&str, Vec<Label>> = BTreeMap::new();
    for document in input.library.documents {
        let own = || document.id().map(|id| id.as_str().to_owned());
        match &document.body {
            Body::Packet(packet) => {
                if let (Some(signature), Some(id)) = (&packet.signature, own()) {
                    add(&signature.value, id, Label::text(&packet.source, signature.span, "in this packet"));
                }
            }
            Body::Refinement(refinement) => {
                if let (Some(signature), Some(id)) = (refinement.filled("USER_SIGNATURE"), own()) {
                    add(
                        &signature.value,
                        id,
                        Label::text(&refinement.source, signature.span, "in this refinement"),
                    );
                }
            }
            Body::GateLog(log) => {
                for entry in log.entries.iter().filter(|entry| value(&entry.kind) == "SIGNATURE") {
                    if let (Some(signature), Some(id)) = (&entry.signature, &entry.wp_id) {
                        add(
                            &signature.value,
                            id.value.clone(),
                            Label::text(&log.source, signature.span, "in the gate log"),
                        );
                    }
                }
            }
            Body::Audit(audit) => {
                for row in &audit.rows {
                    let label = Label::text(&audit.source, row.signature.span, "in the audit");
                    for id in wp_ids_in(&row.purpose.value) {
                        add(&row.signature.value, id.to_owned(), label.clone());
                    }
                    rows.entry(&row.signature.value).or_default().push(label);
                }
            }
            _ => {}
        }
    }
    let mut out: Vec<Finding> = Vec::new();
    for (signature, all) in &uses {
        let Some(first) = all.first() else { continue };
        let mut told: BTreeSet<&str> = BTreeSet::from([first.id.as_str()]);
        for other in all {
            if !told.insert(&other.id) {
                continue;
            }
            let message = format!(
                "the signature `{signature}` serves `{}` and `{}`",
                crate::text::one_line(&first.id, 80),
                crate::text::one_line(&other.id, 80)
            );
            out.push(rule.finding(message, other.at.clone()).related(first.at.clone()));
        }
    }
    for (signature, labels) in rows.iter().filter(|(signature, _)| Signature::parse(signature).is_ok()) {
        if let [first, again, ..] = labels.as_slice() {
            let message = format!("the audit records the signature `{signature}` {} times", labels.len());
            out.push(rule.finding(message, again.clone()).related(first.clone()));
        }
    }
    out.into()
}
