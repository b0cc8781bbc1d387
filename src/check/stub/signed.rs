//! `stub/signed`: a stub claims nothing that only a packet has.

use crate::check::Verdict;
use crate::check::library::DocumentInput;
use crate::finding::Label;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &DocumentInput<'_>, rule: &Rule) -> Verdict {
    let Some(stub) = super::stub(input) else { return Verdict::skipped("not a stub") };
    let mut out = Vec::new();
    for key in rule.list("fields") {
        for field in stub.fields.iter().filter(|field| field.key == *key && field.is_filled()) {
            let value = field.bare();
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
