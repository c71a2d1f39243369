/* frontend/compare_steps.c: models in lock-step, compared step by step. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/compare_runner.h"

enum {
  ROWS = NIRC_COMPARE_MOST_SHIFT + 1,                /* of what a layer sends: those of the last steps */
  SHIFTS = 2 * NIRC_COMPARE_MOST_SHIFT + 1
};

/* ---- comparing ----------------------------------------------------------------------------------------------------------------- */

/* What is known of one layer of one pair while it runs. */
typedef struct watch {
  nirc_compare_difference *d;
  bool *parted;                                      /* by lane of this part: what is sent has differed */
  bool dead[SHIFTS], matched[SHIFTS];                /* by shift + MOST_SHIFT: it is not that; a spike has been met by one */
  const nirc_compare_level *a, *b;                   /* where their quotient is that of the units of v; else NULL */
} watch;

static bool differ(float a, float b)
{
  return a != b && !(isnan(a) && isnan(b));
}

static bool before(uint64_t step, uint32_t sample, const nirc_compare_place *p)
{
  return !p->known || step < p->step || (step == p->step && sample < p->sample);
}

static void compare_sent(watch *w, const nirc_runner *r, const float *a, const float *b, size_t count, uint64_t t)
{
  uint32_t lanes = nirc_runner_lanes(r);
  if (memcmp(a, b, lanes * count * sizeof(float)) == 0)
    return;
  for (size_t i = 0; i < lanes * count; i++) {
    if (!differ(a[i], b[i]))
      continue;
    uint32_t lane = (uint32_t)(i / count);
    w->d->n++;
    w->parted[lane] = true;
    if (before(t, r->first + lane, &w->d->first))
      w->d->first = (nirc_compare_place){true, t, r->first + lane, i % count};
  }
}

static bool follows(const float *late, bool late_is_active, const float *row, bool row_is_active, size_t n)
{
  return late_is_active == row_is_active && (!late_is_active || memcmp(late, row, n * sizeof(float)) == 0);
}

/* Each way in which one train may follow the other by a number of steps. */
static void compare_shifted(watch *w, const nirc_runner *r, const nirc_runner_tap *a, const nirc_runner_tap *b, size_t count, uint64_t t)
{
  size_t n = nirc_runner_lanes(r) * count, now = t % r->rows;
  for (int s = -NIRC_COMPARE_MOST_SHIFT; s <= NIRC_COMPARE_MOST_SHIFT; s++) {
    int k = s + NIRC_COMPARE_MOST_SHIFT, by = abs(s);
    const nirc_runner_tap *late = s > 0 ? b : a, *early = s > 0 ? a : b;
    if (w->dead[k] || !s)
      continue;
    size_t then = (t + r->rows - (uint64_t)by) % r->rows;
    bool active = t >= (uint64_t)by && early->active[then];
    w->dead[k] = !follows(late->sent[now], late->active[now], early->sent[then], active, n);
    w->matched[k] |= active;
  }
}

static void compare_v(watch *w, const nirc_runner *r, const float *a, const float *b, size_t count, uint64_t t)
{
  uint32_t lanes = nirc_runner_lanes(r);
  nirc_compare_difference *d = w->d;
  if (!w->a && memcmp(a, b, lanes * count * sizeof(float)) == 0)
    return;
  for (size_t i = 0; i < lanes * count; i++) {
    size_t e = i % count;
    uint32_t lane = (uint32_t)(i / count);
    nirc_compare_place here = {true, t, r->first + lane, e};
    double x = (double)a[i], y = (double)b[i], unit = w->a ? fabs(nirc_compare_level_at(w->a, e)) : 0;
    if (w->a)
      y *= unit / fabs(nirc_compare_level_at(w->b, e));
    double by = x == y || (isnan(x) && isnan(y)) ? 0 : fabs(x - y);
    if (!(by > unit * 1e-6) && !isnan(by))           /* a quotient is rounded */
      continue;
    by = isnan(by) ? (double)INFINITY : by;
    d->mean_v += by;                                 /* the sum, until all of it is known */
    if (before(t, here.sample, &d->first_v))
      d->first_v = here;
    if (!d->most_v.known || by > d->most) {
      d->most_v = here;
      d->most = by;
      d->a = x;
      d->b = y;
    }
    if (!w->parted[lane] && (!d->most_v_agreed.known || by > d->most_agreed)) {
      d->most_v_agreed = here;
      d->most_agreed = by;
    }
  }
}

static watch *new_watches(const nirc_runner *r, nirc_compare_difference **differences)
{
  const nirc_comparison *c = r->j->c;
  watch *all = NIRC_NEW_ARRAY(r->j->arena, watch, r->n * c->n_layers);
  for (size_t k = 1; k < r->n; k++)
    for (size_t n = 0; n < c->n_layers; n++) {
      watch *w = &all[k * c->n_layers + n];
      const nirc_compare_level *a = &r->models[0]->levels[n], *b = &r->models[k]->levels[n];
      w->d = &differences[k][n];
      *w->d = (nirc_compare_difference){.shift = NIRC_COMPARE_NO_SHIFT};
      w->parted = NIRC_NEW_ARRAY(r->j->arena, bool, r->lanes);
      w->d->scaled = nirc_compare_units_differ(a, b, c->layers[n].count);
      w->a = w->d->scaled ? a : NULL;
      w->b = w->d->scaled ? b : NULL;
    }
  return all;
}

static void compare_step(nirc_runner *r, watch *watches, uint64_t t)
{
  const nirc_comparison *c = r->j->c;
  for (size_t k = 1; k < r->n; k++)
    for (size_t n = 0; n < c->n_layers; n++) {
      const nirc_runner_tap *a = &r->taps[0][n], *b = &r->taps[k][n];
      watch *w = &watches[k * c->n_layers + n];
      size_t count = c->layers[n].count;
      compare_sent(w, r, a->sent[t % r->rows], b->sent[t % r->rows], count, t);
      if (c->layers[n].spikes)
        compare_shifted(w, r, a, b, count, t);
      if (a->v && b->v)
        compare_v(w, r, a->v, b->v, count, t);
    }
}

static void count_spikes(const nirc_runner *r, double **spikes, uint64_t t)
{
  const nirc_comparison *c = r->j->c;
  for (size_t k = 0; k < r->n; k++)
    for (size_t n = 0; n < c->n_layers; n++) {
      const nirc_runner_tap *x = &r->taps[k][n];
      if (!c->layers[n].spikes || !x->active[t % r->rows])
        continue;
      for (size_t i = 0; i < nirc_runner_lanes(r) * c->layers[n].count; i++)
        spikes[k][n] += (double)x->sent[t % r->rows][i];
    }
}

/* The smallest shift at which the whole train of the one is that of the other, and that some spike shows. */
static int32_t shift_of(const watch *w)
{
  if (!w->d->first.known)
    return 0;
  for (int by = 1; by <= NIRC_COMPARE_MOST_SHIFT; by++)
    for (int sign = 1; sign >= -1; sign -= 2) {
      int k = sign * by + NIRC_COMPARE_MOST_SHIFT;
      if (!w->dead[k] && w->matched[k])
        return sign * by;
    }
  return NIRC_COMPARE_NO_SHIFT;
}

static void finish(const watch *w, const nirc_comparison *c, size_t n)
{
  double all = (double)c->steps * c->samples * (double)c->layers[n].count;
  w->d->shift = shift_of(w);
  w->d->mean_v = all > 0 ? w->d->mean_v / all : 0;
}

bool nirc_compare_steps(nirc_compare_job *j, nirc_compare_model *const *models, size_t n, nirc_compare_difference **differences, double **spikes, nirc_diag *d)
{
  nirc_runner r;
  bool ok = nirc_runner_open(&r, j, models, n, ROWS, 0, d);
  watch *watches = ok ? new_watches(&r, differences) : NULL;
  for (uint32_t first = 0; ok && first < j->input.batch; first += r.lanes) {
    nirc_runner_begin(&r, first);
    for (size_t k = j->c->n_layers; k < n * j->c->n_layers; k++)
      memset(watches[k].parted, 0, r.lanes * sizeof(bool));
    for (uint64_t t = 0; t < j->c->steps; t++) {
      nirc_runner_step(&r, t);
      compare_step(&r, watches, t);
      if (spikes)
        count_spikes(&r, spikes, t);
    }
  }
  for (size_t k = j->c->n_layers; ok && k < n * j->c->n_layers; k++)
    finish(&watches[k], j->c, k % j->c->n_layers);
  nirc_runner_close(&r);
  return ok;
}

/* ---- rasters ------------------------------------------------------------------------------------------------------------------------ */

/* The first difference in what layers with spikes send; NULL: there is none. */
static const nirc_compare_place *first_difference(const nirc_comparison *c)
{
  const nirc_compare_place *first = NULL;
  for (size_t p = 0; p + 1 < c->n_variants; p++)
    for (size_t n = 0; n < c->n_layers; n++) {
      const nirc_compare_place *x = &c->pairs[p].layers[n].first;
      if (c->layers[n].spikes && x->known && (!first || x->step < first->step))
        first = x;
    }
  return first;
}

/* The window: around that place, if any. */
static void choose_window(nirc_comparison *c, const nirc_compare_place *first)
{
  c->n_steps = c->steps < NIRC_COMPARE_MOST_COLUMNS ? c->steps : NIRC_COMPARE_MOST_COLUMNS;
  c->sample = first ? first->sample : 0;
  uint64_t margin = NIRC_COMPARE_MOST_COLUMNS / 4, at = first && first->step > margin ? first->step - margin : 0;
  c->first_step = at + c->n_steps > c->steps ? c->steps - c->n_steps : at;
}

/* The first step in the window at which an element differs between the models; behind them all those that do not. */
typedef struct candidate { size_t element; uint64_t step; } candidate;

static int by_step(const void *a, const void *b)
{
  const candidate *x = a, *y = b;
  int steps = (x->step > y->step) - (x->step < y->step);
  return steps ? steps : (x->element > y->element) - (x->element < y->element);
}

static int by_element(const void *a, const void *b)
{
  size_t x = *(const size_t *)a, y = *(const size_t *)b;
  return (x > y) - (x < y);
}

/* Steps by which layer n of model k is behind. */
static uint32_t late_by(const uint32_t *const *late, size_t k, size_t n)
{
  return late ? late[k][n] : 0;
}

/* The column of a raster that the row of step t of that layer is, from the window's first on; false: it is outside. */
static bool column_of(const nirc_comparison *c, uint32_t late, uint64_t t, uint64_t *column)
{
  *column = t - late - c->first_step;
  return t >= late + c->first_step && *column < c->n_steps;
}

static void look_for_candidates(const nirc_runner *r, const uint32_t *const *late, candidate **candidates, uint64_t t)
{
  const nirc_comparison *c = r->j->c;
  for (size_t n = 0; n < c->n_layers; n++)
    for (size_t k = 1; candidates[n] && k < r->n; k++) {
      uint64_t behind = late_by(late, k, n), column;
      if (!column_of(c, (uint32_t)behind, t, &column))
        continue;
      for (size_t e = 0; e < c->layers[n].count; e++)
        if (column < candidates[n][e].step && differ(r->taps[0][n].sent[(t - behind) % r->rows][e], r->taps[k][n].sent[t % r->rows][e]))
          candidates[n][e].step = column;
    }
}

static void choose_elements(nirc_comparison *c, nirc_arena *a, candidate **candidates)
{
  for (size_t n = 0; n < c->n_layers; n++) {
    const nirc_compare_layer *l = &c->layers[n];
    nirc_compare_raster *x = &c->rasters[n];
    if (!l->spikes)
      continue;
    x->n_elements = l->count < NIRC_COMPARE_MOST_ROWS ? l->count : NIRC_COMPARE_MOST_ROWS;
    x->elements = NIRC_NEW_ARRAY(a, size_t, x->n_elements);
    if (candidates[n])
      qsort(candidates[n], l->count, sizeof **candidates, by_step);
    for (size_t e = 0; e < x->n_elements; e++)
      x->elements[e] = candidates[n] ? candidates[n][e].element : e;
    qsort(x->elements, x->n_elements, sizeof *x->elements, by_element);
    x->values = NIRC_NEW_ARRAY(a, float *, c->n_variants);
    for (size_t k = 0; k < c->n_variants; k++)
      x->values[k] = NIRC_NEW_ARRAY(a, float, c->n_steps * x->n_elements);
  }
}

static void draw_step(const nirc_runner *r, const uint32_t *const *late, uint64_t t)
{
  const nirc_comparison *c = r->j->c;
  for (size_t n = 0; n < c->n_layers; n++)
    for (size_t k = 0; k < r->n; k++) {
      const nirc_compare_raster *x = &c->rasters[n];
      uint64_t column;
      for (size_t e = 0; column_of(c, late_by(late, k, n), t, &column) && e < x->n_elements; e++)
        x->values[k][column * x->n_elements + e] = r->taps[k][n].sent[t % r->rows][x->elements[e]];
    }
}

static uint32_t most_late(const nirc_comparison *c, const uint32_t *const *late, size_t n_models)
{
  uint32_t most = 0;
  for (size_t k = 0; k < n_models; k++)
    for (size_t n = 0; n < c->n_layers; n++)
      most = late_by(late, k, n) > most ? late_by(late, k, n) : most;
  return most;
}

/* Layers of more elements than are drawn: a run before says which. */
static candidate **new_candidates(const nirc_runner *r)
{
  const nirc_comparison *c = r->j->c;
  candidate **all = NIRC_NEW_ARRAY(r->j->arena, candidate *, c->n_layers);
  for (size_t n = 0; n < c->n_layers; n++) {
    size_t count = c->layers[n].spikes && c->layers[n].count > NIRC_COMPARE_MOST_ROWS ? c->layers[n].count : 0;
    all[n] = count ? NIRC_NEW_ARRAY(r->j->arena, candidate, count) : NULL;
    for (size_t e = 0; e < count; e++)
      all[n][e] = (candidate){e, UINT64_MAX};
  }
  return all;
}

bool nirc_compare_rasters(nirc_compare_job *j, nirc_compare_model *const *models, size_t n, const nirc_compare_place *first, const uint32_t *const *late, nirc_diag *d)
{
  nirc_comparison *c = j->c;
  nirc_runner r;
  choose_window(c, first ? first : first_difference(c));
  c->rasters = NIRC_NEW_ARRAY(j->arena, nirc_compare_raster, c->n_layers);
  uint32_t most = most_late(c, late, n);
  bool ok = nirc_runner_open(&r, j, models, n, ROWS + most, 1, d);
  if (ok) {
    candidate **candidates = new_candidates(&r);
    for (int drawing = 0; drawing < 2; drawing++) {
      nirc_runner_begin(&r, c->sample);
      for (uint64_t t = 0; t < c->first_step + c->n_steps + most; t++) {
        nirc_runner_step(&r, t);
        if (drawing)
          draw_step(&r, late, t);
        else
          look_for_candidates(&r, late, candidates, t);
      }
      if (!drawing)
        choose_elements(c, j->arena, candidates);
    }
  }
  nirc_runner_close(&r);
  return ok;
}
