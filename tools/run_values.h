/* tools/run_values.h: input values as float32 rows, whatever file they come from.
 * Owns: conversion to float32 with a word about what it rounds, and the agreement of ports on steps and samples.
 * Must not know: the layout of any file. */
#ifndef NIRC_TOOLS_RUN_VALUES_H
#define NIRC_TOOLS_RUN_VALUES_H

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
