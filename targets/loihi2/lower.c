/* targets/loihi2/lower.c: populations and synapses as a step of the hw level. Every synapse takes one step: it reads spikes of the step before, NODE/last, or
 * those of earlier steps out of a buffer. A population adds up what arrives, in f64, where these sums are exact. What is where stands in a hw.place each;
 * read.c reads it. */
#include <inttypes.h>
#include <string.h>

#include "targets/hw_build.h"
#include "targets/loihi2/loihi2.h"

/* u wraps once at 24 bits, v is cut there; both decay by a division that rounds toward zero. Biases and thresholds count 64. */
#define CURRENT(sum) "u = u*keep_u/4096" sum "; u = u > 8388608 ? u - 16777216 : u; u = u <= -8388608 ? u + 16777216 : u; "
#define POTENTIAL(bias) "v = max(min(v*keep_v/4096 + u" bias ", 8388607), -8388607); z = v > v_threshold*64; v = z ? 0 : v; z = f64(z)"

static const char *const equations[2][2] = {{CURRENT("") POTENTIAL(""), CURRENT("") POTENTIAL(" + bias*64")},
                                            {CURRENT(" + i64(x)*64") POTENTIAL(""), CURRENT(" + i64(x)*64") POTENTIAL(" + bias*64")}};

/* What leaves a population, or the input, for synapses. */
typedef struct source {
  bool used;
  size_t delay;                                      /* the longest */
  nirc_value *state, *slot;                          /* spikes of the step before, or a buffer of the last steps */
  nirc_value *read[NIRC_LOIHI2_MAX_DELAY + 1];       /* by delay; NULL: not yet read */
} source;

typedef struct lowerer {
  nirc_loihi2_net *net;
  nirc_module *m;
  nirc_hw_builder hw;
  nirc_op *graph;
  source *sources;                                   /* the input, then the populations */
  const nirc_op *node;                               /* the one at hand */
} lowerer;

/* ---- ops and attributes --------------------------------------------------------------------------------------------------------- */

static void add_strings(lowerer *x, nirc_attr *dict, const char *name, const char *const *list, size_t n)
{
  if (!n)
    return;
  nirc_attr *a = nirc_dict_add(x->m, dict, name, NIRC_ATTR_STRINGS);
  const char **copy = NIRC_NEW_ARRAY(x->m->arena, const char *, n);
  for (size_t i = 0; i < n; i++)
    copy[i] = nirc_arena_strdup(x->m->arena, list[i]);
  a->shape = nirc_shape_1d(n);
  a->strings = copy;
}

/* ---- cores ----------------------------------------------------------------------------------------------------------------------- */

static int64_t *add_numbers(lowerer *x, nirc_attr *dict, const char *name, size_t n)
{
  void *data;
  nirc_shape shape = nirc_shape_1d(n);
  nirc_dict_add_blob(x->m, dict, name, nirc_hw_blob(&x->hw, NIRC_I64, &shape, &data));
  return data;
}

/* Which slices are where; in order, that follows from the network. */
static void describe_cores(lowerer *x, nirc_attr *chip)
{
  const nirc_loihi2_placement *p = x->net->placement;
  nirc_attr *a = nirc_dict_add(x->m, chip, "cores", NIRC_ATTR_DICT);
  int64_t *of_chip = add_numbers(x, a, "chip", p->n_cores), *slices = add_numbers(x, a, "slices", p->n_cores), *population = add_numbers(x, a, "population", p->n_slices),
          *start = add_numbers(x, a, "start", p->n_slices), *end = add_numbers(x, a, "end", p->n_slices);
  for (size_t c = 0; c < p->n_cores; c++) {
    of_chip[c] = (int64_t)p->cores[c].chip;
    slices[c] = (int64_t)(p->cores[c + 1].first - p->cores[c].first);
  }
  for (size_t i = 0; i < p->n_slices; i++) {
    population[i] = p->slices[i].population;
    start[i] = (int64_t)p->slices[i].start;
    end[i] = (int64_t)p->slices[i].end;
  }
}

/* ---- what was decided -------------------------------------------------------------------------------------------------------------- */

static void describe(lowerer *x)
{
  const nirc_loihi2_net *net = x->net;
  nirc_op_set_string(x->m, x->hw.step, "target", "loihi2");
  nirc_attr *chip = nirc_op_set_attr(x->m, x->hw.step, "chip", NIRC_ATTR_DICT);
  nirc_dict_add_size(x->m, chip, "cores_per_chip", net->options.cores_per_chip);
  nirc_dict_add_shape(x->m, chip, "input", net->input_shape);
  nirc_dict_add_string(x->m, chip, "output", net->populations[net->last].name);
  add_strings(x, chip, "warnings", net->warnings, net->n_warnings);
  nirc_figures_describe(x->m, chip, &net->placement->figures, net->options.min_cut ? &net->in_order->figures : NULL, &net->activity);
  if (net->options.min_cut)
    describe_cores(x, chip);
  for (size_t p = 0; p < net->n_populations; p++) {
    const nirc_loihi2_population *l = &net->populations[p];
    nirc_attr *a = nirc_hw_place(&x->hw, x->node, l->name, "population");
    add_strings(x, a, "nodes", l->nodes, l->n_nodes);
    nirc_dict_add_size(x->m, a, "latency", l->latency);
    nirc_dict_add_float(x->m, a, "scale", l->scale);
    nirc_dict_add_size(x->m, a, "readout", l->readout);
    nirc_dict_add_size(x->m, a, "clock", l->clock);
  }
  for (size_t k = 0; k < net->n_synapses; k++) {
    const nirc_loihi2_synapse *s = &net->synapses[k];
    nirc_attr *a = nirc_hw_place(&x->hw, x->node, nirc_arena_printf(x->m->arena, "synapse/%zu", k), "synapse");
    nirc_dict_add_string(x->m, a, "from", nirc_loihi2_name(net, s->from));
    nirc_dict_add_string(x->m, a, "to", nirc_loihi2_name(net, s->to));
    nirc_dict_add_string(x->m, a, "kind", nirc_loihi2_kind_names[s->kind]);
    nirc_dict_add_size(x->m, a, "balance", s->balance);
    nirc_dict_add_size(x->m, a, "recurrent", s->recurrent);
  }
}

/* ---- states and buffers --------------------------------------------------------------------------------------------------------------- */

static nirc_value *new_state(lowerer *x, const char *name, nirc_dtype elem, const nirc_shape *shape)
{
  return nirc_hw_state(&x->hw, x->node, name, nirc_hw_zero(&x->hw, elem, shape));
}

static const char *state_name(const lowerer *x, int p, const char *field)
{
  const nirc_op *node = p == NIRC_LOIHI2_INPUT ? NULL : x->net->populations[p].node;
  return nirc_arena_printf(x->m->arena, "%s/%s", node ? node->name : nirc_loihi2_name(x->net, p), field);
}

static void make_sources(lowerer *x)
{
  const nirc_loihi2_net *net = x->net;
  nirc_shape scalar = nirc_shape_scalar();
  x->sources = NIRC_NEW_ARRAY(net->arena, source, net->n_populations + 1);
  for (size_t k = 0; k < net->n_synapses; k++) {
    source *s = &x->sources[net->synapses[k].from + 1];
    s->used = true;
    s->delay = net->synapses[k].delay > s->delay ? net->synapses[k].delay : s->delay;
  }
  for (int p = NIRC_LOIHI2_INPUT; p < (int)net->n_populations; p++) {
    source *s = &x->sources[p + 1];
    const nirc_shape *shape = nirc_loihi2_shape(net, p);
    nirc_shape full = {.rank = shape->rank + 1, .dims = {s->delay + 1}};
    memcpy(full.dims + 1, shape->dims, shape->rank * sizeof shape->dims[0]);
    if (!s->used)
      continue;
    if (s->delay) {
      s->state = new_state(x, state_name(x, p, "buffer"), NIRC_F64, &full);
      s->slot = new_state(x, state_name(x, p, "slot"), NIRC_I32, &scalar);
    } else {
      s->state = s->read[0] = new_state(x, state_name(x, p, "last"), NIRC_F64, shape);
    }
  }
}

/* The source's spikes of 1 + delay steps ago. */
static nirc_value *spikes_of(lowerer *x, int p, size_t delay)
{
  source *s = &x->sources[p + 1];
  const nirc_shape *shape = nirc_loihi2_shape(x->net, p);
  if (s->read[delay])
    return s->read[delay];
  nirc_op *op = nirc_hw_append(&x->hw, x->node, SNN_DELAY_READ, nirc_loihi2_name(x->net, p), (nirc_value *[]){s->state, s->slot}, 2);
  void *data;
  nirc_blob *steps = nirc_hw_blob(&x->hw, NIRC_I64, shape, &data);
  for (size_t e = 0; e < steps->count; e++)
    ((int64_t *)data)[e] = (int64_t)delay + 1;
  nirc_op_set_blob(x->m, op, "steps", steps);
  return s->read[delay] = nirc_hw_typed(&x->hw, op, NIRC_F64, shape);
}

static void keep_spikes(lowerer *x, int p, nirc_value *spikes)
{
  source *s = &x->sources[p + 1];
  const char *name = nirc_loihi2_name(x->net, p);
  if (!s->used)
    return;
  if (!s->delay) {
    nirc_hw_update(&x->hw, x->node, name, s->state, spikes);
    return;
  }
  nirc_op *write = nirc_hw_append(&x->hw, x->node, SNN_DELAY_WRITE, name, (nirc_value *[]){s->state, s->slot, spikes}, 3), *advance;
  nirc_value *kept = nirc_hw_typed(&x->hw, write, NIRC_F64, &s->state->type->shape);
  advance = nirc_hw_append(&x->hw, x->node, SNN_ADVANCE, name, (nirc_value *[]){s->slot, s->state}, 2);
  nirc_hw_update(&x->hw, x->node, name, s->state, kept);
  nirc_hw_update(&x->hw, x->node, name, s->slot, nirc_hw_typed(&x->hw, advance, NIRC_I32, &s->slot->type->shape));
}

/* ---- weights ----------------------------------------------------------------------------------------------------------------------------- */

static nirc_value *dense(lowerer *x, const char *name, const nirc_matrix *m, nirc_value *in)
{
  nirc_shape shape = {.rank = 2, .dims = {m->rows, m->columns}}, from = nirc_shape_1d(m->columns), to = nirc_shape_1d(m->rows);
  void *data;
  nirc_blob *w = nirc_hw_blob(&x->hw, NIRC_F64, &shape, &data);
  memset(data, 0, w->count * sizeof(double));
  for (size_t i = 0; i < m->rows; i++)
    for (size_t e = m->first[i]; e < m->first[i + 1]; e++)
      ((double *)data)[i * m->columns + m->column[e]] = m->value[e];
  in = nirc_hw_reshaped(&x->hw, x->node, name, in, &from);
  nirc_op *op = nirc_hw_append(&x->hw, x->node, SNN_DENSE, name, &in, 1);
  nirc_op_set_blob(x->m, op, "weight", w);
  return nirc_hw_typed(&x->hw, op, NIRC_F64, &to);
}

/* By columns: rows of each ascend, since they are entered in their order. */
static nirc_value *sparse(lowerer *x, const char *name, const nirc_matrix *m, nirc_value *in)
{
  size_t n = m->first[m->rows];
  nirc_shape firsts = nirc_shape_1d(m->columns + 1), rows = nirc_shape_1d(n), blocks = {.rank = 2, .dims = {n, 1}}, from = nirc_shape_1d(m->columns),
             to = nirc_shape_1d(m->rows);
  void *first, *row, *value;
  nirc_blob *f = nirc_hw_blob(&x->hw, NIRC_I32, &firsts, &first), *r = nirc_hw_blob(&x->hw, NIRC_I32, &rows, &row),
            *w = nirc_hw_blob(&x->hw, NIRC_F64, &blocks, &value);
  size_t *next = NIRC_NEW_ARRAY(x->net->arena, size_t, m->columns + 1);
  for (size_t e = 0; e < n; e++)
    next[m->column[e] + 1]++;
  for (size_t j = 0; j < m->columns; j++)
    next[j + 1] += next[j];
  for (size_t j = 0; j <= m->columns; j++)
    ((int32_t *)first)[j] = (int32_t)next[j];
  for (size_t i = 0; i < m->rows; i++)
    for (size_t e = m->first[i]; e < m->first[i + 1]; e++) {
      size_t at = next[m->column[e]]++;
      ((int32_t *)row)[at] = (int32_t)i;
      ((double *)value)[at] = m->value[e];
    }
  in = nirc_hw_reshaped(&x->hw, x->node, name, in, &from);
  nirc_op *op = nirc_hw_append(&x->hw, x->node, SNN_SPARSE_DENSE, name, &in, 1);
  nirc_op_set_blob(x->m, op, "first", f);
  nirc_op_set_blob(x->m, op, "row", r);
  nirc_op_set_blob(x->m, op, "weight", w);
  return nirc_hw_typed(&x->hw, op, NIRC_F64, &to);
}

static nirc_value *convolve(lowerer *x, const char *name, const nirc_conv *c, nirc_value *in)
{
  nirc_shape weights = {.rank = 4, .dims = {c->out[0], c->in[0] / c->groups, c->kernel[0], c->kernel[1]}},
             out = {.rank = 3, .dims = {c->out[0], c->out[1], c->out[2]}},
             stride = nirc_hw_pair(c->stride[0], c->stride[1]), dilation = nirc_hw_pair(c->dilation[0], c->dilation[1]),
             before = nirc_hw_pair(c->padding[0], c->padding[1]);
  void *data;
  nirc_blob *w = nirc_hw_blob(&x->hw, NIRC_F64, &weights, &data);
  memcpy(data, c->value, w->count * sizeof(double));
  nirc_op *op = nirc_hw_append(&x->hw, x->node, SNN_CONV, name, &in, 1);
  nirc_op_set_blob(x->m, op, "weight", w);
  nirc_op_set_shape(x->m, op, "stride", &stride);
  nirc_op_set_shape(x->m, op, "dilation", &dilation);
  nirc_op_set_shape(x->m, op, "before", &before);
  nirc_op_set_int(x->m, op, "groups", (int64_t)c->groups);
  return nirc_hw_typed(&x->hw, op, NIRC_F64, &out);
}

static nirc_value *add(lowerer *x, const char *name, nirc_value *sum, nirc_value *v, const nirc_shape *shape)
{
  return nirc_hw_sum(&x->hw, x->node, name, sum, nirc_hw_reshaped(&x->hw, x->node, name, v, shape));
}

static nirc_value *transmit(lowerer *x, size_t index, nirc_value *sum)
{
  const nirc_loihi2_synapse *s = &x->net->synapses[index];
  const nirc_shape *shape = nirc_loihi2_shape(x->net, s->to);
  const char *name = nirc_arena_printf(x->m->arena, "synapse/%zu", index);
  if (s->kind == NIRC_LOIHI2_CONV)
    return add(x, name, sum, convolve(x, name, &s->conv, spikes_of(x, s->from, 0)), shape);
  if (s->kind == NIRC_LOIHI2_DENSE && !s->delays)
    return add(x, name, sum, dense(x, name, &s->matrix, spikes_of(x, s->from, s->delay)), shape);
  for (size_t delay = 0; delay <= s->delay; delay++) {
    if (!s->delays && delay != s->delay)
      continue;
    nirc_matrix part = nirc_loihi2_select(x->net->arena, s, (unsigned)delay);
    if (part.first[part.rows])
      sum = add(x, name, sum, sparse(x, name, &part, spikes_of(x, s->from, delay)), shape);
  }
  return sum;
}

/* ---- neurons -------------------------------------------------------------------------------------------------------------------------------- */

/* `sign` and `offset`: what the number is to the equation. */
static void set_numbers(lowerer *x, nirc_op *op, const char *name, const nirc_loihi2_numbers *n, const nirc_shape *shape, int64_t offset, int64_t sign)
{
  void *data;
  nirc_blob *b = nirc_module_hold(x->m, nirc_blob_new(x->m->heap, NIRC_I64, shape, n->n == 1, &data));
  for (size_t i = 0; i < (n->n == 1 ? 1 : b->count); i++)
    ((int64_t *)data)[i] = offset + sign * n->value[i * n->n / b->count];
  nirc_op_set_blob(x->m, op, name, b);
}

static void add_probe(lowerer *x, const nirc_loihi2_population *p, const char *what, nirc_value *v)
{
  v = nirc_hw_reshaped(&x->hw, x->node, p->name, v, &p->node->results[0].type->shape);
  nirc_op_set_int(x->m, nirc_hw_probe(&x->hw, p->node, what, v), "latency", (int64_t)p->latency);
}

static bool has_bias(const nirc_loihi2_population *p)
{
  for (size_t i = 0; i < p->bias.n; i++)
    if (p->bias.value[i])
      return true;
  return false;
}

/* Spikes; of a readout, *v is its potential. */
static nirc_value *fire(lowerer *x, int index, nirc_value *sum, nirc_value **v)
{
  const nirc_loihi2_population *p = &x->net->populations[index];
  nirc_value *u_state = new_state(x, state_name(x, index, "i"), NIRC_I64, &p->shape), *v_state = new_state(x, state_name(x, index, "v"), NIRC_I64, &p->shape);
  nirc_op *op = nirc_hw_neuron(&x->hw, x->node, p->name, (nirc_value *[]){u_state, v_state, sum}, sum ? 3 : 2, sum ? "u v x" : "u v", "z u v",
                               equations[sum != NULL][has_bias(p)]);
  set_numbers(x, op, "keep_u", &p->i_decay, &p->shape, NIRC_LOIHI2_DECAY_ONE, -1);
  set_numbers(x, op, "keep_v", &p->v_decay, &p->shape, NIRC_LOIHI2_DECAY_ONE, -1);
  if (has_bias(p))
    set_numbers(x, op, "bias", &p->bias, &p->shape, 0, 1);
  set_numbers(x, op, "v_threshold", &p->threshold, &p->shape, 0, 1);
  const nirc_type *spikes = nirc_type_get(&x->m->types, NIRC_F64, &p->shape);
  nirc_op_set_results(x->m, op, (const nirc_type *[]){spikes, u_state->type, v_state->type}, 3);
  nirc_hw_update(&x->hw, x->node, p->name, u_state, &op->results[1]);
  nirc_hw_update(&x->hw, x->node, p->name, v_state, &op->results[2]);
  *v = &op->results[2];
  if (p->node && nirc_op_attr(p->node, "probe")) {
    add_probe(x, p, "i", &op->results[1]);
    add_probe(x, p, "spikes", &op->results[0]);
    add_probe(x, p, "v", &op->results[2]);
  }
  return &op->results[0];
}

/* ---- ports -------------------------------------------------------------------------------------------------------------------------------------- */

/* 1 where anything arrives. */
static nirc_value *make_input(lowerer *x)
{
  const nirc_op *node = x->net->input;
  x->node = node;
  nirc_value *v = nirc_hw_input(&x->hw, node);
  nirc_op *spikes = nirc_hw_neuron(&x->hw, node, NULL, &v, 1, "x", "z", "z = f64(x > 0)");
  nirc_op_set_results(x->m, spikes, (const nirc_type *[]){nirc_type_get(&x->m->types, NIRC_F64, &v->type->shape)}, 1);
  if (nirc_op_attr(node, "probe"))
    nirc_hw_probe(&x->hw, node, "value", v);
  return nirc_hw_reshaped(&x->hw, node, NULL, nirc_op_result(spikes), &x->net->input_shape);
}

static void make_output(lowerer *x, nirc_value *spikes, nirc_value *v)
{
  const nirc_loihi2_population *p = &x->net->populations[x->net->last];
  const nirc_op *node = x->net->output;
  nirc_value *value = spikes;
  x->node = node;
  if (p->readout) {
    char scale[32];
    nirc_float_text(scale, NIRC_F64, 64 * p->scale);
    nirc_op *decode = nirc_hw_neuron(&x->hw, node, NULL, &v, 1, "v", "y", nirc_arena_printf(x->m->arena, "y = f64(v)/%s", scale));
    nirc_op_set_results(x->m, decode, (const nirc_type *[]){nirc_type_get(&x->m->types, NIRC_F64, &p->shape)}, 1);
    value = nirc_op_result(decode);
  }
  value = nirc_hw_reshaped(&x->hw, node, NULL, value, &node->results[0].type->shape);
  nirc_op *out = nirc_hw_append(&x->hw, node, SNN_OUTPUT, NULL, &value, 1);
  nirc_op_set_string(x->m, out, "name", node->name);
  nirc_op_set_int(x->m, out, "latency", (int64_t)p->latency);
  if (nirc_op_attr(node, "probe"))
    nirc_op_set_int(x->m, nirc_hw_probe(&x->hw, node, "value", value), "latency", (int64_t)p->latency);
}

/* Probes of what is folded into weights; said once, and not where everything is asked for. */
static void remark_probes(lowerer *x, nirc_diag *d)
{
  const nirc_op *silent = NULL;
  bool all = true;
  NIRC_FOR_EACH_OP(op, x->graph->body) {
    bool probed = nirc_op_attr(op, "probe") != NULL, folded = op->code != NIR_INPUT && op->code != NIR_OUTPUT;
    for (size_t p = 0; p < x->net->n_populations; p++)
      folded = folded && x->net->populations[p].node != op;
    all = all && probed;
    silent = probed && folded && !silent ? op : silent;
  }
  if (silent && !all)
    nirc_remark(d, silent->loc, "'%s': nothing to record: it is folded into the weights of a synapse", silent->name);
}

void nirc_loihi2_lower(nirc_loihi2_net *net, nirc_module *m, const char *profile, nirc_diag *d)
{
  lowerer x = {.net = net, .m = m, .graph = m->body.first, .node = m->body.first};
  remark_probes(&x, d);
  x.hw = nirc_hw_build(m, net->options.dt, profile, "v_reset");
  describe(&x);
  nirc_value *in = make_input(&x), **sums = NIRC_NEW_ARRAY(net->arena, nirc_value *, net->n_populations), *spikes = NULL, *v = NULL;
  make_sources(&x);
  for (size_t k = 0; k < net->n_synapses; k++)
    sums[net->synapses[k].to] = transmit(&x, k, sums[net->synapses[k].to]);
  keep_spikes(&x, NIRC_LOIHI2_INPUT, in);
  for (size_t p = 0; p < net->n_populations; p++) {
    nirc_value *potential, *z;
    x.node = net->populations[p].node ? net->populations[p].node : x.graph;
    z = fire(&x, (int)p, sums[p], &potential);
    keep_spikes(&x, (int)p, z);
    spikes = (int)p == net->last ? z : spikes;
    v = (int)p == net->last ? potential : v;
  }
  make_output(&x, spikes, v);
  nirc_op_erase(x.graph);
}
