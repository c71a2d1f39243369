/* tools/run_state.h: the file of --save-state and --load-state.
 * Owns: its form: dataset `state`, uint8 [B][state_lane], the lanes of a saved state (nirc_model.h) without its header; root attributes
 * `fingerprint`, `model` and `compiler` say whose. Without the header, which holds the batch, it fits any number of threads.
 * Must not know: instances, threads. */
#ifndef NIRC_TOOLS_RUN_STATE_H
#define NIRC_TOOLS_RUN_STATE_H

#include "codegen/nirc_model.h"
#include "ir/base/diag.h"

/* The lanes in `path`, in `a`, for a run of `batch` samples; NULL after a diagnostic (status 1 where it is of another model or batch). */
const unsigned char *nirc_run_state_read(nirc_arena *a, const char *path, const nirc_model_info *info, uint32_t batch, nirc_diag *d);

/* Writes to `temporary`; messages name `path`. */
bool nirc_run_state_write(const char *temporary, const char *path, const nirc_model_info *info, uint32_t batch, const unsigned char *lanes,
                          nirc_diag *d);

#endif
