#include "frontend/estimate.h"

#include <math.h>
#include <string.h>

#include "frontend/report.h"
#include "ir/dialect_snn.h"
#include "ir/neuron.h"

enum { MOST_ROUNDS = 64 };                           /* until what loops carry settles */

typedef struct estimator {
  nirc_estimate *e;
  const nirc_op *step;
  double *share;                                     /* by op id: of the elements of its first result, those that are not 0 in a step; NaN: not known */
  size_t n_ops, max_layers;
} estimator;

/* ---- what is active ------------------------------------------------------------------------------------------------------------ */

static void number_ops(const nirc_region *region, size_t *n)
{
  NIRC_FOR_EACH_OP(op, region) {
    op->id = (uint32_t)(*n)++;
    if (op->body)
      number_ops(op->body, n);
  }
}

/* What stands behind an operand of a population. */
static const nirc_value *outside(const nirc_value *v)
{
  while (v->def->code == SNN_OPERAND)
    v = nirc_op_operand(v->def->parent->parent, (uint32_t)nirc_op_int(v->def, "index"));
  return v;
}

static double rate_of(const estimator *x, const char *node)
{
  double rate = nirc_activity_rate(&x->e->activity, node);
  return rate < 0 ? NAN : rate;
}

/* Of the elements of a node; NaN stays. */
static double share_of_node(const estimator *x, const char *node)
{
  double rate = rate_of(x, node);
  return rate > 1 ? 1 : rate;
}

static double share_of(const estimator *x, const nirc_value *v)
{
  v = outside(v);
  const nirc_op *op = v->def->code == SNN_POPULATION ? v->def->body->last : v->def;
  return v->index == 0 || (int)v->index == nirc_snn_fires(op) ? x->share[op->id] : 1;
}

/* Elements are taken to be active independently of each other: where several are added up, the sum is 0 where all are. */
static double share_of_op(const estimator *x, const nirc_op *op)
{
  switch (op->code) {
  case SNN_INPUT: return share_of_node(x, nirc_op_attr(op, "name")->s);
  case SNN_RESHAPE: case SNN_SCALE: case SNN_DELAY_READ: case HW_SLICE: return share_of(x, nirc_op_operand(op, 0));
  case SNN_DELAY_WRITE: return share_of(x, nirc_op_operand(op, 2));
  case SNN_ADD: return 1 - (1 - share_of(x, nirc_op_operand(op, 0))) * (1 - share_of(x, nirc_op_operand(op, 1)));
  case SNN_SUM_POOL: case SNN_AVG_POOL: {
    const nirc_type *t = op->results[0].type;
    double taps = (double)nirc_report_pairs(op) * (double)t->shape.dims[0] / (double)t->count;
    return 1 - pow(1 - share_of(x, nirc_op_operand(op, 0)), taps);
  }
  case SNN_STATE: return x->share[op->id];           /* what the step before left */
  default: return nirc_snn_fires(op) >= 0 ? share_of_node(x, op->name) : 1;
  }
}

/* One round over a region; true where a state has changed. */
static bool find_shares(estimator *x, const nirc_region *region)
{
  bool changed = false;
  NIRC_FOR_EACH_OP(op, region) {
    if (op->body && op->code == SNN_POPULATION)
      changed |= find_shares(x, op->body);
    if (op->code != SNN_UPDATE) {
      x->share[op->id] = op->n_results && op->code != SNN_POPULATION && op->code != HW_CORES ? share_of_op(x, op) : NAN;
      continue;
    }
    double *state = &x->share[nirc_op_operand(op, 0)->def->id], now = share_of(x, nirc_op_operand(op, 1));
    changed |= !(fabs(*state - now) <= 1e-12) && !(isnan(*state) && isnan(now));
    *state = now;
  }
  return changed;
}

/* ---- counting ------------------------------------------------------------------------------------------------------------------ */

static nirc_estimate_layer *layer_of(estimator *x, const char *node)
{
  nirc_estimate *e = x->e;
  for (size_t n = e->n_layers; n-- > 0;)
    if (strcmp(e->layers[n].node, node) == 0)
      return &e->layers[n];
  e->layers[e->n_layers] = (nirc_estimate_layer){.node = node, .counts = {-1, -1, -1}};
  return &e->layers[e->n_layers++];
}

/* NaN, what is not known, stays. */
static void add(double *sum, double n)
{
  *sum = *sum < 0 ? n : *sum + n;
}

static bool is_input(const estimator *x, const char *node)
{
  NIRC_FOR_EACH_OP(op, x->step->body)
    if (op->code == SNN_INPUT && strcmp(nirc_op_attr(op, "name")->s, node) == 0)
      return true;
  return false;
}

/* Pairs of an input and an output that a weighted sum weighs, as `nirc-run --stats` counts them: zeros among the weights are pairs, too. */
static double connections_of(const nirc_op *op)
{
  const nirc_shape *w = &nirc_op_blob(op, "weight")->shape, *y = &op->results[0].type->shape;
  double in = (double)nirc_op_operand(op, op->code == HW_PROJECT)->type->count;
  switch (op->code) {
  case SNN_CONV: return (double)w->dims[0] * (double)w->dims[1] * (double)nirc_report_pairs(op);
  case SNN_DENSE: return in * (double)w->dims[w->rank - 2];
  case HW_PROJECT: return in * (double)op->results[0].type->count;
  default: return in * (double)y->dims[y->rank - 1];
  }
}

static void count_operations(estimator *x, const nirc_op *op)
{
  const nirc_activity *a = &x->e->activity;
  nirc_estimate_layer *l = layer_of(x, op->name);
  double measured = a->measured ? nirc_activity_sum(a->operations, a->n_operations, op->name) : -1;
  if (measured >= 0)
    l->counts[NIRC_ESTIMATE_OPERATIONS] = measured;                        /* of all ops of that name */
  else
    add(&l->counts[NIRC_ESTIMATE_OPERATIONS], share_of(x, nirc_op_operand(op, op->code == HW_PROJECT)) * connections_of(op));
}

static void count_spikes(estimator *x, const nirc_op *op, int fires)
{
  const nirc_activity *a = &x->e->activity;
  double measured = a->measured ? nirc_activity_sum(a->spikes, a->n_spikes, op->name) : -1;
  add(&layer_of(x, op->name)->counts[NIRC_ESTIMATE_SPIKES], measured >= 0 ? measured : rate_of(x, op->name) * (double)op->results[fires].type->count);
}

/* Does it keep something from step to step? Others only convert. */
static bool is_neuron(const nirc_op *op)
{
  for (uint32_t i = 0; op->code == SNN_NEURON && i < op->n_operands; i++)
    if (outside(nirc_op_operand(op, i))->def->code == SNN_STATE)
      return true;
  return false;
}

static void count_region(estimator *x, const nirc_region *region)
{
  NIRC_FOR_EACH_OP(op, region) {
    if (op->code == SNN_POPULATION)
      count_region(x, op->body);
    int fires = nirc_snn_fires(op);
    if (fires >= 0 && !is_input(x, op->name))
      count_spikes(x, op, fires);
    if (is_neuron(op))
      add(&layer_of(x, op->name)->counts[NIRC_ESTIMATE_UPDATES], (double)op->results[0].type->count);
    if (op->code == SNN_DENSE || op->code == SNN_SPARSE_DENSE || op->code == SNN_CONV || op->code == HW_PROJECT)
      count_operations(x, op);
    if (op->code == HW_CORES)                        /* nothing of it is counted */
      *layer_of(x, op->name) = (nirc_estimate_layer){.node = op->name, .counts = {NAN, NAN, NAN}};
  }
}

/* ---- between cores --------------------------------------------------------------------------------------------------------------- */

static double spikes_of(const nirc_estimate *e, const char *node)
{
  for (size_t n = 0; n < e->n_layers; n++)
    if (strcmp(e->layers[n].node, node) == 0 && !(e->layers[n].counts[NIRC_ESTIMATE_SPIKES] < 0))
      return e->layers[n].counts[NIRC_ESTIMATE_SPIKES];
  return NAN;
}

/* A layer on a core of its own sends each spike to every core behind it, and off the chip where it is watched. */
static double messages_of_places(const nirc_estimate *e, const nirc_chip *c)
{
  double sum = 0;
  for (size_t l = 0; l < c->n_layers; l++) {
    size_t ways = c->layers[l].out;
    for (size_t i = 0; i < c->n_edges; i++)
      ways += c->edges[i].from == l && c->layers[c->edges[i].to].core != c->layers[l].core;
    sum += ways ? (double)ways * spikes_of(e, c->layers[l].node) : 0;
  }
  return sum;
}

/* All on one core: what an Output is fed with. */
static double messages_of_outputs(const estimator *x)
{
  double sum = 0;
  NIRC_FOR_EACH_OP(op, x->step->body)
    sum += op->code == SNN_OUTPUT ? spikes_of(x->e, nirc_op_operand(op, 0)->def->name) : 0;
  return sum;
}

/* What the target has worked out for its cores: for the rate that it names; without one, for the activity of the module. */
static double messages_of_partition(const nirc_estimate *e, const nirc_attr *partition)
{
  const nirc_attr *n = nirc_dict_find(partition, "between_cores", NIRC_ATTR_FLOAT), *rate = nirc_dict_find(partition, "assumed_rate", NIRC_ATTR_FLOAT);
  if (!n || !(n->f >= 0) || (rate && e->activity.measured))
    return NAN;
  return rate && rate->f > 0 ? n->f * (e->activity.rate / rate->f) : n->f;
}

/* Neither cores nor a cut, only parts: all on one. */
static bool is_one_core(const nirc_op *step, nirc_arena *a)
{
  const nirc_chip *c = nirc_chip_read(a, step);
  return c && c->n_parts && !c->n_cores && !nirc_dict_find(nirc_op_attr(step, "chip"), "partition", NIRC_ATTR_DICT);
}

static double count_messages(const estimator *x, nirc_arena *a)
{
  const nirc_attr *chip = nirc_op_attr(x->step, "chip"), *partition = nirc_dict_find(chip, "partition", NIRC_ATTR_DICT);
  const nirc_chip *c = nirc_chip_read(a, x->step);
  if (partition)
    return messages_of_partition(x->e, partition);
  if (c && c->n_cores)
    return messages_of_places(x->e, c);
  return is_one_core(x->step, a) ? messages_of_outputs(x) : NAN;
}

/* ---- what it costs ---------------------------------------------------------------------------------------------------------------- */

/* Where dt is 1, time is counted in steps, and nobody knows how long one is; a chip may say at what pace it goes. */
static double seconds_of(const nirc_op *step)
{
  const nirc_attr *tick = nirc_dict_find(nirc_op_attr(step, "chip"), "sys_tick", NIRC_ATTR_FLOAT);
  double s = tick ? tick->f : nirc_op_attr(step, "dt")->f;
  return (s > 0 && s < 1) || s > 1 ? s : 0;
}

size_t nirc_estimate_source(const nirc_estimate *e, const nirc_energy_source *s)
{
  size_t i = 0;
  while (i < e->n_sources && e->sources[i] != s)
    i++;
  return i;
}

static void add_source(nirc_estimate *e, const nirc_energy_figure *f)
{
  if (f && nirc_estimate_source(e, f->source) == e->n_sources)
    e->sources[e->n_sources++] = f->source;
}

/* A step is over when the busiest core has gone through its neurons, and, where that takes time, all have said so. The busiest has no fewer than the mean. */
static void add_computing(nirc_estimate *e)
{
  const nirc_energy_figure *update = nirc_energy_find(e->target, NIRC_ENERGY_UPDATE_TIME), *step = nirc_energy_find(e->target, NIRC_ENERGY_STEP_TIME);
  e->update_time = update;
  e->step_time = step;
  e->computing = NAN;
  add_source(e, update);
  add_source(e, step);
  if (update && e->cores)
    e->computing = (step ? step->least * step->scale : 0) + e->counts[NIRC_ESTIMATE_UPDATES] / (double)e->cores * update->least * update->scale;
}

static void add_energy(nirc_estimate *e)
{
  static const nirc_estimate_count counted[] = {NIRC_ESTIMATE_OPERATIONS, NIRC_ESTIMATE_UPDATES, NIRC_ESTIMATE_MESSAGES};
  size_t known = 0;
  e->least = e->most = NAN;
  for (nirc_energy_quantity q = 0; q < NIRC_ENERGY_PARTS; q++) {
    const nirc_energy_figure *f = nirc_energy_find(e->target, q);
    double n = q != NIRC_ENERGY_STATIC_POWER ? e->counts[counted[q]] : e->step_seconds > 0 ? e->step_seconds : NAN;
    nirc_estimate_part *p = &e->parts[q];
    *p = (nirc_estimate_part){f, f ? n * f->least * f->scale : NAN, f ? n > 0 ? n * f->most * f->scale : n : NAN};
    add_source(e, f);
    if (!isnan(p->least)) {
      e->figures_of = f->chip;
      known++;
      e->least = isnan(e->least) ? p->least : e->least + p->least;
      e->most = isnan(e->most) ? p->most : e->most + p->most;
    }
  }
  if (known && known < NIRC_ENERGY_PARTS)
    e->most = INFINITY;
}

/* Where a synapse has a place of its own, that says what it connects. */
static void name_ends(const estimator *x)
{
  NIRC_FOR_EACH_OP(op, x->step->body) {
    const nirc_attr *p = op->code == HW_PLACE ? nirc_op_attr(op, "placement") : NULL;
    const nirc_attr *from = nirc_dict_find(p, "from", NIRC_ATTR_STRING), *to = nirc_dict_find(p, "to", NIRC_ATTR_STRING);
    for (size_t n = 0; from && to && n < x->e->n_layers; n++)
      if (strcmp(x->e->layers[n].node, nirc_op_attr(op, "node")->s) == 0) {
        x->e->layers[n].from = from->s;
        x->e->layers[n].to = to->s;
      }
  }
}

static void make_totals(estimator *x, nirc_arena *a)
{
  nirc_estimate *e = x->e;
  for (size_t n = 0; n < e->n_layers; n++)
    for (int k = 0; k < NIRC_ESTIMATE_OF_LAYERS; k++)
      e->counts[k] += e->layers[n].counts[k] < 0 ? 0 : e->layers[n].counts[k];
  e->counts[NIRC_ESTIMATE_MESSAGES] = count_messages(x, a);
  e->step_seconds = seconds_of(x->step);
  const nirc_attr *cores = nirc_dict_find(nirc_dict_find(nirc_op_attr(x->step, "chip"), "partition", NIRC_ATTR_DICT), "cores", NIRC_ATTR_INT);
  e->cores = cores && cores->i > 0 ? (uint64_t)cores->i : is_one_core(x->step, a);
  NIRC_FOR_EACH_OP(op, x->step->body) {
    const nirc_attr *latency = op->code == SNN_OUTPUT ? nirc_op_attr(op, "latency") : NULL;
    if (latency && latency->i > 0 && (uint64_t)latency->i > e->latency)
      e->latency = (uint64_t)latency->i;
  }
}

const nirc_estimate *nirc_estimate_make(nirc_arena *a, const nirc_module *m, uint64_t steps)
{
  const nirc_op *step = m->body.first;
  const nirc_attr *target = nirc_op_attr(step, "target");
  nirc_estimate *e = NIRC_NEW(a, nirc_estimate);
  *e = (nirc_estimate){.target = target ? target->s : "cpu", .activity = nirc_activity_of(m, a), .steps_given = steps > 0};
  e->steps = steps ? steps : e->activity.measured ? e->activity.steps : NIRC_ESTIMATE_ASSUMED_STEPS;
  estimator x = {.e = e, .step = step};
  number_ops(step->body, &x.n_ops);
  x.share = NIRC_NEW_ARRAY(a, double, x.n_ops);
  e->layers = NIRC_NEW_ARRAY(a, nirc_estimate_layer, x.n_ops);
  for (int round = 0; round < MOST_ROUNDS && find_shares(&x, step->body); round++)
    ;
  count_region(&x, step->body);
  name_ends(&x);
  make_totals(&x, a);
  add_energy(e);
  add_computing(e);
  return e;
}
