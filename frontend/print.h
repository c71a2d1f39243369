/* frontend/print.h: what nirc prints instead of compiling: lists, references, help.
 * Must not know: where it goes. */
#ifndef NIRC_FRONTEND_PRINT_H
#define NIRC_FRONTEND_PRINT_H

#include "frontend/nirc_options.h"

/* Appends what o->print asks for; help and versions go to standard output at once. False after a diagnostic. */
bool nirc_print(nirc_strbuf *b, const nirc_options *o, nirc_arena *a, nirc_diag *d);

#endif
