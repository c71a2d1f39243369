/* targets/speck/lower.c: layers as a step of the hw level. What a core computes stands in the ops: a snn.conv with the weights, a snn.neuron with
 * biases and thresholds. Where it stands, and where its spikes go, is in a hw.place each, in order of layers. read.c reads both.
 *
 * In the model of frames the events of a step arrive at once, and a neuron sends as many spikes as thresholds fit into v. In that of events all cores
 * are one op, hw.cores, in which each event is worked on by itself; its hw.core ops then have the numbers. */
#include <stddef.h>
#include <string.h>

#include "ir/cores.h"
#include "targets/speck/lower.h"

#define SUBTRACT "v = v - z*v_threshold"
#define TO_ZERO "v = z > 0 ? 0 : v"
#define EQUATION(bias, reset) \
  "v = v + i64(x)" bias "; saturations_v = v < -32768 || v > 32767; z = v >= v_threshold ? v/v_threshold : 0; " reset "; lower_bounds = v < v_low; v = max(v, v_low); z = f64(z)"

/* ---- attributes in a dictionary ------------------------------------------------------------------------------------------- */

static void add_int(nirc_module *m, nirc_attr *dict, const char *name, int64_t i)
{
  nirc_dict_add(m, dict, name, NIRC_ATTR_INT)->i = i;
}

static void add_string(nirc_module *m, nirc_attr *dict, const char *name, const char *s)
{
  nirc_dict_add(m, dict, name, NIRC_ATTR_STRING)->s = nirc_arena_strdup(m->arena, s);
}

static void add_float(nirc_module *m, nirc_attr *dict, const char *name, double f)
{
  nirc_dict_add(m, dict, name, NIRC_ATTR_FLOAT)->f = f;
}

static void add_list(nirc_module *m, nirc_attr *dict, const char *name, nirc_shape list)
{
  nirc_dict_add(m, dict, name, NIRC_ATTR_SHAPE)->shape = list;
}

/* ---- ops -------------------------------------------------------------------------------------------------------------------- */

typedef struct builder {
  nirc_speck_net *net;
  nirc_module *m;
  nirc_op *graph, *step;
  nirc_value **inputs;                               /* by id of the Input */
  nirc_value *ports[NIRC_SPECK_CORES + 1];           /* the same in order of names, from 1 */
  size_t n_ports;
  nirc_value *spikes[NIRC_SPECK_CORES];              /* by layer, in the shape that the network has */
} builder;

static nirc_op *append(builder *b, const nirc_op *from, nirc_opcode code, nirc_value *const *in, size_t n)
{
  nirc_op *op = nirc_op_new(b->m, b->step->body, code, from->name, from->loc);
  nirc_op_set_operands(b->m, op, in, n);
  return op;
}

static nirc_value *typed(builder *b, nirc_op *op, nirc_dtype elem, const nirc_shape *shape)
{
  nirc_op_result(op)->type = nirc_type_get(&b->m->types, elem, shape);
  return nirc_op_result(op);
}

static nirc_shape shape_of(const nirc_speck_map *m)
{
  return (nirc_shape){.rank = 3, .dims = {m->features, m->rows, m->columns}};
}

static nirc_shape pair(uint64_t a, uint64_t b)
{
  return (nirc_shape){.rank = 2, .dims = {a, b}};
}

static void set_pair_of(builder *b, nirc_op *op, const char *name, const int64_t v[2])
{
  nirc_shape s = pair((uint64_t)v[0], (uint64_t)v[1]);
  nirc_op_set_shape(b->m, op, name, &s);
}

static nirc_value *reshaped(builder *b, const nirc_op *from, nirc_value *v, const nirc_shape *shape)
{
  if (nirc_shape_equal(&v->type->shape, shape))
    return v;
  return typed(b, append(b, from, SNN_RESHAPE, &v, 1), v->type->elem, shape);
}

static bool lacks(const builder *b, int constraint)
{
  return b->net->options.without >> constraint & 1;
}

/* One number for a layer. */
static nirc_blob *real_splat(builder *b, const nirc_shape *shape, double value)
{
  void *data;
  nirc_blob *blob = nirc_module_hold(b->m, nirc_blob_new(b->m->heap, NIRC_F64, shape, true, &data));
  memcpy(data, &value, sizeof value);
  return blob;
}

/* One whole number for a layer. */
static nirc_blob *whole_splat(builder *b, const nirc_shape *shape, int64_t value)
{
  void *data;
  nirc_blob *blob = nirc_module_hold(b->m, nirc_blob_new(b->m->heap, NIRC_I64, shape, true, &data));
  memcpy(data, &value, sizeof value);
  return blob;
}

/* Spikes of a layer as another receives them. */
static nirc_value *pooled(builder *b, const nirc_speck_layer *from, size_t layer, int64_t size)
{
  nirc_shape map = shape_of(&from->out);
  nirc_value *v = reshaped(b, from->neuron_op, b->spikes[layer], &map);
  if (size == 1)
    return v;
  uint64_t p = (uint64_t)size;
  nirc_shape square = pair(p, p), none = pair(0, 0), out = {.rank = 3, .dims = {map.dims[0], map.dims[1] / p, map.dims[2] / p}};
  nirc_op *op = append(b, from->neuron_op, SNN_SUM_POOL, &v, 1);
  nirc_op_set_shape(b->m, op, "kernel_size", &square);
  nirc_op_set_shape(b->m, op, "stride", &square);
  nirc_op_set_shape(b->m, op, "before", &none);
  return typed(b, op, NIRC_F64, &out);
}

static nirc_value *add(builder *b, const nirc_op *from, nirc_value *sum, nirc_value *v)
{
  if (!sum)
    return v;
  return typed(b, append(b, from, SNN_ADD, (nirc_value *[]){sum, v}, 2), NIRC_F64, &sum->type->shape);
}

/* All events that reach a core in a step. */
static nirc_value *gather(builder *b, size_t layer)
{
  const nirc_speck_layer *l = &b->net->layers[layer];
  nirc_shape map = shape_of(&l->in);
  nirc_value *sum = NULL;
  for (size_t i = 0; i < l->n_inputs; i++)
    sum = add(b, l->weight_op, sum, reshaped(b, l->inputs[i], b->inputs[l->inputs[i]->id], &map));
  for (size_t s = 0; s < layer; s++)
    for (size_t t = 0; t < b->net->layers[s].n_to; t++)
      if (b->net->layers[s].to[t].layer == layer)
        sum = add(b, l->weight_op, sum, pooled(b, &b->net->layers[s], s, b->net->layers[s].to[t].pooling));
  return sum;
}

static nirc_value *convolve(builder *b, const nirc_speck_layer *l, nirc_value *in)
{
  uint64_t k = (uint64_t)l->kernel;
  nirc_shape weights = {.rank = 4, .dims = {l->out.features, l->in.features, k, k}}, out = shape_of(&l->out), one = pair(1, 1);
  void *data;
  nirc_blob *w = nirc_module_hold(b->m, nirc_blob_new(b->m->heap, NIRC_F64, &weights, false, &data));
  for (size_t i = 0; i < w->count; i++)
    ((double *)data)[i] = lacks(b, NIRC_SPECK_WEIGHTS) ? (double)l->exact_weights[i] : l->weights[i];
  nirc_op *op = append(b, l->weight_op, SNN_CONV, &in, 1);
  nirc_op_set_blob(b->m, op, "weight", w);
  set_pair_of(b, op, "stride", l->stride);
  nirc_op_set_shape(b->m, op, "dilation", &one);
  set_pair_of(b, op, "before", l->padding);
  nirc_op_set_int(b->m, op, "groups", 1);
  return typed(b, op, NIRC_F64, &out);
}

static void set_bias(builder *b, const nirc_speck_layer *l, nirc_op *op, const nirc_shape *shape)
{
  void *data;
  nirc_blob *bias = nirc_module_hold(b->m, nirc_blob_new(b->m->heap, NIRC_I64, shape, false, &data));
  size_t each = bias->count / (size_t)l->out.features;
  for (size_t i = 0; i < bias->count; i++)
    ((int64_t *)data)[i] = l->biases[i / each];
  nirc_op_set_blob(b->m, op, "bias", bias);
}

static void add_probe(builder *b, const nirc_op *node, const char *what, nirc_value *v)
{
  if (nirc_op_attr(node, "probe"))
    nirc_op_set_string(b->m, append(b, node, SNN_PROBE, &v, 1), "name", nirc_arena_printf(b->m->arena, "%s/%s", node->name, what));
}

static void set_free_numbers(builder *b, const nirc_speck_layer *l, nirc_op *op, bool biased)
{
  const nirc_shape *shape = &l->neuron_op->results[0].type->shape;
  bool exact = lacks(b, NIRC_SPECK_WEIGHTS);
  nirc_op_set_blob(b->m, op, "v_threshold", real_splat(b, shape, exact ? (double)l->threshold : l->threshold_high));
  if (!lacks(b, NIRC_SPECK_LOWER_BOUND))
    nirc_op_set_blob(b->m, op, "v_low", real_splat(b, shape, exact ? -(double)l->threshold : l->threshold_low));
  if (!biased)
    return;
  void *data;
  nirc_blob *bias = nirc_module_hold(b->m, nirc_blob_new(b->m->heap, NIRC_F64, shape, false, &data));
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
  nirc_op *state = append(b, l->neuron_op, SNN_STATE, NULL, 0);
  nirc_op_set_string(b->m, state, "name", nirc_arena_printf(b->m->arena, "%s/v", l->neuron));
  nirc_op_set_blob(b->m, state, "init", real_splat(b, shape, 0));
  nirc_value *v = typed(b, state, NIRC_F64, shape), *in[] = {reshaped(b, l->neuron_op, x, shape), v};
  nirc_op *op = append(b, l->neuron_op, SNN_NEURON, in, 2);
  nirc_op_set_string(b->m, op, "takes", "x v");
  nirc_op_set_string(b->m, op, "gives", "z v");
  nirc_op_set_string(b->m, op, "equation", nirc_arena_printf(b->m->arena, "v = v + x%s; z = %s; %s%s", biased ? " + bias" : "",
                     lacks(b, NIRC_SPECK_SPIKES) ? "v > v_threshold ? 1 : 0" : "v > 0 ? trunc(v/v_threshold) : 0", b->net->options.to_zero ? TO_ZERO : SUBTRACT,
                     bounded ? "; v = max(v, v_low)" : ""));
  set_free_numbers(b, l, op, biased);
  nirc_op_set_results(b->m, op, (const nirc_type *[]){v->type, v->type}, 2);
  append(b, l->neuron_op, SNN_UPDATE, (nirc_value *[]){v, &op->results[1]}, 2);
  add_probe(b, l->neuron_op, "spikes", &op->results[0]);
  add_probe(b, l->neuron_op, "v", &op->results[1]);
  return &op->results[0];
}

static nirc_value *fire(builder *b, const nirc_speck_layer *l, nirc_value *x)
{
  static const char *const equations[2][2] = {{EQUATION("", SUBTRACT), EQUATION("", TO_ZERO)}, {EQUATION(" + bias", SUBTRACT), EQUATION(" + bias", TO_ZERO)}};
  const nirc_shape *shape = &l->neuron_op->results[0].type->shape;
  bool biased = nirc_speck_leaks(l);
  nirc_op *state = append(b, l->neuron_op, SNN_STATE, NULL, 0);
  nirc_op_set_string(b->m, state, "name", nirc_arena_printf(b->m->arena, "%s/v", l->neuron));
  nirc_op_set_blob(b->m, state, "init", whole_splat(b, shape, 0));
  nirc_value *v = typed(b, state, NIRC_I64, shape), *in[] = {reshaped(b, l->neuron_op, x, shape), v};
  nirc_op *op = append(b, l->neuron_op, SNN_NEURON, in, 2);
  nirc_op_set_string(b->m, op, "takes", "x v");
  nirc_op_set_string(b->m, op, "gives", "z v");
  nirc_op_set_string(b->m, op, "equation", equations[biased][b->net->options.to_zero]);
  nirc_op_set_string(b->m, op, "counts", "saturations_v lower_bounds");
  if (biased)
    set_bias(b, l, op, shape);
  nirc_op_set_blob(b->m, op, "v_threshold", whole_splat(b, shape, l->threshold_high));
  nirc_op_set_blob(b->m, op, "v_low", whole_splat(b, shape, l->threshold_low));
  nirc_op_set_results(b->m, op, (const nirc_type *[]){nirc_type_get(&b->m->types, NIRC_F64, shape), v->type}, 2);
  append(b, l->neuron_op, SNN_UPDATE, (nirc_value *[]){v, &op->results[1]}, 2);
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

static void make_core(builder *b, nirc_op *cores, const nirc_speck_layer *l)
{
  nirc_op *op = nirc_op_new(b->m, cores->body, HW_CORE, l->neuron, l->neuron_op->loc);
  uint64_t k = (uint64_t)l->kernel;
  nirc_shape shape = {.rank = 4, .dims = {l->out.features, l->in.features, k, k}}, features = nirc_shape_1d(l->out.features), map = shape_of(&l->in);
  void *data;
  nirc_blob *w = nirc_module_hold(b->m, nirc_blob_new(b->m->heap, NIRC_I8, &shape, false, &data));
  memcpy(data, l->weights, w->count);
  nirc_op_set_blob(b->m, op, "weight", w);
  if (nirc_speck_leaks(l)) {
    nirc_op_set_blob(b->m, op, "bias", nirc_module_hold(b->m, nirc_blob_new(b->m->heap, NIRC_I64, &features, false, &data)));
    for (uint64_t f = 0; f < l->out.features; f++)
      ((int64_t *)data)[f] = l->biases[f];
  }
  nirc_op_set_shape(b->m, op, "map", &map);
  set_pair_of(b, op, "stride", l->stride);
  set_pair_of(b, op, "before", l->padding);
  nirc_op_set_int(b->m, op, "v_threshold", l->threshold_high);
  nirc_op_set_int(b->m, op, "v_low", l->threshold_low);
  nirc_op_set_int(b->m, op, "to_zero", b->net->options.to_zero);
  set_ways(b, op, l);
  nirc_op_set_int(b->m, op, "core", l->core);
  nirc_op_set_string(b->m, op, "synapse", l->weight);
}

/* Neurons of a layer among those of the chip. */
static nirc_value *slice(builder *b, const nirc_speck_layer *l, nirc_value *all, size_t first)
{
  nirc_op *op = append(b, l->neuron_op, HW_SLICE, &all, 1);
  nirc_op_set_int(b->m, op, "first", (int64_t)first);
  return typed(b, op, all->type->elem, &l->neuron_op->results[0].type->shape);
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
  nirc_op *state = append(b, b->graph, SNN_STATE, NULL, 0);
  nirc_op_set_string(b->m, state, "name", "chip/v");
  nirc_op_set_blob(b->m, state, "init", whole_splat(b, &all, 0));
  b->ports[0] = typed(b, state, NIRC_I64, &all);
  nirc_op *cores = append(b, b->graph, HW_CORES, b->ports, b->n_ports + 1);
  for (size_t k = 0; k < b->net->n; k++)
    make_core(b, cores, on[k]);
  nirc_op_set_results(b->m, cores, (const nirc_type *[]){nirc_type_get(&b->m->types, NIRC_F64, &all), b->ports[0]->type}, 2);
  append(b, b->graph, SNN_UPDATE, (nirc_value *[]){b->ports[0], &cores->results[1]}, 2);
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
  nirc_op *op = append(b, l->neuron_op, HW_PLACE, NULL, 0);
  nirc_op_set_string(b->m, op, "node", l->neuron);
  nirc_op_set_blob(b->m, op, "cores", whole_splat(b, &l->neuron_op->results[0].type->shape, l->core));
  nirc_attr *p = nirc_op_set_attr(b->m, op, "placement", NIRC_ATTR_DICT);
  nirc_shape to = {.rank = (uint32_t)l->n_to}, pooling = to;
  for (size_t t = 0; t < l->n_to; t++) {
    to.dims[t] = l->to[t].layer;
    pooling.dims[t] = (uint64_t)l->to[t].pooling;
  }
  add_string(b->m, p, "weight", l->weight);
  add_int(b->m, p, "core", l->core);
  add_list(b->m, p, "to", to);
  add_list(b->m, p, "pooling", pooling);
  add_int(b->m, p, "from_input", l->from_input);
  add_int(b->m, p, "monitored", l->monitored);
  add_int(b->m, p, "kernel_words", (int64_t)l->words.kernel);
  add_int(b->m, p, "neuron_words", (int64_t)l->words.neuron);
  add_int(b->m, p, "bias_words", (int64_t)l->words.bias);
  add_float(b->m, p, "scale", (double)l->scale);
  add_float(b->m, p, "weight_error_max", l->weight_error_max);
  add_float(b->m, p, "weight_error_mean", l->weight_error_mean);
}

/* One kind of memory: its words, core by core; and how many of all are used. */
static void describe_memory(builder *b, nirc_attr *memory, nirc_attr *resources, const char *name, size_t offset)
{
  nirc_shape shape = nirc_shape_1d(NIRC_SPECK_CORES);
  void *data;
  nirc_blob *blob = nirc_module_hold(b->m, nirc_blob_new(b->m->heap, NIRC_I64, &shape, false, &data));
  uint64_t used = 0, have = 0;
  for (size_t c = 0; c < NIRC_SPECK_CORES; c++) {
    uint64_t words = *(const uint64_t *)(const void *)((const char *)&nirc_speck_memory[c] + offset);
    ((int64_t *)data)[c] = (int64_t)words;
    have += words;
  }
  for (size_t i = 0; i < b->net->n; i++)
    used += *(const uint64_t *)(const void *)((const char *)&b->net->layers[i].words + offset);
  nirc_dict_add(b->m, memory, name, NIRC_ATTR_DENSE)->blob = blob;
  add_list(b->m, resources, name, pair(used, have));
}

static void describe_chip(builder *b)
{
  const nirc_speck_options *o = &b->net->options;
  nirc_op_set_string(b->m, b->step, "target", "speck");
  nirc_attr *c = nirc_op_set_attr(b->m, b->step, "chip", NIRC_ATTR_DICT);
  add_string(b->m, c, "variant", o->chip);
  add_string(b->m, c, "input", o->dvs ? "dvs" : "host");
  if (o->dvs)
    add_list(b->m, c, "sensor", shape_of(&b->net->sensor));
  add_int(b->m, c, "readout", o->readout);
  add_string(b->m, c, "reset", o->to_zero ? "v_reset" : "subtract");
  add_string(b->m, c, "model", o->event ? "event" : "frame");
  add_string(b->m, c, "edges", "pooling");
  nirc_attr *memory = nirc_dict_add(b->m, c, "memory", NIRC_ATTR_DICT), *resources = nirc_dict_add(b->m, c, "resources", NIRC_ATTR_DICT);
  add_list(b->m, resources, "cores", pair(b->net->n, NIRC_SPECK_CORES));
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
    nirc_op *in = append(b, op, SNN_INPUT, NULL, 0);
    nirc_op_set_string(b->m, in, "name", op->name);
    b->inputs[op->id] = b->ports[++b->n_ports] = typed(b, in, NIRC_F32, &op->results[0].type->shape);
    add_probe(b, op, "value", b->inputs[op->id]);
  }
}

static void make_outputs(builder *b)
{
  for (nirc_op *op = NULL; (op = next_port(b, NIR_OUTPUT, op));)
    for (size_t i = 0; i < b->net->n_outputs; i++)
      if (b->net->outputs[i].op == op) {
        nirc_value *v = reshaped(b, op, b->spikes[b->net->outputs[i].layer], &op->results[0].type->shape);
        nirc_op_set_string(b->m, append(b, op, SNN_OUTPUT, &v, 1), "name", op->name);
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
  b.step = nirc_op_new(m, &m->body, SNN_STEP, b.graph->name, b.graph->loc);
  nirc_op_set_attr(m, b.step, "dt", NIRC_ATTR_FLOAT)->f = dt;
  nirc_op_set_string(m, b.step, "profile", profile);
  if (!net->options.without)
    describe_chip(&b);
  for (size_t i = 0; i < net->n && !net->options.without; i++)
    describe_layer(&b, &net->layers[i]);
  make_inputs(&b);
  if (net->options.event && !net->options.without)
    make_cores(&b);
  else
    make_frames(&b);
  make_outputs(&b);
  nirc_op_erase(b.graph);
}
