#!/usr/bin/env python3
"""Draw findings for labelling: draw.py REPORT.json... > findings.tsv

A report is the output of `countersign scan --set product --set guards --set errors
--set dal --format json` in a checkout of a repository; its file name is the name of the
repository. Of each rule in each report, up to PER_RULE findings are drawn. The seed makes
the draw repeatable. A line is: repository, rule, path, line, label (empty).
"""
import collections
import json
import pathlib
import random
import sys

SEED = 20261128
PER_RULE = 8

print("repository", "rule", "path", "line", "label", sep="\t")
for name in sorted(sys.argv[1:]):
    file = pathlib.Path(name)
    report = json.loads(file.read_text())
    by_rule = collections.defaultdict(set)
    for finding in report["findings"]:
        place = finding["place"]
        path = place.get("path") or finding.get("path") or ""
        by_rule[finding["rule"]].add((path, place.get("line") or 0))
    for rule in sorted(by_rule):
        places = sorted(by_rule[rule])
        chance = random.Random(f"{SEED} {file.stem} {rule}")
        for path, line in sorted(chance.sample(places, min(PER_RULE, len(places)))):
            print(file.stem, rule, path, line, "", sep="\t")
