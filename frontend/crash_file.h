/* frontend/crash_file.h: what nirc-crash.nirt says: how a fault is repeated, and the module before it.
 * Owns: nothing.
 * Must not know: how the fault was noticed, and what led there (crash.h, driver.c). */
#ifndef NIRC_FRONTEND_CRASH_FILE_H
#define NIRC_FRONTEND_CRASH_FILE_H

#include "ir/op.h"

/* In place of what was in b. `rest`: the pipeline from the pass that failed on; `name`: of the outputs. */
void nirc_crash_file_make(nirc_strbuf *b, const nirc_module *m, const char *rest, const char *name);

/* Writes it and ends the process. */
_Noreturn void nirc_crash_file_write(const nirc_strbuf *b);

#endif
