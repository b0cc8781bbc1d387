//! The two pattern languages of the crate.
//!
//! Repository globs match paths of a repository: scope entries, protected paths and
//! the path lists of scans. Only `*` and `**` are wildcards: `*` stops at `/`, and
//! `**` is a whole component that stands for any number of folders. All other
//! characters are literal, because file names such as `app/[id]/page.tsx` contain
//! them. A list of scans is compiled to one automaton ([`compile_repo_glob`]). Scope
//! entries use [`globs_overlap`] instead, which also decides whether two globs have a
//! common path and needs no memory for each entry of a hostile packet. A property
//! test holds the two together.
//!
//! [`fnmatch`] is the language of OpenSSH's pattern lists; names of environment
//! variables use it as well.

use globset::{Glob, GlobBuilder};

/// Compiles a repository glob.
///
/// # Errors
/// The pattern is too large for the matcher.
pub(crate) fn compile_repo_glob(pattern: &str) -> Result<Glob, globset::Error> {
    let mut escaped = String::with_capacity(pattern.len());
    for character in pattern.chars() {
        match character {
            '?' | '[' | ']' | '{' | '}' | '\\' | '!' | ',' => {
                escaped.push('\\');
                escaped.push(character);
            }
            other => escaped.push(other),
        }
    }
    GlobBuilder::new(&escaped).literal_separator(true).backslash_escape(true).build()
}

/// Returns whether two globs, given as components, match a common path. Uses a
/// table over both, so that the time is the product of their lengths.
#[must_use]
pub(crate) fn globs_overlap(a: &[String], b: &[String]) -> bool {
    let mut table = vec![vec![false; b.len() + 1]; a.len() + 1];
    for i in (0..=a.len()).rev() {
        for j in (0..=b.len()).rev() {
            let at = |i: usize, j: usize| table.get(i).and_then(|row| row.get(j)).copied().unwrap_or(false);
            let overlap = match (a.get(i), b.get(j)) {
                (None, None) => true,
                (Some(x), y) if x == "**" => at(i + 1, j) || (y.is_some() && at(i, j + 1)),
                (x, Some(y)) if y == "**" => at(i, j + 1) || (x.is_some() && at(i + 1, j)),
                (Some(x), Some(y)) => at(i + 1, j + 1) && components_overlap(x.as_bytes(), y.as_bytes()),
                _ => false,
            };
            if let Some(cell) = table.get_mut(i).and_then(|row| row.get_mut(j)) {
                *cell = overlap;
            }
        }
    }
    table.first().and_then(|row| row.first()).copied().unwrap_or(false)
}

/// Returns whether a glob, given as components, matches a path, whose characters are all
/// literal. It agrees with [`globs_overlap`] and needs no table.
#[must_use]
pub(crate) fn glob_matches(glob: &[String], path: &str) -> bool {
    let path: Vec<&str> = path.split('/').collect();
    let (mut g, mut p, mut star) = (0, 0, None);
    while let Some(name) = path.get(p) {
        match glob.get(g) {
            Some(part) if part == "**" => {
                star = Some((g, p));
                g += 1;
            }
            Some(part) if component_matches(part.as_bytes(), name.as_bytes()) => {
                g += 1;
                p += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    (g, p) = (at + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    glob.get(g..).unwrap_or_default().iter().all(|part| part == "**")
}

/// Returns whether a component with `*` matches a name.
fn component_matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n, mut star) = (0, 0, None);
    while let Some(byte) = name.get(n) {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(own) if own == byte => {
                p += 1;
                n += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    (p, n) = (at + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern.get(p..).unwrap_or_default().iter().all(|byte| *byte == b'*')
}

fn components_overlap(a: &[u8], b: &[u8]) -> bool {
    let mut table = vec![vec![false; b.len() + 1]; a.len() + 1];
    for i in (0..=a.len()).rev() {
        for j in (0..=b.len()).rev() {
            let at = |i: usize, j: usize| table.get(i).and_then(|row| row.get(j)).copied().unwrap_or(false);
            let overlap = match (a.get(i), b.get(j)) {
                (None, None) => true,
                (Some(b'*'), y) => at(i + 1, j) || (y.is_some() && at(i, j + 1)),
                (x, Some(b'*')) => at(i, j + 1) || (x.is_some() && at(i + 1, j)),
                (Some(x), Some(y)) => x == y && at(i + 1, j + 1),
                _ => false,
            };
            if let Some(cell) = table.get_mut(i).and_then(|row| row.get_mut(j)) {
                *cell = overlap;
            }
        }
    }
    table.first().and_then(|row| row.first()).copied().unwrap_or(false)
}

/// Returns whether a text matches a pattern with `*` (any bytes) and `?` (one byte), as
/// `match_pattern` of OpenSSH decides it. The time is at most the
/// product of both lengths.
#[must_use]
pub(crate) fn fnmatch(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == b'?' || text.get(t) == Some(c) => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    (p, t) = (at + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern.get(p..).unwrap_or_default().iter().all(|c| *c == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, path: &str) -> bool {
        compile_repo_glob(pattern).expect("glob").compile_matcher().is_match(path)
    }

    #[test]
    fn only_stars_are_wildcards() {
        assert!(matches("app/[id]/*.tsx", "app/[id]/page.tsx"));
        assert!(!matches("app/[id]/*.tsx", "app/i/page.tsx"));
        assert!(matches("a{b,c}/*", "a{b,c}/x") && !matches("a{b,c}/*", "ab/x"));
        assert!(matches("what?*", "what?!") && !matches("what?*", "whatsx"));
        assert!(matches("![a]/*", "![a]/x") && !matches("[!a]/*", "b/x"));
    }

    #[test]
    fn one_star_stops_at_a_slash_and_two_do_not() {
        assert!(matches("a/*.sql", "a/1.sql") && !matches("a/*.sql", "a/b/1.sql"));
        assert!(matches("a/**/z", "a/z") && matches("a/**/z", "a/b/c/z"));
        assert!(matches("**/z", "z") && matches("**/z", "a/b/z") && !matches("**/z", "a/yz"));
        assert!(matches("a/**/*", "a/b/c") && !matches("a/**/*", "a"));
        assert!(matches("a/*", "a/line\nbreak"));
    }

    #[test]
    fn fnmatch_crosses_slashes_and_takes_single_characters() {
        assert!(fnmatch("*@example.org", "mira@example.org"));
        assert!(fnmatch("a?c*", "abc/d") && !fnmatch("a?c", "ac"));
        assert!(fnmatch("", "") && !fnmatch("", "a") && fnmatch("**", ""));
    }

    proptest::proptest! {
        #[test]
        fn the_automaton_and_the_table_agree(
            pattern in proptest::collection::vec(r"\*\*|[ab\[\]{},?!*.-]{1,4}", 1..5),
            path in proptest::collection::vec(r"[ab\[\]{},?!.-]{1,3}", 1..6),
        ) {
            let is_valid = |part: &String| part == "**" || !part.contains("**");
            proptest::prop_assume!(pattern.iter().all(is_valid));
            proptest::prop_assume!(pattern.last().is_some_and(|part| part != "**"));
            let by_table = globs_overlap(&pattern, &path);
            proptest::prop_assert_eq!(matches(&pattern.join("/"), &path.join("/")), by_table);
            proptest::prop_assert_eq!(glob_matches(&pattern, &path.join("/")), by_table);
        }
    }
}
