/* tools/run_options.h: the command line of nirc-run.
 * Owns: its option table and manual.
 * Must not know: models, files. */
#ifndef NIRC_TOOLS_RUN_OPTIONS_H
#define NIRC_TOOLS_RUN_OPTIONS_H

#include "ir/base/diag.h"

typedef struct nirc_run_options {
  int print;                                         /* NIRC_OPTION_HELP, _VERSION or _MAN: print that and end; else 0 */
  const char *model, *input;
  const char *output, *save_state, *load_state;      /* NULL: none */
  bool has_steps, time, stats, nirdata;
  uint64_t steps;                                    /* where has_steps */
  uint64_t runs;                                     /* at least 1 */
  unsigned threads;                                  /* at least 1 */
} nirc_run_options;

/* False after a diagnostic of status 2. Strings are borrowed from argv. */
bool nirc_run_options_parse(nirc_run_options *o, int argc, char **argv, nirc_diag *d);

/* What `id` (see `print`) asks for. */
void nirc_run_options_print(FILE *to, int id);

#endif
