"""Values of expressions against numpy: every function, arithmetic, every element type; types, shapes and bits as a .nir file has them.

  expressions.py NIRC WORK     the compiler, a folder
"""
import os
import subprocess
import sys

import h5py
import numpy as np

from random_numbers import Generator

A = np.array([[1.5, -2, 0.25], [3, -0.5, 7]])
TEXT_A = "[[1.5, -2, 0.25], [3, -0.5, 7]]"
HALVES = np.array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.4999])
TEXT_HALVES = "[-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.4999]"
RANGES = {"i8": 8, "i16": 16, "i32": 32, "i64": 64, "u8": 8, "u16": 16, "u32": 32, "u64": 64}


def functions():
    yield "zeros([2, 3])", np.zeros((2, 3))
    yield "zeros([])", np.zeros(())
    yield "zeros([0, 4])", np.zeros((0, 4))
    yield "ones([2, 1, 3])", np.ones((2, 1, 3))
    yield "eye(4)", np.eye(4)
    first, last, n = 0.1, 0.7, 11
    yield "linspace(0.1, 0.7, 11)", first + np.arange(n) * ((last - first) / (n - 1))
    yield f"reshape({TEXT_A}, [3, 2])", A.reshape(3, 2)
    yield f"transpose({TEXT_A})", A.T
    yield "transpose(reshape(linspace(0, 119, 120), [2, 3, 4, 5]))", np.arange(120.0).reshape(2, 3, 4, 5).T
    yield "sqrt([2, 3, 4.5])", np.sqrt([2, 3, 4.5])
    yield f"abs({TEXT_A})", np.abs(A)
    for f, numpy_f in (("floor", np.floor), ("ceil", np.ceil), ("round", np.rint)):
        yield f"{f}({TEXT_HALVES})", numpy_f(HALVES)
    yield f"min({TEXT_A}, 0.5)", np.minimum(A, 0.5)
    yield f"max(0.5, {TEXT_A})", np.maximum(0.5, A)
    yield f"min({TEXT_A}, transpose(reshape({TEXT_A}, [3, 2])))", np.minimum(A, A.reshape(3, 2).T)
    for op, numpy_f in (("+", np.add), ("-", np.subtract), ("*", np.multiply), ("/", np.divide)):
        yield f"{TEXT_A} {op} 0.3", numpy_f(A, 0.3)
        yield f"0.3 {op} {TEXT_A}", numpy_f(0.3, A)
        yield f"0.1 {op} 0.3", np.float64(numpy_f(0.1, 0.3))
    yield "1 - 2 - 3 * -4 / 5", np.float64(1 - 2 - 3 * -4 / 5)
    yield f"-{TEXT_A}", -A
    yield "list[1] * 1", np.array([4.0, 5, 6])
    yield "list[1, 2]", np.float64(6)
    yield "10 MOhm * 2 nF", np.float64(10e6 * 2e-9)
    yield "sqrt(4 V * 9 V)", np.float64(6)


def wholes():
    """Whole numbers keep all their bits where they are i64."""
    for x in (0, 1, -1, 2 ** 53 + 1, -(2 ** 53) - 1, 2 ** 63 - 1, -2 ** 63):
        yield f"{x}", np.int64(x)
    yield "[1, 2, 9007199254740992]", np.array([1, 2, 2 ** 53], np.int64)
    yield "[[1, -2], [3, 4]]", np.array([[1, -2], [3, 4]], np.int64)
    yield "transpose([[1, -2], [3, 4]])", np.array([[1, 3], [-2, 4]], np.int64)
    for t, bits in RANGES.items():
        low, high = (0, 2 ** bits - 1) if t[0] == "u" else (-2 ** (bits - 1), 2 ** (bits - 1) - 1)
        dtype = np.dtype(t[0] + str(bits // 8))
        yield f"{t}({low})", np.array(low, dtype)
        yield f"{t}[3]({low}, {high}, 1)", np.array([low, high, 1], dtype)
        yield f"{t}[2, 2]({high})", np.full((2, 2), high, dtype)
        yield f"{t}[2, 1](reshape({t}[2]({high}, {high - 1}), [2, 1]))", np.array([[high], [high - 1]], dtype)
        yield f"transpose({t}[2, 3]({low}, {high}, 1, 2, {high - 1}, 3))", np.array([[low, high, 1], [2, high - 1, 3]], dtype).T
        yield f"reshape({t}[2, 2]({high}), [4])", np.full(4, high, dtype)
    yield "u64[2](i64[2](9007199254740993, 9223372036854775807))", np.array([2 ** 53 + 1, 2 ** 63 - 1], np.uint64)
    yield "u64(9223372036854775808 + 0)", np.array(2 ** 63, np.uint64)
    yield "reshape(i8[1, 1, 1, 1, 1, 1, 1, 2](3, -4), [2])", np.array([3, -4], np.int8)


def floats():
    r = np.random.default_rng(5)
    half = np.concatenate([2.0 ** np.arange(-26, 16), 1.5 * 2.0 ** np.arange(-26, 15), (1 + 2.0 ** -11) * 2.0 ** np.arange(-26, 15), (1 + 3 * 2.0 ** -11) * 2.0 ** np.arange(-26, 15),
                           np.nextafter((1 + 2.0 ** -11) * 2.0 ** np.arange(-26, 15), 1e9), r.uniform(-65000, 65000, 200), r.uniform(-1e-4, 1e-4, 200), [0, 65504, 65519.99, 2.0 ** -25,
                           np.nextafter(2.0 ** -25, 1), 6.097e-5, 6.1035e-5, 6.10351e-5]])
    for t, dtype in (("f16", np.float16), ("f32", np.float32), ("f64", np.float64)):
        yield f"{t}[{len(half)}]({', '.join(repr(float(x)) for x in half)})", half.astype(dtype)
    every = np.arange(0x7c00, dtype=np.uint16).view(np.float16)
    yield f"f16[{len(every)}]({', '.join(repr(float(x)) for x in every)})", every
    yield "f16[4](inf, -inf, 0x7e01, 0x8000)", np.array([0x7c00, 0xfc00, 0x7e01, 0x8000], np.uint16).view(np.float16)
    yield "transpose(f32[1, 2](0x7fc00001, 0xffc12345))", np.array([[0x7fc00001], [0xffc12345]], np.uint32).view(np.float32)
    yield "f32[2](f32[2](0x7fc00001, -0.0))", np.array([0x7fc00001, 0x80000000], np.uint32).view(np.float32)
    yield "f64(0x7ff8000000000001)", np.array(0x7ff8000000000001, np.uint64).view(np.float64)
    yield "f64(-0)", np.array(-0.0)
    yield "i1[3](0, 1, 1)", np.array([False, True, True])


def randoms():
    """Elements in order, each array from a generator of its own."""
    for seed in (0, 7, 2 ** 63, 2 ** 64 - 1):
        for kind, args, text in (("uniform", (-0.3, 0.7), "low = -0.3, high = 0.7"), ("normal", (0.1, 2.5), "mean = 0.1, std = 2.5"), ("bernoulli", (0.3, 0), "p = 0.3"),
                                 ("uniform", (0.0, 1.0), ""), ("normal", (0.0, 1.0), "")):
            g = Generator(seed)
            wanted = np.array([getattr(g, kind)(*args) for _ in range(15)]).reshape(3, 5)
            call = f"{kind}([3, 5], {text + ', ' if text else ''}seed = {seed})"
            yield call, wanted
            yield f"f32[3, 5]({call})", wanted.astype(np.float32)
            yield f"2 * {call} + {call}", 2 * wanted + wanted


REFUSED = {
    "five[]": "an index is wanted", "list[]": "an index is wanted", "five[0]": "is a number here and has no elements", "list[2]": "has no element 2", "list[-1]": "has no element -1",
    "list[0, 0, 0]": "is a number here and has no elements", "i8(128)": "does not fit i8", "u8(-1)": "does not fit u8", "i64(9223372036854775808)": "does not fit i64", "i64(0.5)": "does not fit i64", "i1(2)": "does not fit i1",
    "f16(65520)": "does not fit f16", "f32(1e39)": "does not fit f32", "f16(0x10000)": "does not fit f16", "[9007199254740993]": "is rounded", "i64[1]([9007199254740993])": "is rounded",
    "i64(u64(18446744073709551615))": "does not fit i64", "f64[2](1 mV, 2 s)": "in a list of which another element", "linspace(1, 2, 1)": "at least 2", "1 / 0": "division by 0",
    "1 s + 1": "one dimension", "reshape([1, 2], [3])": "2 elements", "sqrt(1 s)": "no square root", "min([1], [1, 2])": "do not go together", "eye(-1)": "at least 0",
    "u64(18446744073709551616)": "does not fit u64", "normal(seed = 1)": "nothing tells the shape", "uniform([2], seed = 18446744073709551616)": "a seed is", "ones([1, 1, 1, 1, 1, 1, 1, 1, 1])": "at most 8 axes",
}


def compile_text(nirc, work, entries):
    path = os.path.join(work, "values.snn")
    with open(path, "w") as f:
        f.write("nirc 1\nconst five = 5\nconst list = [[1, 2, 3], [4, 5, 6]]\nnetwork n {\n  in x : [1]\n  out y\n  x -> y\n  metadata {\n" + "".join(f"    k{i} = {e},\n" for i, e in enumerate(entries)) + "  }\n}\n")
    return subprocess.run([nirc, path, "--emit", "nir", "-o", os.path.join(work, "values.nir")], capture_output=True, text=True)


def main():
    nirc, work = sys.argv[1:]
    cases = [*functions(), *wholes(), *floats(), *randoms()]
    p = compile_text(nirc, work, [text for text, _ in cases])
    assert p.returncode == 0, p.stderr[-3000:]
    different = 0
    with h5py.File(os.path.join(work, "values.nir")) as f:
        for i, (text, wanted) in enumerate(cases):
            found = np.asarray(f[f"node/metadata/k{i}"][()])
            wanted = np.asarray(wanted)
            if found.dtype != wanted.dtype or found.shape != wanted.shape or found.tobytes() != wanted.tobytes():
                different += 1
                print(f"different: {text[:200]}: {found.dtype}{found.shape} {found}, not {wanted.dtype}{wanted.shape} {wanted}")
    for text, message in REFUSED.items():
        p = compile_text(nirc, work, [text])
        if p.returncode != 1 or message not in p.stderr:
            different += 1
            print(f"different: {text}: status {p.returncode}, {p.stderr}")
    print(f"{len(cases)} values, {len(REFUSED)} refusals: {different} different")


main()
