/* ir/parse.h: IR text (.nirt) back to a module.
 * Must not know: files. The grammar stands in docs/ir.md. */
#ifndef NIRC_IR_PARSE_H
#define NIRC_IR_PARSE_H

#include "ir/op.h"

/* The module that `text` (size bytes, a NUL behind them) is, verified, and on the nir level with every edge checked. `path` is what diagnostics call the
 * text. Printed text gives a module that prints the same text again. NULL after diagnostics: after a fault, reading goes on at the next op, up to
 * NIRC_MAX_ERRORS; what the verifier finds is looked for in text without faults only. Status 1. The text is not trusted: regions nest 32 deep at the most,
 * numbers are checked against their types. */
nirc_module *nirc_module_parse(const char *text, size_t size, const char *path, const nirc_heap *h, nirc_diag *d);

#endif
