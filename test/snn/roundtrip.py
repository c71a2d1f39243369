"""NIRC WORK FILE...: what --emit snn writes is the same network: the .nir made of it has the same bytes, whether large weights stand beside the text or in it; and the text
has the canonical layout. Prints one line for each file that differs, last a count."""
import os
import subprocess
import sys

nirc, work, *files = sys.argv[1:]
os.makedirs(work, exist_ok=True)


def run(*args, **more):
    p = subprocess.run([nirc, "-q", *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)
    if p.returncode:
        raise RuntimeError(f"{' '.join(args)}: exit status {p.returncode}: {p.stderr.decode()}")
    return p.stdout


def content(name):
    with open(os.path.join(work, name), "rb") as f:
        return f.read()


def differs(path):
    at = lambda name: os.path.join(work, name)
    run(path, "--emit", "nir", "--name", "n", "-o", at("a.nir"))
    run(path, "--emit", "snn", "-o", at("b.snn"))
    run(at("b.snn"), "--emit", "nir", "--name", "n", "-o", at("b.nir"))
    with open(at("c.snn"), "wb") as f:
        f.write(run(path, "--emit", "snn", "-o", "-"))
    run(at("c.snn"), "--emit", "nir", "--name", "n", "-o", at("c.nir"))
    for name in ("b", "c"):
        if content(f"{name}.nir") != content("a.nir"):
            return f"the network in {name}.snn is another"
        if run("--format", at(f"{name}.snn")) != content(f"{name}.snn"):
            return f"{name}.snn has another layout"


bad = 0
for path in files:
    try:
        what = differs(path)
    except RuntimeError as e:
        what = str(e)
    if what:
        bad += 1
        print(f"{path}: {what}")
print(f"{len(files)} networks, {bad} differ")
