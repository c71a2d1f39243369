"""Every ```snn block of the manual of the language compiles, each network in it; every ```snn-error block is refused with the text behind `# expected: `, at that line.

  manual.py NIRC PAGE.md WORK
"""
import os
import re
import subprocess
import sys

nirc, page, work = sys.argv[1:]


def blocks(text):
    """(line of the first line, kind, lines) of each fenced block."""
    found, inside = [], None
    for i, line in enumerate(text.splitlines(), 1):
        if not line.startswith("```"):
            if inside:
                inside[2].append(line)
        elif inside:
            found.append(inside)
            inside = None
        else:
            inside = (i + 1, line[3:].strip(), [])
    assert not inside, f"the block that begins in line {inside[0]} is not closed"
    return found


def compile(path, *options):
    return subprocess.run([nirc, path, "-q", "-o", path + ".out", *options], capture_output=True, text=True)


def accepted(path, lines):
    networks = [m[1] for line in lines if (m := re.match(r"network (\w+)", line))]
    assert networks, "no network in this block"
    for name in networks:
        done = compile(path, "--network", name)
        assert done.returncode == 0, done.stderr
    return len(networks)


def refused(path, lines):
    expected = {i: line.split("# expected: ")[1] for i, line in enumerate(lines, 1) if "# expected: " in line}
    assert expected, "no `# expected: ` in this block"
    done = compile(path)
    assert done.returncode == 1, done.stderr
    assert not os.path.exists(path + ".out"), "an output in spite of the error"
    printed = {int(m[1]): m[2] for m in re.finditer(r":(\d+):\d+: error: (.*)", done.stderr)}
    assert set(printed) == set(expected) and all(expected[i] in printed[i] for i in expected), done.stderr


def main():
    with open(page) as f:
        text = f.read()
    os.makedirs(work, exist_ok=True)
    done = {"snn": 0, "snn-error": 0}
    networks, failed = 0, 0
    for line, kind, lines in blocks(text):
        if kind not in done:
            continue
        path = os.path.join(work, f"line{line}.snn")
        with open(path, "w") as f:
            f.write("\n".join(lines) + "\n")
        try:
            networks += accepted(path, lines) if kind == "snn" else refused(path, lines) or 0
            done[kind] += 1
        except AssertionError as e:
            print(f"{page}:{line}: {e}")
            failed += 1
    fences = {kind: len(re.findall(rf"^ *```+ *{kind} *$", text, re.M)) for kind in done}
    assert fences == done or failed, f"{fences} in the page, {done} run"
    print(f"{done['snn']} blocks compiled, {networks} networks in them; {done['snn-error']} refused as the page says")
    sys.exit(failed > 0)


main()
