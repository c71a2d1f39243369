/* frontend/evaluate_run.h: a network, quantised and on a chip, on labelled data: what --evaluate does.
 * Must not know: how tables, pages and JSON are laid out. */
#ifndef NIRC_FRONTEND_EVALUATE_RUN_H
#define NIRC_FRONTEND_EVALUATE_RUN_H

#include "frontend/evaluate.h"
#include "frontend/nirc_options.h"
#include "frontend/report.h"

/* Compiles and runs the module (at the nir level; it is used up) as it is and as o->target has it, on o->evaluate. Appends what goes to standard output,
 * tables, or JSON where messages are JSON; nothing where the report goes there. The evaluation becomes part of the report (NULL: none is wanted). False after
 * a diagnostic. */
bool nirc_evaluate(nirc_strbuf *out, nirc_arena *a, nirc_module *m, const nirc_options *o, bool check_text, nirc_report *report, nirc_diag *d);

#endif
