/* codegen/cpu_emit.h: small conveniences over LLVM's C API, shared by the files that make code: cpu_kernels.c (one function per op),
 * cpu_runtime.c (the C interface), cpu_info.c (tables).
 * Must not know: passes, files. */
#ifndef NIRC_CODEGEN_CPU_EMIT_H
#define NIRC_CODEGEN_CPU_EMIT_H

#include <llvm-c/Core.h>
#include <llvm-c/TargetMachine.h>

#include "codegen/cpu.h"
#include "codegen/cpu_plan.h"

enum { NIRC_CPU_MAX_VALUES = 8, NIRC_CPU_MAX_PARAMETERS = 2 * NIRC_CPU_MAX_VALUES + 1 };      /* operands or results of an op; of its function */

typedef struct nirc_emitter {
  const nirc_cpu_plan *plan;
  const nirc_cpu_options *options;
  nirc_arena *arena;
  LLVMContextRef context;
  LLVMModuleRef module;
  LLVMBuilderRef b;
  LLVMTargetDataRef layout;
  LLVMTypeRef t_void, i1, i8, i16, i32, i64, word, f32, f64, ptr;             /* word: size_t */
  bool has_fma;                                      /* the machine has a fused multiply-add */
  LLVMValueRef fn;                                   /* the function being filled */
  struct nirc_emitted *elements;                     /* blobs that are already in the library */
  LLVMValueRef counters;                             /* what it adds its counts to; NULL: it does not count */
} nirc_emitter;

/* A function and its entry block; the builder stands in it. Exported ones are visible from outside the library, and small rather than fast: the work is
 * done in functions that they call. */
LLVMValueRef nirc_emit_function(nirc_emitter *e, const char *name, LLVMTypeRef result, const LLVMTypeRef *params, unsigned n, bool exported);
/* This function is compiled for size: its loops are not where time goes, and vectorising them costs LLVM time. */
void nirc_emit_mark_rare(nirc_emitter *e, LLVMValueRef fn);
/* The current function takes n pointers to distinct memory, and stays a function: one per op keeps LLVM's time linear in the network. */
void nirc_emit_mark_kernel(nirc_emitter *e, unsigned n_params);
LLVMValueRef nirc_emit_param(nirc_emitter *e, unsigned i);
LLVMValueRef nirc_emit_call(nirc_emitter *e, LLVMValueRef fn, const LLVMValueRef *args, unsigned n);

/* for (i = 0; i < n; i++), n of type i64. The builder stands in the body until the end, then behind the loop. */
typedef struct nirc_loop { LLVMBasicBlockRef head, end; LLVMValueRef i; } nirc_loop;
nirc_loop nirc_loop_begin(nirc_emitter *e, LLVMValueRef n);
void nirc_loop_end(nirc_emitter *e, nirc_loop *l);

/* if (condition) { ... } */
typedef struct nirc_if { LLVMBasicBlockRef end; } nirc_if;
nirc_if nirc_if_begin(nirc_emitter *e, LLVMValueRef condition);
void nirc_if_end(nirc_emitter *e, nirc_if *i);
/* if (condition) return code; */
void nirc_emit_return_if(nirc_emitter *e, LLVMValueRef condition, int code);

LLVMValueRef nirc_c64(const nirc_emitter *e, uint64_t v);
LLVMValueRef nirc_c32(const nirc_emitter *e, uint64_t v);
LLVMValueRef nirc_cf32(const nirc_emitter *e, double v);

/* Address of element i (i64) of an array of `type` at p; loads and stores of one element. */
LLVMValueRef nirc_at(nirc_emitter *e, LLVMTypeRef type, LLVMValueRef p, LLVMValueRef i);
LLVMValueRef nirc_load(nirc_emitter *e, LLVMTypeRef type, LLVMValueRef p, LLVMValueRef i);
void nirc_store(nirc_emitter *e, LLVMTypeRef type, LLVMValueRef value, LLVMValueRef p, LLVMValueRef i);
LLVMValueRef nirc_add(nirc_emitter *e, LLVMValueRef a, LLVMValueRef b);
LLVMValueRef nirc_mul(nirc_emitter *e, LLVMValueRef a, LLVMValueRef b);
/* The type that elements are kept as, and numbers from one to another: f32 to f64 exactly, otherwise rounded to nearest. */
LLVMTypeRef nirc_emit_type(const nirc_emitter *e, nirc_dtype elem);
LLVMValueRef nirc_emit_convert(nirc_emitter *e, nirc_dtype from, nirc_dtype to, LLVMValueRef v);
LLVMValueRef nirc_load_as(nirc_emitter *e, nirc_dtype from, nirc_dtype to, LLVMValueRef p, LLVMValueRef i);
/* Copies n elements (i64) kept as `from_elem` to such kept as `to_elem`. */
void nirc_emit_copy_as(nirc_emitter *e, nirc_dtype to_elem, LLVMValueRef to, nirc_dtype from_elem, LLVMValueRef from, LLVMValueRef n);
/* Copies n elements (i64) of `type`. */
void nirc_emit_copy(nirc_emitter *e, LLVMTypeRef type, LLVMValueRef to, LLVMValueRef from, LLVMValueRef n);

/* Private constant bytes, aligned to 64. */
LLVMValueRef nirc_emit_bytes(nirc_emitter *e, const char *name, const void *data, size_t size);
LLVMValueRef nirc_emit_string(nirc_emitter *e, const char *s);

/* ---- the parts --------------------------------------------------------------------------------------------------------- */

/* Internal function of (pointers): one op. nirc_emit_kernel_call calls it with the addresses that `address` gives. */
typedef LLVMValueRef (*nirc_address_fn)(nirc_emitter *e, nirc_place place, void *user);
LLVMValueRef nirc_emit_kernel(nirc_emitter *e, const nirc_op *op);       /* NULL for ops that need no code */
/* The same for where the host counts, with the counters as one parameter more; NULL for ops whose counts are known before or after. */
LLVMValueRef nirc_emit_counted_kernel(nirc_emitter *e, const nirc_op *op, LLVMValueRef kernel);
/* `counters` NULL: of a kernel that has no such parameter. */
void nirc_emit_kernel_call(nirc_emitter *e, const nirc_op *op, LLVMValueRef kernel, LLVMValueRef counters, nirc_address_fn address, void *user);

/* Internal function of (pointer to the value that the count looks at, counters), which adds to the rows: of weights; of n counts of spikes of one op. */
LLVMValueRef nirc_emit_count_kernel(nirc_emitter *e, const nirc_count *k);
LLVMValueRef nirc_emit_spikes_kernel(nirc_emitter *e, const nirc_count *k, size_t n);

/* All functions of the C interface, in the module. */
void nirc_emit_runtime(nirc_emitter *e);
/* The nirc_model_info of this model: a private constant. */
LLVMValueRef nirc_emit_info(nirc_emitter *e);

#endif
