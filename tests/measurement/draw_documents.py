#!/usr/bin/env python3
"""Draw findings about documents for labelling: draw_documents.py STATE=REPORT.json... > findings.tsv

A report is the output of `countersign check --format json` (or of another command) in the root
of one state of a repository; STATE is its name. The states repeat documents, so that a finding
with the same rule, file name and message is drawn once at most; for the files of folder packets
the folder is part of the name. The seed makes the draw repeatable. With `--per-rule E,W,N`, at
most E errors, W warnings and N notes of a rule are drawn; without it, `--size` findings are
drawn of all. With `--known`, no finding is drawn whose rule and file an earlier sample has. A line is: rule, level, state, path, line, label (empty).
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
options.add_argument("--known", action="append", default=[])
options = options.parse_args()

FOLDER_FILES = ("packet.md", "packet.json", "refinement.md", "refinement.json")

def short_name(path):
    """Name a file; with its folder for the files of folder packets."""
    parts = path.split("/")
    is_in_folder = parts[-1] in FOLDER_FILES or parts[-1].startswith("MT-")
    return "/".join(parts[-2:] if is_in_folder else parts[-1:])


def packet_name(path):
    """Name the packet of a file, whether it is a file or a folder."""
    return short_name(path).split("/")[0].removesuffix(".md")


known = set()
for name in options.known:
    for line in pathlib.Path(name).read_text().splitlines()[1:]:
        rule, _, _, path, line_number, *_ = line.split("\t")
        known.add((rule, packet_name(path), line_number if "packets" not in path else ""))

pool = {}
for argument in options.reports:
    state, _, name = argument.partition("=")
    for finding in json.loads(pathlib.Path(name).read_text())["findings"]:
        path = finding["place"].get("path") or ""
        line_number = str(finding["place"].get("line") or "") if "packets" not in path else ""
        if (finding["rule"], packet_name(path), line_number) in known:
            continue
        key = (finding["rule"], finding["level"], short_name(path))
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
