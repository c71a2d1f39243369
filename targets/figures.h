/* targets/figures.h: what a placement on many cores costs in traffic: for the chip's own file, and into the hw level for the report.
 * Must not know: how it was found. */
#ifndef NIRC_TARGETS_FIGURES_H
#define NIRC_TARGETS_FIGURES_H

#include <jansson.h>

#include "ir/activity.h"

/* Spikes per step that arrive on another core (chip) than their own, or from outside: each once for each synapse between populations and core (chip). Estimates:
 * they follow from how often neurons spike, measured or assumed. */
typedef struct nirc_figures {
  size_t n_cores, n_chips;
  double input_to_cores, input_to_chips, between_cores, between_chips;
  double core_balance, chip_balance;                 /* what the fullest holds, as a multiple of the mean */
} nirc_figures;

/* How often a neuron of that node spikes in a step: as measured or assumed; what was not measured is assumed. */
double nirc_figures_rate(const nirc_activity *x, const char *node);

/* first_fit NULL: that is the method. */
json_t *nirc_figures_json(const nirc_figures *x, const nirc_figures *first_fit, const nirc_activity *activity);
/* As the entry `partition` of what the hw level says of the chip. */
void nirc_figures_describe(nirc_module *m, nirc_attr *chip, const nirc_figures *x, const nirc_figures *first_fit, const nirc_activity *activity);

#endif
