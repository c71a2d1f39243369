/* targets/loihi2/lower.c: populations and synapses as a step of the hw level. Every synapse takes one step: it reads spikes of the step before, NODE/last, or
 * those of earlier steps out of a buffer. A population adds up what arrives, in f64, where these sums are exact. What is where stands in a hw.place each;
 * read.c reads it. */
#include <inttypes.h>
#include <string.h>

#include "targets/hw_build.h"
#include "targets/loihi2/loihi2.h"

/* u wraps once at 24 bits, v is cut there; both decay by a division that rounds toward zero. Biases and thresholds count 64. */
#define CURRENT(sum) "u = u*keep_u/4096" sum "; wraps_i = u > 8388608 || u <= -8388608; u = u > 8388608 ? u - 16777216 : u; u = u <= -8388608 ? u + 16777216 : u; "
#define POTENTIAL(bias) "v = v*keep_v/4096 + u" bias "; saturations_v = v > 8388607 || v < -8388607; v = max(min(v, 8388607), -8388607); z = v > v_threshold*64; v = z ? 0 : v; z = f64(z)"

static const char *const equations[2][2] = {{CURRENT("") POTENTIAL(""), CURRENT("") POTENTIAL(" + bias*64")},
                                            {CURRENT(" + i64(x)*64") POTENTIAL(""), CURRENT(" + i64(x)*64") POTENTIAL(" + bias*64")}};

/* What leaves a population, or the input, for synapses. */
typedef struct source {
  size_t most;                                       /* steps that a synapse looks back; 0: nothing is kept */
  nirc_value *state, *slot;                          /* spikes of the step before, or a buffer of the last steps */
  nirc_value *read[NIRC_LOIHI2_MAX_DELAY + 2];       /* by steps back, 0: those of this step; NULL: not yet known */
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

/* Of each neuron of a population; a slice has the same places of all channels of a map. */
static nirc_blob *cores_of(lowerer *x, size_t population)
{
  const nirc_shape *shape = &x->net->populations[population].shape;
  const nirc_loihi2_placement *p = x->net->placement;
  size_t channels = shape->rank == 3 ? (size_t)shape->dims[0] : 1;
  void *data;
  nirc_blob *b = nirc_hw_blob(&x->hw, NIRC_I64, shape, &data);
  for (size_t k = 0; k < p->n_cores; k++)
    for (size_t s = p->cores[k].first; s < p->cores[k + 1].first; s++)
      for (size_t c = 0; (size_t)p->slices[s].population == population && c < channels; c++)
        for (size_t i = p->slices[s].start; i < p->slices[s].end; i++)
          ((int64_t *)data)[c * (b->count / channels) + i] = (int64_t)k;
  return b;
}

static void describe(lowerer *x)
{
  const nirc_loihi2_net *net = x->net;
  nirc_op_set_string(x->m, x->hw.step, "target", "loihi2");
  nirc_op_set_int(x->m, x->hw.step, "most_events", 1);
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
    nirc_op_set_blob(x->m, x->hw.step->body->last, "cores", cores_of(x, p));
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

/* How far back a spike is that a synapse of that delay delivers now. Without the step that each takes, those that close no loop deliver at once, and nothing has to
 * wait for them. */
static size_t steps_back(const nirc_loihi2_net *net, const nirc_loihi2_synapse *s, size_t delay)
{
  return nirc_loihi2_lacks(net, NIRC_LOIHI2_DELAY) && !s->recurrent ? delay - s->balance : delay + 1;
}

static size_t latency_of(const nirc_loihi2_net *net, const nirc_loihi2_population *p)
{
  return nirc_loihi2_lacks(net, NIRC_LOIHI2_DELAY) ? 0 : p->latency;
}

static void make_sources(lowerer *x)
{
  const nirc_loihi2_net *net = x->net;
  nirc_shape scalar = nirc_shape_scalar();
  x->sources = NIRC_NEW_ARRAY(net->arena, source, net->n_populations + 1);
  for (size_t k = 0; k < net->n_synapses; k++) {
    source *s = &x->sources[net->synapses[k].from + 1];
    size_t steps = steps_back(net, &net->synapses[k], net->synapses[k].delay);
    s->most = steps > s->most ? steps : s->most;
  }
  for (int p = NIRC_LOIHI2_INPUT; p < (int)net->n_populations; p++) {
    source *s = &x->sources[p + 1];
    const nirc_shape *shape = nirc_loihi2_shape(net, p);
    nirc_shape full = {.rank = shape->rank + 1, .dims = {s->most}};
    memcpy(full.dims + 1, shape->dims, shape->rank * sizeof shape->dims[0]);
    if (!s->most)
      continue;
    if (s->most > 1) {
      s->state = new_state(x, state_name(x, p, "buffer"), NIRC_F64, &full);
      s->slot = new_state(x, state_name(x, p, "slot"), NIRC_I32, &scalar);
    } else {
      s->state = s->read[1] = new_state(x, state_name(x, p, "last"), NIRC_F64, shape);
    }
  }
}

/* What a synapse of that delay delivers. */
static nirc_value *spikes_of(lowerer *x, const nirc_loihi2_synapse *synapse, size_t delay)
{
  int p = synapse->from;
  source *s = &x->sources[p + 1];
  const nirc_shape *shape = nirc_loihi2_shape(x->net, p);
  size_t back = steps_back(x->net, synapse, delay);
  if (s->read[back])
    return s->read[back];
  nirc_op *op = nirc_hw_append(&x->hw, x->node, SNN_DELAY_READ, nirc_loihi2_name(x->net, p), (nirc_value *[]){s->state, s->slot}, 2);
  void *data;
  nirc_blob *steps = nirc_hw_blob(&x->hw, NIRC_I64, shape, &data);
  for (size_t e = 0; e < steps->count; e++)
    ((int64_t *)data)[e] = (int64_t)back;
  nirc_op_set_blob(x->m, op, "steps", steps);
  return s->read[back] = nirc_hw_typed(&x->hw, op, NIRC_F64, shape);
}

static void keep_spikes(lowerer *x, int p, nirc_value *spikes)
{
  source *s = &x->sources[p + 1];
  const char *name = nirc_loihi2_name(x->net, p);
  s->read[0] = spikes;
  if (!s->most)
    return;
  if (s->most == 1) {
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

/* Where the entries of each column begin that have this delay, those of value 0 left out; one more for their number. */
static size_t *count_columns(lowerer *x, const nirc_loihi2_synapse *s, size_t delay)
{
  const nirc_matrix *m = &s->matrix;
  size_t *first = NIRC_NEW_ARRAY(x->net->arena, size_t, m->columns + 1), all = m->first[m->rows];
  for (size_t e = 0; e < all; e++)
    first[m->column[e] + 1] += m->value[e] != 0 && (!s->delays || s->delays[e] == delay);
  for (size_t j = 0; j < m->columns; j++)
    first[j + 1] += first[j];
  return first;
}

/* By columns: rows of each ascend, since they are entered in their order. NULL: no entry has this delay. */
static nirc_value *sparse(lowerer *x, const char *name, const nirc_loihi2_synapse *s, size_t delay, const nirc_shape *to)
{
  const nirc_matrix *m = &s->matrix;
  size_t *next = count_columns(x, s, delay), n = next[m->columns];
  nirc_shape firsts = nirc_shape_1d(m->columns + 1), rows = nirc_shape_1d(n), blocks = nirc_hw_pair(n, 1), columns = nirc_shape_1d(m->columns),
             flat = nirc_shape_1d(m->rows);
  if (!n)
    return NULL;
  void *first, *row, *value;
  nirc_blob *f = nirc_hw_blob(&x->hw, NIRC_I32, &firsts, &first), *r = nirc_hw_blob(&x->hw, NIRC_I32, &rows, &row),
            *w = nirc_hw_blob(&x->hw, NIRC_F64, &blocks, &value);
  for (size_t j = 0; j <= m->columns; j++)
    ((int32_t *)first)[j] = (int32_t)next[j];
  for (size_t i = 0; i < m->rows; i++)
    for (size_t e = m->first[i]; e < m->first[i + 1]; e++)
      if (m->value[e] != 0 && (!s->delays || s->delays[e] == delay)) {
        size_t at = next[m->column[e]]++;
        ((int32_t *)row)[at] = (int32_t)i;
        ((double *)value)[at] = m->value[e];
      }
  nirc_value *in = nirc_hw_reshaped(&x->hw, x->node, name, spikes_of(x, s, delay), &columns);
  nirc_op *op = nirc_hw_append(&x->hw, x->node, SNN_SPARSE_DENSE, name, &in, 1);
  nirc_op_set_blob(x->m, op, "first", f);
  nirc_op_set_blob(x->m, op, "row", r);
  nirc_op_set_blob(x->m, op, "weight", w);
  return nirc_hw_reshaped(&x->hw, x->node, name, nirc_hw_typed(&x->hw, op, NIRC_F64, &flat), to);
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

static nirc_value *transmit(lowerer *x, size_t index, nirc_value *sum)
{
  const nirc_loihi2_synapse *s = &x->net->synapses[index];
  const nirc_shape *shape = nirc_loihi2_shape(x->net, s->to);
  const char *name = nirc_arena_printf(x->m->arena, "synapse/%zu", index);
  if (s->kind == NIRC_LOIHI2_CONV)
    return nirc_hw_sum(&x->hw, x->node, name, sum, convolve(x, name, &s->conv, spikes_of(x, s, 0)));
  if (s->kind == NIRC_LOIHI2_DENSE && !s->delays)
    return nirc_hw_sum(&x->hw, x->node, name, sum, nirc_hw_reshaped(&x->hw, x->node, name, dense(x, name, &s->matrix, spikes_of(x, s, s->delay)), shape));
  for (size_t delay = s->delays ? 0 : s->delay; delay <= s->delay; delay++) {
    nirc_value *v = sparse(x, name, s, delay, shape);
    sum = v ? nirc_hw_sum(&x->hw, x->node, name, sum, v) : sum;
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
  nirc_op_set_int(x->m, nirc_hw_probe(&x->hw, p->node, what, v), "latency", (int64_t)latency_of(x->net, p));
}

static bool has_bias(const nirc_loihi2_population *p)
{
  for (size_t i = 0; i < p->bias.n; i++)
    if (p->bias.value[i])
      return true;
  return false;
}

/* What stands behind neurons, whose results are z, u and v. */
static void end_neuron(lowerer *x, const nirc_loihi2_population *p, nirc_value *u, nirc_value *v, nirc_op *op)
{
  nirc_hw_update(&x->hw, x->node, p->name, u, &op->results[1]);
  nirc_hw_update(&x->hw, x->node, p->name, v, &op->results[2]);
  if (!p->node || !nirc_op_attr(p->node, "probe"))
    return;
  add_probe(x, p, "i", &op->results[1]);
  add_probe(x, p, "spikes", &op->results[0]);
  add_probe(x, p, "v", &op->results[2]);
}

/* Spikes; of a readout, *v is its potential. */
static nirc_value *fire(lowerer *x, int index, nirc_value *sum, nirc_value **v)
{
  const nirc_loihi2_population *p = &x->net->populations[index];
  nirc_value *u_state = new_state(x, state_name(x, index, "i"), NIRC_I64, &p->shape), *v_state = new_state(x, state_name(x, index, "v"), NIRC_I64, &p->shape);
  nirc_op *op = nirc_hw_neuron(&x->hw, x->node, p->name, (nirc_value *[]){u_state, v_state, sum}, sum ? 3 : 2, sum ? "u v x" : "u v", "z u v",
                               equations[sum != NULL][has_bias(p)]);
  nirc_op_set_string(x->m, op, "counts", "wraps_i saturations_v");
  set_numbers(x, op, "keep_u", &p->i_decay, &p->shape, NIRC_LOIHI2_DECAY_ONE, -1);
  set_numbers(x, op, "keep_v", &p->v_decay, &p->shape, NIRC_LOIHI2_DECAY_ONE, -1);
  if (has_bias(p))
    set_numbers(x, op, "bias", &p->bias, &p->shape, 0, 1);
  set_numbers(x, op, "v_threshold", &p->threshold, &p->shape, 0, 1);
  const nirc_type *spikes = nirc_type_get(&x->m->types, NIRC_F64, &p->shape);
  nirc_op_set_results(x->m, op, (const nirc_type *[]){spikes, u_state->type, v_state->type}, 3);
  end_neuron(x, p, u_state, v_state, op);
  *v = &op->results[2];
  return &op->results[0];
}

/* ---- without some of the constraints ------------------------------------------------------------------------------------------------------ */

/* A readout has none that counts but the end of its range. */
static bool has_threshold(const nirc_loihi2_net *net, const nirc_loihi2_population *p)
{
  return !p->readout || !nirc_loihi2_lacks(net, NIRC_LOIHI2_RANGE);
}

/* Until step `from`, nothing has happened. 0: it has no say. */
static const char *free_step(lowerer *x, const nirc_loihi2_population *p, bool input, size_t from)
{
  const nirc_loihi2_net *net = x->net;
  bool rounds = !nirc_loihi2_lacks(net, NIRC_LOIHI2_ROUNDING), ends = !nirc_loihi2_lacks(net, NIRC_LOIHI2_RANGE);
  nirc_strbuf b;
  nirc_strbuf_init(&b, x->m->heap);
  nirc_strbuf_addf(&b, "u = %s%s; ", rounds ? "trunc(u*keep_u)" : "u*keep_u", input ? " + x*64" : "");
  if (ends)
    nirc_strbuf_add(&b, "u = u > 8388608 ? u - 16777216 : u; u = u <= -8388608 ? u + 16777216 : u; ");
  nirc_strbuf_addf(&b, "h = %s + u + bias*64; ", rounds ? "trunc(v*keep_v)" : "v*keep_v");
  if (ends)
    nirc_strbuf_add(&b, "h = max(min(h, 8388607), -8388607); ");
  if (has_threshold(net, p))
    nirc_strbuf_addf(&b, "z = h > v_threshold*64 ? 1 : 0; h = %s; ",
                     net->options.subtract && nirc_loihi2_lacks(net, NIRC_LOIHI2_RESET) ? "h - z*v_threshold*64" : "z > 0 ? 0 : h");
  else
    nirc_strbuf_add(&b, "z = h*0; ");
  if (from)
    nirc_strbuf_addf(&b, "n = n + 1; v = n > %zu ? h : v; z = n > %zu ? z : 0", from, from);
  else
    nirc_strbuf_add(&b, "v = h");
  const char *text = nirc_arena_strdup(x->m->arena, b.data);
  nirc_strbuf_deinit(&b);
  return text;
}

/* Coefficients; and where v begins, as far as the chip's own start does not hold. */
static void set_free_numbers(lowerer *x, const nirc_loihi2_population *p, nirc_op *op)
{
  enum { KEEP_U, KEEP_V, BIAS, THRESHOLD, N };
  static const char *const names[N] = {"keep_u", "keep_v", "bias", "v_threshold"};
  bool exact_tau = nirc_loihi2_lacks(x->net, NIRC_LOIHI2_TIME_CONSTANTS), exact = nirc_loihi2_lacks(x->net, NIRC_LOIHI2_WEIGHTS);
  double *to[N];
  int used = has_threshold(x->net, p) ? N : THRESHOLD;
  for (int n = 0; n < used; n++) {
    void *data;
    nirc_op_set_blob(x->m, op, names[n], nirc_hw_blob(&x->hw, NIRC_F64, &p->shape, &data));
    to[n] = data;
  }
  for (size_t i = 0; i < p->count; i++) {
    to[KEEP_U][i] = exact_tau ? p->keep_u[i] : 1 - (double)nirc_loihi2_number(&p->i_decay, p, i) / NIRC_LOIHI2_DECAY_ONE;
    to[KEEP_V][i] = exact_tau ? p->keep_v[i] : 1 - (double)nirc_loihi2_number(&p->v_decay, p, i) / NIRC_LOIHI2_DECAY_ONE;
    to[BIAS][i] = exact ? p->exact_bias[i] : (double)nirc_loihi2_number(&p->bias, p, i);
    if (used == N)
      to[THRESHOLD][i] = exact ? p->exact_threshold[i] : (double)nirc_loihi2_number(&p->threshold, p, i);
  }
}

/* v counts from v_reset, where it begins on the chip. */
static nirc_value *free_potential(lowerer *x, int index)
{
  const nirc_loihi2_population *p = &x->net->populations[index];
  bool exact = nirc_loihi2_lacks(x->net, NIRC_LOIHI2_START);
  void *data;
  nirc_blob *init = nirc_hw_blob(&x->hw, NIRC_F64, &p->shape, &data);
  for (size_t i = 0; i < p->count; i++)
    ((double *)data)[i] = exact ? p->start[i] * 64 * p->scale / (x->net->options.scale > 0 ? 1 : p->theta[i]) : 0;
  return nirc_hw_state(&x->hw, x->node, state_name(x, index, "v"), init);
}

/* A clock is what it stands for: 1 from its own step on, or always. */
static nirc_value *free_clock(lowerer *x, const nirc_loihi2_population *p, int index)
{
  nirc_value *n = new_state(x, state_name(x, index, "n"), NIRC_F64, &p->shape);
  const char *equation = nirc_arena_printf(x->m->arena, "n = n + 1; z = n > %zu ? 1 : 0", latency_of(x->net, p));
  nirc_op *op = nirc_hw_neuron(&x->hw, x->node, p->name, &n, 1, "n", "z n", equation);
  nirc_op_set_results(x->m, op, (const nirc_type *[]){n->type, n->type}, 2);
  nirc_hw_update(&x->hw, x->node, p->name, n, &op->results[1]);
  return &op->results[0];
}

static nirc_value *free_fire(lowerer *x, int index, nirc_value *sum, nirc_value **v)
{
  const nirc_loihi2_population *p = &x->net->populations[index];
  if (p->clock)
    return free_clock(x, p, index);
  size_t from = nirc_loihi2_lacks(x->net, NIRC_LOIHI2_START) ? latency_of(x->net, p) : 0, n_in = 2;
  nirc_value *in[4] = {new_state(x, state_name(x, index, "i"), NIRC_F64, &p->shape), free_potential(x, index)};
  if (sum)
    in[n_in++] = sum;
  if (from)
    in[n_in++] = new_state(x, state_name(x, index, "n"), NIRC_F64, &p->shape);
  nirc_op *op = nirc_hw_neuron(&x->hw, x->node, p->name, in, n_in, sum ? from ? "u v x n" : "u v x" : from ? "u v n" : "u v", from ? "z u v n" : "z u v",
                               free_step(x, p, sum != NULL, from));
  const nirc_type *t = in[0]->type;
  nirc_op_set_results(x->m, op, (const nirc_type *[]){t, t, t, t}, from ? 4 : 3);
  set_free_numbers(x, p, op);
  if (from)
    nirc_hw_update(&x->hw, x->node, p->name, in[n_in - 1], &op->results[3]);
  end_neuron(x, p, in[0], in[1], op);
  *v = &op->results[2];
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
  nirc_op_set_int(x->m, out, "latency", (int64_t)latency_of(x->net, p));
  if (nirc_op_attr(node, "probe"))
    nirc_op_set_int(x->m, nirc_hw_probe(&x->hw, node, "value", value), "latency", (int64_t)latency_of(x->net, p));
}

/* Probes of what is folded into weights; said once, and not where everything is asked for. */
static void remark_probes(lowerer *x, nirc_diag *d)
{
  const nirc_op *silent = NULL;
  bool all = true;
  NIRC_FOR_EACH_OP(op, x->graph->body) {
    bool probed = nirc_op_attr(op, "probe") != NULL, folded = op->code != NIR_INPUT && op->code != NIR_OUTPUT && !nirc_loihi2_is_neuron(op);
    all = all && probed;
    silent = probed && folded && !silent ? op : silent;
  }
  if (silent && !all)
    nirc_remark(d, silent->loc, "'%s': nothing to record: it is folded into the weights of a synapse", silent->name);
}

/* What arrives at a population, in the order of its synapses. */
static nirc_value *sum_of(lowerer *x, int p)
{
  nirc_value *sum = NULL;
  for (size_t k = 0; k < x->net->n_synapses; k++)
    if (x->net->synapses[k].to == p)
      sum = transmit(x, k, sum);
  return sum;
}

/* Sources first, as long as a synapse takes its step or not. Gives what the last population sends and its v. */
static nirc_value *lower_free(lowerer *x, nirc_value *in, nirc_value **v)
{
  const nirc_loihi2_net *net = x->net;
  nirc_value *spikes = NULL, *potential = NULL;
  size_t most = 0;
  keep_spikes(x, NIRC_LOIHI2_INPUT, in);
  for (size_t p = 0; p < net->n_populations; p++)
    most = net->populations[p].latency > most ? net->populations[p].latency : most;
  for (size_t latency = 0; latency <= most; latency++)
    for (int p = 0; p < (int)net->n_populations; p++) {
      if (net->populations[p].latency != latency)
        continue;
      x->node = net->populations[p].node ? net->populations[p].node : x->graph;
      nirc_value *z = free_fire(x, p, net->populations[p].clock ? NULL : sum_of(x, p), &potential);
      keep_spikes(x, p, z);
      spikes = p == net->last ? z : spikes;
      *v = p == net->last ? potential : *v;
    }
  return spikes;
}

static nirc_value *lower_exact(lowerer *x, nirc_value *in, nirc_value **v)
{
  nirc_loihi2_net *net = x->net;
  nirc_value **sums = NIRC_NEW_ARRAY(net->arena, nirc_value *, net->n_populations), *spikes = NULL;
  for (size_t k = 0; k < net->n_synapses; k++)
    sums[net->synapses[k].to] = transmit(x, k, sums[net->synapses[k].to]);
  keep_spikes(x, NIRC_LOIHI2_INPUT, in);
  for (size_t p = 0; p < net->n_populations; p++) {
    nirc_value *potential, *z;
    x->node = net->populations[p].node ? net->populations[p].node : x->graph;
    z = fire(x, (int)p, sums[p], &potential);
    keep_spikes(x, (int)p, z);
    spikes = (int)p == net->last ? z : spikes;
    *v = (int)p == net->last ? potential : *v;
  }
  return spikes;
}

void nirc_loihi2_lower(nirc_loihi2_net *net, nirc_module *m, const char *profile, nirc_diag *d)
{
  lowerer x = {.net = net, .m = m, .graph = m->body.first, .node = m->body.first};
  remark_probes(&x, d);
  x.hw = nirc_hw_build(m, net->options.dt, profile, net->options.subtract && nirc_loihi2_lacks(net, NIRC_LOIHI2_RESET) ? "subtract" : "v_reset");
  if (!net->options.without)
    describe(&x);
  nirc_value *in = make_input(&x), *v = NULL;
  make_sources(&x);
  nirc_value *spikes = (net->options.without ? lower_free : lower_exact)(&x, in, &v);
  make_output(&x, spikes, v);
  nirc_op_erase(x.graph);
}
