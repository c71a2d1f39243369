/* frontend/compare_cause.c: which choice of the table of profiles is behind a difference. Choices of the one variant are changed to those of the other, one at a
 * time; where none alone makes the two agree, all are, and then taken back one by one as long as the two agree. */
#include <stdlib.h>
#include <string.h>

#include "frontend/compare_run.h"
#include "passes/profiles.h"

typedef struct search {
  nirc_compare_job *j;
  nirc_compare_pair *p;
  const nirc_semantics *a, *b;                       /* as written */
  nirc_compare_model *model_a, *model_b;
  nirc_diag silent;                                  /* what a mix is refused for is no fault of the user's */
  FILE *nowhere;
  nirc_strbuf agreed;                                /* text of the last step that agreed; empty: none yet */
} search;

/* ---- mixes ---------------------------------------------------------------------------------------------------------------------- */

/* The first variant with the choices of `set` as the other has them. */
static nirc_compare_choices mixed(const search *s, const bool *set)
{
  nirc_compare_choices x = {.profile = s->a->profile, .dt = s->a->dt, .reset = s->a->reset};
  nirc_strbuf mix;
  nirc_strbuf_init(&mix, s->j->heap);
  for (size_t k = 0; k < s->p->n_choices; k++) {
    const char *name = s->p->choices[k].name;
    if (!set[k])
      continue;
    if (strcmp(name, "dt") == 0)
      x.dt = s->b->dt;
    if (strcmp(name, "reset") == 0)
      x.reset = s->b->reset;
    if (strcmp(s->a->profile, s->b->profile))
      nirc_strbuf_addf(&mix, "%s%s:%s", mix.size ? "+" : "", name, s->b->profile);
  }
  x.mix = mix.size ? nirc_arena_strdup(s->j->arena, mix.data) : NULL;
  nirc_strbuf_deinit(&mix);
  return x;
}

/* ---- what agrees ---------------------------------------------------------------------------------------------------------------------- */

static bool agrees(const search *s, const nirc_compare_difference *layers)
{
  return nirc_compare_first_layer(s->j->c, layers, s->p->subject) == s->j->c->n_layers;
}

static bool same_step(const nirc_compare_model *a, const nirc_compare_model *b)
{
  return strcmp(a->text.data, b->text.data) == 0;
}

/* ---- one at a time ------------------------------------------------------------------------------------------------------------------- */

static bool make(search *s, nirc_compare_model *x, const bool *set)
{
  nirc_compare_choices choices = mixed(s, set);
  unsigned before = s->silent.errors;
  bool ok = nirc_compare_model_make(x, s->j, &choices, &s->silent) && s->silent.errors == before;
  s->silent.errors = 0;
  return ok;
}

/* Every choice alone, all in lock-step with b. */
static bool try_each(search *s, nirc_compare_model *models, nirc_diag *d)
{
  nirc_compare_pair *p = s->p;
  nirc_compare_model *running[NIRC_N_CHOICES + 1] = {s->model_b};
  nirc_compare_difference *differences[NIRC_N_CHOICES + 1] = {NULL};
  size_t n = 1, which[NIRC_N_CHOICES + 1];
  for (size_t k = 0; k < p->n_choices; k++) {
    bool set[NIRC_N_CHOICES] = {false};
    set[k] = true;
    p->choices[k].refused = !make(s, &models[k], set);
    p->choices[k].differs = !p->choices[k].refused && !same_step(&models[k], s->model_a);
    if (!p->choices[k].differs)
      continue;
    if (!nirc_compare_model_compile(&models[k], s->j, d))
      return false;
    differences[n] = NIRC_NEW_ARRAY(s->j->arena, nirc_compare_difference, s->j->c->n_layers);
    which[n] = k;
    running[n++] = &models[k];
  }
  if (n == 1)
    return true;
  if (!nirc_compare_steps(s->j, running, n, differences, NULL, d))
    return false;
  for (size_t i = 1; i < n; i++) {
    p->choices[which[i]].layers = differences[i];
    p->choices[which[i]].agrees = agrees(s, differences[i]);
  }
  return true;
}

/* ---- several together ------------------------------------------------------------------------------------------------------------------ */

/* *yes: the first variant with these choices of the other agrees with it; then how its layers still differ is kept. False after a diagnostic. */
static bool try_set(search *s, const bool *set, bool *yes, nirc_diag *d)
{
  nirc_compare_model x = {0};
  nirc_compare_difference *differences[2] = {NULL, NIRC_NEW_ARRAY(s->j->arena, nirc_compare_difference, s->j->c->n_layers)};
  bool ok = true;
  *yes = false;
  if (make(s, &x, set) && !same_step(&x, s->model_a)) {
    bool known = strcmp(x.text.data, s->agreed.data) == 0;               /* the choice that was taken back changes nothing here */
    *yes = known || same_step(&x, s->model_b);
    if (!*yes) {
      ok = nirc_compare_model_compile(&x, s->j, d) && nirc_compare_steps(s->j, (nirc_compare_model *[]){s->model_b, &x}, 2, differences, NULL, d);
      *yes = ok && agrees(s, differences[1]);
    }
    if (*yes && !known) {
      s->p->together_layers = differences[1];
      s->agreed.size = 0;
      nirc_strbuf_add(&s->agreed, x.text.data);
    }
  }
  nirc_compare_model_free(&x);
  return ok;
}

/* From all choices, also those that change nothing alone. One that could not be taken back while another stood may be when that is gone, so until nothing more can be. */
static bool look_for_set(search *s, nirc_diag *d)
{
  nirc_compare_pair *p = s->p;
  bool *set = NIRC_NEW_ARRAY(s->j->arena, bool, p->n_choices), yes;
  for (size_t k = 0; k < p->n_choices; k++)
    set[k] = true;
  if (!try_set(s, set, &yes, d) || !yes)
    return !nirc_diag_failed(d);
  for (bool less = true; less;) {
    less = false;
    for (size_t k = 0; k < p->n_choices; k++) {
      if (!set[k])
        continue;
      set[k] = false;
      if (!try_set(s, set, &yes, d))
        return false;
      set[k] = !yes;
      less |= yes;
    }
  }
  p->together = set;
  return true;
}

/* ---- the search ----------------------------------------------------------------------------------------------------------------------------- */

static void list_choices(search *s)
{
  nirc_compare_pair *p = s->p;
  p->n_choices = NIRC_N_CHOICES;
  p->choices = NIRC_NEW_ARRAY(s->j->arena, nirc_compare_choice, p->n_choices);
  for (size_t k = 0; k < p->n_choices; k++)
    p->choices[k].name = nirc_choice_names[k];
}

bool nirc_compare_find_cause(nirc_compare_job *j, nirc_compare_pair *p, nirc_compare_model *a, nirc_compare_model *b, nirc_diag *d)
{
  p->subject = nirc_compare_subject_of(j->c, p->layers);
  if (j->c->without_causes || same_step(a, b))
    return true;
  search s = {.j = j, .p = p, .a = &j->o->compare.profiles[p->a], .b = &j->o->compare.profiles[p->b], .model_a = a, .model_b = b, .nowhere = fopen("/dev/null", "w")};
  nirc_compare_model models[NIRC_N_CHOICES] = {0};
  if (!s.nowhere) {
    nirc_error_status(d, NIRC_STATUS_IO, nirc_loc_file("/dev/null"), "cannot be opened");
    return false;
  }
  nirc_diag_init(&s.silent, s.nowhere, "nirc");
  nirc_strbuf_init(&s.agreed, j->heap);
  list_choices(&s);
  bool ok = try_each(&s, models, d), alone = false;
  for (size_t k = 0; k < p->n_choices; k++) {
    alone |= p->choices[k].agrees;
    nirc_compare_model_free(&models[k]);
  }
  ok = ok && (alone || p->subject == NIRC_COMPARE_NOTHING || look_for_set(&s, d));
  nirc_strbuf_deinit(&s.agreed);
  fclose(s.nowhere);
  return ok;
}
