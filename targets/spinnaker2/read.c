/* targets/spinnaker2/read.c: populations and projections out of a module of the hw level, which may have come as text: nothing in it is taken for granted. */
#include <math.h>
#include <string.h>

#include "targets/spinnaker2/spinnaker2.h"

typedef struct reader {
  nirc_s2_network *net;
  const nirc_op *step;
  nirc_diag *d;
  bool ok;
} reader;

static void fault(reader *r, const nirc_op *op, const char *what)
{
  if (r->ok)
    nirc_error(r->d, op->loc, "'%s' (%s): %s, so this module is not what -t spinnaker2 makes", op->name, op->def->mnemonic, what);
  r->ok = false;
}

/* ---- attributes --------------------------------------------------------------------------------------------------------------- */

static const nirc_attr *entry(reader *r, const nirc_op *op, const char *dict, const char *name, nirc_attr_kind kind)
{
  static const nirc_attr none = {.s = ""};
  const nirc_attr *a = nirc_dict_find(nirc_op_attr(op, dict), name, kind);
  if (a)
    return a;
  fault(r, op, "an entry of its description is missing, or of another kind");
  return &none;
}

static size_t number(reader *r, const nirc_op *op, const char *dict, const char *name, int64_t low, int64_t high)
{
  int64_t i = entry(r, op, dict, name, NIRC_ATTR_INT)->i;
  if (i >= low && i <= high)
    return (size_t)i;
  fault(r, op, "a number of its description is out of range");
  return (size_t)low;
}

static bool flag(reader *r, const nirc_op *op, const char *name)
{
  return number(r, op, "placement", name, 0, 1) == 1;
}

static bool is_word(reader *r, const char *name, const char *word)
{
  return strcmp(entry(r, r->step, "chip", name, NIRC_ATTR_STRING)->s, word) == 0;
}

static float *floats(reader *r, const nirc_op *op, const nirc_blob *b, size_t n)
{
  float *out = NIRC_NEW_ARRAY(r->net->arena, float, n);
  if (!b || b->count != n || b->dtype != NIRC_F32)
    fault(r, op, "a number of its neurons is missing, or not f32");
  for (size_t i = 0; r->ok && i < n; i++)
    out[i] = (float)nirc_blob_get(b, i);
  for (size_t i = 0; r->ok && i < n; i++)
    if (!isfinite(out[i]))
      fault(r, op, "a number of its neurons is not finite");
  return out;
}

static float *placed_floats(reader *r, const nirc_op *op, const char *name, size_t n)
{
  return floats(r, op, entry(r, op, "placement", name, NIRC_ATTR_DENSE)->blob, n);
}

/* ---- populations ----------------------------------------------------------------------------------------------------------------- */

static const char *part_of(const nirc_op *op)
{
  const nirc_attr *p = op->code == HW_PLACE ? nirc_op_attr(op, "placement") : NULL;
  for (const nirc_attr *a = p && p->kind == NIRC_ATTR_DICT ? p->dict : NULL; a; a = a->next)
    if (strcmp(a->name, "part") == 0 && a->kind == NIRC_ATTR_STRING)
      return a->s;
  return "";
}

static void read_population(reader *r, const nirc_op *op, nirc_s2_kind kind)
{
  nirc_s2_network *net = r->net;
  nirc_s2_population *p = &net->populations[net->n_populations++];
  const int64_t most = INT32_MAX;
  *p = (nirc_s2_population){.name = nirc_op_attr(op, "node")->s, .shape = entry(r, op, "placement", "shape", NIRC_ATTR_SHAPE)->shape, .kind = kind,
                            .phase = number(r, op, "placement", "phase", 0, most), .atoms = number(r, op, "placement", "atoms", 1, NIRC_S2_ATOMS)};
  p->delayed = flag(r, op, "delayed");
  p->is_map = flag(r, op, "map");
  p->readout = flag(r, op, "readout");
  p->record_spikes = flag(r, op, "record_spikes");
  p->record_v = flag(r, op, "record_v");
  if (!nirc_shape_count(&p->shape, &p->size) || p->size < 1 || p->size > INT32_MAX)
    fault(r, op, "its shape is not one of neurons");
  if (kind == NIRC_S2_SOURCE || !r->ok)
    return;
  p->numbers.start = placed_floats(r, op, "v_init", p->size);
  p->numbers.reset = placed_floats(r, op, "v_reset", p->size);
  p->numbers.w_scale = placed_floats(r, op, "w_scale", p->size);
  p->numbers.v_scale = placed_floats(r, op, "v_scale", p->size);
}

static void read_places(reader *r)
{
  size_t n = 0;
  NIRC_FOR_EACH_OP(op, r->step->body)
    n += op->code == HW_PLACE;
  r->net->populations = NIRC_NEW_ARRAY(r->net->arena, nirc_s2_population, n);
  r->net->projections = NIRC_NEW_ARRAY(r->net->arena, nirc_s2_projection, n);
  r->net->outputs = NIRC_NEW_ARRAY(r->net->arena, nirc_s2_port, n);
  NIRC_FOR_EACH_OP(op, r->step->body) {
    const char *part = part_of(op);
    if (strcmp(part, "source") == 0)
      read_population(r, op, NIRC_S2_SOURCE);
    else if (strcmp(part, "lif") == 0)
      read_population(r, op, NIRC_S2_LIF);
    else if (strcmp(part, "current") == 0)
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
    fault(r, op, "its neurons have no place");
    return;
  }
  const nirc_blob *beta = nirc_op_blob(op, "beta"), *reset = nirc_op_blob(op, "v_reset");
  if ((beta != NULL) != (p->kind == NIRC_S2_CURRENT))
    fault(r, op, "its neurons are of another model than their place says");
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
  size_t last = net->n_populations - 1, pre = number(r, place, "placement", "pre", 0, (int64_t)last),
    post = number(r, place, "placement", "post", 0, (int64_t)last);
  bool recurrent = flag(r, place, "recurrent");
  if (!r->ok || net->populations[post].kind == NIRC_S2_SOURCE) {
    fault(r, place, "its weights lead to a source");
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
    fault(r, op, "a weight is not a whole number that the chip has");
  return r->ok ? (int8_t)w : 0;
}

static void read_list(reader *r, const nirc_op *place, const nirc_op *op)
{
  nirc_s2_projection *p = projection(r, place);
  size_t delay = number(r, place, "placement", "delay", 0, NIRC_S2_MAX_DELAY);
  bool negative = flag(r, place, "negative");
  const nirc_blob *first = nirc_op_blob(op, "first"), *row = nirc_op_blob(op, "row"), *w = nirc_op_blob(op, "weight");
  if (!p)
    return;
  size_t n_pre = r->net->populations[p->pre].size, n_post = r->net->populations[p->post].size;
  if (p->is_conv || w->shape.dims[1] != 1 || first->count != n_pre + 1 || op->results[0].type->count != n_post) {
    fault(r, op, "its weights are not between the populations that its place names");
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
    fault(r, op, "its convolution is not one between the populations that its place names");
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
    fault(r, place, "no sum of weights follows it");
}

static void read_output(reader *r, const nirc_op *op)
{
  nirc_s2_network *net = r->net;
  net->outputs[net->n_outputs++] = (nirc_s2_port){nirc_op_attr(op, "node")->s, NULL,
                                                  number(r, op, "placement", "population", 0, (int64_t)net->n_populations - 1)};
}

/* ---- all of it ------------------------------------------------------------------------------------------------------------------------ */

static void read_options(reader *r)
{
  nirc_s2_options *o = &r->net->options;
  *o = (nirc_s2_options){.dt = nirc_op_attr(r->step, "dt")->f, .percentile = entry(r, r->step, "chip", "percentile", NIRC_ATTR_FLOAT)->f,
                         .sys_tick = entry(r, r->step, "chip", "sys_tick", NIRC_ATTR_FLOAT)->f, .exponential = is_word(r, "integrator", "exponential"),
                         .subtract = is_word(r, "reset", "subtract"), .truncate = is_word(r, "rounding", "trunc"),
                         .per_population = is_word(r, "scale", "population"), .plain = is_word(r, "start", "plain"), .board48 = is_word(r, "board", "board48"),
                         .steps = number(r, r->step, "chip", "steps", 1, INT32_MAX)};
  r->net->profile = nirc_op_attr(r->step, "profile")->s;
}

/* Filled in order, unless it says otherwise. */
static void read_chips(reader *r)
{
  const nirc_attr *chips = nirc_dict_find(nirc_op_attr(r->step, "chip"), "chips", NIRC_ATTR_DENSE);
  size_t n = 0;
  for (size_t p = 0; r->ok && p < r->net->n_populations; p++)
    n += nirc_s2_n_slices(&r->net->populations[p]);
  if (r->ok && n > (size_t)NIRC_S2_PES * (r->net->options.board48 ? NIRC_S2_CHIPS : 1))
    fault(r, r->step, "its populations take more cores than there are");
  uint32_t *given = chips ? NIRC_NEW_ARRAY(r->net->arena, uint32_t, r->ok ? n : 0) : NULL;
  for (size_t i = 0; r->ok && given && i < n; i++) {
    int64_t c;
    if (chips->blob->count != n || !nirc_blob_get_int(chips->blob, i, &c) || c < 0 || c >= NIRC_S2_CHIPS)
      fault(r, r->step, "what it says of chips does not go with its populations");
    given[i] = r->ok ? (uint32_t)c : 0;
  }
  r->net->options.min_cut = chips != NULL;
  if (r->ok && !nirc_s2_assign_chips(r->net, given))
    fault(r, r->step, "what it says of chips does not go with its populations");
}

static void finish(reader *r)
{
  nirc_s2_network *net = r->net;
  for (size_t i = 0; r->ok && i < net->n_populations; i++)
    if (net->populations[i].kind != NIRC_S2_SOURCE && !net->populations[i].numbers.threshold)
      fault(r, r->step, "a population has a place and no neurons");
  for (size_t k = 0; r->ok && k < net->n_projections; k++) {
    nirc_s2_projection *p = &net->projections[k];
    if (!p->is_conv)
      nirc_s2_sort_rows(net, p->rows, p->n_rows, net->populations[p->pre].size, net->populations[p->post].size);
  }
  if (r->ok && (!net->n_outputs || !net->n_populations))
    fault(r, r->step, "it has no population or no Output");
}

bool nirc_s2_read(nirc_s2_network *net, const nirc_module *m, nirc_diag *d)
{
  reader r = {net, m->body.first, d, true};
  const nirc_attr *target = m->level == NIRC_LEVEL_HW ? nirc_op_attr(r.step, "target") : NULL;
  if (!target || target->kind != NIRC_ATTR_STRING || strcmp(target->s, "spinnaker2") != 0) {
    nirc_error_status(d, NIRC_STATUS_USAGE, nirc_loc_none(), "%s: the module is not one for -t spinnaker2; the pass lower{target=spinnaker2} makes such",
                      m->path);
    return false;
  }
  read_options(&r);
  read_places(&r);
  NIRC_FOR_EACH_OP(op, r.step->body)
    if (r.ok && op->code == SNN_NEURON && nirc_op_blob(op, "v_threshold"))
      read_neurons(&r, op);
    else if (r.ok && strcmp(part_of(op), "synapses") == 0)
      read_sum(&r, op);
    else if (r.ok && strcmp(part_of(op), "output") == 0)
      read_output(&r, op);
  finish(&r);
  read_chips(&r);
  return r.ok;
}
