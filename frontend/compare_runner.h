/* frontend/compare_runner.h: several compiled models in lock-step on one input.
 * Owns: their instances, and rows of what the layers of the last steps sent.
 * Must not know: what is made of them. */
#ifndef NIRC_FRONTEND_COMPARE_RUNNER_H
#define NIRC_FRONTEND_COMPARE_RUNNER_H

#include "frontend/compare_run.h"

/* What one model gives of one layer. */
typedef struct nirc_runner_tap {
  float **sent, *v;                                  /* [lanes][count]; sent of step t in row t % rows; v NULL where there is none */
  bool *active;                                      /* is anything in that row not 0? */
  uint32_t sent_port, v_port;                        /* among the outputs and probes */
} nirc_runner_tap;

typedef struct nirc_runner {
  nirc_compare_job *j;
  nirc_compare_model *const *models;
  size_t n, rows;
  uint32_t lanes, first;                             /* samples [first, first + lanes) */
  nirc_model **instances;
  nirc_runner_tap **taps;                            /* by model, layer */
  void ***out;                                       /* by model, port: arguments of its step */
  float **zeros;                                     /* by input port: gathered rows, or zeros */
  const void **in;
} nirc_runner;

/* `rows`: steps whose rows are kept. `lanes`: samples at a time; 0: as many as fit into the memory of one part. Close it in any case. */
bool nirc_runner_open(nirc_runner *r, nirc_compare_job *j, nirc_compare_model *const *models, size_t n, size_t rows, uint32_t lanes, nirc_diag *d);
void nirc_runner_close(nirc_runner *r);

/* Samples from `first` on, from the start. What is left of a part behind the last sample runs on zeros and is not looked at. */
void nirc_runner_begin(nirc_runner *r, uint32_t first);
void nirc_runner_step(nirc_runner *r, uint64_t t);
uint32_t nirc_runner_lanes(const nirc_runner *r);    /* those of this part that have a sample */

#endif
