/* ir/dialect_snn.h: verification hooks of the snn ops (snn_verify.c).
 * Must not know: how any of it is executed. */
#ifndef NIRC_IR_DIALECT_SNN_H
#define NIRC_IR_DIALECT_SNN_H

#include "ir/op.h"

/* Operand and result types, and shapes of dense attributes (a splat or the shape that the op's doc gives). */
bool nirc_snn_verify_step(nirc_module *m, const nirc_op *op, nirc_diag *d);      /* events that the chip tells apart */
bool nirc_snn_verify_port(nirc_module *m, const nirc_op *op, nirc_diag *d);      /* the latency of what leaves the step */
bool nirc_snn_verify_add(nirc_module *m, const nirc_op *op, nirc_diag *d);       /* equal shapes */
bool nirc_snn_verify_dense(nirc_module *m, const nirc_op *op, nirc_diag *d);
bool nirc_snn_verify_sparse_dense(nirc_module *m, const nirc_op *op, nirc_diag *d);
bool nirc_snn_verify_conv(nirc_module *m, const nirc_op *op, nirc_diag *d);
bool nirc_snn_verify_pool(nirc_module *m, const nirc_op *op, nirc_diag *d);
bool nirc_snn_verify_reshape(nirc_module *m, const nirc_op *op, nirc_diag *d);
bool nirc_snn_verify_delay(nirc_module *m, const nirc_op *op, nirc_diag *d);
bool nirc_snn_verify_population(nirc_module *m, const nirc_op *op, nirc_diag *d);        /* operands, a sum, the neurons that take it */
bool nirc_snn_verify_operand(nirc_module *m, const nirc_op *op, nirc_diag *d);
bool nirc_snn_verify_neuron(nirc_module *m, const nirc_op *op, nirc_diag *d);    /* names, equation, coefficients and types belong together */
bool nirc_snn_verify_layer(nirc_module *m, const nirc_op *op, nirc_diag *d);     /* elementwise: all shapes alike; layer attributes of that shape */

/* What a tensor op computes in, f32 or f64: the element type of its result (where that is i1, of its operand). Operands of i1 and f32 are widened to it,
 * which is exact; attributes have it. */
nirc_dtype nirc_snn_arithmetic(const nirc_op *op);

bool nirc_snn_is_synapse(nirc_opcode code);          /* weighted sums: what a population may begin with */
bool nirc_snn_is_neuron(nirc_opcode code);           /* (x, states...): what it ends with */

#endif
