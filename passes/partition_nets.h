/* passes/partition_nets.h: the nets of a partitioner's problem, collected one by one.
 * Must not know: what the sources are. */
#ifndef NIRC_PASSES_PARTITION_NETS_H
#define NIRC_PASSES_PARTITION_NETS_H

#include "passes/partition.h"

typedef struct nirc_partition_nets {
  nirc_arena *a;
  size_t n, n_pins, max, max_pins;
  size_t *first;
  uint32_t *pin, *source;
  double *events;
  uint32_t *seen, stamp;                             /* by unit: in the net at hand */
} nirc_partition_nets;

void nirc_partition_nets_init(nirc_partition_nets *x, nirc_arena *a, size_t n_units);
/* A unit that the net at hand reaches; twice is once. */
void nirc_partition_nets_reach(nirc_partition_nets *x, uint32_t unit);
/* The net at hand is complete; where it is like the one before, that one has its events, too. */
void nirc_partition_nets_add(nirc_partition_nets *x, uint32_t source, double events);
/* As the nets of a problem: what of it follows from them. */
nirc_partition_problem nirc_partition_nets_problem(const nirc_partition_nets *x, size_t n_units);

#endif
