#include "frontend/semantics.h"

#include <string.h>

#include "passes/pass.h"
#include "passes/profiles.h"

#define USAGE(...) (nirc_error_status(d, NIRC_STATUS_USAGE, nirc_loc_none(), __VA_ARGS__), false)

bool nirc_semantics_take_dt(const char **to, const char *text, nirc_diag *d)
{
  double seconds;
  if (!nirc_parse_time(text, &seconds))
    return USAGE("--dt '%s': a time above 0 is wanted, such as 1ms, 100us or 0.001", text);
  *to = text;
  return true;
}

bool nirc_semantics_take_reset(const char **to, const char *text, nirc_diag *d)
{
  if (strcmp(text, "v_reset") && strcmp(text, "subtract")) {
    (void)USAGE("--reset '%s': v_reset or subtract is wanted", text);
    nirc_reset_guess(text, d);
    return false;
  }
  *to = text;
  return true;
}

bool nirc_semantics_parse(nirc_semantics *s, nirc_arena *a, const char *option, const char *text, nirc_diag *d)
{
  char *rest = nirc_arena_strdup(a, text), *name = strsep(&rest, ":");
  const nirc_profile *p = nirc_profile_find(name);
  if (!p) {
    (void)USAGE("%s '%s': no such profile; --list-profiles shows what there is", option, name);
    nirc_profile_guess(name, d);
    return false;
  }
  *s = (nirc_semantics){.text = nirc_arena_strdup(a, text), .profile = p->name};
  for (char *part; (part = strsep(&rest, ":"));) {
    bool ok = strncmp(part, "reset=", 6) == 0 ? nirc_semantics_take_reset(&s->reset, part + 6, d)
              : strncmp(part, "dt=", 3) == 0  ? nirc_semantics_take_dt(&s->dt, part + 3, d)
                                              : USAGE("%s '%s': `%s` is not known; reset=KIND and dt=TIME are", option, text, part);
    if (!ok)
      return false;
  }
  return true;
}

nirc_semantics *nirc_semantics_parse_list(nirc_arena *a, const char *option, const char *text, size_t *n, nirc_diag *d)
{
  nirc_semantics *list = NIRC_NEW_ARRAY(a, nirc_semantics, NIRC_SEMANTICS_MOST);
  char *rest = nirc_arena_strdup(a, text);
  *n = 0;
  for (char *part; (part = strsep(&rest, ","));) {
    if (*n == NIRC_SEMANTICS_MOST) {
      (void)USAGE("%s: %d profiles at the most", option, NIRC_SEMANTICS_MOST);
      return NULL;
    }
    if (!nirc_semantics_parse(&list[(*n)++], a, option, part, d))
      return NULL;
  }
  if (*n < 2) {
    (void)USAGE("%s '%s': two profiles or more are wanted, with commas between", option, text);
    return NULL;
  }
  return list;
}
