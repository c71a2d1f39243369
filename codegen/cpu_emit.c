#include "codegen/cpu_emit.h"

#include <string.h>

static const LLVMAttributeIndex on_function = (LLVMAttributeIndex)LLVMAttributeFunctionIndex;

static void add_attribute(nirc_emitter *e, LLVMValueRef fn, LLVMAttributeIndex at, const char *name)
{
  unsigned kind = LLVMGetEnumAttributeKindForName(name, strlen(name));
  LLVMAddAttributeAtIndex(fn, at, LLVMCreateEnumAttribute(e->context, kind, 0));
}

LLVMValueRef nirc_emit_function(nirc_emitter *e, const char *name, LLVMTypeRef result, const LLVMTypeRef *params, unsigned n, bool exported)
{
  LLVMTypeRef list[NIRC_CPU_MAX_PARAMETERS];
  NIRC_ASSERT(n <= NIRC_CPU_MAX_PARAMETERS);
  memcpy(list, params, n * sizeof *list);
  LLVMValueRef fn = LLVMAddFunction(e->module, name, LLVMFunctionType(result, list, n, false));
  LLVMSetLinkage(fn, exported ? LLVMExternalLinkage : LLVMInternalLinkage);
  add_attribute(e, fn, on_function, "nounwind");
  /* Without it LLVM turns copying loops into calls of memcpy and memset, which the library must not need. */
  LLVMAddAttributeAtIndex(fn, on_function, LLVMCreateStringAttribute(e->context, "no-builtins", 11, "", 0));
  if (exported && result == e->i32)
    add_attribute(e, fn, LLVMAttributeReturnIndex, "signext");
  if (exported)
    nirc_emit_mark_rare(e, fn);
  e->fn = fn;
  LLVMPositionBuilderAtEnd(e->b, LLVMAppendBasicBlockInContext(e->context, fn, "entry"));
  return fn;
}

void nirc_emit_mark_rare(nirc_emitter *e, LLVMValueRef fn)
{
  add_attribute(e, fn, on_function, "minsize");
  add_attribute(e, fn, on_function, "optsize");
}

void nirc_emit_mark_kernel(nirc_emitter *e, unsigned n_params)
{
  for (unsigned i = 0; i < n_params; i++)
    add_attribute(e, e->fn, i + 1, "noalias");
  add_attribute(e, e->fn, on_function, "noinline");
}

LLVMValueRef nirc_emit_param(nirc_emitter *e, unsigned i)
{
  return LLVMGetParam(e->fn, i);
}

LLVMValueRef nirc_emit_call(nirc_emitter *e, LLVMValueRef fn, const LLVMValueRef *args, unsigned n)
{
  LLVMValueRef list[NIRC_CPU_MAX_PARAMETERS + 1];
  NIRC_ASSERT(n <= NIRC_CPU_MAX_PARAMETERS + 1);
  memcpy(list, args, n * sizeof *list);
  return LLVMBuildCall2(e->b, LLVMGlobalGetValueType(fn), fn, list, n, "");
}

static LLVMBasicBlockRef block(nirc_emitter *e, const char *name)
{
  return LLVMAppendBasicBlockInContext(e->context, e->fn, name);
}

nirc_loop nirc_loop_begin(nirc_emitter *e, LLVMValueRef n)
{
  LLVMBasicBlockRef from = LLVMGetInsertBlock(e->b);
  nirc_loop l = {.head = block(e, "loop"), .end = NULL};
  LLVMBasicBlockRef body = block(e, "body");
  l.end = block(e, "end");
  LLVMBuildBr(e->b, l.head);
  LLVMPositionBuilderAtEnd(e->b, l.head);
  l.i = LLVMBuildPhi(e->b, e->i64, "i");
  LLVMValueRef zero = nirc_c64(e, 0);
  LLVMAddIncoming(l.i, &zero, &from, 1);
  LLVMBuildCondBr(e->b, LLVMBuildICmp(e->b, LLVMIntULT, l.i, n, ""), body, l.end);
  LLVMPositionBuilderAtEnd(e->b, body);
  return l;
}

void nirc_loop_end(nirc_emitter *e, nirc_loop *l)
{
  LLVMBasicBlockRef from = LLVMGetInsertBlock(e->b);
  LLVMValueRef next = LLVMBuildNUWAdd(e->b, l->i, nirc_c64(e, 1), "");
  LLVMAddIncoming(l->i, &next, &from, 1);
  LLVMBuildBr(e->b, l->head);
  LLVMPositionBuilderAtEnd(e->b, l->end);
}

nirc_if nirc_if_begin(nirc_emitter *e, LLVMValueRef condition)
{
  LLVMBasicBlockRef then = block(e, "then"), end = block(e, "end");
  LLVMBuildCondBr(e->b, condition, then, end);
  LLVMPositionBuilderAtEnd(e->b, then);
  return (nirc_if){end};
}

void nirc_if_end(nirc_emitter *e, nirc_if *i)
{
  if (!LLVMGetBasicBlockTerminator(LLVMGetInsertBlock(e->b)))
    LLVMBuildBr(e->b, i->end);
  LLVMPositionBuilderAtEnd(e->b, i->end);
}

void nirc_emit_return_if(nirc_emitter *e, LLVMValueRef condition, int code)
{
  nirc_if i = nirc_if_begin(e, condition);
  LLVMBuildRet(e->b, LLVMConstInt(e->i32, (unsigned long long)code, true));
  nirc_if_end(e, &i);
}

LLVMValueRef nirc_c64(const nirc_emitter *e, uint64_t v)
{
  return LLVMConstInt(e->i64, v, false);
}

LLVMValueRef nirc_c32(const nirc_emitter *e, uint64_t v)
{
  return LLVMConstInt(e->i32, v, false);
}

LLVMValueRef nirc_cf32(const nirc_emitter *e, double v)
{
  return LLVMConstReal(e->f32, v);
}

LLVMValueRef nirc_at(nirc_emitter *e, LLVMTypeRef type, LLVMValueRef p, LLVMValueRef i)
{
  return LLVMBuildInBoundsGEP2(e->b, type, p, &i, 1, "");
}

LLVMValueRef nirc_load(nirc_emitter *e, LLVMTypeRef type, LLVMValueRef p, LLVMValueRef i)
{
  return LLVMBuildLoad2(e->b, type, nirc_at(e, type, p, i), "");
}

void nirc_store(nirc_emitter *e, LLVMTypeRef type, LLVMValueRef value, LLVMValueRef p, LLVMValueRef i)
{
  LLVMBuildStore(e->b, value, nirc_at(e, type, p, i));
}

LLVMValueRef nirc_add(nirc_emitter *e, LLVMValueRef a, LLVMValueRef b)
{
  return LLVMBuildAdd(e->b, a, b, "");
}

LLVMValueRef nirc_mul(nirc_emitter *e, LLVMValueRef a, LLVMValueRef b)
{
  return LLVMBuildMul(e->b, a, b, "");
}

LLVMTypeRef nirc_emit_type(const nirc_emitter *e, nirc_dtype elem)
{
  switch (elem) {
  case NIRC_F64: return e->f64;
  case NIRC_I8: return e->i8;
  case NIRC_I16: return e->i16;
  case NIRC_I32: return e->i32;
  case NIRC_I64: return e->i64;
  default: return e->f32;
  }
}

LLVMValueRef nirc_emit_convert(nirc_emitter *e, nirc_dtype from, nirc_dtype to, LLVMValueRef v)
{
  if (nirc_cpu_stored(from) == nirc_cpu_stored(to))
    return v;
  NIRC_ASSERT(nirc_emit_type(e, to) == e->f32 || to == NIRC_F64);
  if (from == NIRC_I8)                               /* exact in either */
    return LLVMBuildSIToFP(e->b, v, nirc_emit_type(e, to), "");
  if (from == NIRC_I16 || from == NIRC_I32 || from == NIRC_I64)          /* by way of f64, as the interpreter */
    v = LLVMBuildSIToFP(e->b, v, e->f64, "");
  return LLVMBuildFPCast(e->b, v, nirc_emit_type(e, to), "");
}

LLVMValueRef nirc_load_as(nirc_emitter *e, nirc_dtype from, nirc_dtype to, LLVMValueRef p, LLVMValueRef i)
{
  return nirc_emit_convert(e, from, to, nirc_load(e, nirc_emit_type(e, from), p, i));
}

void nirc_emit_copy_as(nirc_emitter *e, nirc_dtype to_elem, LLVMValueRef to, nirc_dtype from_elem, LLVMValueRef from, LLVMValueRef n)
{
  nirc_loop l = nirc_loop_begin(e, n);
  nirc_store(e, nirc_emit_type(e, to_elem), nirc_load_as(e, from_elem, to_elem, from, l.i), to, l.i);
  nirc_loop_end(e, &l);
}

void nirc_emit_copy(nirc_emitter *e, LLVMTypeRef type, LLVMValueRef to, LLVMValueRef from, LLVMValueRef n)
{
  nirc_loop l = nirc_loop_begin(e, n);
  nirc_store(e, type, nirc_load(e, type, from, l.i), to, l.i);
  nirc_loop_end(e, &l);
}

static LLVMValueRef private_constant(nirc_emitter *e, const char *name, LLVMValueRef value, unsigned align)
{
  LLVMValueRef g = LLVMAddGlobal(e->module, LLVMTypeOf(value), name);
  LLVMSetInitializer(g, value);
  LLVMSetGlobalConstant(g, true);
  LLVMSetLinkage(g, LLVMPrivateLinkage);
  LLVMSetUnnamedAddress(g, LLVMGlobalUnnamedAddr);
  LLVMSetAlignment(g, align);
  return g;
}

LLVMValueRef nirc_emit_bytes(nirc_emitter *e, const char *name, const void *data, size_t size)
{
  return private_constant(e, name, LLVMConstStringInContext2(e->context, data, size, true), NIRC_CPU_ALIGN);
}

LLVMValueRef nirc_emit_string(nirc_emitter *e, const char *s)
{
  return private_constant(e, "string", LLVMConstStringInContext2(e->context, s, strlen(s), false), 1);
}
