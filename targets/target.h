/* targets/target.h: what nirc compiles for. One folder and one line of targets.def each.
 * Owns: the registry.
 * Must not know: how a command line is parsed. */
#ifndef NIRC_TARGETS_TARGET_H
#define NIRC_TARGETS_TARGET_H

#include "ir/base/sink.h"
#include "ir/op.h"

/* An option that only this target has: --NAME=VALUE. */
typedef struct nirc_target_option {
  const char *name, *argument, *help;
  const char *const *choices;                        /* NULL-terminated; NULL: any text */
} nirc_target_option;

/* What a chip does to a network, and what it can be lowered without: then the numbers are real ones, and the module is for measuring, not for the chip. */
typedef struct nirc_target_constraint {
  const char *name, *summary;                        /* "saturation"; "states have 16 bits" */
  bool is_weights;                                   /* numbers of the network that are rounded: what is meant by a quantised network */
  bool is_reset;                                     /* what a spike does to the membrane: without it, --reset v_reset */
  const char *with;                                  /* an option of the target, "NAME=VALUE", without which there is no such constraint; NULL: there always is */
  bool with_subtract;                                /* the network differs in this from the chip only where --reset subtract is given */
} nirc_target_constraint;

enum { NIRC_TARGET_MOST_CONSTRAINTS = 16 };

/* What the command line says beside the module. */
typedef struct nirc_target_job {
  const char *triple, *cpu;                          /* CPU code; NULL: this machine */
  int level;                                         /* -O0 to -O3 */
  bool emulate;                                      /* chips: also a library of the chip's arithmetic */
} nirc_target_job;

/* What a chip is to make of a network. */
typedef struct nirc_lower_job {
  double dt;                                         /* seconds; 0: not given */
  const char *profile;                               /* "unit" or "nir" */
  bool reset_given, subtract;                        /* --reset */
  const char *const *options;                        /* by index into the target's options; NULL: not given, "" where it takes no value */
  bool min_cut;                                      /* --partition min-cut; only where the target cuts */
  unsigned without;                                  /* a bit for each of the target's constraints that does not hold; 0: what goes on the chip */
} nirc_lower_job;

typedef struct nirc_target {
  const char *name, *summary;
  bool available;                                    /* false: known by name, its code is not in this version */
  const char *const *profiles;                       /* NULL-terminated, the first is the default; NULL: all, `nir` by default */
  bool cuts;                                         /* it cuts a network into cores and takes --partition */
  bool drops_units;                                  /* its vendor's exporter writes ports with leading axes of length 1: they are dropped, with a warning */
  bool needs_dt;                                     /* no time step can be assumed: --dt, or the network's own */
  const nirc_target_option *options;
  size_t n_options;
  const nirc_target_constraint *constraints;
  size_t n_constraints;
  const char *const *trials;                         /* options that may lose less, "NAME=VALUE", NULL-terminated; NULL: none. --evaluate tries them */
  const nirc_target_option *variants;                /* the option whose choices are the chips of this target; NULL: there is one */
  /* Chips: from the nir level, nested graphs inlined, to the hw level, in place; what an attribute `probe` asks for becomes snn.probe. Reports every reason why
   * the chip cannot take the network. NULL: the target works from the snn level. */
  bool (*lower)(nirc_module *m, const nirc_lower_job *job, nirc_diag *d);
  /* Chips: what the options say of the network itself, which stays at the nir level: what they say of numbers that NIR gives another meaning. NULL: nothing. */
  bool (*adapt)(nirc_module *m, const nirc_lower_job *job, nirc_diag *d);
  /* Can it take this module (snn level; chips: hw level)? Reports every reason why not. NULL: what was lowered fits. */
  bool (*check)(const nirc_module *m, const nirc_target_job *job, nirc_diag *d);
  /* Writes the target's files into `out`. */
  bool (*emit)(const nirc_module *m, const nirc_target_job *job, nirc_sink *out, nirc_diag *d);
} nirc_target;

/* The library, its header and its description: NAME.so, NAME.h, NAME.json. */
bool nirc_target_write_library(const nirc_module *m, const nirc_target_job *job, const char *target, nirc_sink *out, nirc_diag *d);
/* A program that loads what was written; its lines, NULL behind the last. */
bool nirc_target_write_script(const nirc_module *m, const char *name, const char *const *lines, nirc_sink *out);

extern const nirc_target *const nirc_targets[];      /* NULL-terminated, in the order of --list-targets */
const nirc_target *nirc_target_find(const char *name);                   /* NULL where unknown */
void nirc_target_guess(const char *name, nirc_diag *d);                   /* a note where it is nearly that of a target */
bool nirc_target_takes_profile(const nirc_target *t, const char *profile);
void nirc_targets_print_list(nirc_strbuf *b);        /* --list-targets */

#endif
