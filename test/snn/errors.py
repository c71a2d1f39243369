"""Every file of a folder is refused with just the messages that stand beside its faults, and with its exit status, and leaves no output.

  errors.py NIRC FOLDER WORK      one line a file that fails

Behind a line, or anywhere with @LINE (@+1: the next line; @0: a message about a file as a whole):
  # error: TEXT    # note: TEXT    # warning: TEXT      TEXT is a part of the message
Anywhere:
  # status: N      # options: ...                       default 1, none
Messages about a file that is imported stand in that file.
"""
import glob
import json
import multiprocessing.pool
import os
import re
import shlex
import shutil
import subprocess
import sys

nirc, folder, work = sys.argv[1:]
MARK = re.compile(r"# (error|note|warning|status|options)(?:@([+-]?)(\d+))?: ")


def comments(path):
    """[(line, kind, text)] of a file."""
    found = []
    with open(path, encoding="utf-8", errors="replace", newline="\n") as f:
        for number, line in enumerate(f.read().split("\n"), 1):
            marks = list(MARK.finditer(line))
            for i, m in enumerate(marks):
                end = marks[i + 1].start() if i + 1 < len(marks) else len(line)
                at = number if m[3] is None else number + int(m[2] + m[3]) if m[2] else int(m[3])
                found.append((at, m[1], line[m.end():end].strip()))
    return found


def check(path):
    """What is wrong with what nirc says about the file; empty where nothing is."""
    said = comments(path)
    status = next((int(t) for _, kind, t in said if kind == "status"), 1)
    options = [o for _, kind, t in said if kind == "options" for o in shlex.split(t)]
    out = os.path.join(work, os.path.basename(path) + ".out")
    try:
        done = subprocess.run([nirc, path, "-o", out, "--dt", "1ms", "--diag-format", "json", *options], capture_output=True, text=True, timeout=60)
    except subprocess.TimeoutExpired:
        return "does not end"
    wrong = [] if done.returncode == status else [f"exit status {done.returncode}, not {status}"]
    if os.path.exists(out):
        wrong.append("an output was left")
        shutil.rmtree(out)
    expected = [(os.path.realpath(path), *c) for c in said if c[1] not in ("status", "options")]
    printed = []
    for line in done.stderr.splitlines():
        if not line.startswith("{"):
            return " ".join([*wrong, line])
        m = json.loads(line)
        if m["severity"] != "remark":
            printed.append((os.path.realpath(m.get("file") or path) if m.get("line") else "", m.get("line", 0), m["severity"], m["text"]))
    for other in sorted({p[0] for p in printed} - {os.path.realpath(path), ""}):
        expected += [(other, *c) for c in comments(other)]
    for file, line, kind, text in expected:
        match = next((p for p in printed if p[1] == line and p[2] == kind and (not line or p[0] == file) and text in p[3]), None)
        if match:
            printed.remove(match)
        else:
            wrong.append(f"line {line}: no {kind} with `{text}`")
    wrong += [f"line {line}: unexpected {kind}: {text}" for _, line, kind, text in printed]
    return "; ".join(wrong) if expected else "no message is expected"


def main():
    os.makedirs(work, exist_ok=True)
    files = sorted(glob.glob(os.path.join(folder, "*.snn")))
    failed = 0
    with multiprocessing.pool.ThreadPool() as pool:
        faults = pool.map(check, files)
    for path, wrong in zip(files, faults):
        if wrong:
            print(f"{os.path.basename(path)}: {wrong}")
            failed += 1
    print(f"{len(files) - failed} files refused as they say, {failed} not")
    sys.exit(failed > 0)


main()
