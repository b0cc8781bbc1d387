//! `git check-attr`.

use std::collections::BTreeSet;

use crate::system::git::GitRepository;
use crate::system::git::attributes::AttributeValue;
use crate::text::RepoPath;

use super::{
    CASES, Case, Generator, GitSandbox, assert_only_the_planted_case_differs, generate_path, generate_pattern,
};

const ATTRIBUTES: [&str; 6] = ["text", "crlf", "eol", "filter", "ident", "working-tree-encoding"];

/// Generates an attributes file; patterns may be quoted, macros may be defined.
pub(super) fn generate_file(generator: &mut Generator) -> String {
    const SETTINGS: [&str; 20] = [
        "text",
        "-text",
        "!text",
        "text=auto",
        "text=input",
        "crlf",
        "-crlf",
        "crlf=input",
        "eol=lf",
        "eol=crlf",
        "eol=x",
        "binary",
        "-binary",
        "filter=lfs",
        "-filter",
        "ident",
        "-ident",
        "own",
        "bad^name",
        "working-tree-encoding=UTF-16",
    ];
    const BLANKS: [&str; 5] = [" ", "\t", "  ", "\r", " \u{b}"];
    let mut out = String::new();
    for _ in 0..=generator.below(6) {
        let pattern = match generator.below(8) {
            0 => "\"a b\"".to_owned(),
            1 => format!("\"{}\"", generate_pattern(generator)),
            2 => "[attr]own".to_owned(),
            3 => "*".to_owned(),
            4 => "*.txt".to_owned(),
            _ => generate_pattern(generator),
        };
        if generator.below(8) == 0 {
            out.push(' ');
        }
        out.push_str(&pattern);
        for _ in 0..=generator.below(3) {
            out.push_str(generator.pick(&BLANKS));
            out.push_str(generator.pick(&SETTINGS));
        }
        out.push_str(if generator.below(6) == 0 { "\r\n" } else { "\n" });
    }
    out
}

#[test]
fn attributes_are_read_as_git_reads_them() {
    let mut generator = Generator::new("attributes");
    let sandbox = GitSandbox::new();
    let mut cases: Vec<Case> = Vec::new();
    let mut is_first = true;
    while cases.len() <= CASES {
        let files = [
            (".gitattributes", generate_file(&mut generator)),
            ("a/.gitattributes", generate_file(&mut generator)),
        ];
        let info = if generator.below(3) == 0 { generate_file(&mut generator) } else { String::new() };
        let mut paths: BTreeSet<String> = (0..25).map(|_| generate_path(&mut generator)).collect();
        paths.remove("a");
        for (path, text) in &files {
            sandbox.write(path, text);
        }
        sandbox.write(".git/info/attributes", &info);
        let planted = "planted.txt";
        if is_first {
            sandbox.write(".git/info/attributes", "\"planted.txt\" text\n");
            paths.insert(planted.to_owned());
        }
        let input = paths.iter().map(|path| format!("{path}\0")).collect::<String>();
        let arguments: Vec<&str> = ["check-attr", "--stdin", "-z"].into_iter().chain(ATTRIBUTES).collect();
        let output = String::from_utf8_lossy(&sandbox.git(&arguments, input.as_bytes())).into_owned();
        let fields: Vec<&str> = output.split_terminator('\0').collect();
        if is_first {
            // The planted case: our side does not see the quotes.
            sandbox.write(".git/info/attributes", "'planted.txt' text\n");
        }
        let repo = GitRepository::discover(sandbox.path()).expect("repository");
        for answer in fields.chunks(3) {
            let [path, name, theirs] = answer else { panic!("{answer:?}") };
            let ours = match repo.attribute(&RepoPath::from(*path), name).expect("attribute") {
                AttributeValue::Set => "set".to_owned(),
                AttributeValue::Unset => "unset".to_owned(),
                AttributeValue::Unspecified => "unspecified".to_owned(),
                AttributeValue::Value(value) => value,
            };
            cases.push(Case {
                what: format!("{name} of {path:?} with {files:?} and {info:?} in info"),
                ours,
                theirs: (*theirs).to_owned(),
                is_planted: is_first && *path == planted && *name == "text",
            });
        }
        is_first = false;
    }
    assert_only_the_planted_case_differs(&cases);
}
