/* tools/run_loop.h: the steps of a run, shared between threads, repeated and timed.
 * Owns: the instances of the model, one for each slice of the batch.
 * Must not know: files, options. */
#ifndef NIRC_TOOLS_RUN_LOOP_H
#define NIRC_TOOLS_RUN_LOOP_H

#include "tools/run_input.h"
#include "tools/run_model.h"

typedef struct nirc_run_plan {
  const nirc_run_model *model;
  const nirc_run_input *input;
  uint64_t steps;                                    /* to run: the input's rows, then zeros */
  uint64_t runs;                                     /* at least 1 */
  unsigned threads;                                  /* at least 1 */
  bool time, count, probes, keep_state;              /* which parts of the result are wanted */
  const unsigned char *initial;                      /* [batch][state_lane]; NULL: as reset */
} nirc_run_plan;

typedef struct nirc_run_result {
  float **out;                                       /* n_outputs + n_probes: [steps][batch][count]; probes NULL unless wanted */
  double *seconds;                                   /* of each run's steps */
  uint64_t *counters;                                /* totals of one run */
  unsigned char *state;                              /* [batch][state_lane] after the last step */
} nirc_run_result;

/* Lanes do not know of each other (nirc_model.h), so neither the number of threads nor the cut into blocks of steps changes a
 * bit. Counting has a run of its own where runs are timed. The result lives in `a`; false after a diagnostic. */
bool nirc_run_loop(const nirc_run_plan *plan, nirc_arena *a, nirc_run_result *result, nirc_diag *d);

#endif
