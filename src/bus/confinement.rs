//! From rights to what the operating system enforces.

use std::path::{Path, PathBuf};

use crate::config::axis_of;
use crate::system::confine::Confinement;
use crate::system::files;

use super::caches::CacheFolders;

/// Devices that every program may write.
const DEVICES: [&str; 9] = [
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
    "/dev/tty",
    "/dev/ptmx",
    "/dev/pts",
    "/dev/shm",
];

/// Returns what a program with these rights may do.
pub(super) fn of_rights(rights: &[String], root: &Path, caches: &CacheFolders<'_>) -> Confinement {
    let mut writable: Vec<PathBuf> = DEVICES.iter().map(PathBuf::from).collect();
    let mut network = false;
    for right in rights {
        let scope = right.split_once(':').map(|(_, scope)| scope);
        match (axis_of(right), scope) {
            ("net.http", _) => network = true,
            ("fs.write", None | Some("workspace")) => writable.push(root.to_path_buf()),
            ("fs.write", Some("tmp")) => writable.extend(caches.temporary()),
            ("fs.write", Some("cache")) => writable.extend(caches.all()),
            ("fs.write", Some(path)) => writable.extend(writable_below(root, path)),
            _ => {}
        }
    }
    Confinement { writable, network }
}

/// A path with a trailing `/`, or of a folder that is there, is a folder; any other is one
/// file. What is not there is created: a right to write it would be none.
fn writable_below(root: &Path, path: &str) -> Option<PathBuf> {
    let as_folder = files::resolve_folder_below(root, path).ok();
    let is_there = |folder: &PathBuf| files::find_metadata(folder).ok().flatten().is_some();
    match as_folder {
        Some(folder) if path.ends_with('/') || is_there(&folder) => {
            files::create_folder(&folder).ok()?;
            Some(folder)
        }
        _ => {
            let parent = files::resolve_folder_below(root, parent_of(path)).ok()?;
            files::create_folder(&parent).ok()?;
            let file = parent.join(path.rsplit('/').next()?);
            if !is_there(&file) {
                files::create_new(&file).ok()?;
            }
            Some(file)
        }
    }
}

fn parent_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

/// How a program says that it may not write.
const REFUSALS: [&str; 4] = ["permission denied", "eacces", "permissiondenied", "os error 13"];
/// Maximum length of a line of a log that a report quotes, in characters.
const MAX_QUOTED_CHARS: usize = 200;

/// Returns the first line of a log that names a refused access outside of what may be
/// written. A line without a path counts as well: the kernel tells no path, and
/// only some programs do.
pub(super) fn find_refusal(confinement: &Confinement, text: &str) -> Option<String> {
    let refused = |line: &&str| {
        let lower = line.to_lowercase();
        REFUSALS.iter().any(|refusal| lower.contains(refusal))
    };
    let is_outside = |line: &&str| {
        let mut paths = absolute_paths(line).peekable();
        let names_none = paths.peek().is_none();
        names_none || paths.any(|path| !confinement.writable.iter().any(|folder| path.starts_with(folder)))
    };
    let line = text.lines().filter(refused).find(is_outside)?;
    Some(line.trim().chars().take(MAX_QUOTED_CHARS).collect())
}

/// The absolute paths of a line, as programs quote them.
fn absolute_paths(line: &str) -> impl Iterator<Item = &Path> {
    let is_end = |c: char| c.is_whitespace() || matches!(c, '\'' | '"' | '`' | '(' | ')' | ',' | ';' | '=');
    line.split(is_end)
        .map(|word| word.trim_end_matches(':'))
        .filter(|word| word.starts_with('/') && word.len() > 1)
        .map(Path::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_write_is_found_with_its_path() {
        let confinement = Confinement { writable: vec![PathBuf::from("/project")], network: true };
        let found = |text: &str| find_refusal(&confinement, text);
        for line in [
            "Error: EACCES: permission denied, open '/home/x/.config/app.json'",
            "PermissionError: [Errno 13] Permission denied: '/home/x/.app'",
            "sh: 1: cannot create /etc/x: Permission denied",
            "open /home/x/.config/a: permission denied",
            "Os { code: 13, kind: PermissionDenied, message: \"Permission denied\" }",
        ] {
            assert_eq!(found(&format!("running\n  {line}\nend")).as_deref(), Some(line));
        }
        // A file of the working tree that the program itself made read-only.
        assert_eq!(found("open '/project/read-only': Permission denied"), None);
        assert_eq!(found("all is well in /etc"), None);
    }
}
