#!/usr/bin/env python3
"""Measures whether the advice of a model is of any use.

    measure_assist.py PROGRAM --mock oracle|first-line
    measure_assist.py PROGRAM --base-url http://127.0.0.1:8080/v1 --model NAME

Every case of assist_cases.txt becomes two repositories: one with the planted fault, one
with its honest twin. A remark is right if it cites a planted line. Precision is the share
of right remarks among all; recall the share of faults with a right remark. PROGRAM is
built with the feature `llm`. Nothing but the given server is asked."""

import argparse
import http.server
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading

HERE = pathlib.Path(__file__).parent
PACKET = "WP-1-Farewell"


def read_cases():
    cases, current = [], None
    for line in (HERE / "assist_cases.txt").read_text().splitlines():
        if line.startswith("= "):
            name, path, done = line[2:].split(" ", 2)
            current = {"name": name, "path": path, "done": done, "lines": []}
            cases.append(current)
        elif current and line and line[0] in " !+":
            current["lines"].append((line[0], line[1:]))
    return cases


def version(case, mark):
    """Text of a version, and the numbers of its marked lines."""
    lines = [(kind, text) for kind, text in case["lines"] if kind in (" ", mark)]
    planted = {number for number, (kind, _) in enumerate(lines, 1) if kind == "!"}
    return "".join(text + "\n" for _, text in lines), planted


def git(folder, *arguments):
    who = {"NAME": "Tess", "EMAIL": "tess@example.org", "DATE": "2026-03-01T10:00:00Z"}
    env = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()}
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, env={**os.environ, **env})


def build(demo, folder, case, text):
    """The demo's packet about this case, and a change that adds the file."""
    shutil.copytree(demo, folder)
    git(folder, "checkout", "-q", "-B", f"feat/{PACKET}", "HEAD~1")
    packet = folder / f".GOV/task_packets/{PACKET}.md"
    old = packet.read_text()
    start = old.index("### DONE_MEANS")
    end = old.index("###", start + 5)
    new = old[:start] + f"### DONE_MEANS\n- {case['done']}\n\n" + old[end:]
    packet.write_text(new.replace("src/farewell.rs (new)", f"{case['path']} (new)"))
    git(folder, "commit", "-qam", "packet", "--amend")
    (folder / case["path"]).write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "work")


class Mock(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        shown = json.loads(body["messages"][1]["content"])["files"]
        remarks = []
        for file in shown:
            for number, mark, text in (line for hunk in file["hunks"] for line in hunk):
                wanted = number in self.server.planted if self.server.kind == "oracle" else number == 1
                if mark == "+" and wanted:
                    remarks.append({"file": file["file"], "line": number, "quote": text.strip(), "message": "wrong"})
        answer = {"choices": [{"message": {"content": json.dumps({"findings": remarks[:1]})}}]}
        data = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--mock", choices=["oracle", "first-line"])
    parser.add_argument("--base-url")
    parser.add_argument("--model", default="mock")
    parser.add_argument("--max-tokens", default="400")
    parser.add_argument("--json-mode", action="store_true", help="ask for JSON in response_format")
    parser.add_argument("--only", help="a part of the name of the cases to run")
    options = parser.parse_args()
    program = str(pathlib.Path(options.program).resolve())
    server = None
    if options.mock:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Mock)
        server.kind, server.planted = options.mock, set()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        options.base_url = f"http://127.0.0.1:{server.server_port}"
    right = wrong = found = dropped = failed = faults = alarms = 0
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        home = scratch / "config/countersign"
        home.mkdir(parents=True)
        (home / "config.yaml").write_text(
            "models:\n  providers:\n    here:\n      kind: openai_compat\n      tier: local\n"
            f"      base_url: {options.base_url}\n      models: ['{options.model}']\n      timeout: 600\n"
            f"      json_mode: {str(options.json_mode).lower()}\n"
            f"  roles:\n    validator: {{provider: here, model: '{options.model}'}}\n"
        )
        os.environ["XDG_CONFIG_HOME"] = str(scratch / "config")
        subprocess.run([program, "demo", "--keep", str(scratch / "demo")], check=True, capture_output=True)
        for case in read_cases():
            if options.only and options.only not in case["name"]:
                continue
            for mark in "!+":
                text, planted = version(case, mark)
                folder = scratch / case["name"] / ("fault" if mark == "!" else "twin")
                build(scratch / "demo", folder, case, text)
                if server:
                    server.planted = planted
                command = [program, "review", "assist", PACKET, "--rev", "HEAD", "--format", "json"]
                ran = subprocess.run([*command, "--max-tokens", options.max_tokens], cwd=folder, capture_output=True)
                advice = json.loads(ran.stdout)["run"]["assist"]
                notes = [note for note in advice["notes"] if note["path"] == case["path"]]
                good = [note for note in notes if note["line"] in planted]
                right += len(good)
                wrong += len(advice["notes"]) - len(good)
                dropped += advice["dropped"]
                failed += advice["error"] is not None
                faults += mark == "!"
                found += mark == "!" and bool(good)
                alarms += mark == "+" and bool(advice["notes"])
                print(f"{case['name']:24} {'fault' if mark == '!' else 'twin':6} {len(good)} right, "
                      f"{len(advice['notes']) - len(good)} wrong, {advice['dropped']} dropped {advice['error'] or ''}",
                      flush=True)
    share = lambda part, whole: f"{part} of {whole}" + (f" ({100 * part / whole:.0f}%)" if whole else "")
    print(f"\nmodel {options.model}{' ' + options.mock if options.mock else ''}")
    print(f"precision: {share(right, right + wrong)} remarks are right")
    print(f"recall: {share(found, faults)} faults have a right remark")
    print(f"false alarms: {share(alarms, faults)} honest twins have a remark")
    print(f"dropped: {dropped} remarks; without an answer: {failed} of {2 * faults}")


main()
