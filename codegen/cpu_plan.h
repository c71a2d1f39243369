/* codegen/cpu_plan.h: where every value of a step lives in memory, and what the generated library tells about itself.
 * Must not know: LLVM.
 *
 * An instance is a header, then each lane's states, then scratch that all lanes share. A state is updated in place where nothing reads
 * its old value later; otherwise the new value is copied at the end of the step. */
#ifndef NIRC_CODEGEN_CPU_PLAN_H
#define NIRC_CODEGEN_CPU_PLAN_H

#include "ir/counters.h"

enum { NIRC_CPU_ALIGN = 64, NIRC_CPU_HEADER_BYTES = 64, NIRC_CPU_STATE_HEADER_BYTES = 64, NIRC_CPU_CORES_WORDS = 1, NIRC_CPU_CHANNELS = 4 };

typedef enum nirc_place_kind { NIRC_PLACE_INPUT, NIRC_PLACE_STATE, NIRC_PLACE_SCRATCH } nirc_place_kind;

typedef struct nirc_place {
  nirc_place_kind kind;
  size_t at;                                         /* index of the input port; else bytes from the start of the lane's states, of scratch */
} nirc_place;

typedef struct nirc_cpu_port { const char *name; const nirc_type *type; const nirc_op *op; } nirc_cpu_port;

/* A state whose new value is copied at the end of the step; where that is another state's old value, by way of `via`. */
typedef struct nirc_cpu_copy { const nirc_value *state, *from; nirc_place to, via; bool two_steps; } nirc_cpu_copy;

typedef struct nirc_cpu_plan {
  const nirc_module *m;
  const nirc_op *step;
  const nirc_op **ops;                               /* by op->id: in order of execution, those of a population just before itself */
  size_t n_ops;
  nirc_place *places;                                /* by value: first_value[op->id] + result number */
  uint32_t *first_value;
  nirc_place *workspace;                             /* by op->id: scratch of its own, where it needs some */
  size_t lane_bytes, scratch_bytes;                  /* multiples of NIRC_CPU_ALIGN */
  size_t event_scratch;                              /* place in scratch of step_events' dense ports: floats of all inputs, of all outputs, a byte per input */
  nirc_cpu_port *inputs, *outputs, *probes, *fields; /* in byte order of name; fields: states, in order of place */
  size_t n_inputs, n_outputs, n_probes, n_fields;
  nirc_counters counters;
  nirc_cpu_copy *copies;
  size_t n_copies;
  uint64_t fingerprint;                              /* of everything that a saved state depends on */
} nirc_cpu_plan;

/* The plan of m's step, in the arena. False, with an error of status 4, where its memory does not fit a size. */
bool nirc_cpu_plan_make(nirc_cpu_plan *p, nirc_arena *a, const nirc_module *m, nirc_diag *d);

/* As what an element is kept: spikes are the floats 0 and 1. */
nirc_dtype nirc_cpu_stored(nirc_dtype elem);

nirc_place nirc_cpu_place(const nirc_cpu_plan *p, const nirc_value *v);
bool nirc_place_equal(nirc_place a, nirc_place b);

uint32_t nirc_cpu_latency(const nirc_cpu_port *port);                    /* steps by which it is later than the network's; 0 but on chips */

/* The sum that a population's neurons take tile by tile, so that it needs no memory and no function of its own; NULL: none, or it is computed as a whole. */
const nirc_op *nirc_cpu_tiled_sum(const nirc_op *neuron);
bool nirc_cpu_is_tiled_sum(const nirc_op *op);       /* the same, asked of the sum */

/* Channels of a convolution's sums, with such behind them that nobody reads: a multiple of NIRC_CPU_CHANNELS, which are added to at once. */
size_t nirc_cpu_padded(size_t channels);

/* Bytes of scratch that an op wants beside its operands and results (a convolution's sums, channels last and padded; the active inputs of a tiled
 * sum: their numbers and, unless they are spikes, their values; of hw.cores NIRC_CPU_CORES_WORDS words of 8 bytes, the kept potentials, the flags). */
size_t nirc_cpu_workspace_bytes(const nirc_op *op);

#endif
