#!/usr/bin/env python3
"""Draw findings about documents for labelling: draw_documents.py STATE=REPORT.json... > findings.tsv

A report is the output of `countersign check --format json` (or of another command) in the root
of one state of a repository; STATE is its name. The states repeat documents, so that a finding
with the same rule, file name and message is drawn once at most; for the files of folder packets
the folder is part of the name. The seed makes the draw repeatable. With `--per-rule E,W,N`, at
most E errors, W warnings and N notes of a rule are drawn; without it, `--size` findings are
drawn of all. A line is: rule, level, state, path, line, label (empty).
"""
import argparse
import collections
import json
import pathlib
import random

options = argparse.ArgumentParser(description=__doc__)
options.add_argument("reports", nargs="+")
options.add_argument("--seed", type=int, default=20261128)
options.add_argument("--size", type=int, default=120)
options.add_argument("--per-rule")
options = options.parse_args()

FOLDER_FILES = ("packet.md", "packet.json", "refinement.md", "refinement.json")

pool = {}
for argument in options.reports:
    state, _, name = argument.partition("=")
    for finding in json.loads(pathlib.Path(name).read_text())["findings"]:
        path = finding["place"].get("path") or ""
        parts = path.split("/")
        is_in_folder = parts[-1] in FOLDER_FILES or parts[-1].startswith("MT-")
        key = (finding["rule"], finding["level"], "/".join(parts[-2:] if is_in_folder else parts[-1:]))
        pool.setdefault((*key, finding["message"]), (state, path, finding["place"].get("line") or ""))
random.seed(options.seed)
keys = sorted(pool)
if options.per_rule:
    limits = dict(zip(("error", "warning", "note"), map(int, options.per_rule.split(","))))
    by_rule = collections.defaultdict(list)
    for key in keys:
        by_rule[key[:2]].append(key)
    drawn = [key for (_, level), own in sorted(by_rule.items()) for key in random.sample(own, min(len(own), limits[level]))]
else:
    drawn = random.sample(keys, min(options.size, len(keys)))
print("rule", "level", "state", "path", "line", "label", sep="\t")
for key in drawn:
    print(key[0], key[1], *pool[key], "", sep="\t")
