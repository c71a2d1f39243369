/* frontend/nirc_options.h: the command line of nirc.
 * Owns: its option table (with the targets' own options) and manual.
 * Must not know: what is compiled how. */
#ifndef NIRC_FRONTEND_NIRC_OPTIONS_H
#define NIRC_FRONTEND_NIRC_OPTIONS_H

#include "frontend/editors.h"
#include "frontend/options.h"
#include "frontend/semantics.h"
#include "passes/pass.h"
#include "targets/target.h"

typedef enum nirc_emit { NIRC_EMIT_TARGET, NIRC_EMIT_NIR, NIRC_EMIT_SNN, NIRC_EMIT_NIRT, NIRC_EMIT_LLVM, NIRC_EMIT_ASM, NIRC_EMIT_OBJ, NIRC_EMIT_DOT } nirc_emit;

/* What to print instead of compiling; values of NIRC_OPTION_HELP, _VERSION, _MAN, too. */
enum { NIRC_PRINT_TARGETS = 1000, NIRC_PRINT_PASSES, NIRC_PRINT_PROFILES, NIRC_PRINT_PIPELINE, NIRC_PRINT_OPS, NIRC_PRINT_PASS_REFERENCE, NIRC_PRINT_PROFILE_REFERENCE, NIRC_PRINT_EDITOR, NIRC_PRINT_SELFTEST };

enum { NIRC_COMPARE_MOST_STEPS = 1000000000 };

/* --compare: under which profiles, and what they are run on. */
typedef struct nirc_compare_options {
  nirc_semantics *profiles;                          /* NULL: nothing is compared. --dt and --reset stand in those that say nothing else */
  size_t n_profiles;
  const char *const *passes;                         /* by profile: a pass behind discretise, NULL where there is none; NULL: none at all (frontend/calibrate.h) */
  const char *input;                                 /* a file as of nirc-run; NULL: random spikes */
  bool has_steps, has_seed, has_rate;                /* given */
  uint64_t steps, seed;
  double rate;                                       /* share of the elements that spike in a step */
} nirc_compare_options;

typedef struct nirc_options {
  int print;                                         /* 0: compile */
  const char *input, *output, *name;                 /* NULL: not given */
  const char *network;                               /* of a text with several; NULL: not given */
  const nirc_target *target;                         /* the CPU where none was named; NULL: all (with check) */
  nirc_emit emit;
  const char *simulator;                             /* whom the file of --emit nir is for; NULL: anybody */
  const char *report, *activity;                     /* file, or "-" (report); NULL: none */
  bool activity_assumed;                             /* activity is no file: */
  double activity_rate;                              /* spikes of an element in a step */
  nirc_editor_file editor;                           /* what to print, where print is NIRC_PRINT_EDITOR */
  const char *profile, *dt, *reset;                  /* NULL: not given */
  const char *target_options;                        /* the target's own that were given, as the pass `lower` takes them; NULL: none */
  const char *quantise, *calibrate;                  /* the pass behind discretise; data that it is judged by; NULL: none */
  const char *partition;                             /* first-fit or min-cut; NULL: not given */
  const char *pipeline;                              /* NULL: the named one of `level` */
  const char **probes;
  size_t n_probes;
  nirc_target_job job;
  bool lenient, check, format;
  bool identify, identify_json;
  nirc_compare_options compare;
  const char *evaluate;                              /* labelled data; NULL: nothing is evaluated. `compare` has its number of steps */
  nirc_pipeline_hooks hooks;
} nirc_options;

/* False after a diagnostic of status 2. Strings are borrowed from argv or in the arena. */
bool nirc_options_read(nirc_options *o, int argc, char **argv, nirc_arena *a, nirc_diag *d);

const char *nirc_file_part(const char *path);        /* behind its last slash */
/* The input's file name without its suffix, as a C identifier. */
const char *nirc_default_name(nirc_arena *a, const char *input);

#endif
