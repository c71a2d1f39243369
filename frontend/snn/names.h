/* frontend/snn/names.h: what the ends of arrows mean, and what arrows through ports join to.
 * Must not know: expressions. Used by expand.c. */
#ifndef NIRC_FRONTEND_SNN_NAMES_H
#define NIRC_FRONTEND_SNN_NAMES_H

#include "frontend/snn/expand.h"

/* unknown: the name that was reported last; a chain asks for a node twice. */
typedef struct nirc_snn_ends { nirc_diag *d; nirc_arena *arena; nirc_snn_graph *graph; const char *prefix; unsigned owner; const char *unknown; } nirc_snn_ends;

/* The node or port that an end of an arrow in a block is; an instance's only port where the instance itself is named. NULL after a diagnostic. */
nirc_snn_node *nirc_snn_find_end(nirc_snn_ends *x, const char *name, nirc_loc loc, bool source);

/* Fills the edges of the graph and of those nested in it, from the arrows. False after a diagnostic: an edge twice, ports in a circle, an instance whose port nothing feeds. */
bool nirc_snn_connect(nirc_snn_eval *x, nirc_snn_graph *g);

#endif
