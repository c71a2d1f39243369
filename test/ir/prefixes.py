"""prefixes.py NIRC OUT NETWORK...: a pipeline that is stopped after any of its passes, saved as text and gone on with gives the object that it gives in one go.

Gone on with is done twice: with the passes that are left, and with those that nirc chooses for a module of that level (passes change nothing the second time).
"""
import os
import re
import subprocess
import sys

nirc, out, networks = sys.argv[1], sys.argv[2], sys.argv[3:]
OPTIONS = ["-O2", "--dt", "1ms", "--probe", "all"]


def run(*arguments):
    return subprocess.run([nirc, *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout


def make_object(network, *arguments):
    path = os.path.join(out, "net.o")
    run(network, "-O2", "--name", "net", "--emit", "obj", "-o", path, *arguments)
    with open(path, "rb") as f:
        return f.read()


os.makedirs(out, exist_ok=True)
text = run(*OPTIONS, "--print-pipeline").strip()
passes = re.findall(r"[^,{]+(?:\{[^}]*\})?", text)
assert ",".join(passes) == text and len(passes) > 4, text
wrong = done = 0
for network in networks:
    whole = make_object(network, *OPTIONS[1:])
    for n in range(len(passes) + 1):
        name = passes[n - 1].split("{")[0] if n else "(none)"
        saved = os.path.join(out, f"{n}.nirt")
        run(network, "--name", "net", "--emit", "nirt", "-o", saved, *(OPTIONS + ["--stop-after", name] if n else []))
        is_snn = any(p.startswith("discretise") for p in passes[:n])
        for how, arguments in (("the rest of the pipeline", ["--pass-pipeline", ",".join(passes[n:])]), ("the usual pipeline", [] if is_snn else OPTIONS[1:])):
            done += 1
            if make_object(saved, *arguments) != whole:
                wrong += 1
                print(f"{network}: stopped after {name}, {how}: another object")
print(f"{done} objects, {wrong} differ")
