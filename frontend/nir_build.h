/* frontend/nir_build.h: from a file's objects to a module at the nir level.
 * Owns: which objects a NIR file may hold, and what they become.
 * Must not know: HDF5 (nir_h5.h has read it), time steps, targets. */
#ifndef NIRC_FRONTEND_NIR_BUILD_H
#define NIRC_FRONTEND_NIR_BUILD_H

#include "frontend/nir_h5.h"
#include "frontend/nir_lenient.h"
#include "ir/op.h"

/* The network of a file: one nir.graph called `name`, typed and checked as `nir.read` does, with the right shapes of grouped and non-square
 * convolutions. Driven by the op table. Nothing is lost: names, number types, nesting and metadata are kept, a node's operands are its in-edges in file
 * order, and the attribute `edge` holds each one's place in the file's list. Blobs borrow the file's memory, which must outlive the module.
 * repair: that of what nir_lenient.h can repair is repaired, with a warning each. NULL after diagnostics. */
nirc_module *nirc_nir_build(const nirc_h5_file *f, const char *name, nirc_repair repair, const nirc_heap *h, nirc_diag *d);
/* The same without a word: NULL where that would refuse the file. */
nirc_module *nirc_nir_try(const nirc_h5_file *f, const char *name, nirc_repair repair, const nirc_heap *h);

#endif
