/* frontend/compare_steps.c: several models in lock-step on one input, compared step by step: nothing of a run is kept but a few rows. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/compare_run.h"

enum {
  ROWS = NIRC_COMPARE_MOST_SHIFT + 1,                /* of what a layer sends: those of the last steps */
  SHIFTS = 2 * NIRC_COMPARE_MOST_SHIFT + 1,
  MOST_BYTES = 64 << 20                              /* of rows: what more samples need is run one part behind the other */
};

/* What one model gives of one layer. */
typedef struct tap {
  float *sent[ROWS], *v;                             /* [lanes][count]; sent of step t in row t % ROWS; v NULL where there is none */
  bool active[ROWS];                                 /* is anything in that row not 0? */
  uint32_t sent_port, v_port;                        /* among the outputs and probes */
} tap;

typedef struct runner {
  nirc_compare_job *j;
  nirc_compare_model *const *models;
  size_t n;
  uint32_t lanes, first;                             /* samples [first, first + lanes) */
  nirc_model **instances;
  tap **taps;                                        /* by model, layer */
  void ***out;                                       /* by model, port: arguments of its step */
  float **zeros;                                     /* by input port: gathered rows, or zeros */
  const void **in;
} runner;

/* ---- running ---------------------------------------------------------------------------------------------------------------- */

static void *allocate(void *user, size_t size, size_t align)
{
  (void)user;
  void *p;
  return posix_memalign(&p, align, size) ? NULL : p;
}

static void release(void *user, void *p, size_t size)
{
  (void)user; (void)size;
  free(p);
}

/* Place of a probe among the outputs and probes; UINT32_MAX where the model has none of that name. */
static uint32_t find_probe(const nirc_model_info *info, const char *node, const char *what)
{
  size_t n = strlen(node);
  for (uint32_t k = 0; k < info->n_probes; k++) {
    const char *name = info->probes[k].name;
    if (strncmp(name, node, n) == 0 && name[n] == '/' && strcmp(name + n + 1, what) == 0)
      return info->n_outputs + k;
  }
  return UINT32_MAX;
}

static float *new_row(runner *r, size_t count)
{
  size_t n;
  if (!nirc_mul_size(&n, count, r->lanes) || !nirc_mul_size(&n, n, sizeof(float)))
    n = SIZE_MAX / 2;                                /* more than there is */
  return memset(nirc_heap_alloc(r->j->heap, n), 0, n);
}

static void open_model(runner *r, size_t k)
{
  const nirc_comparison *c = r->j->c;
  const nirc_model_info *info = r->models[k]->model.info;
  r->out[k] = NIRC_NEW_ARRAY(r->j->arena, void *, info->n_outputs + info->n_probes);
  r->taps[k] = NIRC_NEW_ARRAY(r->j->arena, tap, c->n_layers);
  for (uint32_t i = 0; i < info->n_outputs; i++)
    r->out[k][i] = new_row(r, info->outputs[i].count);
  for (size_t n = 0; n < c->n_layers; n++) {
    const nirc_compare_layer *l = &c->layers[n];
    tap *x = &r->taps[k][n];
    x->sent_port = find_probe(info, l->name, l->spikes ? "spikes" : "value");
    if (x->sent_port == UINT32_MAX)                  /* a profile under which it does not spike */
      x->sent_port = find_probe(info, l->name, "value");
    x->v_port = find_probe(info, l->name, "v");
    NIRC_ASSERT(x->sent_port != UINT32_MAX);
    for (int i = 0; i < ROWS; i++)
      x->sent[i] = new_row(r, l->count);
    if (x->v_port != UINT32_MAX)
      r->out[k][x->v_port] = x->v = new_row(r, l->count);
  }
}

/* Samples that fit into the memory of one part. */
static uint32_t lanes_of(const nirc_compare_job *j, size_t n_models)
{
  double bytes = 1;
  for (size_t n = 0; n < j->c->n_layers; n++)
    bytes += (double)j->c->layers[n].count * (ROWS + 1) * sizeof(float) * (double)n_models;
  double most = MOST_BYTES / bytes;
  return most < 1 ? 1 : most < j->input.batch ? (uint32_t)most : j->input.batch;
}

static bool open_runner(runner *r, nirc_compare_job *j, nirc_compare_model *const *models, size_t n, uint32_t lanes, nirc_diag *d)
{
  static const nirc_allocator a = {allocate, release, NULL};
  *r = (runner){.j = j, .models = models, .n = n, .lanes = lanes};
  r->instances = NIRC_NEW_ARRAY(j->arena, nirc_model *, n);
  r->taps = NIRC_NEW_ARRAY(j->arena, tap *, n);
  r->out = NIRC_NEW_ARRAY(j->arena, void **, n);
  r->zeros = NIRC_NEW_ARRAY(j->arena, float *, j->info->n_inputs);
  r->in = NIRC_NEW_ARRAY(j->arena, const void *, j->info->n_inputs);
  for (uint32_t i = 0; i < j->info->n_inputs; i++)
    r->zeros[i] = new_row(r, j->info->inputs[i].count);
  for (size_t k = 0; k < n; k++) {
    open_model(r, k);
    if (models[k]->model.api->create(lanes, &a, &r->instances[k]) != NIRC_OK) {
      nirc_error_status(d, NIRC_STATUS_LIMIT, nirc_loc_file(j->path), "there is no memory for %u samples of the network", lanes);
      return false;
    }
  }
  return true;
}

static void close_runner(runner *r)
{
  for (uint32_t i = 0; i < r->j->info->n_inputs; i++)
    nirc_heap_free(r->j->heap, r->zeros[i]);
  for (size_t k = 0; k < r->n && r->taps[k]; k++) {
    for (uint32_t i = 0; i < r->models[k]->model.info->n_outputs; i++)
      nirc_heap_free(r->j->heap, r->out[k][i]);
    for (size_t n = 0; n < r->j->c->n_layers; n++) {
      for (int i = 0; i < ROWS; i++)
        nirc_heap_free(r->j->heap, r->taps[k][n].sent[i]);
      nirc_heap_free(r->j->heap, r->taps[k][n].v);
    }
    if (r->instances[k])
      r->models[k]->model.api->destroy(r->instances[k]);
  }
}

/* Samples from `first` on, from the start. What is left of a part behind the last sample runs on zeros and is not looked at. */
static void begin(runner *r, uint32_t first)
{
  r->first = first;
  for (size_t k = 0; k < r->n; k++)
    r->models[k]->model.api->reset(r->instances[k]);
}

static uint32_t lanes_in_use(const runner *r)
{
  uint32_t left = r->j->input.batch - r->first;
  return left < r->lanes ? left : r->lanes;
}

static bool is_active(const float *row, size_t n)
{
  for (size_t i = 0; i < n; i++)
    if (row[i] != 0)
      return true;
  return false;
}

static void step(runner *r, uint64_t t)
{
  const nirc_run_input *input = &r->j->input;
  for (uint32_t i = 0; i < r->j->info->n_inputs; i++) {
    size_t count = r->j->info->inputs[i].count, part = lanes_in_use(r) * count * sizeof(float);
    if (t < input->steps)
      memcpy(r->zeros[i], input->values[i] + (t * input->batch + r->first) * count, part);
    else
      memset(r->zeros[i], 0, part);
    r->in[i] = r->zeros[i];
  }
  for (size_t k = 0; k < r->n; k++) {
    for (size_t n = 0; n < r->j->c->n_layers; n++)
      r->out[k][r->taps[k][n].sent_port] = r->taps[k][n].sent[t % ROWS];
    nirc_rc rc = r->models[k]->model.api->step(r->instances[k], r->in, r->out[k]);
    NIRC_ASSERT(rc == NIRC_OK);
    for (size_t n = 0; n < r->j->c->n_layers; n++)
      r->taps[k][n].active[t % ROWS] = is_active(r->taps[k][n].sent[t % ROWS], lanes_in_use(r) * r->j->c->layers[n].count);
  }
}

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

static void compare_sent(watch *w, const runner *r, const float *a, const float *b, size_t count, uint64_t t)
{
  uint32_t lanes = lanes_in_use(r);
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
static void compare_shifted(watch *w, const runner *r, const tap *a, const tap *b, size_t count, uint64_t t)
{
  size_t n = lanes_in_use(r) * count, now = t % ROWS;
  for (int s = -NIRC_COMPARE_MOST_SHIFT; s <= NIRC_COMPARE_MOST_SHIFT; s++) {
    int k = s + NIRC_COMPARE_MOST_SHIFT, by = abs(s);
    const tap *late = s > 0 ? b : a, *early = s > 0 ? a : b;
    if (w->dead[k] || !s)
      continue;
    size_t then = (t + ROWS - (uint64_t)by) % ROWS;
    bool active = t >= (uint64_t)by && early->active[then];
    w->dead[k] = !follows(late->sent[now], late->active[now], early->sent[then], active, n);
    w->matched[k] |= active;
  }
}

static void compare_v(watch *w, const runner *r, const float *a, const float *b, size_t count, uint64_t t)
{
  uint32_t lanes = lanes_in_use(r);
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

static watch *new_watches(const runner *r, nirc_compare_difference **differences)
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

static void compare_step(runner *r, watch *watches, uint64_t t)
{
  const nirc_comparison *c = r->j->c;
  for (size_t k = 1; k < r->n; k++)
    for (size_t n = 0; n < c->n_layers; n++) {
      const tap *a = &r->taps[0][n], *b = &r->taps[k][n];
      watch *w = &watches[k * c->n_layers + n];
      size_t count = c->layers[n].count;
      compare_sent(w, r, a->sent[t % ROWS], b->sent[t % ROWS], count, t);
      if (c->layers[n].spikes)
        compare_shifted(w, r, a, b, count, t);
      if (a->v && b->v)
        compare_v(w, r, a->v, b->v, count, t);
    }
}

static void count_spikes(const runner *r, double **spikes, uint64_t t)
{
  const nirc_comparison *c = r->j->c;
  for (size_t k = 0; k < r->n; k++)
    for (size_t n = 0; n < c->n_layers; n++) {
      const tap *x = &r->taps[k][n];
      if (!c->layers[n].spikes || !x->active[t % ROWS])
        continue;
      for (size_t i = 0; i < lanes_in_use(r) * c->layers[n].count; i++)
        spikes[k][n] += (double)x->sent[t % ROWS][i];
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
  runner r;
  bool ok = open_runner(&r, j, models, n, lanes_of(j, n), d);
  watch *watches = ok ? new_watches(&r, differences) : NULL;
  for (uint32_t first = 0; ok && first < j->input.batch; first += r.lanes) {
    begin(&r, first);
    for (size_t k = j->c->n_layers; k < n * j->c->n_layers; k++)
      memset(watches[k].parted, 0, r.lanes * sizeof(bool));
    for (uint64_t t = 0; t < j->c->steps; t++) {
      step(&r, t);
      compare_step(&r, watches, t);
      if (spikes)
        count_spikes(&r, spikes, t);
    }
  }
  for (size_t k = j->c->n_layers; ok && k < n * j->c->n_layers; k++)
    finish(&watches[k], j->c, k % j->c->n_layers);
  close_runner(&r);
  return ok;
}

/* ---- rasters ------------------------------------------------------------------------------------------------------------------------ */

/* The window: around the first difference in what layers with spikes send, where there is one. */
static void choose_window(nirc_comparison *c)
{
  const nirc_compare_place *first = NULL;
  for (size_t p = 0; p + 1 < c->n_variants; p++)
    for (size_t n = 0; n < c->n_layers; n++) {
      const nirc_compare_place *x = &c->pairs[p].layers[n].first;
      if (c->layers[n].spikes && x->known && (!first || x->step < first->step))
        first = x;
    }
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

static void look_for_candidates(const runner *r, candidate **candidates, uint64_t t)
{
  const nirc_comparison *c = r->j->c;
  for (size_t n = 0; n < c->n_layers; n++)
    for (size_t e = 0; candidates[n] && e < c->layers[n].count; e++)
      for (size_t k = 1; k < r->n && candidates[n][e].step == UINT64_MAX; k++)
        if (differ(r->taps[0][n].sent[t % ROWS][e], r->taps[k][n].sent[t % ROWS][e]))
          candidates[n][e].step = t;
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

static void draw_step(const runner *r, uint64_t t)
{
  const nirc_comparison *c = r->j->c;
  for (size_t n = 0; n < c->n_layers; n++)
    for (size_t k = 0; k < r->n; k++) {
      const nirc_compare_raster *x = &c->rasters[n];
      for (size_t e = 0; e < x->n_elements; e++)
        x->values[k][(t - c->first_step) * x->n_elements + e] = r->taps[k][n].sent[t % ROWS][x->elements[e]];
    }
}

/* Layers of more elements than are drawn: a run before says which. */
static candidate **new_candidates(const runner *r)
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

bool nirc_compare_rasters(nirc_compare_job *j, nirc_compare_model *const *models, size_t n, nirc_diag *d)
{
  nirc_comparison *c = j->c;
  runner r;
  choose_window(c);
  c->rasters = NIRC_NEW_ARRAY(j->arena, nirc_compare_raster, c->n_layers);
  bool ok = open_runner(&r, j, models, n, 1, d);
  if (ok) {
    candidate **candidates = new_candidates(&r);
    for (int drawing = 0; drawing < 2; drawing++) {
      begin(&r, c->sample);
      for (uint64_t t = 0; t < c->first_step + c->n_steps; t++) {
        step(&r, t);
        if (t >= c->first_step && drawing)
          draw_step(&r, t);
        else if (t >= c->first_step)
          look_for_candidates(&r, candidates, t);
      }
      if (!drawing)
        choose_elements(c, j->arena, candidates);
    }
  }
  close_runner(&r);
  return ok;
}
