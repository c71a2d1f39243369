/* targets/hw_build.h: a step of the hw level, while a target fills it. Every op stands where the node of the network stands that it was made from.
 * Must not know: any chip. */
#ifndef NIRC_TARGETS_HW_BUILD_H
#define NIRC_TARGETS_HW_BUILD_H

#include "ir/op.h"

typedef struct nirc_hw_builder { nirc_module *m; nirc_op *step; } nirc_hw_builder;

/* A step beside the graph, which is the caller's to erase. `reset`: what a spike does to v, as --reset has it. */
nirc_hw_builder nirc_hw_build(nirc_module *m, double dt, const char *profile, const char *reset);

/* An op at the end of the step; `name` NULL: that of the node. */
nirc_op *nirc_hw_append(const nirc_hw_builder *b, const nirc_op *node, nirc_opcode code, const char *name, nirc_value *const *in, size_t n);
/* Says what an op's one result is, and gives it. */
nirc_value *nirc_hw_typed(const nirc_hw_builder *b, nirc_op *op, nirc_dtype elem, const nirc_shape *shape);

/* v itself where it has the shape already; where there is no sum yet. */
nirc_value *nirc_hw_reshaped(const nirc_hw_builder *b, const nirc_op *node, const char *name, nirc_value *v, const nirc_shape *shape);
nirc_value *nirc_hw_sum(const nirc_hw_builder *b, const nirc_op *node, const char *name, nirc_value *sum, nirc_value *v);
/* A state that begins as `init`, and what it is in the next step. */
nirc_value *nirc_hw_state(const nirc_hw_builder *b, const nirc_op *node, const char *name, nirc_blob *init);
void nirc_hw_update(const nirc_hw_builder *b, const nirc_op *node, const char *name, nirc_value *state, nirc_value *next);
nirc_op *nirc_hw_neuron(const nirc_hw_builder *b, const nirc_op *node, const char *name, nirc_value *const *in, size_t n, const char *takes, const char *gives,
                        const char *equation);
nirc_value *nirc_hw_input(const nirc_hw_builder *b, const nirc_op *node);
/* NODE/WHAT, whether the node asks for it or not. */
nirc_op *nirc_hw_probe(const nirc_hw_builder *b, const nirc_op *node, const char *what, nirc_value *v);

/* The dictionary of a new hw.place of that name; `part` NULL: it has none. */
nirc_attr *nirc_hw_place(const nirc_hw_builder *b, const nirc_op *node, const char *name, const char *part);

/* Numbers that the module holds; *data is where they go. A splat: one that stands for all. */
nirc_blob *nirc_hw_blob(const nirc_hw_builder *b, nirc_dtype elem, const nirc_shape *shape, void **data);
nirc_blob *nirc_hw_splat(const nirc_hw_builder *b, nirc_dtype elem, const nirc_shape *shape, const void *value);
nirc_blob *nirc_hw_zero(const nirc_hw_builder *b, nirc_dtype elem, const nirc_shape *shape);

static inline nirc_shape nirc_hw_pair(uint64_t rows, uint64_t columns) { return (nirc_shape){.rank = 2, .dims = {rows, columns}}; }

#endif
