/* targets/loihi2/place.h: from populations to cores, by parts:
 *     place.c      what a core holds; populations cut in order (first-fit)
 *     blocks.c     populations cut into blocks that a partitioner moves
 *     traffic.c    what blocks send to each other
 *     cut.c        blocks to cores and cores to chips, so that little crosses (min-cut)
 * Must not know: files, modules. */
#ifndef NIRC_TARGETS_LOIHI2_PLACE_H
#define NIRC_TARGETS_LOIHI2_PLACE_H

#include "passes/partition.h"
#include "targets/loihi2/loihi2.h"

/* Of a sparse synapse: the sources that reach a position in any of its channels, each once, by positions. */
typedef struct nirc_loihi2_reach { const size_t *first; const uint32_t *source; } nirc_loihi2_reach;

typedef struct nirc_loihi2_placer {
  const nirc_loihi2_net *net;
  nirc_arena *a;
  const nirc_loihi2_synapse **by_target;
  size_t *first, *fan_out;                           /* by population: of by_target; synapses that leave it, at least 1 */
  nirc_loihi2_reach *reach;                          /* by synapse; none of those that are not sparse */
  size_t *mark, stamp;                               /* sources seen on the core at hand */
  int *order;                                        /* populations by latency and name */
  size_t *n_slices;                                  /* of each population, cut in order */
} nirc_loihi2_placer;

/* Units of a partition: one or more slices of one population each. */
typedef struct nirc_loihi2_blocks {
  size_t n, n_slices, max_slices;
  size_t *first;                                     /* of slices; n + 1 */
  nirc_loihi2_slice *slices;
  uint32_t **block_of;                               /* [population][position] */
} nirc_loihi2_blocks;

/* What blocks send, the input's nets first. */
typedef struct nirc_loihi2_nets { nirc_partition_problem nets; size_t n_input; } nirc_loihi2_nets;

static inline size_t nirc_loihi2_channels(const nirc_shape *s) { return s->rank == 3 ? (size_t)s->dims[0] : 1; }
static inline size_t nirc_loihi2_positions(const nirc_shape *s) { return s->rank == 3 ? (size_t)(s->dims[1] * s->dims[2]) : (size_t)s->dims[0]; }

/* place.c: everything in the arena. False where a neuron fits no core, reported. */
bool nirc_loihi2_placer_init(nirc_loihi2_placer *x, const nirc_loihi2_net *net, nirc_arena *a, nirc_loc loc, nirc_diag *d);
/* A core with these slices, those of a population next to each other. */
nirc_loihi2_words nirc_loihi2_count_words(nirc_loihi2_placer *x, const nirc_loihi2_slice *slices, size_t n);
size_t nirc_loihi2_kernel_words(const nirc_conv *c);
void nirc_loihi2_sort_slices(nirc_loihi2_slice *slices, size_t n);      /* by population and start */
bool nirc_loihi2_words_fit(const nirc_loihi2_words *w);
void nirc_loihi2_place_in_order(nirc_loihi2_placer *x, nirc_loihi2_placement *out);

/* blocks.c: each as large as fits a core (divisor 1), or so many to a core. Of maps that convolutions lead to, they are rectangles. */
void nirc_loihi2_make_blocks(nirc_loihi2_placer *x, size_t divisor, nirc_loihi2_blocks *out);
/* The cores of a placement as blocks. */
void nirc_loihi2_cores_as_blocks(const nirc_loihi2_placer *x, const nirc_loihi2_placement *p, nirc_loihi2_blocks *out);

/* traffic.c */
nirc_loihi2_nets nirc_loihi2_list_nets(const nirc_loihi2_placer *x, const nirc_loihi2_blocks *b);
/* The figures of a placement that is otherwise complete. */
void nirc_loihi2_measure(const nirc_loihi2_placer *x, nirc_loihi2_placement *p);

/* cut.c: fewer spikes to other cores and other chips, both together, than `in_order` has, or that as it is; on the chips that the options allow, else on as many. */
void nirc_loihi2_place_min_cut(nirc_loihi2_placer *x, const nirc_loihi2_placement *in_order, nirc_loihi2_placement *out);

#endif
