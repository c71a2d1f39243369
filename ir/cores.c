#include "ir/cores.h"

#include <inttypes.h>
#include <string.h>

/* ---- reading ----------------------------------------------------------------------------------------------------------------- */

enum { MAX_SIDE = 1 << 15 };                         /* of a map or kernel: products of three fit 64 bits */

static const char *read_window(nirc_core *k, const nirc_op *op)
{
  const nirc_shape *w = &k->weight->shape, *map = nirc_op_shape(op, "map"), *stride = nirc_op_shape(op, "stride"), *before = nirc_op_shape(op, "before");
  if ((k->weight->dtype != NIRC_I8 && k->weight->dtype != NIRC_I32) || w->rank != 4 || map->rank != 3 || stride->rank != 2 || before->rank != 2 || w->dims[1] != map->dims[0] ||
      w->dims[2] != w->dims[3])
    return "weight, map, stride or before have other types or ranks than wanted";
  for (int i = 0; i < 4; i++)
    if (w->dims[i] < 1 || w->dims[i] > MAX_SIDE || (i < 3 && (map->dims[i] < 1 || map->dims[i] > MAX_SIDE)) ||
        (i < 2 && (stride->dims[i] < 1 || stride->dims[i] > MAX_SIDE || before->dims[i] > MAX_SIDE)))
      return "weight, map, stride or before are out of range";
  k->kernel = (int64_t)w->dims[2];
  k->out[0] = (int64_t)w->dims[0];
  for (int i = 0; i < 3; i++)
    k->in[i] = (int64_t)map->dims[i];
  for (int i = 0; i < 2; i++) {
    k->stride[i] = (int64_t)stride->dims[i];
    k->before[i] = (int64_t)before->dims[i];
    int64_t room = k->in[1 + i] + 2 * k->before[i] - k->kernel;
    if (room < 0)
      return "the kernel does not fit the map";
    k->out[1 + i] = room / k->stride[i] + 1;
  }
  return NULL;
}

static const char *read_core(nirc_core *k, const nirc_op *op)
{
  if (op->code != HW_CORE)
    return "only hw.core may stand in its region";
  int64_t zero = nirc_op_int(op, "to_zero");
  *k = (nirc_core){.weight = nirc_op_blob(op, "weight"), .bias = nirc_op_blob(op, "bias"), .to_zero = zero == 1,
                   .v_threshold = nirc_op_int(op, "v_threshold"), .v_low = nirc_op_int(op, "v_low"),
                   .to = nirc_op_shape(op, "to"), .pooling = nirc_op_shape(op, "pooling"), .inputs = nirc_op_shape(op, "inputs")};
  const char *fault = read_window(k, op);
  if (fault)
    return fault;
  if (k->bias && (k->bias->dtype != NIRC_I64 || k->bias->shape.rank != 1 || k->bias->count != (size_t)k->out[0]))
    return "bias is not i64[features]";
  if (zero < 0 || zero > 1 || k->v_threshold < 1 || k->v_threshold > INT32_MAX || k->v_low < -INT32_MAX || k->v_low > 0)
    return "to_zero, v_threshold or v_low is out of range";
  return k->to->rank != k->pooling->rank ? "to and pooling have different lengths" : NULL;
}

/* Where its spikes go: to cores whose map is its own after pooling. */
static const char *check_ways(const nirc_cores *c, size_t from)
{
  const nirc_core *k = &c->core[from];
  for (uint32_t t = 0; t < k->to->rank; t++) {
    if (k->to->dims[t] >= c->n || k->pooling->dims[t] < 1 || k->pooling->dims[t] > MAX_SIDE)
      return "spikes go to a core that is not there, or their pooling is out of range";
    const nirc_core *to = &c->core[k->to->dims[t]];
    int64_t p = (int64_t)k->pooling->dims[t];
    if (to->in[0] != k->out[0] || to->in[1] != k->out[1] / p || to->in[2] != k->out[2] / p)
      return "the map of a core is not that of one whose spikes come to it";
  }
  return NULL;
}

static const char *check_inputs(const nirc_core *k, const nirc_op *op)
{
  for (uint32_t i = 0; i < k->inputs->rank; i++) {
    uint64_t o = k->inputs->dims[i];
    if (o < 1 || o >= op->n_operands || nirc_op_operand(op, (uint32_t)o)->type->count != (size_t)(k->in[0] * k->in[1] * k->in[2]))
      return "inputs are not operands behind the first, of as many elements as the map";
  }
  return NULL;
}

static const char *check_types(const nirc_cores *c, const nirc_op *op)
{
  if (op->n_operands < 1 || op->n_operands > NIRC_CORES_MAX_OPERANDS || op->n_results != 2)
    return "the potentials and at most 7 inputs are wanted, and two results";
  const nirc_type *v = nirc_op_operand(op, 0)->type, *z = op->results[0].type;
  if (v->elem != NIRC_I64 || v->count != c->n_neurons || op->results[1].type != v || z->elem != NIRC_F64 || z->count != v->count)
    return "potentials must be i64, spikes f64, one for each neuron";
  for (uint32_t i = 1; i < op->n_operands; i++)
    if (nirc_op_operand(op, i)->type->elem != NIRC_F32 && nirc_op_operand(op, i)->type->elem != NIRC_BOOL)
      return "inputs must be f32 or i1";
  return NULL;
}

/* ---- in what order ------------------------------------------------------------------------------------------------------------
 * First in, first out, events are worked on generation by generation: those of the host and of biases, then what they cause, then what that causes. Within a
 * generation they stand in the order of their causes. Events that are followed at once, each with all that it causes before the next, come in the same order
 * wherever it matters: at a core with one source, since that sends in the order in which it works; and within a generation everywhere. So only a core with
 * several sources and several generations needs more. */

/* Sources first. */
static bool sort(nirc_cores *c, nirc_arena *a)
{
  size_t *waiting = NIRC_NEW_ARRAY(a, size_t, c->n), n = 0;
  c->order = NIRC_NEW_ARRAY(a, size_t, c->n);
  for (size_t k = 0; k < c->n; k++)
    for (uint32_t t = 0; t < c->core[k].to->rank; t++)
      waiting[c->core[k].to->dims[t]]++;
  for (size_t k = 0; k < c->n; k++)
    if (!waiting[k])
      c->order[n++] = k;
  for (size_t i = 0; i < n; i++)
    for (uint32_t t = 0; t < c->core[c->order[i]].to->rank; t++) {
      size_t to = (size_t)c->core[c->order[i]].to->dims[t];
      if (--waiting[to] == 0)
        c->order[n++] = to;
    }
  return n == c->n;
}

/* Generations that come to each core (at most 64: a way is no longer than there are cores), and its sources. */
static bool needs_rounds(nirc_cores *c, size_t sources[])
{
  bool biased[NIRC_CORES_MAX] = {false}, needs = false;          /* by core: a bias is in what comes to it */
  for (size_t i = 0; i < c->n; i++) {
    size_t from = c->order[i];
    nirc_core *k = &c->core[from];
    if (k->inputs->rank) {                           /* the host is one source, however many inputs it has */
      k->generations |= 1;
      sources[from]++;
    }
    needs |= sources[from] > 1 && (biased[from] || (k->generations & (k->generations - 1)));
    for (uint32_t t = 0; t < k->to->rank; t++) {
      nirc_core *to = &c->core[k->to->dims[t]];
      to->generations |= k->generations << 1 | (k->bias != NULL);
      biased[k->to->dims[t]] |= biased[from] || k->bias;
      sources[k->to->dims[t]]++;
    }
  }
  return needs;
}

/* Which cores are ordered, and what a step keeps for them. */
static void find_order(nirc_cores *c)
{
  size_t sources[NIRC_CORES_MAX] = {0};
  bool needs = needs_rounds(c, sources);
  for (size_t i = c->n; i-- > 0;) {
    nirc_core *k = &c->core[c->order[i]];
    size_t neurons = (size_t)(k->out[0] * k->out[1] * k->out[2]);
    k->ordered = needs && sources[c->order[i]] > 1;
    k->reach = 1;
    for (uint32_t t = 0; t < k->to->rank; t++)
      if (c->core[k->to->dims[t]].ordered) {
        k->ordered = true;
        k->reach |= c->core[k->to->dims[t]].reach << 1;
      }
    if (k->bias && k->to->rank) {
      k->flags = c->n_flags;
      c->n_flags += neurons;
    }
    k->kept = c->n_kept;
    for (uint32_t g = 0; k->ordered && g < NIRC_CORES_MAX; g++) {
      if (!(k->generations >> g & 1))
        continue;
      c->n_kept += k->reach == 1 ? 0 : 2 * neurons;
      c->rounds = g >= c->rounds ? g + 1 : c->rounds;
    }
  }
}

static const char *read_all(nirc_cores *c, nirc_arena *a, const nirc_op *op)
{
  const char *fault = NULL;
  size_t room = 0;
  NIRC_FOR_EACH_OP(o, op->body)
    room++;
  if (!room || room > NIRC_CORES_MAX)
    return "1 to 64 cores are wanted";
  *c = (nirc_cores){.core = NIRC_NEW_ARRAY(a, nirc_core, room)};
  NIRC_FOR_EACH_OP(o, op->body) {
    nirc_core *k = &c->core[c->n++];
    fault = read_core(k, o);
    if (fault)
      return fault;
    k->first = c->n_neurons;
    c->n_neurons += (size_t)(k->out[0] * k->out[1] * k->out[2]);
  }
  fault = check_types(c, op);
  for (size_t k = 0; !fault && k < c->n; k++) {
    fault = check_ways(c, k);
    fault = fault ? fault : check_inputs(&c->core[k], op);
  }
  if (!fault && !sort(c, a))
    fault = "cores feed one another in a loop";
  if (!fault)
    find_order(c);
  return fault;
}

bool nirc_cores_read(nirc_cores *c, nirc_arena *a, const nirc_op *op, const char **why)
{
  *why = read_all(c, a, op);
  return *why == NULL;
}

/* ---- running ------------------------------------------------------------------------------------------------------------------ */

struct nirc_cores_event { size_t core; int64_t at[3]; };

/* An event at the end of the queue. */
static void send(nirc_cores_run *r, size_t k, int64_t feature, int64_t row, int64_t column)
{
  if (r->n == r->room) {
    size_t room = r->room ? 2 * r->room : 1024;
    struct nirc_cores_event *more = nirc_heap_alloc(r->heap, room * sizeof *more);
    if (r->n)
      memcpy(more, r->queue, r->n * sizeof *more);
    nirc_heap_free(r->heap, r->queue);
    r->queue = more;
    r->room = room;
  }
  r->queue[r->n++] = (struct nirc_cores_event){k, {feature, row, column}};
}

static void count(const nirc_cores_run *r, size_t k, nirc_count_kind kind, bool happens)
{
  if (r->counts)
    r->counts[k][kind] += happens;
}

/* Adds to one neuron; where it fires, its events stand at the end of the queue. */
static void settle(nirc_cores_run *r, size_t k, const int64_t at[3], int64_t add)
{
  const nirc_core *x = &r->cores->core[k];
  size_t i = x->first + (size_t)((at[0] * x->out[1] + at[1]) * x->out[2] + at[2]);
  int64_t sum = (int64_t)((uint64_t)r->v[i] + (uint64_t)add);
  count(r, k, NIRC_COUNT_SATURATIONS, sum < INT16_MIN || sum > INT16_MAX);
  count(r, k, NIRC_COUNT_LOWER_BOUNDS, sum < x->v_low);
  if (sum < x->v_threshold) {
    r->v[i] = sum > x->v_low ? sum : x->v_low;
    return;
  }
  r->v[i] = x->to_zero ? 0 : sum - x->v_threshold;
  r->z[i] += 1;
  count(r, k, NIRC_COUNT_SPIKES, true);
  count(r, k, NIRC_COUNT_MISSED, r->v[i] >= x->v_threshold);
  for (uint32_t t = 0; t < x->to->rank; t++) {
    int64_t p = (int64_t)x->pooling->dims[t];
    send(r, (size_t)x->to->dims[t], at[0], at[1] / p, at[2] / p);
  }
}

/* The outputs of one axis that an input at `at` reaches: first to last. */
static void reach(const nirc_core *x, int axis, int64_t at, int64_t *first, int64_t *last)
{
  int64_t from = at + x->before[axis], s = x->stride[axis];
  *first = from < x->kernel ? 0 : (from - x->kernel) / s + 1;
  *last = from / s < x->out[1 + axis] - 1 ? from / s : x->out[1 + axis] - 1;
}

/* One event at a core; what lies outside of its map is lost. */
static void receive(nirc_cores_run *r, size_t k, int64_t feature, int64_t row, int64_t column)
{
  const nirc_core *x = &r->cores->core[k];
  int64_t r0, r1, c0, c1, at[3];
  if (row >= x->in[1] || column >= x->in[2])
    return;
  reach(x, 0, row, &r0, &r1);
  reach(x, 1, column, &c0, &c1);
  for (at[0] = 0; at[0] < x->out[0]; at[0]++)
    for (at[1] = r0; at[1] <= r1; at[1]++)
      for (at[2] = c0; at[2] <= c1; at[2]++) {
        int64_t w = 0, tap_row = row + x->before[0] - at[1] * x->stride[0], tap_column = column + x->before[1] - at[2] * x->stride[1];
        NIRC_ASSERT(nirc_blob_get_int(x->weight, (size_t)(((at[0] * x->in[0] + feature) * x->kernel + tap_row) * x->kernel + tap_column), &w));
        count(r, k, NIRC_COUNT_OPERATIONS, true);
        settle(r, k, at, w);
      }
}

/* The first n events of the queue. */
static void work(nirc_cores_run *r, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    struct nirc_cores_event e = r->queue[i];         /* the queue may move */
    receive(r, e.core, e.at[0], e.at[1], e.at[2]);
  }
  r->n -= n;
  if (r->n)
    memmove(r->queue, r->queue + n, r->n * sizeof *r->queue);
}

void nirc_cores_begin(nirc_cores_run *r, const nirc_cores *c, const nirc_heap *heap, int64_t *v, double *z, uint64_t (*counts)[NIRC_COUNT_KINDS])
{
  *r = (nirc_cores_run){.cores = c, .heap = heap, .v = v, .z = z, .counts = counts};
  for (size_t k = 0; k < c->n; k++) {
    const nirc_core *x = &c->core[k];
    int64_t at[3], bias = 0;
    for (at[0] = 0; x->bias && at[0] < x->out[0]; at[0]++) {
      NIRC_ASSERT(nirc_blob_get_int(x->bias, (size_t)at[0], &bias));
      for (at[1] = 0; at[1] < x->out[1]; at[1]++)
        for (at[2] = 0; at[2] < x->out[2]; at[2]++)
          settle(r, k, at, bias);
    }
  }
  work(r, r->n);
}

void nirc_cores_add_event(nirc_cores_run *r, size_t k, size_t at)
{
  const nirc_core *x = &r->cores->core[k];
  int64_t i = (int64_t)at, rows = x->in[1], columns = x->in[2];
  receive(r, k, i / (rows * columns), i / columns % rows, i % columns);
}

void nirc_cores_end(nirc_cores_run *r)
{
  while (r->n)
    work(r, r->n);
  nirc_heap_free(r->heap, r->queue);
}
