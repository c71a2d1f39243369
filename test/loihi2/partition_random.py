"""Random chains of convolutions, some with dense layers behind them, cut with --partition min-cut on chips of few cores: placement.json as partition.py counts it, and
never a larger cut, or more chips, than first-fit.

  partition_random.py NIRC COUNT [SEED]
"""
import os
import subprocess
import sys
import tempfile

import numpy as np

import partition


def make(path, rng, seed):
    m = partition.Model(path, (int(rng.integers(1, 4)), int(rng.integers(8, 40)), int(rng.integers(8, 40))), seed)
    for k in range(int(rng.integers(1, 5))):
        _, h, w = m.shape
        kernel = int(rng.integers(1, min(5, h) + 1)), int(rng.integers(1, min(5, w) + 1))
        m.conv(f"c{k}", int(rng.choice([4, 16, 32, 64])), kernel, tuple(map(int, rng.integers(1, 3, 2))), tuple(map(int, rng.integers(0, 3, 2))))
    if rng.random() < .5 and np.prod(m.shape) < 4000:
        m.dense("d", int(rng.integers(10, 300)), recurrent=rng.random() < .5)
    m.end()


def main(nirc, count, seed="0"):
    smaller = 0
    for k in range(int(count)):
        rng = np.random.default_rng([int(seed), k])
        with tempfile.TemporaryDirectory() as folder:
            model, out, per_chip = os.path.join(folder, "m.nir"), os.path.join(folder, "out"), int(rng.choice([2, 5, 120]))
            make(model, rng, k)
            subprocess.run([nirc, model, "-q", "-t", "loihi2", "--dt", "1ms", "--partition", "min-cut", f"--loihi2-cores-per-chip={per_chip}", "-o", out], check=True)
            bad, p = partition.check(out, per_chip, 1 << 30)
        cut = [sum(q["spikes_per_step"].values()) for q in (p, p["first_fit"])]
        if bad or cut[0] > cut[1] + 1e-5 or p["chips"] > p["first_fit"]["chips"]:
            sys.exit(f"network {k}: {bad}, cut {cut}, {p}")
        smaller += cut[0] < cut[1]
    print(f"{count} networks: budgets and figures as they should be, {smaller} cut better than in order")


if __name__ == "__main__":
    main(*sys.argv[1:])
