"""steps.py RUN.h5: the network of options.test, worked out by hand: 2, 0 and 1 events at the centre of a 3x3 map.

c: an event at the centre reaches the four outputs with weights 127 (0,0), 95 (0,1), 64 (1,0), 32 (1,1).
a: threshold 254. Step 0: v = 254, 190, 128, 64: the first fires and is left with 0. Step 1: nothing. Step 2: 127, 285, 192, 96: the second fires, 31 is left.
m: the first neuron of `a` adds 127 to class 0, the second -127 to class 1; biases 0, 32, -64 in every step.
b: threshold 254, v not below -254. Class 0: 127, 127, 127. Class 1: 32, 64, 96 - 127 = -31. Class 2: -64, -128, -192."""
import sys

import h5py
import numpy as np

f = h5py.File(sys.argv[1])
want = {
    "trace/c/value": [[254, 190, 128, 64], [0, 0, 0, 0], [127, 95, 64, 32]],
    "trace/a/spikes": [[1, 0, 0, 0], [0, 0, 0, 0], [0, 1, 0, 0]],
    "trace/a/v": [[0, 190, 128, 64], [0, 190, 128, 64], [127, 31, 192, 96]],
    "trace/b/v": [[127, 32, -64], [127, 64, -128], [127, -31, -192]],
    "output": [[0, 0, 0], [0, 0, 0], [0, 0, 0]],
}
for name, values in want.items():
    got = f[name][()].reshape(3, -1)
    assert np.array_equal(got, values), (name, got)
