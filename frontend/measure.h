/* frontend/measure.h: --activity: how often the elements of a network spike, measured on data or assumed, as it then stands in the module (ir/activity.h).
 * Owns: nothing.
 * Must not know: what is made of it. */
#ifndef NIRC_FRONTEND_MEASURE_H
#define NIRC_FRONTEND_MEASURE_H

#include "frontend/compare_run.h"

/* Writes into the module what o->activity says: a rate; what a trace of nirc-run says; or what the network of the options does on an input as of nirc-run:
 * compiled for this machine, for a chip in the chip's arithmetic, and run. The module stays as it is otherwise. `report`: gets what a trace says. False after a
 * diagnostic. */
bool nirc_measure(nirc_arena *a, nirc_module *m, const nirc_options *o, bool check_text, nirc_report *report, nirc_diag *d);

#endif
