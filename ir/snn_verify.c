/* ir/snn_verify.c: what the ops of the snn level want of the types of their operands and results and of their attributes. */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "ir/dialect_snn.h"
#include "ir/neuron.h"

static NIRC_PRINTF(3, 4) bool fault(const nirc_op *op, nirc_diag *d, const char *format, ...)
{
  char text[256];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  nirc_error_status(d, NIRC_STATUS_INTERNAL, op->loc, "'%s' (%s): %s", op->name, op->def->mnemonic, text);
  return false;
}

static const nirc_type *operand(const nirc_op *op, uint32_t i)
{
  return nirc_op_operand(op, i)->type;
}

nirc_dtype nirc_snn_arithmetic(const nirc_op *op)
{
  const nirc_type *t = op->def->spikes ? operand(op, 0) : op->results[0].type;
  return t->elem == NIRC_F64 ? NIRC_F64 : NIRC_F32;
}

/* What arithmetic of that type takes: i1 stands for 0 and 1. */
static bool is_number(const nirc_type *t, nirc_dtype arithmetic)
{
  return t->elem == NIRC_F32 || t->elem == NIRC_BOOL || (t->elem == NIRC_F64 && arithmetic == NIRC_F64);
}

/* Numbers in, f32 or f64 out; the first result of an op that spikes is i1. */
static bool verify_elements(const nirc_op *op, nirc_diag *d)
{
  bool ok = true;
  nirc_dtype elem = nirc_snn_arithmetic(op);
  for (uint32_t i = 0; i < op->n_operands; i++)
    if (!is_number(operand(op, i), elem))
      ok = fault(op, d, "operand %u has elements %s", i, nirc_dtype_name(operand(op, i)->elem));
  for (uint32_t i = 0; i < op->n_results; i++)
    if (op->results[i].type->elem != (op->def->spikes && i == 0 ? NIRC_BOOL : elem))
      ok = fault(op, d, "result %u has elements %s", i, nirc_dtype_name(op->results[i].type->elem));
  return ok;
}

static bool verify_alike(nirc_module *m, const nirc_op *op, nirc_diag *d)
{
  const nirc_shape *shape = &op->results[0].type->shape;
  bool ok = true;
  for (uint32_t i = 0; i < op->n_operands; i++)
    if (!nirc_shape_equal(&operand(op, i)->shape, shape))
      ok = fault(op, d, "operand %u has shape %s, the result %s", i, nirc_shape_text(m->arena, &operand(op, i)->shape), nirc_shape_text(m->arena, shape));
  for (uint32_t i = 1; i < op->n_results; i++)
    if (!nirc_shape_equal(&op->results[i].type->shape, shape))
      ok = fault(op, d, "results have different shapes");
  return ok;
}

/* A dense attribute of that element type and shape; absent is fine. */
static bool verify_blob(nirc_module *m, const nirc_op *op, const char *name, nirc_dtype dtype, const nirc_shape *shape, nirc_diag *d)
{
  const nirc_blob *b = nirc_op_blob(op, name);
  if (!b || (b->dtype == dtype && nirc_shape_equal(&b->shape, shape)))
    return true;
  return fault(op, d, "%s is %s%s, %s%s is wanted", name, nirc_dtype_name(b->dtype), nirc_shape_text(m->arena, &b->shape), nirc_dtype_name(dtype),
               nirc_shape_text(m->arena, shape));
}

bool nirc_snn_verify_layer(nirc_module *m, const nirc_op *op, nirc_diag *d)
{
  bool ok = verify_elements(op, d) && verify_alike(m, op, d);
  for (size_t i = 0; i < op->def->n_attrs; i++)
    if (op->def->attrs[i].rule == NIRC_SHAPE_LAYER)
      ok &= verify_blob(m, op, op->def->attrs[i].name, nirc_snn_arithmetic(op), &op->results[0].type->shape, d);
  return ok;
}

bool nirc_snn_verify_neuron(nirc_module *m, const nirc_op *op, nirc_diag *d)
{
  nirc_arena *a = nirc_arena_new(m->heap);
  nirc_neuron n;
  const char *why;
  bool ok = nirc_neuron_read(&n, a, op, &why) || fault(op, d, "%s", why);
  nirc_arena_free(a);
  if (!ok || !verify_alike(m, op, d))
    return false;
  for (const nirc_attr *k = op->attrs; k; k = k->next)
    if (k->kind == NIRC_ATTR_DENSE)
      ok &= verify_blob(m, op, k->name, k->blob->dtype, &op->results[0].type->shape, d);
  return ok;
}

bool nirc_snn_verify_add(nirc_module *m, const nirc_op *op, nirc_diag *d)
{
  return verify_elements(op, d) && verify_alike(m, op, d);
}

/* Weights, and of each sum (`sums` has that shape) its bias and, where weights are whole numbers, its scale. */
static bool verify_weights(nirc_module *m, const nirc_op *op, const nirc_shape *sums, nirc_diag *d)
{
  const nirc_blob *weight = nirc_op_blob(op, "weight"), *scale = nirc_op_blob(op, "scale");
  nirc_dtype elem = nirc_snn_arithmetic(op);
  bool ok = verify_blob(m, op, "weight", scale ? NIRC_I8 : elem, &weight->shape, d) && verify_blob(m, op, "bias", elem, sums, d) &&
            verify_blob(m, op, "scale", elem, sums, d);
  for (size_t i = 0; ok && scale && i < scale->count; i++)
    if (!(nirc_blob_get(scale, i) > 0 && isfinite(nirc_blob_get(scale, i))))
      ok = fault(op, d, "scale of sum %zu is %g, a finite number above 0 is wanted", i, nirc_blob_get(scale, i));
  return ok;
}

bool nirc_snn_verify_dense(nirc_module *m, const nirc_op *op, nirc_diag *d)
{
  const nirc_shape *w = &nirc_op_blob(op, "weight")->shape, *out = &op->results[0].type->shape;
  bool ok = verify_elements(op, d) && verify_weights(m, op, out, d);
  if (w->rank < 2)
    return fault(op, d, "weight has rank %u", w->rank);
  nirc_shape from = *w, to = *w;                     /* [..., out, in] */
  from.rank = to.rank = w->rank - 1;
  from.dims[from.rank - 1] = w->dims[w->rank - 1];
  if (!nirc_shape_equal(&operand(op, 0)->shape, &from) || !nirc_shape_equal(out, &to))
    ok = fault(op, d, "a weight of shape %s takes no %s to %s", nirc_shape_text(m->arena, w), nirc_shape_text(m->arena, &operand(op, 0)->shape),
               nirc_shape_text(m->arena, out));
  return ok;
}

/* Blocks of `row`, as wide as `size`: on the grid of blocks, inside of `out`, behind the one before of the same input. */
static bool verify_blocks(const nirc_op *op, int64_t size, int64_t out, nirc_diag *d)
{
  const nirc_blob *first = nirc_op_blob(op, "first"), *rows = nirc_op_blob(op, "row");
  int64_t n = (int64_t)rows->count;
  if (nirc_blob_i32(first, 0) != 0 || nirc_blob_i32(first, first->count - 1) != n)
    return fault(op, d, "first must go from 0 to the number of blocks, %" PRId64, n);
  for (size_t j = 0; j + 1 < first->count; j++) {
    int64_t from = nirc_blob_i32(first, j), to = nirc_blob_i32(first, j + 1), before = -1;
    if (to < from || to > n)
      return fault(op, d, "first of input %zu is out of order", j);
    for (int64_t b = from; b < to; b++) {
      int64_t row = nirc_blob_i32(rows, (size_t)b);
      if (row <= before || (size > 1 && row % size) || row > out - size)
        return fault(op, d, "block %" PRId64 " begins at output %" PRId64, b, row);
      before = row;
    }
  }
  return true;
}

bool nirc_snn_verify_sparse_dense(nirc_module *m, const nirc_op *op, nirc_diag *d)
{
  const nirc_shape *w = &nirc_op_blob(op, "weight")->shape, *in = &operand(op, 0)->shape, *out = &op->results[0].type->shape;
  nirc_shape firsts = nirc_shape_1d(operand(op, 0)->count + 1), rows = nirc_shape_1d(w->rank ? w->dims[0] : 0);
  bool ok = verify_elements(op, d) && verify_weights(m, op, out, d) && verify_blob(m, op, "first", NIRC_I32, &firsts, d) &&
            verify_blob(m, op, "row", NIRC_I32, &rows, d);
  if (!ok)
    return false;
  if (w->rank != 2 || w->dims[1] < 1)
    return fault(op, d, "weight has shape %s, blocks of at least one output are wanted", nirc_shape_text(m->arena, w));
  if (!in->rank || in->rank != out->rank || memcmp(in->dims, out->dims, (in->rank - 1) * sizeof in->dims[0]))
    return fault(op, d, "operand has shape %s, the result %s", nirc_shape_text(m->arena, in), nirc_shape_text(m->arena, out));
  uint64_t last = out->dims[out->rank - 1];
  if (w->dims[1] > last || last > INT32_MAX)
    return fault(op, d, "blocks of %" PRIu64 " outputs, there are %" PRIu64, w->dims[1], last);
  return verify_blocks(op, (int64_t)w->dims[1], (int64_t)last, d);
}

/* ---- populations ------------------------------------------------------------------------------------------------------------ */

bool nirc_snn_is_synapse(nirc_opcode code)
{
  return code == SNN_DENSE || code == SNN_SPARSE_DENSE || code == SNN_CONV;
}

bool nirc_snn_is_neuron(nirc_opcode code)
{
  return code == SNN_NEURON;
}

bool nirc_snn_verify_operand(nirc_module *m, const nirc_op *op, nirc_diag *d)
{
  (void)m;
  const nirc_op *around = op->parent->parent;
  if (!around || around->code != SNN_POPULATION)
    return fault(op, d, "stands in no snn.population");
  int64_t i = nirc_op_int(op, "index");
  if (i < 0 || i >= (int64_t)around->n_operands)
    return fault(op, d, "index = %" PRId64 ", the population has %u operands", i, around->n_operands);
  const nirc_type *given = operand(around, (uint32_t)i), *t = op->results[0].type;
  if (given != t && !(given->elem == NIRC_BOOL && t->elem == NIRC_F32 && nirc_shape_equal(&given->shape, &t->shape)))        /* spikes are numbers */
    return fault(op, d, "its type is not that of operand %" PRId64, i);
  return true;
}

/* Operands, then one sum, then the neurons: nothing else may stand in a population. */
bool nirc_snn_verify_population(nirc_module *m, const nirc_op *op, nirc_diag *d)
{
  (void)m;
  const nirc_op *neuron = op->body->last, *synapse = neuron ? neuron->prev : NULL;
  if (!synapse || !nirc_snn_is_neuron(neuron->code) || !nirc_snn_is_synapse(synapse->code))
    return fault(op, d, "must end with a weighted sum and a neuron op");
  for (const nirc_op *o = op->body->first; o != synapse; o = o->next)
    if (o->code != SNN_OPERAND)
      return fault(op, d, "'%s' (%s) cannot stand in front of the weighted sum", o->name, o->def->mnemonic);
  const nirc_use *use = synapse->results[0].uses;
  if (!use || use->next || use->index != 0)
    return fault(op, d, "the sum '%s' must be the neurons' input and nothing else", synapse->name);
  if (op->n_operands != neuron->n_operands)
    return fault(op, d, "%u operands; %u are wanted: what is weighted, and the states of its last op", op->n_operands, neuron->n_operands);
  if (op->n_results != neuron->n_results)
    return fault(op, d, "%u results, its last op has %u", op->n_results, neuron->n_results);
  for (uint32_t i = 0; i < op->n_results; i++)
    if (op->results[i].type != neuron->results[i].type)
      return fault(op, d, "result %u is not of the type that its last op gives", i);
  return true;
}

/* ---- windows ---------------------------------------------------------------------------------------------------------------- */

enum { MAX_AXIS = 1 << 30 };                         /* keeps every index of a window within 64 bits */

/* Two numbers within [low, MAX_AXIS]. */
static bool verify_pair(const nirc_op *op, const char *name, uint64_t low, nirc_diag *d)
{
  const nirc_shape *s = nirc_op_shape(op, name);
  if (s->rank == 2 && s->dims[0] >= low && s->dims[1] >= low && s->dims[0] <= MAX_AXIS && s->dims[1] <= MAX_AXIS)
    return true;
  return fault(op, d, "%s must be two numbers of at least %" PRIu64, name, low);
}

static bool verify_window(const nirc_op *op, nirc_diag *d)
{
  bool ok = verify_elements(op, d) && verify_pair(op, "stride", 1, d) && verify_pair(op, "before", 0, d);
  if (operand(op, 0)->shape.rank != 3 || op->results[0].type->shape.rank != 3)
    ok = fault(op, d, "operand and result must be [channels, rows, columns]");
  return ok;
}

bool nirc_snn_verify_conv(nirc_module *m, const nirc_op *op, nirc_diag *d)
{
  if (!(verify_window(op, d) && verify_pair(op, "dilation", 1, d)))
    return false;
  const nirc_shape *w = &nirc_op_blob(op, "weight")->shape;
  bool ok = true;
  int64_t groups = nirc_op_int(op, "groups");
  if (w->rank != 4 || groups < 1)
    return fault(op, d, "weight has rank %u, groups = %" PRId64, w->rank, groups);
  uint64_t in = operand(op, 0)->shape.dims[0], out = op->results[0].type->shape.dims[0];
  if (out != w->dims[0] || out % (uint64_t)groups || in % (uint64_t)groups || in / (uint64_t)groups != w->dims[1])
    ok = fault(op, d, "a weight of shape %s in %" PRId64 " groups takes no %" PRIu64 " channels to %" PRIu64, nirc_shape_text(m->arena, w), groups, in, out);
  nirc_shape channels = nirc_shape_1d(w->dims[0]);
  return ok && verify_weights(m, op, &channels, d);
}

bool nirc_snn_verify_pool(nirc_module *m, const nirc_op *op, nirc_diag *d)
{
  (void)m;
  if (!(verify_window(op, d) && verify_pair(op, "kernel_size", 1, d)))
    return false;
  if (operand(op, 0)->shape.dims[0] != op->results[0].type->shape.dims[0])
    return fault(op, d, "operand and result have different numbers of channels");
  return true;
}

/* ---- reshape, delays ------------------------------------------------------------------------------------------------------------ */

bool nirc_snn_verify_reshape(nirc_module *m, const nirc_op *op, nirc_diag *d)
{
  (void)m;
  const nirc_type *from = operand(op, 0), *to = op->results[0].type;
  if (from->elem == to->elem && from->count == to->count)
    return true;
  return fault(op, d, "%s with %zu elements cannot become %s with %zu", nirc_dtype_name(from->elem), from->count, nirc_dtype_name(to->elem), to->count);
}

static bool verify_slot(const nirc_op *op, const nirc_type *t, nirc_diag *d)
{
  return (t->elem == NIRC_I32 && t->count == 1) || fault(op, d, "the slot must be one i32");
}

/* buffer is [slots, shape of x...], of f32 or f64. */
static bool verify_buffer(nirc_module *m, const nirc_op *op, const nirc_type *buffer, const nirc_type *x, nirc_diag *d)
{
  nirc_shape rest = {0};
  if (buffer->shape.rank) {
    rest.rank = buffer->shape.rank - 1;
    memcpy(rest.dims, buffer->shape.dims + 1, rest.rank * sizeof rest.dims[0]);
  }
  if (buffer->shape.rank && buffer->shape.dims[0] >= 1 && buffer->shape.dims[0] <= INT32_MAX && nirc_shape_equal(&rest, &x->shape)) {
    if ((buffer->elem == NIRC_F32 || buffer->elem == NIRC_F64) && is_number(x, buffer->elem))
      return true;
    return fault(op, d, "a buffer of %s holds no values of %s", nirc_dtype_name(buffer->elem), nirc_dtype_name(x->elem));
  }
  return fault(op, d, "a buffer of shape %s holds no values of shape %s", nirc_shape_text(m->arena, &buffer->shape), nirc_shape_text(m->arena, &x->shape));
}

static bool verify_steps(nirc_module *m, const nirc_op *op, nirc_diag *d)
{
  const nirc_blob *steps = nirc_op_blob(op, "steps");
  int64_t slots = (int64_t)operand(op, 0)->shape.dims[0], n;
  if (!verify_blob(m, op, "steps", NIRC_I64, &op->results[0].type->shape, d))
    return false;
  for (size_t e = 0; e < steps->count; e++)
    if (!nirc_blob_get_int(steps, e, &n) || n < 0 || n > slots)
      return fault(op, d, "steps of element %zu are outside of the buffer's %" PRId64 " slots", e, slots);
  return true;
}

bool nirc_snn_verify_delay(nirc_module *m, const nirc_op *op, nirc_diag *d)
{
  const nirc_type *first = operand(op, 0), *result = op->results[0].type;
  if (op->code == SNN_ADVANCE) {
    bool ok = verify_slot(op, first, d) && verify_slot(op, result, d);
    if (operand(op, 1)->shape.rank == 0 || operand(op, 1)->shape.dims[0] < 1)
      ok = fault(op, d, "operand 1 is no buffer");
    return ok;
  }
  bool ok = verify_slot(op, operand(op, 1), d);
  if (op->code == SNN_DELAY_WRITE) {
    if (result != first)
      ok = fault(op, d, "the result must have the type of the buffer");
    return ok && verify_buffer(m, op, first, operand(op, 2), d);
  }
  if (first->elem == NIRC_F64 && result->elem != NIRC_F64)
    return fault(op, d, "a buffer of f64 gives no %s", nirc_dtype_name(result->elem));
  return verify_buffer(m, op, first, result, d) && verify_steps(m, op, d) && ok;
}

/* ---- what hosts are told ----------------------------------------------------------------------------------------------------------- */

bool nirc_snn_verify_step(nirc_module *m, const nirc_op *op, nirc_diag *d)
{
  (void)m;
  int64_t most = nirc_op_attr(op, "most_events") ? nirc_op_int(op, "most_events") : 1;
  return most >= 1 || fault(op, d, "most_events is %" PRId64 ", at least 1 is wanted", most);
}

bool nirc_snn_verify_port(nirc_module *m, const nirc_op *op, nirc_diag *d)
{
  (void)m;
  int64_t latency = nirc_op_attr(op, "latency") ? nirc_op_int(op, "latency") : 0;
  return (latency >= 0 && latency <= INT32_MAX) || fault(op, d, "latency is %" PRId64 ", 0 to %d are wanted", latency, INT32_MAX);
}
