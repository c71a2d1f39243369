/* tools/run_input.h: what a model is fed with.
 * Owns: the conversion of a file's datasets to float32 rows, one array for each Input node, and the check that they fit.
 * Must not know: how a model is run. */
#ifndef NIRC_TOOLS_RUN_INPUT_H
#define NIRC_TOOLS_RUN_INPUT_H

#include "tools/run_values.h"

/* Reads `path` (a plain file or NIRData) for the ports of `info`. Everything lives in `a`. False after diagnostics that name the object
 * (status 1 where it does not fit, 3 and 4 as nirc_h5_read). */
bool nirc_run_input_read(nirc_run_input *in, nirc_arena *a, const nirc_model_info *info, const char *path, nirc_diag *d);

/* cli.md, "Emulated chips": the first `steps` rows must be whole, finite and not negative, else an error names step and element;
 * one warning where the chip counts a value as less. Does nothing for a model of another kind. */
bool nirc_run_input_check_events(const nirc_run_input *in, const nirc_model_info *info, uint64_t steps, nirc_diag *d);

#endif
