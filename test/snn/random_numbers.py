"""The random numbers of a network's text, made again from the words of frontend/snn/random.h with Python's floats: the same bits.

  random_numbers.py VALUES     VALUES: the program test/values
"""
import math
import struct
import subprocess
import sys

MASK = 2 ** 64 - 1
SEEDS = (0, 1, 42, 1234567, 2 ** 63, 2 ** 64 - 1)
N = 10000


def log(x):
    m, k = math.frexp(x)
    if m < float.fromhex("0x1.6a09e667f3bcdp-1"):
        m, k = 2 * m, k - 1
    f = m - 1
    h = 0.5 * f * f
    t = f / (2 + f)
    z = t * t
    r = 2 / 21
    for n in range(19, 2, -2):
        r = 2 / n + z * r
    r = z * r
    return k * float.fromhex("0x1.62e42feep-1") - ((h - (t * (h + r) + k * float.fromhex("0x1.a39ef35793c76p-33"))) - f)


class Generator:
    def __init__(self, seed):
        self.state, self.spare = seed, []

    def bits(self, *_):
        self.state = (self.state + 0x9e3779b97f4a7c15) & MASK
        z = self.state
        z = ((z ^ z >> 30) * 0xbf58476d1ce4e5b9) & MASK
        z = ((z ^ z >> 27) * 0x94d049bb133111eb) & MASK
        return z ^ z >> 31

    def u(self):
        return (self.bits() >> 11) * 2.0 ** -53

    def uniform(self, low, high):
        return low + (high - low) * self.u()

    def bernoulli(self, p, _):
        return 1.0 if self.u() < p else 0.0

    def normal(self, mean, std):
        if not self.spare:
            s = 0.0
            while s >= 1 or s == 0:
                x = 2 * self.u() - 1
                y = 2 * self.u() - 1
                s = x * x + y * y
            f = math.sqrt(-2 * log(s) / s)
            self.spare = [y * f, x * f]
        return mean + std * self.spare.pop()


def hexed(x):
    return f"{x:016x}" if isinstance(x, int) else struct.pack(">d", x).hex()


def ask(values, *args, lines):
    return subprocess.run([values, *args], input="".join(line + "\n" for line in lines), capture_output=True, text=True, check=True).stdout.split()


def check_numbers(values):
    kinds = (("bits", 0, 0), ("uniform", -0.3, 0.7), ("normal", 0.1, 2.5), ("bernoulli", 0.3, 0))
    for seed in SEEDS:
        for calls in *([kind] * N for kind in kinds), [kinds[i * i % 7 % 4] for i in range(N)]:
            g = Generator(seed)
            want = [getattr(g, kind)(a, b) for kind, a, b in calls]
            got = ask(values, "random", str(seed), lines=[f"{kind} {a} {b}" for kind, a, b in calls])
            assert got == [hexed(x) for x in want], (seed, calls[0][0])
            if len(set(calls)) == 1 and calls[0][0] != "bits":
                check_moments(calls[0], want)


def check_moments(call, x):
    """Mean and variance within five standard errors of what the distribution has."""
    kind, a, b = call
    mean, variance, fourth = {"uniform": ((a + b) / 2, (b - a) ** 2 / 12, (b - a) ** 4 / 80), "normal": (a, b * b, 3 * b ** 4),
                              "bernoulli": (a, a * (1 - a), a * (1 - a) * (1 - 3 * a * (1 - a)))}[kind]
    got = sum(x) / len(x)
    spread = sum((v - mean) ** 2 for v in x) / len(x)
    assert abs(got - mean) < 5 * math.sqrt(variance / len(x)), (call, got)
    assert abs(spread - variance) < 5 * math.sqrt((fourth - variance ** 2) / len(x)), (call, spread)
    if kind == "normal":                               # neighbours, which come in pairs, are independent
        together = sum((x[i] - mean) * (x[i + 1] - mean) for i in range(len(x) - 1)) / len(x)
        assert abs(together) < 5 * variance / math.sqrt(len(x)), (call, together)


def check_log(values):
    g = Generator(7)
    xs = [g.u() for _ in range(20000)] + [math.ldexp(g.u(), -(g.bits() % 104)) for _ in range(20000)]
    xs += [1 - math.ldexp(g.u(), -(g.bits() % 52)) for _ in range(10000)]
    xs = [x for x in xs if x > 0]
    worst = 0.0
    for x, got in zip(xs, ask(values, "log", lines=[hexed(x) for x in xs]), strict=True):
        assert got == hexed(log(x)), x
        if x != 1:
            worst = max(worst, abs(log(x) - math.log(x)) / math.ulp(math.log(x)))
    assert worst <= 2, worst
    return worst


def main(values):
    check_numbers(values)
    print(f"{len(SEEDS)} seeds: same bits; the logarithm is within {check_log(values):.0f} units in the last place of Python's")


if __name__ == "__main__":
    main(sys.argv[1])
