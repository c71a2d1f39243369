/* ir/neuron.h: the op snn.neuron, read: its equation with the names of its operands, coefficients and results resolved.
 * Must not know: who executes it. */
#ifndef NIRC_IR_NEURON_H
#define NIRC_IR_NEURON_H

#include "ir/equation.h"
#include "ir/op.h"

typedef struct nirc_neuron {
  nirc_equation equation;                            /* results: those of the op */
  const nirc_blob **coefficients;                    /* known name n_operands + c of the equation */
  const char **names;                                /* of operands, then of coefficients */
  uint32_t n_operands, n_coefficients;
  const char **gives;                                /* of results */
  nirc_equation counting;                            /* of the same names; results: those of the attribute `counts`, bool or i64 */
  const char **counts;
  size_t n_counts;
} nirc_neuron;

/* False with a sentence in *fault where names, equation, coefficients and types do not belong together; in the arena. */
bool nirc_neuron_read(nirc_neuron *n, nirc_arena *a, const nirc_op *op, const char **fault);

/* Which result of an op of the snn level says how often it fires in the step (of snn.neuron the one called z); -1: none. */
int nirc_snn_fires(const nirc_op *op);

/* The words of a list of names, separated by spaces. */
size_t nirc_neuron_words(nirc_arena *a, const char *list, const char ***words);

/* The coefficient that an snn.neuron multiplies its first operand with before anything else, and nothing else uses either; NULL: none. */
const char *nirc_neuron_factor(nirc_arena *a, const nirc_op *op);

#endif
