/* targets/loihi2/read.c: populations and synapses from the hw level. The module may come from a text that anybody wrote: what the verifier does not ask for is
 * asked for here. */
#include <math.h>
#include <string.h>

#include "targets/hw_read.h"
#include "targets/loihi2/loihi2.h"

typedef struct reader {
  nirc_loihi2_net *net;
  nirc_hw_reader hw;
  nirc_hw_name *populations, *weights;               /* by name: populations; ops of weights, by index into `ops` */
  const nirc_op **ops;
  size_t n_weights;
} reader;

/* ---- attributes --------------------------------------------------------------------------------------------------------------- */

/* A list of words, empty where absent. */
static const char **words(nirc_arena *a, const nirc_attr *dict, const char *name, size_t *n)
{
  const nirc_attr *list = nirc_dict_find(dict, name, NIRC_ATTR_STRINGS);
  *n = list ? (size_t)list->shape.dims[0] : 0;
  const char **copy = NIRC_NEW_ARRAY(a, const char *, *n);
  for (size_t i = 0; i < *n; i++)
    copy[i] = list->strings[i];
  return copy;
}

static int find(const reader *r, const char *name)
{
  const nirc_hw_name *n = nirc_hw_find_name(r->populations, r->net->n_populations, name);
  return n ? (int)n->index : -1;
}

/* ---- populations ---------------------------------------------------------------------------------------------------------------- */

static bool read_place(reader *r, const nirc_op *op)
{
  const nirc_attr *p = nirc_op_attr(op, "placement"), *scale = nirc_dict_find(p, "scale", NIRC_ATTR_FLOAT);
  const char *name = nirc_op_attr(op, "node")->s;
  size_t readout, clock, latency;
  if (!scale || !(scale->f > 0) || !nirc_hw_size(p, "latency", &latency) || !nirc_hw_size(p, "readout", &readout) ||
      !nirc_hw_size(p, "clock", &clock) || !*name || strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "input") == 0)
    return nirc_hw_fault(&r->hw, op, "the place of a population is incomplete, or its name stands for something else");
  nirc_loihi2_population *l = nirc_loihi2_add_population(r->net, name);
  l->latency = latency;
  l->scale = scale->f;
  l->readout = readout != 0;
  l->clock = clock != 0;
  l->nodes = words(r->net->arena, p, "nodes", &l->n_nodes);
  return true;
}

static bool read_places(reader *r)
{
  size_t n;
  NIRC_FOR_EACH_OP(op, r->hw.step->body)
    if (nirc_hw_is_part(op, "population") && !read_place(r, op))
      return false;
  n = r->net->n_populations;
  r->populations = NIRC_NEW_ARRAY(r->net->arena, nirc_hw_name, n);
  for (size_t p = 0; p < n; p++)
    r->populations[p] = (nirc_hw_name){r->net->populations[p].name, p};
  nirc_hw_sort_names(r->populations, n);
  for (size_t p = 1; p < n; p++)
    if (strcmp(r->populations[p].name, r->populations[p - 1].name) == 0)
      return nirc_hw_fault(&r->hw, r->hw.step, "two of its populations have one name");
  return true;
}

static bool read_numbers(reader *r, const nirc_op *op, const char *name, nirc_loihi2_numbers *out, int64_t offset, int64_t sign, int64_t least,
                         int64_t most)
{
  const nirc_blob *b = nirc_op_blob(op, name);
  const nirc_type *t = op->results[0].type;
  int64_t *v = NIRC_NEW_ARRAY(r->net->arena, int64_t, t->count);
  for (size_t i = 0; b && i < t->count; i++) {
    if (b->count != t->count || !nirc_blob_get_int(b, i, &v[i]) || v[i] < -NIRC_LOIHI2_CURRENT_END || v[i] > NIRC_LOIHI2_CURRENT_END)
      return nirc_hw_fault(&r->hw, op, "a number of its neurons is out of range");
    v[i] = offset + sign * v[i];
    if (v[i] < least || v[i] > most)
      return nirc_hw_fault(&r->hw, op, "a number of its neurons is out of range");
  }
  *out = nirc_loihi2_reduce(r->net->arena, &t->shape, v);
  return true;
}

/* The neurons of a population; other equations (the input's spikes, a readout's decoded v) have other names or no threshold. */
static bool read_neurons(reader *r, const nirc_op *op)
{
  int index = find(r, op->name);
  nirc_loihi2_population *p = index < 0 ? NULL : &r->net->populations[index];
  if (!nirc_op_blob(op, "keep_u") || !nirc_op_blob(op, "keep_v") || !nirc_op_blob(op, "v_threshold"))
    return true;
  if (!p || p->count || !op->results[0].type->count || (op->results[0].type->shape.rank != 1 && op->results[0].type->shape.rank != 3))
    return nirc_hw_fault(&r->hw, op, "its neurons have no place");
  p->shape = op->results[0].type->shape;
  p->count = op->results[0].type->count;
  bool ok = read_numbers(r, op, "keep_u", &p->i_decay, NIRC_LOIHI2_DECAY_ONE, -1, 0, NIRC_LOIHI2_DECAY_ONE) &&
            read_numbers(r, op, "keep_v", &p->v_decay, NIRC_LOIHI2_DECAY_ONE, -1, 0, NIRC_LOIHI2_DECAY_ONE) &&
            read_numbers(r, op, "v_threshold", &p->threshold, 0, 1, 0, NIRC_LOIHI2_MAX_THRESHOLD) &&
            read_numbers(r, op, "bias", &p->bias, 0, 1, -NIRC_LOIHI2_MAX_BIAS, NIRC_LOIHI2_MAX_BIAS);
  p->heterogeneous = ok && (p->i_decay.n > 1 || p->v_decay.n > 1);
  return ok;
}

/* ---- synapses --------------------------------------------------------------------------------------------------------------------- */

/* Steps by which the spikes that arrive at an op are later than those of the step before. */
static bool delay_of(const nirc_op *op, size_t *delay)
{
  const nirc_op *from = nirc_op_operand(op, 0)->def;
  while (from->code == SNN_RESHAPE)
    from = nirc_op_operand(from, 0)->def;
  int64_t steps = 1;
  const nirc_blob *b = from->code == SNN_DELAY_READ ? nirc_op_blob(from, "steps") : NULL;
  if ((!b && from->code != SNN_STATE) || (b && (!b->count || !nirc_blob_get_int(b, 0, &steps))) || steps < 1 || steps > NIRC_LOIHI2_MAX_DELAY + 1)
    return false;
  *delay = (size_t)steps - 1;
  return true;
}

static bool check_weights(reader *r, const nirc_op *op)
{
  const nirc_blob *w = nirc_op_blob(op, "weight");
  if (w->dtype != NIRC_F64)
    return nirc_hw_fault(&r->hw, op, "its weights are not f64");
  for (size_t i = 0; i < w->count; i++) {
    double v = nirc_blob_f64(w, i);
    if (!(fabs(v) <= NIRC_LOIHI2_MAX_WEIGHT) || v != (int)v)
      return nirc_hw_fault(&r->hw, op, "a weight is not whole, or does not fit an 8-bit synapse");
  }
  return true;
}

/* All entries, row by row; values 0. */
static void make_full(nirc_arena *a, nirc_matrix *m, size_t rows, size_t columns)
{
  *m = (nirc_matrix){.rows = rows, .columns = columns, .first = NIRC_NEW_ARRAY(a, size_t, rows + 1), .value = NIRC_NEW_ARRAY(a, double, rows * columns)};
  m->column = NIRC_NEW_ARRAY(a, uint32_t, rows * columns);
  for (size_t i = 0; i < rows; i++) {
    for (size_t j = 0; j < columns; j++)
      m->column[i * columns + j] = (uint32_t)j;
    m->first[i + 1] = (i + 1) * columns;
  }
}

/* From one block of a row for each weight, by columns; `delays` not NULL: into a full matrix. `to` NULL: only counts the entries of each row, in `next` one further on. */
static void read_columns(const nirc_op *op, size_t columns, size_t *next, nirc_matrix *to, uint8_t *delays, uint8_t delay)
{
  const nirc_blob *first = nirc_op_blob(op, "first"), *row = nirc_op_blob(op, "row"), *w = nirc_op_blob(op, "weight");
  for (size_t j = 0; j < columns; j++) {
    size_t end = (size_t)nirc_blob_i32(first, j + 1);
    for (size_t e = (size_t)nirc_blob_i32(first, j); e < end; e++) {
      size_t i = (size_t)nirc_blob_i32(row, e);
      if (!to) {
        next[i + 1]++;
        continue;
      }
      size_t at = delays ? i * columns + j : next[i]++;
      to->column[at] = (uint32_t)j;
      to->value[at] = nirc_blob_f64(w, e);
      if (delays)
        delays[at] = delay;
    }
  }
}

static void read_sparse(nirc_arena *a, nirc_matrix *m, const nirc_op *op, size_t rows, size_t columns)
{
  size_t n = nirc_op_blob(op, "row")->count, *next = NIRC_NEW_ARRAY(a, size_t, rows + 1);
  *m = (nirc_matrix){.rows = rows, .columns = columns, .first = NIRC_NEW_ARRAY(a, size_t, rows + 1), .column = NIRC_NEW_ARRAY(a, uint32_t, n),
                            .value = NIRC_NEW_ARRAY(a, double, n)};
  read_columns(op, columns, next, NULL, NULL, 0);
  for (size_t i = 0; i < rows; i++)
    next[i + 1] += next[i];
  memcpy(m->first, next, (rows + 1) * sizeof *next);
  read_columns(op, columns, next, m, NULL, 0);
}

static bool read_matrix(reader *r, nirc_loihi2_synapse *s, const nirc_op *op, size_t delay)
{
  nirc_arena *a = r->net->arena;
  size_t rows = r->net->populations[s->to].count, columns = nirc_loihi2_sources(r->net, s->from);
  const nirc_blob *w = nirc_op_blob(op, "weight");
  bool full = s->kind == NIRC_LOIHI2_DENSE, again = s->matrix.rows > 0;
  if (op->results[0].type->count != rows || nirc_op_operand(op, 0)->type->count != columns || w->shape.rank != 2 || rows > SIZE_MAX / columns)
    return nirc_hw_fault(&r->hw, op, "its weights do not lead from one population to the other");
  if (op->code == SNN_DENSE) {
    if (again || !full)
      return nirc_hw_fault(&r->hw, op, "a second op of one synapse, or one of another kind");
    make_full(a, &s->matrix, rows, columns);
    for (size_t e = 0; e < w->count; e++)
      s->matrix.value[e] = nirc_blob_f64(w, e);
  } else {
    if (w->shape.dims[1] != 1 || op->results[0].type->shape.rank != 1 || (again && (!full || !s->delays)))
      return nirc_hw_fault(&r->hw, op, "its weights are not single ones, or there are two delays");
    if (!full) {
      read_sparse(a, &s->matrix, op, rows, columns);
    } else {
      if (!again) {
        make_full(a, &s->matrix, rows, columns);
        s->delays = NIRC_NEW_ARRAY(a, uint8_t, rows * columns);
      }
      read_columns(op, columns, NULL, &s->matrix, s->delays, (uint8_t)delay);
    }
  }
  s->delay = delay > s->delay ? delay : s->delay;
  return true;
}

static bool read_conv(reader *r, nirc_loihi2_synapse *s, const nirc_op *op, size_t delay)
{
  const nirc_shape *in = &nirc_op_operand(op, 0)->type->shape, *out = &op->results[0].type->shape;
  const nirc_blob *w = nirc_op_blob(op, "weight");
  if (s->conv.value || delay || !nirc_shape_equal(in, nirc_loihi2_shape(r->net, s->from)) || !nirc_shape_equal(out, nirc_loihi2_shape(r->net, s->to)))
    return nirc_hw_fault(&r->hw, op, "its kernel does not lead from one population to the other");
  for (int k = 0; k < 3; k++) {
    s->conv.in[k] = in->dims[k];
    s->conv.out[k] = out->dims[k];
  }
  for (int k = 0; k < 2; k++) {
    s->conv.kernel[k] = w->shape.dims[2 + k];
    s->conv.stride[k] = nirc_op_shape(op, "stride")->dims[k];
    s->conv.padding[k] = nirc_op_shape(op, "before")->dims[k];
    s->conv.dilation[k] = nirc_op_shape(op, "dilation")->dims[k];
  }
  s->conv.groups = (uint64_t)nirc_op_int(op, "groups");
  s->conv.value = NIRC_NEW_ARRAY(r->net->arena, double, w->count);
  for (size_t i = 0; i < w->count; i++)
    s->conv.value[i] = nirc_blob_f64(w, i);
  return true;
}

static bool has_weights(const nirc_op *op) { return op->code == SNN_DENSE || op->code == SNN_SPARSE_DENSE || op->code == SNN_CONV; }

static void list_weights(reader *r)
{
  size_t n = 0;
  NIRC_FOR_EACH_OP(op, r->hw.step->body)
    n += has_weights(op);
  r->ops = NIRC_NEW_ARRAY(r->net->arena, const nirc_op *, n);
  r->weights = NIRC_NEW_ARRAY(r->net->arena, nirc_hw_name, n);
  NIRC_FOR_EACH_OP(op, r->hw.step->body)
    if (has_weights(op)) {
      r->ops[r->n_weights] = op;
      r->weights[r->n_weights] = (nirc_hw_name){op->name, r->n_weights};
      r->n_weights++;
    }
  nirc_hw_sort_names(r->weights, n);
}

static bool read_synapse(reader *r, const nirc_op *op)
{
  const nirc_attr *p = nirc_op_attr(op, "placement");
  const char *from = nirc_hw_word(p, "from"), *kind = nirc_hw_word(p, "kind"), *name = nirc_op_attr(op, "node")->s;
  nirc_loihi2_synapse s = {.from = strcmp(from, "input") == 0 ? NIRC_LOIHI2_INPUT : find(r, from), .to = find(r, nirc_hw_word(p, "to")),
                           .kind = NIRC_LOIHI2_DENSE};
  size_t recurrent;
  while (s.kind < NIRC_LOIHI2_CONV && strcmp(kind, nirc_loihi2_kind_names[s.kind]))
    s.kind++;
  if ((s.from < 0 && strcmp(from, "input")) || s.to < 0 || strcmp(kind, nirc_loihi2_kind_names[s.kind]) || !nirc_hw_size(p, "balance", &s.balance) ||
      !nirc_hw_size(p, "recurrent", &recurrent))
    return nirc_hw_fault(&r->hw, op, "the place of a synapse is incomplete");
  s.recurrent = recurrent != 0;
  const nirc_hw_name *w = nirc_hw_find_name(r->weights, r->n_weights, name), *end = r->weights + r->n_weights;
  for (; w && w < end && strcmp(w->name, name) == 0; w++) {
    const nirc_op *o = r->ops[w->index];
    size_t delay;
    if (!delay_of(o, &delay))
      return nirc_hw_fault(&r->hw, o, "it does not take spikes of the step before");
    if (!check_weights(r, o) || (o->code == SNN_CONV) != (s.kind == NIRC_LOIHI2_CONV))
      return nirc_hw_fault(&r->hw, o, "it is not of the synapse's kind");
    if (!(o->code == SNN_CONV ? read_conv(r, &s, o, delay) : read_matrix(r, &s, o, delay)))
      return false;
  }
  if (!s.conv.value && !s.matrix.rows)
    return nirc_hw_fault(&r->hw, op, "there are no weights of its name");
  *nirc_loihi2_add_synapse(r->net) = s;
  return true;
}

/* ---- cores ----------------------------------------------------------------------------------------------------------------------------- */

/* Element i of a list of the cores' description, in [0, end); false where it is none. */
static bool number(const nirc_attr *list, size_t i, size_t end, size_t *out)
{
  int64_t v;
  if (!list || i >= list->blob->count || !nirc_blob_get_int(list->blob, i, &v) || v < 0 || (uint64_t)v >= end)
    return false;
  *out = (size_t)v;
  return true;
}

/* In order, the placement is made again; of min-cut, it is read. */
static bool read_cores(reader *r)
{
  const nirc_attr *cores = nirc_dict_find(nirc_op_attr(r->hw.step, "chip"), "cores", NIRC_ATTR_DICT);
  const nirc_attr *chip = nirc_dict_find(cores, "chip", NIRC_ATTR_DENSE), *slices = nirc_dict_find(cores, "slices", NIRC_ATTR_DENSE),
                  *population = nirc_dict_find(cores, "population", NIRC_ATTR_DENSE), *start = nirc_dict_find(cores, "start", NIRC_ATTR_DENSE),
                  *end = nirc_dict_find(cores, "end", NIRC_ATTR_DENSE);
  nirc_loihi2_net *net = r->net;
  nirc_loihi2_placement *p = NIRC_NEW(net->arena, nirc_loihi2_placement);
  size_t k = 0, at = 0, most = UINT32_MAX;
  bool ok = chip && population && chip->blob->count;
  if (!nirc_loihi2_place(net, r->hw.step->loc, r->hw.d))
    return false;
  if (!cores)
    return true;
  net->options.min_cut = true;
  p->n_cores = ok ? (size_t)chip->blob->count : 0;
  p->n_slices = ok ? (size_t)population->blob->count : 0;
  p->cores = NIRC_NEW_ARRAY(net->arena, nirc_loihi2_core, p->n_cores + 1);
  p->slices = NIRC_NEW_ARRAY(net->arena, nirc_loihi2_slice, p->n_slices);
  for (size_t c = 0; ok && c < p->n_cores; c++) {
    ok = number(chip, c, p->n_cores, &p->cores[c].chip) && number(slices, c, p->n_slices - at + 1, &k);
    p->cores[c].number = c && p->cores[c].chip == p->cores[c - 1].chip ? p->cores[c - 1].number + 1 : 0;
    at += ok ? k : 0;
    p->cores[c + 1].first = at;
  }
  for (size_t i = 0; ok && i < p->n_slices; i++) {
    ok = number(population, i, net->n_populations, &k) && number(start, i, most, &p->slices[i].start) && number(end, i, most, &p->slices[i].end);
    p->slices[i].population = (int)k;
  }
  net->placement = p;
  return (ok && at == p->n_slices && nirc_loihi2_complete_placement(net, p)) ||
         nirc_hw_fault(&r->hw, r->hw.step, "what it says of cores is no placement of its populations");
}

/* ---- all of it ----------------------------------------------------------------------------------------------------------------------- */

static bool read_chip(reader *r)
{
  const nirc_attr *chip = nirc_op_attr(r->hw.step, "chip"), *input = nirc_dict_find(chip, "input", NIRC_ATTR_SHAPE);
  nirc_loihi2_options *o = &r->net->options;
  size_t n;
  if (!input || (input->shape.rank != 1 && input->shape.rank != 3) || !nirc_shape_count(&input->shape, &n) || !n || n > UINT32_MAX ||
      !nirc_hw_size(chip, "cores_per_chip", &o->cores_per_chip) || !o->cores_per_chip)
    return nirc_hw_fault(&r->hw, r->hw.step, "what is said of the chip is incomplete");
  r->net->input_shape = input->shape;
  o->dt = nirc_op_attr(r->hw.step, "dt")->f;
  const char **list = words(r->net->arena, chip, "warnings", &r->net->n_warnings);
  r->net->warnings = list;
  return true;
}

bool nirc_loihi2_read(nirc_loihi2_net *net, const nirc_module *m, nirc_diag *d)
{
  reader r = {.net = net};
  if (!nirc_hw_read_begin(&r.hw, m, "loihi2", d) || !read_chip(&r))
    return false;
  if (!read_places(&r))
    return false;
  NIRC_FOR_EACH_OP(op, r.hw.step->body)
    if (op->code == SNN_NEURON && !read_neurons(&r, op))
      return false;
  net->last = find(&r, nirc_hw_word(nirc_op_attr(r.hw.step, "chip"), "output"));
  if (net->last < 0)
    return nirc_hw_fault(&r.hw, r.hw.step, "its output is no population");
  for (size_t p = 0; p < net->n_populations; p++)
    if (!net->populations[p].count)
      return nirc_hw_fault(&r.hw, r.hw.step, "a population has a place and no neurons");
  list_weights(&r);
  NIRC_FOR_EACH_OP(op, r.hw.step->body)
    if (nirc_hw_is_part(op, "synapse") && !read_synapse(&r, op))
      return false;
  nirc_loihi2_find_rates(net, m);
  return read_cores(&r);
}
