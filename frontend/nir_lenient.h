/* frontend/nir_lenient.h: repairs of files that break a rule but whose meaning is plain (--lenient), one warning each that says what was
 * assumed. Weights are never changed. What has no plain repair is left for the checks to refuse.
 * Must not know: HDF5. Source: docs/nir.md, "Lenient". */
#ifndef NIRC_FRONTEND_NIR_LENIENT_H
#define NIRC_FRONTEND_NIR_LENIENT_H

#include "ir/op.h"

/* How much of a file is repaired. Some targets take what an exporter of theirs writes into ports without being asked. */
typedef enum nirc_repair { NIRC_REPAIR_NONE, NIRC_REPAIR_PORTS, NIRC_REPAIR_ALL } nirc_repair;

/* One node by itself: a shape written as a single number, single numbers beside arrays among a layer's parameters. */
void nirc_lenient_parameters(nirc_module *m, nirc_op *op, nirc_diag *d);

/* A whole graph and those nested in it, along its edges: single numbers spread over the layer that arrives, axes of length 1 (batch, time) dropped from ports and
 * parameters, a convolution's missing input_shape, a Flatten whose input_type contradicts what arrives or that starts one axis late. */
void nirc_lenient_shapes(nirc_module *m, nirc_op *graph, nirc_diag *d);

/* Of these only: leading axes of length 1 dropped from ports. */
void nirc_lenient_ports(nirc_module *m, nirc_op *graph, nirc_diag *d);

#endif
