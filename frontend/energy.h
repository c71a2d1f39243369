/* frontend/energy.h: published figures of chips: energies and times of events, power at rest (targets/energy.def).
 * Must not know: what they are multiplied with. */
#ifndef NIRC_FRONTEND_ENERGY_H
#define NIRC_FRONTEND_ENERGY_H

#include <stddef.h>

typedef enum nirc_energy_quantity {
  NIRC_ENERGY_SYNAPTIC_OPERATION, NIRC_ENERGY_NEURON_UPDATE, NIRC_ENERGY_MESSAGE, NIRC_ENERGY_STATIC_POWER,
  NIRC_ENERGY_PARTS,                                 /* what energy is made of; behind it, times */
  NIRC_ENERGY_UPDATE_TIME = NIRC_ENERGY_PARTS, NIRC_ENERGY_STEP_TIME, NIRC_ENERGY_QUANTITIES
} nirc_energy_quantity;

typedef struct nirc_energy_source {
  const char *authors, *title, *where;
  int year;
  const char *link;
  const char *read;                                  /* what of it was read */
} nirc_energy_source;

typedef struct nirc_energy_figure {
  const char *target, *chip;                         /* chip: which one the figure is of; it may be another than the target's */
  nirc_energy_quantity quantity;
  double least, most;                                /* in `unit`, as published; most infinite where only the least is */
  const char *unit;
  double scale;                                      /* of the unit, in joules, watts or seconds */
  const nirc_energy_source *source;
  const char *conditions;
} nirc_energy_figure;

/* NULL: none was read. */
const nirc_energy_figure *nirc_energy_find(const char *target, nirc_energy_quantity quantity);
const char *nirc_energy_name(nirc_energy_quantity quantity);             /* "synaptic_operation" */

#endif
