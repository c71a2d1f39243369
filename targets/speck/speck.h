/* targets/speck/speck.h: a network as the cores of a Speck hold it. In the order in which it comes to be:
 *     graph.c      nodes to layers: one weight node and one IF each, pooling on the ways between them
 *     shape.c      kernels, maps and parameters of neurons; what the chip's registers can say
 *     quantise.c   float32 to int8 weights and biases, int16 thresholds
 *     place.c      layers to cores
 *     advice.c     what would make a network fit
 *     lower.c      layers to the hw level
 *     read.c       and back from there: what is written is what an emulator computes
 *     write.c      layers to speck2f.json and placement.json
 * Owns: the codes of refusals.
 * Must not know: options as text, files. */
#ifndef NIRC_TARGETS_SPECK_SPECK_H
#define NIRC_TARGETS_SPECK_SPECK_H

#include "ir/op.h"
#include "targets/speck/limits.h"

typedef struct nirc_speck_map { uint64_t features, rows, columns; } nirc_speck_map;

/* Where the spikes of a layer go: to another layer, summed over squares of `pooling`. */
typedef struct nirc_speck_way { size_t layer; int64_t pooling; } nirc_speck_way;

/* Pairs are [rows, columns], as NIR has them. */
typedef struct nirc_speck_layer {
  const char *weight, *neuron;                       /* node names */
  const nirc_op *weight_op, *neuron_op;              /* NULL when read from the hw level */
  nirc_speck_way to[NIRC_SPECK_DESTINATIONS];        /* in order of the layers they lead to */
  size_t n_to;
  bool from_input, monitored;                        /* an Input feeds it; it feeds an Output */
  const nirc_op *inputs[NIRC_SPECK_CORES];           /* those Inputs; none when read from the hw level */
  size_t n_inputs;
  int64_t area;                                      /* average pooling on the way in divides by it */

  nirc_speck_map in, out;                            /* out: before pooling */
  int64_t kernel, stride[2], padding[2];
  float r, threshold;

  int8_t *weights, *biases;                          /* [out.features][in.features][kernel][kernel]; [out.features] */
  int32_t threshold_high, threshold_low;
  const float *exact_weights, *exact_biases;         /* the network's, before they are multiplied with `scale` and rounded; NULL when read from the hw level */
  float scale;                                       /* what all numbers were multiplied with */
  double weight_error_max, weight_error_mean;        /* of the weights behind r and average pooling, in the network's numbers; not read back */

  nirc_speck_words words;
  int core;
} nirc_speck_layer;

typedef struct nirc_speck_output { const nirc_op *op; size_t layer; } nirc_speck_output;

/* Constraints that a network can be lowered without, by their place in the target's table. */
enum { NIRC_SPECK_WEIGHTS, NIRC_SPECK_SPIKES, NIRC_SPECK_LOWER_BOUND, NIRC_SPECK_EVENTS, NIRC_SPECK_RESET };

/* What the command line has chosen. */
typedef struct nirc_speck_options {
  const char *chip;                                  /* "speck2f", "speck2e" */
  bool dvs;                                          /* the chip's own sensor feeds the network */
  bool readout;                                      /* the last layer feeds the readout */
  bool event;                                        /* what is emulated: each event by itself; else frames */
  bool to_zero;                                      /* a spike sets v to 0; else it takes the threshold from v */
  unsigned without;                                  /* bits 1 << NIRC_SPECK_...: constraints that do not hold */
} nirc_speck_options;

typedef struct nirc_speck_net {
  nirc_arena *arena;
  nirc_speck_options options;
  nirc_speck_layer layers[NIRC_SPECK_CORES];         /* sources come first; among equals, by name of the IF */
  size_t n;
  nirc_speck_map sensor;                             /* shape of the Input, where the sensor is it */
  nirc_speck_output *outputs;                        /* none when read from the hw level */
  size_t n_outputs;
} nirc_speck_net;

/* Each reports every fault it finds and returns false. `m` is a module at the nir level without nested graphs, its ids are used up. */
bool nirc_speck_find_layers(nirc_speck_net *net, nirc_module *m, nirc_diag *d);
bool nirc_speck_check_shapes(nirc_speck_net *net, nirc_module *m, nirc_diag *d);
/* `dt`: r is multiplied with it; 1 for profiles that count steps. */
bool nirc_speck_quantise(nirc_speck_net *net, nirc_module *m, double dt, nirc_diag *d);
bool nirc_speck_place(nirc_speck_net *net, nirc_diag *d);

/* The four of them. */
bool nirc_speck_map_network(nirc_speck_net *net, nirc_module *m, double dt, nirc_diag *d);

/* A core for each layer, fits[layer][core], by shortest augmenting paths: core[layer], or false where there is none for all, and -1 for those left. */
bool nirc_speck_match(bool (*fits)[NIRC_SPECK_CORES], size_t n, int core[]);
/* Is any bias other than 0? */
bool nirc_speck_leaks(const nirc_speck_layer *l);
/* Features of the map as the chip holds it: between classes of the readout are some that stay empty. */
uint64_t nirc_speck_features(const nirc_speck_net *net, const nirc_speck_layer *l);

/* Words of a layer's shapes, into l->words. */
void nirc_speck_count_words(const nirc_speck_net *net, nirc_speck_layer *l);
/* Rows (axis 0) or columns of what a convolution sends, with that stride; 0 where its kernel is larger than what arrives. */
uint64_t nirc_speck_window_count(const nirc_speck_layer *l, int axis, int64_t stride);
/* Notes on what would make the network fit, layer `left` having no core. */
void nirc_speck_advise(nirc_speck_net *net, bool (*fits)[NIRC_SPECK_CORES], size_t left, nirc_diag *d);

/* Does the layer's share of memory fit the core? */
bool nirc_speck_fits(const nirc_speck_layer *l, int core);

/* The scale that makes `n` numbers fill `bits` bits; infinite where all are 0. Every operation is rounded to float32. */
float nirc_speck_scale(const float *x, size_t n, int bits);

#endif
