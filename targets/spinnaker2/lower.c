/* targets/spinnaker2/lower.c: populations and projections in the chip's numbers as a module of the hw level, which the files are written from and --emulate
 * compiles. Its step t is that of the network: what a population does in its first steps, before that, is in the states' start, and a synapse of delay d
 * reaches back 1 + d + phase(pre) - phase(post) steps, never less than 0. Populations stand in the order of their phases.
 *
 * Each population has a hw.place, each sum of weights one directly before it; a list is one sum for each delay and, in front of lif_curr_exp, sign. Sums are of
 * whole numbers in f64, which is exact; the neurons compute in f32, each operation rounded in the chip's order. */
#include <string.h>

#include "targets/hw_build.h"
#include "targets/spinnaker2/spinnaker2.h"

typedef struct lowerer {
  nirc_s2_network *net;
  nirc_module *m;
  nirc_hw_builder hw;
  const nirc_op *graph;
  nirc_value ***spikes;                              /* by population and steps back; [0]: of this step */
  size_t *reach;                                     /* by population: the most steps back that anything asks for */
  nirc_value **readout;                              /* by population: v in the network's unit */
  uint8_t **history;
  nirc_diag *d;
} lowerer;

/* ---- attributes --------------------------------------------------------------------------------------------------------------- */

/* Numbers of a layer; one where all are alike. */
static nirc_blob *numbers(lowerer *x, const nirc_shape *shape, const float *values, size_t n)
{
  void *to;
  bool splat = n > 0 && nirc_s2_alike(values, n);
  nirc_blob *b = nirc_module_hold(x->m, nirc_blob_new(x->m->heap, NIRC_F32, shape, splat, &to));
  memcpy(to, values, (splat ? 1 : n) * sizeof *values);
  return b;
}

/* Those that the step computes with. */
static nirc_blob *reals(lowerer *x, nirc_dtype elem, const nirc_shape *shape, const double *values, size_t n)
{
  void *to;
  size_t i = 1;
  while (i < n && values[i] == values[0])
    i++;
  bool splat = n > 0 && i >= n;
  nirc_blob *b = nirc_module_hold(x->m, nirc_blob_new(x->m->heap, elem, shape, splat, &to));
  for (i = 0; i < (splat ? 1 : n); i++)
    if (elem == NIRC_F64)
      ((double *)to)[i] = values[i];
    else
      ((float *)to)[i] = (float)values[i];
  return b;
}

static nirc_dtype number_of(const lowerer *x)
{
  return nirc_s2_lacks(x->net, NIRC_S2_ROUNDING) ? NIRC_F64 : NIRC_F32;
}

/* ---- ops ------------------------------------------------------------------------------------------------------------------------ */

/* Spikes begin as float32 numbers, too. */
static nirc_value *state(lowerer *x, const nirc_s2_population *p, const char *field, nirc_dtype elem, const double *start)
{
  nirc_blob *init = reals(x, elem == NIRC_BOOL ? NIRC_F32 : elem, &p->shape, start, p->size);
  nirc_value *v = nirc_hw_state(&x->hw, p->op, nirc_arena_printf(x->m->arena, "%s/%s", p->name, field), init);
  return nirc_hw_typed(&x->hw, v->def, elem, &p->shape);
}

static void update(lowerer *x, const nirc_s2_population *p, nirc_value *of, nirc_value *next)
{
  nirc_hw_update(&x->hw, p->op, of->def->name, of, next);
}

static void probe(lowerer *x, const nirc_op *node, const char *what, nirc_value *v)
{
  if (nirc_op_attr(node, "probe"))
    nirc_hw_probe(&x->hw, node, what, v);
}

/* ---- spikes of earlier steps ------------------------------------------------------------------------------------------------------ */

static size_t steps_back(const lowerer *x, const nirc_s2_projection *p, size_t delay)
{
  return 1 + delay + x->net->populations[p->pre].phase - x->net->populations[p->post].phase - p->lag;
}

static void find_reach(lowerer *x)
{
  for (size_t k = 0; k < x->net->n_projections; k++) {
    const nirc_s2_projection *p = &x->net->projections[k];
    size_t *reach = &x->reach[p->pre], delay = 0;
    for (size_t i = 0; i < p->n_rows; i++)
      delay = p->rows[i].delay > delay ? p->rows[i].delay : delay;
    *reach = steps_back(x, p, delay) > *reach ? steps_back(x, p, delay) : *reach;
  }
}

static void make_last(lowerer *x, size_t index)
{
  const nirc_s2_population *p = &x->net->populations[index];
  double *start = NIRC_NEW_ARRAY(x->net->arena, double, p->size);
  x->spikes[index] = NIRC_NEW_ARRAY(x->net->arena, nirc_value *, x->reach[index] + 1);
  for (size_t back = 1; back <= x->reach[index]; back++) {
    const uint8_t *h = x->history[index] && back <= p->phase ? x->history[index] + (p->phase - back) * p->size : NULL;
    for (size_t i = 0; i < p->size; i++)
      start[i] = h && h[i];
    x->spikes[index][back] = state(x, p, nirc_arena_printf(x->m->arena, "last%zu", back), NIRC_BOOL, start);
  }
}

static void keep_last(lowerer *x, size_t index)
{
  for (size_t back = 1; back <= x->reach[index]; back++)
    update(x, &x->net->populations[index], x->spikes[index][back], x->spikes[index][back - 1]);
}

/* ---- sums of weights --------------------------------------------------------------------------------------------------------------- */

static void place_sum(lowerer *x, const nirc_s2_projection *p, size_t delay, bool negative)
{
  if (x->net->options.without)
    return;                                          /* it is on no chip */
  nirc_attr *a = nirc_hw_place(&x->hw, x->net->populations[p->post].op, NULL, "synapses");
  nirc_dict_add_size(x->m, a, "pre", p->pre);
  nirc_dict_add_size(x->m, a, "post", p->post);
  nirc_dict_add_size(x->m, a, "recurrent", p->recurrent);
  nirc_dict_add_size(x->m, a, "delay", delay);
  nirc_dict_add_size(x->m, a, "negative", negative);
}

/* Rows that stand in one sum: of a delay, and of a sign (0: any). */
static bool belongs(const nirc_s2_projection *p, size_t row, size_t delay, int sign)
{
  return p->rows[row].delay == delay && (sign == 0 || (nirc_s2_weight(p, row) > 0) == (sign > 0));
}

/* The sum of one delay and sign; NULL where no row has them. */
static nirc_value *add_list(lowerer *x, const nirc_s2_projection *p, size_t delay, int sign)
{
  const nirc_s2_population *pre = &x->net->populations[p->pre], *post = &x->net->populations[p->post];
  size_t n = 0;
  for (size_t i = 0; i < p->n_rows; i++)
    n += belongs(p, i, delay, sign);
  if (!n)
    return NULL;
  nirc_shape in = nirc_shape_1d(pre->size), out = nirc_shape_1d(post->size), firsts = nirc_shape_1d(pre->size + 1), rows = nirc_shape_1d(n),
    columns = {.rank = 2, .dims = {n, 1}};
  void *first, *row, *weight;
  nirc_blob *first_blob = nirc_hw_blob(&x->hw, NIRC_I32, &firsts, &first);
  nirc_blob *row_blob = nirc_hw_blob(&x->hw, NIRC_I32, &rows, &row);
  nirc_blob *weight_blob = nirc_hw_blob(&x->hw, NIRC_F64, &columns, &weight);
  memset(first, 0, nirc_blob_bytes(first_blob));
  for (size_t i = 0, k = 0; i < p->n_rows; i++) {
    const nirc_s2_row *r = &p->rows[i];
    if (!belongs(p, i, delay, sign))
      continue;
    ((int32_t *)row)[k] = (int32_t)r->post;
    ((double *)weight)[k++] = sign < 0 ? -nirc_s2_weight(p, i) : nirc_s2_weight(p, i);
    ((int32_t *)first)[r->pre + 1] = (int32_t)k;
  }
  for (size_t i = 0; i < pre->size; i++)             /* inputs without a row end where the one before does */
    if (((int32_t *)first)[i + 1] == 0)
      ((int32_t *)first)[i + 1] = ((int32_t *)first)[i];
  nirc_value *from = nirc_hw_reshaped(&x->hw, post->op, NULL, x->spikes[p->pre][steps_back(x, p, delay)], &in);
  place_sum(x, p, delay, sign < 0);
  nirc_op *op = nirc_hw_append(&x->hw, post->op, SNN_SPARSE_DENSE, post->name, &from, 1);
  nirc_op_set_blob(x->m, op, "first", first_blob);
  nirc_op_set_blob(x->m, op, "row", row_blob);
  nirc_op_set_blob(x->m, op, "weight", weight_blob);
  return nirc_hw_reshaped(&x->hw, post->op, NULL, nirc_hw_typed(&x->hw, op, NIRC_F64, &out), &post->shape);
}

static nirc_value *pooled(lowerer *x, const nirc_op *from, nirc_value *v, const nirc_s2_kernel *k)
{
  if (k->pool == 1)
    return v;
  nirc_shape out = {.rank = 3, .dims = {k->in, k->in_height / k->pool, k->in_width / k->pool}}, square = nirc_hw_pair(k->pool, k->pool),
    none = nirc_hw_pair(0, 0);
  nirc_op *op = nirc_hw_append(&x->hw, from, SNN_SUM_POOL, NULL, &v, 1);
  nirc_op_set_shape(x->m, op, "kernel_size", &square);
  nirc_op_set_shape(x->m, op, "stride", &square);
  nirc_op_set_shape(x->m, op, "before", &none);
  return nirc_hw_typed(&x->hw, op, NIRC_F64, &out);
}

static nirc_value *add_kernel(lowerer *x, const nirc_s2_projection *p)
{
  const nirc_s2_population *post = &x->net->populations[p->post];
  const nirc_s2_kernel *k = &p->kernel;
  nirc_shape weights = {.rank = 4, .dims = {k->out, k->in, k->rows, k->columns}}, stride = nirc_hw_pair(k->stride, k->stride),
    pad = nirc_hw_pair(k->pad, k->pad), one = nirc_hw_pair(1, 1);
  void *data;
  nirc_blob *w = nirc_hw_blob(&x->hw, NIRC_F64, &weights, &data);
  size_t area = k->rows * k->columns;
  for (size_t i = 0; i < w->count; i++)
    ((double *)data)[i] = nirc_s2_kernel_weight(k, (i / area % k->in * k->out + i / area / k->in) * area + i % area);
  nirc_value *from = pooled(x, post->op, x->spikes[p->pre][steps_back(x, p, 0)], k);
  place_sum(x, p, 0, false);
  nirc_op *op = nirc_hw_append(&x->hw, post->op, SNN_CONV, post->name, &from, 1);
  nirc_op_set_blob(x->m, op, "weight", w);
  nirc_op_set_shape(x->m, op, "stride", &stride);
  nirc_op_set_shape(x->m, op, "dilation", &one);
  nirc_op_set_shape(x->m, op, "before", &pad);
  nirc_op_set_int(x->m, op, "groups", 1);
  return nirc_hw_typed(&x->hw, op, NIRC_F64, &post->shape);
}

/* All that arrives at a population, of a sign (0: any); NULL: nothing. */
static nirc_value *gather(lowerer *x, size_t index, int sign)
{
  const nirc_s2_population *post = &x->net->populations[index];
  nirc_value *sum = NULL;
  for (size_t k = 0; k < x->net->n_projections; k++) {
    const nirc_s2_projection *p = &x->net->projections[k];
    for (size_t delay = 0; p->post == index && delay <= (p->is_conv ? 0 : NIRC_S2_MAX_DELAY + p->lag); delay++) {
      nirc_value *v = p->is_conv ? add_kernel(x, p) : add_list(x, p, delay, sign);
      sum = v ? nirc_hw_sum(&x->hw, post->op, post->name, sum, v) : sum;
    }
  }
  return sum;
}

/* ---- neurons ----------------------------------------------------------------------------------------------------------------------- */

static const char *equation_of(lowerer *x, const nirc_s2_population *p, bool excited, bool inhibited, bool traced)
{
  const char *reset = x->net->options.subtract ? "u - v_threshold" : "v_reset", *take = number_of(x) == NIRC_F32 ? " + f32(x)" : " + x",
             *inhibit = number_of(x) == NIRC_F32 ? " + f32(y)" : " + y", *missed = x->net->options.subtract ? "; missed_thresholds = v > v_threshold" : "";
  nirc_arena *a = x->m->arena;
  if (p->kind == NIRC_S2_LIF)
    return nirc_arena_printf(a, "u = alpha*v + bias; %s%s%sz = u > v_threshold; v = z ? %s : u%s", excited ? "u = u" : "", excited ? take : "",
                             excited ? "; " : "", reset, missed);
  return nirc_arena_printf(a, "e = alpha*e%s%s; h = alpha*h%s; u = (beta*v + bias) + (e - h); z = u > v_threshold; v = z ? %s : u%s%s", excited ? take : "",
                           p->reals.drive ? " + drive" : "", inhibited ? inhibit : "", reset, missed, traced ? "; i = e - h" : "");
}

static void set_reals(lowerer *x, nirc_op *op, const char *name, const nirc_s2_population *p, const double *values)
{
  nirc_op_set_blob(x->m, op, name, reals(x, number_of(x), &p->shape, values, p->size));
}

static void set_coefficients(lowerer *x, nirc_op *op, const nirc_s2_population *p)
{
  const nirc_s2_reals *n = &p->reals;
  bool current = p->kind == NIRC_S2_CURRENT;
  set_reals(x, op, "alpha", p, current ? n->synapse : n->decay);
  if (current)
    set_reals(x, op, "beta", p, n->decay);
  set_reals(x, op, "bias", p, n->offset);
  if (n->drive)
    set_reals(x, op, "drive", p, n->drive);
  set_reals(x, op, "v_threshold", p, n->threshold);
  if (!x->net->options.subtract)
    set_reals(x, op, "v_reset", p, n->reset);
}

static nirc_value *in_network_units(lowerer *x, const nirc_s2_population *p, nirc_value *v)
{
  nirc_op *op = nirc_hw_neuron(&x->hw, p->op, p->name, &v, 1, "v", "y", "y = v/v_scale");
  nirc_op_set_results(x->m, op, &v->type, 1);
  set_reals(x, op, "v_scale", p, p->reals.v_scale);
  return nirc_op_result(op);
}

static void lower_neurons(lowerer *x, size_t index)
{
  const nirc_s2_population *p = &x->net->populations[index];
  bool current = p->kind == NIRC_S2_CURRENT, traced = current && nirc_op_attr(p->op, "probe");
  nirc_value *excitation = gather(x, index, current ? 1 : 0), *inhibition = current ? gather(x, index, -1) : NULL, *in[5];
  nirc_value *v = state(x, p, "v", number_of(x), p->v), *e = current ? state(x, p, "e", number_of(x), p->excitation) : NULL,
             *h = current ? state(x, p, "h", number_of(x), p->inhibition) : NULL;
  size_t n = 0;
  nirc_value *const possible[] = {excitation, inhibition, v, e, h};
  for (size_t i = 0; i < 5; i++)
    if (possible[i])
      in[n++] = possible[i];
  const char *takes = nirc_arena_printf(x->m->arena, "%s%sv%s", excitation ? "x " : "", inhibition ? "y " : "", current ? " e h" : "");
  nirc_op *op = nirc_hw_neuron(&x->hw, p->op, p->name, in, n, takes, current ? traced ? "z v e h i" : "z v e h" : "z v",
                               equation_of(x, p, excitation, inhibition, traced));
  const nirc_type *types[] = {nirc_type_get(&x->m->types, NIRC_BOOL, &p->shape), v->type, v->type, v->type, v->type};
  nirc_op_set_results(x->m, op, types, current ? traced ? 5 : 4 : 2);
  if (x->net->options.subtract)
    nirc_op_set_string(x->m, op, "counts", "missed_thresholds");
  set_coefficients(x, op, p);
  x->spikes[index][0] = &op->results[0];
  update(x, p, v, &op->results[1]);
  if (current) {
    update(x, p, e, &op->results[2]);
    update(x, p, h, &op->results[3]);
  }
  if (traced)
    probe(x, p->op, "i", &op->results[4]);
  if (!p->readout)
    probe(x, p->op, "spikes", &op->results[0]);
  probe(x, p->op, "v", &op->results[1]);
  if (p->readout)
    x->readout[index] = in_network_units(x, p, &op->results[1]);
}

/* A value other than 0 is one spike. */
static void lower_source(lowerer *x, size_t index)
{
  const nirc_s2_population *p = &x->net->populations[index];
  nirc_value *v = nirc_hw_input(&x->hw, p->op);
  nirc_op *op = nirc_hw_neuron(&x->hw, p->op, p->name, &v, 1, "x", "z", "z = x != 0");
  const nirc_type *type = nirc_type_get(&x->m->types, NIRC_BOOL, &p->shape);
  nirc_op_set_results(x->m, op, &type, 1);
  x->spikes[index][0] = nirc_op_result(op);
  probe(x, p->op, "value", nirc_op_result(op));
}

/* ---- what the target has decided ------------------------------------------------------------------------------------------------------ */

/* Of each neuron; cores are numbered in the order of populations and of their slices. */
static nirc_blob *cores_of(lowerer *x, const nirc_s2_population *p)
{
  size_t first = 0;
  for (const nirc_s2_population *q = x->net->populations; q < p; q++)
    first += nirc_s2_n_slices(q);
  nirc_shape shape = nirc_shape_1d(p->size);
  void *data;
  nirc_blob *b = nirc_hw_blob(&x->hw, NIRC_I64, &shape, &data);
  for (size_t i = 0; i < p->size; i++)
    ((int64_t *)data)[i] = (int64_t)(first + i / p->atoms);
  return b;
}

static void place_population(lowerer *x, const nirc_s2_population *p)
{
  static const char *const kinds[] = {"source", "lif", "current"};
  nirc_attr *a = nirc_hw_place(&x->hw, p->op, NULL, kinds[p->kind]);
  nirc_op_set_blob(x->m, x->hw.step->body->last, "cores", cores_of(x, p));
  nirc_dict_add_size(x->m, a, "phase", p->phase);
  nirc_dict_add_size(x->m, a, "atoms", p->atoms);
  nirc_dict_add_size(x->m, a, "delayed", p->delayed);
  nirc_dict_add_size(x->m, a, "map", p->is_map);
  nirc_dict_add_size(x->m, a, "readout", p->readout);
  nirc_dict_add_size(x->m, a, "record_spikes", p->record_spikes);
  nirc_dict_add_size(x->m, a, "record_v", p->record_v);
  nirc_dict_add_shape(x->m, a, "shape", p->shape);
  if (p->kind == NIRC_S2_SOURCE)
    return;
  nirc_dict_add_blob(x->m, a, "v_init", numbers(x, &p->shape, p->numbers.start, p->size));
  nirc_dict_add_blob(x->m, a, "v_reset", numbers(x, &p->shape, p->numbers.reset, p->size));
  nirc_dict_add_blob(x->m, a, "w_scale", numbers(x, &p->shape, p->numbers.w_scale, p->size));
  nirc_dict_add_blob(x->m, a, "v_scale", numbers(x, &p->shape, p->numbers.v_scale, p->size));
}

/* Of each slice; in order, that follows from their number. */
static void describe_chips(const nirc_s2_network *net, const nirc_hw_builder *b, nirc_attr *chip)
{
  void *data;
  nirc_shape shape = nirc_shape_1d(net->figures.n_cores);
  nirc_dict_add_blob(b->m, chip, "chips", nirc_hw_blob(b, NIRC_I64, &shape, &data));
  for (size_t i = 0; i < net->figures.n_cores; i++)
    ((int64_t *)data)[i] = net->chip_of[i];
}

static void describe(const nirc_s2_network *net, const nirc_hw_builder *b)
{
  nirc_module *m = b->m;
  nirc_op *step = b->step;
  const nirc_s2_options *o = &net->options;
  nirc_op_set_string(m, step, "target", "spinnaker2");
  nirc_op_set_int(m, step, "most_events", 1);
  nirc_attr *a = nirc_op_set_attr(m, step, "chip", NIRC_ATTR_DICT);
  nirc_dict_add_string(m, a, "integrator", o->exponential ? "exponential" : "forward");
  nirc_dict_add_string(m, a, "reset", o->subtract ? "subtract" : "v_reset");
  nirc_dict_add_string(m, a, "rounding", o->truncate ? "trunc" : "nearest");
  nirc_dict_add_string(m, a, "scale", o->per_population ? "population" : "neuron");
  nirc_dict_add_string(m, a, "start", o->plain ? "plain" : "compensate");
  nirc_dict_add_string(m, a, "board", o->board48 ? "board48" : "chip");
  nirc_dict_add_float(m, a, "percentile", o->percentile);
  nirc_dict_add_float(m, a, "sys_tick", o->sys_tick);
  nirc_dict_add_size(m, a, "steps", o->steps);
  nirc_figures_describe(m, a, &net->figures, o->min_cut ? &net->in_order : NULL, &net->activity);
  if (o->min_cut)
    describe_chips(net, b, a);
}

/* ---- the step --------------------------------------------------------------------------------------------------------------------------- */

static void make_outputs(lowerer *x)
{
  for (size_t k = 0; k < x->net->n_outputs; k++) {
    const nirc_s2_port *o = &x->net->outputs[k];
    nirc_value *v = x->net->populations[o->population].readout ? x->readout[o->population] : x->spikes[o->population][0];
    v = nirc_hw_reshaped(&x->hw, o->op, NULL, v, &o->op->results[0].type->shape);
    if (!x->net->options.without)
      nirc_dict_add_size(x->m, nirc_hw_place(&x->hw, o->op, NULL, "output"), "population", o->population);
    nirc_op_set_string(x->m, nirc_hw_append(&x->hw, o->op, SNN_OUTPUT, o->name, &v, 1), "name", o->name);
    probe(x, o->op, "value", v);
  }
}

/* What lies between populations has no value of its own on the chip; not said where everything is asked for. */
static void remark_probes(lowerer *x)
{
  bool all = true;
  NIRC_FOR_EACH_OP(op, x->graph->body)
    all = all && (nirc_op_attr(op, "probe") || op->code == NIR_IDENTITY);
  NIRC_FOR_EACH_OP(op, x->graph->body)
    if (!all && nirc_op_attr(op, "probe") && x->net->population_of[op->id] < 0 && op->code != NIR_OUTPUT && op->code != NIR_IDENTITY)
      nirc_remark(x->d, op->loc, "'%s': nothing to record: it is part of the synapses between two populations", op->name);
}

void nirc_s2_lower(nirc_s2_network *net, nirc_module *m, nirc_diag *d)
{
  nirc_op *graph = m->body.first;
  size_t n = net->n_populations;
  nirc_arena *a = net->arena;
  lowerer x = {.net = net, .m = m, .graph = graph, .d = d, .spikes = NIRC_NEW_ARRAY(a, nirc_value **, n),
               .reach = NIRC_NEW_ARRAY(a, size_t, n), .readout = NIRC_NEW_ARRAY(a, nirc_value *, n), .history = NIRC_NEW_ARRAY(a, uint8_t *, n)};
  x.hw = nirc_hw_build(m, net->options.dt, net->profile, net->options.subtract ? "subtract" : "v_reset");
  if (!net->options.without)
    describe(net, &x.hw);
  remark_probes(&x);
  nirc_s2_run_in(net, x.history);
  find_reach(&x);
  for (size_t i = 0; !net->options.without && i < n; i++)
    place_population(&x, &net->populations[i]);
  for (size_t i = 0; i < n; i++)
    make_last(&x, i);
  for (size_t i = 0; i < n; i++)
    if (net->populations[i].kind == NIRC_S2_SOURCE)
      lower_source(&x, i);
    else
      lower_neurons(&x, i);
  for (size_t i = 0; i < n; i++)
    keep_last(&x, i);
  make_outputs(&x);
  nirc_op_erase(graph);
}
