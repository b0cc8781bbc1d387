//! `stub/template-text`: a stub begins with its own title, not with that of its template.

use super::stub_of;
use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::finding::{Label, Level};
use crate::rule::Rule;

/// `stub/template-text`: a stub with a title of its own does not have the title of the template
/// above it. The template itself has no other title.
pub(in crate::check) fn template_text(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(stub) = stub_of(input) else { return CheckResult::skipped("not a stub") };
    let Some(own) = &stub.title_id else { return CheckResult::skipped("the stub has no title of its own") };
    let is_template = |title: &str| rule.parameter("titles").iter().any(|known| known == title.trim());
    let mut above = stub.sections.iter().filter(|section| section.title.span.start < own.span.start);
    let left = above.find(|section| section.level == 1 && is_template(&section.title.value));
    left.map(|section| {
        let label = Label::text(&stub.source, section.title.span, "the title of the template");
        let finding = rule.finding("the stub begins with the title and the rules of its template", label);
        finding.with_level(Level::Note).related(Label::text(&stub.source, own.span, "its own title"))
    })
    .into()
}
