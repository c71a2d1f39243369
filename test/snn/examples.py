"""The networks of examples/snn compile, run, and do what they are there to show. Exact spike trains are worked out again in float32 from docs/semantics.md (profile nir)
and docs/abi.md (order of sums), random weights from frontend/snn/random.h.

  examples.py NIRC NIRC_RUN EXAMPLES WORK     prints one line an example
"""
import glob
import os
import subprocess
import sys

import h5py
import numpy as np

from random_numbers import Generator

F = np.float32
nirc, nirc_run, examples, work = sys.argv[1:]


# ---- running -------------------------------------------------------------------------------------------------------------------

def run(source, inputs, *options):
    """Outputs and traces of a network: {name: array}. Inputs: an array, or {node: array}."""
    out = os.path.join(work, os.path.basename(source) + ".out")
    subprocess.run([nirc, source, "-o", out, "-q", *options], check=True)
    with h5py.File(out + ".in.h5", "w") as f:
        for name, a in (inputs.items() if isinstance(inputs, dict) else (("", inputs),)):
            f["input/" + name if name else "input"] = a
    subprocess.run([nirc_run, out, "-i", out + ".in.h5", "-o", out + ".h5"], check=True)
    found = {}
    with h5py.File(out + ".h5") as f:
        f.visititems(lambda name, o: found.update({name: o[()]}) if isinstance(o, h5py.Dataset) else None)
    return found


def example(name, inputs, *options):
    return run(os.path.join(examples, name + ".snn"), inputs, *options)


def spikes(seed, steps, shape, p):
    return (np.random.default_rng(seed).random((steps, *shape)) < p).astype(F)


def alive(z, low, high):
    """Spikes only, neither none nor everywhere; their mean."""
    assert set(np.unique(z)) <= {0, 1}, "no spikes"
    assert low < z.mean() < high, z.mean()
    return z.mean()


# ---- equations -----------------------------------------------------------------------------------------------------------------

class Lif:
    def __init__(self, n, dt, tau, r=1, v_leak=0, v_threshold=1, v_reset=0):
        self.k = F(dt / np.float64(F(tau)))
        self.r, self.leak, self.threshold, self.reset = F(r), F(v_leak), F(v_threshold), F(v_reset)
        self.v = np.full(n, self.leak)

    def __call__(self, x):
        h = self.v + self.k * ((self.leak - self.v) + self.r * x)
        z = h > self.threshold
        self.v = np.where(z, self.reset, h)
        return z.astype(F)


def linear(w, x, bias=None):
    """From the bias or +0, terms in ascending input index, those of a silent input left out."""
    y = np.zeros(len(w), F) if bias is None else np.full(len(w), F(bias))
    for j in np.flatnonzero(x):
        y = y + w[:, j] * x[j]
    return y


def normal(shape, std, seed):
    g = Generator(seed)
    return np.array([g.normal(0.0, std) for _ in range(int(np.prod(shape)))]).astype(F).reshape(shape)


# ---- what each shows -----------------------------------------------------------------------------------------------------------

def neuron():
    current = np.zeros((4000, 1), F)
    current[:2000] = 0.15e-9
    current[2000:] = 0.2e-9
    cell = Lif(1, 1e-4, 2e-2, 1e8, -65e-3, -50e-3, -70e-3)
    want = np.array([cell(x) for x in current])
    got = example("neuron", current)["output"]
    assert np.array_equal(got, want)
    assert not got[:2000].any() and got[2000:].sum() >= 5
    gap = np.diff(np.flatnonzero(got)) * 1e-4            # from -70 to -50 mV on the way to -45 mV: tau ln(25 / 5)
    assert np.allclose(gap, 2e-2 * np.log(5), rtol=0.01), gap
    return f"{int(got.sum())} spikes, each as worked out"


def mlp():
    x = spikes(1, 200, (64,), 0.2)
    w1, w2 = normal((32, 64), 0.6, 1), normal((10, 32), 0.8, 2)
    hidden, decision = Lif(32, 1e-3, 1e-2, v_threshold=0.5), Lif(10, 1e-3, 2e-2, v_threshold=0.25)
    want = np.array([decision(linear(w2, hidden(linear(w1, t, 0.25)))) for t in x])
    got = example("mlp", x)["output"]
    assert np.array_equal(got, want)
    alive(got, 0.005, 0.5)
    return f"{int(got.sum())} spikes, each as worked out"


def delay_lines():
    """Cell i waits 8 - i steps for the left and i for the right ear: both arrive at once where the right is later by 8 - 2 i."""
    found = []
    for lag in range(-8, 9, 2):                         # steps by which the right ear is later
        left, right = np.zeros((40, 1), F), np.zeros((40, 1), F)
        left[10], right[10 + lag] = 1, 1
        got = example("delay_lines", {"left": left, "right": right})["output"]
        want = np.zeros((40, 9), F)
        want[10 + 4 + lag // 2, 4 - lag // 2] = 1       # 8 - i steps after the left, i after the right
        assert np.array_equal(got, want), (lag, np.argwhere(got))
        found.append(int(np.argwhere(got)[0][1]))
    x = {"left": spikes(2, 500, (1,), 0.1), "right": spikes(3, 500, (1,), 0.1)}
    cells = Lif(9, 1e-4, 2e-4, v_threshold=0.9)
    past = lambda a, t, d: np.array([a[t - k, 0] if t >= k else 0 for k in d], F)
    want = np.array([cells(past(x["left"], t, range(8, -1, -1)) + past(x["right"], t, range(9))) for t in range(500)])
    assert np.array_equal(example("delay_lines", x)["output"], want)
    return f"lags of -8 to 8 steps at cells {found}; 500 random steps as worked out"


def winner_takes_all():
    x = spikes(4, 2000, (8,), 0.5) * 2
    x[:, 3] *= 1.5                                      # the strongest
    w = F(-30) * (np.ones((8, 8), F) - np.eye(8, dtype=F))
    cells, before, want = Lif(8, 1e-3, 2e-2), np.zeros(8, F), []
    for t in x:
        want.append(cells(t + linear(w, before)))
        before = want[-1]
    got = example("winner_takes_all", x)["output"]
    assert np.array_equal(got, want)
    count = got.sum(axis=0)
    assert count.argmax() == 3 and count[3] > 0.9 * count.sum(), count
    return f"the strongest has {int(count[3])} of {int(count.sum())} spikes, each as worked out"


def synfire():
    """A volley of n spikes is 1.5 > 1 in the first group; in the next 0.5 n / 2 > 1 where n is above 4. Each step of the chain takes 2 ms."""
    for n in range(7):
        x = np.zeros((20, 6), F)
        x[3, :n] = 1
        want = np.zeros((20, 6), F)
        want[3 + 4 * 2] = n > 4
        assert np.array_equal(example("synfire", x)["output"], want), n
    return "a volley of 5 comes through, one of 4 dies"


def weights():
    bars = np.zeros((4, 1, 12, 12), F)
    bars[0, 0, 6], bars[1, 0, :, 6], bars[3, 0], bars[2, 0] = 1, 1, np.eye(12), np.fliplr(np.eye(12))
    x = np.repeat(bars[None], 20, axis=0)               # [T, B, ...]
    count = example("weights", x)["output"].sum(axis=0)
    assert np.array_equal(count.argmax(axis=1), np.arange(4)), count
    assert np.all(np.diag(count) > 2 * (count - np.diag(np.diag(count))).max(axis=1)), count
    return "four bars, each told by its own neuron"


def liquid():
    x = spikes(5, 300, (10,), 0.1)
    found = example("liquid", x, "--probe", "pool")
    z, state = found["trace/pool/spikes"], found["output"]
    rate = alive(z, 0.005, 0.3)
    active = z.any(axis=0).mean()
    assert active > 0.5 and np.isfinite(state).all() and state[-1].max() > 0
    return f"{rate:.3f} spikes a cell and step, {active:.2f} of the cells take part"


def resnet18():
    layers = ["if1", "stage0.if2", *(f"keep[{i}].if2" for i in range(4))]
    found = example("resnet18", spikes(6, 12, (3, 32, 32), 0.3), *(o for n in layers for o in ("--probe", n)))
    rates = [alive(found[f"trace/{n}/spikes"], 0.01, 0.8) for n in layers]
    assert found["output"].shape == (12, 10) and found["output"].any()
    return "spikes a neuron and step: " + " ".join(f"{r:.2f}" for r in rates)


def sane(name, shape, p, steps=100, low=0.01, high=0.6):
    """Active, and the same as its twin in a NIR file."""
    source, twin = os.path.join(examples, name + ".snn"), os.path.join(work, name + ".nir")
    x = spikes(7, steps, shape, p)
    got = run(source, x)["output"]
    subprocess.run([nirc, source, "--emit", "nir", "-o", twin, "-q"], check=True)
    dt = "1s" if name in ("cnn", "residual") else "1ms"
    assert np.array_equal(run(twin, x, "--dt", dt)["output"], got)
    return f"{alive(got, low, high):.3f} spikes a neuron and step, also from its NIR file"


CHECKS = {
    "neuron": neuron, "mlp": mlp, "delay_lines": delay_lines, "winner_takes_all": winner_takes_all, "synfire": synfire, "weights": weights, "liquid": liquid,
    "resnet18": resnet18, "recurrent": lambda: sane("recurrent", (16,), 0.2), "cnn": lambda: sane("cnn", (2, 28, 28), 0.1), "residual": lambda: sane("residual", (4, 8, 8), 0.1),
    "nested": lambda: sane("nested", (4,), 0.3), "imports": lambda: sane("imports", (40,), 0.2),
}

os.makedirs(work, exist_ok=True)
names = {os.path.basename(f)[:-4] for f in glob.glob(os.path.join(examples, "*.snn"))}
assert names == {*CHECKS, "blocks"}, names ^ {*CHECKS, "blocks"}
for name in sorted(CHECKS):
    print(f"{name}: {CHECKS[name]()}", flush=True)
