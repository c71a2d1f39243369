/* targets/speck/lower.c: layers as a step of the hw level. What a core computes stands in the ops: a snn.conv with the weights, a snn.neuron with
 * biases and thresholds. Where it stands, and where its spikes go, is in a hw.place each, in order of layers. read.c reads both.
 *
 * In the model of frames the events of a step arrive at once, and a neuron sends as many spikes as thresholds fit into v. In that of events all cores
 * are one op, hw.cores, in which each event is worked on by itself; its hw.core ops then have the numbers. */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "ir/cores.h"
#include "targets/hw_build.h"
#include "targets/speck/lower.h"

#define SUBTRACT "v = v - z*v_threshold"
#define TO_ZERO "v = z > 0 ? 0 : v"
#define EQUATION(bias, reset) \
  "v = v + i64(x)" bias "; saturations_v = v < -32768 || v > 32767; z = v >= v_threshold ? v/v_threshold : 0; " reset "; lower_bounds = v < v_low; v = max(v, v_low); z = f64(z)"

/* ---- ops -------------------------------------------------------------------------------------------------------------------- */

typedef struct builder {
  nirc_speck_net *net;
  nirc_module *m;
  nirc_hw_builder hw;
  nirc_op *graph;
  nirc_value **inputs;                               /* by id of the Input */
  nirc_value *ports[NIRC_SPECK_CORES + 1];           /* the same in order of names, from 1 */
  size_t n_ports;
  nirc_value *spikes[NIRC_SPECK_CORES];              /* by layer, in the shape that the network has */
} builder;

static nirc_shape shape_of(const nirc_speck_map *m)
{
  return (nirc_shape){.rank = 3, .dims = {m->features, m->rows, m->columns}};
}

static void set_pair_of(builder *b, nirc_op *op, const char *name, const int64_t v[2])
{
  nirc_shape s = nirc_hw_pair((uint64_t)v[0], (uint64_t)v[1]);
  nirc_op_set_shape(b->m, op, name, &s);
}

static bool lacks(const builder *b, int constraint)
{
  return b->net->options.without >> constraint & 1;
}

/* Spikes of a layer as another receives them. */
static nirc_value *pooled(builder *b, const nirc_speck_layer *from, size_t layer, int64_t size)
{
  nirc_shape map = shape_of(&from->out);
  nirc_value *v = nirc_hw_reshaped(&b->hw, from->neuron_op, NULL, b->spikes[layer], &map);
  if (size == 1)
    return v;
  uint64_t p = (uint64_t)size;
  nirc_shape square = nirc_hw_pair(p, p), none = nirc_hw_pair(0, 0), out = {.rank = 3, .dims = {map.dims[0], map.dims[1] / p, map.dims[2] / p}};
  nirc_op *op = nirc_hw_append(&b->hw, from->neuron_op, SNN_SUM_POOL, NULL, &v, 1);
  nirc_op_set_shape(b->m, op, "kernel_size", &square);
  nirc_op_set_shape(b->m, op, "stride", &square);
  nirc_op_set_shape(b->m, op, "before", &none);
  return nirc_hw_typed(&b->hw, op, NIRC_F64, &out);
}

/* All events that reach a core in a step. */
static nirc_value *gather(builder *b, size_t layer)
{
  const nirc_speck_layer *l = &b->net->layers[layer];
  nirc_shape map = shape_of(&l->in);
  nirc_value *sum = NULL;
  for (size_t i = 0; i < l->n_inputs; i++)
    sum = nirc_hw_sum(&b->hw, l->weight_op, NULL, sum, nirc_hw_reshaped(&b->hw, l->inputs[i], NULL, b->inputs[l->inputs[i]->id], &map));
  for (size_t s = 0; s < layer; s++)
    for (size_t t = 0; t < b->net->layers[s].n_to; t++)
      if (b->net->layers[s].to[t].layer == layer)
        sum = nirc_hw_sum(&b->hw, l->weight_op, NULL, sum, pooled(b, &b->net->layers[s], s, b->net->layers[s].to[t].pooling));
  return sum;
}

static nirc_value *convolve(builder *b, const nirc_speck_layer *l, nirc_value *in)
{
  uint64_t k = (uint64_t)l->kernel;
  nirc_shape weights = {.rank = 4, .dims = {l->out.features, l->in.features, k, k}}, out = shape_of(&l->out), one = nirc_hw_pair(1, 1);
  void *data;
  nirc_blob *w = nirc_hw_blob(&b->hw, NIRC_F64, &weights, &data);
  for (size_t i = 0; i < w->count; i++)
    ((double *)data)[i] = lacks(b, NIRC_SPECK_WEIGHTS) ? (double)l->exact_weights[i] : l->weights[i];
  nirc_op *op = nirc_hw_append(&b->hw, l->weight_op, SNN_CONV, NULL, &in, 1);
  nirc_op_set_blob(b->m, op, "weight", w);
  set_pair_of(b, op, "stride", l->stride);
  nirc_op_set_shape(b->m, op, "dilation", &one);
  set_pair_of(b, op, "before", l->padding);
  nirc_op_set_int(b->m, op, "groups", 1);
  return nirc_hw_typed(&b->hw, op, NIRC_F64, &out);
}

static void set_bias(builder *b, const nirc_speck_layer *l, nirc_op *op, const nirc_shape *shape)
{
  void *data;
  nirc_blob *bias = nirc_hw_blob(&b->hw, NIRC_I64, shape, &data);
  size_t each = bias->count / (size_t)l->out.features;
  for (size_t i = 0; i < bias->count; i++)
    ((int64_t *)data)[i] = l->biases[i / each];
  nirc_op_set_blob(b->m, op, "bias", bias);
}

static void add_probe(builder *b, const nirc_op *node, const char *what, nirc_value *v)
{
  if (nirc_op_attr(node, "probe"))
    nirc_hw_probe(&b->hw, node, what, v);
}

static nirc_value *new_state(builder *b, const nirc_op *neurons, nirc_dtype elem)
{
  const char *name = nirc_arena_printf(b->m->arena, "%s/v", neurons->name);
  return nirc_hw_state(&b->hw, neurons, name, nirc_hw_zero(&b->hw, elem, &neurons->results[0].type->shape));
}

static void set_free_numbers(builder *b, const nirc_speck_layer *l, nirc_op *op, bool biased)
{
  const nirc_shape *shape = &l->neuron_op->results[0].type->shape;
  bool exact = lacks(b, NIRC_SPECK_WEIGHTS);
  nirc_op_set_blob(b->m, op, "v_threshold", nirc_hw_splat(&b->hw, NIRC_F64, shape, &(double){exact ? (double)l->threshold : l->threshold_high}));
  if (!lacks(b, NIRC_SPECK_LOWER_BOUND))
    nirc_op_set_blob(b->m, op, "v_low", nirc_hw_splat(&b->hw, NIRC_F64, shape, &(double){exact ? -(double)l->threshold : l->threshold_low}));
  if (!biased)
    return;
  void *data;
  nirc_blob *bias = nirc_hw_blob(&b->hw, NIRC_F64, shape, &data);
  size_t each = bias->count / (size_t)l->out.features;
  for (size_t i = 0; i < bias->count; i++)
    ((double *)data)[i] = exact ? (double)l->exact_biases[i / each] : l->biases[i / each];
  nirc_op_set_blob(b->m, op, "bias", bias);
}

/* Some constraint does not hold: the neurons of a layer in real numbers. */
static nirc_value *fire_freely(builder *b, const nirc_speck_layer *l, nirc_value *x)
{
  bool bounded = !lacks(b, NIRC_SPECK_LOWER_BOUND);
  const nirc_shape *shape = &l->neuron_op->results[0].type->shape;
  bool biased = false;
  for (uint64_t f = 0; f < l->out.features; f++)
    biased |= l->exact_biases[f] != 0;
  nirc_value *v = new_state(b, l->neuron_op, NIRC_F64), *in[] = {nirc_hw_reshaped(&b->hw, l->neuron_op, NULL, x, shape), v};
  const char *equation = nirc_arena_printf(b->m->arena, "v = v + x%s; z = %s; %s%s", biased ? " + bias" : "",
                                           lacks(b, NIRC_SPECK_SPIKES) ? "v > v_threshold ? 1 : 0" : "v > 0 ? trunc(v/v_threshold) : 0",
                                           b->net->options.to_zero ? TO_ZERO : SUBTRACT, bounded ? "; v = max(v, v_low)" : "");
  nirc_op *op = nirc_hw_neuron(&b->hw, l->neuron_op, NULL, in, 2, "x v", "z v", equation);
  set_free_numbers(b, l, op, biased);
  nirc_op_set_results(b->m, op, (const nirc_type *[]){v->type, v->type}, 2);
  nirc_hw_update(&b->hw, l->neuron_op, NULL, v, &op->results[1]);
  add_probe(b, l->neuron_op, "spikes", &op->results[0]);
  add_probe(b, l->neuron_op, "v", &op->results[1]);
  return &op->results[0];
}

static nirc_value *fire(builder *b, const nirc_speck_layer *l, nirc_value *x)
{
  static const char *const equations[2][2] = {{EQUATION("", SUBTRACT), EQUATION("", TO_ZERO)}, {EQUATION(" + bias", SUBTRACT), EQUATION(" + bias", TO_ZERO)}};
  const nirc_shape *shape = &l->neuron_op->results[0].type->shape;
  bool biased = nirc_speck_leaks(l);
  nirc_value *v = new_state(b, l->neuron_op, NIRC_I64), *in[] = {nirc_hw_reshaped(&b->hw, l->neuron_op, NULL, x, shape), v};
  nirc_op *op = nirc_hw_neuron(&b->hw, l->neuron_op, NULL, in, 2, "x v", "z v", equations[biased][b->net->options.to_zero]);
  nirc_op_set_string(b->m, op, "counts", "saturations_v lower_bounds");
  if (biased)
    set_bias(b, l, op, shape);
  nirc_op_set_blob(b->m, op, "v_threshold", nirc_hw_splat(&b->hw, NIRC_I64, shape, &(int64_t){l->threshold_high}));
  nirc_op_set_blob(b->m, op, "v_low", nirc_hw_splat(&b->hw, NIRC_I64, shape, &(int64_t){l->threshold_low}));
  nirc_op_set_results(b->m, op, (const nirc_type *[]){nirc_type_get(&b->m->types, NIRC_F64, shape), v->type}, 2);
  nirc_hw_update(&b->hw, l->neuron_op, NULL, v, &op->results[1]);
  add_probe(b, l->neuron_op, "spikes", &op->results[0]);
  add_probe(b, l->neuron_op, "v", &op->results[1]);
  return &op->results[0];
}

/* ---- events ------------------------------------------------------------------------------------------------------------------- */

/* Among the cores that are used. */
static uint64_t rank_of(const nirc_speck_net *net, const nirc_speck_layer *l)
{
  uint64_t rank = 0;
  for (size_t i = 0; i < net->n; i++)
    rank += net->layers[i].core < l->core;
  return rank;
}

static void set_ways(builder *b, nirc_op *op, const nirc_speck_layer *l)
{
  nirc_shape to = {.rank = (uint32_t)l->n_to}, pooling = to, inputs = {0};
  for (size_t t = 0; t < l->n_to; t++) {
    to.dims[t] = rank_of(b->net, &b->net->layers[l->to[t].layer]);
    pooling.dims[t] = (uint64_t)l->to[t].pooling;
  }
  for (size_t i = 0; i < l->n_inputs; i++)
    for (size_t port = 1; port <= b->n_ports; port++)
      if (b->ports[port] == b->inputs[l->inputs[i]->id])
        inputs.dims[inputs.rank++] = port;
  nirc_op_set_shape(b->m, op, "to", &to);
  nirc_op_set_shape(b->m, op, "pooling", &pooling);
  nirc_op_set_shape(b->m, op, "inputs", &inputs);
}

/* Of whole numbers so fine that they are as good as the network's own: the factor, a power of two, with which none is beyond 2^22. */
static double fine_scale(const nirc_speck_layer *l, size_t n)
{
  double most = (double)l->threshold;
  for (size_t i = 0; i < n; i++)
    most = fmax(most, fabs((double)l->exact_weights[i]));
  for (uint64_t f = 0; f < l->out.features; f++)
    most = fmax(most, fabs((double)l->exact_biases[f]));
  return exp2(floor(22 - log2(most)));
}

static bool leaks(const builder *b, const nirc_speck_layer *l)
{
  bool any = false;
  for (uint64_t f = 0; lacks(b, NIRC_SPECK_WEIGHTS) && f < l->out.features; f++)
    any |= l->exact_biases[f] != 0;
  return any || nirc_speck_leaks(l);
}

/* Weights, biases and thresholds; without these constraints in finer numbers, and without an end below that any network comes to. */
static void set_core_numbers(builder *b, nirc_op *op, const nirc_speck_layer *l)
{
  uint64_t k = (uint64_t)l->kernel;
  nirc_shape shape = {.rank = 4, .dims = {l->out.features, l->in.features, k, k}}, features = nirc_shape_1d(l->out.features);
  bool fine = lacks(b, NIRC_SPECK_WEIGHTS);
  size_t n = (size_t)(l->out.features * l->in.features * k * k);
  double scale = fine ? fine_scale(l, n) : 1;
  void *data;
  nirc_op_set_blob(b->m, op, "weight", nirc_hw_blob(&b->hw, fine ? NIRC_I32 : NIRC_I8, &shape, &data));
  for (size_t i = 0; fine && i < n; i++)
    ((int32_t *)data)[i] = (int32_t)rint((double)l->exact_weights[i] * scale);
  if (!fine)
    memcpy(data, l->weights, n);
  if (leaks(b, l)) {
    nirc_op_set_blob(b->m, op, "bias", nirc_hw_blob(&b->hw, NIRC_I64, &features, &data));
    for (uint64_t f = 0; f < l->out.features; f++)
      ((int64_t *)data)[f] = fine ? (int64_t)rint((double)l->exact_biases[f] * scale) : l->biases[f];
  }
  int64_t threshold = fine ? (int64_t)rint((double)l->threshold * scale) : l->threshold_high, low = fine ? -threshold : l->threshold_low;
  nirc_op_set_int(b->m, op, "v_threshold", threshold);
  nirc_op_set_int(b->m, op, "v_low", lacks(b, NIRC_SPECK_LOWER_BOUND) ? -INT32_MAX : low);
}

static void make_core(builder *b, nirc_op *cores, const nirc_speck_layer *l)
{
  nirc_op *op = nirc_op_new(b->m, cores->body, HW_CORE, l->neuron, l->neuron_op->loc);
  nirc_shape map = shape_of(&l->in);
  set_core_numbers(b, op, l);
  nirc_op_set_shape(b->m, op, "map", &map);
  set_pair_of(b, op, "stride", l->stride);
  set_pair_of(b, op, "before", l->padding);
  nirc_op_set_int(b->m, op, "to_zero", b->net->options.to_zero);
  set_ways(b, op, l);
  nirc_op_set_int(b->m, op, "core", l->core);
  nirc_op_set_string(b->m, op, "synapse", l->weight);
}

/* Neurons of a layer among those of the chip. */
static nirc_value *slice(builder *b, const nirc_speck_layer *l, nirc_value *all, size_t first)
{
  nirc_op *op = nirc_hw_append(&b->hw, l->neuron_op, HW_SLICE, NULL, &all, 1);
  nirc_op_set_int(b->m, op, "first", (int64_t)first);
  return nirc_hw_typed(&b->hw, op, all->type->elem, &l->neuron_op->results[0].type->shape);
}

/* In the order of the cores, which is that of events at the same time. */
static void make_cores(builder *b)
{
  const nirc_speck_layer *on[NIRC_SPECK_CORES];
  size_t n = 0, first[NIRC_SPECK_CORES];
  for (size_t i = 0; i < b->net->n; i++)
    on[rank_of(b->net, &b->net->layers[i])] = &b->net->layers[i];
  for (size_t k = 0; k < b->net->n; k++) {
    first[on[k] - b->net->layers] = n;
    n += on[k]->neuron_op->results[0].type->count;
  }
  nirc_shape all = nirc_shape_1d(n);
  b->ports[0] = nirc_hw_state(&b->hw, b->graph, "chip/v", nirc_hw_zero(&b->hw, NIRC_I64, &all));
  nirc_op *cores = nirc_hw_append(&b->hw, b->graph, HW_CORES, NULL, b->ports, b->n_ports + 1);
  for (size_t k = 0; k < b->net->n; k++)
    make_core(b, cores, on[k]);
  nirc_op_set_results(b->m, cores, (const nirc_type *[]){nirc_type_get(&b->m->types, NIRC_F64, &all), b->ports[0]->type}, 2);
  nirc_hw_update(&b->hw, b->graph, NULL, b->ports[0], &cores->results[1]);
  for (size_t i = 0; i < b->net->n; i++) {
    const nirc_speck_layer *l = &b->net->layers[i];
    b->spikes[i] = slice(b, l, &cores->results[0], first[i]);
    add_probe(b, l->neuron_op, "spikes", b->spikes[i]);
    if (nirc_op_attr(l->neuron_op, "probe"))
      add_probe(b, l->neuron_op, "v", slice(b, l, &cores->results[1], first[i]));
  }
}

static void make_frames(builder *b)
{
  for (size_t i = 0; i < b->net->n; i++) {
    const nirc_speck_layer *l = &b->net->layers[i];
    nirc_value *sum = convolve(b, l, gather(b, i));
    add_probe(b, l->weight_op, "value", sum);
    b->spikes[i] = b->net->options.without ? fire_freely(b, l, sum) : fire(b, l, sum);
  }
}

/* ---- what the target has decided ---------------------------------------------------------------------------------------------- */

static void describe_layer(builder *b, const nirc_speck_layer *l)
{
  nirc_attr *p = nirc_hw_place(&b->hw, l->neuron_op, NULL, NULL);
  nirc_op_set_blob(b->m, b->hw.step->body->last, "cores", nirc_hw_splat(&b->hw, NIRC_I64, &l->neuron_op->results[0].type->shape, &(int64_t){l->core}));
  nirc_shape to = {.rank = (uint32_t)l->n_to}, pooling = to;
  for (size_t t = 0; t < l->n_to; t++) {
    to.dims[t] = l->to[t].layer;
    pooling.dims[t] = (uint64_t)l->to[t].pooling;
  }
  nirc_dict_add_string(b->m, p, "weight", l->weight);
  nirc_dict_add_int(b->m, p, "core", l->core);
  nirc_dict_add_shape(b->m, p, "to", to);
  nirc_dict_add_shape(b->m, p, "pooling", pooling);
  nirc_dict_add_int(b->m, p, "from_input", l->from_input);
  nirc_dict_add_int(b->m, p, "monitored", l->monitored);
  nirc_dict_add_int(b->m, p, "kernel_words", (int64_t)l->words.kernel);
  nirc_dict_add_int(b->m, p, "neuron_words", (int64_t)l->words.neuron);
  nirc_dict_add_int(b->m, p, "bias_words", (int64_t)l->words.bias);
  nirc_dict_add_float(b->m, p, "scale", (double)l->scale);
  nirc_dict_add_float(b->m, p, "weight_error_max", l->weight_error_max);
  nirc_dict_add_float(b->m, p, "weight_error_mean", l->weight_error_mean);
}

/* One kind of memory: its words, core by core; and how many of all are used. */
static void describe_memory(builder *b, nirc_attr *memory, nirc_attr *resources, const char *name, size_t offset)
{
  nirc_shape shape = nirc_shape_1d(NIRC_SPECK_CORES);
  void *data;
  nirc_blob *blob = nirc_hw_blob(&b->hw, NIRC_I64, &shape, &data);
  uint64_t used = 0, have = 0;
  for (size_t c = 0; c < NIRC_SPECK_CORES; c++) {
    uint64_t words = *(const uint64_t *)(const void *)((const char *)&nirc_speck_memory[c] + offset);
    ((int64_t *)data)[c] = (int64_t)words;
    have += words;
  }
  for (size_t i = 0; i < b->net->n; i++)
    used += *(const uint64_t *)(const void *)((const char *)&b->net->layers[i].words + offset);
  nirc_dict_add_blob(b->m, memory, name, blob);
  nirc_dict_add_shape(b->m, resources, name, nirc_hw_pair(used, have));
}

static void describe_chip(builder *b)
{
  const nirc_speck_options *o = &b->net->options;
  nirc_op_set_string(b->m, b->hw.step, "target", "speck");
  nirc_attr *c = nirc_op_set_attr(b->m, b->hw.step, "chip", NIRC_ATTR_DICT);
  nirc_dict_add_string(b->m, c, "variant", o->chip);
  nirc_dict_add_string(b->m, c, "input", o->dvs ? "dvs" : "host");
  if (o->dvs)
    nirc_dict_add_shape(b->m, c, "sensor", shape_of(&b->net->sensor));
  nirc_dict_add_int(b->m, c, "readout", o->readout);
  nirc_dict_add_string(b->m, c, "reset", o->to_zero ? "v_reset" : "subtract");
  nirc_dict_add_string(b->m, c, "model", o->event ? "event" : "frame");
  nirc_dict_add_string(b->m, c, "edges", "pooling");
  nirc_attr *memory = nirc_dict_add(b->m, c, "memory", NIRC_ATTR_DICT), *resources = nirc_dict_add(b->m, c, "resources", NIRC_ATTR_DICT);
  nirc_dict_add_shape(b->m, resources, "cores", nirc_hw_pair(b->net->n, NIRC_SPECK_CORES));
  describe_memory(b, memory, resources, "kernel_words", offsetof(nirc_speck_words, kernel));
  describe_memory(b, memory, resources, "neuron_words", offsetof(nirc_speck_words, neuron));
  describe_memory(b, memory, resources, "bias_words", offsetof(nirc_speck_words, bias));
}

/* ---- the step ------------------------------------------------------------------------------------------------------------------- */

/* The next op of that kind by name, behind `last`. */
static nirc_op *next_port(builder *b, nirc_opcode code, const nirc_op *last)
{
  nirc_op *next = NULL;
  NIRC_FOR_EACH_OP(op, b->graph->body)
    if (op->code == code && (!last || strcmp(op->name, last->name) > 0) && (!next || strcmp(op->name, next->name) < 0))
      next = op;
  return next;
}

static void make_inputs(builder *b)
{
  for (nirc_op *op = NULL; (op = next_port(b, NIR_INPUT, op));) {
    b->inputs[op->id] = b->ports[++b->n_ports] = nirc_hw_input(&b->hw, op);
    add_probe(b, op, "value", b->inputs[op->id]);
  }
}

static void make_outputs(builder *b)
{
  for (nirc_op *op = NULL; (op = next_port(b, NIR_OUTPUT, op));)
    for (size_t i = 0; i < b->net->n_outputs; i++)
      if (b->net->outputs[i].op == op) {
        nirc_value *v = nirc_hw_reshaped(&b->hw, op, NULL, b->spikes[b->net->outputs[i].layer], &op->results[0].type->shape);
        nirc_op_set_string(b->m, nirc_hw_append(&b->hw, op, SNN_OUTPUT, NULL, &v, 1), "name", op->name);
        add_probe(b, op, "value", v);
      }
}

/* What has no value of its own; no word of it where everything is asked for. */
static void warn_probes(builder *b, nirc_diag *d)
{
  bool all = true;
  NIRC_FOR_EACH_OP(op, b->graph->body)
    all = all && nirc_op_attr(op, "probe");
  NIRC_FOR_EACH_OP(op, b->graph->body)
    if (all || !nirc_op_attr(op, "probe"))
      continue;
    else if (op->code == NIR_SUM_POOL2D || op->code == NIR_AVG_POOL2D || op->code == NIR_FLATTEN || op->code == NIR_IDENTITY)
      nirc_warning(d, op->loc, "'%s': --probe records nothing of this node: on the chip it is part of a way from one core to the next", op->name);
    else if (b->net->options.event && op->code != NIR_IF && op->code != NIR_INPUT && op->code != NIR_OUTPUT)
      nirc_warning(d, op->loc, "'%s': --probe records nothing of this node: in the model of events weights are added one by one", op->name);
}

void nirc_speck_build(nirc_speck_net *net, nirc_module *m, const char *profile, double dt, nirc_diag *d)
{
  builder b = {.net = net, .m = m, .graph = m->body.first};
  warn_probes(&b, d);
  size_t n = 0;
  NIRC_FOR_EACH_OP(op, b.graph->body)
    op->id = (uint32_t)n++;
  b.inputs = NIRC_NEW_ARRAY(net->arena, nirc_value *, n + 1);
  b.hw = nirc_hw_build(m, dt, profile, net->options.to_zero ? "v_reset" : "subtract");
  if (!net->options.without)
    describe_chip(&b);
  for (size_t i = 0; i < net->n && !net->options.without; i++)
    describe_layer(&b, &net->layers[i]);
  make_inputs(&b);
  if (net->options.event && !lacks(&b, NIRC_SPECK_EVENTS) && !lacks(&b, NIRC_SPECK_SPIKES))
    make_cores(&b);
  else
    make_frames(&b);
  make_outputs(&b);
  nirc_op_erase(b.graph);
}
