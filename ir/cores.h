/* ir/cores.h: the op hw.cores, read: convolving cores that work event by event; and a plain run of them, which the interpreter uses.
 * Must not know: which chip has such cores. */
#ifndef NIRC_IR_CORES_H
#define NIRC_IR_CORES_H

#include "ir/op.h"

enum { NIRC_CORES_MAX_OPERANDS = 8, NIRC_CORES_MAX = 64 };

/* Maps are [features, rows, columns], pairs [rows, columns]. */
typedef struct nirc_core {
  const nirc_blob *weight, *bias;                    /* i8[features out, in, kernel, kernel]; i64[features out], NULL: none */
  int64_t in[3], out[3], kernel, stride[2], before[2], v_threshold, v_low;
  bool to_zero;
  const nirc_shape *to, *pooling, *inputs;           /* numbers of cores; squares that their maps sum; numbers of operands */
  size_t first;                                      /* of its neurons, among all */
} nirc_core;

typedef struct nirc_cores { nirc_core *core; size_t n, n_neurons; } nirc_cores;

/* False with a sentence in *why (from the arena) where the op, its types or the cores in its region are not as they have to be. */
bool nirc_cores_read(nirc_cores *c, nirc_arena *a, const nirc_op *op, const char **why);

/* All biases, last core first; `n` events at element `at` of the map of core `k`. v and z: one for each neuron; z counts spikes. */
void nirc_cores_add_biases(const nirc_cores *c, int64_t *v, double *z);
void nirc_cores_add_event(const nirc_cores *c, size_t k, size_t at, int64_t *v, double *z);

#endif
