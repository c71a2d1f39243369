/* passes/write_for.h: what the parts of the pass `write-for` share: write_for.c (choices, stateless nodes), write_for_spell.c (nodes by other nodes),
 * write_for_neurons.c (parameters of neurons), write_for_range.c (what values can be), write_for_order.c (loops, names, the order of edges).
 * Must not know: a simulator's name (passes/conventions.c has them). */
#ifndef NIRC_PASSES_WRITE_FOR_H
#define NIRC_PASSES_WRITE_FOR_H

#include "passes/conventions.h"
#include "passes/pass.h"
#include "passes/schedule.h"

/* What the elements of a value can be. */
typedef struct nirc_range { double *low, *high; } nirc_range;            /* NULL: anything */

typedef struct nirc_for {
  nirc_module *m;
  nirc_diag *d;
  nirc_arena *a;                                     /* scratch */
  nirc_op *graph;
  const nirc_simulator *from, *to;
  bool subtract;                                     /* --reset subtract */
  double dt;                                         /* of the source; 0: each layer says its own */
  double dt_to;                                      /* that the file is written for */
  bool same_dt;                                      /* that is the source's: where the simulator is, too, parameters stay as they are */
  nirc_schedule schedule;
  nirc_op **op;                                      /* by id: the node as it is now */
  nirc_range *range;                                 /* by id */
  int *late;                                         /* by id: steps by which its value comes later than in the source */
  double change;                                     /* the largest relative change of a coefficient by rounding */
  bool loop;                                         /* there is one */
  bool anew;                                         /* some parameter was re-expressed */
  bool assumed_input;                                /* a proof took the inputs to be within 0 and 1 */
  bool other_reset;                                  /* a neuron needs the simulator's other choice of reset */
} nirc_for;

/* The order of the graph as it is. False after a diagnostic. */
bool nirc_for_schedule(nirc_for *x, nirc_schedule *s);

/* Nodes that the importer does not know, written by others that it knows, and ports of nested graphs left out; x->schedule is of the graph as it is then. False after a
 * diagnostic. */
bool nirc_for_spell(nirc_for *x);
bool nirc_for_takes(const nirc_simulator *s, nirc_opcode code);          /* a stateless node */

/* Fills x->range of every node that is bounded. */
void nirc_for_find_ranges(nirc_for *x);

/* The range of what arrives at element e: the sum over the in-edges; infinite where it is not known. Inputs are taken to be within 0 and 1. */
void nirc_for_arriving(const nirc_for *x, const nirc_op *op, size_t e, double *low, double *high);

/* Parameters of one neuron node for x->to. False after a diagnostic. */
bool nirc_for_neuron(nirc_for *x, nirc_op *op);

/* Replaces a node by one of another type with the same name, edges and metadata. */
nirc_op *nirc_for_replace(nirc_for *x, nirc_op *op, nirc_opcode code);

/* "no room" and so on: one refusal, at a node. Always false. */
bool nirc_for_refuse(nirc_for *x, const nirc_op *op, const char *format, ...) NIRC_PRINTF(3, 4);

/* Loops as the importer wants them, then names and the order of edges. False after a diagnostic. */
bool nirc_for_loops(nirc_for *x);
void nirc_for_names(nirc_for *x);
bool nirc_for_edges(nirc_for *x);

#endif
