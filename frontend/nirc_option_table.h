/* frontend/nirc_option_table.h: the options of nirc and its manual, as data.
 * Must not know: what an option does. */
#ifndef NIRC_FRONTEND_NIRC_OPTION_TABLE_H
#define NIRC_FRONTEND_NIRC_OPTION_TABLE_H

#include <stdio.h>

#include "frontend/options.h"
#include "ir/base/arena.h"

enum {
  OPT_TARGET = NIRC_OPTION_OWN, OPT_OUTPUT, OPT_EMIT, OPT_NAME, OPT_NETWORK, OPT_DT, OPT_SEMANTICS, OPT_RESET, OPT_FOR, OPT_LENIENT, OPT_PROBE, OPT_CHECK, OPT_LEVEL, OPT_MCPU,
  OPT_MTRIPLE, OPT_QUANTISE, OPT_EMULATE, OPT_REPORT, OPT_ACTIVITY, OPT_PIPELINE, OPT_PRINT_PIPELINE, OPT_PRINT_BEFORE, OPT_PRINT_AFTER, OPT_DUMP_DIR, OPT_STOP_AFTER,
  OPT_VERIFY_EACH, OPT_TIME_PASSES, OPT_STATS, OPT_WERROR, OPT_LIST_TARGETS, OPT_LIST_PASSES, OPT_LIST_PROFILES, OPT_PRINT_OPS, OPT_PRINT_PASSES, OPT_PRINT_PROFILES, OPT_PRINT_EDITOR, OPT_SELFTEST, OPT_FORMAT,
  OPT_IDENTIFY, OPT_COMPARE, OPT_INPUT, OPT_STEPS, OPT_SEED, OPT_RATE, OPT_EVALUATE, OPT_CALIBRATE, OPT_PARTITION,
  OPT_OF_TARGET                                      /* and above: of the target of that index */
};

/* The options of nirc and, behind them, those of every target, with the words that registries know. */
const nirc_option *nirc_option_table(nirc_arena *a, size_t *n);

/* Prints what --help, --version or --print-man ask for. */
void nirc_options_show(FILE *to, int id, nirc_arena *a);

#endif
