/* tools/run_output.h: the result of a run as files.
 * Owns: names, shapes and attributes in the output file, and that output and state appear together or not at all.
 * Must not know: how the result came about. */
#ifndef NIRC_TOOLS_RUN_OUTPUT_H
#define NIRC_TOOLS_RUN_OUTPUT_H

#include "tools/run_loop.h"
#include "tools/run_options.h"

/* Writes o->output and o->save_state, where given. False after a diagnostic of status 3. */
bool nirc_run_publish(const nirc_run_options *o, const nirc_run_plan *plan, const nirc_run_result *result, nirc_arena *a, nirc_diag *d);

#endif
