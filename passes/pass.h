/* passes/pass.h: what a pass is, and pipelines of passes.
 * Owns: the registry (passes.def), pipeline syntax, timing, counters, the printing and verifying between passes.
 * Must not know: any op. */
#ifndef NIRC_PASSES_PASS_H
#define NIRC_PASSES_PASS_H

#include "ir/op.h"

typedef enum nirc_option_kind { NIRC_OPTION_QUANTITY, NIRC_OPTION_WORD, NIRC_OPTION_FLAG, NIRC_OPTION_SHARE } nirc_option_kind;

typedef struct nirc_pass_option {
  const char *name;
  nirc_option_kind kind;                             /* a time ("1ms", "0.001"), a word, true or false, a number from 0 to 1 */
  const char *doc;                                   /* one line */
  const char *by_default;                            /* the value where none is given, or in words what is taken; NULL: one has to be given */
} nirc_pass_option;

enum { NIRC_PASS_MAX_OPTIONS = 8, NIRC_PASS_MAX_COUNTERS = 8 };

/* A number that a pass tells of a node, for reports. */
typedef struct nirc_pass_figure {
  const char *node, *name;
  double value;
  struct nirc_pass_figure *next;
} nirc_pass_figure;

typedef struct nirc_pass_ctx {
  nirc_diag *d;
  const char *values[NIRC_PASS_MAX_OPTIONS];         /* option values as written, by index into the pass's options; NULL: not given */
  uint64_t counters[NIRC_PASS_MAX_COUNTERS];         /* by index into the pass's counters */
  nirc_pass_figure *figures, *last_figure;           /* in the module's arena; those of a node one behind the other */
} nirc_pass_ctx;

typedef struct nirc_pass {
  const char *name, *summary;
  const char *doc;                                   /* why it is exact or what it loses, when to use it; sentences for docs/passes.md, or NULL */
  nirc_level needs, leaves;                          /* NIRC_LEVEL_ANY: whatever the module is at */
  const nirc_pass_option *options;
  size_t n_options;
  const char *const *counters;                       /* names, what each counts */
  size_t n_counters;
  bool (*run)(nirc_module *m, nirc_pass_ctx *ctx);   /* false after a diagnostic */
} nirc_pass;

extern const nirc_pass *const nirc_passes[];         /* NULL-terminated, in order of name */
const nirc_pass *nirc_pass_find(const char *name);   /* NULL where unknown; finds `fail`, too, which is for tests and in no list */
void nirc_pass_guess(const char *name, nirc_diag *d); /* a note where it is nearly that of a pass */

/* Strings are borrowed. */
void nirc_pass_add_figure(nirc_module *m, nirc_pass_ctx *ctx, const char *node, const char *name, double value);

/* What -O1 to -O3 run on the snn level: no bit of a result changes. */
#define NIRC_OPTIMISING_PASSES "canonicalize,uniform-to-splat,cse,fold-scale,uniform-to-splat,sparsify,fuse-neuron"

/* What to do around each pass. */
typedef struct nirc_pipeline_hooks {
  const char *print_before, *print_after;            /* a pass's name, "all", or NULL; prints to stderr */
  const char *dump_dir;                              /* write NN-PASS.nirt after each pass, or NULL */
  const char *stop_after;                            /* end after this pass, or NULL */
  bool verify_each, time_passes;
  bool stats, stats_json;                            /* what each pass counted, to stderr: a line for each counter, as it runs; one JSON object in the end */
  bool check_text;                                   /* each module's text must say all of it (ir/check_text.h) */
  /* Called before each pass: its number, from 1, and the pipeline from it on. NULL: nobody wants to know. */
  void (*before)(void *user, const nirc_module *m, unsigned number, const char *rest);
  void (*observe)(void *user, const nirc_pass *pass, const nirc_pass_ctx *ctx, const nirc_module *m);      /* called after each pass, or NULL */
  void *user;                                        /* of both */
} nirc_pipeline_hooks;

/* Runs `text`: PASS{option=value,...},PASS,... False after a diagnostic: unknown pass or option, a bad value (status 2), or what a pass
 * reported. hooks may be NULL. */
bool nirc_pipeline_run(nirc_module *m, const char *text, const nirc_pipeline_hooks *hooks, nirc_diag *d);

void nirc_passes_print_list(nirc_strbuf *b);         /* --list-passes */

/* docs/passes.md: pipelines and their options, then every pass. `named`: the pipelines of -O0 to -O3, as lines of Markdown. */
void nirc_passes_print_reference(nirc_strbuf *b, const char *named);

/* "1ms", "100us", "2 s", "0.001", "1e-3": seconds. False where it is not a positive, finite number with an optional unit of time. */
bool nirc_parse_time(const char *text, double *seconds);

#endif
