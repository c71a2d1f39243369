/* targets/loihi2/loihi2.h: a network as populations and synapses of a Loihi 2. In the order in which it comes to be:
 *     graph.c      nodes to populations, and every way between two of them to one synapse (passes/compose.h)
 *     order.c      loops, latencies, delays that balance them, clocks
 *     numbers.c    parameters of neurons, and what each weight is worth
 *     scale.c      to integers: one scale for each population; what the arithmetic of the chip says to them
 *     place.h      populations to cores
 *     lower.c      to the hw level
 *     read.c       and back from there: what is written is what an emulator computes
 *     hdf5.c, write.c, netx.c   to network.lava.h5, placement.json and network.net
 * Owns: the codes of refusals.
 * Must not know: options as text. */
#ifndef NIRC_TARGETS_LOIHI2_LOIHI2_H
#define NIRC_TARGETS_LOIHI2_LOIHI2_H

#include "ir/base/sink.h"
#include "ir/op.h"
#include "passes/compose.h"
#include "targets/figures.h"
#include "targets/loihi2/limits.h"

/* ---- a network on the chip --------------------------------------------------------------------------------------------------- */

enum { NIRC_LOIHI2_INPUT = -1 };

/* Constraints that a network can be lowered without, by their place in the target's table. */
enum { NIRC_LOIHI2_WEIGHTS, NIRC_LOIHI2_TIME_CONSTANTS, NIRC_LOIHI2_ROUNDING, NIRC_LOIHI2_RANGE, NIRC_LOIHI2_START, NIRC_LOIHI2_DELAY, NIRC_LOIHI2_RESET };

/* Whole numbers of a population: one, one for each channel of its map, or one for each neuron; as few as say it all. */
typedef struct nirc_loihi2_numbers { size_t n; int64_t *value; } nirc_loihi2_numbers;

typedef struct nirc_loihi2_population {
  const char *name;                                  /* in files: '.' for the '/' of nested graphs */
  const nirc_op *node;                               /* NULL: a clock, or read back */
  const char **nodes;                                /* names: what is folded into it, and its neurons */
  size_t n_nodes;
  nirc_shape shape;                                  /* [n] or [channels, rows, columns] */
  size_t count, latency;
  nirc_loihi2_numbers i_decay, v_decay, threshold, bias;
  double scale;
  bool readout, heterogeneous, clock;

  /* Not of what was read back. */
  bool filtered;                                     /* a synaptic filter is between input and v */
  double *gain, *theta, *leak;                       /* of each neuron: factor of weights, threshold, what is added to the bias */
  double *drive;                                     /* of each neuron: the sum of the biases of weight nodes */
  double *keep_u, *keep_v, *start;                   /* of each neuron, as the network has it: the share that is left after a step; where v begins, above the reset */
  double *exact_threshold, *exact_bias;              /* in the chip's scale, before they are rounded */
} nirc_loihi2_population;

/* Of neuron i. */
static inline int64_t nirc_loihi2_number(const nirc_loihi2_numbers *n, const nirc_loihi2_population *p, size_t i) { return n->value[i * n->n / p->count]; }

typedef enum nirc_loihi2_kind { NIRC_LOIHI2_DENSE, NIRC_LOIHI2_SPARSE, NIRC_LOIHI2_CONV } nirc_loihi2_kind;

typedef struct nirc_loihi2_synapse {
  int from, to;                                      /* index of a population; NIRC_LOIHI2_INPUT */
  nirc_loihi2_kind kind;
  nirc_matrix matrix;
  uint8_t *delays;                                   /* steps of each entry; NULL: `delay` for all */
  nirc_conv conv;
  size_t delay, balance;                             /* the largest delay, and the part of it that lets ways of different length end together */
  bool recurrent;
} nirc_loihi2_synapse;

typedef struct nirc_loihi2_options {
  double dt, scale;                                  /* scale 0: auto */
  bool unit;                                         /* I and IF carry no factor dt */
  bool clock_bias, strict, reset_zero, reset_given, subtract;
  size_t chips, cores_per_chip;                      /* chips 0: as many as are needed */
  unsigned without;                                  /* bits 1 << NIRC_LOIHI2_...: constraints that do not hold */
  bool min_cut;                                      /* cores for little traffic, not in order */
} nirc_loihi2_options;

typedef struct nirc_loihi2_placement nirc_loihi2_placement;

typedef struct nirc_loihi2_net {
  nirc_arena *arena;
  nirc_loihi2_options options;
  const nirc_op *input, *output;                     /* nir level; NULL in what was read back */
  nirc_shape input_shape;                            /* [n] or [channels, rows, columns] */
  nirc_loihi2_population *populations;
  size_t n_populations, max_populations;
  nirc_loihi2_synapse *synapses;
  size_t n_synapses, max_synapses;
  int last;                                          /* the population that is the output */
  nirc_activity activity;
  double *rate;                                      /* of the input, then of each population: spikes of a neuron in a step */
  const nirc_loihi2_placement *placement, *in_order; /* what the options ask for, and first-fit */
  const char **warnings;
  size_t n_warnings, max_warnings;
} nirc_loihi2_net;

static inline bool nirc_loihi2_lacks(const nirc_loihi2_net *x, int constraint) { return x->options.without >> constraint & 1; }
static inline const nirc_shape *nirc_loihi2_shape(const nirc_loihi2_net *x, int p)
{
  return p == NIRC_LOIHI2_INPUT ? &x->input_shape : &x->populations[p].shape;
}
static inline size_t nirc_loihi2_sources(const nirc_loihi2_net *x, int p)
{
  const nirc_shape *s = nirc_loihi2_shape(x, p);
  return (size_t)(s->rank == 3 ? s->dims[0] * s->dims[1] * s->dims[2] : s->dims[0]);
}
static inline const char *nirc_loihi2_name(const nirc_loihi2_net *x, int p) { return p == NIRC_LOIHI2_INPUT ? "input" : x->populations[p].name; }
extern const char *const nirc_loihi2_kind_names[];   /* by nirc_loihi2_kind */

nirc_loihi2_population *nirc_loihi2_add_population(nirc_loihi2_net *x, const char *name);
nirc_loihi2_synapse *nirc_loihi2_add_synapse(nirc_loihi2_net *x);
/* A warning that placement.json repeats; with a code, --loihi2-strict makes it an error. */
void nirc_loihi2_warn(nirc_loihi2_net *x, nirc_diag *d, bool strict, nirc_loc loc, const char *format, ...) NIRC_PRINTF(5, 6);

/* The entries of a synapse whose delay is `delay`, those of value 0 left out; nothing is copied where that is all of them. */
nirc_matrix nirc_loihi2_select(nirc_arena *a, const nirc_loihi2_synapse *s, unsigned delay);

bool nirc_loihi2_is_neuron(const nirc_op *op);       /* nir level: a node that becomes a population */

/* What l makes of what m sends, for a synapse to `to`; false after a refusal. */
bool nirc_loihi2_multiply(const nirc_loihi2_net *x, nirc_linear *l, const nirc_matrix *m, nirc_matrix *out, const nirc_op *to, nirc_diag *d);

/* Each reports every fault that it finds and returns false. */
bool nirc_loihi2_map(nirc_loihi2_net *x, nirc_module *m, nirc_diag *d);
bool nirc_loihi2_find_parameters(nirc_loihi2_net *x, nirc_module *m, nirc_diag *d);         /* gains, thresholds, decays */
bool nirc_loihi2_order(nirc_loihi2_net *x, nirc_diag *d);                                     /* loops, latencies, balance; kinds of synapses */
bool nirc_loihi2_quantise(nirc_loihi2_net *x, nirc_diag *d);
/* As few numbers as say the same. */
nirc_loihi2_numbers nirc_loihi2_reduce(nirc_arena *a, const nirc_shape *shape, const int64_t *value);

/* place.h and place.c */
typedef struct nirc_loihi2_words { size_t neuron, axon_in, synapse, axon_out; } nirc_loihi2_words;
typedef struct nirc_loihi2_slice { int population; size_t start, end; } nirc_loihi2_slice;      /* neurons; of a map, positions */
typedef struct nirc_loihi2_core { size_t chip, number, first; nirc_loihi2_words words; } nirc_loihi2_core;      /* first: of its slices */
struct nirc_loihi2_placement {
  nirc_loihi2_slice *slices;                         /* by core, of a core by population and start */
  nirc_loihi2_core *cores;                           /* n_cores and one behind them; by chip and number */
  size_t n_slices, n_cores, n_chips;
  nirc_figures figures;
};
/* How often neurons spike, out of the module, at the nir or hw level. */
void nirc_loihi2_find_rates(nirc_loihi2_net *x, const nirc_module *m);
/* In order, or for a small cut, as the options say; false where a neuron fits no core, or there are not so many chips. */
bool nirc_loihi2_place(nirc_loihi2_net *x, nirc_loc loc, nirc_diag *d);
/* Slices on cores of which chip and number are known, as read back: false where they are no placement of the populations, else with words and figures counted. */
bool nirc_loihi2_complete_placement(const nirc_loihi2_net *x, nirc_loihi2_placement *p);

void nirc_loihi2_lower(nirc_loihi2_net *x, nirc_module *m, const char *profile, nirc_diag *d);
bool nirc_loihi2_read(nirc_loihi2_net *x, const nirc_module *m, nirc_diag *d);

/* The populations in the order of a chain that netx can express, and the synapse into each; false with the reason where there is none. */
typedef struct nirc_loihi2_chain {
  int *population;
  const nirc_loihi2_synapse **forward, **recurrent;
  size_t n;
  int *layer;                                        /* of each population of the network, in network.net; -1: none */
  const char *reason;                                /* "" where there is a chain */
} nirc_loihi2_chain;
bool nirc_loihi2_find_chain(const nirc_loihi2_net *x, nirc_loihi2_chain *c);
bool nirc_loihi2_write_netx(const nirc_loihi2_net *x, const nirc_loihi2_chain *c, nirc_sink *out, nirc_diag *d);
bool nirc_loihi2_write_graph(const nirc_loihi2_net *x, nirc_sink *out, nirc_diag *d);
bool nirc_loihi2_write_placement(const nirc_loihi2_net *x, const nirc_loihi2_chain *c, const char *path, nirc_sink *out);

#endif
