"""Which folders each folder may include from. Prints every line that breaks this; exit status 1 where there is one."""
import os
import re
import sys

MAY = {
    "ir/base": {"ir/base"},
    "ir": {"ir/base", "ir"},
    "passes": {"ir/base", "ir", "passes"},
    "codegen": {"ir/base", "ir", "codegen"},
    "targets": {"ir/base", "ir", "passes", "codegen", "targets"},
    "targets/cpu": {"ir/base", "ir", "passes", "codegen", "targets", "targets/cpu"},
    "targets/spinnaker2": {"ir/base", "ir", "passes", "targets", "targets/spinnaker2"},
    "targets/xylo": {"ir/base", "ir", "passes", "targets", "targets/xylo"},
    "frontend": {"ir/base", "ir", "frontend"},
    "frontend/snn": {"ir/base", "ir", "frontend", "frontend/snn"},
    "tools": {"ir/base", "frontend", "codegen", "tools"},
}
DRIVER = {"frontend/compare.c", "frontend/compare_cause.c", "frontend/compare_model.c", "frontend/compare_run.h", "frontend/compare_steps.c", "frontend/compare_unit.c", "frontend/driver.c", "frontend/editors.c", "frontend/graph.c", "frontend/measure.c", "frontend/named_pipeline.c", "frontend/nirc_option_table.c", "frontend/nirc_options.c", "frontend/nirc_options.h", "frontend/print.c", "frontend/selftest.c", "frontend/semantics.c"}     # these see everything
SYSTEM = {"hdf5.h": {"frontend/nir_h5_describe.h", "frontend/nir_write.c", "targets/spinnaker2/weights.c", "tools/run_file.c", "tools/run_output.c", "tools/run_nirdata.c", "tools/run_state.c", "tools/run_file.h"},
          "gvc.h": {"frontend/graph_svg.c"},
          "llvm-c/": {"codegen/cpu_emit.h", "codegen/cpu_object.c"}}


def main(root):
    bad = 0
    for folder in MAY:
        for name in sorted(os.listdir(os.path.join(root, folder))):
            path = f"{folder}/{name}"
            if not name.endswith((".c", ".h")):
                continue
            with open(os.path.join(root, path), encoding="utf-8") as f:
                for number, line in enumerate(f, 1):
                    if m := re.match(r'#include "([^"]+)"', line):
                        if m[1].endswith(".def") or path in DRIVER:
                            continue
                        wrong = os.path.dirname(m[1]) not in MAY[folder]
                    elif m := re.match(r"#include <([^>]+)>", line):
                        wrong = any(m[1].startswith(k) and path not in files for k, files in SYSTEM.items())
                    else:
                        continue
                    if wrong:
                        bad += 1
                        print(f"{path}:{number}: {line.strip()}")
    sys.exit(bad > 0)


main(sys.argv[1])
