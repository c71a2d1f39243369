/* tools/run_nirdata.h: input from NIR's data files (spec/nir-format.md section 6).
 * Owns: their reading as rows of steps; what they hold is untrusted.
 * Must not know: how a model is run. */
#ifndef NIRC_TOOLS_RUN_NIRDATA_H
#define NIRC_TOOLS_RUN_NIRDATA_H

#include "tools/run_values.h"

/* The root says so. */
bool nirc_run_is_nirdata(const nirc_h5_file *f);

/* As nirc_run_input_read, for a file that is one. Samples are the batch. */
bool nirc_run_nirdata_read(nirc_run_input *in, nirc_arena *a, const nirc_model_info *info, const nirc_h5_file *f, nirc_diag *d);

#endif
