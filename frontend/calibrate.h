/* frontend/calibrate.h: --calibrate: what --quantise does to the spikes of a network on data, and which percentile does least.
 * Owns: nothing.
 * Must not know: how weights are quantised; how networks are run (compare_run.h). */
#ifndef NIRC_FRONTEND_CALIBRATE_H
#define NIRC_FRONTEND_CALIBRATE_H

#include "frontend/compare_run.h"

/* Runs the module (at the nir level; it stays as it is) with float32 weights and quantised in several ways on o->calibrate, and sets o->quantise to the way by which
 * fewest spikes differ. Says how many do. What was measured becomes part of the report (NULL: none is wanted). False after a diagnostic. */
bool nirc_calibrate(nirc_arena *a, const nirc_module *m, nirc_options *o, bool check_text, nirc_report *report, nirc_diag *d);

#endif
