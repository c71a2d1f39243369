"""Texts that ask for much: each is taken or refused with its own message, within seconds and within the memory that the language's limits allow.

  limits.py NIRC WORK     the compiler, a folder
"""
import os
import resource
import subprocess
import sys

SECONDS, BYTES = 60, 8 << 30                           # of one run; far above what was measured (3 s, 2 GiB), far below what a text without limits takes
EMPTY = "network n { in x : [4] out y x -> y }\n"


def network(body):
    return "network n { in x : [4] out y x -> y\n" + body + "\n}\n"


def many(n, text):
    return "".join(text.format(i=i, scrambled=i * 7919 % n) for i in range(n))


CASES = {
    "constants": (many(200000, "const a{i} = {i}\n") + EMPTY, None),
    "templates": (many(30000, "template t{i}() {{ in x out y n = IF() x -> n -> y }}\n") + EMPTY, None),
    "parameters": ("template t(" + many(50000, "a{i} = 1, ") + ") { in x out y x -> y }\n" + network("q = t() x -> q"), None),
    "arguments": ("template t(" + many(50000, "a{i}, ") + ") { in x out y x -> y }\n" + network("q = t(" + many(50000, "a{scrambled} = 1, ") + ") x -> q"), None),
    "ports": ("template t() {" + many(50000, "in x{i} ") + " out y }\n" + network("q = t() x -> q"), "50000 in ports"),
    "parameters of a primitive": (network("a = IF(" + many(50000, "q{i} = 1, ") + ")"), "no parameter 'q0'"),
    "metadata twice": (network("metadata {" + many(50000, "k{scrambled} = 1, ") + "k0 = 1}"), "'k0' stands in this group already"),
    "networks": (many(60000, "network n{i} {{ in x : [4] out y x -> y }}\n"), "60000 networks"),
    "unknown names": (many(20000, "const a{i} = {i}\n") + many(20000, "const c{i} = b{i}\n") + EMPTY, "'b0'"),
    "elements": (network(many(40, "const a{i} = zeros([10000, 10000])\n")), "more than 268435456 elements"),
    "elements of repeated arrays": (network("repeat i in 0..1000 { const a = ones([3000, 3000]) * 2 + eye(3000) }"), "more than 268435456 elements"),
    "negated arrays": (network("const a = zeros([10000, 10000])\n" + many(40, "const b{i} = -a\n")), "more than 268435456 elements"),
    "statements": (network("repeat i in 0..10000000 { }"), "more statements than 4000000"),
    "statements in one another": (network(many(60, "repeat i{i} in 0..2 {{ ") + "}" * 60), "more statements than 4000000"),
    "templates in one another": ("template t0() { in x out y x -> y }\n" + many(2000, "template u{i}() {{ in x out y a = u{i}0() x -> a -> y }}\n".replace("u{i}0", "w{i}"))
                                 + "".join(f"template w{i}() {{ in x out y a = u{i + 1}() x -> a -> y }}\n" for i in range(1999)) + network("q = u0() x -> q"), "nested deeper than 500"),
    "a long name": (network("x -> a" + ".a" * 100000), "more bytes than 4096"),
    "doubling": ("template t0() { in x out y n = IF() x -> n -> y }\n" + "".join(f"template t{i}() {{ in x out y a = t{i - 1}() b = t{i - 1}() x -> a -> b -> y }}\n" for i in range(1, 40))
                 + network("q = t39() x -> q"), "more nodes than 1000000"),
    "minus signs": (network("const a = " + "-" * 100000 + "1"), "deep"),
}


def limit():
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))


def main():
    nirc, work = sys.argv[1:]
    wrong = 0
    for name, (text, message) in CASES.items():
        path = os.path.join(work, "limits.snn")
        with open(path, "w") as f:
            f.write("nirc 1\n" + text)
        p = subprocess.run([nirc, path, "--emit", "nir", "-o", os.path.join(work, "limits.nir")], capture_output=True, text=True, timeout=SECONDS, preexec_fn=limit)
        if p.returncode not in ((1, 2, 4) if message else (0,)) or (message and message not in p.stderr):
            wrong += 1
            print(f"wrong: {name}: status {p.returncode}: {p.stderr[:500]}")
    print(f"{len(CASES)} texts: {wrong} wrong")


main()
