/* codegen/cpu_chip.c: ops of the hw level. */
#include <string.h>

#include "codegen/cpu_kernels.h"

LLVMValueRef nirc_emit_events(nirc_emitter *e, nirc_dtype elem, LLVMValueRef v, int64_t most)
{
  LLVMValueRef limit = LLVMConstInt(e->i64, (unsigned long long)most, true), zero = nirc_c64(e, 0);
  if (elem == NIRC_I16)
    v = LLVMBuildSExt(e->b, v, e->i64, "");
  else if (elem != NIRC_I64)
    v = nirc_emit_saturated(e, v);
  v = LLVMBuildSelect(e->b, LLVMBuildICmp(e->b, LLVMIntSLT, v, zero, ""), zero, v, "");
  return LLVMBuildSelect(e->b, LLVMBuildICmp(e->b, LLVMIntSGT, v, limit, ""), limit, v, "");
}

/* A product of a weight and a number of events that always fits 16 bits. */
enum { MAX_EVENTS_I16 = INT16_MAX / 128 };

/* state[0..n) = saturated(state + count * w): what `count` additions of w, each saturated, come to, for all of them go one way. */
static void add_weights(nirc_emitter *e, LLVMValueRef state, LLVMValueRef w, LLVMValueRef count, int64_t most, size_t n)
{
  static const char name[] = "llvm.sadd.sat";
  LLVMTypeRef type = most <= MAX_EVENTS_I16 ? e->i16 : e->i32;
  unsigned id = LLVMLookupIntrinsicID(name, strlen(name));
  LLVMValueRef fn = LLVMGetIntrinsicDeclaration(e->module, id, &e->i16, 1);
  count = LLVMBuildTrunc(e->b, count, type, "");
  nirc_loop l = nirc_loop_begin(e, nirc_c64(e, n));
  LLVMValueRef old = nirc_load(e, e->i16, state, l.i), more = LLVMBuildMul(e->b, LLVMBuildSExt(e->b, nirc_load(e, e->i8, w, l.i), type, ""), count, ""), sum;
  if (type == e->i16) {
    sum = LLVMBuildCall2(e->b, LLVMIntrinsicGetType(e->context, id, &e->i16, 1), fn, (LLVMValueRef[]){old, more}, 2, "");
  } else {
    LLVMValueRef low = LLVMConstInt(type, (unsigned long long)INT16_MIN, true), high = LLVMConstInt(type, INT16_MAX, true);
    sum = LLVMBuildAdd(e->b, LLVMBuildSExt(e->b, old, type, ""), more, "");
    sum = LLVMBuildSelect(e->b, LLVMBuildICmp(e->b, LLVMIntSLT, sum, low, ""), low, sum, "");
    sum = LLVMBuildTrunc(e->b, LLVMBuildSelect(e->b, LLVMBuildICmp(e->b, LLVMIntSGT, sum, high, ""), high, sum, ""), e->i16, "");
  }
  nirc_store(e, e->i16, sum, state, l.i);
  nirc_loop_end(e, &l);
}

/* The same, one addition after the other; *total grows by those that saturate. */
static void add_and_count(nirc_emitter *e, LLVMValueRef state, LLVMValueRef w, LLVMValueRef count, LLVMValueRef total, size_t n)
{
  LLVMValueRef low = nirc_c64(e, (uint64_t)INT16_MIN), high = nirc_c64(e, INT16_MAX);
  nirc_loop each = nirc_loop_begin(e, count), l = nirc_loop_begin(e, nirc_c64(e, n));
  LLVMValueRef old = LLVMBuildSExt(e->b, nirc_load(e, e->i16, state, l.i), e->i64, "");
  LLVMValueRef sum = nirc_add(e, old, LLVMBuildSExt(e->b, nirc_load(e, e->i8, w, l.i), e->i64, ""));
  LLVMValueRef kept = LLVMBuildSelect(e->b, LLVMBuildICmp(e->b, LLVMIntSLT, sum, low, ""), low, sum, "");
  kept = LLVMBuildSelect(e->b, LLVMBuildICmp(e->b, LLVMIntSGT, kept, high, ""), high, kept, "");
  nirc_store(e, e->i16, LLVMBuildTrunc(e->b, kept, e->i16, ""), state, l.i);
  LLVMValueRef more = LLVMBuildZExt(e->b, LLVMBuildICmp(e->b, LLVMIntNE, sum, kept, ""), e->i64, "");
  LLVMBuildStore(e->b, nirc_add(e, LLVMBuildLoad2(e->b, e->i64, total, ""), more), total);
  nirc_loop_end(e, &l);
  nirc_loop_end(e, &each);
}

void nirc_emit_project_kernel(nirc_emitter *e, const nirc_op *op)
{
  const nirc_blob *weight = nirc_op_blob(op, "weight");
  const nirc_type *x = nirc_op_operand(op, 1)->type;
  size_t n = op->results[0].type->count;
  nirc_pointers p = nirc_pointers_of(e, op);
  LLVMValueRef total = e->counters ? LLVMBuildAlloca(e->b, e->i64, "total") : NULL;
  if (total)
    LLVMBuildStore(e->b, nirc_c64(e, 0), total);
  if (p.out[0] != p.in[0])
    nirc_emit_copy(e, e->i16, p.out[0], p.in[0], nirc_c64(e, n));
  LLVMValueRef w = nirc_emit_elements(e, "weight", weight);
  nirc_loop j = nirc_loop_begin(e, nirc_c64(e, x->count));
  LLVMValueRef count = nirc_emit_events(e, x->elem, nirc_load(e, nirc_emit_type(e, x->elem), p.in[1], j.i), nirc_op_int(op, "most"));
  nirc_if active = nirc_if_begin(e, LLVMBuildICmp(e->b, LLVMIntSGT, count, nirc_c64(e, 0), ""));
  LLVMValueRef row = nirc_at(e, e->i8, w, nirc_mul(e, j.i, nirc_c64(e, n)));
  if (total)
    add_and_count(e, p.out[0], row, count, total, n);
  else
    add_weights(e, p.out[0], row, count, nirc_op_int(op, "most"), n);
  nirc_if_end(e, &active);
  nirc_loop_end(e, &j);
  if (total)
    nirc_emit_tally(e, op, NIRC_COUNT_SATURATIONS, 0, LLVMBuildLoad2(e->b, e->i64, total, ""));
}
