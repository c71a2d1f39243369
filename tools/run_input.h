/* tools/run_input.h: what a model is fed with.
 * Owns: the conversion of a file's datasets to float32 rows, one array for each Input node, and the check that they fit.
 * Must not know: how a model is run. */
#ifndef NIRC_TOOLS_RUN_INPUT_H
#define NIRC_TOOLS_RUN_INPUT_H

#include "codegen/nirc_model.h"
#include "frontend/nir_h5.h"

typedef struct nirc_run_input {
  uint64_t steps;                                    /* rows there are */
  uint32_t batch;                                    /* at least 1 */
  bool batched;                                      /* there is an axis of samples */
  bool decided;                                      /* the three above are those of some port */
  const float **values;                              /* one for each port: [steps][batch][count] */
  nirc_loc *locs;                                    /* one for each port: where they came from */
} nirc_run_input;

/* Reads `path` (a plain file or NIRData) for the ports of `info`. Everything lives in `a`. False after diagnostics that name the object
 * (status 1 where it does not fit, 3 and 4 as nirc_h5_read). */
bool nirc_run_input_read(nirc_run_input *in, nirc_arena *a, const nirc_model_info *info, const char *path, nirc_diag *d);

/* cli.md, "Emulated chips": the first `steps` rows must be whole, finite and not negative, else an error names step and element;
 * one warning where the chip counts a value as less. Does nothing for a model of another kind. */
bool nirc_run_input_check_events(const nirc_run_input *in, const nirc_model_info *info, uint64_t steps, nirc_diag *d);

/* --- for the readers of the two formats (run_input.c, run_nirdata.c) --- */

typedef struct nirc_run_rounding {
  bool rounded;                                      /* some value is not a float32 */
  bool overflows;                                    /* some finite value is beyond float32 */
  size_t where;                                      /* element of the first rounded one, or of the first that overflows */
} nirc_run_rounding;

/* Elements [first, first + n) of a dataset of numbers to `to`; `r` is added to. */
void nirc_run_to_float(const nirc_h5_object *o, size_t first, size_t n, float *to, nirc_run_rounding *r);

/* An error where a value overflowed, a warning where one was rounded. */
bool nirc_run_rounding_report(const nirc_run_rounding *r, const nirc_h5_object *o, nirc_loc loc, nirc_diag *d);

/* A warning where the file's time step is not the model's. */
void nirc_run_check_dt(double dt, const nirc_model_info *info, nirc_loc loc, nirc_diag *d);

/* Room for a port: steps * batch * count floats, zeroed; NULL after a diagnostic of status 4. */
float *nirc_run_input_room(nirc_arena *a, uint64_t steps, uint64_t batch, uint64_t count, nirc_loc loc, nirc_diag *d);

/* The first port decides T and B, any other has to agree. */
bool nirc_run_input_agree(nirc_run_input *in, uint64_t steps, uint64_t batch, bool batched, nirc_loc loc, nirc_diag *d);

#endif
