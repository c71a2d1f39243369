/* passes/lower.h: how the passes `lower` and `adapt` reach the registry of targets, which stands above the passes.
 * Must not know: any target. */
#ifndef NIRC_PASSES_LOWER_H
#define NIRC_PASSES_LOWER_H

#include "ir/op.h"

/* What the options of the pass say. */
typedef struct nirc_lowering {
  const char *target, *dt, *reset, *profile;         /* NULL: not given */
  const char *options;                               /* "NAME=VALUE NAME ...", the target's own; NULL: none */
  const char *partition;                             /* first-fit or min-cut; NULL: not given */
  const char *without;                               /* "NAME NAME ...", constraints of the chip that are not to hold; NULL: none */
} nirc_lowering;

/* From the nir level to the hw level of that chip. Defined with the registry (targets/target.c). */
bool nirc_lower(nirc_module *m, const nirc_lowering *l, nirc_diag *d);
/* At the nir level: what the chip's options say of the network itself. The same. */
bool nirc_adapt(nirc_module *m, const nirc_lowering *l, nirc_diag *d);

#endif
