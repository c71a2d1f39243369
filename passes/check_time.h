/* passes/check_time.h: warnings about a time step that does not fit the network's own parameters.
 * Must not know: profiles; what a step computes. */
#ifndef NIRC_PASSES_CHECK_TIME_H
#define NIRC_PASSES_CHECK_TIME_H

#include "ir/op.h"

/* Warns, once, where dt is longer than a time constant, or other than the one that the parameters were made with (ir/time_rules.h), and says which --dt would fit and why; and
 * where IF with r = 1 stands beside time constants in seconds, if `gain_takes_dt`: the profile's IF integrates dt*r*x. graph: nested ones are inlined. */
void nirc_check_time(const nirc_op *graph, double dt, bool gain_takes_dt, nirc_loc file, nirc_diag *d);

#endif
