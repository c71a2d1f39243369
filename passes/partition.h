/* passes/partition.h: units to parts (blocks of neurons to cores, cores to chips), so that as few events as possible go from one part to another and no part
 * holds more than its limits allow. Method: docs/partition.md.
 * Owns: nothing; results lie in the caller's arena. Equal problems give equal results.
 * Must not know: any chip, what a unit or a part is. */
#ifndef NIRC_PASSES_PARTITION_H
#define NIRC_PASSES_PARTITION_H

#include <stdbool.h>
#include <stdint.h>

#include "ir/base/arena.h"

enum {
  NIRC_PARTITION_NONE = UINT32_MAX,                  /* a source outside of all parts; a unit without a family */
  NIRC_PARTITION_MOST_RESOURCES = 8
};

/* What a part may hold is a question to `fits`, which is asked about sums: what each unit takes, and once for each family what all units of it share. */
typedef struct nirc_partition_problem {
  size_t n_units, n_nets, n_families, n_resources;
  const uint32_t *amount;                            /* [unit][resource] */
  const uint32_t *family;                            /* by unit; NULL: there are none */
  const uint32_t *shared;                            /* [family][resource] */
  /* A net: events per step that leave `source` and go to every unit of pin[first[i]] to pin[first[i + 1]], which are different ones. */
  const size_t *first;
  const uint32_t *pin, *source;
  const double *events;
  /* May a part hold so much? Where it may not hold a sum, it may hold no larger one; a unit alone always fits. */
  bool (*fits)(const uint64_t *total, const void *user);
  const void *user;
  size_t most_parts;                                 /* 0: as many as are needed */
} nirc_partition_problem;

typedef struct nirc_partition {
  size_t n_parts;
  uint32_t *part;                                    /* by unit */
} nirc_partition;

/* Units in their order, each into the part of the one before where it fits, else into a new one; false where there are more parts than allowed. */
bool nirc_partition_in_order(const nirc_partition_problem *p, nirc_arena *a, nirc_partition *out);
/* The cut made small: never larger than in order, where that is within most_parts. Parts are numbered by their first units. False where none is found. */
bool nirc_partition_min_cut(const nirc_partition_problem *p, nirc_arena *a, nirc_partition *out);
/* The cut of a partition made smaller by moves of single units; never larger. */
void nirc_partition_refine(const nirc_partition_problem *p, nirc_arena *a, nirc_partition *x);

/* The problem with these of its nets only. */
nirc_partition_problem nirc_partition_some_nets(const nirc_partition_problem *p, size_t first, size_t n);
/* Events per step that arrive in a part that is not their source's: each once for each such part. */
double nirc_partition_cut(const nirc_partition_problem *p, nirc_arena *a, const nirc_partition *x);
/* Parts as units: the nets between them. What a part takes, and the limits, are left to the caller. */
nirc_partition_problem nirc_partition_contract(const nirc_partition_problem *p, nirc_arena *a, const nirc_partition *x);

#endif
