/* codegen/cpu_equation.c: the operations of an equation (ir/equation.h) for one element. bool is i1 here; 0 and 1 as f32 in memory.
 * Generated libraries call no other library, so what not every machine has an instruction for (rounding to whole numbers, fused multiply-add) is built of
 * what every machine has, with the same bits. */
#include <string.h>

#include "codegen/cpu_kernels.h"

static LLVMValueRef constant(const nirc_emitter *e, nirc_dtype type, nirc_eq_value v)
{
  if (type == NIRC_I64 || type == NIRC_I16)
    return LLVMConstInt(nirc_emit_type(e, type), (unsigned long long)v.i, true);
  return LLVMConstReal(nirc_emit_type(e, type), v.f);
}

static LLVMValueRef real(const nirc_emitter *e, nirc_dtype type, double v)
{
  return LLVMConstReal(nirc_emit_type(e, type), v);
}

/* An intrinsic that every target expands in place. */
static LLVMValueRef intrinsic(nirc_emitter *e, const char *name, LLVMTypeRef *overloads, size_t n, LLVMValueRef *args, unsigned n_args)
{
  unsigned id = LLVMLookupIntrinsicID(name, strlen(name));
  LLVMValueRef fn = LLVMGetIntrinsicDeclaration(e->module, id, overloads, n);
  return LLVMBuildCall2(e->b, LLVMIntrinsicGetType(e->context, id, overloads, n), fn, args, n_args, "");
}

static LLVMValueRef magnitude(nirc_emitter *e, LLVMValueRef x)
{
  LLVMTypeRef t = LLVMTypeOf(x);
  return intrinsic(e, "llvm.fabs", &t, 1, &x, 1);
}

static LLVMValueRef with_sign_of(nirc_emitter *e, LLVMValueRef x, LLVMValueRef sign)
{
  LLVMTypeRef t = LLVMTypeOf(x);
  return intrinsic(e, "llvm.copysign", &t, 1, (LLVMValueRef[]){x, sign}, 2);
}

LLVMValueRef nirc_emit_saturated(nirc_emitter *e, LLVMValueRef x)
{
  return intrinsic(e, "llvm.fptosi.sat", (LLVMTypeRef[]){e->i64, LLVMTypeOf(x)}, 2, &x, 1);
}

/* From 2^23 (2^52) on every number is whole; NaN stays, too. */
static LLVMValueRef whole(nirc_emitter *e, nirc_eq_code code, nirc_dtype type, LLVMValueRef x)
{
  LLVMValueRef limit = real(e, type, type == NIRC_F64 ? 0x1p52 : 0x1p23), size = magnitude(e, x), y;
  if (code == NIRC_EQ_RINT) {                        /* rounds half to even, as every addition */
    y = LLVMBuildFSub(e->b, LLVMBuildFAdd(e->b, size, limit, ""), limit, "");
  } else {
    LLVMTypeRef to = type == NIRC_F64 ? e->i64 : e->i32;
    LLVMValueRef small = LLVMBuildSelect(e->b, LLVMBuildFCmp(e->b, LLVMRealOLT, size, limit, ""), x, real(e, type, 0), "");
    y = LLVMBuildSIToFP(e->b, LLVMBuildFPToSI(e->b, small, to, ""), LLVMTypeOf(x), "");
    if (code == NIRC_EQ_FLOOR) {
      LLVMValueRef above = LLVMBuildFCmp(e->b, LLVMRealOGT, y, small, "");
      y = LLVMBuildFSub(e->b, y, LLVMBuildUIToFP(e->b, above, LLVMTypeOf(x), ""), "");
    }
    y = magnitude(e, y);
  }
  return LLVMBuildSelect(e->b, LLVMBuildFCmp(e->b, LLVMRealOLT, size, limit, ""), with_sign_of(e, y, x), x, "");
}

/* a*b + c of f32 with one rounding: the product is exact in f64; the sum is rounded to odd there (a last bit of 1 where something was cut off), so that
 * rounding it to f32 is as rounding the exact sum (S. Boldo and G. Melquiond, Emulation of FMA and correctly rounded sums, 2008). */
static LLVMValueRef fused_f32(nirc_emitter *e, LLVMValueRef a, LLVMValueRef b, LLVMValueRef c)
{
  LLVMBuilderRef B = e->b;
  LLVMValueRef p = LLVMBuildFMul(B, LLVMBuildFPExt(B, a, e->f64, ""), LLVMBuildFPExt(B, b, e->f64, ""), ""), q = LLVMBuildFPExt(B, c, e->f64, "");
  LLVMValueRef s = LLVMBuildFAdd(B, p, q, ""), back = LLVMBuildFSub(B, s, p, "");
  LLVMValueRef lost = LLVMBuildFAdd(B, LLVMBuildFSub(B, p, LLVMBuildFSub(B, s, back, ""), ""), LLVMBuildFSub(B, q, back, ""), "");
  LLVMValueRef zero = LLVMConstReal(e->f64, 0), bits = LLVMBuildBitCast(B, s, e->i64, ""), one = nirc_c64(e, 1);
  LLVMValueRef even = LLVMBuildICmp(B, LLVMIntEQ, LLVMBuildAnd(B, bits, one, ""), nirc_c64(e, 0), "");
  LLVMValueRef cut = LLVMBuildAnd(B, even, LLVMBuildFCmp(B, LLVMRealONE, lost, zero, ""), "");        /* false for NaN: s is infinite or NaN then */
  LLVMValueRef away = LLVMBuildICmp(B, LLVMIntEQ, LLVMBuildFCmp(B, LLVMRealOGT, lost, zero, ""), LLVMBuildFCmp(B, LLVMRealOGT, s, zero, ""), "");
  LLVMValueRef odd = LLVMBuildSelect(B, away, LLVMBuildAdd(B, bits, one, ""), LLVMBuildSub(B, bits, one, ""), "");
  return LLVMBuildFPTrunc(B, LLVMBuildBitCast(B, LLVMBuildSelect(B, cut, odd, bits, ""), e->f64, ""), e->f32, "");
}

static LLVMValueRef fused(nirc_emitter *e, nirc_dtype type, const LLVMValueRef *a)
{
  LLVMTypeRef t = nirc_emit_type(e, type);
  if (e->has_fma || type == NIRC_F64)
    return intrinsic(e, "llvm.fma", &t, 1, (LLVMValueRef[]){a[0], a[1], a[2]}, 3);
  return fused_f32(e, a[0], a[1], a[2]);
}

static LLVMValueRef clamped(nirc_emitter *e, LLVMValueRef x, int64_t low, int64_t high)
{
  LLVMValueRef a = LLVMConstInt(e->i64, (unsigned long long)low, true), b = LLVMConstInt(e->i64, (unsigned long long)high, true);
  LLVMValueRef y = LLVMBuildSelect(e->b, LLVMBuildICmp(e->b, LLVMIntSLT, x, a, ""), a, x, "");
  return LLVMBuildSelect(e->b, LLVMBuildICmp(e->b, LLVMIntSGT, y, b, ""), b, y, "");
}

/* 0 where the divisor is not positive. */
static LLVMValueRef divided(nirc_emitter *e, LLVMValueRef a, LLVMValueRef b)
{
  LLVMValueRef positive = LLVMBuildICmp(e->b, LLVMIntSGT, b, nirc_c64(e, 0), "");
  LLVMValueRef q = LLVMBuildSDiv(e->b, a, LLVMBuildSelect(e->b, positive, b, nirc_c64(e, 1), ""), "");
  return LLVMBuildSelect(e->b, positive, q, nirc_c64(e, 0), "");
}

/* By 63 where b is no number of bits. */
static LLVMValueRef shifted(nirc_emitter *e, LLVMValueRef a, LLVMValueRef b)
{
  LLVMValueRef within = LLVMBuildICmp(e->b, LLVMIntULT, b, nirc_c64(e, 64), "");
  return LLVMBuildAShr(e->b, a, LLVMBuildSelect(e->b, within, b, nirc_c64(e, 63), ""), "");
}

static LLVMValueRef wrapped(nirc_emitter *e, LLVMValueRef x)
{
  return LLVMBuildSExt(e->b, LLVMBuildTrunc(e->b, x, e->i16, ""), e->i64, "");
}

static LLVMValueRef convert(nirc_emitter *e, nirc_dtype from, nirc_dtype to, LLVMValueRef x)
{
  if (from == NIRC_BOOL)
    return to == NIRC_I64 ? LLVMBuildZExt(e->b, x, e->i64, "") : LLVMBuildUIToFP(e->b, x, nirc_emit_type(e, to), "");
  if (to == NIRC_I16)
    return LLVMBuildTrunc(e->b, clamped(e, x, INT16_MIN, INT16_MAX), e->i16, "");
  if (from == NIRC_I16 && to == NIRC_I64)
    return LLVMBuildSExt(e->b, x, e->i64, "");
  if (to == NIRC_I64)
    return nirc_emit_saturated(e, x);
  return from == NIRC_I64 || from == NIRC_I16 ? LLVMBuildSIToFP(e->b, x, nirc_emit_type(e, to), "") : LLVMBuildFPCast(e->b, x, nirc_emit_type(e, to), "");
}

static LLVMValueRef compare(nirc_emitter *e, nirc_eq_code code, nirc_dtype type, LLVMValueRef a, LLVMValueRef b)
{
  static const struct { LLVMRealPredicate f; LLVMIntPredicate i; } predicates[] = {
    [NIRC_EQ_GT] = {LLVMRealOGT, LLVMIntSGT}, [NIRC_EQ_GE] = {LLVMRealOGE, LLVMIntSGE}, [NIRC_EQ_LT] = {LLVMRealOLT, LLVMIntSLT},
    [NIRC_EQ_LE] = {LLVMRealOLE, LLVMIntSLE}, [NIRC_EQ_EQ] = {LLVMRealOEQ, LLVMIntEQ}, [NIRC_EQ_NE] = {LLVMRealUNE, LLVMIntNE}};
  return type == NIRC_I64 ? LLVMBuildICmp(e->b, predicates[code].i, a, b, "") : LLVMBuildFCmp(e->b, predicates[code].f, a, b, "");
}

static LLVMValueRef choose(nirc_emitter *e, nirc_eq_code code, nirc_dtype type, const LLVMValueRef *a)
{
  return LLVMBuildSelect(e->b, compare(e, code, type, a[0], a[1]), a[0], a[1], "");
}

static LLVMValueRef absolute(nirc_emitter *e, nirc_dtype type, LLVMValueRef x)
{
  if (type != NIRC_I64)
    return magnitude(e, x);
  return LLVMBuildSelect(e->b, LLVMBuildICmp(e->b, LLVMIntSLT, x, nirc_c64(e, 0), ""), LLVMBuildNeg(e->b, x, ""), x, "");
}

static LLVMValueRef operation(nirc_emitter *e, const nirc_eq_node *n, nirc_dtype from, const LLVMValueRef *a)
{
  bool whole_numbers = n->type == NIRC_I64;
  switch (n->code) {
  case NIRC_EQ_NUMBER: return constant(e, n->type, n->number);
  case NIRC_EQ_CONVERT: return convert(e, from, n->type, a[0]);
  case NIRC_EQ_NEG: return whole_numbers ? LLVMBuildNeg(e->b, a[0], "") : LLVMBuildFNeg(e->b, a[0], "");
  case NIRC_EQ_ADD: return whole_numbers ? LLVMBuildAdd(e->b, a[0], a[1], "") : LLVMBuildFAdd(e->b, a[0], a[1], "");
  case NIRC_EQ_SUB: return whole_numbers ? LLVMBuildSub(e->b, a[0], a[1], "") : LLVMBuildFSub(e->b, a[0], a[1], "");
  case NIRC_EQ_MUL: return whole_numbers ? LLVMBuildMul(e->b, a[0], a[1], "") : LLVMBuildFMul(e->b, a[0], a[1], "");
  case NIRC_EQ_DIV: return whole_numbers ? divided(e, a[0], a[1]) : LLVMBuildFDiv(e->b, a[0], a[1], "");
  case NIRC_EQ_SHIFT: return shifted(e, a[0], a[1]);
  case NIRC_EQ_WRAP16: return wrapped(e, a[0]);
  case NIRC_EQ_AND: return LLVMBuildAnd(e->b, a[0], a[1], "");
  case NIRC_EQ_OR: return LLVMBuildOr(e->b, a[0], a[1], "");
  case NIRC_EQ_SELECT: return LLVMBuildSelect(e->b, a[0], a[1], a[2], "");
  case NIRC_EQ_FMA: return fused(e, n->type, a);
  case NIRC_EQ_TRUNC: case NIRC_EQ_FLOOR: case NIRC_EQ_RINT: return whole(e, n->code, n->type, a[0]);
  case NIRC_EQ_ABS: return absolute(e, n->type, a[0]);
  case NIRC_EQ_MAX: return choose(e, NIRC_EQ_GT, n->type, a);
  case NIRC_EQ_MIN: return choose(e, NIRC_EQ_LT, n->type, a);
  default: return compare(e, n->code, from, a[0], a[1]);
  }
}

void nirc_emit_equation(nirc_emitter *e, const nirc_equation *q, const LLVMValueRef *inputs, LLVMValueRef *values)
{
  for (uint32_t i = 0; i < q->n_nodes; i++) {
    const nirc_eq_node *n = &q->nodes[i];
    LLVMValueRef args[3] = {NULL, NULL, NULL};
    for (unsigned k = 0; k < nirc_eq_n_args(n->code); k++)
      args[k] = values[n->arg[k]];
    values[i] = n->code == NIRC_EQ_INPUT ? inputs[n->arg[0]] : operation(e, n, q->nodes[n->arg[0]].type, args);
  }
}

/* ---- what is usual -------------------------------------------------------------------------------------------------------------
 * A choice of whole numbers whose first arm divides (how often a neuron fires) is called rare, and so are the divisions that nothing else needs. */

typedef struct arms { bool *rare, *only; bool any; } arms;   /* by node: a rare choice; what only first arms of these need */

static arms find_arms(nirc_emitter *e, const nirc_equation *q, size_t n_results)
{
  bool *divides = NIRC_NEW_ARRAY(e->arena, bool, q->n_nodes);
  arms a = {NIRC_NEW_ARRAY(e->arena, bool, q->n_nodes), NIRC_NEW_ARRAY(e->arena, bool, q->n_nodes), false};
  for (uint32_t i = 0; i < q->n_nodes; i++) {
    const nirc_eq_node *n = &q->nodes[i];
    divides[i] = n->code == NIRC_EQ_DIV && n->type == NIRC_I64;
    for (unsigned k = 0; n->code != NIRC_EQ_INPUT && k < nirc_eq_n_args(n->code); k++)
      divides[i] |= divides[n->arg[k]];
    a.rare[i] = n->code == NIRC_EQ_SELECT && n->type == NIRC_I64 && divides[n->arg[1]];
    a.any |= a.rare[i];
  }
  for (uint32_t i = q->n_nodes; i-- > 0;) {
    bool other = false, arm = false;
    for (size_t r = 0; r < n_results; r++)
      other |= q->results[r] == i;
    for (uint32_t user = i + 1; user < q->n_nodes; user++)
      for (unsigned k = 0; q->nodes[user].code != NIRC_EQ_INPUT && k < nirc_eq_n_args(q->nodes[user].code); k++)
        if (q->nodes[user].arg[k] == i)
          *((a.rare[user] && k == 1) || a.only[user] ? &arm : &other) = true;
    a.only[i] = arm && !other;
  }
  return a;
}

bool nirc_equation_has_usual(nirc_emitter *e, const nirc_equation *q, size_t n_results)
{
  return find_arms(e, q, n_results).any;
}

enum { WIDE = 52 };                                  /* bits of whole numbers that f64 has between 1 and 2 */

/* A float as i64, where it is whole and not large, which *holds then says: its bits beside those of a number that has units in the last place. */
static LLVMValueRef usual_whole(nirc_emitter *e, LLVMValueRef x, LLVMValueRef *holds)
{
  x = LLVMBuildFPCast(e->b, x, e->f64, "");
  LLVMValueRef unit = LLVMConstReal(e->f64, 0x1.8p52), moved = LLVMBuildFAdd(e->b, x, unit, ""), back = LLVMBuildFSub(e->b, moved, unit, "");
  LLVMValueRef small = LLVMBuildFCmp(e->b, LLVMRealOLE, magnitude(e, x), LLVMConstReal(e->f64, 0x1p51), "");
  *holds = LLVMBuildAnd(e->b, *holds, LLVMBuildAnd(e->b, small, LLVMBuildFCmp(e->b, LLVMRealOEQ, back, x, ""), ""), "");
  return LLVMBuildSub(e->b, LLVMBuildBitCast(e->b, moved, e->i64, ""), LLVMBuildBitCast(e->b, unit, e->i64, ""), "");
}

/* a/b where a number without sign of 32 bits has room for both; b is known. */
static LLVMValueRef short_quotient(nirc_emitter *e, LLVMValueRef a, uint64_t b, LLVMValueRef *holds)
{
  *holds = LLVMBuildAnd(e->b, *holds, LLVMBuildICmp(e->b, LLVMIntULE, a, nirc_c64(e, UINT32_MAX), ""), "");
  return LLVMBuildZExt(e->b, LLVMBuildUDiv(e->b, LLVMBuildTrunc(e->b, a, e->i32, ""), nirc_c32(e, b), ""), e->i64, "");
}

/* a/b by f64, where 0 <= a and a, b < 2^51, which *holds then says. The quotient, rounded, is below the next whole number where the exact one is: they are at
 * least 1/b apart, and rounding moves it by less than (a + b)/b * 2^-53. */
static LLVMValueRef usual_quotient(nirc_emitter *e, LLVMValueRef a, LLVMValueRef b, LLVMValueRef *holds)
{
  if (LLVMIsAConstantInt(b) && LLVMConstIntGetZExtValue(b) - 1 < UINT32_MAX)
    return short_quotient(e, a, LLVMConstIntGetZExtValue(b), holds);
  LLVMValueRef most = nirc_c64(e, (uint64_t)1 << (WIDE - 1)), unit = LLVMConstReal(e->f64, 0x1.8p52), bits = LLVMBuildBitCast(e->b, unit, e->i64, "");
  LLVMValueRef a_fits = LLVMBuildICmp(e->b, LLVMIntULT, a, most, ""), b_fits = LLVMBuildICmp(e->b, LLVMIntULT, LLVMBuildSub(e->b, b, nirc_c64(e, 1), ""), most, ""),
               fit = LLVMBuildAnd(e->b, a_fits, b_fits, "");
  *holds = LLVMBuildAnd(e->b, *holds, fit, "");
  LLVMValueRef x = LLVMBuildFSub(e->b, LLVMBuildBitCast(e->b, nirc_add(e, a, bits), e->f64, ""), unit, "");
  LLVMValueRef y = LLVMBuildFSub(e->b, LLVMBuildBitCast(e->b, nirc_add(e, b, bits), e->f64, ""), unit, ""), quotient = LLVMBuildFDiv(e->b, x, y, "");
  LLVMValueRef moved = LLVMBuildFAdd(e->b, quotient, unit, ""), nearest = LLVMBuildSub(e->b, LLVMBuildBitCast(e->b, moved, e->i64, ""), bits, "");
  LLVMValueRef above = LLVMBuildFCmp(e->b, LLVMRealOGT, LLVMBuildFSub(e->b, moved, unit, ""), quotient, "");
  return LLVMBuildSub(e->b, nearest, LLVMBuildZExt(e->b, above, e->i64, ""), "");
}

LLVMValueRef nirc_emit_equation_usual(nirc_emitter *e, const nirc_equation *q, size_t n_results, const LLVMValueRef *inputs, LLVMValueRef *values, bool divide,
                                      LLVMValueRef *rare)
{
  LLVMValueRef holds = LLVMConstInt(e->i1, 1, false), arm = holds;
  arms a = find_arms(e, q, n_results);
  *rare = LLVMConstInt(e->i1, 0, false);
  for (uint32_t i = 0; i < q->n_nodes; i++) {
    const nirc_eq_node *n = &q->nodes[i];
    LLVMValueRef args[3] = {NULL, NULL, NULL};
    for (unsigned k = 0; n->code != NIRC_EQ_INPUT && k < nirc_eq_n_args(n->code); k++)
      args[k] = values[n->arg[k]];
    nirc_dtype from = n->code == NIRC_EQ_INPUT ? NIRC_I64 : q->nodes[n->arg[0]].type;
    if (n->code == NIRC_EQ_INPUT) {
      values[i] = inputs[n->arg[0]];
    } else if (a.rare[i]) {
      *rare = LLVMBuildOr(e->b, *rare, args[0], "");
      holds = LLVMBuildAnd(e->b, holds, LLVMBuildOr(e->b, LLVMBuildNot(e->b, args[0], ""), arm, ""), "");
      values[i] = divide ? LLVMBuildSelect(e->b, args[0], args[1], args[2], "") : args[2];
    } else if (n->code == NIRC_EQ_CONVERT && n->type == NIRC_I64 && (from == NIRC_F32 || from == NIRC_F64)) {
      values[i] = usual_whole(e, args[0], &holds);
    } else if (n->code == NIRC_EQ_DIV && n->type == NIRC_I64 && a.only[i]) {
      values[i] = usual_quotient(e, args[0], args[1], &arm);
    } else {
      values[i] = operation(e, n, from, args);
    }
  }
  return holds;
}
