//! Words whose text is not known as a whole, in pairs: what runs, and what does not.

use super::tests::protects;
use super::tests_spellings::assert_pairs;

/// Command lines, and the files that they run.
const RUN: &[(&str, &str)] = &[
    ("sh -c 'for s in a b; do ./ci/$s.sh; done'", "ci/a.sh ci/b.sh"),
    ("sh -c 'for s in unit lint; do bash \"ci/${s}.sh\"; done'", "ci/unit.sh ci/lint.sh"),
    ("sh -c 'for s in unit lint; do bash ci/$s; done'", "ci/unit"),
    ("sh -c 'for s in unit lint; do python ci/test_$s.py; done'", "ci/test_unit.py"),
    ("sh -c 'S=x; bash ci/$S.sh'", "ci/x.sh"),
    ("sh -c 'bash ci/$S.sh'", "ci/x.sh"),
    ("sh -c 'read s; bash ci/$s.sh'", "ci/x.sh"),
    ("sh -c 'if a; then S=x; else S=y; fi; bash ci/$S.sh'", "ci/x.sh ci/y.sh"),
    ("sh -c 'D=ci; bash ./$D/x.sh'", "ci/x.sh"),
    ("sh -c 'bash scripts/$OS/test.sh'", "scripts/linux/test.sh"),
    ("sh -c 'bash scripts/$(uname)/test.sh'", "scripts/Linux/test.sh"),
    ("sh -c 'bash \"${ROOT:-.}/ci/x.sh\"'", "ci/x.sh"),
    ("sh -c \"${ROOT:-.}/ci/x.sh\"", "ci/x.sh"),
    ("sh -c 'cd \"${ROOT:-.}\" && ci/x.sh'", "ci/x.sh"),
    ("sh -c 'bash \"${BASH_SOURCE%/*}/ci/x.sh\"'", "ci/x.sh"),
    ("sh -c 'bash \"${0%/*}/ci/x.sh\"'", "ci/x.sh"),
    ("bash -c 'bash ci/{a,x}.sh'", "ci/x.sh"),
    ("bash -c ./ci/*.sh", "ci/x.sh"),
    ("bash -c 'bash ci/?.sh'", "ci/x.sh"),
    ("bash -c 'bash ci/[xy].sh'", "ci/x.sh"),
    ("bash -c 'bash ./ci/$1.sh' _ x", "ci/x.sh"),
    ("bash -c 'bash ${B:-ci/x.sh}'", "ci/x.sh"),
    ("bash -c 'A=${B:-ci/x.sh}; bash $A'", "ci/x.sh"),
    ("bash -c 'make -f ci/$A.mk'", "ci/x.mk"),
    ("bash -c 'cd ci-$A && ./x.sh'", "ci-a/x.sh"),
    ("find ci -name *.sh -exec bash ci/{} ;", "ci/x.sh"),
    ("bash -c 'X=ci/x; bash $X.sh'", "ci/x.sh"),
    ("bash -c 'bash ci/x$EXT'", "ci/x.sh"),
    ("bash -c 'bash ${PREFIX}x.sh'", "ci/x.sh"),
    ("bash -c 'for s in a b; do for t in x y; do ./$s/$t.sh; done; done'", "a/x.sh a/y.sh b/x.sh b/y.sh"),
    ("bash -c 'S=\"x y\"; for s in $S; do ./ci/$s.sh; done'", "ci/x.sh ci/y.sh"),
    ("bash -c 'for s in $(ls ci); do ./ci/$s; done'", "ci/x.sh"),
    ("bash -c 'A=ci; B=$A/x; bash $B.sh'", "ci/x.sh"),
    ("bash -c 'A=z; sh -c \"A=ci/x.sh; bash \\$A\"'", "ci/x.sh"),
    ("bash -c 'run() { ./ci/$1.sh; }; run x'", "ci/x.sh"),
    ("bash -c 'source ci/$ENV.env'", "ci/dev.env"),
    ("bash -c 'node scripts/$T/index.js'", "scripts/a/index.js"),
];

/// Command lines, and files that they do not run.
const READ: &[(&str, &str)] = &[
    ("sh -c 'shellcheck ci/*.sh'", "ci/x.sh"),
    ("sh -c 'for f in ci/*.sh; do bash -n \"$f\"; done'", "ci/x.sh"),
    ("sh -c 'for t in a b; do pytest tests/$t.py; done'", "tests/a.py"),
    ("sh -c 'for s in a b; do ./ci/$s.sh; done'", "ci/c.sh ci/sub/a.sh src/a.sh"),
    ("sh -c 'echo ci/$s.sh'", "ci/a.sh"),
    ("sh -c 'bash ci/$S.sh'", "web/ci/a.sh ci/a.py"),
    ("sh -c 'ruff check src/$M.py'", "src/a.py"),
    ("sh -c 'for f in src/*.js; do node --check $f; done'", "src/a.js"),
    ("sh -c 'for f in $(git ls-files src/a.py); do ruff check $f; done'", "src/a.py"),
    ("sh -c 'for f in $(ls src/a.py); do python tool.py $f; done'", "src/a.py"),
    ("sh -c 'export PYTHON=python3; $PYTHON -m pytest tests/a.py'", "tests/a.py"),
    ("sh -c 'X=$(cat src/a.json); echo \"$X\" | jq .'", "src/a.json"),
    ("sh -c 'for f in a b; do pytest tests/$f.py; done'", "tests/a.py"),
    ("sh -c 'for d in web api; do eslint $d/src; done'", "web/src/a.js"),
    ("sh -c 'cp src/$A.js out/'", "src/a.js"),
    ("sh -c 'diff out/$A.txt tests/$A.txt'", "tests/a.txt"),
    ("sh -c 'test -f src/$A.sh && shellcheck src/$A.sh'", "src/a.sh"),
    ("sh -c 'python ci/x.py src/$A.json'", "src/a.json"),
    ("sh -c 'node ci/x.js $(ls src/a.js)'", "src/a.js"),
];

#[test]
fn words_that_are_not_known_stand_for_all_that_they_can_be() {
    assert_pairs(RUN, READ);
}

#[test]
fn variables_inputs_and_settings_are_read_in_bounded_time() {
    let start = std::time::Instant::now();
    for code in [
        "A=$A/x; ",
        "for a in 1 2 3 4 5 6 7 8; do for b in 1 2 3 4 5 6 7 8; do ./$a$b.sh; ",
        "for a in 1 2 3 4; do sh -c './$a.sh; sh -c $a'; ",
        "cat ci/x.sh | sh | ",
        "ls a b c.sh | xargs sh | ",
        "A=$(cat a); sh -c \"$A\"; ",
        "echo 'sh <<<a' | sh; ",
        "eval \"$(cat a)\"; ",
        "$(cat <(",
        "(cat a | (sh; ",
        "cat a | while x; do sh; ",
        "docker run -v .:/w i sh /w/x.sh; ",
        "docker run --entrypoint 'docker run' i ",
        "MAKEFLAGS=SHELL=x make SHELL=x ",
        "CMD='CMD=a' ",
        "${a:-",
        "{a,b}",
        "case x in a) ",
        "A+=(b) ",
        "A=(a b c); for a in \"${A[@]}\"; do $a; ",
        "python <<A\n$(python <<A\n",
        "f() { $1 \"$@\"; }; f \"$@\" x; ",
        "while read a; do eval \"$a\"; done < b; ",
        "{ (a) < b; } < c; ",
        "python -c 'os.system(",
    ] {
        protects(&["sh", "-c", &code.repeat(500)], "ci/x.sh");
        let words: Vec<&str> = code.split_whitespace().cycle().take(1_500).collect();
        protects(&words, "ci/x.sh");
    }
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}
