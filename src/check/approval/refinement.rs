//! `approval/refinement`: the refinement is there and approved.

use crate::check::CheckResult;
use crate::check::context::ApprovalCheckContext;
use crate::document::Refinement;
use crate::document::field::Field;
use crate::finding::{Finding, Label};
use crate::rule::Rule;

pub(in crate::check) fn check(input: &ApprovalCheckContext<'_>, rule: &Rule) -> CheckResult {
    if super::predates_refinements(input) {
        return CheckResult::skipped("packets of generation G0 have no refinement");
    }
    let refinement = match &input.refinement {
        Ok(refinement) => *refinement,
        Err(path) => {
            let declared = input.packet.packet.refinement_file.as_ref();
            let finding =
                rule.finding("the packet's refinement is not there", Label::path(path, "no such file"));
            return Some(match declared {
                Some(declared) => finding.related(input.packet.label_at(declared.span, "declared here")),
                None => finding,
            })
            .into();
        }
    };
    let mut out = Vec::new();
    let expected = input.packet.layout.refinement(input.packet.id);
    if let Some(declared) = &input.packet.packet.refinement_file
        && crate::text::RepoPath::from(declared.value.as_str()) != expected
    {
        out.push(rule.finding(
            format!("REFINEMENT_FILE must be `{expected}`"),
            input.packet.label_at(declared.span, "another file"),
        ));
    }
    check_review_fields(refinement, rule, &mut out);
    out.into()
}

fn field_label(refinement: &Refinement, field: &Field, text: impl Into<String>) -> Label {
    let span = if field.value.span.is_empty() { field.label } else { field.value.span };
    Label::text(&refinement.source, span, text)
}

fn check_review_fields(refinement: &Refinement, rule: &Rule, out: &mut Vec<Finding>) {
    // Identity and evidence are judged by the rules about refinements.
    let exact =
        [("USER_REVIEW_STATUS", "APPROVED"), ("CLEARLY_COVERS_VERDICT", "PASS"), ("ENRICHMENT_NEEDED", "NO")];
    for (key, want) in exact {
        let Some(field) = refinement.field(key) else { continue };
        if field.bare_value().value != want {
            out.push(rule.finding(
                format!("`{key}` must be `{want}` before work starts"),
                field_label(refinement, field, format!("not `{want}`")),
            ));
        }
    }
    if let Some(field) = refinement.field("AMBIGUITY_FOUND").filter(|field| field.is_filled())
        && field.bare_value().value != "NO"
    {
        out.push(rule.finding(
            "an ambiguity was found, so the specification needs enrichment first",
            field_label(refinement, field, "not `NO`"),
        ));
    }
}
