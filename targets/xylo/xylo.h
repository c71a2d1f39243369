/* targets/xylo/xylo.h: what the parts of the target share, in the order in which they work: limits.c (the chips), graph.c (from the nodes of a network to
 * layers and blocks of weights), quantise.c (to the chip's numbers), advice.c (what would make it fit), lower.c (to the hw level), read.c (back from it), write.c (the files), target.c (options).
 * Must not know: command lines, how a module is executed. */
#ifndef NIRC_TARGETS_XYLO_XYLO_H
#define NIRC_TARGETS_XYLO_XYLO_H

#include "ir/base/sink.h"
#include "ir/op.h"

/* ---- the chips ------------------------------------------------------------------------------------------------------------ */

typedef struct nirc_xylo_chip {
  const char *name;                                  /* of --xylo-variant */
  const char *samna_class;                           /* whose properties xylo.json lists; NULL: it is what samna itself writes */
  bool is_imu;
  size_t inputs, hidden, outputs;
  size_t input_targets;                              /* the first so many hidden neurons are those that inputs may reach */
  size_t output_sources;                             /* the last so many those that may drive outputs */
  size_t connections, fanout;                        /* recurrent ones: in all, and of one hidden neuron */
} nirc_xylo_chip;

extern const nirc_xylo_chip nirc_xylo_chips[];       /* ended by a row without a name; the first is the default */
extern const char *const nirc_xylo_chip_names[];     /* the same names, NULL-terminated */
const nirc_xylo_chip *nirc_xylo_chip_find(const char *name);              /* NULL: the default; the name must be known */

enum {
  NIRC_XYLO_INPUT_EVENTS = 15, NIRC_XYLO_HIDDEN_SPIKES = 31, NIRC_XYLO_OUTPUT_SPIKES = 1,    /* that count, of one element and step */
  NIRC_XYLO_MAX_WEIGHT = 127, NIRC_XYLO_MAX_THRESHOLD = 32767, NIRC_XYLO_MAX_BIAS = 127, NIRC_XYLO_MAX_DASH = 15
};

/* ---- a network on a chip ---------------------------------------------------------------------------------------------------- */

/* Constraints that a network can be lowered without, by their place in the target's table. */
enum { NIRC_XYLO_WEIGHTS, NIRC_XYLO_TIME_CONSTANTS, NIRC_XYLO_ROUNDING, NIRC_XYLO_SATURATION, NIRC_XYLO_SPIKES, NIRC_XYLO_ORDER, NIRC_XYLO_DELAY,
       NIRC_XYLO_START, NIRC_XYLO_RESET };

/* What the options say. */
typedef struct nirc_xylo_choices {
  const nirc_xylo_chip *chip;
  double dt;
  bool reset_given, subtract;                        /* --reset */
  bool global, unit_gain, match_dc;                  /* --quant, --xylo-gain, --xylo-match */
  unsigned without;                                  /* bits 1 << NIRC_XYLO_...: constraints that do not hold */
} nirc_xylo_choices;

/* A layer of neurons. Arrays have `count` elements. */
typedef struct nirc_xylo_layer {
  const char *name;
  const nirc_op *node;                               /* nir level; NULL in what was read back from the hw level */
  size_t first, count;                               /* its numbers in the hidden (the output) population */
  size_t latency;                                    /* steps behind an evaluation without delays */
  size_t blocks, n_blocks;                           /* those to this layer: the first of them, how many */
  bool skew;                                         /* values that belong together arrive in different steps */
  double tau_mem_error, tau_syn_error;               /* the largest relative error of the time constants */
  int64_t *dash_mem, *dash_syn, *threshold, *bias;   /* the chip's numbers */
  double *scale;                                     /* the factor between the network's numbers and the chip's */
  double *exact_threshold, *exact_bias;              /* in the chip's scale, before they are rounded; NULL in what was read back */
  double weight_error_max, weight_error_mean;        /* of the weights to it (gain included), in the network's numbers; not read back */
} nirc_xylo_layer;

enum { NIRC_XYLO_INPUT = -1 };

/* Weights from one layer (or the input) to one: [pre][post]. */
typedef struct nirc_xylo_block {
  int from, to;                                      /* index of a layer; NIRC_XYLO_INPUT */
  size_t rows, columns;
  const nirc_op *node;                               /* nir level: the weights' node, the first of several; NULL in what was read back */
  double *value;                                     /* the network's; NULL in what was read back */
  int8_t *weight;                                    /* the chip's */
} nirc_xylo_block;

typedef struct nirc_xylo_network {
  nirc_arena *arena;
  nirc_xylo_choices choices;
  const char *input;                                 /* name of the node */
  size_t n_inputs, n_hidden, n_outputs;              /* neurons and channels */
  nirc_xylo_layer *layers;                           /* hidden layers in the order of their numbers; behind them the output layer */
  size_t n_layers;
  nirc_xylo_block *blocks;                           /* by (to, from): the order in which a layer's events arrive */
  size_t n_blocks;
} nirc_xylo_network;

static inline bool nirc_xylo_lacks(const nirc_xylo_network *x, int constraint) { return x->choices.without >> constraint & 1; }
static inline nirc_xylo_layer *nirc_xylo_output(const nirc_xylo_network *x) { return &x->layers[x->n_layers - 1]; }
static inline bool nirc_xylo_is_output(const nirc_xylo_network *x, int layer) { return (size_t)layer + 1 == x->n_layers; }

/* What a network takes of a chip. */
typedef struct nirc_xylo_use {
  size_t input_targets, output_sources;              /* from number 0, and to the last: what lies between counts */
  size_t connections, fanout;                        /* recurrent weights that are not 0 */
  size_t fanout_neuron;                              /* the first hidden neuron with that fanout */
  size_t *fanouts;                                   /* by hidden neuron */
} nirc_xylo_use;

/* graph.c: layers, their numbers, and blocks with the network's weights, from an inlined graph. Reports every refusal of a stage. */
bool nirc_xylo_map(nirc_xylo_network *x, nirc_module *m, nirc_diag *d);
/* quantise.c: the chip's numbers; all that has to fit. */
bool nirc_xylo_quantise(nirc_xylo_network *x, nirc_module *m, nirc_diag *d);
nirc_xylo_use nirc_xylo_measure(const nirc_xylo_network *x);
/* lower.c: in place, from the nir level to the hw level. */
void nirc_xylo_lower(const nirc_xylo_network *x, nirc_module *m, const char *profile, nirc_diag *d);
/* read.c: back from it. Names are the module's. */
bool nirc_xylo_read(nirc_xylo_network *x, const nirc_module *m, nirc_diag *d);
/* write.c: spec.json, xylo.json and placement.json, from the chip's numbers. */
bool nirc_xylo_write(const nirc_xylo_network *x, nirc_sink *out);
/* limits.c: is the chip's limit, the field at offset `field`, at least `have`? If not, the refusal `WHAT: HAVE required, limit LIMIT`. */
bool nirc_xylo_fits(const nirc_xylo_network *x, size_t have, size_t field, const char *code, const char *what, nirc_loc loc, nirc_diag *d);
/* limits.c: notes with the variants whose limit is. */
void nirc_xylo_suggest(const nirc_xylo_network *x, size_t have, size_t field, nirc_loc loc, nirc_diag *d);
/* advice.c: notes on the layers from..to-1, which together have `excess` neurons more than fit. */
void nirc_xylo_advise_layers(const nirc_xylo_network *x, size_t from, size_t to, size_t excess, nirc_diag *d);
/* The same of recurrent weights: of which blocks they are; of the layers whose neurons have too many targets. */
void nirc_xylo_advise_connections(const nirc_xylo_network *x, size_t excess, nirc_diag *d);
void nirc_xylo_advise_fanout(const nirc_xylo_network *x, nirc_diag *d);
/* The first layer that drives the output, and the one behind the last that inputs reach. */
size_t nirc_xylo_first_source(const nirc_xylo_network *x);
size_t nirc_xylo_end_of_targets(const nirc_xylo_network *x);

#endif
