#include "targets/target.h"

#include <string.h>

#include "ir/activity.h"
#include "ir/base/guess.h"
#include "passes/lower.h"
#include "passes/pass.h"

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

bool nirc_target_write_script(const nirc_module *m, const char *name, const char *const *lines, nirc_sink *out)
{
  nirc_strbuf b;
  nirc_strbuf_init(&b, m->heap);
  for (; *lines; lines++)
    nirc_strbuf_add(&b, *lines);
  bool ok = nirc_sink_write(out, name, b.data, b.size);
  nirc_strbuf_deinit(&b);
  return ok;
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

/* ---- lowering ------------------------------------------------------------------------------------------------------------------- */

static bool is_choice(const nirc_target_option *o, const char *value)
{
  for (size_t i = 0; o->choices && o->choices[i]; i++)
    if (strcmp(o->choices[i], value) == 0)
      return true;
  return !o->choices;
}

static bool take_option(const nirc_target *t, const char **values, const char *word, nirc_diag *d)
{
  size_t n = strcspn(word, "=");
  for (size_t i = 0; i < t->n_options; i++)
    if (strlen(t->options[i].name) == n && strncmp(t->options[i].name, word, n) == 0) {
      values[i] = word[n] ? word + n + 1 : "";
      if (is_choice(&t->options[i], values[i]))
        return true;
      nirc_error_status(d, NIRC_STATUS_USAGE, nirc_loc_none(), "'%s': %s is no %s of -t %s", word, values[i], t->options[i].argument, t->name);
      return false;
    }
  nirc_error_status(d, NIRC_STATUS_USAGE, nirc_loc_none(), "'%s' is no option of -t %s", word, t->name);
  return false;
}

/* "NAME=VALUE NAME ...", in the arena, to values by index. */
static bool read_options(const nirc_target *t, const char **values, nirc_arena *a, const char *text, nirc_diag *d)
{
  for (const char *at = text + strspn(text, " "); *at; at += strspn(at, " ")) {
    const char *word = nirc_arena_strndup(a, at, strcspn(at, " "));
    if (!take_option(t, values, word, d))
      return false;
    at += strlen(word);
  }
  return true;
}

/* "NAME NAME ...", names of constraints. */
static bool read_without(const nirc_target *t, unsigned *bits, nirc_arena *a, const char *text, nirc_diag *d)
{
  for (const char *at = text + strspn(text, " "); *at; at += strspn(at, " ")) {
    const char *word = nirc_arena_strndup(a, at, strcspn(at, " "));
    size_t i = 0;
    while (i < t->n_constraints && strcmp(t->constraints[i].name, word))
      i++;
    if (i == t->n_constraints) {
      nirc_error_status(d, NIRC_STATUS_USAGE, nirc_loc_none(), "'%s' is no constraint of -t %s", word, t->name);
      return false;
    }
    *bits |= 1u << i;
    at += strlen(word);
  }
  return true;
}

/* What the job is, and whose; NULL after a diagnostic. */
static const nirc_target *read_job(nirc_module *m, const nirc_lowering *l, nirc_lower_job *job, nirc_diag *d)
{
  const nirc_target *t = nirc_target_find(l->target);
  if (!t || !t->lower) {
    nirc_error_status(d, NIRC_STATUS_USAGE, nirc_loc_none(), t ? "-t %s has nothing to lower to" : "'%s' is no target", l->target);
    return NULL;
  }
  if (l->profile && !nirc_target_takes_profile(t, l->profile)) {
    nirc_error_status(d, NIRC_STATUS_USAGE, nirc_loc_none(), "-t %s knows no profile '%s'", t->name, l->profile);
    return NULL;
  }
  if (l->partition && (!t->cuts || (strcmp(l->partition, "min-cut") && strcmp(l->partition, "first-fit")))) {
    nirc_error_status(d, NIRC_STATUS_USAGE, nirc_loc_none(), t->cuts ? "'%s' is no way to cut a network; first-fit and min-cut are" : "'%s': -t %s cuts nothing into cores",
                      l->partition, t->name);
    return NULL;
  }
  const char **values = NIRC_NEW_ARRAY(m->arena, const char *, t->n_options + 1);
  if (!read_options(t, values, m->arena, l->options ? l->options : "", d))
    return NULL;
  unsigned without = 0;
  if (!read_without(t, &without, m->arena, l->without ? l->without : "", d))
    return NULL;
  const nirc_attr *own = nirc_op_attr(m->body.first, "dt");
  *job = (nirc_lower_job){.dt = own ? own->f : 0, .profile = l->profile ? l->profile : t->profiles[0], .reset_given = l->reset != NULL,
                          .subtract = l->reset && strcmp(l->reset, "subtract") == 0, .options = values,
                          .min_cut = l->partition && strcmp(l->partition, "min-cut") == 0, .without = without};
  if (l->dt)
    nirc_parse_time(l->dt, &job->dt);
  if (t->needs_dt && !(job->dt > 0)) {
    nirc_error_status(d, NIRC_STATUS_USAGE, nirc_loc_none(), "-t %s needs a time step: --dt", t->name);
    return NULL;
  }
  return t;
}

bool nirc_lower(nirc_module *m, const nirc_lowering *l, nirc_diag *d)
{
  nirc_lower_job job;
  const nirc_target *t = read_job(m, l, &job, d);
  const nirc_attr *activity = nirc_op_attr(m->body.first, NIRC_ACTIVITY);
  if (!t || !t->lower(m, &job, d))
    return false;
  nirc_activity_carry(m, m->body.first, activity);
  return true;
}

bool nirc_adapt(nirc_module *m, const nirc_lowering *l, nirc_diag *d)
{
  nirc_lower_job job;
  const nirc_target *t = read_job(m, l, &job, d);
  return t && (!t->adapt || t->adapt(m, &job, d));
}
