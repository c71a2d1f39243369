"""many_inputs.py OUT.nir N: N Inputs, all of which feed one matrix."""
import os
import sys

out, n = sys.argv[1], int(sys.argv[2])
words = ["fc=Linear(weight=ones((2,2)))", "x=IF(r=ones(2),v_threshold=ones(2))", "output=Output(shape=[2])", "fc->x->output"]
words += [w for i in range(n) for w in (f"i{i}=Input(shape=[2])", f"i{i}->fc")]
make = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "make_nir.py")
os.execv(sys.executable, [sys.executable, make, out, *words])
