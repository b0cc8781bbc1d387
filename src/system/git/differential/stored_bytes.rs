//! The bytes that `git add` stores.

use std::collections::BTreeMap;

use crate::change::{ObjectStore as _, TreeState};
use crate::system::git::GitRepository;
use crate::text::RepoPath;

use super::{CASES, Case, Generator, GitSandbox, assert_only_the_planted_case_differs};

/// Files of one round.
const FILES: usize = 1_000;

/// Attributes without filters and encodings, which countersign reports as unreadable.
fn generate_attributes(generator: &mut Generator) -> String {
    const SETTINGS: [&str; 14] = [
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
        "binary",
        "ident",
        "-ident",
        "eol=x",
    ];
    const PATTERNS: [&str; 7] = ["*", "*.a", "*.b", "\"*.c\"", "f1*", "d/*", "d/"];
    let mut out = String::new();
    for _ in 0..=generator.below(4) {
        out.push_str(generator.pick(&PATTERNS));
        for _ in 0..=generator.below(2) {
            out.push_str(&format!(" {}", generator.pick(&SETTINGS)));
        }
        out.push('\n');
    }
    out
}

fn generate_content(generator: &mut Generator) -> String {
    const PARTS: [&str; 16] = [
        "one\r\n",
        "two\r\n",
        "three\n",
        "four\n",
        "\r",
        "x",
        "\0",
        "$Id$",
        "$Id: old $",
        "$Id: a\r\n$",
        "$",
        "\u{1a}",
        "\u{1}",
        "\u{7f}\u{1}\u{2}",
        "a long line of text that makes the file look like text, also to git's statistics\r\n",
        "\t\u{8}",
    ];
    generator.join(&PARTS, 9)
}

fn name_of(number: usize) -> String {
    let folder = if number % 3 == 0 { "d/" } else { "" };
    format!("{folder}f{number}.{}", ["a", "b", "c", "d"][number % 4])
}

#[test]
fn files_on_disk_have_the_ids_that_git_add_stores() {
    let mut generator = Generator::new("stored bytes");
    let mut cases: Vec<Case> = Vec::new();
    let mut is_first = true;
    while cases.len() <= CASES {
        let sandbox = GitSandbox::new();
        // Half of the files are in the index already, some with CRLF.
        let mut indexed: BTreeMap<String, String> = BTreeMap::new();
        for number in (0..FILES).filter(|number| number % 2 == 0) {
            let content = generate_content(&mut generator);
            sandbox.write(&name_of(number), &content);
            indexed.insert(name_of(number), content);
        }
        sandbox.git(&["add", "-A"], b"");
        let autocrlf = generator.pick(&["false", "true", "input"]);
        sandbox.git(&["config", "core.autocrlf", autocrlf], b"");
        let attributes = if is_first { "* -text\n".to_owned() } else { generate_attributes(&mut generator) };
        sandbox.write(".gitattributes", &attributes);
        let mut contents: BTreeMap<String, String> = BTreeMap::new();
        for number in 0..FILES {
            let content = generate_content(&mut generator);
            sandbox.write(&name_of(number), &content);
            contents.insert(name_of(number), content);
        }
        let planted = name_of(1);
        if is_first {
            // The planted case: our side sees other attributes than git.
            sandbox.write(&planted, "a\r\n");
            sandbox.write(".gitattributes", "* text\n");
        }
        let repo = GitRepository::discover(sandbox.path()).expect("repository");
        let ours: BTreeMap<String, String> = contents
            .keys()
            .map(|path| {
                let entry = repo.entry(TreeState::Worktree, &RepoPath::from(path.as_str())).expect("entry");
                (path.clone(), entry.expect("file").id.to_string())
            })
            .collect();
        sandbox.write(".gitattributes", &attributes);
        sandbox.git(&["add", "-A"], b"");
        let listed = String::from_utf8(sandbox.git(&["ls-files", "-s", "-z"], b"")).expect("UTF-8");
        for entry in listed.split_terminator('\0') {
            let (facts, path) = entry.split_once('\t').expect("a path");
            let Some(own) = ours.get(path) else { continue };
            // Bytes that the index has already are not a change, whatever the attributes.
            if indexed.get(path) == contents.get(path) || (is_first && path != planted) {
                continue;
            }
            cases.push(Case {
                what: format!(
                    "{path} {:?}, before {:?}, core.autocrlf={autocrlf}, {attributes:?}",
                    contents[path],
                    indexed.get(path)
                ),
                ours: own.clone(),
                theirs: facts.split(' ').nth(1).expect("an id").to_owned(),
                is_planted: is_first,
            });
        }
        is_first = false;
    }
    assert_only_the_planted_case_differs(&cases);
}
