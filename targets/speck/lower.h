/* targets/speck/lower.h: layers and the hw level.
 * Must not know: how layers came to be, files. */
#ifndef NIRC_TARGETS_SPECK_LOWER_H
#define NIRC_TARGETS_SPECK_LOWER_H

#include "targets/speck/speck.h"

/* Puts the step that the layers compute in place of the graph that they were made from, with what the attribute `probe` asks for. */
void nirc_speck_build(nirc_speck_net *net, nirc_module *m, const char *profile, double dt, nirc_diag *d);

/* The layers of such a step. `m` outlives `net`; it may come from a text: false after an error where it holds no layers of a Speck. */
bool nirc_speck_read(nirc_speck_net *net, nirc_arena *a, const nirc_module *m, nirc_diag *d);

#endif
