/* ir/print.h: a module as text (.nirt).
 * Must not know: files. */
#ifndef NIRC_IR_PRINT_H
#define NIRC_IR_PRINT_H

#include "ir/op.h"

/* The module in the text form of docs/ir.md, complete and exact: equal modules print equal bytes. Arrays up to 16 elements stand inline, splats as
 * splat<x>, others as dense<@wN>, defined behind the ops as hexadecimal bytes; with elide_blobs by their hash only. */
void nirc_module_print(nirc_strbuf *b, const nirc_module *m, bool elide_blobs);

/* docs/ops.md: every op of the table with operands, results, attributes, units, equation. */
void nirc_ops_print_reference(nirc_strbuf *b);

#endif
