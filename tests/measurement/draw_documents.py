#!/usr/bin/env python3
"""Draw findings about documents for labelling: draw_documents.py STATE=REPORT.json... > findings.tsv

A report is the output of `countersign check --format json` in the root of one state of a
repository; STATE is its name. The states repeat documents, so that a finding with the same
rule, file name and message is drawn once at most. The seed makes the draw repeatable. A line
is: rule, level, state, path, line, label (empty).
"""
import json
import pathlib
import random
import sys

SEED = 20261128
SIZE = 120

pool = {}
for argument in sys.argv[1:]:
    state, _, name = argument.partition("=")
    for finding in json.loads(pathlib.Path(name).read_text())["findings"]:
        path = finding["place"].get("path") or ""
        key = (finding["rule"], finding["level"], path.split("/")[-1], finding["message"])
        pool.setdefault(key, (state, path, finding["place"].get("line") or ""))
random.seed(SEED)
keys = sorted(pool)
print("rule", "level", "state", "path", "line", "label", sep="\t")
for key in random.sample(keys, min(SIZE, len(keys))):
    print(key[0], key[1], *pool[key], "", sep="\t")
