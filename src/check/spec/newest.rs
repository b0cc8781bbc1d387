//! `spec/newest`: no newer version lies beside the one that is named.

use crate::check::CheckResult;
use crate::check::repository_documents::RepositoryCheckContext;
use crate::document::spec::SpecPointer;
use crate::finding::{Finding, Label, Place};
use crate::rule::Rule;
use crate::text::{RepoPath, Spanned};

pub(in crate::check) fn check(input: &RepositoryCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(pointer) = input.governance.pointer() else {
        return CheckResult::skipped("there is no pointer");
    };
    let Some(named) = pointer.spec() else {
        return CheckResult::skipped("the pointer names no specification");
    };
    let name = named.value.rsplit('/').next().unwrap_or("");
    let Some((_, own)) = parse_version(name) else {
        return CheckResult::skipped("the specification's name carries no version");
    };
    let Some((newest, path)) =
        list_versions(input.spec_siblings, name).pop().filter(|(version, _)| *version > own)
    else {
        return Vec::new().into();
    };
    let message = format!("a newer specification is there: {path}");
    let label = Label::text(&pointer.source, named.span, "named as current");
    let shown: Vec<String> = newest.iter().map(ToString::to_string).collect();
    let finding = rule.finding(message, label).note(format!("Its version is {}.", shown.join(".")));
    Some(with_pointer_fix(finding, pointer, named, &path)).into()
}

/// Offers to name another file in the folder of the named one.
pub(super) fn with_pointer_fix(
    finding: Finding,
    pointer: &SpecPointer,
    named: &Spanned<String>,
    path: &RepoPath,
) -> Finding {
    let folder = named.value.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
    let wanted = format!("{folder}{}", path.file_name());
    finding.with_unsafe_fix(
        Place::text(&pointer.source, named.span),
        wanted.clone(),
        format!("name `{wanted}`"),
    )
}

/// Files that differ from `name` in their version only, oldest first.
pub(super) fn list_versions(files: &[RepoPath], name: &str) -> Vec<(Vec<u64>, RepoPath)> {
    let name = name.rsplit('/').next().unwrap_or("");
    let Some((stem, _)) = parse_version(name) else { return Vec::new() };
    let mut out: Vec<(Vec<u64>, RepoPath)> = files
        .iter()
        .filter_map(|path| {
            let (other, number) = parse_version(&path.file_name().to_string())?;
            (other == stem).then(|| (number, path.clone()))
        })
        .collect();
    out.sort();
    out
}

/// `Spec_v02.125.md` is `Spec_.md` in version 2.125.
pub(crate) fn parse_version(name: &str) -> Option<(String, Vec<u64>)> {
    let stem = name.get(..name.len().checked_sub(3)?).filter(|_| name.to_lowercase().ends_with(".md"))?;
    let at = stem
        .rfind(['v', 'V'])
        .filter(|at| stem.get(at + 1..).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())))?;
    let numbers: Option<Vec<u64>> = stem.get(at + 1..)?.split('.').map(|part| part.parse().ok()).collect();
    let start = stem.get(..at)?;
    let mut numbers = numbers.filter(|_| !start.ends_with(char::is_alphanumeric))?;
    // 1.0 is 1.
    while numbers.len() > 1 && numbers.last() == Some(&0) {
        numbers.pop();
    }
    Some((start.to_lowercase(), numbers))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_numbers() {
        assert_eq!(parse_version("Spec_v02.125.md"), Some(("spec_".into(), vec![2, 125])));
        assert_eq!(parse_version("Greeter_Spec_v01.md"), Some(("greeter_spec_".into(), vec![1])));
        for none in ["Spec.md", "Spec_v2b.md", "Rev2.md", "Spec_v2.txt"] {
            assert_eq!(parse_version(none), None, "{none}");
        }
        let files = ["A_v02.9.md", "A_v02.10.md", "B_v3.md"].map(RepoPath::from);
        assert_eq!(list_versions(&files, "A_v02.9.md").pop().map(|(v, _)| v), Some(vec![2, 10]));
    }
}
