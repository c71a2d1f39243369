/* ir/dialect_nir.h: what other parts need of the NIR primitives beyond the op table: windows of convolutions and pooling,
 * and shape inference over a whole graph.
 * Must not know: files, passes. */
#ifndef NIRC_IR_DIALECT_NIR_H
#define NIRC_IR_DIALECT_NIR_H

#include "ir/op.h"

/* Window of a Conv1d, Conv2d, SumPool2d or AvgPool2d; axes in file order, the unused second one of Conv1d untouched. */
typedef struct nirc_window {
  int n_axes;
  int64_t kernel[2], stride[2], dilation[2];
  int64_t before[2], after[2];                       /* zeros in front of and behind each axis */
  int64_t groups;
  bool same;                                         /* padding = "same" */
} nirc_window;

/* The window of a node; false after a diagnostic per faulty parameter. */
bool nirc_nir_window(nirc_module *m, const nirc_op *op, nirc_window *w, nirc_diag *d);

/* n integers of a dense attribute; a single number stands for all of them. False where absent, of another length, or not whole. */
bool nirc_nir_ints(const nirc_op *op, const char *name, int n, int64_t out[]);

/* Types every result in a nir.graph and its nested ones (f32, or i1 where the op spikes) from the nodes' own parameters and along edges; then
 * checks every edge: what is sent must have exactly the shape that is wanted. Reports each fault at its node.
 * A node whose shape nothing tells is a fault, too. */
bool nirc_nir_infer(nirc_module *m, nirc_op *graph, nirc_diag *d);

#endif
