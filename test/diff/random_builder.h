/* test/diff/random_builder.h: a module at the nir level that is being made at random, and attributes of its nodes.
 * Must not know: nodes and edges; whose arithmetic the network is meant for. */
#ifndef NIRC_TEST_RANDOM_BUILDER_H
#define NIRC_TEST_RANDOM_BUILDER_H

#include "test/diff/random_network.h"

typedef struct random_builder {
  nirc_module *m;
  random_source r;
  unsigned flags;
  unsigned depth;
  unsigned serial;                                   /* of names */
  const nirc_opcode *neurons;                        /* types to draw from */
  size_t n_neurons;
} random_builder;

static inline bool random_with(const random_builder *b, unsigned flag) { return (b->flags & flag) != 0; }

/* Integers as files have them: one number at rank 0, or a list; two equal ones sometimes as one. */
void random_set_ints(random_builder *b, nirc_op *op, const char *name, const int64_t *v, size_t n);
void random_set_shape(random_builder *b, nirc_op *op, const char *name, const uint64_t *dims, size_t n);

/* A neuron's parameter: per element or uniform, stored once or spread out. */
void random_set_param(random_builder *b, nirc_op *op, const char *name, const nirc_shape *shape, double low, double high);

/* Factors: all 1, one power of two, or one for each element or channel; a few of them negative. */
void random_set_powers(random_builder *b, nirc_op *op, const char *name, const nirc_shape *shape);

/* Matrices [..., n, n] of ones on the diagonal; all zeros where they are not square. */
void random_set_identity(random_builder *b, nirc_op *op, const char *name, const nirc_shape *shape);

/* Weights: not dyadic, so that the order of a sum shows; some exactly 0. `fan_in` terms make one sum; with `silent`, anything may stand at the first
 * `silent` of them for each of the first `rows` outputs. */
void random_set_weights(random_builder *b, nirc_op *op, const char *name, const nirc_shape *shape, size_t fan_in, size_t silent, size_t rows);

/* All parameters of a neuron; optional ones here and there. */
void random_set_neuron(random_builder *b, nirc_op *op, const nirc_shape *shape);

#endif
