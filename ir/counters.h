/* ir/counters.h: what a module at the snn or hw level counts where its host asks for it (docs/abi.md, "Counters"): which rows there are, and what of which op
 * is added to each.
 * Must not know: who executes the ops. */
#ifndef NIRC_IR_COUNTERS_H
#define NIRC_IR_COUNTERS_H

#include "ir/op.h"

typedef enum nirc_count_kind {
  NIRC_COUNT_SPIKES,                                 /* how often elements first .. first + n - 1 fire (of a hw.core: all) */
  NIRC_COUNT_OPERATIONS,                             /* weights of inputs that are not 0; on a chip, of each event, those that it has */
  NIRC_COUNT_NAMED,                                  /* of snn.neuron: name `index` of its `counts`, over all elements */
  NIRC_COUNT_SATURATIONS,                            /* of hw.project and hw.core: additions whose sum leaves 16 bits */
  NIRC_COUNT_LOWER_BOUNDS,                           /* of hw.core: additions after which the potential is raised to v_low */
  NIRC_COUNT_MISSED                                  /* of hw.core: spikes after which the potential is still at or above the threshold */
} nirc_count_kind;

enum { NIRC_COUNT_KINDS = NIRC_COUNT_MISSED + 1, NIRC_COUNT_CORES = 65536 };             /* cores are numbered below that */

typedef struct nirc_count { const nirc_op *op; nirc_count_kind kind; uint32_t row, index; size_t first, n; } nirc_count;

/* Totals of one node and key, which several ops may share. Behind those of nodes stand spikes by core, of nodes "/core/N". */
typedef struct nirc_counter_row { const char *node, *key; } nirc_counter_row;

typedef struct nirc_counters {
  nirc_counter_row *rows;
  nirc_count *counts;                                /* in the order of ops, those of a region before its op */
  size_t n_rows, n_counts;
} nirc_counters;

/* In the arena; names are the module's. */
void nirc_counters_find(nirc_counters *c, nirc_arena *a, const nirc_op *step);

/* Is it known only while the op computes? */
static inline bool nirc_count_is_inside(const nirc_count *k) { return k->kind > NIRC_COUNT_OPERATIONS || k->op->code == HW_CORE; }

/* What the others look at: how often neurons fire, or what arrives at weights. */
const nirc_value *nirc_count_value(const nirc_op *op);

/* Weights of a sum that one active element of its operand meets; convolutions: of its channel, for each place of the kernel. */
uint64_t nirc_count_weights(const nirc_op *op, size_t element, bool on_chip);

#endif
