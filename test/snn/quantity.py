"""Quantities against exact fractions: what is read is the nearest double, what is written reads back and is short.

  quantity.py VALUES     VALUES: the program test/values
"""
import random
import re
import struct
import subprocess
import sys
from fractions import Fraction

UNITS = {"": (0, "1"), "s": (0, "s"), "ms": (-3, "s"), "us": (-6, "s"), "ns": (-9, "s"), "V": (0, "V"), "mV": (-3, "V"), "uV": (-6, "V"), "kV": (3, "V"),
         "Ohm": (0, "Ohm"), "mOhm": (-3, "Ohm"), "kOhm": (3, "Ohm"), "MOhm": (6, "Ohm"), "GOhm": (9, "Ohm"), "A": (0, "A"), "mA": (-3, "A"), "uA": (-6, "A"),
         "nA": (-9, "A"), "pA": (-12, "A"), "Hz": (0, "Hz"), "kHz": (3, "Hz"), "MHz": (6, "Hz"), "F": (0, "F"), "mF": (-3, "F"), "uF": (-6, "F"),
         "nF": (-9, "F"), "pF": (-12, "F"), "S": (0, "S"), "mS": (-3, "S"), "uS": (-6, "S"), "nS": (-9, "S")}


def bits(x):
    return struct.pack(">d", x).hex()


def single(x):
    try:
        return struct.unpack("f", struct.pack("f", x))[0]
    except OverflowError:
        return float("inf")


def nearest(text, power):
    """One correct rounding: the quotient of two integers in Python."""
    m = re.fullmatch(r"(-?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?", text)
    exponent = int(m[4] or 0) - len(m[3]) + power
    digits = int(m[2] + m[3])
    x = digits * 10 ** exponent / 1 if exponent >= 0 else digits / 10 ** -exponent
    return -x if m[1] else x


def ask(values, *args, lines):
    return subprocess.run([values, *args], input="".join(line + "\n" for line in lines), capture_output=True, text=True, check=True).stdout.splitlines()


def decimals(r):
    """Like those that people write, and hostile ones: near the middle between two doubles."""
    for _ in range(20000):
        yield f"{'-' if r.random() < 0.2 else ''}{r.randrange(10 ** r.randrange(1, 7))}{'.' + str(r.randrange(10 ** 4)) if r.random() < 0.6 else ''}"
    for _ in range(10000):
        yield f"{r.randrange(1, 10 ** 18)}e{r.randrange(-330, 280)}"
    for _ in range(3000):
        x = Fraction(struct.unpack(">d", struct.pack(">Q", r.randrange(1, 0x7fe << 52)))[0])
        up = Fraction(struct.unpack(">d", struct.pack(">Q", struct.unpack(">Q", struct.pack(">d", float(x)))[0] + 1))[0])
        middle = (x + up) / 2
        if not Fraction(1, 10 ** 60) < middle < 10 ** 60:
            continue
        digits = r.choice((25, 60, 300))
        yield f"{middle.numerator * 10 ** digits // middle.denominator}e-{digits}"


def check_reading(values, r):
    cases = [(d, r.choice(list(UNITS))) for d in decimals(r)]
    for (digits, unit), got in zip(cases, ask(values, "read", lines=[f"{d} {u}".strip() for d, u in cases]), strict=True):
        power, dims = UNITS[unit]
        want = f"{bits(nearest(digits, power))} {dims}"
        assert got == want, (digits, unit, got, want)
    return len(cases)


def check_writing(values, r, t):
    units = [u for u in UNITS if UNITS[u][0] == 0 or u == ""]
    cases = [float(f"{r.randrange(1, 1000)}e{r.randrange(-12, 8)}") for _ in range(5000)]
    cases += [r.uniform(-100, 100) * 10.0 ** r.randrange(-14, 10) for _ in range(5000)]
    cases += [struct.unpack(">d", struct.pack(">Q", r.randrange(1, 0x7ff << 52)))[0] for _ in range(5000)]
    cases += [struct.unpack("f", struct.pack("I", r.randrange(1, 0xff << 23)))[0] for _ in range(5000)]
    cases += [7.038531e-26, 1.5, -3e-4]
    if t == "f32":
        cases = [x for x in map(single, cases) if x and abs(x) != float("inf")]
    cases = [(x, r.choice(units)) for x in cases]
    longer = 0
    for (x, unit), text in zip(cases, ask(values, "write", t, lines=[f"{bits(x)} {u}".strip() for x, u in cases]), strict=True):
        number, _, name = text.partition(" ")
        back = nearest(number, UNITS[name][0])
        assert bits(single(back) if t == "f32" else back) == bits(x), (x, unit, text)
        assert UNITS[name][1] == (unit or "1"), (x, unit, text)
        powers = [p for p, d in UNITS.values() if d == (unit or "1")]
        value = abs(Fraction(x))
        if unit and Fraction(10) ** min(powers) <= value < Fraction(999) * Fraction(10) ** max(powers):
            assert 1 <= abs(nearest(number, 0)) < 1000 or unit == "Hz" and value < 1, (x, unit, text)
        used = len(number.lstrip("-").split("e")[0].replace(".", "").strip("0"))
        if t == "f64":
            assert used == len(repr(x).lstrip("-").split("e")[0].replace(".", "").strip("0")), (x, text)
        longer += used > 9
    assert t == "f64" or longer <= 2, longer
    return len(cases)


def main(values):
    r = random.Random(5)
    n = check_reading(values, r)
    print(f"{n} read, {check_writing(values, r, 'f32')} f32 and {check_writing(values, r, 'f64')} f64 written: same")


main(sys.argv[1])
