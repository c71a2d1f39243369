#include "frontend/identify.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "frontend/nir_build.h"

const nirc_exporter nirc_exporters[NIRC_N_EXPORTERS] = {
  [NIRC_BY_NORSE] = {"norse", "Norse", "norse", "time constants in seconds times the step of the export, 1e-3 s unless it said otherwise", NIRC_N_TIME_RULES, 1e-3},
  [NIRC_BY_SNNTORCH] = {"snntorch", "snnTorch", "snntorch", "time constants in seconds for a step of 1e-4 s, to which its export is fixed", NIRC_TIME_R_TAU, 1e-4},
  [NIRC_BY_SINABS] = {"sinabs", "Sinabs", "sinabs", "time constants in steps", NIRC_N_TIME_RULES, 1},
  [NIRC_BY_ROCKPOOL] = {"rockpool", "Rockpool", "rockpool", "time constants in seconds; r has the module's step in it", NIRC_TIME_R_DECAYED, 1e-3},
  [NIRC_BY_SPIKINGJELLY] = {"spikingjelly", "SpikingJelly", "spikingjelly", "time constants in steps times the step of the export, 1e-4 s unless it said otherwise", NIRC_TIME_R_TAU, 1e-4},
  [NIRC_BY_SPYX] = {"spyx", "Spyx", "spyx", "time constants in steps, unless the export said otherwise", NIRC_TIME_R_BETA, 1},
  [NIRC_BY_LAVADL] = {"lavadl", "a converter from Lava-DL", "lavadl", "time constants in seconds for a step of 1e-4 s", NIRC_TIME_R_TAU, 1e-4},
  [NIRC_BY_NENGO] = {"nengo", "a converter from Nengo", "nengo", "time constants in seconds", NIRC_N_TIME_RULES, 1e-3},
  [NIRC_BY_NEUROCUDA] = {"neurocuda", "NeuroCUDA", "neurocuda", "no time constants: it counts steps", NIRC_N_TIME_RULES, 1},
  [NIRC_BY_OTHER] = {"other", "none of the exporters that nirc knows (by hand?)", "nir", "time constants in seconds, as NIR has them", NIRC_N_TIME_RULES, 0},
};

/* ---- who ------------------------------------------------------------------------------------------------------------------- */

static void score(nirc_identity *i)
{
  enum { HARDLY = 4 };                               /* times likelier: nothing to go by */
  double sum = 0;
  int best = -1000;
  for (int k = 0; k < NIRC_N_EXPORTERS; k++) {
    for (size_t n = 0; n < i->n_signs; n++)
      i->score[k] += i->signs[n].weights[k];
    best = i->score[k] > best ? i->score[k] : best;
  }
  for (int k = 0; k < NIRC_N_EXPORTERS; k++) {
    i->share[k] = exp2(i->score[k] - best);
    sum += i->share[k];
  }
  for (int k = 0; k < NIRC_N_EXPORTERS; k++) {
    i->share[k] /= sum;
    int at = k;
    for (; at > 0 && i->score[i->order[at - 1]] < i->score[k]; at--)
      i->order[at] = i->order[at - 1];
    i->order[at] = (nirc_exporter_id)k;
  }
  for (int k = 0; k < NIRC_N_EXPORTERS; k++)
    i->n_likely += i->share[i->order[k]] * HARDLY >= i->share[i->order[0]];
}

/* That it was none of those one knows is never sure. */
const char *nirc_identity_confidence(const nirc_identity *i)
{
  double share = i->share[i->order[0]];
  return share >= 0.95 && i->order[0] != NIRC_BY_OTHER ? "sure" : share >= 0.75 ? "likely" : "unsure";
}

/* ---- when ------------------------------------------------------------------------------------------------------------------ */

/* What the parameters say themselves; else the exporter's own step, where it is not too long for them. */
static void choose_dt(nirc_identity *i, const nirc_scene *s)
{
  enum { STEPS_PER_TAU = 5 };
  char why[NIRC_TIME_WHY];
  const nirc_exporter *e = &nirc_exporters[i->order[0]];
  if (nirc_time_suggest(&s->time, &i->dt, why) != NIRC_TIME_UNKNOWN) {
    i->dt_why = nirc_arena_strdup(s->arena, why);
  } else if (e->rule < NIRC_N_TIME_RULES && s->time.fit[e->rule].dt > 0) {
    i->dt = s->time.fit[e->rule].dt;                 /* no evidence by itself, but the rule is known now */
    i->dt_why = nirc_arena_printf(s->arena, "%s gives it", nirc_time_rule_text(e->rule));
  } else if (s->time.integrators && !s->time.has_tau) {
    i->dt = 1;
    i->dt_why = "I or IF and no time constant: the network counts steps";
  } else if (e->dt > 0 && (!s->time.has_tau || e->dt * STEPS_PER_TAU <= s->time.least_tau || e->dt <= 1e-4)) {
    i->dt = e->dt;
    i->dt_why = "the exporter's own; nothing in the file tells";
  } else {
    i->dt = 1e-4;
    i->dt_why = "that of the NIR paper; nothing in the file tells";
  }
}

/* ---- and how to read it -------------------------------------------------------------------------------------------------------- */

/* A node that nothing leads to gets an Input from --lenient, and is refused without. */
static bool is_reached(const nirc_module *m)
{
  NIRC_FOR_EACH_OP(op, m->body.first->body)
    if (op->code != NIR_INPUT && op->code != NIR_GRAPH && !op->n_operands)
      return false;
  return true;
}

static bool builds(const nirc_h5_file *f, bool lenient, const nirc_heap *h)
{
  nirc_module *m = nirc_nir_try(f, "model", lenient ? NIRC_REPAIR_ALL : NIRC_REPAIR_NONE, h);
  bool ok = m && (lenient || is_reached(m));
  nirc_module_free(m);
  return ok;
}

/* As a shell takes it for one word. */
static const char *word(nirc_arena *a, const char *s)
{
  static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./-+,=:@%";
  if (*s && s[strspn(s, plain)] == 0)
    return s;
  char *quoted = nirc_arena_alloc(a, 4 * strlen(s) + 3, 1), *to = quoted;
  *to++ = '\'';
  for (; *s; s++)
    if (*s == '\'') {
      memcpy(to, "'\\''", 4);
      to += 4;
    } else {
      *to++ = *s;
    }
  *to = '\'';
  return quoted;
}

static void make_command(nirc_identity *i, const nirc_scene *s, const nirc_h5_file *f)
{
  nirc_arena *a = s->arena;
  const nirc_heap *h = nirc_arena_heap(a);
  /* Under `nir` an IF with r = 1 would integrate dt*x. */
  bool per_step = i->order[0] == NIRC_BY_OTHER && s->time.unit_if && s->time.has_tau && s->time.least_tau < 1;
  bool strict = builds(f, false, h);
  i->needs_lenient = !strict && builds(f, true, h);
  i->refused = !strict && !i->needs_lenient;
  i->command = nirc_arena_printf(a, "nirc %s%s --semantics %s --dt %g", word(a, i->path), i->needs_lenient ? " --lenient" : "",
                                  per_step ? "unit" : nirc_exporters[i->order[0]].profile, i->dt);
}

const nirc_identity *nirc_identify(const char *path, nirc_arena *a, nirc_diag *d)
{
  nirc_scene s;
  nirc_h5_limits limits = nirc_h5_limits_default();
  const nirc_h5_file *f = nirc_h5_read(a, path, &limits, d);
  if (!f || !nirc_scene_make(&s, a, f, d))
    return NULL;
  nirc_identity *i = NIRC_NEW(a, nirc_identity);
  i->path = path;
  i->version = s.version;
  i->signs = nirc_identify_signs(&s, &i->n_signs);
  score(i);
  choose_dt(i, &s);
  make_command(i, &s, f);
  return i;
}
