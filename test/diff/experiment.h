/* test/diff/experiment.h: a random network, random inputs, and what the interpreter makes of them.
 * Must not know: code generation. */
#ifndef NIRC_TEST_DIFF_EXPERIMENT_H
#define NIRC_TEST_DIFF_EXPERIMENT_H

#include "ir/op.h"
#include "passes/profiles.h"

enum { LANES = 5, STEPS = 16, CUT = 7, MAX_PORTS = 512 };

/* Values of one port, [STEPS][LANES][count]. */
typedef struct trace { const char *name; size_t count; float *values; } trace;

/* What networks of one kind were like. */
typedef struct tally {
  const char *name;                                  /* of a profile; `mix`, `step` */
  const nirc_profile *profile;                       /* NULL: drawn for each network (`mix`), none (`step`) */
  bool step;
  unsigned long long networks, refused, failed;
  unsigned long long layers, spiking, counting, inhibited;                /* that may fire; do; several times in a step; below 0 */
} tally;

typedef struct experiment {
  uint64_t seed;
  tally *t;
  const char *part;                                  /* what is being compared, for messages */
  size_t n_in, n_out, n_ports;                       /* n_ports: outputs, then probes */
  trace in[MAX_PORTS], want[MAX_PORTS];
  uint64_t *counts;                                  /* of odd lanes, by row */
  char **counted;                                    /* NODE KEY */
  size_t n_counts;
} experiment;

/* Prints what differs, of which experiment; false. */
bool experiment_differs(const experiment *x, const char *format, ...) __attribute__((format(printf, 2, 3)));
void *experiment_must(void *p);                      /* p; ends the program where it is NULL */
bool experiment_equal(float a, float b);             /* bit for bit; every NaN is as good as another */
float *trace_at(const trace *t, size_t step, size_t lane);
char *experiment_row_name(const char *node, const char *key);            /* "NODE KEY", to be freed */

/* The module for the experiment's seed at the snn level; `plain` leaves out what must not change a result. NULL where it is refused, or after a message. */
nirc_module *experiment_module(experiment *x, bool plain, bool *refused);
/* The same of a step made by itself. */
nirc_module *experiment_step(experiment *x, bool plain);
/* Inputs and what is wanted. Probes, canonicalize, sparsify and fuse-neuron must not change an output. */
bool experiment_same_outputs(experiment *x, const nirc_module *m, const nirc_module *plain);
/* Values `got` of lanes first .. first + lanes - 1 at a step, by port, against what is wanted. */
bool experiment_check(const experiment *x, size_t step, size_t first, size_t lanes, float *const got[]);
void experiment_free(experiment *x);

#endif
