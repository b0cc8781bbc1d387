//! Paths in a tree: `/` separates names, and the root is empty.

/// Returns the path of a name in a folder.
pub(super) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// Returns a path relative to the root of the repository, without `.` and `..`.
pub(super) fn normalize(folder: &str, path: &str) -> String {
    let mut names: Vec<&str> = folder.split('/').filter(|name| !name.is_empty()).collect();
    for name in path.split(['/', '\\']) {
        match name {
            "" | "." => {}
            ".." => {
                names.pop();
            }
            name => names.push(name),
        }
    }
    names.join("/")
}

/// Returns a folder relative to another one around it, or equal to it.
pub(super) fn below<'a>(folder: &'a str, around: &str) -> &'a str {
    if folder == around { "" } else { relative(folder, around) }
}

/// Returns a path below a folder, relative to it.
pub(super) fn relative<'a>(text: &'a str, folder: &str) -> &'a str {
    if folder.is_empty() {
        return text;
    }
    text.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/')).unwrap_or(text)
}
