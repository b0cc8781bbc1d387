#!/usr/bin/env python3
"""Draw commits for the measurement of `tests/weakened`: draw_tests.py FOLDER [SEED] > tests.tsv

FOLDER has one clone per repository below, as OWNER+NAME/repo. Of each language, commits
with one parent that delete lines of test files are drawn from two strata, half of each:
`fewer` (more declarations of tests go than come, or a mark that skips tests comes), and
`other` (all else). The seed makes the draw repeatable. A line is: repository, commit,
language, stratum, label (empty).
"""
import pathlib
import random
import re
import subprocess
import sys

SEED = 20261129  # of the first set; the second has 20261130
PER_STRATUM = 18
MAX_LINES = 400

LANGUAGES = {
    "rust": (
        ["jj-vcs+jj", "sharkdp+bat", "helix-editor+helix", "meilisearch+meilisearch", "starship+starship"],
        ["*.rs"],
        r"#\[(\w+::)*test\b|#\[rstest",
        r"#\[ignore",
    ),
    "python": (
        ["pallets+werkzeug", "pallets+click", "encode+starlette", "healthchecks+healthchecks"],
        ["*test*.py"],
        r"def test\w*\(",
        r"\.skip\b|skipif|xfail|skipTest|skipIf|skipUnless",
    ),
    "script": (
        ["honojs+hono", "colinhacks+zod", "TanStack+query", "outline+outline", "trpc+trpc"],
        ["*.test.ts", "*.test.tsx", "*.test.js", "*.spec.ts", "*.test.mjs"],
        r"\b(it|test)(\.\w+)*\(",
        r"\b(it|test|describe)\.(skip|todo|only)|\bx(it|describe)\(",
    ),
    "go": (
        ["gogs+gogs", "miniflux+v2", "caddyserver+caddy", "jesseduffield+lazygit"],
        ["*_test.go"],
        r"func Test\w+\(",
        r"\bt\.Skip",
    ),
}


def git(folder, *arguments):
    done = subprocess.run(["git", "-C", folder, *arguments], capture_output=True, check=True)
    return done.stdout.decode("utf-8", "replace")


def candidates(folder, globs, declares, skips):
    """Yield (commit, stratum) for each commit that deletes lines of test files."""
    log = git(folder, "log", "--no-merges", "--format=%x01%H", "-p", "-U0", "--no-color", "--", *globs)
    for entry in log.split("\1")[1:]:
        commit, _, patch = entry.partition("\n")
        lines = [line for line in patch.split("\n") if line and line[0] in "+-" and line[:3] not in ("+++", "---")]
        gone = sum(1 for line in lines if line[0] == "-" and re.search(declares, line))
        come = sum(1 for line in lines if line[0] == "+" and re.search(declares, line))
        marks = [sum(1 for line in lines if line[0] == sign and re.search(skips, line)) for sign in "-+"]
        touches_tests = gone or come or any(marks) or globs != ["*.rs"]
        if not any(line[0] == "-" for line in lines) or len(lines) > MAX_LINES or not touches_tests:
            continue
        yield commit, "fewer" if gone > come or marks[1] > marks[0] else "other"


root = pathlib.Path(sys.argv[1])
seed = int(sys.argv[2]) if len(sys.argv) > 2 else SEED
print("repository", "commit", "language", "stratum", "label", sep="\t")
for language, (names, globs, declares, skips) in LANGUAGES.items():
    strata = {"fewer": [], "other": []}
    for name in names:
        for commit, stratum in candidates(root / name / "repo", globs, declares, skips):
            strata[stratum].append((name, commit))
    for stratum, found in strata.items():
        chance = random.Random(f"{seed} {language} {stratum}")
        for name, commit in sorted(chance.sample(sorted(found), min(PER_STRATUM, len(found)))):
            print(name, commit, language, stratum, "", sep="\t")
