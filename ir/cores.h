/* ir/cores.h: the op hw.cores, read: convolving cores that work event by event, first in, first out; and a plain run of them, which the interpreter uses.
 * Must not know: which chip has such cores. */
#ifndef NIRC_IR_CORES_H
#define NIRC_IR_CORES_H

#include "ir/counters.h"
#include "ir/op.h"

enum { NIRC_CORES_MAX_OPERANDS = 8, NIRC_CORES_MAX = 64 };

/* Maps are [features, rows, columns], pairs [rows, columns]. */
typedef struct nirc_core {
  const nirc_blob *weight, *bias;                    /* i8 or i32[features out, in, kernel, kernel]; i64[features out], NULL: none */
  int64_t in[3], out[3], kernel, stride[2], before[2], v_threshold, v_low;
  bool to_zero;
  const nirc_shape *to, *pooling, *inputs;           /* numbers of cores; squares that their maps sum; numbers of operands */
  size_t first;                                      /* of its neurons, among all */
  uint64_t generations;                              /* bit g: events come to it that are g causes away from the host or a bias */
  bool ordered;                                      /* events have to come to it, or to one behind it, generation by generation */
  uint64_t reach;                                    /* of an ordered one: bit n: a way of n ordered cores leads on from it */
  size_t kept, flags;                                /* of a step's memory: potentials for each generation, twice; a byte for each neuron that a bias can make fire */
} nirc_core;

typedef struct nirc_cores {
  nirc_core *core;
  size_t n, n_neurons;
  size_t *order;                                     /* sources before what they feed */
  uint32_t rounds;                                   /* generations that come to ordered cores; 0: none is */
  size_t n_kept, n_flags;
} nirc_cores;

/* False with a sentence in *why (from the arena) where the op, its types or the cores in its region are not as they have to be. */
bool nirc_cores_read(nirc_cores *c, nirc_arena *a, const nirc_op *op, const char **why);

/* One step, with a queue that grows as it has to: begin adds all biases; events of the host, at element `at` of the map of core k, follow in their order;
 * end works on what is left. v and z: one for each neuron; z counts spikes. */
typedef struct nirc_cores_run {
  const nirc_cores *cores;
  const nirc_heap *heap;
  int64_t *v;
  double *z;
  uint64_t (*counts)[NIRC_COUNT_KINDS];              /* by core, what is added up; NULL: nothing is */
  struct nirc_cores_event *queue;
  size_t n, room;
} nirc_cores_run;

void nirc_cores_begin(nirc_cores_run *r, const nirc_cores *c, const nirc_heap *heap, int64_t *v, double *z, uint64_t (*counts)[NIRC_COUNT_KINDS]);
void nirc_cores_add_event(nirc_cores_run *r, size_t k, size_t at);
void nirc_cores_end(nirc_cores_run *r);

#endif
