//! `spec/pointer`: the pointer names one specification, and it is there.

use crate::check::Verdict;
use crate::check::library::LibraryInput;
use crate::finding::Label;
use crate::rule::Rule;
use crate::text::RepoPath;

pub(in crate::check) fn check(input: &LibraryInput<'_>, rule: &Rule) -> Verdict {
    let path = RepoPath::from(input.library.layout.spec_pointer.as_str());
    let Some(pointer) = input.library.pointer() else {
        return Some(
            rule.finding("there is no pointer to the specification", Label::path(&path, "no such file")),
        )
        .into();
    };
    let Some(named) = pointer.spec() else {
        let label = Label::text(&pointer.source, pointer.head, "a line `**Spec_v01.md**` belongs below");
        return Some(rule.finding("the pointer names no specification", label)).into();
    };
    if input.spec.is_none() {
        let message =
            format!("the current specification `{}` is not there", crate::text::one_line(&named.value, 120));
        let finding = rule.finding(message, Label::text(&pointer.source, named.span, "named here"));
        let near = crate::check::spec::newest::versions(input.beside_spec, &named.value).pop();
        return Some(match near {
            Some((_, near)) => {
                super::newest::repointed(finding.help(format!("There is {near}.")), pointer, named, &near)
            }
            None => finding,
        })
        .into();
    }
    Vec::new().into()
}
