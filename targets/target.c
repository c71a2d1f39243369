#include "targets/target.h"

#include <string.h>

#include "ir/base/guess.h"

#define NIRC_TARGET(target) extern const nirc_target target;
#include "targets/targets.def"
#undef NIRC_TARGET

const nirc_target *const nirc_targets[] = {
#define NIRC_TARGET(target) &target,
#include "targets/targets.def"
#undef NIRC_TARGET
  NULL
};

const nirc_target *nirc_target_find(const char *name)
{
  for (size_t i = 0; nirc_targets[i]; i++)
    if (strcmp(nirc_targets[i]->name, name) == 0)
      return nirc_targets[i];
  return NULL;
}

void nirc_target_guess(const char *name, nirc_diag *d)
{
  nirc_guess g = {0};
  for (size_t i = 0; nirc_targets[i]; i++)
    nirc_guess_consider(&g, name, nirc_targets[i]->name);
  nirc_guess_note(&g, d, nirc_loc_none());
}

bool nirc_target_takes_profile(const nirc_target *t, const char *profile)
{
  if (!t->profiles)
    return true;
  for (size_t i = 0; t->profiles[i]; i++)
    if (strcmp(t->profiles[i], profile) == 0)
      return true;
  return false;
}

void nirc_targets_print_list(nirc_strbuf *b)
{
  for (size_t i = 0; nirc_targets[i]; i++)
    nirc_strbuf_addf(b, "%-12s %s%s\n", nirc_targets[i]->name, nirc_targets[i]->summary, nirc_targets[i]->available ? "" : " (not in this version)");
}
