//! `audit/reuse`: a signature stands for one packet in the whole repository.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::CheckResult;
use crate::check::repository_documents::RepositoryCheckContext;
use crate::document::audit::find_wp_ids;
use crate::document::gate_log::text_or_empty;
use crate::document::{DocumentBody, Signature};
use crate::finding::{Finding, Label};
use crate::rule::Rule;

/// One use of a signature: the packet that it is for, and where.
struct SignatureUse {
    id: String,
    label: Label,
}

pub(in crate::check) fn check(input: &RepositoryCheckContext<'_>, rule: &Rule) -> CheckResult {
    let mut uses: BTreeMap<String, Vec<SignatureUse>> = BTreeMap::new();
    let mut add = |signature: &str, id: String, at: Label| {
        if Signature::parse(signature).is_ok() {
            uses.entry(signature.to_owned()).or_default().push(SignatureUse { id, label: at });
        }
    };
    let mut rows: BTreeMap<&str, Vec<Label>> = BTreeMap::new();
    for document in input.governance.documents {
        let own = || document.id().map(|id| id.as_str().to_owned());
        match &document.body {
            DocumentBody::Packet(packet) => {
                if let (Some(signature), Some(id)) = (&packet.signature, own()) {
                    add(&signature.value, id, Label::text(&packet.source, signature.span, "in this packet"));
                }
            }
            DocumentBody::Refinement(refinement) => {
                if let (Some(signature), Some(id)) = (refinement.filled_value("USER_SIGNATURE"), own()) {
                    add(
                        &signature.value,
                        id,
                        Label::text(&refinement.source, signature.span, "in this refinement"),
                    );
                }
            }
            DocumentBody::GateLog(log) => {
                for entry in log.entries.iter().filter(|entry| text_or_empty(&entry.kind) == "SIGNATURE") {
                    if let (Some(signature), Some(id)) = (&entry.signature, &entry.wp_id) {
                        add(
                            &signature.value,
                            id.value.clone(),
                            Label::text(&log.source, signature.span, "in the gate log"),
                        );
                    }
                }
            }
            DocumentBody::Audit(audit) => {
                for row in &audit.rows {
                    let label = Label::text(&audit.source, row.signature.span, "in the audit");
                    for id in find_wp_ids(&row.purpose.value) {
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
                crate::text::to_single_line(&first.id, 80),
                crate::text::to_single_line(&other.id, 80)
            );
            out.push(rule.finding(message, other.label.clone()).related(first.label.clone()));
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
