/* frontend/compare_stub.h: stands in for `mix` of the pass discretise and for nirc_choice_names of passes/profiles.h until both are there; then this file goes, with its two users'
 * lines. Must not know: anything that outlives it. */
#ifndef NIRC_FRONTEND_COMPARE_STUB_H
#define NIRC_FRONTEND_COMPARE_STUB_H

#include <string.h>

#include "frontend/compare_run.h"

static const char *const nirc_choice_names[] = {"coefficients", "reset", "dt", NULL};

/* Profiles there are so far differ in their coefficients only. */
static inline nirc_compare_choices nirc_compare_without_mix(nirc_arena *a, nirc_compare_choices x)
{
  const char *from = x.mix ? strstr(x.mix, "coefficients:") : NULL;
  if (from) {
    from += strlen("coefficients:");
    x.profile = nirc_arena_strndup(a, from, strcspn(from, "+"));
  }
  (void)nirc_choice_names;
  x.mix = NULL;
  return x;
}

#endif
