//! `refinement/enrichment`: needed enrichment is proposed, and waits for no
//! signature.

use crate::check::CheckResult;
use crate::check::repository_documents::RefinementCheckContext;
use crate::finding::Level;
use crate::rule::Rule;

use super::{label_at, label_at_field};

pub(in crate::check) fn check(input: &RefinementCheckContext<'_>, rule: &Rule) -> CheckResult {
    let refinement = input.refinement;
    let Some(needed) = refinement.field("ENRICHMENT_NEEDED").filter(|field| field.is_filled()) else {
        return CheckResult::skipped("the refinement does not say whether enrichment is needed");
    };
    let mut out = Vec::new();
    match needed.bare_value().value {
        "YES" => {
            if refinement.proposal.is_none() {
                let label = label_at_field(
                    refinement,
                    needed,
                    "so the text belongs under `PROPOSED_SPEC_ENRICHMENT`",
                );
                out.push(rule.finding("enrichment is needed, but none is proposed", label));
            }
            for key in ["USER_SIGNATURE", "USER_APPROVAL_EVIDENCE"] {
                if let Some(signed) = refinement.field(key).filter(|field| field.is_filled()) {
                    let message = format!("a refinement that needs enrichment carries `{key}`");
                    let finding = rule
                        .finding(message, label_at_field(refinement, signed, "may not be here yet"))
                        .related(label_at_field(refinement, needed, "enrichment comes first"));
                    // An approval of the enrichment itself is no signature.
                    let is_signature = key == "USER_SIGNATURE";
                    out.push(if is_signature { finding } else { finding.with_level(Level::Warning) });
                }
            }
        }
        "NO" => {
            if let Some(proposal) = refinement.proposal {
                let line =
                    refinement.source.line_span(refinement.source.line(proposal.start)).unwrap_or(proposal);
                out.push(
                    rule.finding(
                        "no enrichment is needed, but one is proposed",
                        label_at(refinement, line, "this proposal"),
                    )
                    .related(label_at_field(refinement, needed, "says NO")),
                );
            }
        }
        _ => {}
    }
    out.into()
}
