/* frontend/nir_write.h: a module at the nir level as a .nir file.
 * Must not know: how the module came about. */
#ifndef NIRC_FRONTEND_NIR_WRITE_H
#define NIRC_FRONTEND_NIR_WRITE_H

#include "ir/op.h"

/* Writes m to `path` (a temporary of ir/base/sink.h, overwritten), in the layout of nir 1.0.8: names, number types, nesting, metadata and the order of
 * edges as they were read; `version` as it was, else "1.0.8". Arrays above 1 KiB are deflated. Equal modules give equal bytes. False after an error: of status 3, or of
 * status 1 where a node cannot stand in such a file (made by a pass, or named with a slash). */
bool nirc_nir_write(const nirc_module *m, const char *path, nirc_diag *d);

/* Only the arrays that are wanted, each at /nodes/NODE/PARAMETER (nested: /nodes/GRAPH/nodes/NODE/...; metadata: .../metadata/KEY): the side file of a text. */
bool nirc_nir_write_arrays(const nirc_module *m, bool (*wanted)(const nirc_blob *b), const char *path, nirc_diag *d);

#endif
