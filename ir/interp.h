/* ir/interp.h: the reference interpreter of the snn level: slow, plain, the oracle of every pass and of the CPU target.
 * Owns: the states and values of one running network, one lane.
 * Must not know: how compiled code computes the same. */
#ifndef NIRC_IR_INTERP_H
#define NIRC_IR_INTERP_H

#include "ir/counters.h"
#include "ir/op.h"

typedef struct nirc_interp nirc_interp;

/* m is at the snn level, verified, and outlives the interpreter. */
nirc_interp *nirc_interp_new(const nirc_module *m);
void nirc_interp_free(nirc_interp *x);               /* accepts NULL */
void nirc_interp_reset(nirc_interp *x);

/* Ports in byte order of their names, as the C interface has them; probes in byte order of theirs. */
typedef struct nirc_interp_port { const char *name; const nirc_type *type; } nirc_interp_port;
size_t nirc_interp_inputs(const nirc_interp *x, const nirc_interp_port **ports);
size_t nirc_interp_outputs(const nirc_interp *x, const nirc_interp_port **ports);
size_t nirc_interp_probes(const nirc_interp *x, const nirc_interp_port **ports);

/* The rows of its counters; from now on steps add to counters[n], NULL ends it. */
size_t nirc_interp_counters(const nirc_interp *x, const nirc_counter_row **rows);
void nirc_interp_count(nirc_interp *x, uint64_t *counters);

/* One step: in[p] points to the floats of input p, out[p] receives those of output p (then of the probes, where out is that long: n_out
 * pointers, NULL ones are skipped). */
void nirc_interp_step(nirc_interp *x, const float *const in[], float *const out[], size_t n_out);

#endif
