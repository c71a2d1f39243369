/* targets/spinnaker2/lower.c: populations and projections in the chip's numbers as a module of the hw level, which the files are written from and --emulate
 * compiles. Its step t is that of the network: what a population does in its first steps, before that, is in the states' start, and a synapse of delay d
 * reaches back 1 + d + phase(pre) - phase(post) steps, never less than 0. Populations stand in the order of their phases.
 *
 * Each population has a hw.place, each sum of weights one directly before it; a list is one sum for each delay and, in front of lif_curr_exp, sign. Sums are of
 * whole numbers in f64, which is exact; the neurons compute in f32, each operation rounded in the chip's order. */
#include <string.h>

#include "targets/spinnaker2/spinnaker2.h"

typedef struct lowerer {
  nirc_s2_network *net;
  nirc_module *m;
  const nirc_op *graph;
  nirc_op *step;
  nirc_value ***spikes;                              /* by population and steps back; [0]: of this step */
  size_t *reach;                                     /* by population: the most steps back that anything asks for */
  nirc_value **readout;                              /* by population: v in the network's unit */
  uint8_t **history;
  nirc_diag *d;
} lowerer;

/* ---- attributes --------------------------------------------------------------------------------------------------------------- */

static void add_string(nirc_module *m, nirc_attr *dict, const char *name, const char *s)
{
  nirc_dict_add(m, dict, name, NIRC_ATTR_STRING)->s = s;
}

static void add_number(nirc_module *m, nirc_attr *dict, const char *name, size_t n)
{
  nirc_dict_add(m, dict, name, NIRC_ATTR_INT)->i = (int64_t)n;
}

static void add_real(nirc_module *m, nirc_attr *dict, const char *name, double f)
{
  nirc_dict_add(m, dict, name, NIRC_ATTR_FLOAT)->f = f;
}

/* Numbers of a layer; one where all are alike. */
static nirc_blob *numbers(lowerer *x, const nirc_shape *shape, const float *values, size_t n)
{
  void *to;
  bool splat = n > 0 && nirc_s2_alike(values, n);
  nirc_blob *b = nirc_module_hold(x->m, nirc_blob_new(x->m->heap, NIRC_F32, shape, splat, &to));
  memcpy(to, values, (splat ? 1 : n) * sizeof *values);
  return b;
}

/* ---- ops ------------------------------------------------------------------------------------------------------------------------ */

static nirc_op *append(lowerer *x, const nirc_op *from, nirc_opcode code, const char *name, nirc_value *const *in, size_t n)
{
  nirc_op *op = nirc_op_new(x->m, x->step->body, code, name, from->loc);
  nirc_op_set_operands(x->m, op, in, n);
  return op;
}

static nirc_value *typed(lowerer *x, nirc_op *op, nirc_dtype elem, const nirc_shape *shape)
{
  nirc_op_result(op)->type = nirc_type_get(&x->m->types, elem, shape);
  return nirc_op_result(op);
}

static nirc_value *reshaped(lowerer *x, const nirc_op *from, nirc_value *v, const nirc_shape *shape)
{
  if (nirc_shape_equal(&v->type->shape, shape))
    return v;
  return typed(x, append(x, from, SNN_RESHAPE, from->name, &v, 1), v->type->elem, shape);
}

static nirc_attr *place(lowerer *x, const nirc_op *node, const char *part)
{
  nirc_op *op = append(x, node, HW_PLACE, node->name, NULL, 0);
  nirc_op_set_string(x->m, op, "node", node->name);
  nirc_attr *a = nirc_op_set_attr(x->m, op, "placement", NIRC_ATTR_DICT);
  add_string(x->m, a, "part", part);
  return a;
}

static nirc_value *state(lowerer *x, const nirc_s2_population *p, const char *field, nirc_dtype elem, const float *start)
{
  nirc_op *op = append(x, p->op, SNN_STATE, nirc_arena_printf(x->m->arena, "%s/%s", p->name, field), NULL, 0);
  nirc_op_set_string(x->m, op, "name", op->name);
  nirc_op_set_blob(x->m, op, "init", numbers(x, &p->shape, start, p->size));
  return typed(x, op, elem, &p->shape);
}

static void update(lowerer *x, const nirc_s2_population *p, nirc_value *of, nirc_value *next)
{
  append(x, p->op, SNN_UPDATE, of->def->name, (nirc_value *[]){of, next}, 2);
}

static void probe(lowerer *x, const nirc_op *node, const char *what, nirc_value *v)
{
  if (nirc_op_attr(node, "probe"))
    nirc_op_set_string(x->m, append(x, node, SNN_PROBE, node->name, &v, 1), "name", nirc_arena_printf(x->m->arena, "%s/%s", node->name, what));
}

/* ---- spikes of earlier steps ------------------------------------------------------------------------------------------------------ */

static size_t steps_back(const lowerer *x, const nirc_s2_projection *p, size_t delay)
{
  return 1 + delay + x->net->populations[p->pre].phase - x->net->populations[p->post].phase;
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
  float *start = NIRC_NEW_ARRAY(x->net->arena, float, p->size);
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
  nirc_attr *a = place(x, x->net->populations[p->post].op, "synapses");
  add_number(x->m, a, "pre", p->pre);
  add_number(x->m, a, "post", p->post);
  add_number(x->m, a, "recurrent", p->recurrent);
  add_number(x->m, a, "delay", delay);
  add_number(x->m, a, "negative", negative);
}

/* Rows that stand in one sum: of a delay, and of a sign (0: any). */
static bool belongs(const nirc_s2_row *r, size_t delay, int sign)
{
  return r->delay == delay && (sign == 0 || (r->weight > 0) == (sign > 0));
}

/* The sum of one delay and sign; NULL where no row has them. */
static nirc_value *add_list(lowerer *x, const nirc_s2_projection *p, size_t delay, int sign)
{
  const nirc_s2_population *pre = &x->net->populations[p->pre], *post = &x->net->populations[p->post];
  size_t n = 0;
  for (size_t i = 0; i < p->n_rows; i++)
    n += belongs(&p->rows[i], delay, sign);
  if (!n)
    return NULL;
  nirc_shape in = nirc_shape_1d(pre->size), out = nirc_shape_1d(post->size), firsts = nirc_shape_1d(pre->size + 1), rows = nirc_shape_1d(n),
    columns = {.rank = 2, .dims = {n, 1}};
  void *first, *row, *weight;
  nirc_blob *first_blob = nirc_module_hold(x->m, nirc_blob_new(x->m->heap, NIRC_I32, &firsts, false, &first));
  nirc_blob *row_blob = nirc_module_hold(x->m, nirc_blob_new(x->m->heap, NIRC_I32, &rows, false, &row));
  nirc_blob *weight_blob = nirc_module_hold(x->m, nirc_blob_new(x->m->heap, NIRC_F64, &columns, false, &weight));
  memset(first, 0, nirc_blob_bytes(first_blob));
  for (size_t i = 0, k = 0; i < p->n_rows; i++) {
    const nirc_s2_row *r = &p->rows[i];
    if (!belongs(r, delay, sign))
      continue;
    ((int32_t *)row)[k] = (int32_t)r->post;
    ((double *)weight)[k++] = sign < 0 ? -r->weight : r->weight;
    ((int32_t *)first)[r->pre + 1] = (int32_t)k;
  }
  for (size_t i = 0; i < pre->size; i++)             /* inputs without a row end where the one before does */
    if (((int32_t *)first)[i + 1] == 0)
      ((int32_t *)first)[i + 1] = ((int32_t *)first)[i];
  nirc_value *from = reshaped(x, post->op, x->spikes[p->pre][steps_back(x, p, delay)], &in);
  place_sum(x, p, delay, sign < 0);
  nirc_op *op = append(x, post->op, SNN_SPARSE_DENSE, post->name, &from, 1);
  nirc_op_set_blob(x->m, op, "first", first_blob);
  nirc_op_set_blob(x->m, op, "row", row_blob);
  nirc_op_set_blob(x->m, op, "weight", weight_blob);
  return reshaped(x, post->op, typed(x, op, NIRC_F64, &out), &post->shape);
}

static nirc_shape pair(size_t n)
{
  return (nirc_shape){.rank = 2, .dims = {n, n}};
}

static nirc_value *pooled(lowerer *x, const nirc_op *from, nirc_value *v, const nirc_s2_kernel *k)
{
  if (k->pool == 1)
    return v;
  nirc_shape out = {.rank = 3, .dims = {k->in, k->in_height / k->pool, k->in_width / k->pool}}, square = pair(k->pool), none = pair(0);
  nirc_op *op = append(x, from, SNN_SUM_POOL, from->name, &v, 1);
  nirc_op_set_shape(x->m, op, "kernel_size", &square);
  nirc_op_set_shape(x->m, op, "stride", &square);
  nirc_op_set_shape(x->m, op, "before", &none);
  return typed(x, op, NIRC_F64, &out);
}

static nirc_value *add_kernel(lowerer *x, const nirc_s2_projection *p)
{
  const nirc_s2_population *post = &x->net->populations[p->post];
  const nirc_s2_kernel *k = &p->kernel;
  nirc_shape weights = {.rank = 4, .dims = {k->out, k->in, k->rows, k->columns}}, stride = pair(k->stride), pad = pair(k->pad), one = pair(1);
  void *data;
  nirc_blob *w = nirc_module_hold(x->m, nirc_blob_new(x->m->heap, NIRC_F64, &weights, false, &data));
  size_t area = k->rows * k->columns;
  for (size_t i = 0; i < w->count; i++)
    ((double *)data)[i] = k->weights[(i / area % k->in * k->out + i / area / k->in) * area + i % area];
  nirc_value *from = pooled(x, post->op, x->spikes[p->pre][steps_back(x, p, 0)], k);
  place_sum(x, p, 0, false);
  nirc_op *op = append(x, post->op, SNN_CONV, post->name, &from, 1);
  nirc_op_set_blob(x->m, op, "weight", w);
  nirc_op_set_shape(x->m, op, "stride", &stride);
  nirc_op_set_shape(x->m, op, "dilation", &one);
  nirc_op_set_shape(x->m, op, "before", &pad);
  nirc_op_set_int(x->m, op, "groups", 1);
  return typed(x, op, NIRC_F64, &post->shape);
}

/* All that arrives at a population, of a sign (0: any); NULL: nothing. */
static nirc_value *gather(lowerer *x, size_t index, int sign)
{
  const nirc_s2_population *post = &x->net->populations[index];
  nirc_value *sum = NULL;
  for (size_t k = 0; k < x->net->n_projections; k++) {
    const nirc_s2_projection *p = &x->net->projections[k];
    for (size_t delay = 0; p->post == index && delay <= (p->is_conv ? 0 : NIRC_S2_MAX_DELAY); delay++) {
      nirc_value *v = p->is_conv ? add_kernel(x, p) : add_list(x, p, delay, sign);
      if (v && sum)
        sum = typed(x, append(x, post->op, SNN_ADD, post->name, (nirc_value *[]){sum, v}, 2), NIRC_F64, &post->shape);
      sum = sum ? sum : v;
    }
  }
  return sum;
}

/* ---- neurons ----------------------------------------------------------------------------------------------------------------------- */

static const char *equation_of(lowerer *x, const nirc_s2_population *p, bool excited, bool inhibited, bool traced)
{
  const char *reset = x->net->options.subtract ? "u - v_threshold" : "v_reset", *missed = x->net->options.subtract ? "; missed_thresholds = v > v_threshold" : "";
  nirc_arena *a = x->m->arena;
  if (p->kind == NIRC_S2_LIF)
    return nirc_arena_printf(a, "u = alpha*v + bias; %sz = u > v_threshold; v = z ? %s : u%s", excited ? "u = u + f32(x); " : "", reset, missed);
  return nirc_arena_printf(a, "e = alpha*e%s; h = alpha*h%s; u = (beta*v + bias) + (e - h); z = u > v_threshold; v = z ? %s : u%s%s", excited ? " + f32(x)" : "",
                           inhibited ? " + f32(y)" : "", reset, missed, traced ? "; i = e - h" : "");
}

static void set_coefficients(lowerer *x, nirc_op *op, const nirc_s2_population *p)
{
  const nirc_s2_numbers *n = &p->numbers;
  bool current = p->kind == NIRC_S2_CURRENT;
  nirc_op_set_blob(x->m, op, "alpha", numbers(x, &p->shape, current ? n->synapse : n->decay, p->size));
  if (current)
    nirc_op_set_blob(x->m, op, "beta", numbers(x, &p->shape, n->decay, p->size));
  nirc_op_set_blob(x->m, op, "bias", numbers(x, &p->shape, n->offset, p->size));
  nirc_op_set_blob(x->m, op, "v_threshold", numbers(x, &p->shape, n->threshold, p->size));
  if (!x->net->options.subtract)
    nirc_op_set_blob(x->m, op, "v_reset", numbers(x, &p->shape, n->reset, p->size));
}

static nirc_value *in_network_units(lowerer *x, const nirc_s2_population *p, nirc_value *v)
{
  nirc_op *op = append(x, p->op, SNN_NEURON, p->name, &v, 1);
  nirc_op_set_results(x->m, op, &v->type, 1);
  nirc_op_set_string(x->m, op, "takes", "v");
  nirc_op_set_string(x->m, op, "gives", "y");
  nirc_op_set_string(x->m, op, "equation", "y = v/v_scale");
  nirc_op_set_blob(x->m, op, "v_scale", numbers(x, &p->shape, p->numbers.v_scale, p->size));
  return nirc_op_result(op);
}

static void lower_neurons(lowerer *x, size_t index)
{
  const nirc_s2_population *p = &x->net->populations[index];
  bool current = p->kind == NIRC_S2_CURRENT, traced = current && nirc_op_attr(p->op, "probe");
  nirc_value *excitation = gather(x, index, current ? 1 : 0), *inhibition = current ? gather(x, index, -1) : NULL, *in[5];
  nirc_value *v = state(x, p, "v", NIRC_F32, p->v), *e = current ? state(x, p, "e", NIRC_F32, p->excitation) : NULL,
             *h = current ? state(x, p, "h", NIRC_F32, p->inhibition) : NULL;
  size_t n = 0;
  nirc_value *const possible[] = {excitation, inhibition, v, e, h};
  for (size_t i = 0; i < 5; i++)
    if (possible[i])
      in[n++] = possible[i];
  nirc_op *op = append(x, p->op, SNN_NEURON, p->name, in, n);
  const nirc_type *types[] = {nirc_type_get(&x->m->types, NIRC_BOOL, &p->shape), v->type, v->type, v->type, v->type};
  nirc_op_set_results(x->m, op, types, current ? traced ? 5 : 4 : 2);
  nirc_op_set_string(x->m, op, "takes", nirc_arena_printf(x->m->arena, "%s%sv%s", excitation ? "x " : "", inhibition ? "y " : "", current ? " e h" : ""));
  nirc_op_set_string(x->m, op, "gives", current ? traced ? "z v e h i" : "z v e h" : "z v");
  nirc_op_set_string(x->m, op, "equation", equation_of(x, p, excitation, inhibition, traced));
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
  nirc_op *in = append(x, p->op, SNN_INPUT, p->name, NULL, 0);
  nirc_op_set_string(x->m, in, "name", p->name);
  nirc_value *v = typed(x, in, NIRC_F32, &p->shape);
  nirc_op *op = append(x, p->op, SNN_NEURON, p->name, &v, 1);
  const nirc_type *type = nirc_type_get(&x->m->types, NIRC_BOOL, &p->shape);
  nirc_op_set_results(x->m, op, &type, 1);
  nirc_op_set_string(x->m, op, "takes", "x");
  nirc_op_set_string(x->m, op, "gives", "z");
  nirc_op_set_string(x->m, op, "equation", "z = x != 0");
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
  nirc_blob *b = nirc_module_hold(x->m, nirc_blob_new(x->m->heap, NIRC_I64, &shape, false, &data));
  for (size_t i = 0; i < p->size; i++)
    ((int64_t *)data)[i] = (int64_t)(first + i / p->atoms);
  return b;
}

static void place_population(lowerer *x, const nirc_s2_population *p)
{
  static const char *const kinds[] = {"source", "lif", "current"};
  nirc_attr *a = place(x, p->op, kinds[p->kind]);
  nirc_op_set_blob(x->m, x->step->body->last, "cores", cores_of(x, p));
  add_number(x->m, a, "phase", p->phase);
  add_number(x->m, a, "atoms", p->atoms);
  add_number(x->m, a, "delayed", p->delayed);
  add_number(x->m, a, "map", p->is_map);
  add_number(x->m, a, "readout", p->readout);
  add_number(x->m, a, "record_spikes", p->record_spikes);
  add_number(x->m, a, "record_v", p->record_v);
  nirc_dict_add(x->m, a, "shape", NIRC_ATTR_SHAPE)->shape = p->shape;
  if (p->kind == NIRC_S2_SOURCE)
    return;
  nirc_dict_add(x->m, a, "v_init", NIRC_ATTR_DENSE)->blob = numbers(x, &p->shape, p->numbers.start, p->size);
  nirc_dict_add(x->m, a, "v_reset", NIRC_ATTR_DENSE)->blob = numbers(x, &p->shape, p->numbers.reset, p->size);
  nirc_dict_add(x->m, a, "w_scale", NIRC_ATTR_DENSE)->blob = numbers(x, &p->shape, p->numbers.w_scale, p->size);
  nirc_dict_add(x->m, a, "v_scale", NIRC_ATTR_DENSE)->blob = numbers(x, &p->shape, p->numbers.v_scale, p->size);
}

static nirc_op *new_step(const nirc_s2_network *net, nirc_module *m)
{
  const nirc_s2_options *o = &net->options;
  nirc_op *step = nirc_op_new(m, &m->body, SNN_STEP, m->body.first->name, m->body.first->loc);
  nirc_op_set_attr(m, step, "dt", NIRC_ATTR_FLOAT)->f = o->dt;
  nirc_op_set_string(m, step, "profile", net->profile);
  nirc_op_set_string(m, step, "target", "spinnaker2");
  nirc_op_set_int(m, step, "most_events", 1);
  nirc_attr *a = nirc_op_set_attr(m, step, "chip", NIRC_ATTR_DICT);
  add_string(m, a, "integrator", o->exponential ? "exponential" : "forward");
  add_string(m, a, "reset", o->subtract ? "subtract" : "v_reset");
  add_string(m, a, "rounding", o->truncate ? "trunc" : "nearest");
  add_string(m, a, "scale", o->per_population ? "population" : "neuron");
  add_string(m, a, "start", o->plain ? "plain" : "compensate");
  add_string(m, a, "board", o->board48 ? "board48" : "chip");
  add_real(m, a, "percentile", o->percentile);
  add_real(m, a, "sys_tick", o->sys_tick);
  add_number(m, a, "steps", o->steps);
  return step;
}

/* ---- the step --------------------------------------------------------------------------------------------------------------------------- */

static void make_outputs(lowerer *x)
{
  for (size_t k = 0; k < x->net->n_outputs; k++) {
    const nirc_s2_port *o = &x->net->outputs[k];
    nirc_value *v = x->net->populations[o->population].readout ? x->readout[o->population] : x->spikes[o->population][0];
    v = reshaped(x, o->op, v, &o->op->results[0].type->shape);
    add_number(x->m, place(x, o->op, "output"), "population", o->population);
    nirc_op_set_string(x->m, append(x, o->op, SNN_OUTPUT, o->name, &v, 1), "name", o->name);
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
  lowerer x = {.net = net, .m = m, .graph = graph, .step = new_step(net, m), .d = d, .spikes = NIRC_NEW_ARRAY(a, nirc_value **, n),
               .reach = NIRC_NEW_ARRAY(a, size_t, n), .readout = NIRC_NEW_ARRAY(a, nirc_value *, n), .history = NIRC_NEW_ARRAY(a, uint8_t *, n)};
  remark_probes(&x);
  nirc_s2_run_in(net, x.history);
  find_reach(&x);
  for (size_t i = 0; i < n; i++)
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
