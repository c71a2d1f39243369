#include "tools/run_nirdata.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* The string attribute that tells what an object is; "" where there is none. */
static const char *type_of(const nirc_h5_object *o)
{
  const nirc_h5_object *t = nirc_h5_attribute(o, "__type__");
  return t && t->kind == NIRC_H5_STRINGS && t->count == 1 ? t->strings[0] : "";
}

bool nirc_run_is_nirdata(const nirc_h5_file *f)
{
  return strcmp(type_of(f->root), "NIRGraphData") == 0;
}

typedef struct reader {
  nirc_run_input *in;
  nirc_arena *arena;
  const nirc_model_info *info;
  const nirc_h5_file *file;
  nirc_diag *diag;
} reader;

static nirc_loc place(const reader *r, const nirc_h5_object *o)
{
  return (nirc_loc){.file = r->file->path, .object = o->path};
}

static const nirc_h5_object *child_group(const nirc_h5_object *o, const char *name)
{
  const nirc_h5_object *c = o ? nirc_h5_child(o, name) : NULL;
  return c && c->kind == NIRC_H5_GROUP ? c : NULL;
}

/* Of a node's observables `spikes`, else the only one (cli.md). */
static const nirc_h5_object *observable(const reader *r, const nirc_h5_object *node)
{
  const nirc_h5_object *all = child_group(node, "observables");
  const nirc_h5_object *spikes = child_group(all, "spikes");
  if (spikes)
    return spikes;
  if (!all || !all->children)
    nirc_error(r->diag, place(r, node), "this node has no observables");
  else if (all->children->next)
    nirc_error(r->diag, place(r, all), "there are several observables, and none is called 'spikes'");
  else if (all->children->kind != NIRC_H5_GROUP)
    nirc_error(r->diag, place(r, all->children), "an observable is a group, this is a dataset");
  else
    return all->children;
  return NULL;
}

/* Dataset of numbers of that rank; NULL after a diagnostic. */
static const nirc_h5_object *dataset(const reader *r, const nirc_h5_object *group, const char *name, uint32_t rank)
{
  const nirc_h5_object *o = nirc_h5_child(group, name);
  if (o && o->kind == NIRC_H5_NUMBERS && o->rank == rank)
    return o;
  nirc_error(r->diag, place(r, group), "a %s has a dataset '%s' of numbers, of rank %" PRIu32 "; here %s", type_of(group), name, rank,
             !o ? "there is none" : o->kind != NIRC_H5_NUMBERS ? "it is something else" : "the rank is another");
  return NULL;
}

static bool number_attribute(const reader *r, const nirc_h5_object *group, const char *name, double *out)
{
  const nirc_h5_object *o = nirc_h5_attribute(group, name);
  if (!o || o->kind != NIRC_H5_NUMBERS || o->count != 1) {
    nirc_error(r->diag, place(r, group), "a %s has an attribute '%s', a number", type_of(group), name);
    return false;
  }
  *out = nirc_dtype_get(o->dtype, o->data, 0);
  return true;
}

static bool neurons_fit(const reader *r, const nirc_h5_object *group, double neurons, const nirc_port *p)
{
  if (neurons == (double)p->count)
    return true;
  nirc_error(r->diag, place(r, group), "the data is of %g neurons, the Input node '%s' has %" PRIu64 " elements", neurons, p->name, p->count);
  return false;
}

/* data (samples, steps, neurons) */
static bool read_grid(const reader *r, uint32_t k, const nirc_h5_object *group)
{
  const nirc_port *p = &r->info->inputs[k];
  const nirc_h5_object *o = dataset(r, group, "data", 3);
  double dt;
  if (!o || !number_attribute(r, group, "dt", &dt) || !neurons_fit(r, group, (double)o->dims[2], p))
    return false;
  nirc_run_check_dt(dt, r->info, place(r, group), r->diag);
  nirc_loc loc = r->in->locs[k] = place(r, o);
  uint64_t samples = o->dims[0], steps = o->dims[1];
  if (!nirc_run_input_agree(r->in, steps, samples, true, loc, r->diag))
    return false;
  float *to = nirc_run_input_room(r->arena, steps, samples, p->count, loc, r->diag);
  if (!to)
    return false;
  nirc_run_rounding rounding = {0};
  for (uint64_t b = 0; b < samples; b++)
    for (uint64_t t = 0; t < steps; t++)
      nirc_run_to_float(o, (b * steps + t) * p->count, p->count, to + (t * samples + b) * p->count, &rounding);
  r->in->values[k] = to;
  return nirc_run_rounding_report(&rounding, o, loc, r->diag);
}

/* Step of a time: a quotient that is a whole number but for rounding is that number (0.3 / 0.1 is step 3), any other is rounded
 * down, since an event may lie anywhere in its step. */
static double step_of(double time, double dt)
{
  double q = time / dt, near = nearbyint(q);
  return fabs(q - near) <= 1e-9 * fmax(1, fabs(near)) ? near : floor(q);
}

typedef struct events {
  const nirc_h5_object *group, *idx, *time, *value;  /* value NULL: every event counts 1 */
  uint64_t steps, samples, per_sample;
} events;

static bool events_open(const reader *r, const nirc_h5_object *group, const nirc_port *p, events *e)
{
  double neurons, t_max;
  bool valued = strcmp(type_of(group), "ValuedEventData") == 0;
  *e = (events){.group = group, .idx = dataset(r, group, "idx", 2), .time = dataset(r, group, "time", 2)};
  e->value = valued ? dataset(r, group, "value", 2) : NULL;
  if (!e->idx || !e->time || (valued && !e->value) || !number_attribute(r, group, "n_neurons", &neurons) ||
      !number_attribute(r, group, "t_max", &t_max) || !neurons_fit(r, group, neurons, p))
    return false;
  const nirc_h5_object *const same[] = {e->time, e->value};
  for (int i = 0; i < 2; i++)
    if (same[i] && (same[i]->dims[0] != e->idx->dims[0] || same[i]->dims[1] != e->idx->dims[1])) {
      nirc_error(r->diag, place(r, same[i]), "the shape is not that of 'idx'");
      return false;
    }
  double steps = nearbyint(t_max / r->info->dt);     /* rounded: int(0.3 / 0.1) would be one step short */
  if (!(steps >= 0 && steps < 9e15)) {
    nirc_error(r->diag, place(r, group), "t_max = %g is no time that can be cut into steps of %g", t_max, r->info->dt);
    return false;
  }
  e->steps = (uint64_t)steps;
  e->samples = e->idx->dims[0];
  e->per_sample = e->idx->dims[1];
  return true;
}

/* Where event i belongs among the floats of the port; SIZE_MAX where the entry is no event. False after a diagnostic. */
static bool locate(const reader *r, const events *e, const nirc_port *p, size_t i, size_t *at)
{
  int64_t idx = -1;
  bool whole = nirc_dtype_get_int(e->idx->dtype, e->idx->data, i, &idx);
  double time = nirc_dtype_get(e->time->dtype, e->time->data, i);
  uint64_t sample = i / e->per_sample, event = i % e->per_sample;
  *at = SIZE_MAX;
  if (whole && (idx == -1 || time == (double)INFINITY))
    return true;
  if (!whole || idx < 0 || (uint64_t)idx >= p->count) {
    nirc_error(r->diag, place(r, e->idx), "sample %" PRIu64 ", event %" PRIu64 ": index %g is not one of %" PRIu64 " neurons", sample, event,
               nirc_dtype_get(e->idx->dtype, e->idx->data, i), p->count);
    return false;
  }
  double step = step_of(time, r->info->dt);
  if (!(step >= 0 && step < (double)e->steps)) {
    nirc_error(r->diag, place(r, e->time), "sample %" PRIu64 ", event %" PRIu64 ": time %g is not within the %" PRIu64 " steps of the recording",
               sample, event, time, e->steps);
    return false;
  }
  *at = (size_t)(((uint64_t)step * e->samples + sample) * p->count + (uint64_t)idx);
  return true;
}

static bool read_events(const reader *r, uint32_t k, const nirc_h5_object *group)
{
  const nirc_port *p = &r->info->inputs[k];
  nirc_loc loc = r->in->locs[k] = place(r, group);
  events e;
  if (!events_open(r, group, p, &e) || !nirc_run_input_agree(r->in, e.steps, e.samples, true, loc, r->diag))
    return false;
  float *to = nirc_run_input_room(r->arena, e.steps, e.samples, p->count, loc, r->diag);
  if (!to)
    return false;
  unsigned char *seen = NIRC_NEW_ARRAY(r->arena, unsigned char, e.steps * e.samples * p->count / 8 + 1);
  uint64_t twice = 0;
  nirc_run_rounding rounding = {0};
  for (size_t i = 0; i < e.idx->count; i++) {
    size_t at;
    if (!locate(r, &e, p, i, &at))
      return false;
    if (at == SIZE_MAX)
      continue;
    unsigned char bit = (unsigned char)(1u << (at % 8));
    twice += (seen[at / 8] & bit) != 0;
    seen[at / 8] |= bit;
    if (e.value)
      nirc_run_to_float(e.value, i, 1, &to[at], &rounding);
    else
      to[at] = 1;
  }
  if (twice)
    nirc_warning(r->diag, loc, "%" PRIu64 " events fall on a step and neuron that has one already; %s", twice,
                 e.value ? "the last one counts" : "together they count as one");
  r->in->values[k] = to;
  return !e.value || nirc_run_rounding_report(&rounding, e.value, place(r, e.value), r->diag);
}

static bool read_node(const reader *r, uint32_t k, const nirc_h5_object *nodes)
{
  const nirc_port *p = &r->info->inputs[k];
  r->in->locs[k] = (nirc_loc){.file = r->file->path, .object = nirc_arena_printf(r->arena, "/nodes/%s", p->name)};
  const nirc_h5_object *node = child_group(nodes, p->name);
  if (!node) {
    nirc_error(r->diag, r->in->locs[k], "there is no data of this node, and the model has the Input node '%s'", p->name);
    return false;
  }
  if (strcmp(type_of(node), "NIRNodeData") != 0) {
    nirc_error(r->diag, r->in->locs[k], "__type__ is '%s', not NIRNodeData", type_of(node));
    return false;
  }
  const nirc_h5_object *o = observable(r, node);
  if (!o)
    return false;
  if (strcmp(type_of(o), "TimeGriddedData") == 0)
    return read_grid(r, k, o);
  if (strcmp(type_of(o), "EventData") == 0 || strcmp(type_of(o), "ValuedEventData") == 0)
    return read_events(r, k, o);
  nirc_error(r->diag, place(r, o), "__type__ is '%s', not TimeGriddedData, EventData or ValuedEventData", type_of(o));
  return false;
}

bool nirc_run_nirdata_read(nirc_run_input *in, nirc_arena *a, const nirc_model_info *info, const nirc_h5_file *f, nirc_diag *d)
{
  reader r = {.in = in, .arena = a, .info = info, .file = f, .diag = d};
  const nirc_h5_object *nodes = child_group(f->root, "nodes");
  bool ok = true;
  for (uint32_t k = 0; k < info->n_inputs; k++)
    ok = read_node(&r, k, nodes) && ok;
  return ok;
}
