#!/usr/bin/env python3
"""Compare `tests/weakened` with labels: measure_tests.py PROGRAM FOLDER < weakened.tsv

FOLDER has one clone per repository, as OWNER+NAME/repo. Prints every change on which the
rule and the label differ, and the counts of each set.
"""
import collections
import json
import pathlib
import subprocess
import sys
import tempfile

CONFIGURATION = "version: 1\nprofile: fence\nscope: [none/]\nsteps: none\n"

program, root = pathlib.Path(sys.argv[1]).absolute(), pathlib.Path(sys.argv[2])
counts = collections.Counter()
with tempfile.NamedTemporaryFile("w", suffix=".yaml") as configuration:
    configuration.write(CONFIGURATION)
    configuration.flush()
    for line in list(sys.stdin)[1:]:
        number, name, commit, _, label = line.rstrip("\n").split("\t")
        command = [program, "verify", "--config", configuration.name, "--no-run", "--format", "json"]
        done = subprocess.run(
            [*command, "--range", f"{commit}^..{commit}"], cwd=root / name / "repo", capture_output=True
        )
        report = json.loads(done.stdout)
        assert report["verdict"] != "not_run", (name, commit)
        found = any(finding["rule"] == "tests/weakened" for finding in report["findings"])
        counts[number, label, found] += 1
        if found != (label == "weakened"):
            print(name, commit, label, "reported" if found else "not reported", sep="\t")
for number in sorted({number for number, _, _ in counts}):
    for label, wrong in (("honest", True), ("weakened", False)):
        total = counts[number, label, True] + counts[number, label, False]
        print(f"set {number}: {counts[number, label, wrong]} of {total} {label} changes wrong")
