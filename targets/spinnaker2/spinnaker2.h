/* targets/spinnaker2/spinnaker2.h: what the parts of the target share, in the order in which they work: graph.c (populations, and which step each is in),
 * compose.c (what lies between two populations, as one matrix), quantise.c (to the chip's numbers), place.c (cores and their memory), cut.c (chips), start.c (the steps
 * before a population's first), lower.c (to the hw level), read.c (back from it), write.c and weights.c (the files), target.c (options).
 * Must not know: command lines, how a module is executed. */
#ifndef NIRC_TARGETS_SPINNAKER2_SPINNAKER2_H
#define NIRC_TARGETS_SPINNAKER2_SPINNAKER2_H

#include "ir/base/sink.h"
#include "ir/op.h"
#include "passes/compose.h"
#include "targets/figures.h"

enum {
  NIRC_S2_MAX_WEIGHT = 127, NIRC_S2_MAX_DELAYED_WEIGHT = 15, NIRC_S2_MAX_DELAY = 7,     /* weights: without, with delays */
  NIRC_S2_PES = 148, NIRC_S2_CHIPS = 48, NIRC_S2_ATOMS = 250, NIRC_S2_ROUTES = 16384,
  NIRC_S2_DATA_BYTES = 44928, NIRC_S2_PARAM_BYTES = 9216                                 /* of one core */
};

/* Constraints that a network can be lowered without, by their place in the target's table. */
enum { NIRC_S2_WEIGHTS, NIRC_S2_ROUNDING, NIRC_S2_FILTER, NIRC_S2_START, NIRC_S2_FEEDBACK };

/* What the options say. */
typedef struct nirc_s2_options {
  double dt, percentile, sys_tick;
  bool exponential, subtract, times_dt, truncate, per_population, plain, no_conv2d, board48, min_cut;
  size_t steps, max_atoms;
  const char *record;                                /* names, separated by commas; NULL: none */
  unsigned without;                                  /* bits 1 << NIRC_S2_...: constraints that do not hold */
} nirc_s2_options;

typedef enum nirc_s2_kind { NIRC_S2_SOURCE, NIRC_S2_LIF, NIRC_S2_CURRENT } nirc_s2_kind;     /* spike_list, lif..., lif_curr_exp... */

/* Numbers of neurons; `size` elements each. */
typedef struct nirc_s2_numbers {
  float *decay, *synapse, *offset, *threshold, *reset, *start;     /* alpha_decay, exc_decay and inh_decay, i_offset, threshold, v_reset, v_init */
  float *w_scale, *v_scale;                          /* a weight's and a potential's factor */
} nirc_s2_numbers;

/* What a step computes with: the same numbers, and, where they are not to be float32, those that they were rounded from. None in what was read back. */
typedef struct nirc_s2_reals {
  double *decay, *synapse, *offset, *threshold, *reset, *start, *v_scale;
  double *drive;                                     /* what a bias adds to the synapse; NULL: it is in offset */
} nirc_s2_reals;

typedef struct nirc_s2_population {
  const char *name;
  const nirc_op *op;                                 /* nir level; NULL in what was read back from the hw level */
  nirc_shape shape;
  size_t size;
  nirc_s2_kind kind;
  bool delayed, is_map, readout;                     /* a delay to it; its input is a conv2d; its output is v */
  size_t phase;                                      /* step t of the network is its step t + phase */
  bool record_spikes, record_v;
  nirc_s2_numbers numbers;                           /* none of a source */
  nirc_s2_reals reals;
  size_t atoms;                                      /* max_atoms_per_core */
  double *v, *excitation, *inhibition;               /* what they are at step 0 of the network (start.c) */
} nirc_s2_population;

typedef struct nirc_s2_row { uint32_t pre, post; int8_t weight; uint8_t delay; } nirc_s2_row;

/* A convolution behind a sum pooling of pool x pool. Weights [channels in][out][rows][columns]. */
typedef struct nirc_s2_kernel {
  size_t in, out, rows, columns, in_height, in_width, stride, pad, pool;
  int8_t *weights;
  double *exact;                                     /* the same before they are rounded; NULL: they hold */
} nirc_s2_kernel;

typedef struct nirc_s2_projection {
  size_t pre, post;                                  /* populations */
  bool recurrent, is_conv;
  nirc_s2_row *rows;                                 /* a list: by (pre, post, delay) */
  size_t n_rows;
  double *exact;                                     /* of each row, its weight before it is rounded; NULL: that of the row holds */
  size_t lag;                                        /* steps that a feedback is not to be late: how far it reaches back is so much less */
  nirc_s2_kernel kernel;                             /* a conv2d */
} nirc_s2_projection;

typedef struct nirc_s2_port {
  const char *name;
  const nirc_op *op;                                 /* NULL in what was read back */
  size_t population;
} nirc_s2_port;

/* Spikes of `pre` reach `post` by a chain of nodes without neurons. */
typedef struct nirc_s2_link { size_t pre, post; bool recurrent; } nirc_s2_link;

typedef struct nirc_s2_network {
  nirc_arena *arena;
  nirc_s2_options options;
  const char *profile;                               /* unit or nir */
  nirc_s2_population *populations;                   /* by (phase, sources first, name) */
  size_t n_populations;
  nirc_s2_link *links;                               /* by (post, pre) */
  size_t n_links;
  nirc_s2_projection *projections;                   /* by (post, pre) */
  size_t n_projections;
  nirc_s2_port *outputs;                             /* in the order of the file */
  size_t n_outputs;
  nirc_activity activity;                            /* how often neurons spike */
  uint32_t *chip_of;                                 /* of each slice */
  nirc_figures figures, in_order;                    /* of the chips, and were they filled in order */
  int *population_of;                                /* by op id: index, or -1 */
} nirc_s2_network;

static inline bool nirc_s2_lacks(const nirc_s2_network *net, int constraint) { return net->options.without >> constraint & 1; }
static inline double nirc_s2_weight(const nirc_s2_projection *p, size_t row) { return p->exact ? p->exact[row] : p->rows[row].weight; }
static inline double nirc_s2_kernel_weight(const nirc_s2_kernel *k, size_t i) { return k->exact ? k->exact[i] : k->weights[i]; }

/* graph.c: populations, links, phases, outputs, from an inlined graph. Reports every refusal of a stage. */
bool nirc_s2_map(nirc_s2_network *net, nirc_module *m, nirc_diag *d);
/* The node that alone feeds `op`, ports of nested graphs looked through; NULL: none, or several. */
const nirc_op *nirc_s2_only_source(const nirc_op *op);
/* Steps of a Delay; negative where they are none, or differ between elements. */
double nirc_s2_delay_steps(const nirc_op *op, double dt);

/* compose.c: what arrives from one population, `steps` of Delay on the way. */
typedef struct nirc_s2_term { size_t source, steps; const nirc_matrix *matrix; } nirc_s2_term;
typedef struct nirc_s2_flow { nirc_s2_term *terms; size_t n; const double *bias; } nirc_s2_flow;     /* bias NULL: 0; terms by (source, steps) */
typedef struct nirc_s2_composer nirc_s2_composer;

nirc_s2_composer *nirc_s2_composer_new(const nirc_s2_network *net, nirc_arena *a, nirc_module *m, nirc_diag *d);
/* All that arrives at a node; NULL after an error. */
const nirc_s2_flow *nirc_s2_compose(nirc_s2_composer *c, const nirc_op *op);
/* The sum of two matrices; NULL after an error. */
const nirc_matrix *nirc_s2_matrix_add(nirc_s2_composer *c, const nirc_op *op, const nirc_matrix *a, const nirc_matrix *b);

/* quantise.c: models, the chip's numbers and projections. */
bool nirc_s2_quantise(nirc_s2_network *net, nirc_module *m, nirc_diag *d);
/* By (pre, post, delay). */
void nirc_s2_sort_rows(const nirc_s2_network *net, nirc_s2_row *rows, size_t n, size_t n_pre, size_t n_post);

/* place.c: bytes of one core. */
typedef struct nirc_s2_bytes { size_t params, synapses, rows, table, ring, recording, total; } nirc_s2_bytes;
typedef struct nirc_s2_slice { size_t population, start, stop; nirc_s2_bytes bytes; } nirc_s2_slice;
/* cut.c: a chip for each slice, by the activity that the module has; as `given`, where that is not NULL, else as the options say; false where it is given
 * and more stand on a chip than it has cores, or on more chips than are needed. */
bool nirc_s2_assign_chips(nirc_s2_network *net, const nirc_module *m, const uint32_t *given);

static inline size_t nirc_s2_n_slices(const nirc_s2_population *p) { return p->size ? (p->size - 1) / p->atoms + 1 : 0; }
/* Neurons per core, the largest that fit; or the reason why none does. */
bool nirc_s2_place(nirc_s2_network *net, nirc_module *m, nirc_diag *d);
/* Projections are by (post, pre): those to population p stand from [p] to [p + 1]. */
size_t *nirc_s2_projections_to(const nirc_s2_network *net, nirc_arena *a);
/* All slices in their order; *n: how many. */
nirc_s2_slice *nirc_s2_slices(const nirc_s2_network *net, size_t *n);

/* start.c: v_init becomes what the states are after each population's first `phase` steps; spikes of these steps, oldest first, are in history[population]
 * ([phase][size], NULL where there are none). */
void nirc_s2_run_in(nirc_s2_network *net, uint8_t **history);

/* lower.c: in place, from the nir level to the hw level. */
void nirc_s2_lower(nirc_s2_network *net, nirc_module *m, nirc_diag *d);
/* read.c: back from it. Names are the module's. */
bool nirc_s2_read(nirc_s2_network *net, const nirc_module *m, nirc_diag *d);
/* write.c: network.json, mapping.json and the script; weights.c: weights.h5. */
bool nirc_s2_write(const nirc_s2_network *net, const nirc_module *m, nirc_sink *out);
bool nirc_s2_write_weights(const nirc_s2_network *net, nirc_sink *out, nirc_diag *d);
/* True where all `n` are equal. */
bool nirc_s2_alike(const float *x, size_t n);
/* The numbers of a population by the names that files have for them; NULL behind the last. */
typedef struct nirc_s2_parameter { const char *name; const float *values; bool is_scale; } nirc_s2_parameter;
enum { NIRC_S2_PARAMETERS = 10 };
size_t nirc_s2_parameters(const nirc_s2_population *p, nirc_s2_parameter list[NIRC_S2_PARAMETERS]);
const char *nirc_s2_model_name(const nirc_s2_population *p);

#endif
