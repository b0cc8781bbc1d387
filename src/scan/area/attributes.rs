//! `linguist-…` attributes in `.gitattributes` files: what git hosts leave out of their
//! statistics and differences.

use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};

use super::kind::AreaKind;

/// Maximum number of lines with such attributes in all files of a tree.
const MAX_LINES: usize = 2_000;

/// The attributes of a tree, in order of increasing precedence.
#[derive(Debug, Default)]
pub(super) struct LinguistAttributes {
    patterns: GlobSet,
    /// The attribute of each pattern, and whether the line sets or unsets it.
    meanings: Vec<(AreaKind, bool)>,
}

impl LinguistAttributes {
    /// Reads files, each with its folder; a file in a deeper folder takes precedence.
    pub(super) fn read(mut files: Vec<(String, String)>) -> Self {
        files.sort_by_key(|(folder, _)| folder.matches('/').count() + usize::from(!folder.is_empty()));
        let mut lines: Vec<(Glob, AreaKind, bool)> = Vec::new();
        for (folder, text) in files {
            let text = text.trim_start_matches('\u{feff}');
            lines.extend(text.lines().flat_map(|line| read_line(&folder, line)));
            lines.truncate(MAX_LINES);
        }
        let mut patterns = GlobSetBuilder::new();
        let mut meanings = Vec::with_capacity(lines.len());
        for (glob, kind, is_set) in lines {
            patterns.add(glob);
            meanings.push((kind, is_set));
        }
        patterns.build().map_or_else(|_| Self::default(), |patterns| Self { patterns, meanings })
    }

    /// Returns the areas that attributes give a path, and whether they set or unset them.
    /// The last line of each attribute counts.
    pub(super) fn find(&self, path: &str) -> Vec<(AreaKind, bool)> {
        let mut out: Vec<(AreaKind, bool)> = Vec::new();
        if self.meanings.is_empty() {
            return out;
        }
        for (kind, is_set) in self.patterns.matches(path).into_iter().filter_map(|at| self.meanings.get(at)) {
            out.retain(|(other, _)| other != kind);
            out.push((*kind, *is_set));
        }
        out
    }
}

/// Reads the attributes of one line that say what a file is for.
fn read_line(folder: &str, line: &str) -> Vec<(Glob, AreaKind, bool)> {
    let line = line.trim();
    if !line.contains("linguist-") || line.starts_with('#') || line.starts_with("[attr]") {
        return Vec::new();
    }
    // A pattern with blanks is in quotation marks, as in C.
    let (pattern, attributes) = match line.strip_prefix('"') {
        Some(rest) => match rest.split_once("\" ").or_else(|| rest.split_once("\"\t")) {
            Some((pattern, attributes)) => (pattern.replace("\\\"", "\"").replace("\\\\", "\\"), attributes),
            None => return Vec::new(),
        },
        None => match line.split_once(char::is_whitespace) {
            Some((pattern, attributes)) => (pattern.to_owned(), attributes),
            None => return Vec::new(),
        },
    };
    let Some(glob) = compile(folder, &pattern) else { return Vec::new() };
    let read = |attribute: &str| {
        let bare = attribute.strip_prefix(['-', '!']);
        let (name, value) =
            bare.unwrap_or(attribute).split_once('=').unwrap_or((bare.unwrap_or(attribute), "true"));
        let kind = match name {
            "linguist-generated" => AreaKind::Generated,
            "linguist-vendored" => AreaKind::Vendored,
            "linguist-documentation" => AreaKind::Documentation,
            _ => return None,
        };
        let is_set = bare.is_none() && !matches!(value, "false" | "0" | "no");
        Some((glob.clone(), kind, is_set))
    };
    attributes.split_whitespace().filter_map(read).collect()
}

/// Compiles a pattern as git reads it: without a slash it matches a name at any depth.
/// Unlike git, a folder matches the files below it, which is what its authors mean.
fn compile(folder: &str, pattern: &str) -> Option<Glob> {
    let is_anchored = pattern.trim_end_matches('/').contains('/');
    let whole = pattern.trim_start_matches('/');
    let whole = if whole.ends_with('/') { format!("{whole}**") } else { whole.to_owned() };
    // Git reads braces literally.
    let escaped = whole.replace('{', "[{]").replace('}', "[}]");
    let below = if is_anchored { escaped } else { format!("**/{escaped}") };
    let folder: String =
        folder.chars().flat_map(|c| if "*?[]{}\\!".contains(c) { vec!['\\', c] } else { vec![c] }).collect();
    let glob = if folder.is_empty() { below } else { format!("{folder}/{below}") };
    GlobBuilder::new(&glob).literal_separator(true).backslash_escape(true).build().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_of_an_attribute_counts() {
        let root = "*.pb.go linguist-generated\n/web/lib/** linguist-vendored=true\n\"a b.js\" linguist-generated=true\nkeep.pb.go -linguist-generated\n# x linguist-generated\n";
        let deeper = "x.go linguist-generated=false\ngen/ linguist-generated\n";
        let all = LinguistAttributes::read(vec![
            ("api".to_owned(), deeper.to_owned()),
            (String::new(), root.to_owned()),
        ]);
        for (path, expected) in [
            ("a/b.pb.go", vec![(AreaKind::Generated, true)]),
            ("a/keep.pb.go", vec![(AreaKind::Generated, false)]),
            ("web/lib/x/y.js", vec![(AreaKind::Vendored, true)]),
            ("other/web/lib/y.js", vec![]),
            ("a b.js", vec![(AreaKind::Generated, true)]),
            ("api/v1/x.go", vec![(AreaKind::Generated, false)]),
            ("x.go", vec![]),
            ("api/gen/a.ts", vec![(AreaKind::Generated, true)]),
        ] {
            assert_eq!(all.find(path), expected, "{path}");
        }
    }
}
