/* frontend/compare_runner.c: several models in lock-step on one input: nothing of a run is kept but a few rows. */
#include "frontend/compare_runner.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_BYTES = 64 << 20 };                      /* of rows: what more samples need is run one part behind the other */

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

static float *new_row(nirc_runner *r, size_t count)
{
  size_t n;
  if (!nirc_mul_size(&n, count, r->lanes) || !nirc_mul_size(&n, n, sizeof(float)))
    n = SIZE_MAX / 2;                                /* more than there is */
  return memset(nirc_heap_alloc(r->j->heap, n), 0, n);
}

static void open_model(nirc_runner *r, size_t k)
{
  const nirc_comparison *c = r->j->c;
  const nirc_model_info *info = r->models[k]->model.info;
  r->out[k] = NIRC_NEW_ARRAY(r->j->arena, void *, info->n_outputs + info->n_probes);
  r->taps[k] = NIRC_NEW_ARRAY(r->j->arena, nirc_runner_tap, c->n_layers);
  for (uint32_t i = 0; i < info->n_outputs; i++)
    r->out[k][i] = new_row(r, info->outputs[i].count);
  for (size_t n = 0; n < c->n_layers; n++) {
    const nirc_compare_layer *l = &c->layers[n];
    nirc_runner_tap *x = &r->taps[k][n];
    x->sent_port = find_probe(info, l->name, l->spikes ? "spikes" : "value");
    if (x->sent_port == UINT32_MAX)                  /* a profile under which it does not spike */
      x->sent_port = find_probe(info, l->name, "value");
    x->v_port = find_probe(info, l->name, "v");
    NIRC_ASSERT(x->sent_port != UINT32_MAX);
    x->sent = NIRC_NEW_ARRAY(r->j->arena, float *, r->rows);
    x->active = NIRC_NEW_ARRAY(r->j->arena, bool, r->rows);
    for (size_t i = 0; i < r->rows; i++)
      x->sent[i] = new_row(r, l->count);
    if (x->v_port != UINT32_MAX)
      r->out[k][x->v_port] = x->v = new_row(r, l->count);
  }
}

/* Samples that fit into the memory of one part. */
static uint32_t lanes_of(const nirc_compare_job *j, size_t n_models, size_t rows)
{
  double bytes = 1;
  for (size_t n = 0; n < j->c->n_layers; n++)
    bytes += (double)j->c->layers[n].count * (double)(rows + 1) * sizeof(float) * (double)n_models;
  double most = MOST_BYTES / bytes;
  return most < 1 ? 1 : most < j->input.batch ? (uint32_t)most : j->input.batch;
}

bool nirc_runner_open(nirc_runner *r, nirc_compare_job *j, nirc_compare_model *const *models, size_t n, size_t rows, uint32_t lanes, nirc_diag *d)
{
  static const nirc_allocator a = {allocate, release, NULL};
  *r = (nirc_runner){.j = j, .models = models, .n = n, .rows = rows, .lanes = lanes ? lanes : lanes_of(j, n, rows)};
  r->instances = NIRC_NEW_ARRAY(j->arena, nirc_model *, n);
  r->taps = NIRC_NEW_ARRAY(j->arena, nirc_runner_tap *, n);
  r->out = NIRC_NEW_ARRAY(j->arena, void **, n);
  r->zeros = NIRC_NEW_ARRAY(j->arena, float *, j->info->n_inputs);
  r->in = NIRC_NEW_ARRAY(j->arena, const void *, j->info->n_inputs);
  for (uint32_t i = 0; i < j->info->n_inputs; i++)
    r->zeros[i] = new_row(r, j->info->inputs[i].count);
  for (size_t k = 0; k < n; k++) {
    open_model(r, k);
    if (models[k]->model.api->create(r->lanes, &a, &r->instances[k]) != NIRC_OK) {
      nirc_error_status(d, NIRC_STATUS_LIMIT, nirc_loc_file(j->path), "there is no memory for %u samples of the network", r->lanes);
      return false;
    }
  }
  return true;
}

void nirc_runner_close(nirc_runner *r)
{
  for (uint32_t i = 0; i < r->j->info->n_inputs; i++)
    nirc_heap_free(r->j->heap, r->zeros[i]);
  for (size_t k = 0; k < r->n && r->taps[k]; k++) {
    for (uint32_t i = 0; i < r->models[k]->model.info->n_outputs; i++)
      nirc_heap_free(r->j->heap, r->out[k][i]);
    for (size_t n = 0; n < r->j->c->n_layers; n++) {
      for (size_t i = 0; i < r->rows; i++)
        nirc_heap_free(r->j->heap, r->taps[k][n].sent[i]);
      nirc_heap_free(r->j->heap, r->taps[k][n].v);
    }
    if (r->instances[k])
      r->models[k]->model.api->destroy(r->instances[k]);
  }
}

void nirc_runner_begin(nirc_runner *r, uint32_t first)
{
  r->first = first;
  for (size_t k = 0; k < r->n; k++)
    r->models[k]->model.api->reset(r->instances[k]);
}

uint32_t nirc_runner_lanes(const nirc_runner *r)
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

void nirc_runner_step(nirc_runner *r, uint64_t t)
{
  const nirc_run_input *input = &r->j->input;
  for (uint32_t i = 0; i < r->j->info->n_inputs; i++) {
    size_t count = r->j->info->inputs[i].count, part = nirc_runner_lanes(r) * count * sizeof(float);
    if (t < input->steps)
      memcpy(r->zeros[i], input->values[i] + (t * input->batch + r->first) * count, part);
    else
      memset(r->zeros[i], 0, part);
    r->in[i] = r->zeros[i];
  }
  for (size_t k = 0; k < r->n; k++) {
    for (size_t n = 0; n < r->j->c->n_layers; n++)
      r->out[k][r->taps[k][n].sent_port] = r->taps[k][n].sent[t % r->rows];
    nirc_rc rc = r->models[k]->model.api->step(r->instances[k], r->in, r->out[k]);
    NIRC_ASSERT(rc == NIRC_OK);
    for (size_t n = 0; n < r->j->c->n_layers; n++)
      r->taps[k][n].active[t % r->rows] = is_active(r->taps[k][n].sent[t % r->rows], nirc_runner_lanes(r) * r->j->c->layers[n].count);
  }
}
