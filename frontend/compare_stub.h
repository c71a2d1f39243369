/* frontend/compare_stub.h: stands in for `mix` of the pass discretise and for nirc_choice_names of passes/profiles.h where they are not there yet; to be deleted, with the lines
 * that name it. Must not know: anything that outlives it. */
#ifndef NIRC_FRONTEND_COMPARE_STUB_H
#define NIRC_FRONTEND_COMPARE_STUB_H

#include "frontend/compare_run.h"

#if !__has_include("ir/neuron.h")

#include <string.h>

enum { NIRC_N_CHOICES = 3 };
static const char *const nirc_choice_names[NIRC_N_CHOICES] = {"coefficients", "reset", "dt"};

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

#else
#define nirc_compare_without_mix(a, x) (x)
#endif

#endif
