//! Paths of modules in Rust source, read from its text.

use regex::Regex;
use std::sync::LazyLock;

/// All paths of a file that begin with `crate`, `super` or `self`: those of
/// `use` declarations with their lists expanded, and those in other code.
pub fn paths(text: &str) -> Vec<Vec<String>> {
    static START: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?:^|[^\w:])((?:crate|super|self)::)").expect("pattern"));
    let mut out = Vec::new();
    let code: String = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(|line| format!("{line}\n"))
        .collect();
    for captures in START.captures_iter(&code) {
        let start = captures.get(1).expect("a path").start();
        expand(&code[start..], &mut Vec::new(), &mut out);
    }
    out
}

/// Reads one path, or the tree of a `use` declaration, and appends all its
/// paths; returns the number of bytes that were read.
fn expand(text: &str, prefix: &mut Vec<String>, out: &mut Vec<Vec<String>>) -> usize {
    let depth = prefix.len();
    let mut at = 0;
    loop {
        let rest = &text[at..];
        let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        if !name.is_empty() {
            at += name.len();
            prefix.push(name);
            if text[at..].starts_with("::") {
                at += 2;
                continue;
            }
            out.push(prefix.clone());
        } else if rest.starts_with('{') {
            at += 1;
            while !text[at..].starts_with('}') && at < text.len() {
                let skipped = text[at..].find(|c: char| c.is_alphanumeric() || "_{}*".contains(c));
                at += skipped.unwrap_or(text.len() - at);
                if text[at..].starts_with(|c: char| c != '}') {
                    at += expand(&text[at..], prefix, out).max(1);
                    // What follows ` as ` is not a path of its own.
                    if let Some(renamed) = text[at..].strip_prefix(" as ") {
                        at += 4 + renamed.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(0);
                    }
                }
            }
            at += 1;
        } else {
            // A glob, or a generic argument such as `self::<T>`.
            out.push(prefix.clone());
            at += usize::from(rest.starts_with('*'));
        }
        prefix.truncate(depth);
        return at;
    }
}

#[test]
fn lists_and_inline_paths_are_read() {
    let text = "use crate::a::{B, c::{D as E, self}, f::*};\nfn g() { super::super::h::i(crate::j::K) }\n";
    let joined: Vec<String> = paths(text).into_iter().map(|path| path.join("::")).collect();
    assert_eq!(
        joined,
        [
            "crate::a::B",
            "crate::a::c::D",
            "crate::a::c::self",
            "crate::a::f",
            "super::super::h::i",
            "crate::j::K"
        ]
    );
}
