/* frontend/check.h: --check: which targets, and which of their variants, can take a network; with the first reason why not.
 * Owns: the table, as text and as JSON.
 * Must not know: how passes are run, any target by name. */
#ifndef NIRC_FRONTEND_CHECK_H
#define NIRC_FRONTEND_CHECK_H

#include "frontend/nirc_options.h"

typedef struct nirc_check {
  nirc_options *o;                                   /* its target's own options change while a target is asked */
  nirc_arena *arena;
  const nirc_heap *heap;
  nirc_diag *d;
  nirc_module **m;                                   /* the network; another one while a target is asked */
  bool (*lower)(void *user, const nirc_target *t);   /* brings *m to where the target writes from; false after a diagnostic */
  void *user;
  bool ports_repaired;                               /* *m was refused but for targets with drops_units */
} nirc_check;

/* Asks the target of the options, on *m itself; appends a line. False where it cannot take the network, or is not in this version. */
bool nirc_check_target(const nirc_check *c, nirc_strbuf *b);
/* Asks every target and each of its variants, on a copy each; appends a line for each. False where none of them can. What one refuses is no error then where another does not. */
bool nirc_check_all_targets(const nirc_check *c, nirc_strbuf *b);

#endif
