/* codegen/cpu_kernels.c: one function per op (neurons: cpu_neurons.c, convolution and pooling: cpu_windows.c). Every weighted sum adds its terms in
 * ascending input index, multiply and add rounded apart, and leaves out terms whose input is 0 (docs/abi.md, "Order of sums"); columns are accumulated, so that
 * the outputs are the vector lanes. */
#include <math.h>
#include <string.h>

#include "codegen/cpu_kernels.h"
#include "ir/neuron.h"
#include "ir/dialect_snn.h"

/* ---- coefficients ------------------------------------------------------------------------------------------------------- */

struct nirc_emitted { const nirc_blob *blob; LLVMValueRef value; struct nirc_emitted *next; };

LLVMValueRef nirc_emit_elements(nirc_emitter *e, const char *name, const nirc_blob *b)
{
  for (const struct nirc_emitted *k = e->elements; k; k = k->next)
    if (k->blob == b)
      return k->value;
  size_t size = nirc_dtype_size(b->dtype);
  char *all = nirc_arena_alloc(e->arena, b->count * size + 1, size);
  for (size_t i = 0; i < b->count; i++)
    memcpy(all + i * size, (const char *)b->data + (b->splat ? 0 : i * size), size);
  struct nirc_emitted *more = NIRC_NEW(e->arena, struct nirc_emitted);
  *more = (struct nirc_emitted){b, nirc_emit_bytes(e, name, all, b->count * size), e->elements};
  e->elements = more;
  return more->value;
}

nirc_coefficient nirc_get_coefficient(nirc_emitter *e, const nirc_op *op, const char *name)
{
  const nirc_blob *b = nirc_op_blob(op, name);
  nirc_coefficient c = {.elem = b->dtype};
  if (b->splat || b->count == 1) {
    c.splat = nirc_blob_get(b, 0);
    if (b->dtype == NIRC_I64 || b->dtype == NIRC_I16)
      NIRC_ASSERT(nirc_blob_get_int(b, 0, &c.whole));
    return c;
  }
  c.array = nirc_emit_bytes(e, name, b->data, nirc_blob_bytes(b));
  return c;
}

LLVMValueRef nirc_coefficient_at(nirc_emitter *e, const nirc_coefficient *c, LLVMValueRef i)
{
  LLVMTypeRef type = nirc_emit_type(e, c->elem);
  if (c->array)
    return nirc_load(e, type, c->array, i);
  return c->elem == NIRC_I64 || c->elem == NIRC_I16 ? LLVMConstInt(type, (unsigned long long)c->whole, true) : LLVMConstReal(type, c->splat);
}

/* ---- parameters: distinct pointers only, so that each can be marked noalias ------------------------------------------------ */

typedef struct parameters {
  nirc_place place[NIRC_CPU_MAX_PARAMETERS];
  unsigned n;
  unsigned operand[NIRC_CPU_MAX_VALUES], result[NIRC_CPU_MAX_VALUES], workspace;         /* index of the parameter */
} parameters;

static unsigned add_place(parameters *p, nirc_place place)
{
  for (unsigned i = 0; i < p->n; i++)
    if (nirc_place_equal(p->place[i], place))
      return i;
  p->place[p->n] = place;
  return p->n++;
}

static parameters parameters_of(const nirc_emitter *e, const nirc_op *op)
{
  parameters p = {0};
  const nirc_op *sum = nirc_cpu_tiled_sum(op);       /* in its place, what is summed */
  for (uint32_t i = 0; i < op->n_operands; i++)
    p.operand[i] = add_place(&p, nirc_cpu_place(e->plan, nirc_op_operand(sum && i == 0 ? sum : op, i)));
  for (uint32_t i = 0; i < op->n_results; i++)
    p.result[i] = add_place(&p, nirc_cpu_place(e->plan, &op->results[i]));
  if (nirc_cpu_workspace_bytes(op))
    p.workspace = add_place(&p, e->plan->workspace[op->id]);
  return p;
}

nirc_pointers nirc_pointers_of(nirc_emitter *e, const nirc_op *op)
{
  parameters p = parameters_of(e, op);
  nirc_pointers q = {{0}, {0}, NULL};
  for (uint32_t i = 0; i < op->n_operands; i++)
    q.in[i] = nirc_emit_param(e, p.operand[i]);
  for (uint32_t i = 0; i < op->n_results; i++)
    q.out[i] = nirc_emit_param(e, p.result[i]);
  if (nirc_cpu_workspace_bytes(op))
    q.workspace = nirc_emit_param(e, p.workspace);
  return q;
}

/* ---- element types -------------------------------------------------------------------------------------------------------------- */

LLVMTypeRef nirc_arithmetic_type(const nirc_emitter *e, const nirc_op *op)
{
  return nirc_emit_type(e, nirc_snn_arithmetic(op));
}

/* What operand 0 is kept as. */
static LLVMTypeRef operand_type(const nirc_emitter *e, const nirc_op *op)
{
  return nirc_emit_type(e, nirc_op_operand(op, 0)->type->elem);
}

LLVMValueRef nirc_load_operand(nirc_emitter *e, const nirc_op *op, uint32_t o, LLVMValueRef p, LLVMValueRef i)
{
  return nirc_load_as(e, nirc_op_operand(op, o)->type->elem, nirc_snn_arithmetic(op), p, i);
}

/* ---- elementwise --------------------------------------------------------------------------------------------------------------- */

static void elementwise_kernel(nirc_emitter *e, const nirc_op *op)
{
  nirc_pointers p = nirc_pointers_of(e, op);
  nirc_coefficient c = {0};
  if (op->code != SNN_ADD)
    c = nirc_get_coefficient(e, op, op->code == SNN_SCALE ? "scale" : "threshold");
  nirc_loop l = nirc_loop_begin(e, nirc_c64(e, op->results[0].type->count));
  LLVMValueRef x = nirc_load_operand(e, op, 0, p.in[0], l.i), y;
  if (op->code == SNN_ADD)
    y = LLVMBuildFAdd(e->b, x, nirc_load_operand(e, op, 1, p.in[1], l.i), "");
  else if (op->code == SNN_SCALE)
    y = LLVMBuildFMul(e->b, nirc_coefficient_at(e, &c, l.i), x, "");
  else
    y = LLVMBuildUIToFP(e->b, LLVMBuildFCmp(e->b, LLVMRealOGT, x, nirc_coefficient_at(e, &c, l.i), ""), e->f32, "");
  nirc_store(e, LLVMTypeOf(y), y, p.out[0], l.i);
  nirc_loop_end(e, &l);
}

/* ---- weighted sums --------------------------------------------------------------------------------------------------------------- */

void nirc_start_sums(nirc_emitter *e, const nirc_op *op, LLVMValueRef y, size_t n, size_t wrap)
{
  bool bias = nirc_op_attr(op, "bias") && !nirc_op_attr(op, "scale");
  nirc_coefficient c = {0};
  if (bias)
    c = nirc_get_coefficient(e, op, "bias");
  LLVMTypeRef type = nirc_arithmetic_type(e, op);
  nirc_loop outer = nirc_loop_begin(e, nirc_c64(e, wrap ? n / wrap : 0));
  LLVMValueRef row = nirc_at(e, type, y, nirc_mul(e, outer.i, nirc_c64(e, wrap)));
  nirc_loop l = nirc_loop_begin(e, nirc_c64(e, wrap));
  nirc_store(e, type, bias ? nirc_coefficient_at(e, &c, l.i) : LLVMConstReal(type, 0), row, l.i);
  nirc_loop_end(e, &l);
  nirc_loop_end(e, &outer);
}

nirc_sum_end nirc_sum_end_of(nirc_emitter *e, const nirc_op *op)
{
  nirc_sum_end s = {.has_scale = nirc_op_attr(op, "scale") != NULL};
  s.has_bias = s.has_scale && nirc_op_attr(op, "bias");
  if (s.has_scale)
    s.scale = nirc_get_coefficient(e, op, "scale");
  if (s.has_bias)
    s.bias = nirc_get_coefficient(e, op, "bias");
  return s;
}

LLVMValueRef nirc_end_sum(nirc_emitter *e, const nirc_sum_end *s, LLVMValueRef y, LLVMValueRef i)
{
  if (s->has_scale)
    y = LLVMBuildFMul(e->b, nirc_coefficient_at(e, &s->scale, i), y, "");
  return s->has_bias ? LLVMBuildFAdd(e->b, y, nirc_coefficient_at(e, &s->bias, i), "") : y;
}

static void end_sums(nirc_emitter *e, const nirc_op *op, LLVMValueRef y, size_t n)
{
  nirc_sum_end s = nirc_sum_end_of(e, op);
  if (!s.has_scale)
    return;
  nirc_loop l = nirc_loop_begin(e, nirc_c64(e, n));
  nirc_store(e, nirc_arithmetic_type(e, op), nirc_end_sum(e, &s, nirc_load(e, nirc_arithmetic_type(e, op), y, l.i), l.i), y, l.i);
  nirc_loop_end(e, &l);
}

static nirc_dtype weight_elem(const nirc_op *op)
{
  return nirc_op_blob(op, "weight")->dtype;
}

LLVMTypeRef nirc_weight_type(const nirc_emitter *e, const nirc_op *op)
{
  return nirc_emit_type(e, weight_elem(op));
}

void nirc_add_column(nirc_emitter *e, const nirc_op *op, LLVMValueRef y, LLVMValueRef w, LLVMValueRef x, LLVMValueRef n)
{
  LLVMTypeRef type = nirc_arithmetic_type(e, op);
  nirc_loop l = nirc_loop_begin(e, n);
  LLVMValueRef term = nirc_load_as(e, weight_elem(op), nirc_snn_arithmetic(op), w, l.i);
  if (nirc_op_operand(op, 0)->type->elem != NIRC_BOOL)
    term = LLVMBuildFMul(e->b, term, x, "");
  nirc_store(e, type, LLVMBuildFAdd(e->b, nirc_load(e, type, y, l.i), term, ""), y, l.i);
  nirc_loop_end(e, &l);
}

LLVMValueRef nirc_emit_is_active(nirc_emitter *e, LLVMValueRef x)
{
  return LLVMBuildFCmp(e->b, LLVMRealUNE, x, LLVMConstNull(LLVMTypeOf(x)), "");
}

void nirc_copy_element(char *to, const void *from, size_t i, size_t size)
{
  if (size == 8)
    memcpy(to, (const char *)from + i * 8, 8);
  else if (size == 4)
    memcpy(to, (const char *)from + i * 4, 4);
  else
    *to = ((const char *)from)[i];
}

/* Weights [lead, out, in] as [lead, in, out]. */
static LLVMValueRef transposed(nirc_emitter *e, const nirc_blob *w, size_t lead, size_t out, size_t in)
{
  const nirc_heap *h = e->plan->m->heap;
  size_t size = nirc_dtype_size(w->dtype);
  char *t = nirc_heap_alloc(h, w->count * size);
  enum { TILE = 32 };                                /* keeps both sides in the cache */
  for (size_t k = 0; k < lead; k++)
    for (size_t o0 = 0; o0 < out; o0 += TILE)
      for (size_t j = 0; j < in; j++)
        for (size_t o = o0; o < out && o < o0 + TILE; o++)
          nirc_copy_element(t + ((k * in + j) * out + o) * size, w->data, w->splat ? 0 : (k * out + o) * in + j, size);
  LLVMValueRef g = nirc_emit_bytes(e, "weight", t, w->count * size);
  nirc_heap_free(h, t);
  return g;
}

static void dense_kernel(nirc_emitter *e, const nirc_op *op)
{
  const nirc_blob *weight = nirc_op_blob(op, "weight");
  size_t in = weight->shape.dims[weight->shape.rank - 1], out = weight->shape.dims[weight->shape.rank - 2];
  size_t lead = in && out ? weight->count / (in * out) : 0;
  nirc_pointers p = nirc_pointers_of(e, op);
  size_t all = op->results[0].type->count;
  nirc_start_sums(e, op, p.out[0], all, all);
  LLVMValueRef w = transposed(e, weight, lead, out, in);
  nirc_loop k = nirc_loop_begin(e, nirc_c64(e, lead));
  LLVMTypeRef type = nirc_arithmetic_type(e, op), of_weight = nirc_weight_type(e, op);
  LLVMValueRef x0 = nirc_at(e, operand_type(e, op), p.in[0], nirc_mul(e, k.i, nirc_c64(e, in)));
  LLVMValueRef y = nirc_at(e, type, p.out[0], nirc_mul(e, k.i, nirc_c64(e, out))), w0 = nirc_at(e, of_weight, w, nirc_mul(e, k.i, nirc_c64(e, in * out)));
  nirc_loop j = nirc_loop_begin(e, nirc_c64(e, in));
  LLVMValueRef x = nirc_load_operand(e, op, 0, x0, j.i);
  nirc_if active = nirc_if_begin(e, nirc_emit_is_active(e, x));
  nirc_add_column(e, op, y, nirc_at(e, of_weight, w0, nirc_mul(e, j.i, nirc_c64(e, out))), x, nirc_c64(e, out));
  nirc_if_end(e, &active);
  nirc_loop_end(e, &j);
  nirc_loop_end(e, &k);
  end_sums(e, op, p.out[0], all);
}

LLVMValueRef nirc_load_index(nirc_emitter *e, LLVMValueRef array, LLVMValueRef i)
{
  return LLVMBuildZExt(e->b, nirc_load(e, e->i32, array, i), e->i64, "");
}

static void sparse_dense_kernel(nirc_emitter *e, const nirc_op *op)
{
  const nirc_blob *weight = nirc_op_blob(op, "weight"), *first = nirc_op_blob(op, "first"), *row = nirc_op_blob(op, "row");
  const nirc_type *in = nirc_op_operand(op, 0)->type, *out = op->results[0].type;
  size_t n_in = in->shape.dims[in->shape.rank - 1], n_out = out->shape.dims[out->shape.rank - 1], size = weight->shape.dims[1];
  nirc_pointers p = nirc_pointers_of(e, op);
  nirc_start_sums(e, op, p.out[0], out->count, out->count);
  LLVMValueRef w = nirc_emit_elements(e, "weight", weight), firsts = nirc_emit_elements(e, "first", first), rows = nirc_emit_elements(e, "row", row);
  nirc_loop k = nirc_loop_begin(e, nirc_c64(e, n_in ? in->count / n_in : 0)), j = nirc_loop_begin(e, nirc_c64(e, n_in));
  LLVMTypeRef type = nirc_arithmetic_type(e, op);
  LLVMValueRef y0 = nirc_at(e, type, p.out[0], nirc_mul(e, k.i, nirc_c64(e, n_out))), at = nirc_add(e, nirc_mul(e, k.i, nirc_c64(e, n_in)), j.i);
  LLVMValueRef x = nirc_load_operand(e, op, 0, p.in[0], at);
  nirc_if active = nirc_if_begin(e, nirc_emit_is_active(e, x));
  LLVMValueRef from = nirc_load_index(e, firsts, at), n = LLVMBuildSub(e->b, nirc_load_index(e, firsts, nirc_add(e, at, nirc_c64(e, 1))), from, "");
  nirc_loop l = nirc_loop_begin(e, n);
  LLVMValueRef b = nirc_add(e, from, l.i), y = nirc_at(e, type, y0, nirc_load_index(e, rows, b));
  nirc_add_column(e, op, y, nirc_at(e, nirc_weight_type(e, op), w, nirc_mul(e, b, nirc_c64(e, size))), x, nirc_c64(e, size));
  nirc_loop_end(e, &l);
  nirc_if_end(e, &active);
  nirc_loop_end(e, &j);
  nirc_loop_end(e, &k);
  end_sums(e, op, p.out[0], out->count);
}

/* ---- delays ------------------------------------------------------------------------------------------------------------------------------- */

static LLVMValueRef load_slot(nirc_emitter *e, LLVMValueRef slot)
{
  return LLVMBuildZExt(e->b, LLVMBuildLoad2(e->b, e->i32, slot, ""), e->i64, "");
}

static void delay_read_kernel(nirc_emitter *e, const nirc_op *op)
{
  size_t n = op->results[0].type->count, slots = nirc_op_operand(op, 0)->type->shape.dims[0];
  const nirc_blob *steps = nirc_op_blob(op, "steps");
  nirc_pointers p = nirc_pointers_of(e, op);
  uint32_t *back = NIRC_NEW_ARRAY(e->arena, uint32_t, n);                /* slots - steps: never negative */
  for (size_t i = 0; i < n; i++) {
    int64_t s = 0;
    NIRC_ASSERT(nirc_blob_get_int(steps, i, &s) && s >= 0 && (uint64_t)s <= slots);
    back[i] = (uint32_t)(slots - (uint64_t)s);
  }
  LLVMValueRef ahead = nirc_emit_bytes(e, "steps", back, n * sizeof *back), slot = load_slot(e, p.in[1]);
  nirc_loop l = nirc_loop_begin(e, nirc_c64(e, n));
  LLVMValueRef from = nirc_add(e, slot, nirc_load_index(e, ahead, l.i)), wrapped = LLVMBuildSub(e->b, from, nirc_c64(e, slots), "");
  from = LLVMBuildSelect(e->b, LLVMBuildICmp(e->b, LLVMIntUGE, from, nirc_c64(e, slots), ""), wrapped, from, "");
  LLVMTypeRef type = operand_type(e, op);
  nirc_store(e, type, nirc_load(e, type, p.in[0], nirc_add(e, nirc_mul(e, from, nirc_c64(e, n)), l.i)), p.out[0], l.i);
  nirc_loop_end(e, &l);
}

static void delay_write_kernel(nirc_emitter *e, const nirc_op *op)
{
  size_t n = nirc_op_operand(op, 2)->type->count;
  nirc_pointers p = nirc_pointers_of(e, op);
  LLVMTypeRef type = operand_type(e, op);
  if (p.out[0] != p.in[0])
    nirc_emit_copy(e, type, p.out[0], p.in[0], nirc_c64(e, op->results[0].type->count));
  LLVMValueRef to = nirc_at(e, type, p.out[0], nirc_mul(e, load_slot(e, p.in[1]), nirc_c64(e, n)));
  nirc_emit_copy_as(e, op->results[0].type->elem, to, nirc_op_operand(op, 2)->type->elem, p.in[2], nirc_c64(e, n));
}

static void advance_kernel(nirc_emitter *e, const nirc_op *op)
{
  nirc_pointers p = nirc_pointers_of(e, op);
  LLVMValueRef next = LLVMBuildAdd(e->b, LLVMBuildLoad2(e->b, e->i32, p.in[0], ""), nirc_c32(e, 1), "");
  LLVMValueRef end = LLVMBuildICmp(e->b, LLVMIntEQ, next, nirc_c32(e, nirc_op_operand(op, 1)->type->shape.dims[0]), "");
  LLVMBuildStore(e->b, LLVMBuildSelect(e->b, end, nirc_c32(e, 0), next, ""), p.out[0]);
}

/* ---- the table ------------------------------------------------------------------------------------------------------------------------------ */

typedef void (*kernel_fn)(nirc_emitter *e, const nirc_op *op);

static const kernel_fn kernels[NIRC_N_OPS] = {
  [SNN_ADD] = elementwise_kernel, [SNN_SCALE] = elementwise_kernel, [SNN_THRESHOLD] = elementwise_kernel, [SNN_DENSE] = dense_kernel,
  [SNN_SPARSE_DENSE] = sparse_dense_kernel,
  [SNN_CONV] = nirc_emit_conv_kernel, [SNN_SUM_POOL] = nirc_emit_pool_kernel, [SNN_AVG_POOL] = nirc_emit_pool_kernel, [SNN_DELAY_READ] = delay_read_kernel,
  [SNN_DELAY_WRITE] = delay_write_kernel, [SNN_ADVANCE] = advance_kernel, [SNN_NEURON] = nirc_emit_neuron_kernel, [HW_PROJECT] = nirc_emit_project_kernel,
  [HW_CORES] = nirc_emit_cores_kernel, [HW_SLICE] = nirc_emit_slice_kernel,
};

LLVMValueRef nirc_emit_kernel(nirc_emitter *e, const nirc_op *op)
{
  if (!kernels[op->code] || nirc_cpu_is_tiled_sum(op))
    return NULL;
  parameters p = parameters_of(e, op);
  LLVMTypeRef types[NIRC_CPU_MAX_PARAMETERS];
  for (unsigned i = 0; i < p.n; i++)
    types[i] = e->ptr;
  LLVMValueRef fn = nirc_emit_function(e, op->def->mnemonic, e->t_void, types, p.n, false);
  nirc_emit_mark_kernel(e, p.n);
  kernels[op->code](e, op);
  LLVMBuildRetVoid(e->b);
  return fn;
}

static bool counts_inside(const nirc_op *op)
{
  return op->code == HW_CORES || ((op->code == HW_PROJECT || op->code == SNN_NEURON) && nirc_op_attr(op, "counts"));
}

LLVMValueRef nirc_emit_counted_kernel(nirc_emitter *e, const nirc_op *op, LLVMValueRef kernel)
{
  if (!counts_inside(op))
    return NULL;
  parameters p = parameters_of(e, op);
  LLVMTypeRef types[NIRC_CPU_MAX_PARAMETERS + 1];
  LLVMValueRef args[NIRC_CPU_MAX_PARAMETERS];
  for (unsigned i = 0; i <= p.n; i++)
    types[i] = e->ptr;
  LLVMValueRef fn = nirc_emit_function(e, "counted", e->t_void, types, p.n + 1, false);
  nirc_emit_mark_kernel(e, p.n + 1);
  nirc_emit_mark_rare(e, fn);
  e->counters = nirc_emit_param(e, p.n);
  if (op->code == SNN_NEURON) {
    for (unsigned i = 0; i < p.n; i++)
      args[i] = nirc_emit_param(e, i);
    nirc_emit_neuron_counts(e, op);
    nirc_emit_call(e, kernel, args, p.n);
  } else {
    kernels[op->code](e, op);
  }
  e->counters = NULL;
  LLVMBuildRetVoid(e->b);
  return fn;
}

void nirc_emit_tally(nirc_emitter *e, const nirc_op *op, nirc_count_kind kind, uint32_t index, LLVMValueRef more)
{
  const nirc_counters *c = &e->plan->counters;
  for (size_t k = 0; k < c->n_counts; k++) {
    LLVMValueRef row = nirc_c64(e, c->counts[k].row);
    if (c->counts[k].op == op && c->counts[k].kind == kind && c->counts[k].index == index)
      nirc_store(e, e->i64, nirc_add(e, nirc_load(e, e->i64, e->counters, row), more), e->counters, row);
  }
}

void nirc_emit_kernel_call(nirc_emitter *e, const nirc_op *op, LLVMValueRef kernel, LLVMValueRef counters, nirc_address_fn address, void *user)
{
  parameters p = parameters_of(e, op);
  LLVMValueRef args[NIRC_CPU_MAX_PARAMETERS + 1];
  for (unsigned i = 0; i < p.n; i++)
    args[i] = address(e, p.place[i], user);
  args[p.n] = counters;
  nirc_emit_call(e, kernel, args, counters ? p.n + 1 : p.n);
}
