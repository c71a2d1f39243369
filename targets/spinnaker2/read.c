/* targets/spinnaker2/read.c: populations and projections out of a module of the hw level, which may have come as text: nothing in it is taken for granted. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "targets/hw_read.h"
#include "targets/spinnaker2/spinnaker2.h"

typedef struct reader {
  nirc_s2_network *net;
  nirc_hw_reader hw;
} reader;

/* ---- attributes --------------------------------------------------------------------------------------------------------------- */

static bool flag(reader *r, const nirc_op *op, const char *name)
{
  return nirc_hw_int(&r->hw, op, "placement", name, 0, 1) == 1;
}

static bool is_word(reader *r, const char *name, const char *word)
{
  return strcmp(nirc_hw_entry(&r->hw, r->hw.step, "chip", name, NIRC_ATTR_STRING)->s, word) == 0;
}

static float *floats(reader *r, const nirc_op *op, const nirc_blob *b, size_t n)
{
  float *out = NIRC_NEW_ARRAY(r->net->arena, float, n);
  if (!b || b->count != n || b->dtype != NIRC_F32)
    nirc_hw_fault(&r->hw, op, "a number of its neurons is missing, or not f32");
  for (size_t i = 0; r->hw.ok && i < n; i++)
    out[i] = (float)nirc_blob_get(b, i);
  for (size_t i = 0; r->hw.ok && i < n; i++)
    if (!isfinite(out[i]))
      nirc_hw_fault(&r->hw, op, "a number of its neurons is not finite");
  return out;
}

static float *placed_floats(reader *r, const nirc_op *op, const char *name, size_t n)
{
  return floats(r, op, nirc_hw_entry(&r->hw, op, "placement", name, NIRC_ATTR_DENSE)->blob, n);
}

/* ---- populations ----------------------------------------------------------------------------------------------------------------- */

static void read_population(reader *r, const nirc_op *op, nirc_s2_kind kind)
{
  nirc_s2_network *net = r->net;
  nirc_s2_population *p = &net->populations[net->n_populations++];
  const int64_t most = INT32_MAX;
  *p = (nirc_s2_population){.name = nirc_op_attr(op, "node")->s, .shape = nirc_hw_entry(&r->hw, op, "placement", "shape", NIRC_ATTR_SHAPE)->shape, .kind = kind,
                            .phase = (size_t)nirc_hw_int(&r->hw, op, "placement", "phase", 0, most),
                            .atoms = (size_t)nirc_hw_int(&r->hw, op, "placement", "atoms", 1, NIRC_S2_ATOMS)};
  p->delayed = flag(r, op, "delayed");
  p->is_map = flag(r, op, "map");
  p->readout = flag(r, op, "readout");
  p->record_spikes = flag(r, op, "record_spikes");
  p->record_v = flag(r, op, "record_v");
  if (!nirc_shape_count(&p->shape, &p->size) || p->size < 1 || p->size > INT32_MAX)
    nirc_hw_fault(&r->hw, op, "its shape is not one of neurons");
  if (kind == NIRC_S2_SOURCE || !r->hw.ok)
    return;
  p->numbers.start = placed_floats(r, op, "v_init", p->size);
  p->numbers.reset = placed_floats(r, op, "v_reset", p->size);
  p->numbers.w_scale = placed_floats(r, op, "w_scale", p->size);
  p->numbers.v_scale = placed_floats(r, op, "v_scale", p->size);
}

static void read_places(reader *r)
{
  size_t n = 0;
  NIRC_FOR_EACH_OP(op, r->hw.step->body)
    n += op->code == HW_PLACE;
  r->net->populations = NIRC_NEW_ARRAY(r->net->arena, nirc_s2_population, n);
  r->net->projections = NIRC_NEW_ARRAY(r->net->arena, nirc_s2_projection, n);
  r->net->outputs = NIRC_NEW_ARRAY(r->net->arena, nirc_s2_port, n);
  NIRC_FOR_EACH_OP(op, r->hw.step->body) {
    if (nirc_hw_is_part(op, "source"))
      read_population(r, op, NIRC_S2_SOURCE);
    else if (nirc_hw_is_part(op, "lif"))
      read_population(r, op, NIRC_S2_LIF);
    else if (nirc_hw_is_part(op, "current"))
      read_population(r, op, NIRC_S2_CURRENT);
  }
}

/* The neurons of a population: the op of its name that has a threshold. */
static void read_neurons(reader *r, const nirc_op *op)
{
  nirc_s2_population *p = NULL;
  for (size_t i = 0; i < r->net->n_populations && !p; i++)
    if (strcmp(r->net->populations[i].name, op->name) == 0)
      p = &r->net->populations[i];
  if (!p || p->kind == NIRC_S2_SOURCE || p->numbers.threshold || op->results[0].type->count != p->size) {
    nirc_hw_fault(&r->hw, op, "its neurons have no place");
    return;
  }
  const nirc_blob *beta = nirc_op_blob(op, "beta"), *reset = nirc_op_blob(op, "v_reset");
  if ((beta != NULL) != (p->kind == NIRC_S2_CURRENT))
    nirc_hw_fault(&r->hw, op, "its neurons are of another model than their place says");
  p->numbers.decay = floats(r, op, beta ? beta : nirc_op_blob(op, "alpha"), p->size);
  if (beta)
    p->numbers.synapse = floats(r, op, nirc_op_blob(op, "alpha"), p->size);
  p->numbers.offset = floats(r, op, nirc_op_blob(op, "bias"), p->size);
  p->numbers.threshold = floats(r, op, nirc_op_blob(op, "v_threshold"), p->size);
  if (reset)
    p->numbers.reset = floats(r, op, reset, p->size);
}

/* ---- projections ------------------------------------------------------------------------------------------------------------------- */

/* The projection of these ends: the last one made, or a new one. */
static nirc_s2_projection *projection(reader *r, const nirc_op *place)
{
  nirc_s2_network *net = r->net;
  size_t last = net->n_populations - 1, pre = (size_t)nirc_hw_int(&r->hw, place, "placement", "pre", 0, (int64_t)last),
    post = (size_t)nirc_hw_int(&r->hw, place, "placement", "post", 0, (int64_t)last);
  bool recurrent = flag(r, place, "recurrent");
  if (!r->hw.ok || net->populations[post].kind == NIRC_S2_SOURCE) {
    nirc_hw_fault(&r->hw, place, "its weights lead to a source");
    return NULL;
  }
  for (size_t k = 0; k < net->n_projections; k++)
    if (net->projections[k].pre == pre && net->projections[k].post == post)
      return &net->projections[k];
  net->projections[net->n_projections] = (nirc_s2_projection){.pre = pre, .post = post, .recurrent = recurrent};
  return &net->projections[net->n_projections++];
}

static int8_t whole(reader *r, const nirc_op *op, size_t i)
{
  int64_t w = 0;
  if (!nirc_blob_get_int(nirc_op_blob(op, "weight"), i, &w) || w < -NIRC_S2_MAX_WEIGHT || w > NIRC_S2_MAX_WEIGHT)
    nirc_hw_fault(&r->hw, op, "a weight is not a whole number that the chip has");
  return r->hw.ok ? (int8_t)w : 0;
}

static void read_list(reader *r, const nirc_op *place, const nirc_op *op)
{
  nirc_s2_projection *p = projection(r, place);
  size_t delay = (size_t)nirc_hw_int(&r->hw, place, "placement", "delay", 0, NIRC_S2_MAX_DELAY);
  bool negative = flag(r, place, "negative");
  const nirc_blob *first = nirc_op_blob(op, "first"), *row = nirc_op_blob(op, "row"), *w = nirc_op_blob(op, "weight");
  if (!p)
    return;
  size_t n_pre = r->net->populations[p->pre].size, n_post = r->net->populations[p->post].size;
  if (p->is_conv || w->shape.dims[1] != 1 || first->count != n_pre + 1 || op->results[0].type->count != n_post) {
    nirc_hw_fault(&r->hw, op, "its weights are not between the populations that its place names");
    return;
  }
  nirc_s2_row *rows = NIRC_NEW_ARRAY(r->net->arena, nirc_s2_row, p->n_rows + w->count);
  if (p->n_rows)
    memcpy(rows, p->rows, p->n_rows * sizeof *rows);
  for (size_t pre = 0; pre < n_pre; pre++)
    for (size_t i = (size_t)nirc_blob_get(first, pre); i < (size_t)nirc_blob_get(first, pre + 1); i++) {
      int8_t q = whole(r, op, i);
      rows[p->n_rows++] = (nirc_s2_row){(uint32_t)pre, (uint32_t)nirc_blob_get(row, i), (int8_t)(negative ? -q : q), (uint8_t)delay};
    }
  p->rows = rows;
}

static void read_kernel(reader *r, const nirc_op *place, const nirc_op *op)
{
  nirc_s2_projection *p = projection(r, place);
  if (!p)
    return;
  const nirc_op *pool = nirc_op_operand(op, 0)->def;
  pool = pool->code == SNN_SUM_POOL ? pool : NULL;
  const nirc_blob *w = nirc_op_blob(op, "weight");
  const nirc_shape *s = &w->shape, *in = &nirc_op_operand(pool ? pool : op, 0)->type->shape, *stride = nirc_op_shape(op, "stride"),
    *pad = nirc_op_shape(op, "before");
  if (p->is_conv || p->n_rows || nirc_op_operand(pool ? pool : op, 0)->type->count != r->net->populations[p->pre].size ||
      op->results[0].type->count != r->net->populations[p->post].size || stride->dims[0] != stride->dims[1] || pad->dims[0] != pad->dims[1] ||
      nirc_op_int(op, "groups") != 1) {
    nirc_hw_fault(&r->hw, op, "its convolution is not one between the populations that its place names");
    return;
  }
  p->is_conv = true;
  p->kernel = (nirc_s2_kernel){.in = (size_t)s->dims[1], .out = (size_t)s->dims[0], .rows = (size_t)s->dims[2], .columns = (size_t)s->dims[3],
                               .in_height = (size_t)in->dims[1], .in_width = (size_t)in->dims[2], .stride = (size_t)stride->dims[0],
                               .pad = (size_t)pad->dims[0], .pool = pool ? (size_t)nirc_op_shape(pool, "kernel_size")->dims[0] : 1,
                               .weights = NIRC_NEW_ARRAY(r->net->arena, int8_t, w->count)};
  const nirc_s2_kernel *k = &p->kernel;
  size_t area = k->rows * k->columns;
  for (size_t i = 0; i < w->count; i++)
    k->weights[(i / area % k->in * k->out + i / area / k->in) * area + i % area] = whole(r, op, i);
}

static void read_sum(reader *r, const nirc_op *place)
{
  const nirc_op *op = place->next;
  if (op && op->code == SNN_SPARSE_DENSE)
    read_list(r, place, op);
  else if (op && op->code == SNN_CONV)
    read_kernel(r, place, op);
  else
    nirc_hw_fault(&r->hw, place, "no sum of weights follows it");
}

static void read_output(reader *r, const nirc_op *op)
{
  nirc_s2_network *net = r->net;
  net->outputs[net->n_outputs++] = (nirc_s2_port){nirc_op_attr(op, "node")->s, NULL,
                                                  (size_t)nirc_hw_int(&r->hw, op, "placement", "population", 0, (int64_t)net->n_populations - 1)};
}

/* ---- all of it ------------------------------------------------------------------------------------------------------------------------ */

static void read_options(reader *r)
{
  nirc_s2_options *o = &r->net->options;
  *o = (nirc_s2_options){.dt = nirc_op_attr(r->hw.step, "dt")->f, .percentile = nirc_hw_entry(&r->hw, r->hw.step, "chip", "percentile", NIRC_ATTR_FLOAT)->f,
                         .sys_tick = nirc_hw_entry(&r->hw, r->hw.step, "chip", "sys_tick", NIRC_ATTR_FLOAT)->f,
                         .exponential = is_word(r, "integrator", "exponential"),
                         .subtract = is_word(r, "reset", "subtract"), .truncate = is_word(r, "rounding", "trunc"),
                         .per_population = is_word(r, "scale", "population"), .plain = is_word(r, "start", "plain"), .board48 = is_word(r, "board", "board48"),
                         .steps = (size_t)nirc_hw_int(&r->hw, r->hw.step, "chip", "steps", 1, INT32_MAX)};
  r->net->profile = nirc_op_attr(r->hw.step, "profile")->s;
}

/* Filled in order, unless it says otherwise. */
static void read_chips(reader *r, const nirc_module *m)
{
  const nirc_attr *chips = nirc_dict_find(nirc_op_attr(r->hw.step, "chip"), "chips", NIRC_ATTR_DENSE);
  size_t n = 0;
  for (size_t p = 0; r->hw.ok && p < r->net->n_populations; p++)
    n += nirc_s2_n_slices(&r->net->populations[p]);
  if (r->hw.ok && n > (size_t)NIRC_S2_PES * (r->net->options.board48 ? NIRC_S2_CHIPS : 1))
    nirc_hw_fault(&r->hw, r->hw.step, "its populations take more cores than there are");
  uint32_t *given = chips ? NIRC_NEW_ARRAY(r->net->arena, uint32_t, r->hw.ok ? n : 0) : NULL;
  for (size_t i = 0; r->hw.ok && given && i < n; i++) {
    int64_t c;
    if (chips->blob->count != n || !nirc_blob_get_int(chips->blob, i, &c) || c < 0 || c >= NIRC_S2_CHIPS)
      nirc_hw_fault(&r->hw, r->hw.step, "what it says of chips does not go with its populations");
    given[i] = r->hw.ok ? (uint32_t)c : 0;
  }
  r->net->options.min_cut = chips != NULL;
  if (r->hw.ok && !nirc_s2_assign_chips(r->net, m, given))
    nirc_hw_fault(&r->hw, r->hw.step, "what it says of chips does not go with its populations");
}

static int by_ends(const void *a, const void *b)
{
  const nirc_s2_projection *x = a, *y = b;
  return x->post != y->post ? (x->post > y->post) - (x->post < y->post) : (x->pre > y->pre) - (x->pre < y->pre);
}

static void finish(reader *r)
{
  nirc_s2_network *net = r->net;
  for (size_t i = 0; r->hw.ok && i < net->n_populations; i++)
    if (net->populations[i].kind != NIRC_S2_SOURCE && !net->populations[i].numbers.threshold)
      nirc_hw_fault(&r->hw, r->hw.step, "a population has a place and no neurons");
  for (size_t k = 0; r->hw.ok && k < net->n_projections; k++) {
    nirc_s2_projection *p = &net->projections[k];
    if (!p->is_conv)
      nirc_s2_sort_rows(net, p->rows, p->n_rows, net->populations[p->pre].size, net->populations[p->post].size);
  }
  if (net->n_projections)
    qsort(net->projections, net->n_projections, sizeof *net->projections, by_ends);
  if (r->hw.ok && (!net->n_outputs || !net->n_populations))
    nirc_hw_fault(&r->hw, r->hw.step, "it has no population or no Output");
}

bool nirc_s2_read(nirc_s2_network *net, const nirc_module *m, nirc_diag *d)
{
  reader r = {.net = net};
  if (!nirc_hw_read_begin(&r.hw, m, "spinnaker2", d))
    return false;
  read_options(&r);
  read_places(&r);
  NIRC_FOR_EACH_OP(op, r.hw.step->body)
    if (r.hw.ok && op->code == SNN_NEURON && nirc_op_blob(op, "v_threshold"))
      read_neurons(&r, op);
    else if (r.hw.ok && nirc_hw_is_part(op, "synapses"))
      read_sum(&r, op);
    else if (r.hw.ok && nirc_hw_is_part(op, "output"))
      read_output(&r, op);
  finish(&r);
  read_chips(&r, m);
  return r.hw.ok;
}
