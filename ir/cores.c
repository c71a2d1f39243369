#include "ir/cores.h"

#include <inttypes.h>

/* ---- reading ----------------------------------------------------------------------------------------------------------------- */

enum { MAX_SIDE = 1 << 15 };                         /* of a map or kernel: products of three fit 64 bits */

static const char *read_window(nirc_core *k, const nirc_op *op)
{
  const nirc_shape *w = &k->weight->shape, *map = nirc_op_shape(op, "map"), *stride = nirc_op_shape(op, "stride"), *before = nirc_op_shape(op, "before");
  if (k->weight->dtype != NIRC_I8 || w->rank != 4 || map->rank != 3 || stride->rank != 2 || before->rank != 2 || w->dims[1] != map->dims[0] || w->dims[2] != w->dims[3])
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
  *k = (nirc_core){.weight = nirc_op_blob(op, "weight"), .bias = nirc_op_blob(op, "bias"), .v_threshold = nirc_op_int(op, "v_threshold"), .v_low = nirc_op_int(op, "v_low"),
                   .to_zero = zero == 1, .to = nirc_op_shape(op, "to"), .pooling = nirc_op_shape(op, "pooling"), .inputs = nirc_op_shape(op, "inputs")};
  const char *fault = read_window(k, op);
  if (fault)
    return fault;
  if (k->bias && (k->bias->dtype != NIRC_I64 || k->bias->shape.rank != 1 || k->bias->count != (size_t)k->out[0]))
    return "bias is not i64[features]";
  if (zero < 0 || zero > 1 || k->v_threshold < 1 || k->v_threshold > INT32_MAX || k->v_low < -INT32_MAX || k->v_low > 0)
    return "to_zero, v_threshold or v_low is out of range";
  return k->to->rank != k->pooling->rank ? "to and pooling have different lengths" : NULL;
}

/* Where its spikes go: to a core behind it, whose map is its own after pooling. */
static const char *check_ways(const nirc_cores *c, size_t from)
{
  const nirc_core *k = &c->core[from];
  for (uint32_t t = 0; t < k->to->rank; t++) {
    if (k->to->dims[t] <= from || k->to->dims[t] >= c->n || k->pooling->dims[t] < 1 || k->pooling->dims[t] > MAX_SIDE)
      return "spikes do not go to a core behind";
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
  return fault;
}

bool nirc_cores_read(nirc_cores *c, nirc_arena *a, const nirc_op *op, const char **why)
{
  *why = read_all(c, a, op);
  return *why == NULL;
}

/* ---- running ------------------------------------------------------------------------------------------------------------------ */

static void receive(const nirc_cores *c, size_t k, int64_t feature, int64_t row, int64_t column, int64_t *v, double *z);

/* Adds to one neuron. Where it fires, all that its event causes comes before anything else. */
static void settle(const nirc_cores *c, size_t k, int64_t at[3], int64_t add, int64_t *v, double *z)
{
  const nirc_core *x = &c->core[k];
  size_t i = x->first + (size_t)((at[0] * x->out[1] + at[1]) * x->out[2] + at[2]);
  int64_t sum = (int64_t)((uint64_t)v[i] + (uint64_t)add);
  if (sum < x->v_threshold) {
    v[i] = sum > x->v_low ? sum : x->v_low;
    return;
  }
  v[i] = x->to_zero ? 0 : sum - x->v_threshold;
  z[i] += 1;
  for (uint32_t t = 0; t < x->to->rank; t++) {
    int64_t p = (int64_t)x->pooling->dims[t];
    receive(c, (size_t)x->to->dims[t], at[0], at[1] / p, at[2] / p, v, z);
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
static void receive(const nirc_cores *c, size_t k, int64_t feature, int64_t row, int64_t column, int64_t *v, double *z)
{
  const nirc_core *x = &c->core[k];
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
        settle(c, k, at, w, v, z);
      }
}

void nirc_cores_add_biases(const nirc_cores *c, int64_t *v, double *z)
{
  for (size_t k = c->n; k-- > 0;) {
    const nirc_core *x = &c->core[k];
    int64_t at[3], bias = 0;
    for (at[0] = 0; x->bias && at[0] < x->out[0]; at[0]++) {
      NIRC_ASSERT(nirc_blob_get_int(x->bias, (size_t)at[0], &bias));
      for (at[1] = 0; at[1] < x->out[1]; at[1]++)
        for (at[2] = 0; at[2] < x->out[2]; at[2]++)
          settle(c, k, at, bias, v, z);
    }
  }
}

void nirc_cores_add_event(const nirc_cores *c, size_t k, size_t at, int64_t *v, double *z)
{
  const nirc_core *x = &c->core[k];
  int64_t i = (int64_t)at, rows = x->in[1], columns = x->in[2];
  receive(c, k, i / (rows * columns), i / columns % rows, i % columns, v, z);
}
