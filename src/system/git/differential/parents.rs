//! `git rev-list --parents`.

use std::collections::BTreeMap;

use git2::{ObjectType, Oid};

use crate::system::git::GitRepository;

use super::{CASES, Case, Generator, GitSandbox, assert_only_the_planted_case_differs};

/// Generates a commit object that git accepts; `parent` lines are in many places.
fn generate_commit(generator: &mut Generator, tree: Oid, known: &[Oid]) -> String {
    let parent = |generator: &mut Generator| format!("parent {}\n", known[generator.below(known.len())]);
    let mut out = format!("tree {tree}\n");
    for _ in 0..generator.below(4) {
        out.push_str(&parent(generator));
    }
    let time = 1_770_000_000 + generator.below(1_000_000);
    let name = generator.pick(&["C", "parent", "", "C <x>", "Ü"]);
    out.push_str(&format!("author {name} <c@e> {time} +0000\n"));
    out.push_str(&format!("committer {name} <c@e> {time} +0000\n"));
    const EXTRAS: [&str; 5] = [
        "encoding UTF-8\n",
        "gpgsig -----BEGIN\n parent x\n -----END\n",
        "x y\n",
        " parent z\n",
        "mergetag a\n b\n",
    ];
    for _ in 0..generator.below(4) {
        match generator.below(3) {
            0 => out.push_str(&parent(generator)),
            _ => out.push_str(generator.pick(&EXTRAS)),
        }
    }
    out.push_str("\nmessage\n");
    if generator.below(2) == 0 {
        out.push_str(&parent(generator));
    }
    out
}

#[test]
fn parents_are_those_that_git_reads() {
    let mut generator = Generator::new("parents");
    let sandbox = GitSandbox::new();
    let repo = GitRepository::discover(sandbox.path()).expect("repository");
    let odb = repo.repo.odb().expect("object store");
    let tree = odb.write(ObjectType::Tree, b"").expect("tree");
    let person = "c <c@e> 1770000000 +0000";
    let root = format!("tree {tree}\nauthor {person}\ncommitter {person}\n\nroot\n");
    let mut known = vec![odb.write(ObjectType::Commit, root.as_bytes()).expect("commit")];
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    while texts.len() <= CASES {
        let text = generate_commit(&mut generator, tree, &known);
        let id = odb.write(ObjectType::Commit, text.as_bytes()).expect("commit");
        texts.insert(id.to_string(), text);
        if known.len() < 50 {
            known.push(id);
        }
    }
    let planted = texts.keys().next().cloned().expect("a commit");
    let input: String = texts.keys().map(|id| format!("{id}\n")).collect();
    let output = sandbox.git(&["rev-list", "--parents", "--no-walk=unsorted", "--stdin"], input.as_bytes());
    let mut cases = Vec::new();
    for line in String::from_utf8(output).expect("UTF-8").lines() {
        let mut ids = line.split(' ');
        let id = ids.next().expect("an id");
        let theirs: Vec<&str> = ids.collect();
        let node = repo.commit_node(Oid::from_str(id).expect("id")).expect("commit");
        let mut ours: Vec<String> = node.parents.iter().map(ToString::to_string).collect();
        if id == planted {
            ours.push(known[0].to_string());
        }
        cases.push(Case {
            what: texts[id].clone(),
            ours: ours.join(" "),
            theirs: theirs.join(" "),
            is_planted: id == planted,
        });
    }
    assert_only_the_planted_case_differs(&cases);
}
