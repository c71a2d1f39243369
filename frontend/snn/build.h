/* frontend/snn/build.h: from a written-out network to a module at the nir level.
 * Owns: what parameters become, shapes along edges, the marks of feedback.
 * Must not know: syntax. Source: docs/language.md. */
#ifndef NIRC_FRONTEND_SNN_BUILD_H
#define NIRC_FRONTEND_SNN_BUILD_H

#include "frontend/snn/expand.h"

/* Fills x->m with the network, typed and checked; ops in byte order of their names, as a .nir file has them. False after diagnostics. */
bool nirc_snn_build(nirc_snn_eval *x, nirc_snn_graph *g, const char *name);

typedef enum nirc_snn_progress { NIRC_SNN_DONE, NIRC_SNN_WAITS, NIRC_SNN_FAILED } nirc_snn_progress;

/* Sets the attributes of a primitive, given the shape that arrives or NULL; WAITS where that has to be known first (params.c). *out is what it sends. */
nirc_snn_progress nirc_snn_complete(nirc_snn_eval *x, nirc_snn_node *n, const nirc_shape *in, nirc_shape *out);

/* Are just the back edges marked? (marks.c) False after a diagnostic for each that is not. */
bool nirc_snn_check_marks(nirc_snn_eval *x, const nirc_snn_graph *g);

#endif
