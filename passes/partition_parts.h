/* passes/partition_parts.h: units of a level in parts: what each part holds, in which parts each net is, and what a move would gain.
 * Must not know: levels, in which order moves are made. */
#ifndef NIRC_PASSES_PARTITION_PARTS_H
#define NIRC_PASSES_PARTITION_PARTS_H

#include "passes/partition_graph.h"

typedef struct nirc_partition_count { uint32_t id, n; } nirc_partition_count;

typedef struct nirc_partition_parts {
  nirc_arena *a;
  const nirc_partition_graph *g;
  size_t n_parts, max_parts;
  uint32_t *part;                                    /* by unit; NIRC_PARTITION_NONE: in none yet */
  uint64_t *total;                                   /* [part][resource] */
  nirc_partition_count **families;                   /* of each part: its families, and how many units have it */
  uint32_t *n_families, *max_families;
  uint32_t *head, *next, *previous;                  /* the units of a part; 1 + unit, 0: the end */
  nirc_partition_count *in;                          /* from g->first of a net: the parts that it is in, and with how many units; none of large nets */
  uint32_t *n_in;

  int64_t *worth;                                    /* by part, while a unit is looked at: the weight of its nets that are there */
  uint32_t *near_parts;                              /* the parts with a worth */
  size_t n_near;
  uint64_t work;                                     /* entries of `in` that were looked at so far */
} nirc_partition_parts;

/* A move of one unit; to == NIRC_PARTITION_NONE: there is none. */
typedef struct nirc_partition_move { uint32_t to; int64_t gain; } nirc_partition_move;

/* part[unit] is kept and changed. At most max_parts parts will be opened. */
void nirc_partition_parts_init(nirc_partition_parts *x, nirc_arena *a, const nirc_partition_graph *g, uint32_t *part, size_t n_parts, size_t max_parts);

void nirc_partition_put(nirc_partition_parts *x, size_t unit, uint32_t part);
void nirc_partition_take(nirc_partition_parts *x, size_t unit);
bool nirc_partition_has_room(const nirc_partition_parts *x, size_t unit, uint32_t part);
/* Both units, the one in exchange for the other, which is in `part`; neither is in the other's way. */
bool nirc_partition_can_swap(nirc_partition_parts *x, size_t unit, size_t other);
/* Of a net that is not large. */
size_t nirc_partition_units_in(const nirc_partition_parts *x, size_t net, uint32_t part);
/* The best move to a part that has room for the unit; *crowded is the best one of all, whether or not it has; without any, its gain is that of a part of its own. */
nirc_partition_move nirc_partition_best_move(nirc_partition_parts *x, size_t unit, nirc_partition_move *crowded);
int64_t nirc_partition_gain(nirc_partition_parts *x, size_t unit, uint32_t to);

#endif
