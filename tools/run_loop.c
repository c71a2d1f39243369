#include "tools/run_loop.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BLOCK_BYTES = 256 * 1024 };                   /* of the rows that are gathered, or of zeros, at a time */

typedef enum gate_state { GATE_SHUT, GATE_OPEN, GATE_CANCELLED } gate_state;

/* Where threads wait until all of them exist. */
typedef struct gate {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  gate_state state;
} gate;

/* Lanes [first, first + lanes) of the batch, with an instance of their own. */
typedef struct slice {
  const nirc_run_plan *plan;
  const nirc_run_result *result;
  nirc_model *x;
  uint32_t first, lanes;
  uint64_t *counters;                                /* of this slice; NULL in runs that do not count */
  unsigned char *image;                              /* saved state to begin with; NULL: as reset */
  size_t image_bytes;
  uint64_t block;                                    /* steps that the rows below have room for */
  float **in_rows, **out_rows;                       /* [block][lanes][count] for each port */
  const void **in;                                   /* arguments of the model's run */
  void **out;
  double seconds;
  nirc_rc rc;
  gate *gate;
} slice;

static const nirc_model_info *info_of(const slice *s)
{
  return s->plan->model->info;
}

static uint32_t n_results(const nirc_model_info *info)
{
  return info->n_outputs + info->n_probes;
}

static const nirc_port *result_port(const nirc_model_info *info, uint32_t k)
{
  return k < info->n_outputs ? &info->outputs[k] : &info->probes[k - info->n_outputs];
}

/* --- one run of one slice ---------------------------------------------------------------------- */

/* The slice is the whole batch: its rows are those of the input and of the result. */
static bool is_whole(const slice *s)
{
  return s->lanes == s->plan->input->batch;
}

/* Input of steps [t, t + n), all within the file or all behind its end. */
static void set_input(slice *s, uint64_t t, uint64_t n)
{
  const nirc_model_info *info = info_of(s);
  const nirc_run_input *input = s->plan->input;
  for (uint32_t k = 0; k < info->n_inputs; k++) {
    size_t count = info->inputs[k].count, row = input->batch * count, part = s->lanes * count;
    s->in[k] = s->in_rows[k];
    if (t >= input->steps) {
      memset(s->in_rows[k], 0, n * part * sizeof(float));
    } else if (is_whole(s)) {
      s->in[k] = input->values[k] + t * row;
    } else {
      for (uint64_t i = 0; i < n; i++)
        memcpy(s->in_rows[k] + i * part, input->values[k] + (t + i) * row + s->first * count, part * sizeof(float));
    }
  }
}

static void set_output(slice *s, uint64_t t)
{
  const nirc_model_info *info = info_of(s);
  for (uint32_t k = 0; k < n_results(info); k++) {
    float *whole = s->result->out[k];
    s->out[k] = !whole ? NULL : is_whole(s) ? whole + t * s->lanes * result_port(info, k)->count : s->out_rows[k];
  }
}

static void scatter_output(const slice *s, uint64_t t, uint64_t n)
{
  const nirc_model_info *info = info_of(s);
  for (uint32_t k = 0; k < n_results(info); k++) {
    size_t count = result_port(info, k)->count, row = s->plan->input->batch * count, part = s->lanes * count;
    for (uint64_t i = 0; s->result->out[k] && i < n; i++)
      memcpy(s->result->out[k] + (t + i) * row + s->first * count, s->out_rows[k] + i * part, part * sizeof(float));
  }
}

static double now(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* All steps, from the initial state. Only the model's own time counts. */
static nirc_rc run_slice(slice *s)
{
  const nirc_model_api *api = s->plan->model->api;
  uint64_t given = s->plan->input->steps < s->plan->steps ? s->plan->input->steps : s->plan->steps;
  nirc_rc rc = s->image ? api->state_load(s->x, s->image, s->image_bytes) : api->reset(s->x);
  if (rc == NIRC_OK)
    rc = api->count(s->x, s->counters);
  s->seconds = 0;
  for (uint64_t t = 0, n; rc == NIRC_OK && t < s->plan->steps; t += n) {
    uint64_t left = (t < given ? given : s->plan->steps) - t;
    n = (t < given && is_whole(s)) || left < s->block ? left : s->block;
    set_input(s, t, n);
    set_output(s, t);
    double begin = now();
    rc = api->run(s->x, n, s->in, s->out);
    s->seconds += now() - begin;
    if (!is_whole(s))
      scatter_output(s, t, n);
  }
  return rc;
}

/* --- all slices -------------------------------------------------------------------------------- */

static void *thread_main(void *user)
{
  slice *s = user;
  pthread_mutex_lock(&s->gate->lock);
  while (s->gate->state == GATE_SHUT)
    pthread_cond_wait(&s->gate->changed, &s->gate->lock);
  bool go = s->gate->state == GATE_OPEN;
  pthread_mutex_unlock(&s->gate->lock);
  if (go)
    s->rc = run_slice(s);
  return NULL;
}

static void gate_set(gate *g, gate_state state)
{
  pthread_mutex_lock(&g->lock);
  g->state = state;
  pthread_cond_broadcast(&g->changed);
  pthread_mutex_unlock(&g->lock);
}

/* One thread for each slice; false after a diagnostic where they cannot be had. */
static bool run_threads(slice *slices, uint32_t n, nirc_diag *d)
{
  gate g = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER, .state = GATE_SHUT};
  pthread_t *threads = nirc_heap_alloc(nirc_heap_default(), n * sizeof *threads);
  uint32_t made = 0;
  int error = 0;
  for (; made < n; made++) {
    slices[made].gate = &g;
    error = pthread_create(&threads[made], NULL, thread_main, &slices[made]);
    if (error)
      break;
  }
  gate_set(&g, error ? GATE_CANCELLED : GATE_OPEN);
  for (uint32_t i = 0; i < made; i++)
    pthread_join(threads[i], NULL);
  nirc_heap_free(nirc_heap_default(), threads);
  if (error)
    nirc_error_status(d, NIRC_STATUS_LIMIT, nirc_loc_none(), "thread %" PRIu32 " of %" PRIu32 " cannot be started: %s", made + 1, n, strerror(error));
  return !error;
}

static bool report_rc(const nirc_run_plan *plan, const char *what, nirc_rc rc, nirc_diag *d)
{
  if (rc == NIRC_OK)
    return true;
  if (rc == NIRC_E_NOMEM)
    nirc_error_status(d, NIRC_STATUS_LIMIT, nirc_loc_file(plan->model->path), "there is no memory for an instance of the model");
  else
    nirc_error(d, nirc_loc_file(plan->model->path), "the model failed to %s (code %d)", what, (int)rc);
  return false;
}

/* One run of all slices; *seconds is that of the slowest. */
static bool run_once(const nirc_run_plan *plan, slice *slices, uint32_t n, double *seconds, nirc_diag *d)
{
  if (n == 1)
    slices[0].rc = run_slice(&slices[0]);
  else if (!run_threads(slices, n, d))
    return false;
  *seconds = 0;
  for (uint32_t i = 0; i < n; i++) {
    if (!report_rc(plan, "run", slices[i].rc, d))
      return false;
    *seconds = slices[i].seconds > *seconds ? slices[i].seconds : *seconds;
  }
  return true;
}

/* --- preparation and end ----------------------------------------------------------------------- */

static void *model_alloc(void *user, size_t size, size_t align)
{
  (void)user;
  void *p = NULL;
  return posix_memalign(&p, align < sizeof(void *) ? sizeof(void *) : align, size) == 0 ? p : NULL;
}

static void model_free(void *user, void *p, size_t size)
{
  (void)user;
  (void)size;
  free(p);
}

/* Room for blocks of gathered rows, and of zeros. */
static void make_rows(slice *s, nirc_arena *a)
{
  const nirc_model_info *info = info_of(s);
  size_t row = sizeof(float);
  for (uint32_t k = 0; k < info->n_inputs; k++)
    row += info->inputs[k].count * s->lanes * sizeof(float);
  for (uint32_t k = 0; !is_whole(s) && k < n_results(info); k++)
    row += result_port(info, k)->count * s->lanes * sizeof(float);
  s->block = row < BLOCK_BYTES ? BLOCK_BYTES / row : 1;
  s->block = s->block < s->plan->steps ? s->block : s->plan->steps;
  s->in = NIRC_NEW_ARRAY(a, const void *, info->n_inputs);
  s->out = NIRC_NEW_ARRAY(a, void *, n_results(info));
  s->in_rows = NIRC_NEW_ARRAY(a, float *, info->n_inputs);
  s->out_rows = NIRC_NEW_ARRAY(a, float *, n_results(info));
  for (uint32_t k = 0; k < info->n_inputs; k++)
    s->in_rows[k] = NIRC_NEW_ARRAY(a, float, s->block * s->lanes * info->inputs[k].count);
  for (uint32_t k = 0; !is_whole(s) && k < n_results(info); k++)
    if (s->result->out[k])
      s->out_rows[k] = NIRC_NEW_ARRAY(a, float, s->block * s->lanes * result_port(info, k)->count);
}

/* The saved state of a new instance: its header fits this batch, and says nothing of what has been run. */
static bool save_image(const slice *s, nirc_arena *a, unsigned char **image, size_t *bytes, nirc_diag *d)
{
  const nirc_run_plan *plan = s->plan;
  const nirc_model_info *info = info_of(s);
  size_t want;
  *bytes = plan->model->api->state_size(s->x);
  if (!nirc_mul_size(&want, info->state_lane, s->lanes) || !nirc_add_size(&want, want, info->state_header) || want != *bytes) {
    nirc_error(d, nirc_loc_file(plan->model->path), "the model's saved state has %zu bytes, not a header and %" PRIu32 " lanes", *bytes, s->lanes);
    return false;
  }
  *image = NIRC_NEW_ARRAY(a, unsigned char, *bytes);
  return report_rc(plan, "save its state", plan->model->api->state_save(s->x, *image, *bytes), d);
}

static bool slice_prepare(slice *s, nirc_arena *a, nirc_diag *d)
{
  static const nirc_allocator allocator = {.alloc = model_alloc, .free = model_free};
  const nirc_run_plan *plan = s->plan;
  const nirc_model_info *info = info_of(s);
  if (!report_rc(plan, "make an instance", plan->model->api->create(s->lanes, &allocator, &s->x), d))
    return false;
  make_rows(s, a);
  if (!plan->initial)
    return true;
  if (!save_image(s, a, &s->image, &s->image_bytes, d))
    return false;
  memcpy(s->image + info->state_header, plan->initial + s->first * info->state_lane, s->lanes * info->state_lane);
  return true;
}

/* Lanes of the state, behind a header that has to be the one before the run, else lanes could not be joined anew. */
static bool keep_state(slice *slices, uint32_t n, const unsigned char *header, nirc_arena *a, nirc_run_result *result, nirc_diag *d)
{
  const nirc_run_plan *plan = slices[0].plan;
  const nirc_model_info *info = info_of(slices);
  result->state = NIRC_NEW_ARRAY(a, unsigned char, plan->input->batch * info->state_lane);
  for (uint32_t i = 0; i < n; i++) {
    unsigned char *image;
    size_t bytes;
    if (!save_image(&slices[i], a, &image, &bytes, d))
      return false;
    if (i == 0 && memcmp(image, header, info->state_header) != 0) {
      nirc_error(d, nirc_loc_file(plan->model->path), "the header of the model's saved state depends on what was run");
      return false;
    }
    memcpy(result->state + slices[i].first * info->state_lane, image + info->state_header, slices[i].lanes * info->state_lane);
  }
  return true;
}

/* Adds up what the slices counted; they stop counting. */
static void collect_counters(slice *slices, uint32_t n, nirc_run_result *result)
{
  for (uint32_t i = 0; i < n; i++) {
    for (uint32_t k = 0; k < info_of(slices)->n_counters; k++)
      result->counters[k] += slices[i].counters[k];
    slices[i].counters = NULL;
  }
}

/* The run that counts, the runs that are timed, the state after them. */
static bool run_all(const nirc_run_plan *plan, slice *slices, uint32_t n, nirc_arena *a, nirc_run_result *result, nirc_diag *d)
{
  const nirc_model_info *info = plan->model->info;
  unsigned char *header = NULL;
  size_t bytes;
  if (plan->keep_state && !save_image(&slices[0], a, &header, &bytes, d))
    return false;
  for (uint32_t i = 0; plan->count && i < n; i++)
    slices[i].counters = NIRC_NEW_ARRAY(a, uint64_t, info->n_counters);
  uint64_t before = plan->count && plan->time ? 1 : 0;         /* a run that counts, and is not timed */
  for (uint64_t run = 0; run < before + plan->runs; run++) {
    double unused;
    if (!run_once(plan, slices, n, run < before ? &unused : &result->seconds[run - before], d))
      return false;
    if (run == 0 && plan->count)
      collect_counters(slices, n, result);
  }
  return !plan->keep_state || keep_state(slices, n, header, a, result, d);
}

/* Arrays of the result. An output of more bytes than there are addresses is the user's number of steps, not a lack of memory. */
static bool make_result(const nirc_run_plan *plan, nirc_arena *a, nirc_run_result *result, nirc_diag *d)
{
  const nirc_model_info *info = plan->model->info;
  *result = (nirc_run_result){.out = NIRC_NEW_ARRAY(a, float *, n_results(info)),
                              .seconds = NIRC_NEW_ARRAY(a, double, plan->runs),
                              .counters = NIRC_NEW_ARRAY(a, uint64_t, info->n_counters)};
  for (uint32_t k = 0; k < n_results(info); k++) {
    size_t n;
    if (!nirc_mul_size(&n, plan->steps, plan->input->batch) || !nirc_mul_size(&n, n, result_port(info, k)->count) ||
        n > PTRDIFF_MAX / sizeof(float)) {
      nirc_error_status(d, NIRC_STATUS_LIMIT, nirc_loc_none(), "the result of %" PRIu64 " steps of %" PRIu32 " samples is too much to hold",
                        plan->steps, plan->input->batch);
      return false;
    }
    if (k < info->n_outputs || plan->probes)
      result->out[k] = NIRC_NEW_ARRAY(a, float, n);
  }
  return true;
}

bool nirc_run_loop(const nirc_run_plan *plan, nirc_arena *a, nirc_run_result *result, nirc_diag *d)
{
  uint32_t batch = plan->input->batch, n = plan->threads < batch ? plan->threads : batch;
  if (!make_result(plan, a, result, d))
    return false;
  slice *slices = NIRC_NEW_ARRAY(a, slice, n);
  bool ok = true;
  for (uint32_t i = 0, first = 0; ok && i < n; i++) {
    uint32_t lanes = batch / n + (i < batch % n);
    slices[i] = (slice){.plan = plan, .result = result, .first = first, .lanes = lanes};
    ok = slice_prepare(&slices[i], a, d);
    first += lanes;
  }
  ok = ok && run_all(plan, slices, n, a, result, d);
  for (uint32_t i = 0; i < n; i++)
    if (slices[i].x)
      plan->model->api->destroy(slices[i].x);
  return ok;
}
