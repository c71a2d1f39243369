/* passes/discretise.h: what the parts of the pass `discretise` share: discretise.c (choices, checks, order, loops), discretise_nodes.c (one node of the nir
 * level to snn ops) and discretise_neurons.c (a neuron, from the equations of the profile).
 * Must not know: a profile's name. */
#ifndef NIRC_PASSES_DISCRETISE_H
#define NIRC_PASSES_DISCRETISE_H

#include "ir/equation.h"
#include "passes/pass.h"
#include "passes/profiles.h"
#include "passes/schedule.h"

typedef struct nirc_discretiser {
  nirc_module *m;
  nirc_diag *d;
  const nirc_profile *by[NIRC_N_CHOICES];            /* whose choice it is: all the same profile, but for `mix` */
  nirc_dtype number;
  bool subtract, reset_given, reset_used;            /* --reset subtract; whether it was given; whether anything asked */
  bool dt_given;
  double dt;
  nirc_op *step;                                     /* the snn.step being filled */
  nirc_schedule schedule;
  bool *said;                                        /* by opcode: that its importer does not take it */
  nirc_value **value;                                /* by node id: its value in this step; NULL until it is computed */
  nirc_value **v, **i, **z;                          /* by node id: its states after the step, and its spikes, where it has them */
  struct nirc_layer **layer;                         /* by node id: a neuron whose output was computed before its input (discretise_neurons.c) */
} nirc_discretiser;

/* Steps of a Delay's element: delay/dt, rounded half to even. */
double nirc_delay_steps(const nirc_op *op, size_t element, double dt);

/* Parameters that compiling cannot take: tau <= 0, numbers that are not finite, negative delays, padding `same` with a stride, what the profile's importer
 * demands. Reports each. */
bool nirc_discretise_check_node(nirc_discretiser *x, const nirc_op *op);
bool nirc_discretise_check_neuron(nirc_discretiser *x, const nirc_op *op);       /* the part of it that the profile's rules ask for */
/* What a user should know about how the profile takes this node; no errors. */
void nirc_discretise_remark(nirc_discretiser *x, const nirc_op *op);

/* The dt that the profile derives from this node's parameters; 0 where it derives none. */
double nirc_discretise_derived_dt(nirc_discretiser *x, const nirc_op *op);

/* Appends the ops of one node whose input is `in` (NULL for a node without in-edges: Inputs); fills value, v, i, z. */
bool nirc_discretise_node(nirc_discretiser *x, const nirc_op *op, nirc_value *in);
/* The same of a neuron; `f` is the sum of its back edges, where the rule adds that apart (nirc_discretise_apart), else NULL. */
bool nirc_discretise_neuron(nirc_discretiser *x, const nirc_op *op, nirc_value *in, nirc_value *f);
bool nirc_discretise_apart(nirc_discretiser *x, const nirc_op *op);

/* A neuron's output from its states alone, before its input is known; false where it depends on the input of the same step. */
bool nirc_discretise_early(nirc_discretiser *x, const nirc_op *op);

/* The output of a Delay that is a register (every element at least one step) or of a late Linear, computed from its state alone. Fills value; call it before or
 * at nirc_discretise_node. */
void nirc_discretise_register(nirc_discretiser *x, const nirc_op *op);

/* An op at the end of the step, named and placed as `from`. */
nirc_op *nirc_discretise_append(nirc_discretiser *x, const nirc_op *from, nirc_opcode code, nirc_value *const *in, size_t n);
void nirc_discretise_set_type(nirc_discretiser *x, nirc_op *op, uint32_t result, nirc_dtype elem, const nirc_shape *shape);

/* A constant of that type and shape from `n` values (one, or one for each element); a splat where all are of equal bits. The module holds it. */
nirc_blob *nirc_discretise_constant(nirc_discretiser *x, nirc_dtype elem, const nirc_shape *shape, const nirc_eq_value *values, size_t n);

/* Weights of a Linear as the profile has them: from its equation and the parameters of the neurons behind. NULL after an error. */
nirc_blob *nirc_discretise_weights(nirc_discretiser *x, const nirc_op *node);

/* Which elements of a value are not 0, as spikes. */
nirc_value *nirc_discretise_nonzero(nirc_discretiser *x, const nirc_op *node, nirc_value *in);

/* A new state called NODE/field, starting as `init` (whose reference passes to the module). */
nirc_value *nirc_discretise_state(nirc_discretiser *x, const nirc_op *op, const char *field, nirc_dtype elem, const nirc_shape *shape, nirc_blob *init);
void nirc_discretise_update(nirc_discretiser *x, const nirc_op *op, nirc_value *state, nirc_value *next);

#endif
