//! `stub/signed`: a stub claims nothing that only a packet has.

use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::finding::Label;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(stub) = super::stub_of(input) else { return CheckResult::skipped("not a stub") };
    let mut out = Vec::new();
    for key in rule.parameter("fields") {
        for field in stub.fields.iter().filter(|field| field.key == *key && field.is_filled()) {
            let value = field.bare_value();
            if value.value.eq_ignore_ascii_case("n/a") || value.value.eq_ignore_ascii_case("none") {
                continue;
            }
            out.push(rule.finding(
                format!("a stub carries `{key}`"),
                Label::text(&stub.source, field.value.span, "only a task packet has this"),
            ));
        }
    }
    for section in stub.sections.iter().filter(|section| section.key == "SKELETON_APPROVED") {
        let label = Label::text(&stub.source, section.title.span, "only a task packet has this");
        out.push(rule.finding("a stub carries an approval", label));
    }
    out.into()
}
