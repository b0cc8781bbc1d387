//! `approval/refinement`: the refinement is there, complete and approved.

use crate::check::Verdict;
use crate::check::input::ApprovalInput;
use crate::document::Refinement;
use crate::document::label::Field;
use crate::finding::{Finding, Label};
use crate::rule::Rule;

pub(in crate::check) fn check(input: &ApprovalInput<'_>, rule: &Rule) -> Verdict {
    if super::predates_refinements(input) {
        return Verdict::skipped("packets of generation G0 have no refinement");
    }
    let refinement = match &input.refinement {
        Ok(refinement) => *refinement,
        Err(path) => {
            let declared = input.packet.packet.refinement_file.as_ref();
            let finding =
                rule.finding("the packet's refinement is not there", Label::path(path, "no such file"));
            return Some(match declared {
                Some(declared) => finding.related(input.packet.at(declared.span, "declared here")),
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
            input.packet.at(declared.span, "another file"),
        ));
    }
    complete(refinement, rule, &mut out);
    for key in rule.list("fields") {
        for again in refinement.fields.iter().filter(|field| field.key == *key).skip(1) {
            out.push(
                rule.finding(format!("`{key}` is given a second time"), at(refinement, again, "said before")),
            );
        }
    }
    consistent(input, refinement, rule, &mut out);
    out.into()
}

/// Fields that must have one value; an empty one does not have it.
const EXACT: [&str; 5] =
    ["WP_ID", "USER_REVIEW_STATUS", "USER_APPROVAL_EVIDENCE", "CLEARLY_COVERS_VERDICT", "ENRICHMENT_NEEDED"];

fn at(refinement: &Refinement, field: &Field, text: impl Into<String>) -> Label {
    let span = if field.value.span.is_empty() { field.label } else { field.value.span };
    Label::text(&refinement.source, span, text)
}

fn complete(refinement: &Refinement, rule: &Rule, out: &mut Vec<Finding>) {
    for key in rule.list("fields") {
        match refinement.field(key) {
            Some(field) if field.is_filled() || EXACT.contains(&key.as_str()) => {}
            Some(field) => out.push(rule.finding(
                format!("the refinement does not fill `{key}`"),
                at(refinement, field, "fill this"),
            )),
            None => out.push(rule.finding(
                format!("the refinement has no `{key}`"),
                Label::text(&refinement.source, refinement.head(), "this refinement"),
            )),
        }
    }
    for key in rule.list("sections") {
        if !refinement.sections.iter().any(|section| section.key == *key) {
            out.push(rule.finding(
                format!("the refinement has no section `{key}`"),
                Label::text(&refinement.source, refinement.head(), "this refinement"),
            ));
        }
    }
    if refinement.anchors.is_empty() {
        out.push(rule.finding(
            "the refinement has no spec anchor",
            Label::text(&refinement.source, refinement.head(), "`#### ANCHOR 1` is missing"),
        ));
    }
}

fn consistent(input: &ApprovalInput<'_>, refinement: &Refinement, rule: &Rule, out: &mut Vec<Finding>) {
    let id = input.packet.id.as_str();
    let evidence = format!("APPROVE REFINEMENT {id}");
    let exact = [
        ("WP_ID", id),
        ("USER_REVIEW_STATUS", "APPROVED"),
        ("USER_APPROVAL_EVIDENCE", evidence.as_str()),
        ("CLEARLY_COVERS_VERDICT", "PASS"),
        ("ENRICHMENT_NEEDED", "NO"),
    ];
    for (key, want) in exact {
        let Some(field) = refinement.field(key) else { continue };
        if field.bare().value != want {
            out.push(rule.finding(
                format!("`{key}` must be `{want}` before work starts"),
                at(refinement, field, format!("not `{want}`")),
            ));
        }
    }
    if let Some(field) = refinement.field("AMBIGUITY_FOUND").filter(|field| field.is_filled())
        && field.bare().value != "NO"
    {
        out.push(rule.finding(
            "an ambiguity was found, so the specification needs enrichment first",
            at(refinement, field, "not `NO`"),
        ));
    }
}
