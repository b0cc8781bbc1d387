//! `spec/pointer`: the pointer names one specification, and it is there.

use crate::check::CheckResult;
use crate::check::repository_documents::RepositoryCheckContext;
use crate::finding::Label;
use crate::rule::Rule;
use crate::text::RepoPath;

pub(in crate::check) fn check(input: &RepositoryCheckContext<'_>, rule: &Rule) -> CheckResult {
    let path = RepoPath::from(input.governance.layout.spec_pointer.as_str());
    let Some(pointer) = input.governance.pointer() else {
        return Some(
            rule.finding("there is no pointer to the specification", Label::path(&path, "no such file")),
        )
        .into();
    };
    let Some(named) = pointer.spec() else {
        let label = Label::text(&pointer.source, pointer.head_span, "a line `**Spec_v01.md**` belongs below");
        return Some(rule.finding("the pointer names no specification", label)).into();
    };
    if input.spec.is_none() {
        let message = format!(
            "the current specification `{}` is not there",
            crate::text::to_single_line(&named.value, 120)
        );
        let finding = rule.finding(message, Label::text(&pointer.source, named.span, "named here"));
        let near = crate::check::spec::newest::list_versions(input.spec_siblings, &named.value).pop();
        return Some(match near {
            Some((_, near)) => super::newest::with_pointer_fix(
                finding.help(format!("There is {near}.")),
                pointer,
                named,
                &near,
            ),
            None => finding,
        })
        .into();
    }
    Vec::new().into()
}
