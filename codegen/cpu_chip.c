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

/* state[0..n) = saturated(state + w) */
static void add_weights(nirc_emitter *e, LLVMValueRef state, LLVMValueRef w, size_t n)
{
  static const char name[] = "llvm.sadd.sat";
  unsigned id = LLVMLookupIntrinsicID(name, strlen(name));
  LLVMValueRef fn = LLVMGetIntrinsicDeclaration(e->module, id, &e->i16, 1);
  nirc_loop l = nirc_loop_begin(e, nirc_c64(e, n));
  LLVMValueRef args[] = {nirc_load(e, e->i16, state, l.i), LLVMBuildSExt(e->b, nirc_load(e, e->i8, w, l.i), e->i16, "")};
  LLVMValueRef sum = LLVMBuildCall2(e->b, LLVMIntrinsicGetType(e->context, id, &e->i16, 1), fn, args, 2, "");
  nirc_store(e, e->i16, sum, state, l.i);
  nirc_loop_end(e, &l);
}

void nirc_emit_project_kernel(nirc_emitter *e, const nirc_op *op)
{
  const nirc_blob *weight = nirc_op_blob(op, "weight");
  const nirc_type *x = nirc_op_operand(op, 1)->type;
  size_t n = op->results[0].type->count;
  nirc_pointers p = nirc_pointers_of(e, op);
  if (p.out[0] != p.in[0])
    nirc_emit_copy(e, e->i16, p.out[0], p.in[0], nirc_c64(e, n));
  LLVMValueRef w = nirc_emit_elements(e, "weight", weight);
  nirc_loop j = nirc_loop_begin(e, nirc_c64(e, x->count));
  LLVMValueRef count = nirc_emit_events(e, x->elem, nirc_load(e, nirc_emit_type(e, x->elem), p.in[1], j.i), nirc_op_int(op, "most"));
  nirc_loop each = nirc_loop_begin(e, count);
  add_weights(e, p.out[0], nirc_at(e, e->i8, w, nirc_mul(e, j.i, nirc_c64(e, n))), n);
  nirc_loop_end(e, &each);
  nirc_loop_end(e, &j);
}
