//! `scope/escaping-link`: a link does not lead out of the repository or out
//! of the scope.

use crate::change::FileMode;
use crate::check::CheckResult;
use crate::check::context::ChangeCheckContext;
use crate::finding::Label;
use crate::rule::Rule;
use crate::text::{RepoPath, to_single_line};

use super::{find_covering_entry, is_own_governance};

pub(in crate::check) fn check(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let mut out = Vec::new();
    for file in input.files {
        let path = &file.change.path;
        let link = file.change.after.filter(|entry| entry.mode == FileMode::Symlink).and(file.after.as_ref());
        let Some(target) = link else { continue };
        let text = to_single_line(&String::from_utf8_lossy(&target.bytes), 120);
        let message = match resolve_link(path, &target.bytes) {
            None => format!("{path} is a link to `{text}`, outside the repository"),
            Some(inside)
                if find_covering_entry(&input.packet, &inside).is_none()
                    && !is_own_governance(&input.packet, &inside) =>
            {
                format!("{path} is a link to {inside}, which is outside the scope")
            }
            Some(_) => continue,
        };
        out.push(rule.finding(message, Label::path(path, "this link")).about_path(path));
    }
    out.into()
}

/// The path in the repository that a link's text leads to, if it stays inside.
fn resolve_link(link: &RepoPath, target: &[u8]) -> Option<RepoPath> {
    if target.first() == Some(&b'/') || target.get(1) == Some(&b':') || target.contains(&b'\\') {
        return None;
    }
    let mut names: Vec<&[u8]> = link.folder().split(|b| *b == b'/').filter(|name| !name.is_empty()).collect();
    for name in target.split(|b| *b == b'/') {
        match name {
            b"" | b"." => {}
            b".." => {
                names.pop()?;
            }
            name if name.eq_ignore_ascii_case(b".git") => return None,
            name => names.push(name),
        }
    }
    (!names.is_empty()).then(|| RepoPath::from_bytes(&names.join(&b'/')))
}
