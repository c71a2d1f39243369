/* codegen/cpu_cores.c: hw.cores. Each core is a function that takes one event; it calls those of the cores that its neurons' events go to. The order is that of ir/cores.c. */
#include "codegen/cpu_kernels.h"
#include "ir/cores.h"

typedef struct cores {
  nirc_cores read;
  LLVMValueRef *receive;                             /* by core: the function (v, z, feature, row, column) */
  LLVMValueRef v, z;                                 /* in the function being filled */
} cores;

static LLVMValueRef whole(nirc_emitter *e, int64_t i)
{
  return LLVMConstInt(e->i64, (unsigned long long)i, true);
}

static LLVMValueRef divide(nirc_emitter *e, LLVMValueRef a, int64_t by)
{
  return by == 1 ? a : LLVMBuildUDiv(e->b, a, whole(e, by), "");
}

static LLVMValueRef least(nirc_emitter *e, LLVMValueRef a, LLVMValueRef b)
{
  return LLVMBuildSelect(e->b, LLVMBuildICmp(e->b, LLVMIntSLT, a, b, ""), a, b, "");
}

/* One more spike of neuron i, at `at`, and its event at all cores that it goes to. */
static void emit_spike(nirc_emitter *e, cores *c, const nirc_core *x, LLVMValueRef i, LLVMValueRef at[3])
{
  nirc_store(e, e->f64, LLVMBuildFAdd(e->b, nirc_load(e, e->f64, c->z, i), LLVMConstReal(e->f64, 1), ""), c->z, i);
  for (uint32_t t = 0; t < x->to->rank; t++) {
    int64_t p = (int64_t)x->pooling->dims[t];
    LLVMValueRef args[] = {c->v, c->z, at[0], divide(e, at[1], p), divide(e, at[2], p)};
    nirc_emit_call(e, c->receive[x->to->dims[t]], args, 5);
  }
}

static void emit_settle(nirc_emitter *e, cores *c, const nirc_core *x, LLVMValueRef at[3], LLVMValueRef more)
{
  LLVMValueRef place = nirc_add(e, nirc_mul(e, nirc_add(e, nirc_mul(e, at[0], whole(e, x->out[1])), at[1]), whole(e, x->out[2])), at[2]);
  LLVMValueRef i = nirc_add(e, whole(e, (int64_t)x->first), place), sum = nirc_add(e, nirc_load(e, e->i64, c->v, i), more);
  LLVMValueRef low = whole(e, x->v_low), kept = LLVMBuildSelect(e->b, LLVMBuildICmp(e->b, LLVMIntSGT, sum, low, ""), sum, low, "");
  LLVMValueRef left = x->to_zero ? whole(e, 0) : LLVMBuildSub(e->b, sum, whole(e, x->v_threshold), "");
  LLVMValueRef fires = LLVMBuildICmp(e->b, LLVMIntSGE, sum, whole(e, x->v_threshold), "");
  nirc_store(e, e->i64, LLVMBuildSelect(e->b, fires, left, kept, ""), c->v, i);
  nirc_if spike = nirc_if_begin(e, fires);
  emit_spike(e, c, x, i, at);
  nirc_if_end(e, &spike);
}

/* The outputs of one axis that an input at `from` (padding counted) reaches: the first, and how many. */
static void emit_reach(nirc_emitter *e, const nirc_core *x, int axis, LLVMValueRef from, LLVMValueRef *first, LLVMValueRef *n)
{
  LLVMValueRef kernel = whole(e, x->kernel), below = LLVMBuildICmp(e->b, LLVMIntULT, from, kernel, "");
  LLVMValueRef later = nirc_add(e, divide(e, LLVMBuildSub(e->b, from, kernel, ""), x->stride[axis]), nirc_c64(e, 1));
  *first = LLVMBuildSelect(e->b, below, nirc_c64(e, 0), later, "");
  LLVMValueRef end = nirc_add(e, least(e, divide(e, from, x->stride[axis]), whole(e, x->out[1 + axis] - 1)), nirc_c64(e, 1));
  *n = LLVMBuildSelect(e->b, LLVMBuildICmp(e->b, LLVMIntSGT, end, *first, ""), LLVMBuildSub(e->b, end, *first, ""), nirc_c64(e, 0), "");
}

/* Where in the kernel the output `at` sees the input. */
static LLVMValueRef emit_tap(nirc_emitter *e, const nirc_core *x, int axis, LLVMValueRef from, LLVMValueRef at)
{
  return LLVMBuildSub(e->b, from, nirc_mul(e, at, whole(e, x->stride[axis])), "");
}

static void emit_reached(nirc_emitter *e, cores *c, const nirc_core *x, LLVMValueRef feature, LLVMValueRef row, LLVMValueRef column)
{
  LLVMValueRef weight = nirc_emit_elements(e, "weight", x->weight), r0, c0, n_rows, n_columns, k = whole(e, x->kernel);
  emit_reach(e, x, 0, row, &r0, &n_rows);
  emit_reach(e, x, 1, column, &c0, &n_columns);
  nirc_loop f = nirc_loop_begin(e, whole(e, x->out[0])), r = nirc_loop_begin(e, n_rows), q = nirc_loop_begin(e, n_columns);
  LLVMValueRef at[] = {f.i, nirc_add(e, r0, r.i), nirc_add(e, c0, q.i)};
  LLVMValueRef block = nirc_add(e, nirc_mul(e, f.i, whole(e, x->in[0])), feature), line = nirc_add(e, nirc_mul(e, block, k), emit_tap(e, x, 0, row, at[1]));
  LLVMValueRef w = nirc_load(e, e->i8, weight, nirc_add(e, nirc_mul(e, line, k), emit_tap(e, x, 1, column, at[2])));
  emit_settle(e, c, x, at, LLVMBuildSExt(e->b, w, e->i64, ""));
  nirc_loop_end(e, &q);
  nirc_loop_end(e, &r);
  nirc_loop_end(e, &f);
}

static LLVMValueRef begin_function(nirc_emitter *e, cores *c, const char *name, unsigned n)
{
  LLVMTypeRef types[] = {e->ptr, e->ptr, e->i64, e->i64, e->i64};
  LLVMValueRef fn = nirc_emit_function(e, name, e->t_void, types, n, false);
  nirc_emit_mark_kernel(e, 2);
  c->v = nirc_emit_param(e, 0);
  c->z = nirc_emit_param(e, 1);
  return fn;
}

/* One event; what lies outside of the map is lost. */
static LLVMValueRef emit_receive(nirc_emitter *e, cores *c, const nirc_core *x)
{
  LLVMValueRef fn = begin_function(e, c, "core", 5), row = nirc_emit_param(e, 3), column = nirc_emit_param(e, 4);
  LLVMValueRef inside = LLVMBuildAnd(e->b, LLVMBuildICmp(e->b, LLVMIntULT, row, whole(e, x->in[1]), ""), LLVMBuildICmp(e->b, LLVMIntULT, column, whole(e, x->in[2]), ""), "");
  nirc_if there = nirc_if_begin(e, inside);
  emit_reached(e, c, x, nirc_emit_param(e, 2), nirc_add(e, row, whole(e, x->before[0])), nirc_add(e, column, whole(e, x->before[1])));
  nirc_if_end(e, &there);
  LLVMBuildRetVoid(e->b);
  return fn;
}

/* All biases of a core; NULL where it has none. */
static LLVMValueRef emit_biases(nirc_emitter *e, cores *c, const nirc_core *x)
{
  if (!x->bias)
    return NULL;
  LLVMValueRef fn = begin_function(e, c, "biases", 2), bias = nirc_emit_elements(e, "bias", x->bias);
  nirc_loop f = nirc_loop_begin(e, whole(e, x->out[0])), r = nirc_loop_begin(e, whole(e, x->out[1])), q = nirc_loop_begin(e, whole(e, x->out[2]));
  LLVMValueRef at[] = {f.i, r.i, q.i};
  emit_settle(e, c, x, at, nirc_load(e, e->i64, bias, f.i));
  nirc_loop_end(e, &q);
  nirc_loop_end(e, &r);
  nirc_loop_end(e, &f);
  LLVMBuildRetVoid(e->b);
  return fn;
}

/* The events of operand `o` at the cores that it goes to. */
static void emit_input(nirc_emitter *e, cores *c, const nirc_op *op, uint32_t o, LLVMValueRef x)
{
  const nirc_type *type = nirc_op_operand(op, o)->type;
  nirc_loop at = nirc_loop_begin(e, nirc_c64(e, type->count));
  nirc_loop each = nirc_loop_begin(e, nirc_emit_events(e, type->elem, nirc_load(e, nirc_emit_type(e, type->elem), x, at.i), INT64_MAX));
  for (size_t k = 0; k < c->read.n; k++)
    for (uint32_t i = 0; i < c->read.core[k].inputs->rank; i++) {
      const nirc_core *to = &c->read.core[k];
      if (to->inputs->dims[i] != o)
        continue;
      LLVMValueRef row = LLVMBuildURem(e->b, divide(e, at.i, to->in[2]), whole(e, to->in[1]), ""), column = LLVMBuildURem(e->b, at.i, whole(e, to->in[2]), "");
      LLVMValueRef args[] = {c->v, c->z, divide(e, at.i, to->in[1] * to->in[2]), row, column};
      nirc_emit_call(e, c->receive[k], args, 5);
    }
  nirc_loop_end(e, &each);
  nirc_loop_end(e, &at);
}

void nirc_emit_cores_kernel(nirc_emitter *e, const nirc_op *op)
{
  cores c;
  const char *why;
  NIRC_ASSERT(nirc_cores_read(&c.read, e->arena, op, &why));
  size_t n = c.read.n;
  LLVMValueRef *biases = NIRC_NEW_ARRAY(e->arena, LLVMValueRef, n), kernel = e->fn;
  LLVMBasicBlockRef here = LLVMGetInsertBlock(e->b);
  c.receive = NIRC_NEW_ARRAY(e->arena, LLVMValueRef, n);
  for (size_t k = n; k-- > 0;) {                     /* those that are called before those that call */
    c.receive[k] = emit_receive(e, &c, &c.read.core[k]);
    biases[k] = emit_biases(e, &c, &c.read.core[k]);
  }
  e->fn = kernel;
  LLVMPositionBuilderAtEnd(e->b, here);
  nirc_pointers p = nirc_pointers_of(e, op);
  c.z = p.out[0];
  c.v = p.out[1];
  if (c.v != p.in[0])
    nirc_emit_copy(e, e->i64, c.v, p.in[0], nirc_c64(e, c.read.n_neurons));
  nirc_loop l = nirc_loop_begin(e, nirc_c64(e, c.read.n_neurons));
  nirc_store(e, e->f64, LLVMConstReal(e->f64, 0), c.z, l.i);
  nirc_loop_end(e, &l);
  for (size_t k = n; k-- > 0;)
    if (biases[k])
      nirc_emit_call(e, biases[k], (LLVMValueRef[]){c.v, c.z}, 2);
  for (uint32_t o = 1; o < op->n_operands; o++)
    emit_input(e, &c, op, o, p.in[o]);
}

void nirc_emit_slice_kernel(nirc_emitter *e, const nirc_op *op)
{
  nirc_pointers p = nirc_pointers_of(e, op);
  LLVMTypeRef type = nirc_emit_type(e, op->results[0].type->elem);
  nirc_emit_copy(e, type, p.out[0], nirc_at(e, type, p.in[0], nirc_c64(e, (uint64_t)nirc_op_int(op, "first"))), nirc_c64(e, op->results[0].type->count));
}
