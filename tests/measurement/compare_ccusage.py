#!/usr/bin/env python3
"""Compares the tokens of `usage` with those of ccusage, on generated logs with known sums.

    compare_ccusage.py PROGRAM CCUSAGE

CCUSAGE is the program of that name, from npm. Every case is one rule of reading logs; the
last ones mix all rules at random (the seed is printed). For each case the table shows the
true total, ours and theirs, and the time of both on the largest case. Nothing is fetched."""

import argparse
import json
import os
import pathlib
import random
import subprocess
import tempfile
import time


def claude(number, repo, tokens, **change):
    line = {
        "type": "assistant", "uuid": f"u{number}", "sessionId": "s1", "requestId": f"r{number}",
        "timestamp": "2026-03-01T10:00:00.000Z", "cwd": repo, "gitBranch": "topic", "isSidechain": False,
        "version": "2.0.0",
        "message": {
            "id": f"m{number}", "type": "message", "model": "claude-sonnet-4-5-20250929", "role": "assistant",
            "stop_reason": "end_turn", "content": [{"type": "text", "text": "x"}],
            "usage": {
                "input_tokens": tokens[0], "output_tokens": tokens[1],
                "cache_creation_input_tokens": tokens[2], "cache_read_input_tokens": tokens[3],
            },
        },
    }
    for key, value in change.items():
        if key in ("model", "stop_reason"):
            line["message"][key] = value
        elif value is None:
            del line[key]
        else:
            line[key] = value
    return json.dumps(line, separators=(",", ":")) + "\n"


def codex(at, kind, payload):
    return json.dumps({"timestamp": f"2026-03-01T10:{at // 60:02}:{at % 60:02}.000Z", "type": kind, "payload": payload}, separators=(",", ":")) + "\n"


def codex_head(repo, name, **more):
    meta = {"id": name, "timestamp": "2026-03-01T10:00:00.000Z", "cwd": repo, "originator": "codex_cli_rs",
            "cli_version": "0.60.0", "git": {"branch": "topic"}, **more}
    return codex(0, "session_meta", meta) + codex(1, "turn_context", {"cwd": repo, "model": "gpt-5"})


def codex_total(at, total, last=None):
    counts = lambda part: {"input_tokens": part[0], "cached_input_tokens": part[1], "output_tokens": part[2],
                           "reasoning_output_tokens": 0, "total_tokens": part[0] + part[2]}
    info = {"total_token_usage": counts(total), "last_token_usage": counts(last or total), "model_context_window": 1}
    return codex(at, "event_msg", {"type": "token_count", "info": info, "rate_limits": None})


def cases(repo):
    """Name, files below the home folder, and the true total of tokens."""
    one = (10, 30, 40, 500)
    total = sum(one)
    transcript = ".claude/projects/-repo/s1.jsonl"
    rollout = lambda name: f".codex/sessions/2026/03/01/rollout-2026-03-01T10-00-00-{name}.jsonl"
    c0, c1 = "00000000-0000-4000-8000-000000000000", "00000000-0000-4000-8000-000000000001"
    yield "one response", {transcript: claude(1, repo, one)}, total
    growing = "".join(claude(1, repo, (10, output, 40, 500), stop_reason=stop)
                      for output, stop in ((1, None), (12, None), (30, "end_turn")))
    yield "growing counts of one response", {transcript: growing}, total
    yield "no request id, twice", {transcript: claude(1, repo, one, requestId=None) * 2}, total
    side = claude(2, repo, one, isSidechain=True)
    yield "a subagent", {transcript: claude(1, repo, one) + side}, 2 * total
    replay = claude(1, repo, one, isSidechain=True, requestId="other")
    yield "a side question repeats its parent", {transcript: claude(1, repo, one), ".claude/projects/-repo/s1/subagents/agent-a.jsonl": replay}, total
    yield "a synthetic line", {transcript: claude(1, repo, one) + claude(2, repo, one, model="<synthetic>")}, total
    yield "a resumed session", {transcript: claude(1, repo, one), ".claude/projects/-repo/s2.jsonl": claude(1, repo, one, sessionId="s2") + claude(2, repo, one, sessionId="s2")}, 2 * total
    yield "a torn last line", {transcript: claude(1, repo, one) + claude(2, repo, one)[:200]}, total
    first = codex_head(repo, c0)
    yield "Codex: totals that grow", {rollout(c0): first + codex_total(2, (100, 20, 10)) + codex_total(3, (250, 60, 25), (150, 40, 15))}, 275
    yield "Codex: one total twice", {rollout(c0): first + codex_total(2, (100, 20, 10)) * 2}, 110
    yield "Codex: a total that falls", {rollout(c0): first + codex_total(2, (100, 20, 10)) + codex_total(3, (40, 0, 5))}, 155
    nothing = codex(2, "event_msg", {"type": "token_count", "info": None, "rate_limits": None})
    yield "Codex: no counts yet", {rollout(c0): first + nothing + codex_total(3, (100, 20, 10))}, 110
    parent = first + codex_total(5, (100, 20, 10)) + codex_total(6, (250, 60, 25), (150, 40, 15))
    child = codex(100, "session_meta", {"id": c1, "timestamp": "2026-03-01T10:01:40.000Z", "cwd": repo, "originator": "codex_cli_rs", "cli_version": "0.60.0", "forked_from_id": c0})
    child += codex(100, "turn_context", {"cwd": repo, "model": "gpt-5"}) + codex_total(100, (100, 20, 10)) + codex_total(100, (250, 60, 25), (150, 40, 15))
    child += codex_total(200, (300, 60, 30), (50, 0, 5))
    yield "Codex: a fork repeats its parent", {rollout(c0): parent, rollout(c1): child}, 275 + 55
    twin = rollout(c0).replace("sessions", "archived_sessions")
    yield "Codex: also in the archive", {rollout(c0): parent, twin: parent}, 275
    seed = 20260301
    chance = random.Random(seed)
    files, sum_all = {}, 0
    for session in range(40):
        text = ""
        for number in range(500):
            tokens = tuple(chance.randrange(5_000) for _ in range(4))
            name = session * 500 + number
            sum_all += sum(tokens)
            for output in sorted(chance.randrange(tokens[1] + 1) for _ in range(chance.randrange(4))):
                text += claude(name, repo, (tokens[0], output, tokens[2], tokens[3]), stop_reason=None, sessionId=f"s{session}")
            text += claude(name, repo, tokens, sessionId=f"s{session}")
        files[f".claude/projects/-repo/s{session}.jsonl"] = text
    yield f"20,000 responses at random (seed {seed})", files, sum_all


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("ccusage")
    options = parser.parse_args()
    program = str(pathlib.Path(options.program).resolve())
    print(f"| case | true | `usage` | ccusage | seconds |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        repo = scratch / "repo"
        subprocess.run(["git", "init", "-q", repo], check=True)
        for number, (name, files, true) in enumerate(cases(str(repo))):
            home = scratch / f"home{number}"
            for path, text in files.items():
                (home / path).parent.mkdir(parents=True, exist_ok=True)
                (home / path).write_text(text)
            (home / "config/countersign").mkdir(parents=True)
            (home / "config/countersign/config.yaml").write_text("usage: {import: on}\n")
            env = {"PATH": os.environ["PATH"], "HOME": str(home), "XDG_CONFIG_HOME": str(home / "config"), "TZ": "UTC"}
            subprocess.run(["rm", "-rf", str(repo / ".git/countersign")], check=True)
            start = time.monotonic()
            ours = subprocess.run([program, "usage", "--format", "json"], cwd=repo, env=env, capture_output=True, check=True)
            middle = time.monotonic()
            theirs = subprocess.run([options.ccusage, "session", "--json", "--offline"], cwd=repo, env=env, capture_output=True)
            end = time.monotonic()
            ours = json.loads(ours.stdout)["total"]["total_tokens"]
            try:
                theirs = json.loads(theirs.stdout)["totals"]["totalTokens"]
            except (ValueError, KeyError):
                theirs = "no answer"
            mark = lambda found: f"{found:,}" if found == true else f"**{found}**"
            print(f"| {name} | {true:,} | {mark(ours)} | {mark(theirs)} | {middle - start:.2f} and {end - middle:.2f} |", flush=True)


main()
