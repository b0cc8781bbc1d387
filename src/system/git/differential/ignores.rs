//! `git check-ignore`.

use std::collections::BTreeSet;

use crate::system::ignores::IgnoreRules;
use crate::text::RepoPath;

use super::{
    CASES, Case, Generator, GitSandbox, assert_only_the_planted_case_differs, generate_path, generate_pattern,
};

/// Generates an ignore file with lines that end in whitespace of all kinds.
fn generate_file(generator: &mut Generator) -> String {
    const ENDS: [&str; 12] = ["", "", "", "/", " ", "  ", "\t", " \t", "\\ ", "\r", "\u{c}", "\u{a0}"];
    let mut out = String::new();
    if generator.below(8) == 0 {
        out.push('\u{feff}');
    }
    for _ in 0..=generator.below(6) {
        if generator.below(4) == 0 {
            out.push('!');
        }
        out.push_str(&generate_pattern(generator));
        out.push_str(generator.pick(&ENDS));
        out.push('\n');
    }
    if generator.below(3) == 0 {
        out.pop();
    }
    out
}

#[test]
fn ignore_files_are_read_as_git_reads_them() {
    let mut generator = Generator::new("ignores");
    let sandbox = GitSandbox::new();
    let mut cases: Vec<Case> = Vec::new();
    let mut is_first = true;
    while cases.len() <= CASES {
        let (mut root, inner) = (generate_file(&mut generator), generate_file(&mut generator));
        let mut paths: BTreeSet<String> = (0..40).map(|_| generate_path(&mut generator)).collect();
        if is_first {
            root = "planted.txt\t\n".to_owned();
            paths.insert("planted.txt".to_owned());
        }
        sandbox.write(".gitignore", &root);
        sandbox.write("a/.gitignore", &inner);
        let input = paths.iter().map(|path| format!("{path}\0")).collect::<String>();
        let output = sandbox.git(&["check-ignore", "--no-index", "--stdin", "-z"], input.as_bytes());
        let ignored: BTreeSet<String> =
            String::from_utf8(output).expect("UTF-8").split_terminator('\0').map(str::to_owned).collect();
        // The planted case: whitespace at the end of a line is removed for our side.
        let read = if is_first { root.replace('\t', "") } else { root.clone() };
        let rules = IgnoreRules::from_files([
            (RepoPath::from(".gitignore"), read.into_bytes()),
            (RepoPath::from("a/.gitignore"), inner.clone().into_bytes()),
        ]);
        // A file cannot be below the ignore file of `a` and be that folder.
        for path in paths.iter().filter(|path| *path != "a") {
            cases.push(Case {
                what: format!("{path:?} with {root:?} and {inner:?} in a/"),
                ours: rules.excludes(&RepoPath::from(path.as_str())).to_string(),
                theirs: ignored.contains(path).to_string(),
                is_planted: is_first && path == "planted.txt",
            });
        }
        is_first = false;
    }
    assert_only_the_planted_case_differs(&cases);
}
