/* frontend/snn/read.h: a text of the network language, with all that it imports, to a module at the nir level.
 * Must not know: options, passes. */
#ifndef NIRC_FRONTEND_SNN_READ_H
#define NIRC_FRONTEND_SNN_READ_H

#include "ir/op.h"

enum { NIRC_SNN_MAX_BYTES = 16 << 20, NIRC_SNN_MAX_IMPORTS = 16 };       /* of one text; imports in one another */

/* `network` NULL: the only one of the text. The text is copied to `files`, which outlives the module and the messages; path is borrowed likewise. NULL after diagnostics:
 * status 1, 2 where `network` does not say which, 3 where a file cannot be read, 4 where a limit was met. */
nirc_module *nirc_snn_read(const char *text, size_t size, const char *path, const char *network, const char *name, nirc_arena *files, const nirc_heap *h, nirc_diag *d);

#endif
