/* targets/loihi2/lower.c: populations and synapses as a step of the hw level. Every synapse takes one step: it reads spikes of the step before, NODE/last, or
 * those of earlier steps out of a buffer. A population adds up what arrives, in f64, where these sums are exact. What is where stands in a hw.place each;
 * read.c reads it. */
#include <inttypes.h>
#include <string.h>

#include "targets/loihi2/loihi2.h"

/* u wraps once at 24 bits, v is cut there; both decay by a division that rounds toward zero. Biases and thresholds count 64. */
#define CURRENT(sum) "u = u*keep_u/4096" sum "; wraps_i = u > 8388608 || u <= -8388608; u = u > 8388608 ? u - 16777216 : u; u = u <= -8388608 ? u + 16777216 : u; "
#define POTENTIAL(bias) "v = v*keep_v/4096 + u" bias "; saturations_v = v > 8388607 || v < -8388607; v = max(min(v, 8388607), -8388607); z = v > v_threshold*64; v = z ? 0 : v; z = f64(z)"

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
  const nirc_loihi2_slice *slices;                   /* by core */
  size_t n_slices;
  nirc_module *m;
  nirc_op *graph, *step;
  source *sources;                                   /* the input, then the populations */
  nirc_loc loc;                                      /* of the node at hand */
} lowerer;

/* ---- ops and attributes --------------------------------------------------------------------------------------------------------- */

static nirc_op *append(lowerer *x, nirc_opcode code, const char *name, nirc_value *const *in, size_t n)
{
  nirc_op *op = nirc_op_new(x->m, x->step->body, code, name, x->loc);
  nirc_op_set_operands(x->m, op, in, n);
  return op;
}

static nirc_value *typed(lowerer *x, nirc_op *op, nirc_dtype elem, const nirc_shape *shape)
{
  nirc_op_result(op)->type = nirc_type_get(&x->m->types, elem, shape);
  return nirc_op_result(op);
}

static nirc_value *reshaped(lowerer *x, const char *name, nirc_value *v, const nirc_shape *shape)
{
  if (nirc_shape_equal(&v->type->shape, shape))
    return v;
  return typed(x, append(x, SNN_RESHAPE, name, &v, 1), v->type->elem, shape);
}

static void add_int(lowerer *x, nirc_attr *dict, const char *name, size_t n)
{
  nirc_dict_add(x->m, dict, name, NIRC_ATTR_INT)->i = (int64_t)n;
}

static void add_string(lowerer *x, nirc_attr *dict, const char *name, const char *s)
{
  nirc_dict_add(x->m, dict, name, NIRC_ATTR_STRING)->s = nirc_arena_strdup(x->m->arena, s);
}

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

static nirc_attr *place(lowerer *x, const char *node, const char *part)
{
  nirc_op *op = append(x, HW_PLACE, node, NULL, 0);
  nirc_op_set_string(x->m, op, "node", node);
  nirc_attr *a = nirc_op_set_attr(x->m, op, "placement", NIRC_ATTR_DICT);
  add_string(x, a, "part", part);
  return a;
}

static nirc_blob *new_blob(lowerer *x, nirc_dtype type, const nirc_shape *shape, void *data)
{
  return nirc_module_hold(x->m, nirc_blob_new(x->m->heap, type, shape, false, data));
}

/* ---- what was decided -------------------------------------------------------------------------------------------------------------- */

/* Of each neuron of a population; a slice has the same places of all channels of a map. */
static nirc_blob *cores_of(lowerer *x, size_t population)
{
  const nirc_shape *shape = &x->net->populations[population].shape;
  size_t channels = shape->rank == 3 ? (size_t)shape->dims[0] : 1;
  void *data;
  nirc_blob *b = new_blob(x, NIRC_I64, shape, &data);
  for (size_t k = 0; k < x->n_slices; k++)
    for (size_t c = 0; (size_t)x->slices[k].population == population && c < channels; c++)
      for (size_t i = x->slices[k].start; i < x->slices[k].end; i++)
        ((int64_t *)data)[c * (b->count / channels) + i] = (int64_t)k;
  return b;
}

static void describe(lowerer *x)
{
  const nirc_loihi2_net *net = x->net;
  nirc_op_set_string(x->m, x->step, "target", "loihi2");
  nirc_op_set_int(x->m, x->step, "most_events", 1);
  nirc_attr *chip = nirc_op_set_attr(x->m, x->step, "chip", NIRC_ATTR_DICT);
  add_int(x, chip, "cores_per_chip", net->options.cores_per_chip);
  nirc_dict_add(x->m, chip, "input", NIRC_ATTR_SHAPE)->shape = net->input_shape;
  add_string(x, chip, "output", net->populations[net->last].name);
  add_strings(x, chip, "warnings", net->warnings, net->n_warnings);
  for (size_t p = 0; p < net->n_populations; p++) {
    const nirc_loihi2_population *l = &net->populations[p];
    nirc_attr *a = place(x, l->name, "population");
    nirc_op_set_blob(x->m, x->step->body->last, "cores", cores_of(x, p));
    add_strings(x, a, "nodes", l->nodes, l->n_nodes);
    add_int(x, a, "latency", l->latency);
    nirc_dict_add(x->m, a, "scale", NIRC_ATTR_FLOAT)->f = l->scale;
    add_int(x, a, "readout", l->readout);
    add_int(x, a, "clock", l->clock);
  }
  for (size_t k = 0; k < net->n_synapses; k++) {
    const nirc_loihi2_synapse *s = &net->synapses[k];
    nirc_attr *a = place(x, nirc_arena_printf(x->m->arena, "synapse/%zu", k), "synapse");
    add_string(x, a, "from", nirc_loihi2_name(net, s->from));
    add_string(x, a, "to", nirc_loihi2_name(net, s->to));
    add_string(x, a, "kind", nirc_loihi2_kind_names[s->kind]);
    add_int(x, a, "balance", s->balance);
    add_int(x, a, "recurrent", s->recurrent);
  }
}

/* ---- states and buffers --------------------------------------------------------------------------------------------------------------- */

static nirc_value *new_state(lowerer *x, const char *name, nirc_dtype elem, const nirc_shape *shape)
{
  nirc_op *op = append(x, SNN_STATE, name, NULL, 0);
  void *zero;
  nirc_op_set_string(x->m, op, "name", name);
  nirc_op_set_blob(x->m, op, "init", nirc_module_hold(x->m, nirc_blob_new(x->m->heap, elem, shape, true, &zero)));
  memset(zero, 0, nirc_dtype_size(elem));
  return typed(x, op, elem, shape);
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
  nirc_op *op = append(x, SNN_DELAY_READ, nirc_loihi2_name(x->net, p), (nirc_value *[]){s->state, s->slot}, 2);
  void *data;
  nirc_blob *steps = nirc_module_hold(x->m, nirc_blob_new(x->m->heap, NIRC_I64, shape, false, &data));
  for (size_t e = 0; e < steps->count; e++)
    ((int64_t *)data)[e] = (int64_t)delay + 1;
  nirc_op_set_blob(x->m, op, "steps", steps);
  return s->read[delay] = typed(x, op, NIRC_F64, shape);
}

static void keep_spikes(lowerer *x, int p, nirc_value *spikes)
{
  source *s = &x->sources[p + 1];
  const char *name = nirc_loihi2_name(x->net, p);
  if (!s->used)
    return;
  if (!s->delay) {
    append(x, SNN_UPDATE, name, (nirc_value *[]){s->state, spikes}, 2);
    return;
  }
  nirc_op *write = append(x, SNN_DELAY_WRITE, name, (nirc_value *[]){s->state, s->slot, spikes}, 3), *advance;
  nirc_value *kept = typed(x, write, NIRC_F64, &s->state->type->shape);
  advance = append(x, SNN_ADVANCE, name, (nirc_value *[]){s->slot, s->state}, 2);
  append(x, SNN_UPDATE, name, (nirc_value *[]){s->state, kept}, 2);
  append(x, SNN_UPDATE, name, (nirc_value *[]){s->slot, typed(x, advance, NIRC_I32, &s->slot->type->shape)}, 2);
}

/* ---- weights ----------------------------------------------------------------------------------------------------------------------------- */

static nirc_value *dense(lowerer *x, const char *name, const nirc_loihi2_matrix *m, nirc_value *in)
{
  nirc_shape shape = {.rank = 2, .dims = {m->rows, m->columns}}, from = nirc_shape_1d(m->columns), to = nirc_shape_1d(m->rows);
  void *data;
  nirc_blob *w = new_blob(x, NIRC_F64, &shape, &data);
  memset(data, 0, w->count * sizeof(double));
  for (size_t i = 0; i < m->rows; i++)
    for (size_t e = m->first[i]; e < m->first[i + 1]; e++)
      ((double *)data)[i * m->columns + m->column[e]] = m->value[e];
  in = reshaped(x, name, in, &from);
  nirc_op *op = append(x, SNN_DENSE, name, &in, 1);
  nirc_op_set_blob(x->m, op, "weight", w);
  return typed(x, op, NIRC_F64, &to);
}

/* By columns: rows of each ascend, since they are entered in their order. */
static nirc_value *sparse(lowerer *x, const char *name, const nirc_loihi2_matrix *m, nirc_value *in)
{
  size_t n = m->first[m->rows];
  nirc_shape firsts = nirc_shape_1d(m->columns + 1), rows = nirc_shape_1d(n), blocks = {.rank = 2, .dims = {n, 1}}, from = nirc_shape_1d(m->columns),
             to = nirc_shape_1d(m->rows);
  void *first, *row, *value;
  nirc_blob *f = new_blob(x, NIRC_I32, &firsts, &first), *r = new_blob(x, NIRC_I32, &rows, &row), *w = new_blob(x, NIRC_F64, &blocks, &value);
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
  in = reshaped(x, name, in, &from);
  nirc_op *op = append(x, SNN_SPARSE_DENSE, name, &in, 1);
  nirc_op_set_blob(x->m, op, "first", f);
  nirc_op_set_blob(x->m, op, "row", r);
  nirc_op_set_blob(x->m, op, "weight", w);
  return typed(x, op, NIRC_F64, &to);
}

static nirc_shape pair(const uint64_t v[2])
{
  return (nirc_shape){.rank = 2, .dims = {v[0], v[1]}};
}

static nirc_value *convolve(lowerer *x, const char *name, const nirc_loihi2_conv *c, nirc_value *in)
{
  nirc_shape weights = {.rank = 4, .dims = {c->out[0], c->in[0] / c->groups, c->kernel[0], c->kernel[1]}},
             out = {.rank = 3, .dims = {c->out[0], c->out[1], c->out[2]}},
             stride = pair(c->stride), dilation = pair(c->dilation), before = pair(c->padding);
  void *data;
  nirc_blob *w = new_blob(x, NIRC_F64, &weights, &data);
  memcpy(data, c->value, w->count * sizeof(double));
  nirc_op *op = append(x, SNN_CONV, name, &in, 1);
  nirc_op_set_blob(x->m, op, "weight", w);
  nirc_op_set_shape(x->m, op, "stride", &stride);
  nirc_op_set_shape(x->m, op, "dilation", &dilation);
  nirc_op_set_shape(x->m, op, "before", &before);
  nirc_op_set_int(x->m, op, "groups", (int64_t)c->groups);
  return typed(x, op, NIRC_F64, &out);
}

static nirc_value *add(lowerer *x, const char *name, nirc_value *sum, nirc_value *v, const nirc_shape *shape)
{
  v = reshaped(x, name, v, shape);
  return sum ? typed(x, append(x, SNN_ADD, name, (nirc_value *[]){sum, v}, 2), NIRC_F64, shape) : v;
}

static nirc_value *transmit(lowerer *x, size_t index, nirc_value *sum)
{
  const nirc_loihi2_synapse *s = &x->net->synapses[index];
  const nirc_shape *shape = nirc_loihi2_shape(x->net, s->to);
  const char *name = nirc_arena_printf(x->m->arena, "synapse/%zu", index);
  if (s->kind == NIRC_LOIHI2_CONV)
    return add(x, name, sum, convolve(x, name, &s->conv, spikes_of(x, s->from, 0)), shape);
  if (s->kind == NIRC_LOIHI2_DENSE && !s->matrix.delay)
    return add(x, name, sum, dense(x, name, &s->matrix, spikes_of(x, s->from, s->delay)), shape);
  for (size_t delay = 0; delay <= s->delay; delay++) {
    if (!s->matrix.delay && delay != s->delay)
      continue;
    nirc_loihi2_matrix part = nirc_loihi2_select(x->net->arena, &s->matrix, (unsigned)delay);
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
  v = reshaped(x, p->name, v, &p->node->results[0].type->shape);
  nirc_op *op = append(x, SNN_PROBE, p->node->name, &v, 1);
  nirc_op_set_string(x->m, op, "name", nirc_arena_printf(x->m->arena, "%s/%s", p->node->name, what));
  nirc_op_set_int(x->m, op, "latency", (int64_t)p->latency);
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
  nirc_op *op = append(x, SNN_NEURON, p->name, (nirc_value *[]){u_state, v_state, sum}, sum ? 3 : 2);
  nirc_op_set_string(x->m, op, "takes", sum ? "u v x" : "u v");
  nirc_op_set_string(x->m, op, "gives", "z u v");
  nirc_op_set_string(x->m, op, "equation", equations[sum != NULL][has_bias(p)]);
  nirc_op_set_string(x->m, op, "counts", "wraps_i saturations_v");
  set_numbers(x, op, "keep_u", &p->i_decay, &p->shape, NIRC_LOIHI2_DECAY_ONE, -1);
  set_numbers(x, op, "keep_v", &p->v_decay, &p->shape, NIRC_LOIHI2_DECAY_ONE, -1);
  if (has_bias(p))
    set_numbers(x, op, "bias", &p->bias, &p->shape, 0, 1);
  set_numbers(x, op, "v_threshold", &p->threshold, &p->shape, 0, 1);
  const nirc_type *spikes = nirc_type_get(&x->m->types, NIRC_F64, &p->shape);
  nirc_op_set_results(x->m, op, (const nirc_type *[]){spikes, u_state->type, v_state->type}, 3);
  append(x, SNN_UPDATE, p->name, (nirc_value *[]){u_state, &op->results[1]}, 2);
  append(x, SNN_UPDATE, p->name, (nirc_value *[]){v_state, &op->results[2]}, 2);
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
  x->loc = node->loc;
  nirc_op *in = append(x, SNN_INPUT, node->name, NULL, 0);
  nirc_op_set_string(x->m, in, "name", node->name);
  nirc_value *v = typed(x, in, NIRC_F32, &node->results[0].type->shape);
  nirc_op *spikes = append(x, SNN_NEURON, node->name, &v, 1);
  nirc_op_set_string(x->m, spikes, "takes", "x");
  nirc_op_set_string(x->m, spikes, "gives", "z");
  nirc_op_set_string(x->m, spikes, "equation", "z = f64(x > 0)");
  nirc_op_set_results(x->m, spikes, (const nirc_type *[]){nirc_type_get(&x->m->types, NIRC_F64, &v->type->shape)}, 1);
  if (nirc_op_attr(node, "probe"))
    nirc_op_set_string(x->m, append(x, SNN_PROBE, node->name, &v, 1), "name", nirc_arena_printf(x->m->arena, "%s/value", node->name));
  return reshaped(x, node->name, nirc_op_result(spikes), &x->net->input_shape);
}

static void make_output(lowerer *x, nirc_value *spikes, nirc_value *v)
{
  const nirc_loihi2_population *p = &x->net->populations[x->net->last];
  const nirc_op *node = x->net->output;
  nirc_value *value = spikes;
  x->loc = node->loc;
  if (p->readout) {
    char scale[32];
    nirc_float_text(scale, NIRC_F64, 64 * p->scale);
    nirc_op *decode = append(x, SNN_NEURON, node->name, &v, 1);
    nirc_op_set_string(x->m, decode, "takes", "v");
    nirc_op_set_string(x->m, decode, "gives", "y");
    nirc_op_set_string(x->m, decode, "equation", nirc_arena_printf(x->m->arena, "y = f64(v)/%s", scale));
    nirc_op_set_results(x->m, decode, (const nirc_type *[]){nirc_type_get(&x->m->types, NIRC_F64, &p->shape)}, 1);
    value = nirc_op_result(decode);
  }
  value = reshaped(x, node->name, value, &node->results[0].type->shape);
  nirc_op *out = append(x, SNN_OUTPUT, node->name, &value, 1);
  nirc_op_set_string(x->m, out, "name", node->name);
  nirc_op_set_int(x->m, out, "latency", (int64_t)p->latency);
  if (nirc_op_attr(node, "probe")) {
    nirc_op *op = append(x, SNN_PROBE, node->name, &value, 1);
    nirc_op_set_string(x->m, op, "name", nirc_arena_printf(x->m->arena, "%s/value", node->name));
    nirc_op_set_int(x->m, op, "latency", (int64_t)p->latency);
  }
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

void nirc_loihi2_lower(nirc_loihi2_net *net, const nirc_loihi2_slice *slices, size_t n_slices, nirc_module *m, const char *profile, nirc_diag *d)
{
  lowerer x = {.net = net, .slices = slices, .n_slices = n_slices, .m = m, .graph = m->body.first, .loc = m->body.first->loc};
  remark_probes(&x, d);
  x.step = nirc_op_new(m, &m->body, SNN_STEP, x.graph->name, x.loc);
  nirc_op_set_attr(m, x.step, "dt", NIRC_ATTR_FLOAT)->f = net->options.dt;
  nirc_op_set_string(m, x.step, "profile", profile);
  describe(&x);
  nirc_value *in = make_input(&x), **sums = NIRC_NEW_ARRAY(net->arena, nirc_value *, net->n_populations), *spikes = NULL, *v = NULL;
  make_sources(&x);
  for (size_t k = 0; k < net->n_synapses; k++)
    sums[net->synapses[k].to] = transmit(&x, k, sums[net->synapses[k].to]);
  keep_spikes(&x, NIRC_LOIHI2_INPUT, in);
  for (size_t p = 0; p < net->n_populations; p++) {
    nirc_value *potential, *z;
    x.loc = net->populations[p].node ? net->populations[p].node->loc : x.graph->loc;
    z = fire(&x, (int)p, sums[p], &potential);
    keep_spikes(&x, (int)p, z);
    spikes = (int)p == net->last ? z : spikes;
    v = (int)p == net->last ? potential : v;
  }
  make_output(&x, spikes, v);
  nirc_op_erase(x.graph);
}
