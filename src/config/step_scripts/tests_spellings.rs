//! Spellings of commands in pairs: what runs a script, and what only reads a file of the same kind.

use super::tests_wrappers::is_seen;

/// Command lines with the script that they run.
const RUN: &[(&str, &str)] = &[
    ("bash -ce 'bash ci/x.sh'", "ci/x.sh"),
    ("bash -cx 'npm test; ./ci/x.sh'", "ci/x.sh"),
    ("bash -Eeuc './ci/x.sh --all'", "ci/x.sh"),
    ("bash -eufxc './ci/x.sh'", "ci/x.sh"),
    ("bash -c -e './ci/x.sh'", "ci/x.sh"),
    ("bash -c -o pipefail './ci/x.sh'", "ci/x.sh"),
    ("sh -c '$ACCEPT_RUNNER ci/x.sh'", "ci/x.sh"),
    ("fish '--command=bash ci/x.sh'", "ci/x.sh"),
    ("nu --commands './ci/x.sh'", "ci/x.sh"),
    ("env - ci/x.sh", "ci/x.sh"),
    ("bun test --preload ./ci/x.ts", "ci/x.ts"),
    ("deno test --preload=ci/x.ts", "ci/x.ts"),
    ("node --test --test-reporter=./ci/r.js", "ci/r.js"),
    ("node --test-reporter ./ci/r.js --test", "ci/r.js"),
    ("ruby -Itest -r ./ci/hook.rb test/a.rb", "ci/hook.rb"),
    ("ansible-playbook -i ci/inv.py ci/play.yml", "ci/inv.py"),
    ("go test -exec 'bash ci/x.sh' ./...", "ci/x.sh"),
    ("php -fci/x.php", "ci/x.php"),
    ("$PYTHON ci/x.py", "ci/x.py"),
    ("docker run --rm image ci/x.sh", "ci/x.sh"),
    ("docker run --rm image ./ci/x.py", "ci/x.py"),
    ("pnpm run tsx ci/x.ts", "ci/x.ts"),
    ("parallel bash ::: ci/a.sh ci/x.sh", "ci/x.sh"),
    ("parallel -j4 bash {} ::: ci/x.sh", "ci/x.sh"),
    ("parallel ::: 'bash ci/x.sh'", "ci/x.sh"),
    ("deno run -A npm:tsx@4 ci/x.ts", "ci/x.ts"),
    ("node --check -r ./ci/hook.js src/a.js", "ci/hook.js"),
    ("bash -x ci/x.sh", "ci/x.sh"),
    ("bash -n +n ci/x.sh", "ci/x.sh"),
    ("yarn nodemon ci/x.js", "ci/x.js"),
];

/// Command lines with a file of the work that they do not run.
const READ: &[(&str, &str)] = &[
    ("pnpm watch src/a.ts", "src/a.ts"),
    ("pnpm run time src/a.ts", "src/a.ts"),
    ("yarn task src/a.ts", "src/a.ts"),
    ("docker run --rm -v .:/src x/black --check src/a.py", "src/a.py"),
    ("docker run --rm ghcr.io/x/lint src/a.py", "src/a.py"),
    ("docker run --rm hadolint/hadolint infra/Dockerfile", "infra/Dockerfile"),
    ("sh -c '$CC -Wall -o out src/a.c'", "src/a.c"),
    ("sh -c '$ESLINT src/a.js'", "src/a.js"),
    ("sh -c 'FILES=\"src/a.sh src/b.sh\"; shellcheck $FILES'", "src/a.sh"),
    ("pytest -k 'tests/a.py or b'", "tests/a.py"),
    ("npx eslint 'src/a.js src/b.js'", "src/a.js"),
    ("just lint src/a.py", "src/a.py"),
    ("mise run lint src/a.py", "src/a.py"),
    ("task test -- tests/a.go", "tests/a.go"),
    ("make docs/index.html", "docs/index.html"),
    ("bash -e ci/x.sh src/a.sh", "src/a.sh"),
    ("bash -n src/a.sh", "src/a.sh"),
    ("node --check src/a.js", "src/a.js"),
    ("php -l src/a.php", "src/a.php"),
    ("perl -wc src/a.pl", "src/a.pl"),
    ("ruby -c src/a.rb", "src/a.rb"),
    ("parallel -j4 bash -n ::: src/a.sh", "src/a.sh"),
    ("parallel eslint ::: src/a.js", "src/a.js"),
    ("deno run -A npm:eslint src/a.ts", "src/a.ts"),
    ("bun test tests/a.ts", "tests/a.ts"),
    ("deno test --preload=ci/x.ts tests/a.ts", "tests/a.ts"),
];

#[test]
fn what_runs_is_seen_and_what_is_read_is_not() {
    assert_pairs(RUN, READ);
}

/// Asserts that all files of the first list are seen, and none of the second. Blanks separate
/// files.
pub(super) fn assert_pairs(run: &[(&str, &str)], read: &[(&str, &str)]) {
    let files = |rows: &[(&str, &str)], is_expected: bool| -> Vec<String> {
        let pairs = rows.iter().flat_map(|(text, paths)| paths.split(' ').map(move |path| (*text, path)));
        let wrong = pairs.filter(|(text, path)| is_seen(text, &path.to_lowercase()) != is_expected);
        wrong.map(|(text, path)| format!("{text}: {path}")).collect()
    };
    let missed = files(run, true);
    assert!(missed.is_empty(), "not seen: {missed:#?}");
    let noise = files(read, false);
    assert!(noise.is_empty(), "seen: {noise:#?}");
}
