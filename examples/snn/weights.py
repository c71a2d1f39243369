"""Makes weights.npy and weights.h5 of weights.snn: filters for edges of four directions, and votes for four bars.

  weights.py     writes into the folder that it stands in
"""
import os

import h5py
import numpy as np

LYING = [[-1, -1, -1], [2, 2, 2], [-1, -1, -1]]
RISING = [[-1, -1, 2], [-1, 2, -1], [2, -1, -1]]

here = os.path.dirname(os.path.abspath(__file__))
filters = np.array([LYING, np.transpose(LYING), RISING, np.fliplr(RISING)], np.float32)
np.save(os.path.join(here, "weights.npy"), filters[:, None])
with h5py.File(os.path.join(here, "weights.h5"), "w") as f:
    f["vote/weight"] = (1.5 * np.eye(4) - 0.5).astype(np.float32)      # for its own bar, against the others
    f["vote/bias"] = np.zeros(4, np.float32)
