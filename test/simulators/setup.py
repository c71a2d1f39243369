#!/usr/bin/env python3
"""Installs the simulators, each version that docs/write-for.md names, from the package index; what is there already is kept.

  setup.py BUILD    into BUILD/simulators/torch and BUILD/simulators/jax

Prints a line for each simulator: its name and `ok`, or its name and why it is not there. All that pip said is in BUILD/simulators/*.log.
"""
import os
import subprocess
import sys
import venv

# First what the simulators need and do not pin, then they alone: some ask for older versions of nir, or for packages that only their data sets use.
ENVIRONMENTS = {
    "torch": (["torch==2.13.0", "numpy", "h5py", "scipy", "tqdm", "packaging", "loguru", "pbr", "matplotlib"],
              ["nir==1.0.8", "nirtorch==2.6", "norse==1.1.0", "snntorch==1.0.0", "sinabs==3.1.3", "rockpool==3.0.3",
               "spikingjelly==2.0.0"]),
    "jax": (["jax==0.10.2", "jaxlib==0.10.2", "flax", "optax", "grain", "jax-tqdm", "matplotlib", "numpy", "h5py"], ["nir==1.0.8", "spyx==1.0.0"]),
}
SIMULATORS = {"norse": ("torch", "norse.torch"), "snntorch": ("torch", "snntorch.import_nir"), "sinabs": ("torch", "sinabs.nir"),
              "rockpool": ("torch", "rockpool.nn.modules.torch.nir"), "spyx": ("jax", "spyx.nir"),
              "spikingjelly": ("torch", "spikingjelly.activation_based.nir_exchange")}


def install(folder, name, log):
    """The reason why it failed, or None."""
    python = os.path.join(folder, name, "bin", "python")
    done = os.path.join(folder, name, "installed")
    wanted = repr(ENVIRONMENTS[name])
    if os.path.exists(done) and open(done).read() == wanted:
        return None
    if sys.version_info < (3, 11):
        return f"needs Python 3.11 or newer, this is {sys.version_info.major}.{sys.version_info.minor}"
    venv.create(os.path.join(folder, name), clear=True, with_pip=True)
    before, alone = ENVIRONMENTS[name]
    for arguments in (before, ["--no-deps", *alone]):
        command = [python, "-m", "pip", "--disable-pip-version-check", "install", *arguments]
        if subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT).returncode:
            return f"pip cannot install {' '.join(arguments)} ({log.name})"
    with open(done, "w") as f:
        f.write(wanted)
    return None


def main(build):
    folder = os.path.join(build, "simulators")
    os.makedirs(folder, exist_ok=True)
    why = {}
    for name in ENVIRONMENTS:
        with open(os.path.join(folder, name + ".log"), "a") as log:
            why[name] = install(folder, name, log)
    for simulator, (name, module) in SIMULATORS.items():
        reason = why[name]
        if not reason:
            p = subprocess.run([os.path.join(folder, name, "bin", "python"), "-c", f"import {module}"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, text=True, errors="replace")
            reason = (p.stderr.strip().splitlines() or ["it cannot be imported"])[-1] if p.returncode else None
        print(simulator, reason or "ok", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
