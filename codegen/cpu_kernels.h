/* codegen/cpu_kernels.h: what the kernels in cpu_kernels.c and cpu_neurons.c share.
 * Must not know: what calls them. */
#ifndef NIRC_CODEGEN_CPU_KERNELS_H
#define NIRC_CODEGEN_CPU_KERNELS_H

#include "codegen/cpu_emit.h"

/* A dense attribute of f32 or f64: one number, or an array in the library. */
typedef struct nirc_coefficient { nirc_dtype elem; double splat; LLVMValueRef array; } nirc_coefficient;

nirc_coefficient nirc_get_coefficient(nirc_emitter *e, const nirc_op *op, const char *name);
LLVMValueRef nirc_coefficient_at(nirc_emitter *e, const nirc_coefficient *c, LLVMValueRef i);

/* Operands, results and workspace as values inside the kernel. Operand 0 of neurons with a tiled sum is what is summed. */
typedef struct nirc_pointers { LLVMValueRef in[3], out[3], workspace; } nirc_pointers;

nirc_pointers nirc_pointers_of(nirc_emitter *e, const nirc_op *op);

LLVMValueRef nirc_emit_is_active(nirc_emitter *e, LLVMValueRef x);       /* x is not 0 */
LLVMValueRef nirc_load_index(nirc_emitter *e, LLVMValueRef array, LLVMValueRef i);       /* of an array of u32, as i64 */

void nirc_emit_neuron_kernel(nirc_emitter *e, const nirc_op *op);

#endif
