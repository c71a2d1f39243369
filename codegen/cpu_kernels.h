/* codegen/cpu_kernels.h: what the files of kernels share: cpu_kernels.c, cpu_neurons.c, cpu_windows.c, cpu_chip.c, cpu_cores.c.
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

LLVMTypeRef nirc_arithmetic_type(const nirc_emitter *e, const nirc_op *op);              /* what a tensor op computes in */
LLVMTypeRef nirc_weight_type(const nirc_emitter *e, const nirc_op *op);
/* Element i of operand `o`, at p, as a number to compute with. */
LLVMValueRef nirc_load_operand(nirc_emitter *e, const nirc_op *op, uint32_t o, LLVMValueRef p, LLVMValueRef i);

/* Sums: y[i] = start[i], or 0 where there is no bias, or it comes behind the scale (`wrap`: the bias repeats every so many elements);
 * y[0..n) += w[0..n) * x, without the product where x can only be 1; sum i, finished by the scale and the bias of whole numbers. */
typedef struct nirc_sum_end { bool has_scale, has_bias; nirc_coefficient scale, bias; } nirc_sum_end;
void nirc_start_sums(nirc_emitter *e, const nirc_op *op, LLVMValueRef y, size_t n, size_t wrap);
void nirc_add_column(nirc_emitter *e, const nirc_op *op, LLVMValueRef y, LLVMValueRef w, LLVMValueRef x, LLVMValueRef n);
nirc_sum_end nirc_sum_end_of(nirc_emitter *e, const nirc_op *op);
LLVMValueRef nirc_end_sum(nirc_emitter *e, const nirc_sum_end *s, LLVMValueRef y, LLVMValueRef i);

/* One element of eight bytes, four or one: sizes that the compiler knows, for there are millions. */
void nirc_copy_element(char *to, const void *from, size_t i, size_t size);

LLVMValueRef nirc_emit_is_active(nirc_emitter *e, LLVMValueRef x);       /* x is not 0 */
LLVMValueRef nirc_load_index(nirc_emitter *e, LLVMValueRef array, LLVMValueRef i);       /* of an array of u32, as i64 */

/* The operations of an equation for one element: `inputs` by known name, values[n_nodes] filled. */
void nirc_emit_equation(nirc_emitter *e, const nirc_equation *q, const LLVMValueRef *inputs, LLVMValueRef *values);

/* The same of an equation that divides whole numbers in one arm of a choice only (has_usual), without operations that only single elements have
 * instructions for: where what becomes i64 is whole and not large, and the quotients, if that arm is taken, are of such numbers; what is returned, i1, says
 * whether that is so, *rare whether the arm is taken. Without `divide` the other arm's value stands in any case. */
bool nirc_equation_has_usual(nirc_emitter *e, const nirc_equation *q, size_t n_results);
LLVMValueRef nirc_emit_equation_usual(nirc_emitter *e, const nirc_equation *q, size_t n_results, const LLVMValueRef *inputs, LLVMValueRef *values, bool divide,
                                      LLVMValueRef *rare);

LLVMValueRef nirc_emit_saturated(nirc_emitter *e, LLVMValueRef x);       /* a float as i64, toward zero; NaN as 0 */

LLVMValueRef nirc_emit_elements(nirc_emitter *e, const char *name, const nirc_blob *b);   /* all elements of a blob, splat or not */
/* counters[row] += more, for each row that counts this of the op (of NIRC_COUNT_NAMED: the name `index`). */
void nirc_emit_tally(nirc_emitter *e, const nirc_op *op, nirc_count_kind kind, uint32_t index, LLVMValueRef more);
void nirc_emit_neuron_counts(nirc_emitter *e, const nirc_op *op);        /* of all elements, from what the op is about to read */
void nirc_emit_neuron_kernel(nirc_emitter *e, const nirc_op *op);
void nirc_emit_conv_kernel(nirc_emitter *e, const nirc_op *op);
void nirc_emit_pool_kernel(nirc_emitter *e, const nirc_op *op);
/* How many events an element stands for: a whole number of at least 0, at most `most`, as i64; what is no number counts as none. */
LLVMValueRef nirc_emit_events(nirc_emitter *e, nirc_dtype elem, LLVMValueRef v, int64_t most);
void nirc_emit_project_kernel(nirc_emitter *e, const nirc_op *op);        /* hw.project */
void nirc_emit_cores_kernel(nirc_emitter *e, const nirc_op *op);         /* hw.cores */
void nirc_emit_slice_kernel(nirc_emitter *e, const nirc_op *op);         /* hw.slice */

#endif
