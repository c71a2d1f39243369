"""Arrays that numpy saves are read with the same values; damaged copies are read or refused, with one message, and nothing worse.

  npy.py VALUES DAMAGE WORK     the programs test/values and test/damage, a folder
"""
import os
import shutil
import subprocess
import sys

import numpy as np

TYPES = {"b1": "i1", "i1": "i8", "i2": "i16", "i4": "i32", "i8": "i64", "u1": "u8", "u2": "u16", "u4": "u32", "u8": "u64",
         "f2": "f16", "f4": "f32", "f8": "f64"}
SHAPES = ((), (1,), (7,), (0,), (2, 3), (5, 1), (3, 0, 2), (2, 3, 4), (3, 2, 1, 5), (1, 2, 1, 3, 1, 2, 2, 2))
SEEDS = 40


def files(work):
    """What numpy writes of every type, byte order, order and shape, in the three versions of the format: path and what must be read."""
    r = np.random.default_rng(3)
    for name in TYPES:
        for shape in SHAPES:
            bits = r.integers(0, 2 if name == "b1" else 256, size=int(np.prod(shape)) * int(name[1]), dtype=np.uint8)
            native = bits.view("<" + name).reshape(shape)
            for order in "<>":
                for layout in "CF":
                    a = np.array(native.astype(order + name), order=layout)      # every bit survives, NaNs too: only bytes move
                    version = ((1, 0), (2, 0), (3, 0))[int(r.integers(3))]
                    path = os.path.join(work, f"{name}-{'x'.join(map(str, shape))}-{'le' if order == '<' else 'be'}-{layout}.npy")
                    with open(path, "wb") as f:
                        np.lib.format.write_array(f, a, version=version)
                    back = np.load(path)
                    dims = ",".join(map(str, shape)) or "-"
                    yield path, f"{TYPES[name]} {dims} {np.ascontiguousarray(back).astype('<' + name).tobytes().hex() or '-'}"


def read(values, paths):
    p = subprocess.run([values, "npy", *paths], capture_output=True, text=True, errors="replace")
    assert p.returncode == 0, (p.returncode, p.stderr[-2000:])
    return p.stdout.splitlines(), p.stderr


def main(values, damage, work):
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(work)
    cases = list(files(work))
    got, _ = read(values, [path for path, _ in cases])
    for (path, want), line in zip(cases, got, strict=True):
        assert line == want, (path, line, want)
    some = [path for path, _ in cases][::24]
    copies = []
    for path in some:
        for seed in range(1, SEEDS + 1):
            copies.append(f"{path}-{seed}")
            subprocess.run([damage, path, str(seed), copies[-1]], check=True)
    got, said = read(values, copies)
    refused = sum(line.startswith("refused") for line in got)
    assert len(got) == len(copies) and "refused, but not with one message" not in got
    assert said.count(": error: ") == said.count("\n") == refused > 0, (refused, said.count("\n"))
    print(f"{len(cases)} files: same; {len(copies)} damaged: {refused} refused")


main(*sys.argv[1:])
