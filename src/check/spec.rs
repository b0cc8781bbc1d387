//! `spec/…`: the pointer names the newest specification, which has the required
//! headings.

use crate::check::CheckResult;
use crate::check::repository_documents::RepositoryCheckContext;
use crate::document::Packet;
use crate::document::spec::SpecPointer;
use crate::finding::{Finding, Label, Place};
use crate::rule::Rule;
use crate::text::{RepoPath, Spanned};

/// Adds a fix that names another file in the same folder.
fn with_pointer_fix(
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
        format!("write `{wanted}`"),
    )
}

/// Returns the files that differ from `name` only in their version, oldest first.
fn list_versions(files: &[RepoPath], name: &str) -> Vec<(Vec<u64>, RepoPath)> {
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

/// Splits a file name such as `Spec_v02.125.md` into the name without its version, in
/// lowercase, and the numbers of the version, here 2 and 125. Trailing zeros are
/// removed. `None` if the name has no version.
pub(crate) fn parse_version(name: &str) -> Option<(String, Vec<u64>)> {
    let stem = name.get(..name.len().checked_sub(3)?).filter(|_| name.to_lowercase().ends_with(".md"))?;
    let at = stem
        .rfind(['v', 'V'])
        .filter(|at| stem.get(at + 1..).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())))?;
    let numbers: Option<Vec<u64>> = stem.get(at + 1..)?.split('.').map(|part| part.parse().ok()).collect();
    let start = stem.get(..at)?;
    let mut numbers = numbers.filter(|_| !start.ends_with(char::is_alphanumeric))?;
    // Version 1.0 equals version 1.
    while numbers.len() > 1 && numbers.last() == Some(&0) {
        numbers.pop();
    }
    Some((start.to_lowercase(), numbers))
}

/// `spec/pointer`: the pointer file names the current specification, and that
/// specification exists.
pub(super) fn pointer(input: &RepositoryCheckContext<'_>, rule: &Rule) -> CheckResult {
    let path = RepoPath::from(input.governance.layout.spec_pointer.as_str());
    let Some(pointer) = input.governance.pointer() else {
        if names_no_spec(input) {
            return CheckResult::skipped("no packet and no refinement names a specification");
        }
        return Some(rule.finding(
            "the pointer file of the specification does not exist",
            Label::path(&path, "no such file"),
        ))
        .into();
    };
    let Some(named) = pointer.spec() else {
        let label =
            Label::text(&pointer.source, pointer.head_span, "write a line such as `**Spec_v01.md**` below");
        return Some(rule.finding("the pointer names no specification", label)).into();
    };
    if input.spec.is_none() {
        let message = format!(
            "the current specification `{}` does not exist",
            crate::text::to_single_line(&named.value, 120)
        );
        let finding = rule.finding(message, Label::text(&pointer.source, named.span, "named here"));
        let near = list_versions(input.spec_siblings, &named.value).pop();
        return Some(match near {
            Some((_, near)) => with_pointer_fix(
                finding.help(format!("A version that exists is {near}.")),
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

/// Returns whether all documents were read, and no packet and no refinement names a
/// specification.
fn names_no_spec(input: &RepositoryCheckContext<'_>) -> bool {
    let mut packets = input.governance.packets();
    let names_spec = |packet: &Packet| packet.fields.iter().any(|field| field.key.starts_with("SPEC"));
    input.is_whole_check
        && !packets.any(|(_, _, packet)| names_spec(packet))
        && !input.governance.documents.iter().any(|document| document.refinement().is_some())
}

/// `spec/newest`: the specification that the pointer names is the newest version in
/// its folder.
pub(super) fn newest(input: &RepositoryCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(pointer) = input.governance.pointer() else {
        return CheckResult::skipped("the pointer file does not exist");
    };
    let Some(named) = pointer.spec() else {
        return CheckResult::skipped("the pointer names no specification");
    };
    let name = named.value.rsplit('/').next().unwrap_or("");
    let Some((_, own)) = parse_version(name) else {
        return CheckResult::skipped("the file name of the specification has no version");
    };
    let Some((newest, path)) =
        list_versions(input.spec_siblings, name).pop().filter(|(version, _)| *version > own)
    else {
        return Vec::new().into();
    };
    let message = format!("the pointer names an older specification than {path}");
    let label = Label::text(&pointer.source, named.span, "the named version");
    let shown: Vec<String> = newest.iter().map(ToString::to_string).collect();
    let finding = rule.finding(message, label).note(format!("The newest version is {}.", shown.join(".")));
    Some(with_pointer_fix(finding, pointer, named, &path)).into()
}

/// `spec/heading`: the specification contains every heading that the configuration
/// requires (`spec: headings:`).
pub(super) fn heading(input: &RepositoryCheckContext<'_>, rule: &Rule) -> CheckResult {
    if input.policy.spec_headings.is_empty() {
        return CheckResult::skipped("the configuration requires no headings (`spec: headings:`)");
    }
    let Some(spec) = input.spec else {
        return CheckResult::skipped("the specification does not exist");
    };
    let normalize = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut out: Vec<Finding> = Vec::new();
    for wanted in &input.policy.spec_headings {
        let level = wanted.chars().take_while(|c| *c == '#').count();
        let title = normalize(wanted.trim_start_matches('#'));
        let found = spec.headings().iter().any(|section| {
            let own = normalize(&section.title.value);
            let same = own == title
                || own.strip_prefix(title.as_str()).is_some_and(|rest| rest.starts_with([' ', '.', ':']));
            same && (level == 0 || usize::from(section.level) == level)
        });
        if found {
            continue;
        }
        let message =
            format!("the specification has no heading `{}`", crate::text::to_single_line(wanted, 100));
        let finding = rule.finding(message, Label::path(spec.source.name(), "the current specification"));
        let mention = spec.source.text().find(title.as_str()).map(|at| spec.source.line(at));
        out.push(match mention {
            Some(line) => {
                finding.help(format!("Line {line} contains these words, but is not such a heading."))
            }
            None => finding,
        });
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(parse_version("Spec_v02.125.md"), Some(("spec_".into(), vec![2, 125])));
        assert_eq!(parse_version("Greeter_Spec_v01.md"), Some(("greeter_spec_".into(), vec![1])));
        for name in ["Spec.md", "Spec_v2b.md", "Rev2.md", "Spec_v2.txt"] {
            assert_eq!(parse_version(name), None, "{name}");
        }
        let files = ["A_v02.9.md", "A_v02.10.md", "B_v3.md"].map(RepoPath::from);
        assert_eq!(list_versions(&files, "A_v02.9.md").pop().map(|(v, _)| v), Some(vec![2, 10]));
    }
}
