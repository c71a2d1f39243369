/* codegen/cpu_kernels.h: what the kernels in cpu_kernels.c and cpu_neurons.c share.
 * Must not know: what calls them. */
#ifndef NIRC_CODEGEN_CPU_KERNELS_H
#define NIRC_CODEGEN_CPU_KERNELS_H

#include "codegen/cpu_emit.h"
#include "ir/equation.h"

/* A dense attribute of f32, f64 or i64: one number, or an array in the library. */
typedef struct nirc_coefficient { nirc_dtype elem; double splat; int64_t whole; LLVMValueRef array; } nirc_coefficient;

nirc_coefficient nirc_get_coefficient(nirc_emitter *e, const nirc_op *op, const char *name);
LLVMValueRef nirc_coefficient_at(nirc_emitter *e, const nirc_coefficient *c, LLVMValueRef i);

/* Operands, results and workspace as values inside the kernel. Operand 0 of neurons with a tiled sum is what is summed. */
typedef struct nirc_pointers { LLVMValueRef in[NIRC_CPU_MAX_VALUES], out[NIRC_CPU_MAX_VALUES], workspace; } nirc_pointers;

nirc_pointers nirc_pointers_of(nirc_emitter *e, const nirc_op *op);

LLVMValueRef nirc_emit_is_active(nirc_emitter *e, LLVMValueRef x);       /* x is not 0 */
LLVMValueRef nirc_load_index(nirc_emitter *e, LLVMValueRef array, LLVMValueRef i);       /* of an array of u32, as i64 */

/* The operations of an equation for one element: `inputs` by known name, values[n_nodes] filled. */
void nirc_emit_equation(nirc_emitter *e, const nirc_equation *q, const LLVMValueRef *inputs, LLVMValueRef *values);

LLVMValueRef nirc_emit_saturated(nirc_emitter *e, LLVMValueRef x);       /* a float as i64, toward zero; NaN as 0 */

LLVMValueRef nirc_emit_elements(nirc_emitter *e, const char *name, const nirc_blob *b);   /* all elements of a blob, splat or not */
void nirc_emit_neuron_kernel(nirc_emitter *e, const nirc_op *op);
/* How many events an element stands for: a whole number of at least 0, at most `most`, as i64; what is no number counts as none. */
LLVMValueRef nirc_emit_events(nirc_emitter *e, nirc_dtype elem, LLVMValueRef v, int64_t most);
void nirc_emit_project_kernel(nirc_emitter *e, const nirc_op *op);        /* hw.project */
void nirc_emit_cores_kernel(nirc_emitter *e, const nirc_op *op);         /* hw.cores */
void nirc_emit_slice_kernel(nirc_emitter *e, const nirc_op *op);         /* hw.slice */

#endif
