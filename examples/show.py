#!/usr/bin/env python3
"""Show what a classifier did: accuracy, and one sample as text.

  show.py OUTPUT.h5 TEST.h5 [--expected EXPECTED.h5] [--sample N]

OUTPUT.h5 is what nirc-run wrote for TEST.h5; both are read with h5dump (Debian package hdf5-tools), so Python's own library
is enough. The class is the one with the most output spikes over all steps; ties go to the lowest index.
"""
import argparse
import array
import os
import re
import subprocess
import sys
import tempfile

ARRAY_CODES = {"F32": "f", "F64": "d", "U8": "B", "I8": "b", "I64": "q", "I32": "i"}
SHADES = " .:-=+*#%@"


def read(path, name):
    """(dimensions, values) of one dataset."""
    head = subprocess.run(["h5dump", "-H", "-d", name, path], check=True, capture_output=True, text=True).stdout
    code = ARRAY_CODES[re.search(r"DATATYPE\s+H5T_\w+?_([FUI]\d+)LE", head).group(1)]
    dims = [int(n) for n in re.search(r"SIMPLE \{ \(([^)]*)\)", head).group(1).split(",")]
    with tempfile.TemporaryDirectory() as scratch:
        raw = os.path.join(scratch, "raw")
        subprocess.run(["h5dump", "-d", name, "-b", "LE", "-o", raw, path], check=True, stdout=subprocess.DEVNULL)
        values = array.array(code)
        with open(raw, "rb") as f:
            values.frombytes(f.read())
    return dims, values


class Recording:
    """Values [T, B, ...] of one dataset, the axes behind B taken as one."""

    def __init__(self, path, name):
        self.dims, self.values = read(path, name)
        self.steps, self.samples = self.dims[:2]
        self.units = len(self.values) // (self.steps * self.samples)

    def at(self, t, sample):
        start = (t * self.samples + sample) * self.units
        return self.values[start:start + self.units]

    def sums(self, sample):
        return [sum(column) for column in zip(*(self.at(t, sample) for t in range(self.steps)))]


def image(recording, sample):
    """The input of one sample, summed over time, as lines of shades; empty where it is no image."""
    if len(recording.dims) < 4:
        return []
    width = recording.dims[-1]
    sums = recording.sums(sample)[:recording.dims[-2] * width]
    shade = [SHADES[round(v / recording.steps * (len(SHADES) - 1))] * 2 for v in sums]
    return ["".join(shade[i:i + width]) for i in range(0, len(shade), width)]


def raster(recording, sample):
    """A line for each class, a column for each step, a bar for each spike."""
    rows = zip(*(recording.at(t, sample) for t in range(recording.steps)))
    return [f"class {i} " + "".join("|" if v else "." for v in row) + f" {int(sum(row)):3d}" for i, row in enumerate(rows)]


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("output")
    ap.add_argument("test")
    ap.add_argument("--expected")
    ap.add_argument("--sample", type=int, default=0)
    o = ap.parse_args()
    out, given, labels = Recording(o.output, "output"), Recording(o.test, "input"), read(o.test, "labels")[1]
    guess = []
    for b in range(out.samples):
        sums = out.sums(b)
        guess.append(sums.index(max(sums)))
    right = sum(g == label for g, label in zip(guess, labels))
    print(f"accuracy {right / len(labels):.3f} ({right}/{len(labels)} test samples)")
    if o.expected:
        wrong = sum(a != b for a, b in zip(out.values, Recording(o.expected, "output").values))
        print(f"spikes that differ from the reference: {wrong} of {len(out.values)}")
    print(f"\nsample {o.sample} (class {labels[o.sample]}, answer {guess[o.sample]}): input, and output spikes over {out.steps} steps")
    left, right = image(given, o.sample), raster(out, o.sample)
    width = max(map(len, left), default=0)
    for i in range(max(len(left), len(right))):
        print("  " + f"{left[i] if i < len(left) else '':{width}}" + ("   " if width else "") + (right[i] if i < len(right) else ""))
    return 0


if __name__ == "__main__":
    sys.exit(main())
