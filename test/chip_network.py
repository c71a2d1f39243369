"""Random networks of a few populations, for tests of what chips make of them: nodes as a .nir file has them, and the ways between populations."""
import h5py
import numpy as np


class Network:
    """Populations `n` by name, sizes of `in` and `l3`, which is behind everything, among them. Edges and nodes are added by `way` and by whoever inherits."""

    def __init__(self, rng, n):
        self.rng, self.n = rng, n
        self.nodes, self.edges, self.ways = {}, [], []             # ways: (from, to, weight, bias or None)

    def weights(self, name, shape):
        return self.rng.normal(0, .9, shape)

    def way(self, name, source, target, bias=False):
        w = self.weights(name, (self.n[target], self.n[source])).astype(np.float32)
        f = {"weight": w, **({"bias": self.rng.normal(0, .1, self.n[target]).astype(np.float32)} if bias else {})}
        self.nodes[name] = ("Affine" if bias else "Linear", f)
        self.edges += [(source, name), (name, target)]
        self.ways.append((source, target, w.astype(float), f["bias"].astype(float) if bias else None))

    def write(self, path):
        """The last population is the Output's. `tau` is called tau_mem here."""
        with h5py.File(path, "w") as f:
            f["version"], f["node/type"] = "1.0.8", "NIRGraph"
            f["node/edges"] = np.array(self.edges + [("l3", "out")], dtype=h5py.string_dtype())
            nodes = {**self.nodes, "in": ("Input", {"shape": np.array([self.n["in"]])}), "out": ("Output", {"shape": np.array([self.n["l3"]])})}
            for name, (kind, fields) in nodes.items():
                f[f"node/nodes/{name}/type"] = kind
                for k, v in fields.items():
                    f[f"node/nodes/{name}/{'tau' if k == 'tau_mem' and kind in ('LIF', 'LI') else k}"] = v
