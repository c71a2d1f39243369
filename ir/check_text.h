/* ir/check_text.h: does a module's text say all of it?
 * Must not know: who asks, and after what. */
#ifndef NIRC_IR_CHECK_TEXT_H
#define NIRC_IR_CHECK_TEXT_H

#include "ir/op.h"

/* Prints the module, reads that, compares, and prints it again: the same bytes. False after an internal error. Modules with 1 MiB of text or more are taken as they are. */
bool nirc_module_check_text(const nirc_module *m, nirc_diag *d);

#endif
