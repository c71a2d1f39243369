/* frontend/estimate.h: what a network does in a step and an inference, and what that costs on its target, estimated from how often its neurons spike.
 * Owns: nothing; all of it lies in the caller's arena, names are borrowed from the module.
 * Must not know: how spikes were counted (ir/activity.h), targets. docs/energy.md says what each number means. */
#ifndef NIRC_FRONTEND_ESTIMATE_H
#define NIRC_FRONTEND_ESTIMATE_H

#include <jansson.h>

#include "frontend/energy.h"
#include "ir/activity.h"

enum { NIRC_ESTIMATE_ASSUMED_STEPS = 100 };          /* of an inference, where nobody says */

typedef enum nirc_estimate_count {
  NIRC_ESTIMATE_OPERATIONS, NIRC_ESTIMATE_UPDATES, NIRC_ESTIMATE_SPIKES, NIRC_ESTIMATE_OF_LAYERS,
  NIRC_ESTIMATE_MESSAGES = NIRC_ESTIMATE_OF_LAYERS, NIRC_ESTIMATE_COUNTS
} nirc_estimate_count;

/* Of a step of one sample. Negative: there is nothing of it; NaN: how much is not known. */
typedef struct nirc_estimate_layer {
  const char *node;
  const char *from, *to;                             /* what it connects; NULL: its name says what it is */
  double counts[NIRC_ESTIMATE_OF_LAYERS];
} nirc_estimate_layer;

/* A quantity with a published figure, or none. */
typedef struct nirc_estimate_part {
  const nirc_energy_figure *figure;                  /* NULL: none was read */
  double least, most;                                /* joules of a step; NaN: not known; most infinite: at least so much */
} nirc_estimate_part;

typedef struct nirc_estimate {
  const char *target;
  nirc_activity activity;
  uint64_t steps;                                    /* of an inference */
  bool steps_given;                                  /* by --steps; else those of the input, where activity was measured; else assumed */
  double counts[NIRC_ESTIMATE_COUNTS];               /* of a step; NaN: not known */
  nirc_estimate_part parts[NIRC_ENERGY_PARTS];
  double least, most;                                /* the sum of the parts that are known, NaN where none is; most infinite where one is not */
  const char *figures_of;                            /* chip that the figures in this sum are of; NULL: there are none */
  const nirc_energy_source *sources[NIRC_ENERGY_QUANTITIES];             /* of the figures, each once */
  size_t n_sources;
  uint64_t latency;                                  /* steps by which the target is later than the network */
  double step_seconds;                               /* of the network's time; 0: it counts steps */
  uint64_t cores;                                    /* in use; 0: not known */
  const nirc_energy_figure *update_time, *step_time; /* NULL: none was read */
  double computing;                                  /* seconds of a step, at least: were the neurons spread evenly, and nothing else to be done; NaN: not known */
  nirc_estimate_layer *layers;                       /* in the order of the step */
  size_t n_layers;
} nirc_estimate;

/* Of a module with a step. `steps`: of an inference; 0: nobody says. */
const nirc_estimate *nirc_estimate_make(nirc_arena *a, const nirc_module *m, uint64_t steps);

size_t nirc_estimate_source(const nirc_estimate *e, const nirc_energy_source *s);         /* its place in the list; n_sources where it is not there */

json_t *nirc_estimate_json(const nirc_estimate *e);                      /* to the caller; null where e is NULL */
void nirc_estimate_print_html(const nirc_estimate *e, nirc_strbuf *b);   /* a section of a page */

#endif
