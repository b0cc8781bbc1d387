//! Words whose text is not known as a whole, in pairs: what runs, and what does not.

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
];

#[test]
fn words_that_are_not_known_stand_for_all_that_they_can_be() {
    assert_pairs(RUN, READ);
}
