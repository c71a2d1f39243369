/* passes/partition_graph.h: what the partitioner works on: a hypergraph, and the coarser ones made of it.
 * Must not know: parts. */
#ifndef NIRC_PASSES_PARTITION_GRAPH_H
#define NIRC_PASSES_PARTITION_GRAPH_H

#include "passes/partition.h"

enum {
  NIRC_PARTITION_MOST_PINS = 128,                    /* a larger net is in many parts wherever its units are: on this level nothing is decided by it */
  NIRC_PARTITION_PINS_LOOKED_AT = 64                 /* of larger ones, the others are not looked at again after a move */
};

/* Units of a level. A net holds its source, too, and is worth `weight` for each part beyond the first. */
typedef struct nirc_partition_graph {
  const nirc_partition_problem *problem;
  size_t n, n_nets;
  uint64_t *amount;                                  /* [unit][resource] */
  size_t *family_first;                              /* n + 1 */
  uint32_t *family;                                  /* of a unit, ascending */
  size_t *first;                                     /* n_nets + 1 */
  uint32_t *pin;                                     /* of a net, ascending */
  int64_t *weight;
  size_t *net_first;                                 /* n + 1 */
  uint32_t *net;                                     /* of a unit, ascending */
} nirc_partition_graph;

static inline size_t nirc_partition_pins(const nirc_partition_graph *g, size_t net) { return g->first[net + 1] - g->first[net]; }
static inline bool nirc_partition_is_large(const nirc_partition_graph *g, size_t net) { return nirc_partition_pins(g, net) > NIRC_PARTITION_MOST_PINS; }

nirc_partition_graph *nirc_partition_graph_new(nirc_arena *a, const nirc_partition_problem *p);
/* Pairs that share most of their events become one; map[unit] is the new unit. NULL where there is hardly a pair left. */
nirc_partition_graph *nirc_partition_coarsen(nirc_arena *a, const nirc_partition_graph *g, uint32_t **map);

#endif
