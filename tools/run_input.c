#include "tools/run_input.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "ir/base/strbuf.h"
#include "tools/run_model.h"
#include "tools/run_nirdata.h"

/* --- plain files ------------------------------------------------------------------------------- */

/* "3, 4" behind `lead`, without the comma that would end it. */
static void add_shape(nirc_strbuf *b, const char *lead, const uint64_t *dims, uint32_t rank)
{
  nirc_strbuf_addf(b, "[%s", lead);
  for (uint32_t i = 0; i < rank; i++)
    nirc_strbuf_addf(b, "%s%" PRIu64, i || *lead ? ", " : "", dims[i]);
  nirc_strbuf_add(b, "]");
}

static void report_shape(const nirc_h5_object *o, const nirc_port *p, nirc_loc loc, nirc_diag *d)
{
  nirc_strbuf b;
  nirc_strbuf_init(&b, nirc_heap_default());
  nirc_strbuf_add(&b, "input has shape ");
  add_shape(&b, "", o->dims, o->rank);
  nirc_strbuf_add(&b, ", the model wants ");
  add_shape(&b, "T", p->shape, p->rank);
  nirc_strbuf_add(&b, " or ");
  add_shape(&b, "T, B", p->shape, p->rank);
  nirc_error(d, loc, "%s", b.data);
  nirc_strbuf_deinit(&b);
}

/* The rank tells whether there is an axis of samples. */
static bool match_shape(const nirc_h5_object *o, const nirc_port *p, uint64_t *batch, bool *batched)
{
  if (o->rank != p->rank + 1 && o->rank != p->rank + 2)
    return false;
  *batched = o->rank == p->rank + 2;
  *batch = *batched ? o->dims[1] : 1;
  const uint64_t *tail = o->dims + o->rank - p->rank;
  for (uint32_t i = 0; i < p->rank; i++)
    if (tail[i] != p->shape[i])
      return false;
  return true;
}

static bool read_port(nirc_run_input *in, nirc_arena *a, const nirc_model_info *info, uint32_t k, const nirc_h5_object *o, nirc_diag *d)
{
  const nirc_port *p = &info->inputs[k];
  nirc_loc loc = in->locs[k];
  if (!o) {
    nirc_error(d, loc, "there is no such dataset, and the model has the Input node '%s'", p->name);
    return false;
  }
  if (o->kind != NIRC_H5_NUMBERS) {
    nirc_error(d, loc, "input is a %s, not a dataset of numbers", o->kind == NIRC_H5_GROUP ? "group" : "dataset of strings");
    return false;
  }
  uint64_t batch;
  bool batched;
  if (!match_shape(o, p, &batch, &batched)) {
    report_shape(o, p, loc, d);
    return false;
  }
  if (!nirc_run_input_agree(in, o->dims[0], batch, batched, loc, d))
    return false;
  if (o->dtype == NIRC_F32 && o->count && (uintptr_t)o->data % alignof(float) == 0) {
    in->values[k] = o->data;                         /* as it stands in the file's tree */
    return true;
  }
  float *to = nirc_run_input_room(a, o->dims[0], batch, p->count, loc, d);
  if (!to)
    return false;
  nirc_run_rounding r = {0};
  nirc_run_to_float(o, 0, o->count, to, &r);
  in->values[k] = to;
  return nirc_run_rounding_report(&r, o, loc, d);
}

static void warn_of_strangers(const nirc_h5_object *group, const nirc_model_info *info, const nirc_h5_file *f, nirc_diag *d)
{
  for (const nirc_h5_object *c = group->children; c; c = c->next) {
    bool known = false;
    for (uint32_t i = 0; i < info->n_inputs && !known; i++)
      known = strcmp(info->inputs[i].name, c->name) == 0;
    if (!known)
      nirc_warning(d, (nirc_loc){.file = f->path, .object = c->path}, "the model has no Input node of this name; it is ignored");
  }
}

static bool read_plain(nirc_run_input *in, nirc_arena *a, const nirc_model_info *info, const nirc_h5_file *f, nirc_diag *d)
{
  const nirc_h5_object *dt = nirc_h5_attribute(f->root, "dt");
  const nirc_h5_object *input = nirc_h5_child(f->root, "input");
  bool named = info->n_inputs > 1 || (input && input->kind == NIRC_H5_GROUP);
  if (dt && dt->kind == NIRC_H5_NUMBERS && dt->count == 1)
    nirc_run_check_dt(nirc_dtype_get(dt->dtype, dt->data, 0), info, nirc_loc_file(f->path), d);
  if (input && input->kind == NIRC_H5_GROUP)
    warn_of_strangers(input, info, f, d);
  bool ok = true;
  for (uint32_t k = 0; k < info->n_inputs; k++) {
    const char *name = info->inputs[k].name;
    in->locs[k] = (nirc_loc){.file = f->path, .object = named ? nirc_arena_printf(a, "/input/%s", name) : "/input"};
    const nirc_h5_object *o = !named ? input : input && input->kind == NIRC_H5_GROUP ? nirc_h5_child(input, name) : NULL;
    ok = read_port(in, a, info, k, o, d) && ok;
  }
  return ok;
}

bool nirc_run_input_read(nirc_run_input *in, nirc_arena *a, const nirc_model_info *info, const char *path, nirc_diag *d)
{
  *in = (nirc_run_input){.batch = 1};
  in->values = NIRC_NEW_ARRAY(a, const float *, info->n_inputs);
  in->locs = NIRC_NEW_ARRAY(a, nirc_loc, info->n_inputs);
  nirc_h5_limits limits = nirc_h5_limits_default();
  nirc_h5_file *f = nirc_h5_read(a, path, &limits, d);
  if (!f)
    return false;
  return nirc_run_is_nirdata(f) ? nirc_run_nirdata_read(in, a, info, f, d) : read_plain(in, a, info, f, d);
}

/* --- emulated chips ---------------------------------------------------------------------------- */

/* "step 7, sample 2, element [0, 3]" */
static void add_place(nirc_strbuf *b, const nirc_run_input *in, const nirc_port *p, size_t at)
{
  uint64_t element = at % p->count, row = at / p->count;
  nirc_strbuf_addf(b, "step %" PRIu64, row / in->batch);
  if (in->batched)
    nirc_strbuf_addf(b, ", sample %" PRIu64, row % in->batch);
  nirc_strbuf_add(b, ", element [");
  uint64_t below = p->count;
  for (uint32_t i = 0; i < p->rank; i++) {
    below /= p->shape[i];
    nirc_strbuf_addf(b, "%s%" PRIu64, i ? ", " : "", element / below % p->shape[i]);
  }
  nirc_strbuf_add(b, "]");
}

static bool check_port(const nirc_run_input *in, const nirc_model_info *info, uint32_t k, uint64_t steps, bool *warned, nirc_diag *d)
{
  const nirc_port *p = &info->inputs[k];
  const float *x = in->values[k], most = (float)nirc_run_most_events(info);
  size_t n = (size_t)(steps * in->batch * p->count), bad = n, less = n;
  for (size_t i = 0; i < n && bad == n; i++) {
    if (!(x[i] >= 0 && x[i] <= FLT_MAX && x[i] == truncf(x[i])))
      bad = i;
    else if (x[i] > most && less == n)
      less = i;
  }
  nirc_strbuf b;
  nirc_strbuf_init(&b, nirc_heap_default());
  if (bad < n) {
    add_place(&b, in, p, bad);
    nirc_error(d, in->locs[k], "%s: %g is not a number of events; %s wants whole numbers that are finite and not negative", b.data,
               (double)x[bad], info->target);
  } else if (less < n && !*warned) {
    *warned = true;
    add_place(&b, in, p, less);
    nirc_warning(d, in->locs[k], "%s counts values above %g as %g (the first is %g at %s)", info->target, (double)most, (double)most,
                 (double)x[less], b.data);
  }
  nirc_strbuf_deinit(&b);
  return bad == n;
}

bool nirc_run_input_check_events(const nirc_run_input *in, const nirc_model_info *info, uint64_t steps, nirc_diag *d)
{
  if (nirc_run_most_events(info) == 0)
    return true;
  uint64_t rows = steps < in->steps ? steps : in->steps;
  bool ok = true, warned = false;
  for (uint32_t k = 0; k < info->n_inputs; k++)
    ok = check_port(in, info, k, rows, &warned, d) && ok;
  return ok;
}
