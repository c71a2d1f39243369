"""Builds and runs the libFuzzer targets: each test/fuzz/fuzz_NAME.c.

  fuzz.py --build DIR [--cc clang-19] [--seconds N] [--into DIR/fuzz] [TARGET...]

The library is built once more, in the folder --into, with the fuzzer's coverage, AddressSanitizer and UndefinedBehaviorSanitizer. Seeds of fuzz_SUFFIX are the
files *.SUFFIX of the tree; those of fuzz_nirt are printed by nirc from the networks of test/data. The dictionary is the op table. Inputs that were found to be
interesting are kept in INTO/TARGET/corpus, what fails in INTO/TARGET. One line for each target; exit status 1 when one failed, 77 when the compiler is missing.
"""
import argparse
import glob
import os
import re
import shlex
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SANITIZERS = "-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all"
MAX_INPUT = 16384                                      # bytes; larger seeds are left out
GRAMMAR = ("nirt 1", "module", "{level = nir, path = ", "{level = snn, path = ", "source_hash = 0x00000000000000000000000000000000}", "attributes", "loc(", "loc(-",
           "dense<", "splat<", "strings<", " @w0>", "blob @w0 : ", "= hex\"", "elided 0x", "i1", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "f16", "f32", "f64",
           "[8]", "[1,1]", "0x7fc00000", "0x7ff0000000000000", "1099511627776", "18446744073709551615", "metadata = {", "edge = dense<i64[1] 0>", "probe = 1", "~1", "#1", "%", "@")


def arguments():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--build", required=True)
    ap.add_argument("--cc", default="clang-19")
    ap.add_argument("--seconds", type=int, default=60)
    ap.add_argument("--into")
    ap.add_argument("targets", nargs="*")
    o = ap.parse_args()
    o.build = os.path.abspath(o.build)
    o.into = os.path.abspath(o.into or os.path.join(o.build, "fuzz"))
    return o


def run(command, **more):
    p = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", **more)
    if p.returncode:
        sys.exit(f"{p.stdout[-4000:]}\nfuzz: failed ({p.returncode}): {shlex.join(command)}")


def need_compiler(cc):
    probe = "#include <stddef.h>\nint LLVMFuzzerTestOneInput(const char *d, size_t n);\nint LLVMFuzzerTestOneInput(const char *d, size_t n) { return d == NULL && n; }\n"
    if not shutil.which(cc):
        print(f"fuzz: {cc} is not there (Debian package clang-19)")
        sys.exit(77)
    p = subprocess.run([cc, "-fsanitize=fuzzer,address", "-x", "c", "-", "-o", "/dev/null"], input=probe.encode(), stderr=subprocess.PIPE)
    if p.returncode:
        print(f"fuzz: {cc} cannot link with -fsanitize=fuzzer (Debian package libclang-rt-19-dev): {p.stderr.decode(errors='replace').strip()}")
        sys.exit(77)


def build(o, targets):
    """Configured as the build directory is, but for the compiler and its flags."""
    os.makedirs(o.into, exist_ok=True)
    if not os.path.exists(os.path.join(o.into, "Makefile")):
        given = shlex.split(subprocess.check_output([os.path.join(o.build, "config.status"), "--config"], text=True))
        given = [a for a in given if not re.match(r"--(en|dis)able-|CC=|CFLAGS=|LDFLAGS=", a)]
        run([os.path.join(ROOT, "configure"), *given, f"CC={o.cc}", f"CFLAGS=-g -O1 {SANITIZERS}"], cwd=o.into)
    jobs = str(len(os.sched_getaffinity(0)))
    run(["make", "-j", jobs, "libnirc.a"], cwd=o.into)
    for target in targets:
        run(["make", "fuzz-target", f"FUZZ_TARGET={target}"], cwd=o.into)


def printed_by_nirc(o, to):
    networks = glob.glob(os.path.join(ROOT, "test", "data", "models", "*.nir")) + glob.glob(os.path.join(ROOT, "test", "data", "golden", "nir", "*.nir"))
    nirc = os.path.join(o.build, "nirc")
    for path in networks:
        name = os.path.splitext(os.path.basename(path))[0]
        for level, more in (("nir", []), ("snn", ["--stop-after", "discretise", "--dt", "1ms"])):
            subprocess.run([nirc, path, "--emit", "nirt", "-o", os.path.join(to, f"{name}-{level}.nirt"), *more], stderr=subprocess.DEVNULL)


def make_seeds(o, target, to):
    shutil.rmtree(to, ignore_errors=True)
    os.makedirs(to)
    suffix = target.removeprefix("fuzz_")
    if suffix == "nirt":
        printed_by_nirc(o, to)
    for folder in ("test", "examples", "docs"):
        for i, path in enumerate(sorted(glob.glob(os.path.join(ROOT, folder, "**", f"*.{suffix}"), recursive=True))):
            shutil.copy(path, os.path.join(to, f"{folder}{i}-{os.path.basename(path)}"))
    for name in os.listdir(to):
        if os.path.getsize(os.path.join(to, name)) > MAX_INPUT:
            os.remove(os.path.join(to, name))


def make_dictionary(o, target, path):
    """The op table's words, and those of a file that the target has (fuzz_snn: snn.dict)."""
    table = subprocess.check_output([os.path.join(o.build, "nirc"), "--print-ops"], text=True)
    words = sorted(set(re.findall(r"`([A-Za-z_][A-Za-z0-9_.]*)`", table)) | set(GRAMMAR))
    with open(path, "w") as f:
        for w in words:
            f.write('"' + w.replace("\\", "\\\\").replace('"', '\\"') + '"\n')
        own = os.path.join(os.path.dirname(os.path.abspath(__file__)), target.removeprefix("fuzz_") + ".dict")
        if os.path.exists(own):
            with open(own) as words_of_target:
                f.write(words_of_target.read())


def fuzz(o, target):
    """Did it find nothing?"""
    base = os.path.join(o.into, target)
    corpus, seeds, dictionary = (os.path.join(base, n) for n in ("corpus", "seeds", "dictionary"))
    os.makedirs(corpus, exist_ok=True)
    make_seeds(o, target, seeds)
    make_dictionary(o, target, dictionary)
    command = [os.path.join(o.into, "test", "fuzz", target), f"-max_total_time={o.seconds}", f"-max_len={MAX_INPUT}", "-timeout=10", "-rss_limit_mb=1024", "-seed=1",
               "-print_final_stats=1", f"-dict={dictionary}", f"-artifact_prefix={base}/", corpus, seeds]
    log = os.path.join(base, "log")
    with open(log, "w") as f:
        status = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=f, stderr=subprocess.STDOUT, cwd=base).returncode
    with open(log, errors="replace") as f:
        text = f.read()
    runs = re.search(r"number_of_executed_units: (\d+)", text)
    edges = re.findall(r" cov: (\d+)", text)
    if status == 0 and runs and int(runs.group(1)) > len(os.listdir(seeds)):
        print(f"{target}: {runs.group(1)} inputs, {edges[-1] if edges else 0} edges, nothing found")
        return True
    print(text[-4000:])
    print(f"{target}: failed, exit status {status}; the whole log is {log}")
    return False


def main():
    o = arguments()
    targets = o.targets or sorted(os.path.basename(p)[:-2] for p in glob.glob(os.path.join(ROOT, "test", "fuzz", "fuzz_*.c")))
    need_compiler(o.cc)
    build(o, targets)
    return 0 if all([fuzz(o, t) for t in targets]) else 1


if __name__ == "__main__":
    sys.exit(main())
