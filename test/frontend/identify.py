"""How often --identify is right about files whose exporter is known.

  identify.py NIRC MODELS        prints each wrong answer, and `N files, N right, N wrong, N undecided, N wrong and sure, N warned`

MODELS is a folder as ../../shared/models: its README.md says who wrote which file, and TRUTH repeats that by folder or by file. Right: the exporter named is the one;
undecided: it stands among those that the evidence hardly tells apart. Warned: compiling with the --dt that was recommended draws a warning about time.
"""
import json
import os
import subprocess
import sys

TRUTH = {
    "handmade": "other", "lava": "lavadl", "nengo": "nengo", "neurocuda": "neurocuda", "nirtorch": "other", "norse": "norse", "rockpool": "rockpool", "sinabs": "sinabs",
    "snntorch": "snntorch", "spikingjelly": "spikingjelly", "spyx": "spyx",
    "neuromorphs-nir": "snntorch", "neuromorphs-nir-history": "snntorch",          # the Braille networks
    "neuromorphs-nir/cnn_sinabs.nir": "sinabs", "neuromorphs-nir/lif_norse.nir": "norse", "neuromorphs-nir/lif_rockpool.nir": "rockpool",
    "neuromorphs-nir/two_lif_neurons.nir": "other",
    "neuromorphs-nir-history/lif_norse_scalar.3a3afb6.nir": "norse",
    "neuromorphs-nir-history/scnn_batches.9122dac.nir": "sinabs", "neuromorphs-nir-history/scnn_conv_no_input_shape.ac9b387.nir": "sinabs",
    "neuromorphs-nir-history/scnn_flatten_no_input_type.232ebad.nir": "sinabs", "neuromorphs-nir-history/scnn_flatten_start1.e5ac832.nir": "sinabs",
    "neuromorphs-nirtorch/feedback_graph.nir": "nengo",
    "spyx/braille_noDelay_bias_zero_subgraph_fixed.nir": "snntorch",               # snnTorch's file with its edges corrected
}


def draws_warning(nirc, path, dt):
    done = subprocess.run([nirc, "--check", "--lenient", "--semantics", "unit", "--dt", repr(dt), path], capture_output=True, text=True)
    lines = [k for k in done.stderr.splitlines() if "error" in k or ("warning" in k and "dt" in k)]
    print(*lines, sep="\n", end="\n" if lines else "")
    return bool(lines)


def main(nirc, models):
    count = dict.fromkeys(("files", "right", "wrong", "undecided", "sure", "warned"), 0)
    for where, _, files in sorted(os.walk(models)):
        for name in sorted(files):
            path = os.path.join(where, name)
            key = os.path.relpath(path, models)
            truth = TRUTH.get(key, TRUTH.get(os.path.dirname(key)))
            if not name.endswith(".nir") or not truth:
                continue
            found = json.loads(subprocess.run([nirc, "--identify=json", path], capture_output=True, text=True, check=True).stdout)
            count["files"] += 1
            count["warned"] += found["reads"] != "no" and draws_warning(nirc, path, found["time"]["dt"])
            if found["likely"] == [truth]:
                count["right"] += 1
                continue
            undecided = truth in found["likely"]
            count["undecided" if undecided else "wrong"] += 1
            count["sure"] += not undecided and found["confidence"] == "sure"
            print(f"{key}: {truth}, found", ", ".join(f"{c['exporter']} {c['score']}" for c in found["candidates"][:4]), "undecided" if undecided else "WRONG")
    print("{files} files, {right} right, {wrong} wrong, {undecided} undecided, {sure} wrong and sure, {warned} warned".format(**count))


main(*sys.argv[1:])
