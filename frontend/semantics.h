/* frontend/semantics.h: whose arithmetic, as a command line says it: PROFILE[:KEY=VALUE]...
 * Owns: that syntax, and lists of it.
 * Must not know: what the profiles choose. */
#ifndef NIRC_FRONTEND_SEMANTICS_H
#define NIRC_FRONTEND_SEMANTICS_H

#include "ir/base/diag.h"

typedef struct nirc_semantics {
  const char *text;                                  /* as written */
  const char *profile, *dt, *reset;                  /* of dt and reset NULL: not given */
} nirc_semantics;

enum { NIRC_SEMANTICS_MOST = 16 };                   /* in a list */

/* The values of --dt and --reset: *to is `text` where it is one. False after a diagnostic of status 2. */
bool nirc_semantics_take_dt(const char **to, const char *text, nirc_diag *d);
bool nirc_semantics_take_reset(const char **to, const char *text, nirc_diag *d);

/* `option` is what the messages name: "--semantics". Strings go to the arena. False after a diagnostic of status 2. */
bool nirc_semantics_parse(nirc_semantics *s, nirc_arena *a, const char *option, const char *text, nirc_diag *d);

/* Two or more, with commas between; NULL after a diagnostic of status 2. */
nirc_semantics *nirc_semantics_parse_list(nirc_arena *a, const char *option, const char *text, size_t *n, nirc_diag *d);

#endif
