/* passes/schedule.h: the order in which the nodes of a graph are evaluated, and which edges carry the value of the step before.
 * Must not know: what nodes compute. Source: docs/semantics.md, "Loops and the order of evaluation". */
#ifndef NIRC_PASSES_SCHEDULE_H
#define NIRC_PASSES_SCHEDULE_H

#include "ir/op.h"

typedef struct nirc_schedule {
  nirc_op **by_name;                                 /* all nodes in byte order of their names; op->id is the index */
  nirc_op **order;                                   /* all nodes, every source before its user but for the edges below */
  size_t n;
  bool *is_register;                                 /* by id, as given */
  bool **back;                                       /* by id, then operand: this in-edge delivers the value of the step before */
} nirc_schedule;

/* Sets op->id of every node of the (inlined) graph and fills `s`, in the arena. is_register(op): a Delay whose elements are all at least one step: its
 * out-edges wait for nothing. False after a diagnostic: a cycle without a neuron or register. */
bool nirc_schedule_graph(nirc_schedule *s, nirc_arena *a, const nirc_op *graph, bool (*is_register)(const nirc_op *op, const void *user), const void *user,
                         nirc_diag *d);

#endif
