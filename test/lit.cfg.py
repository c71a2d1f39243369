# test/lit.cfg.py: how lit runs the tests of the two programs. Loaded by test/lit.site.cfg.py of the build directory.
#
# Substitutions: %nirc %nirc-run %cc %cxx %python %lava %valgrind %srcroot %builddir %shared %warnings %cflags
# Features (REQUIRES: ...): numpy h5py nir-package torch shared valgrind cxx libfuzzer asan ubsan tsan plain root zsh fish vim
#           profile-NAME (nirc has that profile); NIRC_SIMULATORS=1 (the environment asks for them), NAME-installed (simulators/setup.py could install it);
#           lava (%lava is an interpreter with lava-nc and lava-dl)
# From LLVM: FileCheck, not, split-file, count.
import os
import shutil
import subprocess
import sys

import lit.formats


def has_module(name, python):
    code = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({name!r}) is None)"
    return subprocess.run([python, "-c", code], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def has_libfuzzer():
    """clang-19 with libclang-rt-19-dev."""
    program = b"#include <stddef.h>\nint LLVMFuzzerTestOneInput(const char *d, size_t n) { return d == NULL && n; }\n"
    return bool(shutil.which("clang-19")) and subprocess.run(["clang-19", "-fsanitize=fuzzer,address", "-x", "c", "-", "-o", "/dev/null"], input=program,
                                                             stderr=subprocess.DEVNULL).returncode == 0


def profiles():
    """Features: the profiles that nirc has."""
    if not os.path.exists(os.path.join(build, "nirc")):
        return set()
    p = subprocess.run([os.path.join(build, "nirc"), "--list-profiles"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return {"profile-" + line.split()[0] for line in p.stdout.splitlines() if "not in this version" not in line}


def simulators():
    """Features: the simulators that are asked for, and those of them that could be installed."""
    if os.environ.get("NIRC_SIMULATORS") != "1":
        return set()
    p = subprocess.run([sys.executable, os.path.join(root, "test", "simulators", "setup.py"), build], stdout=subprocess.PIPE, text=True)
    lines = [line.split(" ", 1) for line in p.stdout.splitlines()]
    for name, said in lines:
        if said != "ok":
            lit_config.note(f"{name}: {said}")
    return {"NIRC_SIMULATORS=1", *(name + "-installed" for name, said in lines if said == "ok")}


root, build = config.nirc_srcroot, config.nirc_builddir
python = os.environ.get("NIRC_PYTHON") or config.nirc_python
lava = os.environ.get("NIRC_LAVA_PYTHON") or os.path.join(build, "lava", "bin", "python")
shared = os.path.abspath(os.environ.get("NIRC_SHARED") or os.path.join(root, "..", "shared"))

config.name = "nirc"
config.test_format = lit.formats.ShTest(execute_external=True)
config.suffixes = [".test", ".nirt", ".snn"]
config.excludes = ["unit", "data", "Inputs", "errors"]
config.test_source_root = os.path.join(root, "test")
config.test_exec_root = os.path.join(build, "test")

flags = config.nirc_flags
valgrind = f"{config.nirc_valgrind} -q --error-exitcode=99 --leak-check=full --show-leak-kinds=definite"
# lit replaces in this order, each everywhere: a name before every name that begins it.
config.substitutions += [
    ("%nirc-run", os.path.join(build, "nirc-run")),
    ("%nirc", os.path.join(build, "nirc")),
    ("%cxx", config.nirc_cxx or "false"),
    ("%cc", config.nirc_cc),
    ("%python", python),
    ("%lava", lava),
    ("%valgrind", valgrind),
    ("%srcroot", root),
    ("%builddir", build),
    ("%shared", shared),
    ("%warnings", flags["warnings"]),
    ("%cflags", f"-D_GNU_SOURCE -I{root} {flags['libraries']}"),
]

config.available_features.update(k for k, v in config.nirc_sanitizers.items() if v != "no")
if not config.available_features:
    config.available_features.add("plain")             # no sanitizer: programs have their usual speed and memory
for feature, module in (("numpy", "numpy"), ("h5py", "h5py"), ("nir-package", "nir"), ("torch", "torch")):
    if has_module(module, python):
        config.available_features.add(feature)
config.available_features.update(profiles() | simulators())
for feature, there in (("shared", os.path.isdir(shared)), ("valgrind", config.nirc_valgrind), ("cxx", config.nirc_cxx),
                       ("libfuzzer", has_libfuzzer()), ("root", os.geteuid() == 0), *((name, shutil.which(name)) for name in ("zsh", "fish", "vim")),
                       ("lava", shutil.which(lava) and has_module("lava.magma", lava) and has_module("lava.lib.dl", lava))):
    if there:
        config.available_features.add(feature)

config.environment["PATH"] = os.pathsep.join([config.nirc_llvm_bindir, os.environ.get("PATH", "/usr/bin:/bin")])
config.environment["PYTHONDONTWRITEBYTECODE"] = "1"
config.environment["LC_ALL"] = "C.UTF-8"
config.environment["NIRC_CHECK_TEXT"] = "1"            # every module that the tests make must survive as text (docs/ir.md)
for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS"):
    if name in os.environ:
        config.environment[name] = os.environ[name]
