/* passes/partition_refine.h: a partition of one level: made, completed and refined.
 * Must not know: levels. */
#ifndef NIRC_PASSES_PARTITION_REFINE_H
#define NIRC_PASSES_PARTITION_REFINE_H

#include "passes/partition_parts.h"

/* Parts one after the other, each grown from the first unit that is left by what shares most with it; what then is in none is left for a finer level. */
void nirc_partition_grow(nirc_partition_parts *x);
/* What is in no part goes where it shares most; at the last level into any part with room, or a new one. False where it has no place. */
bool nirc_partition_complete(nirc_partition_parts *x, bool last);
/* Moves and exchanges of single units until none lowers the cut; through worse ones on the way to better (Fiduccia and Mattheyses). */
void nirc_partition_improve(nirc_partition_parts *x);

#endif
