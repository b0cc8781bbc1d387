//! `scope/escaping-link`: where a changed symbolic link leads.
//!
//! A link is resolved as an operating system does it: name by name, through the other
//! links of the judged tree. Two links that are harmless by their text can together lead
//! out of the repository.

use std::collections::VecDeque;

use crate::change::FileMode;
use crate::check::CheckResult;
use crate::check::context::ChangeCheckContext;
use crate::finding::Label;
use crate::rule::Rule;
use crate::text::{RepoPath, to_single_line};

use super::mentions_path;

/// Maximum number of links on the way to a target, as on Linux.
const MAX_HOPS: usize = 40;
/// Maximum number of names on the way to a target.
const MAX_NAMES: usize = 4096;
/// Maximum number of bytes of a target, as on Linux.
const MAX_TARGET_BYTES: usize = 4096;

/// Where a link leads.
#[derive(Debug, PartialEq, Eq)]
enum Destination {
    /// A path of the repository, which need not exist.
    Inside(RepoPath),
    /// Outside the repository, or into `.git`.
    Outside,
    /// Through too many links, such as a loop.
    Endless,
}

/// `scope/escaping-link`: every changed symbolic link leads to a path inside
/// the repository and inside the scope.
pub(in crate::check) fn escaping_link(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let mut out = Vec::new();
    for file in input.files {
        let path = &file.change.path;
        let link = file.change.after.filter(|entry| entry.mode == FileMode::Symlink).and(file.after.as_ref());
        let Some(target) = link else { continue };
        let text = to_single_line(&String::from_utf8_lossy(&target.bytes), 120);
        let destination = if target.is_released() {
            Destination::Outside
        } else {
            match resolve(path, &target.bytes, input.link_target) {
                // The first target of an endless chain says what is wrong.
                Destination::Endless => resolve(path, &target.bytes, &|_| None),
                destination => destination,
            }
        };
        let message = match destination {
            Destination::Inside(inside) if mentions_path(&input.packet, &inside) => continue,
            Destination::Inside(inside) => {
                format!("{path} is a symbolic link to {inside}, which is outside the scope")
            }
            Destination::Outside | Destination::Endless => {
                format!("{path} is a symbolic link to `{text}`, outside the repository")
            }
        };
        out.push(rule.finding(message, Label::path(path, "this link")).about_path(path));
    }
    out.into()
}

/// Returns whether a target leaves the repository by its form: absolute, a drive, or
/// with a backslash, which separates folders on Windows.
fn is_foreign(target: &[u8]) -> bool {
    target.is_empty()
        || target.len() > MAX_TARGET_BYTES
        || target.first() == Some(&b'/')
        || target.get(1) == Some(&b':')
        || target.contains(&b'\\')
}

/// Resolves a link name by name. `link_target` returns the target of a path that is a
/// link.
fn resolve(
    link: &RepoPath,
    target: &[u8],
    link_target: &dyn Fn(&RepoPath) -> Option<Vec<u8>>,
) -> Destination {
    let names_of = |path: &[u8]| -> Vec<Vec<u8>> {
        path.split(|b| *b == b'/').filter(|name| !matches!(*name, b"" | b".")).map(<[u8]>::to_vec).collect()
    };
    if is_foreign(target) {
        return Destination::Outside;
    }
    // Folders above an entry of a tree are never links.
    let mut at: Vec<Vec<u8>> = names_of(link.folder());
    let mut rest: VecDeque<Vec<u8>> = names_of(target).into();
    let (mut hops, mut steps) = (1, 0);
    while let Some(name) = rest.pop_front() {
        steps += 1;
        if steps > MAX_NAMES {
            return Destination::Endless;
        }
        if name == b".." {
            if at.pop().is_none() {
                return Destination::Outside;
            }
            continue;
        }
        if name.eq_ignore_ascii_case(b".git") {
            return Destination::Outside;
        }
        at.push(name);
        let Some(next) = link_target(&RepoPath::from_bytes(&at.join(&b'/'))) else { continue };
        hops += 1;
        if hops > MAX_HOPS {
            return Destination::Endless;
        }
        if is_foreign(&next) {
            return Destination::Outside;
        }
        at.pop();
        names_of(&next).into_iter().rev().for_each(|name| rest.push_front(name));
    }
    if at.is_empty() {
        Destination::Outside
    } else {
        Destination::Inside(RepoPath::from_bytes(&at.join(&b'/')))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lead(links: &[(&str, &str)], path: &str) -> String {
        let target = |path: &RepoPath| {
            let found = links.iter().find(|(link, _)| path.as_bytes() == link.as_bytes());
            found.map(|(_, target)| target.as_bytes().to_vec())
        };
        let first = target(&RepoPath::from(path)).expect("a link");
        match resolve(&RepoPath::from(path), &first, &target) {
            Destination::Inside(path) => path.to_string(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn links_are_followed_through_other_links() {
        let hop = ("src/x/y/hop", "../z");
        assert_eq!(lead(&[hop, ("src/x/y/out", "hop/../../../Cargo.toml")], "src/x/y/out"), "Cargo.toml");
        assert_eq!(lead(&[hop, ("src/x/y/git", "hop/../../../.git/config")], "src/x/y/git"), "Outside");
        let up = ("src/a/b/c/d/up", "../../../../x");
        assert_eq!(lead(&[up, ("src/a/b/c/d/out", "up/../../../secret")], "src/a/b/c/d/out"), "Outside");
        assert_eq!(lead(&[hop, ("src/x/y/in", "hop/note.txt")], "src/x/y/in"), "src/x/z/note.txt");
        assert_eq!(lead(&[("a", "b"), ("b", "c"), ("c", "/etc")], "a"), "Outside");
        assert_eq!(lead(&[("a", "b"), ("b", "a")], "a"), "Endless");
        assert_eq!(lead(&[("a", "a/x")], "a"), "Endless");
        assert_eq!(lead(&[("d/a", "..")], "d/a"), "Outside");
        assert_eq!(lead(&[("d/a", "../e/./f")], "d/a"), "e/f");
    }

    #[test]
    fn links_that_double_their_names_end() {
        let links: Vec<(String, String)> =
            (0..60).map(|n| (format!("l{n}"), format!("l{}/l{}/x", n + 1, n + 1))).collect();
        let links: Vec<(&str, &str)> = links.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        assert_eq!(lead(&links, "l0"), "Endless");
    }
}
