/* targets/xylo/lower.c: a network in the chip's numbers as a module of the hw level, and back. The module is the one thing that files are written from and that
 * --emulate compiles.
 *
 * A layer has the states NODE/i and NODE/v, a hidden one that drives others NODE/last, its spikes of the step before. What arrives is added to NODE/i block
 * by block: the input's, then those of the hidden layers in the order of their numbers. That is the chip's order, for each addition saturates by itself. */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "targets/hw_build.h"
#include "targets/xylo/xylo.h"

/* I loses its share before it is added to V; positive numbers lose at least 1. -D(V) is cut to 16 bits: V = -32768 with a decay of 0 bits stays. What exceeds
 * the threshold after the last spike that counts stays in V. */
#define STEP(most) \
  "s = i >> dash_syn; i = i16(i - (i > 0 && s == 0 ? 1 : s)); d = v >> dash_mem; d = v > 0 && d == 0 ? 1 : d; a = wrap16(-d) + i; dv = i16(a); " \
  "b = dv + bias; dv = i16(b); c = v + dv; v = i16(c); saturations_v = i64(a < -32768 || a > 32767) + i64(b < -32768 || b > 32767) + i64(c < -32768 || c > 32767); " \
  "z = v >= v_threshold ? min(v/v_threshold, " most ") : 0; v = i16(v - z*v_threshold); missed_thresholds = v >= v_threshold; z = i16(z)"

static const char hidden_step[] = STEP("31"), output_step[] = STEP("1");

typedef struct lowerer {
  nirc_module *m;
  nirc_hw_builder hw;
  const nirc_xylo_network *net;
  const nirc_op *graph;
  nirc_value *input;
  nirc_value **last, **now;                          /* by layer: its spikes of the step before (NULL: nothing asks), and of this one, once computed */
  nirc_diag *d;
} lowerer;

/* ---- attributes --------------------------------------------------------------------------------------------------------------- */

static nirc_blob *blob_of(nirc_module *m, nirc_dtype type, const nirc_shape *shape, const void *data)
{
  void *to;
  nirc_blob *b = nirc_module_hold(m, nirc_blob_new(m->heap, type, shape, false, &to));
  memcpy(to, data, nirc_blob_bytes(b));
  return b;
}

/* ---- to the hw level ------------------------------------------------------------------------------------------------------------ */

static nirc_attr *place(lowerer *x, const nirc_op *node, const char *part, size_t first, size_t count)
{
  nirc_attr *a = nirc_hw_place(&x->hw, node, NULL, part);
  nirc_dict_add_size(x->m, a, "first", first);
  nirc_dict_add_size(x->m, a, "count", count);
  return a;
}

/* Where the events of a place go: to which places, the Input being the first, and over how many weights that are not 0. */
static void add_ways(lowerer *x, nirc_attr *dict, int from)
{
  const nirc_xylo_network *net = x->net;
  int64_t *to = NIRC_NEW_ARRAY(net->arena, int64_t, net->n_layers), *weights = NIRC_NEW_ARRAY(net->arena, int64_t, net->n_layers);
  size_t n = 0;
  for (size_t k = 0; k < net->n_blocks; k++) {
    const nirc_xylo_block *b = &net->blocks[k];
    if (b->from != from)
      continue;
    to[n] = b->to + 1;
    for (size_t i = 0; i < b->rows * b->columns; i++)
      weights[n] += b->weight[i] != 0;
    n++;
  }
  if (!n)
    return;
  nirc_shape shape = nirc_shape_1d(n);
  nirc_dict_add_blob(x->m, dict, "to", blob_of(x->m, NIRC_I64, &shape, to));
  nirc_dict_add_blob(x->m, dict, "weights", blob_of(x->m, NIRC_I64, &shape, weights));
}

static void place_layer(lowerer *x, size_t index, const nirc_xylo_use *use)
{
  const nirc_xylo_layer *l = &x->net->layers[index];
  bool output = nirc_xylo_is_output(x->net, (int)index);
  nirc_shape shape = nirc_shape_1d(l->count);
  nirc_attr *a = place(x, l->node, output ? "output" : "hidden", l->first, l->count);
  size_t fanout = 0;
  for (size_t i = 0; !output && i < l->count; i++)
    fanout = use->fanouts[l->first + i] > fanout ? use->fanouts[l->first + i] : fanout;
  nirc_dict_add_size(x->m, a, "latency", l->latency);
  nirc_dict_add_size(x->m, a, "skew", l->skew);
  nirc_dict_add_float(x->m, a, "tau_mem_error", l->tau_mem_error);
  nirc_dict_add_float(x->m, a, "tau_syn_error", l->tau_syn_error);
  nirc_dict_add_blob(x->m, a, "scale", blob_of(x->m, NIRC_F64, &shape, l->scale));
  nirc_dict_add_float(x->m, a, "weight_error_max", l->weight_error_max);
  nirc_dict_add_float(x->m, a, "weight_error_mean", l->weight_error_mean);
  if (!output)
    nirc_dict_add_size(x->m, a, "fanout", fanout);
  add_ways(x, a, (int)index);
}

/* `type`: i16, or f64 where a constraint does not hold. */
static nirc_value *new_state(lowerer *x, const nirc_xylo_layer *l, const char *field, nirc_dtype type)
{
  const nirc_shape *shape = &l->node->results[0].type->shape;
  return nirc_hw_state(&x->hw, l->node, nirc_arena_printf(x->m->arena, "%s/%s", l->name, field), nirc_hw_zero(&x->hw, type, shape));
}

static void update(lowerer *x, const nirc_xylo_layer *l, nirc_value *state, nirc_value *next)
{
  nirc_hw_update(&x->hw, l->node, state->def->name, state, next);
}

/* Weights between hidden layers that are all 0: nothing is written of them, and nothing is computed. (Those of the input and to the output say how far the
 * chip's matrices reach.) */
static bool is_nothing(const nirc_xylo_network *net, const nirc_xylo_block *b)
{
  size_t n = 0;
  while (n < b->rows * b->columns && b->weight[n] == 0)
    n++;
  return n == b->rows * b->columns && b->from != NIRC_XYLO_INPUT && !nirc_xylo_is_output(net, b->to);
}

/* Everything that arrives at a layer, block by block. */
static nirc_value *project(lowerer *x, const nirc_xylo_layer *l, nirc_value *i)
{
  for (size_t k = 0; k < l->n_blocks; k++) {
    const nirc_xylo_block *b = &x->net->blocks[l->blocks + k];
    bool from_input = b->from == NIRC_XYLO_INPUT;
    if (is_nothing(x->net, b))
      continue;
    nirc_op *op = nirc_hw_append(&x->hw, b->node, HW_PROJECT, NULL, (nirc_value *[]){i, from_input ? x->input : x->last[b->from]}, 2);
    nirc_shape shape = {.rank = 2, .dims = {b->rows, b->columns}};
    nirc_op_set_blob(x->m, op, "weight", blob_of(x->m, NIRC_I8, &shape, b->weight));
    nirc_op_set_int(x->m, op, "most", from_input ? NIRC_XYLO_INPUT_EVENTS : NIRC_XYLO_HIDDEN_SPIKES);
    nirc_op_set_string(x->m, op, "node", l->name);
    nirc_op_set_string(x->m, op, "counts", "saturations_i");
    nirc_op_result(op)->type = i->type;
    i = nirc_op_result(op);
  }
  return i;
}

static size_t latency_of(const lowerer *x, const nirc_xylo_layer *l)
{
  return nirc_xylo_lacks(x->net, NIRC_XYLO_DELAY) ? 0 : l->latency;
}

static void add_probe(lowerer *x, const nirc_op *node, const char *what, nirc_value *v, size_t latency)
{
  nirc_op_set_int(x->m, nirc_hw_probe(&x->hw, node, what, v), "latency", (int64_t)latency);
}

/* What stands behind a layer's neurons `op`, whose results are z, i and v. */
static void end_layer(lowerer *x, size_t index, nirc_value *i, nirc_value *v, nirc_op *op)
{
  const nirc_xylo_layer *l = &x->net->layers[index];
  size_t latency = latency_of(x, l);
  update(x, l, i, &op->results[1]);
  update(x, l, v, &op->results[2]);
  if (x->last[index])
    update(x, l, x->last[index], &op->results[0]);
  if (nirc_op_attr(l->node, "probe")) {
    add_probe(x, l->node, "i", &op->results[1], latency);
    add_probe(x, l->node, "spikes", &op->results[0], latency);
    add_probe(x, l->node, "v", &op->results[2], latency);
  }
  x->now[index] = &op->results[0];
}

/* A layer's step. */
static void lower_layer(lowerer *x, size_t index)
{
  const nirc_xylo_layer *l = &x->net->layers[index];
  bool output = nirc_xylo_is_output(x->net, (int)index);
  nirc_value *i = new_state(x, l, "i", NIRC_I16), *v = new_state(x, l, "v", NIRC_I16), *arrived = project(x, l, i);
  nirc_op *op = nirc_hw_neuron(&x->hw, l->node, l->name, (nirc_value *[]){arrived, v}, 2, "i v", "z i v", output ? output_step : hidden_step);
  const nirc_type *types[] = {v->type, v->type, v->type};
  nirc_op_set_results(x->m, op, types, 3);
  nirc_op_set_string(x->m, op, "counts", "saturations_v missed_thresholds");
  nirc_op_set_blob(x->m, op, "dash_syn", blob_of(x->m, NIRC_I64, &v->type->shape, l->dash_syn));
  nirc_op_set_blob(x->m, op, "dash_mem", blob_of(x->m, NIRC_I64, &v->type->shape, l->dash_mem));
  nirc_op_set_blob(x->m, op, "bias", blob_of(x->m, NIRC_I64, &v->type->shape, l->bias));
  nirc_op_set_blob(x->m, op, "v_threshold", blob_of(x->m, NIRC_I64, &v->type->shape, l->threshold));
  end_layer(x, index, i, v, op);
}

/* ---- without some of the constraints ------------------------------------------------------------------------------------------------ */

static void add_saturated(nirc_strbuf *b, const lowerer *x, const char *name, const char *sum)
{
  nirc_strbuf_addf(b, nirc_xylo_lacks(x->net, NIRC_XYLO_SATURATION) ? "%s = %s; " : "%s = max(min(%s, 32767), -32768); ", name, sum);
}

/* `d`: what the state loses. Of whole numbers, the chip's; of others as well, never more than there is. */
static void add_decay(nirc_strbuf *b, const lowerer *x, const char *d, const char *state, const char *k)
{
  if (nirc_xylo_lacks(x->net, NIRC_XYLO_ROUNDING))
    nirc_strbuf_addf(b, "%s = %s*%s; ", d, state, k);
  else
    nirc_strbuf_addf(b, "%s = floor(%s*%s); %s = max(%s, %s > 0 ? min(%s, 1) : %s); ", d, state, k, d, d, state, state, state);
}

/* STEP in real numbers. Sums saturate when they are complete, and V = -32768 is no exception. Until step `from`, nothing has happened; 0: it has no say. */
static const char *free_step(lowerer *x, bool output, size_t from)
{
  nirc_strbuf b;
  nirc_strbuf_init(&b, x->m->heap);
  if (from)
    nirc_strbuf_add(&b, "first = v; ");
  bool arrives_late = nirc_xylo_lacks(x->net, NIRC_XYLO_ORDER);
  if (!arrives_late)
    add_saturated(&b, x, "i", "i + x");
  add_decay(&b, x, "s", "i", "k_syn");
  add_saturated(&b, x, "i", arrives_late ? "i - s + x" : "i - s");
  add_decay(&b, x, "d", "v", "k_mem");
  add_saturated(&b, x, "dv", "i - d");
  add_saturated(&b, x, "dv", "dv + bias");
  add_saturated(&b, x, "v", "v + dv");
  nirc_strbuf_addf(&b, nirc_xylo_lacks(x->net, NIRC_XYLO_SPIKES) ? "z = v > v_threshold ? 1 : 0; " :
                   "z = v >= v_threshold ? min(floor(v/v_threshold), %d) : 0; ",
                   output ? NIRC_XYLO_OUTPUT_SPIKES : NIRC_XYLO_HIDDEN_SPIKES);
  nirc_strbuf_add(&b, nirc_xylo_lacks(x->net, NIRC_XYLO_RESET) ? "v = z > 0 ? 0 : v" : "v = v - z*v_threshold");
  if (from)
    nirc_strbuf_addf(&b, "; n = n + 1; v = n > %zu ? v : first; z = n > %zu ? z : 0", from, from);
  const char *text = nirc_arena_strdup(x->m->arena, b.data);
  nirc_strbuf_deinit(&b);
  return text;
}

/* What a block adds: its weights times what is sent, in this step where the way is without a delay. */
static nirc_value *free_sum(lowerer *x, const nirc_xylo_block *b)
{
  const nirc_xylo_layer *l = &x->net->layers[b->to];
  bool exact = nirc_xylo_lacks(x->net, NIRC_XYLO_WEIGHTS);
  bool at_once = b->from != NIRC_XYLO_INPUT && nirc_xylo_lacks(x->net, NIRC_XYLO_DELAY) && x->net->layers[b->from].latency < l->latency;
  nirc_value *from = b->from == NIRC_XYLO_INPUT ? x->input : at_once ? x->now[b->from] : x->last[b->from];
  nirc_shape rows = nirc_shape_1d(b->rows), columns = nirc_shape_1d(b->columns), shape = {.rank = 2, .dims = {b->columns, b->rows}};
  from = nirc_hw_reshaped(&x->hw, b->node, NULL, from, &rows);
  void *data;
  nirc_blob *w = nirc_hw_blob(&x->hw, NIRC_F64, &shape, &data);
  for (size_t row = 0; row < b->rows; row++)
    for (size_t k = 0; k < b->columns; k++)
      ((double *)data)[k * b->rows + row] = exact ? b->value[row * b->columns + k] * l->scale[k] : b->weight[row * b->columns + k];
  nirc_op *op = nirc_hw_append(&x->hw, b->node, SNN_DENSE, NULL, &from, 1);
  nirc_op_set_blob(x->m, op, "weight", w);
  return nirc_hw_reshaped(&x->hw, l->node, NULL, nirc_hw_typed(&x->hw, op, NIRC_F64, &columns), &l->node->results[0].type->shape);
}

/* In the order of the blocks. Every layer has one, or nothing would reach it. */
static nirc_value *free_sums(lowerer *x, const nirc_xylo_layer *l)
{
  nirc_value *sum = NULL;
  for (size_t k = 0; k < l->n_blocks; k++) {
    nirc_value *more = free_sum(x, &x->net->blocks[l->blocks + k]);
    sum = nirc_hw_sum(&x->hw, l->node, l->name, sum, more);
  }
  return sum;
}

static double exact_share(const lowerer *x, const nirc_xylo_layer *l, const char *tau, size_t i)
{
  const nirc_blob *b = nirc_op_blob(l->node, tau);
  return x->net->choices.dt / nirc_blob_get(b, b->count == 1 ? 0 : i);
}

/* Coefficients of the neurons. */
static void set_free_numbers(lowerer *x, const nirc_xylo_layer *l, nirc_op *op)
{
  enum { SYN, MEM, BIAS, THRESHOLD, N };
  static const char *const names[N] = {"k_syn", "k_mem", "bias", "v_threshold"};
  bool exact_tau = nirc_xylo_lacks(x->net, NIRC_XYLO_TIME_CONSTANTS), exact = nirc_xylo_lacks(x->net, NIRC_XYLO_WEIGHTS);
  double *to[N];
  for (int n = 0; n < N; n++) {
    void *data;
    nirc_op_set_blob(x->m, op, names[n], nirc_hw_blob(&x->hw, NIRC_F64, &op->results[0].type->shape, &data));
    to[n] = data;
  }
  for (size_t i = 0; i < l->count; i++) {
    to[SYN][i] = exact_tau ? exact_share(x, l, "tau_syn", i) : ldexp(1, -(int)l->dash_syn[i]);
    to[MEM][i] = exact_tau ? exact_share(x, l, "tau_mem", i) : ldexp(1, -(int)l->dash_mem[i]);
    to[BIAS][i] = exact ? l->exact_bias[i] : (double)l->bias[i];
    to[THRESHOLD][i] = exact ? l->exact_threshold[i] : (double)l->threshold[i];
  }
}

/* In the network it begins at v_leak. */
static nirc_value *free_potential(lowerer *x, const nirc_xylo_layer *l)
{
  const nirc_blob *leak = nirc_op_blob(l->node, "v_leak");
  if (!nirc_xylo_lacks(x->net, NIRC_XYLO_START) || !leak)
    return new_state(x, l, "v", NIRC_F64);
  void *data;
  nirc_blob *init = nirc_hw_blob(&x->hw, NIRC_F64, &l->node->results[0].type->shape, &data);
  for (size_t i = 0; i < l->count; i++)
    ((double *)data)[i] = nirc_blob_get(leak, leak->count == 1 ? 0 : i) * l->scale[i];
  return nirc_hw_state(&x->hw, l->node, nirc_arena_printf(x->m->arena, "%s/v", l->name), init);
}

static void lower_free_layer(lowerer *x, size_t index)
{
  const nirc_xylo_layer *l = &x->net->layers[index];
  size_t from = nirc_xylo_lacks(x->net, NIRC_XYLO_START) ? latency_of(x, l) : 0;
  nirc_value *i = new_state(x, l, "i", NIRC_F64), *v = free_potential(x, l), *n = from ? new_state(x, l, "n", NIRC_F64) : NULL, *sum = free_sums(x, l);
  nirc_op *op = nirc_hw_neuron(&x->hw, l->node, l->name, (nirc_value *[]){sum, i, v, n}, from ? 4 : 3, from ? "x i v n" : "x i v", from ? "z i v n" : "z i v",
                               free_step(x, nirc_xylo_is_output(x->net, (int)index), from));
  const nirc_type *types[] = {v->type, v->type, v->type, v->type};
  nirc_op_set_results(x->m, op, types, from ? 4 : 3);
  set_free_numbers(x, l, op);
  if (from)
    update(x, l, n, &op->results[3]);
  end_layer(x, index, i, v, op);
}

/* Sources first, as long as the delay holds or not; what the chip counts of an input holds in any case. */
static void lower_free(lowerer *x)
{
  const nirc_type *t = x->input->type;
  nirc_op *op = nirc_hw_neuron(&x->hw, x->input->def, NULL, &x->input, 1, "x", "v", nirc_arena_printf(x->m->arena, "v = min(x, %d)", NIRC_XYLO_INPUT_EVENTS));
  nirc_op_set_results(x->m, op, &t, 1);
  x->input = nirc_op_result(op);
  size_t most = 0;
  for (size_t l = 0; l < x->net->n_layers; l++)
    most = x->net->layers[l].latency > most ? x->net->layers[l].latency : most;
  for (size_t latency = 0; latency <= most; latency++)
    for (size_t l = 0; l < x->net->n_layers; l++)
      if (x->net->layers[l].latency == latency)
        lower_free_layer(x, l);
}

/* Probes of nodes that are no neurons: ports have values, weights on the chip have none. */
static void probe_others(lowerer *x, nirc_value *output)
{
  bool said = false;
  NIRC_FOR_EACH_OP(op, x->graph->body) {
    if (!nirc_op_attr(op, "probe") || op->code == NIR_CUBA_LIF || op->code == NIR_IDENTITY)
      continue;
    if (op->code == NIR_INPUT)
      add_probe(x, op, "value", x->input, 0);
    else if (op->code == NIR_OUTPUT)
      add_probe(x, op, "value", output, latency_of(x, nirc_xylo_output(x->net)));
    else if (!said)
      nirc_remark(x->d, op->loc, "'%s': nothing to record: what weights add has no place of its own on Xylo", op->name);
    said |= op->code == NIR_LINEAR || op->code == NIR_AFFINE;
  }
}

/* Used, and how much there is. */
static void add_pair(nirc_module *m, nirc_attr *dict, const char *name, size_t used, size_t limit)
{
  nirc_dict_add_shape(m, dict, name, nirc_hw_pair(used, limit));
}

static void add_limits(const nirc_xylo_network *net, nirc_module *m, nirc_attr *dict, const nirc_xylo_use *use)
{
  const nirc_xylo_chip *c = net->choices.chip;
  nirc_dict_add_string(m, dict, "edges", "weights");
  nirc_attr *parts = nirc_dict_add(m, dict, "parts", NIRC_ATTR_DICT), *resources = nirc_dict_add(m, dict, "resources", NIRC_ATTR_DICT);
  nirc_dict_add_size(m, parts, "input", c->inputs);
  nirc_dict_add_size(m, parts, "hidden", c->hidden);
  nirc_dict_add_size(m, parts, "output", c->outputs);
  add_pair(m, resources, "inputs", net->n_inputs, c->inputs);
  add_pair(m, resources, "hidden", net->n_hidden, c->hidden);
  add_pair(m, resources, "outputs", net->n_outputs, c->outputs);
  add_pair(m, resources, "input_targets", use->input_targets, c->input_targets);
  add_pair(m, resources, "output_sources", use->output_sources, c->output_sources);
  add_pair(m, resources, "connections", use->connections, c->connections);
  add_pair(m, resources, "fanout", use->fanout, c->fanout);
}

static void describe(const nirc_xylo_network *net, nirc_module *m, nirc_op *step, const nirc_xylo_use *use)
{
  const nirc_xylo_choices *c = &net->choices;
  nirc_op_set_string(m, step, "target", "xylo");
  nirc_op_set_int(m, step, "most_events", NIRC_XYLO_INPUT_EVENTS);
  nirc_attr *a = nirc_op_set_attr(m, step, "chip", NIRC_ATTR_DICT);
  nirc_dict_add_string(m, a, "variant", c->chip->name);
  nirc_dict_add_string(m, a, "quant", c->global ? "global" : "channel");
  nirc_dict_add_string(m, a, "gain", c->unit_gain ? "unit" : "nir");
  nirc_dict_add_string(m, a, "match", c->match_dc ? "dc" : "none");
  add_limits(net, m, a, use);
}

/* The states of layers whose spikes arrive somewhere. */
static void find_last(lowerer *x)
{
  x->last = NIRC_NEW_ARRAY(x->net->arena, nirc_value *, x->net->n_layers);
  for (size_t k = 0; k < x->net->n_blocks; k++) {
    int from = x->net->blocks[k].from;
    if (from != NIRC_XYLO_INPUT && !x->last[from] && (x->net->choices.without || !is_nothing(x->net, &x->net->blocks[k])))
      x->last[from] = new_state(x, &x->net->layers[from], "last", x->net->choices.without ? NIRC_F64 : NIRC_I16);
  }
}

void nirc_xylo_lower(const nirc_xylo_network *net, nirc_module *m, const char *profile, nirc_diag *d)
{
  nirc_op *graph = m->body.first, *input = NULL, *output = NULL;
  nirc_xylo_use use = nirc_xylo_measure(net);
  const char *reset = nirc_xylo_lacks(net, NIRC_XYLO_RESET) ? "v_reset" : "subtract";
  lowerer x = {.m = m, .net = net, .graph = graph, .hw = nirc_hw_build(m, net->choices.dt, profile, reset), .d = d};
  NIRC_FOR_EACH_OP(op, graph->body) {
    input = op->code == NIR_INPUT ? op : input;
    output = op->code == NIR_OUTPUT ? op : output;
  }
  if (!net->choices.without)                         /* else it is on no chip */
    describe(net, m, x.hw.step, &use);
  if (!net->choices.without)
    add_ways(&x, place(&x, input, "input", 0, net->n_inputs), NIRC_XYLO_INPUT);
  for (size_t l = 0; !net->choices.without && l < net->n_layers; l++)
    place_layer(&x, l, &use);
  x.input = nirc_hw_input(&x.hw, input);
  find_last(&x);
  x.now = NIRC_NEW_ARRAY(net->arena, nirc_value *, net->n_layers);
  if (net->choices.without)
    lower_free(&x);
  for (size_t l = 0; !net->choices.without && l < net->n_layers; l++)
    lower_layer(&x, l);
  nirc_value *spikes = x.now[net->n_layers - 1];
  nirc_op *out = nirc_hw_append(&x.hw, output, SNN_OUTPUT, NULL, &spikes, 1);
  nirc_op_set_string(m, out, "name", output->name);
  nirc_op_set_int(m, out, "latency", (int64_t)latency_of(&x, nirc_xylo_output(net)));
  probe_others(&x, spikes);
  nirc_op_erase(graph);
}
