/* passes/discretise.h: what the two halves of the pass `discretise` share: discretise.c (choices, checks, order, loops) and
 * discretise_nodes.c (one node of the nir level to snn ops).
 * Must not know: a profile's name. */
#ifndef NIRC_PASSES_DISCRETISE_H
#define NIRC_PASSES_DISCRETISE_H

#include "passes/pass.h"
#include "passes/profiles.h"
#include "passes/schedule.h"

typedef struct nirc_discretiser {
  nirc_module *m;
  nirc_diag *d;
  const nirc_profile *profile;
  nirc_reset reset;
  double dt;
  nirc_op *step;                                     /* the snn.step being filled */
  nirc_schedule schedule;
  nirc_value **value;                                /* by node id: its value in this step; NULL until it is computed */
  nirc_value **v, **i;                               /* by node id: its states after the step, where it has them */
} nirc_discretiser;

/* Steps of a Delay's element: delay/dt, rounded half to even. */
double nirc_delay_steps(const nirc_op *op, size_t element, double dt);

/* Parameters that compiling cannot take: tau <= 0, numbers that are not finite, negative delays, padding `same` with a stride. Reports each. */
bool nirc_discretise_check_node(nirc_discretiser *x, const nirc_op *op);

/* Appends the ops of one node whose input is `in` (NULL for a node without in-edges: Inputs); fills value, v, i. */
bool nirc_discretise_node(nirc_discretiser *x, const nirc_op *op, nirc_value *in);

/* The output of a Delay that is a register (every element at least one step), computed from its state alone. Fills value; call it before or at nirc_discretise_node. */
void nirc_discretise_register(nirc_discretiser *x, const nirc_op *op);

/* A new state called NODE/field, starting as `init` (whose reference passes to the module). */
nirc_value *nirc_discretise_state(nirc_discretiser *x, const nirc_op *op, const char *field, nirc_dtype elem, const nirc_shape *shape, nirc_blob *init);
void nirc_discretise_update(nirc_discretiser *x, const nirc_op *op, nirc_value *state, nirc_value *next);

#endif
